package ledger

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longmen/longmen/core/share"
)

// MaxPast is the most bytes of an attachment. A distribution to more holders than fit is undone line by line.
const MaxPast = 2 << 20

// Past is what an earlier command did, taken from history by the leader for a command that undoes it.
type Past struct {
	Movements     []PastMovement
	Distributions []PastDistribution
	Foreign       bool // the command also did what no reversal undoes, or is itself a reversal
}

// PastMovement is money that an operation moved.
type PastMovement struct {
	Index         uint16
	Debit, Credit uint32
	Amount        int64
}

// PastDistribution is a distribution with the lines asked for. Lines that several operations of a command name stand
// in one.
type PastDistribution struct {
	Sequence uint64
	Index    uint16
	Register uint32
	Payer    uint32
	Tranches []PastTranche
	Lines    []PastLine // in order of holder number
}

// PastTranche holds a tranche's public figures.
type PastTranche struct {
	Amount int64
	Units  uint64
	Q      share.Int128
}

// PastLine is what one holding got. Units are those he had then.
type PastLine struct {
	Holder    uint32
	Units     uint64
	Unclaimed bool
	Gross     []int64 // by tranche
	Deducted  []PastDeducted
	SetOffs   []PastSetOff // in the order in which they were paid
}

// PastSetOff is what a line paid of a debt.
type PastSetOff struct {
	Cover  uint32
	Amount int64
}

// PastDeducted is what was deducted from a line in a tranche, at which rate, and for whom.
type PastDeducted struct {
	Tranche uint8
	Rate    uint32
	Account uint32
	Amount  int64
}

// AppendPast appends the bytes of an attachment.
func AppendPast(b []byte, p *Past) []byte {
	w := &writer{b: b}
	w.flag(p.Foreign)
	w.u32(uint32(len(p.Movements)))
	for _, m := range p.Movements {
		w.u16(m.Index)
		w.u32(m.Debit)
		w.u32(m.Credit)
		w.u64(uint64(m.Amount))
	}
	w.u32(uint32(len(p.Distributions)))
	for i := range p.Distributions {
		d := &p.Distributions[i]
		w.u64(d.Sequence)
		w.u16(d.Index)
		w.u32(d.Register)
		w.u32(d.Payer)
		w.u8(uint8(len(d.Tranches)))
		for _, t := range d.Tranches {
			w.u64(uint64(t.Amount))
			w.u64(t.Units)
			w.int128(t.Q)
		}
		w.u32(uint32(len(d.Lines)))
		for j := range d.Lines {
			d.Lines[j].put(w)
		}
	}
	return w.b
}

// A line is a flag byte (bit 0 unclaimed, bit 1 deductions follow, bit 2 set-offs follow), varints for holder, units and
// gross, the deductions, and the set-offs.
func (l *PastLine) put(w *writer) {
	var flags uint8
	if l.Unclaimed {
		flags |= 1
	}
	if len(l.Deducted) > 0 {
		flags |= 2
	}
	if len(l.SetOffs) > 0 {
		flags |= 4
	}
	w.u8(flags)
	w.varint(uint64(l.Holder))
	w.varint(l.Units)
	for _, g := range l.Gross {
		w.varint(uint64(g))
	}
	if len(l.Deducted) > 0 {
		w.u8(uint8(len(l.Deducted)))
		for _, d := range l.Deducted {
			w.u8(d.Tranche)
			w.u32(d.Rate)
			w.u32(d.Account)
			w.varint(uint64(d.Amount))
		}
	}
	if len(l.SetOffs) > 0 {
		w.u8(uint8(len(l.SetOffs)))
		for _, s := range l.SetOffs {
			w.u32(s.Cover)
			w.varint(uint64(s.Amount))
		}
	}
}

