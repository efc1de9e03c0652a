package ledger

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"unsafe"
)

// A snapshot is a copy of the engine's memory, to start from without replaying the whole journal. It is no archive:
// another program version or machine may refuse it, and then an older one or the journal serves.
//
// The file is a sequence of sections: kind u8, number u32, length u32, CRC-32C u32, bytes. The first is the head, the
// last the tail, which counts the sections.

const snapshotFormat = 4

// ErrFormat means that a snapshot was written by a program of another version. It is no damage.
var ErrFormat = errors.New("it was written by another version of the program")

const (
	sectionHead = iota + 1
	sectionNames
	sectionRates
	sectionTail
	sectionTable // + place of the table in tables
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// head is what a snapshot holds beside rows and names.
type head struct {
	Format   int
	Layout   [10]int // sizes of rows
	Shifts   [10]uint
	Rows     [10]uint32
	Sums     [10]uint64
	Version  uint16
	Ledger   ID
	Zone     string
	Clock    ClockKind
	Shadow   bool
	Now      Instant
	Sequence uint64
	Epoch    uint64
	Entries  uint64
	NameSum  uint64
	NameEnd  uint64
	Assets   []AssetOpened
	Digest   [32]byte
}

// rows is a table as a snapshot sees it.
type rows interface {
	size() int
	startCut() (rows uint32, sum uint64)
	endCut()
	chunk(c int) []byte // nil after the last
	restore(rows uint32, sum uint64, shift uint)
	put(c int, b []byte) error
	chunkShift() uint
}

func (e *Engine) tables() [10]rows {
	return [...]rows{
		&e.accounts, &e.registers, &e.blocks, &e.shares, &e.holds, &e.freezes, &e.unclaimed, &e.reversals, &e.buckets,
		&e.debts,
	}
}

// Cut is a snapshot being taken. The engine may go on: a chunk is copied before its first change.
type Cut struct {
	e     *Engine
	head  head
	table int
	place int
	names int
	rates [][]Rate // those left
	count uint32
	ended bool
}

// Cut begins a snapshot of the state as it is now. One at a time; it must be closed.
func (e *Engine) Cut() *Cut {
	c := &Cut{e: e, head: head{
		Format: snapshotFormat, Version: e.version, Ledger: e.ledger, Zone: e.zone, Clock: e.clock, Shadow: e.shadow,
		Now:      e.now,
		Sequence: e.sequence, Epoch: e.epoch, Entries: e.entries, NameSum: e.nameSum, NameEnd: e.names.end,
		Digest: e.Digest(),
	}, rates: slices.Clone(e.rates.lists)}
	for i, a := range e.assets {
		c.head.Assets = append(c.head.Assets, AssetOpened{uint16(i + 1), a.code, a.scale})
	}
	for i, t := range e.tables() {
		c.head.Layout[i], c.head.Shifts[i] = t.size(), t.chunkShift()
		c.head.Rows[i], c.head.Sums[i] = t.startCut()
	}
	return c
}

// Sequence is the last command that the snapshot holds.
func (c *Cut) Sequence() uint64 { return c.head.Sequence }

// Close ends the cut.
func (c *Cut) Close() {
	for _, t := range c.e.tables() {
		t.endCut()
	}
}

// Next appends the next section to b, or io.EOF at the end. The engine must not run meanwhile; between two calls it may.
func (c *Cut) Next(b []byte) ([]byte, error) {
	if c.ended {
		return b, io.EOF
	}
	defer func() { c.count++ }()
	if c.count == 0 {
		var buf bytes.Buffer
		if err := gob.NewEncoder(&buf).Encode(&c.head); err != nil {
			return b, fmt.Errorf("encode snapshot head: %w", err)
		}
		return appendSection(b, sectionHead, 0, buf.Bytes()), nil
	}
	if uint64(c.names)*nameChunk < c.head.NameEnd && c.names < len(c.e.names.chunks) {
		used := min(nameChunk, c.head.NameEnd-uint64(c.names)*nameChunk)
		b = appendSection(b, sectionNames, c.names, c.e.names.chunks[c.names][:used])
		c.names++
		return b, nil
	}
	if n := min(len(c.rates), rateChunk); n > 0 {
		b = appendSection(b, sectionRates, 0, appendRates(nil, c.rates[:n]))
		c.rates = c.rates[n:]
		return b, nil
	}
	for tables := c.e.tables(); c.table < len(tables); c.table, c.place = c.table+1, 0 {
		if bytes := tables[c.table].chunk(c.place); bytes != nil {
			b = appendSection(b, sectionTable+c.table, c.place, bytes)
			c.place++
			return b, nil
		}
	}
	c.ended = true
	return appendSection(b, sectionTail, int(c.count), []byte("end")), nil
}

func appendSection(b []byte, kind, number int, data []byte) []byte {
	b = append(b, byte(kind))
	b = binary.LittleEndian.AppendUint32(b, uint32(number))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	at := len(b)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = append(b, data...)
	sum := crc32.Update(crc32.Checksum(b[at-9:at], castagnoli), castagnoli, data)
	binary.LittleEndian.PutUint32(b[at:], sum)
	return b
}

const maxSection = 64 << 20

// readSection reads one section into buf.
func readSection(r io.Reader, buf []byte) (kind, number int, data []byte, err error) {
	var h [13]byte
	if _, err = io.ReadFull(r, h[:]); err != nil {
		return 0, 0, buf, err
	}
	n := binary.LittleEndian.Uint32(h[5:])
	if n > maxSection {
		return 0, 0, buf, fmt.Errorf("section of %d bytes", n)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err = io.ReadFull(r, buf); err != nil {
		return 0, 0, buf, err
	}
	if crc32.Update(crc32.Checksum(h[:9], castagnoli), castagnoli, buf) != binary.LittleEndian.Uint32(h[9:]) {
		return 0, 0, buf, errors.New("checksum does not match")
	}
	return int(h[0]), int(binary.LittleEndian.Uint32(h[1:])), buf, nil
}

// LoadEngine reads a snapshot. Any damage is an error; the digest is worked out anew and compared.
func LoadEngine(r io.Reader) (*Engine, error) {
	e := NewEngine()
	kind, _, buf, err := readSection(r, nil)
	if err != nil || kind != sectionHead {
		return nil, fmt.Errorf("snapshot head: %w", errors.Join(err, wrongKind(kind, sectionHead)))
	}
	var h head
	if err = gob.NewDecoder(bytes.NewReader(buf)).Decode(&h); err != nil {
		return nil, fmt.Errorf("snapshot head: %w", err)
	}
	if err = e.takeHead(&h); err != nil {
		return nil, err
	}
	tables := e.tables()
	for count := 1; ; count++ {
		var number int
		if kind, number, buf, err = readSection(r, buf); err != nil {
			return nil, fmt.Errorf("snapshot section %d: %w", count, err)
		}
		switch {
		case kind == sectionTail:
			if number != count {
				return nil, fmt.Errorf("snapshot has %d sections, its tail says %d", count, number)
			}
			return e, e.finishLoad(&h)
		case kind == sectionNames:
			if number != len(e.names.chunks) || len(buf) > nameChunk {
				return nil, fmt.Errorf("snapshot names are out of order at %d", number)
			}
			e.names.chunks = append(e.names.chunks, make([]byte, nameChunk))
			copy(e.names.chunks[number], buf)
		case kind == sectionRates:
			if err = e.rates.restore(buf); err != nil {
				return nil, err
			}
		case kind >= sectionTable && kind < sectionTable+len(tables):
			if err = tables[kind-sectionTable].put(number, buf); err != nil {
				return nil, fmt.Errorf("snapshot table %d: %w", kind-sectionTable, err)
			}
		default:
			return nil, fmt.Errorf("snapshot section %d has unknown kind %d", count, kind)
		}
	}
}

func wrongKind(is, want int) error {
	if is == want {
		return nil
	}
	return fmt.Errorf("section kind %d, want %d", is, want)
}

func (e *Engine) takeHead(h *head) error {
	if h.Format != snapshotFormat || h.Version > Version {
		return fmt.Errorf("snapshot is of format %d and engine version %d, this program has %d and %d: %w",
			h.Format, h.Version, snapshotFormat, Version, ErrFormat)
	}
	e.version, e.ledger, e.zone, e.clock, e.shadow, e.now = h.Version, h.Ledger, h.Zone, h.Clock, h.Shadow, h.Now
	e.sequence, e.epoch, e.entries, e.nameSum = h.Sequence, h.Epoch, h.Entries, h.NameSum
	e.names.end = h.NameEnd
	for _, a := range h.Assets {
		e.assets = append(e.assets, asset{a.Code, a.Scale})
	}
	for i, t := range e.tables() {
		if t.size() != h.Layout[i] {
			return fmt.Errorf("snapshot table %d has rows of %d bytes, this program's have %d", i, h.Layout[i], t.size())
		}
		t.restore(h.Rows[i], h.Sums[i], h.Shifts[i])
	}
	return nil
}

// finishLoad builds the indexes and proves the state by its digest. The large ones are built side by side: none reads
// what another writes.
func (e *Engine) finishLoad(h *head) error {
	for i := uint32(1); i <= e.registers.n; i++ {
		if n := e.registers.at(i).rates; n > 0 && (n > uint32(len(e.rates.lists)) || e.rates.at(n) == nil) {
			return fmt.Errorf("snapshot's register %d follows rates %d, which are not there", i, n)
		}
	}
	var digest [32]byte
	large := []func(){e.indexAccounts, e.indexPlaces, func() { digest = e.RecomputeDigest() }}
	done := make(chan struct{})
	for _, build := range large {
		// deterministic: each fills what is its own from rows that nobody changes.
		go func() { build(); done <- struct{}{} }()
	}
	e.index()
	for range large {
		<-done
	}
	if digest != h.Digest || e.Digest() != h.Digest {
		return errors.New("snapshot's state does not have its digest")
	}
	return nil
}

func (e *Engine) indexAccounts() {
	e.accountIndex = make(map[uint64]uint32, e.accounts.n)
	for i := uint32(1); i <= e.accounts.n; i++ {
		a := e.accounts.at(i)
		key := e.names.hash(e.names.get(a.name))
		a.same, e.accountIndex[key] = e.accountIndex[key], i
	}
}

func (e *Engine) indexPlaces() {
	e.places = make(map[uint64]uint32, uint64(e.blocks.n)*blockSize)
	for i := uint32(1); i <= e.blocks.n; i++ {
		b := e.blocks.at(i)
		for s, a := range b.account {
			if a != 0 {
				e.places[uint64(b.register)<<32|uint64(a)] = i*blockSize + uint32(s)
			}
		}
	}
}

// index builds the rest of what is not in rows.
func (e *Engine) index() {
	for i := uint32(1); i <= e.registers.n; i++ {
		r := e.registers.at(i)
		key := e.names.hash(e.names.get(r.name))
		r.same, e.registerIndex[key] = e.registerIndex[key], i
	}
	for i := uint32(1); i <= e.holds.n; i++ {
		h := e.holds.at(i)
		if h.mark.IsZero() {
			e.holds.free = append(e.holds.free, i)
			continue
		}
		e.holdIndex[h.mark] = i
		if h.expiry != 0 {
			e.expiries.push(expiring{h.expiry, h.sequence, i, h.mark.Index})
		}
	}
	for i := uint32(1); i <= e.freezes.n; i++ {
		if f := e.freezes.at(i); f.mark.IsZero() {
			e.freezes.free = append(e.freezes.free, i)
		} else {
			e.freezeIndex[f.mark] = i
		}
	}
	for i := uint32(1); i <= e.unclaimed.n; i++ {
		if u := e.unclaimed.at(i); u.place == 0 {
			e.unclaimed.free = append(e.unclaimed.free, i)
		} else {
			e.unclaimedAt[u.place] = i
		}
	}
	for i := uint32(1); i <= e.reversals.n; i++ {
		r := e.reversals.at(i)
		e.reversed[*r] = i
		if r.line {
			e.partly[r.sequence]++
		}
	}
	for i := uint32(1); i <= e.buckets.n; i++ {
		b := e.buckets.at(i)
		e.bucketIndex[uint64(b.asset)<<32|uint64(b.code)] = i
	}
	e.indexDebts()
}

func (e *Engine) indexDebts() {
	for i := uint32(1); i <= e.debts.n; i++ {
		if d := e.debts.at(i); d.account == 0 {
			e.debts.free = append(e.debts.free, i)
		} else {
			e.debtsOf[d.account] = append(e.debtsOf[d.account], i)
		}
	}
	// deterministic: every list is sorted for itself, and no two of its debts began with one entry.
	for _, rows := range e.debtsOf {
		// deterministic: no two of an account's debts began with one entry.
		slices.SortFunc(rows, func(a, b uint32) int { return cmp.Compare(e.debts.at(a).opened, e.debts.at(b).opened) })
	}
}

func (t *table[T]) size() int { return int(unsafe.Sizeof(*new(T))) }

func (t *table[T]) chunkShift() uint { return t.shift }

func (t *table[T]) startCut() (uint32, uint64) {
	t.cut++
	t.kept = make(map[int][]T)
	t.cutRows = t.n
	return t.n, t.sum
}

func (t *table[T]) endCut() { t.kept = nil }

// chunk gives the bytes of a chunk as it was when the cut began.
func (t *table[T]) chunk(c int) []byte {
	if c >= len(t.chunks) || uint64(c)<<t.shift > uint64(t.cutRows) {
		return nil
	}
	rows := t.chunks[c]
	if t.marks[c] == t.cut {
		if old, ok := t.kept[c]; ok {
			rows = old
			delete(t.kept, c)
		}
	}
	t.marks[c] = t.cut
	used := min(uint64(len(rows)), uint64(t.cutRows)+1-uint64(c)<<t.shift)
	return unsafe.Slice((*byte)(unsafe.Pointer(&rows[0])), used*uint64(t.size()))
}

func (t *table[T]) restore(rows uint32, sum uint64, shift uint) {
	t.n, t.sum, t.shift = rows, sum, shift
	t.grow(rows)
}

func (t *table[T]) put(c int, b []byte) error {
	if c >= len(t.chunks) || len(b)%t.size() != 0 || len(b) > t.size()<<t.shift {
		return fmt.Errorf("chunk %d of %d bytes does not fit", c, len(b))
	}
	if len(b) > 0 {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(&t.chunks[c][0])), len(b)), b)
	}
	return nil
}
