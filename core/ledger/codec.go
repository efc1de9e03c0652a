package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Format is the number of the canonical encoding. It begins every command's bytes and never changes its meaning.
const Format = 1

// The canonical bytes of a command, little-endian, are:
//
//	format u8 | presence u8 | id 16 | purpose u32 | [effective i32] [actor 16] [behalf 16] [approval 16] [trace 16]
//	[count u8, then type u16 + value 16 each] | operation count u16 | operations
//
// An operation is its kind u8 and its fields in the order of its type. A text is its length u8 and its bytes. A field
// of the envelope is present when it is not zero, so there is one encoding for each command.
const (
	hasEffective = 1 << iota
	hasActor
	hasBehalf
	hasApproval
	hasTrace
	hasReferences
)

// AppendCommand appends the canonical bytes. The command must have passed Check.
func AppendCommand(b []byte, c *Command) []byte {
	w := &writer{b: b}
	var presence uint8
	set := func(bit uint8, on bool) {
		if on {
			presence |= bit
		}
	}
	set(hasEffective, c.Effective != 0)
	set(hasActor, !c.Actor.IsZero())
	set(hasBehalf, !c.Behalf.IsZero())
	set(hasApproval, !c.Approval.IsZero())
	set(hasTrace, !c.Trace.IsZero())
	set(hasReferences, len(c.References) > 0)
	w.u8(Format)
	w.u8(presence)
	w.id(c.ID)
	w.u32(c.Purpose)
	if c.Effective != 0 {
		w.u32(uint32(c.Effective))
	}
	for _, id := range [...]ID{c.Actor, c.Behalf, c.Approval, c.Trace} {
		if !id.IsZero() {
			w.id(id)
		}
	}
	if len(c.References) > 0 {
		w.u8(uint8(len(c.References)))
		for _, r := range c.References {
			w.u16(r.Type)
			w.id(r.Value)
		}
	}
	w.u16(uint16(len(c.Operations)))
	for _, op := range c.Operations {
		w.u8(uint8(op.Kind()))
		op.put(w)
	}
	return w.b
}

// DecodeCommand reads canonical bytes and nothing else: every command has exactly one encoding, and what does not
// pass Check is refused.
func DecodeCommand(b []byte) (*Command, error) {
	if len(b) > MaxCommand {
		return nil, refuse(Oversized, 0, "command has %d bytes, at most %d are allowed", len(b), MaxCommand)
	}
	r := &reader{s: string(b)}
	c := r.command()
	if r.err == nil && len(r.s) > 0 {
		r.fail("%d bytes follow the command", len(r.s))
	}
	if r.err != nil {
		return nil, refuse(Malformed, 0, "command bytes: %v", r.err)
	}
	if err := c.checkParts(); err != nil {
		return nil, err
	}
	return c, nil
}

func (r *reader) command() *Command {
	c := &Command{}
	if format := r.u8(); r.err == nil && format != Format {
		r.fail("format %d is not known", format)
	}
	presence := r.u8()
	if presence >= hasReferences<<1 {
		r.fail("presence %#x has unknown bits", presence)
	}
	c.ID = r.id()
	c.Purpose = r.u32()
	if presence&hasEffective != 0 {
		c.Effective = Date(r.u32())
		r.present("effective", c.Effective != 0)
	}
	for _, f := range [...]struct {
		bit  uint8
		id   *ID
		name string
	}{{hasActor, &c.Actor, "actor"}, {hasBehalf, &c.Behalf, "behalf"}, {hasApproval, &c.Approval, "approval"}, {hasTrace, &c.Trace, "trace"}} {
		if presence&f.bit != 0 {
			*f.id = r.id()
			r.present(f.name, !f.id.IsZero())
		}
	}
	if presence&hasReferences != 0 {
		n := int(r.u8())
		r.present("references", n > 0)
		for range n {
			c.References = append(c.References, Reference{Type: r.u16(), Value: r.id()})
		}
	}
	n := int(r.u16())
	for i := 0; i < n && r.err == nil; i++ {
		kind := Kind(r.u8())
		op := newOperation(kind)
		if op == nil {
			r.fail("operation %d: kind %d is not known", i, kind)
			break
		}
		op.get(r)
		c.Operations = append(c.Operations, op)
	}
	return c
}

