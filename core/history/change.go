package history

import (
	"encoding/binary"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// change is a holding as it was from one change of it to the next.
type change struct {
	no       uint64 // in the ledger
	Register uint32
	Holder   uint32
	Sequence uint64
	Index    uint16
	Class    uint8
	Units    uint64
	Number   uint64 // payouts of the register before it
	Payouts  uint64 // payouts of the ledger before it
	Undone   int64  // gross of a line that was undone by itself and so left Paid; a correction's with the other sign
	Taken    int64  // from its lines so far, by deductions that rates imply
	rows     []changeRow
}

type changeRow struct {
	Paid  int64
	Carry share.Int128
	Index share.Int128
	Rest  uint32 // of deductions, in millionths
}

// implied is what all payouts together imply for the holding's account just after the change.
func (c *change) implied() int64 {
	sum := -c.Taken
	for i := range c.rows {
		sum += c.rows[i].Paid
	}
	return sum
}

// before is the same just before the change.
func (c *change) before() int64 { return c.implied() + c.Undone }

const (
	rowPaid = 1 << iota
	rowCarry
	rowIndex
	rowRest
)

// withTaken is added to the number of rows where Taken is not zero.
const withTaken = 1 << 7

// changeOf takes up a change as the engine tells it.
func changeOf(h *ledger.HoldingChange, payouts uint64, undone int64, rows []changeRow) change {
	c := change{
		Register: h.Register, Holder: h.Holder, Sequence: h.Sequence, Index: h.Index, Class: h.Class, Units: h.Units,
		Number: h.Payouts, Payouts: payouts, Undone: undone, Taken: h.Taken, rows: rows[:0],
	}
	for i := range h.Rows {
		r := changeRow{Paid: h.Rows[i].Paid, Carry: h.Rows[i].Carry, Rest: h.Rows[i].Rest}
		if i < len(h.Running) {
			r.Index = h.Running[i]
		}
		c.rows = append(c.rows, r)
	}
	return c
}

// appendTo appends the record, without its number. Fields that are mostly zero cost a bit.
func (c *change) appendTo(b []byte) []byte {
	b = le.AppendUint32(b, c.Register)
	b = le.AppendUint32(b, c.Holder)
	b = binary.AppendUvarint(b, c.Sequence)
	b = binary.AppendUvarint(b, uint64(c.Index))
	b = binary.AppendUvarint(b, c.Units)
	b = binary.AppendUvarint(b, c.Number)
	b = binary.AppendUvarint(b, c.Payouts)
	b = binary.AppendVarint(b, c.Undone)
	b = append(b, c.Class, uint8(len(c.rows)))
	if c.Taken != 0 {
		b[len(b)-1] |= withTaken
		b = binary.AppendVarint(b, c.Taken)
	}
	for i := range c.rows {
		r := &c.rows[i]
		at, flags := len(b), uint8(0)
		b = append(b, 0)
		if r.Paid != 0 {
			flags |= rowPaid
			b = binary.AppendVarint(b, r.Paid)
		}
		if r.Carry != (share.Int128{}) {
			flags |= rowCarry
			b = appendInt128(b, r.Carry)
		}
		if r.Index != (share.Int128{}) {
			flags |= rowIndex
			b = appendInt128(b, r.Index)
		}
		if r.Rest != 0 {
			flags |= rowRest
			b = binary.AppendUvarint(b, uint64(r.Rest))
		}
		b[at] = flags
	}
	return b
}

// get reads one record.
func (c *change) get(f *fields) {
	c.Register, c.Holder = le.Uint32(f.take(4)), le.Uint32(f.take(4))
	c.Sequence, c.Index = f.varint(), uint16(f.varint())
	c.Units, c.Number, c.Payouts, c.Undone = f.varint(), f.varint(), f.varint(), f.signed()
	c.Class = f.take(1)[0]
	n := int(f.take(1)[0])
	if n >= withTaken {
		n -= withTaken
		c.Taken = f.signed()
	}
	if n > ledger.MaxTranches {
		f.ok = false
		return
	}
	c.rows = make([]changeRow, n)
	for i := range c.rows {
		r, flags := &c.rows[i], f.take(1)[0]
		if flags&rowPaid != 0 {
			r.Paid = f.signed()
		}
		if flags&rowCarry != 0 {
			r.Carry = int128(f.take(16))
		}
		if flags&rowIndex != 0 {
			r.Index = int128(f.take(16))
		}
		if flags&rowRest != 0 {
			r.Rest = uint32(f.varint())
		}
	}
}

// decodeChange reads a row.
func decodeChange(account int64, no uint64, data []byte) (change, error) {
	c := change{no: no}
	data, err := unseal("holding", changeKey(account, no), data)
	if err != nil {
		return c, err
	}
	f := fields{data, true}
	c.get(&f)
	if !f.ok || len(f.b) > 0 {
		return c, damaged("holding", changeKey(account, no), "the record can't be read")
	}
	return c, nil
}

// changeKey is what the checksum of a change binds it to.
func changeKey(account int64, no uint64) int64 { return account ^ int64(no<<20) }

// paidAt is what the holding had been paid in a tranche after a payout, of which segment holds his bits. No payout at
// all, or one before the change, leaves what he had at the change.
func (c *change) paidAt(t int, p *payout, segment []byte) int64 {
	r := &c.rows[t]
	if p == nil || p.Number <= c.Number {
		return r.Paid
	}
	span := share.Span{Units: c.Units, Carry: r.Carry, Paid: r.Paid, Index: r.Index}
	return span.PaidAt(p.tranches[t].Index, p.aheadOf(t, c.Holder, segment))
}

// deductedAt is what rates imply that was deducted in a tranche since the change, where the holding had been paid so much
// in it after a payout. Between two changes of it its rate stays.
func (c *change) deductedAt(t int, p *payout, paid int64) int64 {
	if p == nil || p.Number <= c.Number {
		return 0
	}
	rate := ledger.RateOf(p.rates, uint8(t), c.Class)
	if rate == 0 {
		return 0
	}
	rest := c.rows[t].Rest
	return share.Deduct(paid-c.rows[t].Paid, rate, &rest)
}
