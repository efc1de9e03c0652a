package ledger

import "github.com/longmen/longmen/core/share"

// Result is the outcome of a command. Sequence, timestamp and date are given by the sequencer; the rest follows from
// the ledger's state. The canonical bytes hold all but the sequence, which is the place of the command in the journal
// and in the tree.
type Result struct {
	Sequence  uint64
	Timestamp Instant
	Date      Date // booking date: the timestamp's date in the ledger's zone

	Code    Code
	Index   uint16   // the operation that was refused
	Outputs []Output // of operations whose outcome is more than what was asked, in order
}

// Output is what one operation did beyond its own words.
type Output struct {
	Index     uint16 // the operation
	Amount    int64  // money that moved: at most, received by, post in full, claim, given back by a reversal
	Units     uint64 // units destroyed by a cancel of all
	Count     uint32 // holds ended by a pulse or a cancel of all; lines of a distribution that are not zero
	Tranches  []TrancheResult
	Deducted  []int64 // by deduction
	Unclaimed uint32  // lines that went to the unclaimed account
	Set       int64   // their sum
	Missing   []Missing
	SetOffs   uint32 // debts paid out of lines
	SetOff    int64  // their sum
}

// TrancheResult holds the public figures of one tranche of a distribution: with them and his own units and carry
// everybody can work out his line. A tranche without an amount has zero figures.
type TrancheResult struct {
	Amount int64
	Units  uint64
	Q      share.Int128 // carry earned by one unit, in 2^-64 of a minor unit
	Rem    share.Int128 // what the division left, kept by the register
	Cut    share.Cut    // the last cent given
}

// Missing is what an account could not give back.
type Missing struct {
	Account string
	Amount  int64
}

const (
	outAmount = 1 << iota
	outUnits
	outCount
	outTranches
	outDeducted
	outUnclaimed
	outMissing
	outSetOff
)

// AppendResult appends the canonical bytes of a result:
//
//	timestamp i64 | booking date u32 | code u16 | index u16 | output count u16 | outputs
//
// An output is its index u16, a presence u8, and the fields that are not zero in the order of the type; a list has its
// count (u8; u32 for what is missing) before it.
func AppendResult(b []byte, r *Result) []byte {
	w := &writer{b: b}
	w.u64(uint64(r.Timestamp))
	w.u32(uint32(r.Date))
	w.u16(uint16(r.Code))
	w.u16(r.Index)
	w.u16(uint16(len(r.Outputs)))
	for i := range r.Outputs {
		r.Outputs[i].put(w)
	}
	return w.b
}

func (o *Output) presence() (p uint8) {
	for bit, on := range [...]bool{
		o.Amount != 0, o.Units != 0, o.Count != 0, len(o.Tranches) > 0, len(o.Deducted) > 0, o.Unclaimed != 0, len(o.Missing) > 0,
		o.SetOffs != 0,
	} {
		if on {
			p |= 1 << bit
		}
	}
	return p
}

func (o *Output) put(w *writer) {
	p := o.presence()
	w.u16(o.Index)
	w.u8(p)
	if p&outAmount != 0 {
		w.u64(uint64(o.Amount))
	}
	if p&outUnits != 0 {
		w.u64(o.Units)
	}
	if p&outCount != 0 {
		w.u32(o.Count)
	}
	if p&outTranches != 0 {
		w.u8(uint8(len(o.Tranches)))
		for i := range o.Tranches {
			t := &o.Tranches[i]
			w.u64(uint64(t.Amount))
			w.u64(t.Units)
			w.int128(t.Q)
			w.int128(t.Rem)
			w.int128(t.Cut.Deficit)
			w.u64(t.Cut.Units)
			w.u32(t.Cut.Holder)
		}
	}
	if p&outDeducted != 0 {
		w.u8(uint8(len(o.Deducted)))
		for _, d := range o.Deducted {
			w.u64(uint64(d))
		}
	}
	if p&outUnclaimed != 0 {
		w.u32(o.Unclaimed)
		w.u64(uint64(o.Set))
	}
	if p&outMissing != 0 {
		w.u32(uint32(len(o.Missing)))
		for _, m := range o.Missing {
			w.text(m.Account)
			w.u64(uint64(m.Amount))
		}
	}
	if p&outSetOff != 0 {
		w.u32(o.SetOffs)
		w.u64(uint64(o.SetOff))
	}
}

// DecodeResult reads the canonical bytes of a result and nothing else.
func DecodeResult(b []byte) (*Result, error) {
	r := &reader{s: string(b)}
	res := &Result{Timestamp: Instant(r.u64()), Date: Date(r.u32()), Code: Code(r.u16()), Index: r.u16()}
	n := int(r.u16())
	if n > MaxOperations {
		r.fail("%d outputs, at most %d are allowed", n, MaxOperations)
	}
	for i := 0; i < n && r.err == nil; i++ {
		res.Outputs = append(res.Outputs, r.output())
	}
	if r.err == nil && len(r.s) > 0 {
		r.fail("%d bytes follow the result", len(r.s))
	}
	if r.err != nil {
		return nil, refuse(Malformed, 0, "result bytes: %v", r.err)
	}
	return res, nil
}

func (r *reader) output() (o Output) {
	o.Index = r.u16()
	p := r.u8()
	if p&outAmount != 0 {
		o.Amount = int64(r.u64())
	}
	if p&outUnits != 0 {
		o.Units = r.u64()
	}
	if p&outCount != 0 {
		o.Count = r.u32()
	}
	if p&outTranches != 0 {
		for range r.count("tranches", MaxTranches) {
			t := TrancheResult{Amount: int64(r.u64()), Units: r.u64(), Q: r.int128(), Rem: r.int128()}
			t.Cut = share.Cut{Deficit: r.int128(), Units: r.u64(), Holder: r.u32()}
			o.Tranches = append(o.Tranches, t)
		}
	}
	if p&outDeducted != 0 {
		for range r.count("deducted", MaxDeductions) {
			o.Deducted = append(o.Deducted, int64(r.u64()))
		}
	}
	if p&outUnclaimed != 0 {
		o.Unclaimed, o.Set = r.u32(), int64(r.u64())
	}
	if p&outMissing != 0 {
		n := r.count32("missing", 9)
		for i := 0; i < n && r.err == nil; i++ {
			o.Missing = append(o.Missing, Missing{Account: r.text(), Amount: int64(r.u64())})
		}
	}
	if p&outSetOff != 0 {
		o.SetOffs, o.SetOff = r.u32(), int64(r.u64())
	}
	if r.err == nil && o.presence() != p {
		r.fail("output %d: a field is marked present but zero", o.Index)
	}
	return o
}

func (w *writer) int128(v share.Int128) { w.u64(v.Lo); w.u64(uint64(v.Hi)) }
func (r *reader) int128() share.Int128 {
	lo := r.u64()
	return share.Int128{Lo: lo, Hi: int64(r.u64())}
}