// newOperation makes an empty operation of a kind, nil when there is no such kind.
func newOperation(k Kind) Operation {
	switch k {
	case KindOpenLedger:
		return &OpenLedger{}
	case KindLead:
		return &Lead{}
	case KindPulse:
		return &Pulse{}
	case KindUpgrade:
		return &Upgrade{}
	case KindAdvance:
		return &Advance{}
	case KindOpenAsset:
		return &OpenAsset{}
	case KindOpenAccount:
		return &OpenAccount{}
	case KindOpenRegister:
		return &OpenRegister{}
	case KindTransfer:
		return &Transfer{}
	case KindHold:
		return &Hold{}
	case KindPost:
		return &Post{}
	case KindVoid:
		return &Void{}
	case KindFreeze:
		return &Freeze{}
	case KindUnfreeze:
		return &Unfreeze{}
	case KindIssue:
		return &Issue{}
	case KindMove:
		return &Move{}
	case KindCancel:
		return &Cancel{}
	case KindHoldUnits:
		return &HoldUnits{}
	case KindDistribute:
		return &Distribute{}
	case KindClaim:
		return &Claim{}
	case KindReverse:
		return &Reverse{}
	case KindReverseLine:
		return &ReverseLine{}
	case KindSettle:
		return &Settle{}
	case KindCorrect:
		return &Correct{}
	}
	return nil
}

func (o *OpenLedger) put(w *writer) {
	w.id(o.Ledger)
	w.text(o.Zone)
	w.u8(uint8(o.Clock))
	w.u64(uint64(o.Start))
	w.flag(o.Shadow)
}

func (o *OpenLedger) get(r *reader) {
	o.Ledger, o.Zone, o.Clock, o.Start, o.Shadow = r.id(), r.text(), ClockKind(r.u8()), Instant(r.u64()), r.flag()
}

func (o *Lead) put(w *writer)    { w.u64(o.Epoch); w.id(o.Node) }
func (o *Lead) get(r *reader)    { o.Epoch, o.Node = r.u64(), r.id() }
func (o *Pulse) put(w *writer)   { w.u16(o.Limit) }
func (o *Pulse) get(r *reader)   { o.Limit = r.u16() }
func (o *Upgrade) put(w *writer) { w.u16(o.Version) }
func (o *Upgrade) get(r *reader) { o.Version = r.u16() }
func (o *Advance) put(w *writer) { w.u64(uint64(o.To)) }
func (o *Advance) get(r *reader) { o.To = Instant(r.u64()) }

func (o *OpenAsset) put(w *writer) { w.text(o.Code); w.u8(o.Scale) }
func (o *OpenAsset) get(r *reader) { o.Code, o.Scale = r.text(), r.u8() }

func (o *OpenAccount) put(w *writer) {
	w.text(o.Address)
	w.text(o.Asset)
	w.u8(uint8(o.Side))
	w.u8(uint8(o.Type))
	w.u32(o.Code)
	w.u8(uint8(o.Constraint))
}

func (o *OpenAccount) get(r *reader) {
	o.Address, o.Asset, o.Side = r.text(), r.text(), Side(r.u8())
	o.Type, o.Code, o.Constraint = AccountType(r.u8()), r.u32(), Constraint(r.u8())
}

func (o *OpenRegister) put(w *writer) {
	w.text(o.Address)
	w.text(o.Asset)
	w.u64(o.Cap)
	w.u8(uint8(len(o.Tranches)))
	for _, t := range o.Tranches {
		w.text(t)
	}
	w.text(o.Unclaimed)
}

func (o *OpenRegister) get(r *reader) {
	o.Address, o.Asset, o.Cap = r.text(), r.text(), r.u64()
	for range r.count("tranches", MaxTranches) {
		o.Tranches = append(o.Tranches, r.text())
	}
	o.Unclaimed = r.text()
}

func (o *Transfer) put(w *writer) {
	w.u8(uint8(o.Mode))
	w.text(o.Debit)
	w.text(o.Credit)
	if o.Mode == Received {
		w.text(o.Received)
		return
	}
	w.u64(uint64(o.Amount))
}

func (o *Transfer) get(r *reader) {
	o.Mode, o.Debit, o.Credit = TransferMode(r.u8()), r.text(), r.text()
	if o.Mode == Received {
		o.Received = r.text()
		return
	}
	o.Amount = int64(r.u64())
}