// DecodePast reads an attachment and nothing else.
func DecodePast(b []byte) (*Past, error) {
	if len(b) > MaxPast {
		return nil, refuse(Oversized, 0, "attachment has %d bytes, at most %d are allowed", len(b), MaxPast)
	}
	r := &reader{s: string(b)}
	p := &Past{Foreign: r.flag()}
	for range r.count32("movements", 18) {
		p.Movements = append(p.Movements, PastMovement{r.u16(), r.u32(), r.u32(), int64(r.u64())})
	}
	for range r.count32("distributions", 23) {
		d := PastDistribution{Sequence: r.u64(), Index: r.u16(), Register: r.u32(), Payer: r.u32()}
		for range r.count("tranches", MaxTranches) {
			d.Tranches = append(d.Tranches, PastTranche{int64(r.u64()), r.u64(), r.int128()})
		}
		for range r.count32("lines", 3) {
			d.Lines = append(d.Lines, r.pastLine(len(d.Tranches)))
			if r.err != nil {
				break
			}
		}
		p.Distributions = append(p.Distributions, d)
		if r.err != nil {
			break
		}
	}
	if r.err == nil && len(r.s) > 0 {
		r.fail("%d bytes follow", len(r.s))
	}
	if r.err != nil {
		return nil, fmt.Errorf("attachment bytes: %w", r.err)
	}
	return p, nil
}

func (r *reader) pastLine(tranches int) (l PastLine) {
	flags := r.u8()
	if flags > 7 {
		r.fail("line flags %d", flags)
	}
	l.Unclaimed = flags&1 != 0
	holder := r.varint()
	if holder > math.MaxUint32 {
		r.fail("holder %d", holder)
	}
	l.Holder, l.Units = uint32(holder), r.varint()
	l.Gross = make([]int64, tranches)
	for i := range l.Gross {
		l.Gross[i] = int64(r.varint())
	}
	if flags&2 != 0 {
		for range r.some("deducted", MaxTranches) {
			l.Deducted = append(l.Deducted, PastDeducted{r.u8(), r.u32(), r.u32(), int64(r.varint())})
		}
	}
	if flags&4 != 0 {
		for range r.some("set-offs", MaxDebts) {
			l.SetOffs = append(l.SetOffs, PastSetOff{r.u32(), int64(r.varint())})
		}
	}
	return l
}

// some is count of a list that stands there only because it has something in it.
func (r *reader) some(name string, most int) int {
	n := r.count(name, most)
	if n == 0 && r.err == nil {
		r.fail("%s: none follow, though there are some", name)
	}
	return n
}

func (w *writer) varint(v uint64) {
	for v >= 0x80 {
		w.b = append(w.b, byte(v)|0x80)
		v >>= 7
	}
	w.b = append(w.b, byte(v))
}

// varint reads the shortest form only.
func (r *reader) varint() (v uint64) {
	for shift := uint(0); shift < 64; shift += 7 {
		b := r.u8()
		if r.err != nil {
			return 0
		}
		if shift == 63 && b > 1 || shift > 0 && b == 0 {
			break
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
	r.fail("varint is not in its shortest form")
	return 0
}

// count32 bounds a list by the bytes that are left, least bytes an element.
func (r *reader) count32(name string, least int) int {
	n := int(r.u32())
	if n*least > len(r.s) {
		r.fail("%s: %d do not fit in %d bytes", name, n, len(r.s))
		return 0
	}
	return n
}

// JoinPasts makes one past of those that the operations of a command need each for itself; nil when all are nil.
func JoinPasts(list []*Past) *Past {
	var all *Past
	for _, p := range list {
		switch {
		case p == nil:
		case all == nil:
			all = p
		default:
			all.take(p)
		}
	}
	if all == nil {
		return nil
	}
	for i := range all.Distributions {
		d := &all.Distributions[i]
		slices.SortStableFunc(d.Lines, func(a, b PastLine) int { return cmp.Compare(a.Holder, b.Holder) })
		d.Lines = slices.CompactFunc(d.Lines, func(a, b PastLine) bool { return a.Holder == b.Holder })
	}
	return all
}

// take adds what another past tells of distributions.
func (p *Past) take(o *Past) {
	for i := range o.Distributions {
		d := &o.Distributions[i]
		if mine := p.distribution(d.Sequence, d.Index); mine != nil {
			mine.Lines = append(mine.Lines, d.Lines...)
		} else {
			p.Distributions = append(p.Distributions, *d)
		}
	}
}
