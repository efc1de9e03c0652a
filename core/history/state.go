package history

import (
	"context"
	"database/sql"

	"github.com/longmen/longmen/core/ledger"
)

// state is what a ledger's row says about its logs. It is written with every batch, in the same transaction.
type state struct {
	tail
	heads   uint64 // entries that the rows of heads know
	totals  uint64 // sequence of the last row of totals
	classes uint64 // of shifts: bit 15+class
}

func appendState(b []byte, place int64, s *state) []byte {
	at := len(b)
	for _, v := range [...]uint64{
		s.sequence, uint64(s.timestamp), uint64(s.date), s.Entries, s.Payouts, s.Changes, s.hashes, uint64(s.accounts),
		s.heads, s.totals, s.classes,
	} {
		b = le.AppendUint64(b, v)
	}
	return le.AppendUint32(b, checksum(place, b[at:]))
}

func decodeState(place int64, data []byte) (s state, err error) {
	if data, err = unseal("ledger", place, data); err != nil {
		return s, err
	}
	if len(data) != 11*8 {
		return s, damaged("ledger", place, "%d bytes", len(data))
	}
	v := func(i int) uint64 { return le.Uint64(data[8*i:]) }
	s.sequence, s.timestamp, s.date = v(0), ledger.Instant(v(1)), ledger.Date(v(2))
	s.counts = counts{v(3), v(4), v(5)}
	s.tail.hashes, s.accounts = v(6), uint32(v(7))
	s.heads, s.totals, s.classes = v(8), v(9), v(10)
	return s, nil
}

// loadHeads reads the heads of accounts as they were written last, and the entries since.
func (h *History) loadHeads(ctx context.Context, s state) error {
	from, to := h.place(0), h.place(uint64(s.accounts)>>numberShift)
	err := h.reads.each(ctx, "SELECT place, data FROM history_head WHERE place BETWEEN ? AND ?", []any{from, to},
		func(row *sql.Rows) error {
			var place int64
			var data []byte
			if err := row.Scan(&place, &data); err != nil {
				return err
			}
			data, err := unseal("head", place, data)
			if err != nil {
				return err
			}
			first := uint32(place&maxPosition) << numberShift
			for i := 0; i+8 <= len(data); i += 8 {
				h.heads.slot(first + uint32(i/8)).Store(le.Uint64(data[i:]))
			}
			return nil
		})
	if err != nil {
		return err
	}
	return h.scanEntries(ctx, s.heads, s.Entries, func(number uint64, record []byte) {
		h.heads.slot(le.Uint32(record[72:])).Store(number)
	})
}

// scanEntries calls each for the entries after one, up to another.
func (h *History) scanEntries(ctx context.Context, after, to uint64, each func(number uint64, record []byte)) error {
	const portion = 64
	for after < to {
		var blocks []uint64
		last := min(to, (after>>blockShift+portion)<<blockShift)
		for i := after; i < last; i = (i>>blockShift + 1) << blockShift {
			blocks = append(blocks, min(i|(blockSize-1), last-1))
		}
		if err := h.prefetch(ctx, logEntry, blocks); err != nil {
			return err
		}
		for i := after; i < last; i++ {
			b, err := h.record(ctx, logEntry, i)
			if err != nil {
				return err
			}
			each(i+1, b)
		}
		after = last
	}
	return nil
}

// headRow is the row of a chunk of heads.
func (h *History) headRow(chunk uint32) (place int64, data []byte) {
	first := chunk << numberShift
	data = make([]byte, 0, 8<<numberShift+sealSize)
	for i := range uint32(1 << numberShift) {
		data = le.AppendUint64(data, h.heads.at(first+i))
	}
	place = h.place(uint64(chunk))
	return place, seal(place, data)
}