func (o *Hold) put(w *writer) {
	w.text(o.Debit)
	w.text(o.Credit)
	w.u64(uint64(o.Amount))
	w.u64(uint64(o.Expiry))
}

func (o *Hold) get(r *reader) {
	o.Debit, o.Credit, o.Amount, o.Expiry = r.text(), r.text(), int64(r.u64()), Instant(r.u64())
}

func (o *Post) put(w *writer)     { w.mark(o.Hold); w.u64(uint64(o.Amount)) }
func (o *Post) get(r *reader)     { o.Hold, o.Amount = r.mark(), int64(r.u64()) }
func (o *Void) put(w *writer)     { w.mark(o.Hold) }
func (o *Void) get(r *reader)     { o.Hold = r.mark() }
func (o *Unfreeze) put(w *writer) { w.mark(o.Freeze) }
func (o *Unfreeze) get(r *reader) { o.Freeze = r.mark() }

func (o *Freeze) put(w *writer) { w.text(o.Account); w.u8(uint8(o.What)); w.u64(uint64(o.Amount)) }
func (o *Freeze) get(r *reader) {
	o.Account, o.What, o.Amount = r.text(), FreezeKind(r.u8()), int64(r.u64())
}

func (o *Issue) put(w *writer) {
	w.text(o.Register)
	w.text(o.Account)
	w.u64(o.Units)
	w.u8(o.Class)
}

func (o *Issue) get(r *reader) {
	o.Register, o.Account, o.Units, o.Class = r.text(), r.text(), r.u64(), r.u8()
}

func (o *Move) put(w *writer) {
	w.text(o.Register)
	w.text(o.From)
	w.text(o.To)
	w.u64(o.Units)
	w.u8(o.Class)
	w.mark(o.Hold)
}

func (o *Move) get(r *reader) {
	o.Register, o.From, o.To, o.Units = r.text(), r.text(), r.text(), r.u64()
	o.Class, o.Hold = r.u8(), r.mark()
}

func (o *Cancel) put(w *writer) { w.text(o.Register); w.text(o.Account); w.u64(o.Units) }
func (o *Cancel) get(r *reader) { o.Register, o.Account, o.Units = r.text(), r.text(), r.u64() }

func (o *HoldUnits) put(w *writer) {
	w.text(o.Register)
	w.text(o.Account)
	w.u64(o.Units)
	w.u64(uint64(o.Expiry))
}

func (o *HoldUnits) get(r *reader) {
	o.Register, o.Account, o.Units, o.Expiry = r.text(), r.text(), r.u64(), Instant(r.u64())
}

func (o *Distribute) put(w *writer) {
	w.text(o.Register)
	w.text(o.Payer)
	w.parts(o.Amounts, o.Deductions)
}

func (o *Distribute) get(r *reader) {
	o.Register, o.Payer = r.text(), r.text()
	o.Amounts, o.Deductions = r.parts()
}

// parts are the amounts of a distribution by tranche, and its deductions.
func (w *writer) parts(amounts []int64, deductions []Deduction) {
	w.u8(uint8(len(amounts)))
	for _, a := range amounts {
		w.u64(uint64(a))
	}
	w.u8(uint8(len(deductions)))
	for _, d := range deductions {
		w.u8(d.Tranche)
		w.u8(d.Class)
		w.u32(d.Rate)
		w.text(d.Account)
	}
}

func (r *reader) parts() (amounts []int64, deductions []Deduction) {
	for range r.count("amounts", MaxTranches) {
		amounts = append(amounts, int64(r.u64()))
	}
	for range r.count("deductions", MaxDeductions) {
		deductions = append(deductions, Deduction{Tranche: r.u8(), Class: r.u8(), Rate: r.u32(), Account: r.text()})
	}
	return amounts, deductions
}

func (o *Claim) put(w *writer) {
	w.text(o.Register)
	w.text(o.Holder)
	w.text(o.To)
	w.u64(uint64(o.Amount))
}

func (o *Claim) get(r *reader) {
	o.Register, o.Holder, o.To, o.Amount = r.text(), r.text(), r.text(), int64(r.u64())
}

func (o *Reverse) put(w *writer) { w.u64(o.Sequence); w.undoing(o.Mode, o.Cover) }
func (o *Reverse) get(r *reader) { o.Sequence = r.u64(); o.Mode, o.Cover = r.undoing() }

