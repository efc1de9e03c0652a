package history

import (
	"context"
	"database/sql"
	"fmt"
)

// The logs of records of one size, which lie in blocks.
const (
	logCommand = iota
	logEntry
	logHash
	logCount
)

var (
	logTables  = [logCount]int{tableCommand, tableEntry, tableHash}
	logSizes   = [logCount]int{commandSize, entrySize, hashSize}
	logNames   = [logCount]string{"command", "entry", "hash"}
	logQueries = [logCount][2]string{
		{"SELECT place, data FROM history_command WHERE place IN ", "command"},
		{"SELECT place, data FROM history_entry WHERE place IN ", "entry"},
		{"SELECT place, data FROM history_hash WHERE place IN ", "hash"},
	}
)

// block names a block of a log.
type block struct {
	log    int
	number uint64
}

// appender is the growing end of a log. A transaction works on a copy, which takes its place when it is committed: the
// bytes of a tail that others may have seen are never changed.
type appender struct {
	log   int
	next  uint64 // records
	tail  []byte // those of the last block, if it is not full
	owned bool   // the tail's bytes are this copy's
}

// append puts records into blocks and gives each full one to emit.
func (a *appender) append(data []byte, emit func(number uint64, data []byte)) {
	size := logSizes[a.log]
	for len(data) > 0 {
		n := min(len(data), blockSize*size-len(a.tail))
		if !a.owned {
			a.tail, a.owned = append(make([]byte, 0, blockSize*size+sealSize), a.tail...), true
		}
		a.tail = append(a.tail, data[:n]...)
		data = data[n:]
		a.next += uint64(n / size)
		if len(a.tail) == blockSize*size {
			emit((a.next-1)>>blockShift, a.tail)
			a.tail, a.owned = nil, false
		}
	}
}

// take puts the records of one block into the log: a full one becomes its next block as it is.
func (a *appender) take(block []byte, emit func(number uint64, data []byte)) {
	if len(a.tail) > 0 || len(block) < blockSize*logSizes[a.log] {
		a.append(block, emit)
		return
	}
	a.next += blockSize
	emit((a.next-1)>>blockShift, block)
}

// finish gives the last block to emit, if it is new and not full.
func (a *appender) finish(emit func(number uint64, data []byte)) {
	if a.owned {
		emit(a.next>>blockShift, a.tail)
		a.owned = false
	}
}

// loadAppender reads the unfinished block of a log.
func (h *History) loadAppender(ctx context.Context, log int, next uint64) (appender, error) {
	a := appender{log: log, next: next}
	if n := int(next & (blockSize - 1)); n > 0 {
		b, err := h.block(ctx, block{log, next >> blockShift}, n)
		if err != nil {
			return a, err
		}
		a.tail = b[: n*logSizes[log] : n*logSizes[log]]
	}
	return a, nil
}

// block gives a block that has at least so many records.
func (h *History) block(ctx context.Context, k block, records int) ([]byte, error) {
	need := records * logSizes[k.log]
	if b, ok := h.blocks.get(k); ok && len(b) >= need {
		return b, nil
	}
	var b []byte
	if err := h.loadBlocks(ctx, k.log, []int64{int64(k.number)}, func(_ uint64, data []byte) { b = data }); err != nil {
		return nil, err
	}
	if len(b) < need {
		return nil, damaged(logNames[k.log], h.place(k.number), "%d bytes, want at least %d", len(b), need)
	}
	return b, nil
}

// loadBlocks reads blocks and keeps them in the cache, as far as they fit.
func (h *History) loadBlocks(ctx context.Context, log int, numbers []int64, got func(number uint64, data []byte)) error {
	places := make([]int64, len(numbers))
	for i, n := range numbers {
		places[i] = h.place(uint64(n))
	}
	return many(places, func(places []int64) error {
		query := logQueries[log][0] + "(" + placeholders[len(places)] + ")"
		return h.reads.each(ctx, query, anys(places), func(row *sql.Rows) error {
			var place int64
			var data []byte
			if err := row.Scan(&place, &data); err != nil {
				return err
			}
			data, err := unseal(logNames[log], place, data)
			if err != nil {
				return err
			}
			records, ok := unpack(log, data)
			if !ok {
				return damaged(logNames[log], place, "the records can't be read")
			}
			number := uint64(place & maxPosition)
			h.keepBlock(block{log, number}, records)
			got(number, records)
			return nil
		})
	})
}

// keepBlock puts a block into the cache unless a longer one is there.
func (h *History) keepBlock(k block, data []byte) {
	if old, ok := h.blocks.get(k); ok && len(old) >= len(data) {
		return
	}
	h.blocks.put(k, data, len(data)+64)
}

// prefetch brings the blocks of many records into the cache with few questions. Records are counted from 0.
func (h *History) prefetch(ctx context.Context, log int, records []uint64) error {
	var missing []int64
	for _, r := range records {
		n := int64(r >> blockShift)
		if len(missing) > 0 && missing[len(missing)-1] == n {
			continue
		}
		if b, ok := h.blocks.get(block{log, uint64(n)}); !ok || len(b) < (int(r&(blockSize-1))+1)*logSizes[log] {
			missing = append(missing, n)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return h.loadBlocks(ctx, log, missing, func(uint64, []byte) {})
}

// record gives the bytes of a record, counted from 0.
func (h *History) record(ctx context.Context, log int, i uint64) ([]byte, error) {
	slot := int(i & (blockSize - 1))
	b, err := h.block(ctx, block{log, i >> blockShift}, slot+1)
	if err != nil {
		return nil, err
	}
	return b[slot*logSizes[log] : (slot+1)*logSizes[log]], nil
}

// entry reads an entry by its number.
func (h *History) entry(ctx context.Context, number uint64) (entry, error) {
	b, err := h.record(ctx, logEntry, number-1)
	if err != nil {
		return entry{}, fmt.Errorf("entry %d: %w", number, err)
	}
	return decodeEntry(number, b), nil
}

// command reads what is kept of a command by its sequence.
func (h *History) command(ctx context.Context, sequence uint64) (command, error) {
	b, err := h.record(ctx, logCommand, sequence-1)
	if err != nil {
		return command{}, fmt.Errorf("command at sequence %d: %w", sequence, err)
	}
	return decodeCommand(b), nil
}

// Hash reads a stored hash of the Merkle tree.
func (h *History) Hash(ctx context.Context, index uint64) (hash [hashSize]byte, err error) {
	if index >= h.reached.Load().hashes {
		return hash, fmt.Errorf("hash %d: history has %d", index, h.reached.Load().hashes)
	}
	b, err := h.record(ctx, logHash, index)
	if err != nil {
		return hash, fmt.Errorf("hash %d: %w", index, err)
	}
	return [hashSize]byte(b), nil
}

// HashCount is how many stored hashes there are.
func (h *History) HashCount() uint64 { return h.reached.Load().hashes }
