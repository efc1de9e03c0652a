package history

import (
	"context"
	"encoding/binary"
)

// folding writes the holdings of accounts that change often.
type folding struct {
	counted map[uint32]uint64 // changes by account since the last look
	due     []uint32
	rows    rows
}

// count notes a change.
func (f *folding) count(account uint32, every uint64) {
	f.counted[account]++
	if f.counted[account] >= every {
		delete(f.counted, account)
		f.due = append(f.due, account)
	}
}

// prepare makes the folds that are due. They begin new stretches at changes that are written already.
func (f *folding) prepare(ctx context.Context, h *History) error {
	f.rows.reset()
	for _, account := range f.due {
		from, err := h.foldBefore(ctx, account, h.reached.Load().Changes)
		if err != nil {
			return err
		}
		s, err := h.loadHoldings(ctx, account, from)
		if err != nil {
			return err
		}
		// A fold of many holdings is worth it only after as many changes.
		if uint64(len(s.events)) < h.sizes.fold || len(s.events) < len(s.start) {
			continue
		}
		at := &s.events[len(s.events)-1]
		f.rows.add(h.owner(account), int64(at.no))
		f.rows.with(s.fold(h.owner(account), at))
	}
	return nil
}

// written forgets what was due.
func (f *folding) written() { f.due = f.due[:0] }

// fold gives the row that begins a new stretch after a change of the account.
func (s *holdings) fold(account int64, at *change) []byte {
	active, inactive := s.at(at.no)
	b := binary.AppendUvarint(nil, at.Payouts)
	b = binary.AppendVarint(b, inactive)
	b = binary.AppendUvarint(b, uint64(len(active)))
	for _, c := range active {
		b = binary.AppendUvarint(b, c.no)
		b = c.appendTo(b)
	}
	return seal(changeKey(account, at.no), b)
}

// unfold reads the row.
func (s *holdings) unfold(account int64, data []byte) error {
	key := changeKey(account, s.from)
	data, err := unseal("fold", key, data)
	if err != nil {
		return err
	}
	f := fields{data, true}
	s.payoutsBefore, s.inactive = f.varint(), f.signed()
	n := f.varint()
	if n > uint64(len(data)) {
		return damaged("fold", key, "%d holdings in %d bytes", n, len(data))
	}
	s.start = make([]change, n)
	for i := range s.start {
		s.start[i].no = f.varint()
		s.start[i].get(&f)
	}
	if !f.ok || len(f.b) > 0 {
		return damaged("fold", key, "the holdings can't be read")
	}
	return nil
}