func (o *ReverseLine) put(w *writer) {
	w.u64(o.Sequence)
	w.u16(o.Index)
	w.text(o.Account)
	w.undoing(o.Mode, o.Cover)
}

func (o *ReverseLine) get(r *reader) {
	o.Sequence, o.Index, o.Account = r.u64(), r.u16(), r.text()
	o.Mode, o.Cover = r.undoing()
}

func (o *Correct) put(w *writer) {
	w.u64(o.Sequence)
	w.u16(o.Index)
	w.text(o.Payer)
	w.parts(o.Amounts, o.Deductions)
	w.undoing(o.Mode, o.Cover)
}

func (o *Correct) get(r *reader) {
	o.Sequence, o.Index, o.Payer = r.u64(), r.u16(), r.text()
	o.Amounts, o.Deductions = r.parts()
	o.Mode, o.Cover = r.undoing()
}

func (o *Settle) put(w *writer) {
	w.text(o.Account)
	w.text(o.Cover)
	w.text(o.Payer)
	w.u64(uint64(o.Amount))
}

func (o *Settle) get(r *reader) {
	o.Account, o.Cover, o.Payer, o.Amount = r.text(), r.text(), r.text(), int64(r.u64())
}

// undoing is the mode of an undoing, with the cover account only where the mode asks for one.
func (w *writer) undoing(m ReverseMode, cover string) {
	w.u8(uint8(m))
	if m == OweShortfall {
		w.text(cover)
	}
}

func (r *reader) undoing() (m ReverseMode, cover string) {
	if m = ReverseMode(r.u8()); m == OweShortfall {
		cover = r.text()
	}
	return m, cover
}

// writer appends canonical fields.
type writer struct{ b []byte }

func (w *writer) u8(v uint8)    { w.b = append(w.b, v) }
func (w *writer) u16(v uint16)  { w.b = binary.LittleEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32)  { w.b = binary.LittleEndian.AppendUint32(w.b, v) }
func (w *writer) u64(v uint64)  { w.b = binary.LittleEndian.AppendUint64(w.b, v) }
func (w *writer) id(v [16]byte) { w.b = append(w.b, v[:]...) }
func (w *writer) mark(m Mark)   { w.id(m.Command); w.u16(m.Index) }
func (w *writer) flag(v bool) {
	if v {
		w.u8(1)
		return
	}
	w.u8(0)
}
func (w *writer) text(s string) { w.b = append(append(w.b, uint8(len(s))), s...) }

// reader takes canonical fields from the front of s. After the first error every field is zero.
type reader struct {
	s   string
	err error
}

var errShort = errors.New("bytes end too early")

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
		r.s = ""
	}
}

// present refuses a zero field that claims to be there: it would be a second encoding of the same command.
func (r *reader) present(name string, nonzero bool) {
	if r.err == nil && !nonzero {
		r.fail("%s is marked present but zero", name)
	}
}

func (r *reader) take(n int) string {
	if len(r.s) < n {
		if r.err == nil {
			r.err = errShort
			r.s = ""
		}
		return ""
	}
	v := r.s[:n]
	r.s = r.s[n:]
	return v
}

func (r *reader) u8() uint8 {
	if v := r.take(1); v != "" {
		return v[0]
	}
	return 0
}

func (r *reader) flag() bool {
	v := r.u8()
	if v > 1 {
		r.fail("flag is neither 0 nor 1")
	}
	return v == 1
}

func (r *reader) u16() uint16 { return uint16(r.u8()) | uint16(r.u8())<<8 }

func (r *reader) u32() uint32 {
	v := r.take(4)
	if v == "" {
		return 0
	}
	return uint32(v[0]) | uint32(v[1])<<8 | uint32(v[2])<<16 | uint32(v[3])<<24
}

func (r *reader) u64() uint64 { return uint64(r.u32()) | uint64(r.u32())<<32 }

func (r *reader) id() (v [16]byte) { copy(v[:], r.take(16)); return v }

func (r *reader) mark() Mark { return Mark{Command: r.id(), Index: r.u16()} }

func (r *reader) text() string { return r.take(int(r.u8())) }

func (r *reader) count(name string, most int) int {
	n := int(r.u8())
	if n > most {
		r.fail("%s: %d, at most %d are allowed", name, n, most)
		return 0
	}
	return n
}
