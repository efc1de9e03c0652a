package rest

import (
	"fmt"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
)

// Envelope is what every command can say of itself beside its operations.
type Envelope struct {
	Purpose    uint32      `json:"purpose,omitempty" maximum:"4294967295" doc:"What it is for, a code of the caller"`
	Effective  Date        `json:"effective,omitzero" doc:"The date it counts from; the booking date if absent"`
	Actor      ID          `json:"actor,omitzero" doc:"The principal that did it; the one whose token this is if absent"`
	Behalf     ID          `json:"behalf,omitzero" doc:"The party it was done for"`
	Approval   ID          `json:"approval,omitzero" doc:"The approval it rests on"`
	References []Reference `json:"references,omitempty" maxItems:"8" doc:"What it belongs to outside the ledger. Codes, numbers and ids: no text, no personal data"`
}

// Reference points to something outside the ledger.
type Reference struct {
	Type  uint16 `json:"type" maximum:"65535" doc:"What is pointed to, a number of the caller"`
	Value ID     `json:"value" doc:"16 bytes that name it"`
}

// Command is a command in full.
type Command struct {
	ID CommandID `json:"id,omitzero" doc:"A UUIDv7 made by the client. The same id gives the first result for ever, so sending a command again is safe"`
	Envelope
	Trace      ID          `json:"trace,omitzero" doc:"The request it came with; this one if absent"`
	Operations []Operation `json:"operations" minItems:"1" maxItems:"8000" doc:"All take effect, in this order, or none does"`
}

// command makes the ledger's command. A fault names the operation and the field.
func (c *Command) command(id, trace ledger.ID) (*ledger.Command, *ledger.Refusal) {
	out := c.Envelope.command(id, trace)
	if !c.Trace.IsZero() {
		out.Trace = ledger.ID(c.Trace)
	}
	out.Operations = make([]ledger.Operation, len(c.Operations))
	for i := range c.Operations {
		op, err := c.Operations[i].core()
		if err != nil {
			return nil, &ledger.Refusal{Code: ledger.Malformed, Index: uint16(i), Why: c.Operations[i].name() + ": " + err.Error()}
		}
		out.Operations[i] = op
	}
	return out, nil
}

// name is what the fault of an operation that can't be made begins with.
func (o *Operation) name() string {
	if o.Cancel != nil {
		return ledger.KindCancel.String()
	}
	return "operation"
}

func (e *Envelope) command(id, trace ledger.ID, operations ...ledger.Operation) *ledger.Command {
	c := &ledger.Command{
		ID: id, Purpose: e.Purpose, Effective: ledger.Date(e.Effective), Actor: ledger.ID(e.Actor), Behalf: ledger.ID(e.Behalf),
		Approval: ledger.ID(e.Approval), Trace: trace, Operations: operations,
	}
	for _, r := range e.References {
		c.References = append(c.References, ledger.Reference{Type: r.Type, Value: r.Value})
	}
	return c
}

// commandOf shows a command of the journal.
func commandOf(c *ledger.Command) Command {
	out := Command{
		ID: CommandID(c.ID), Trace: ID(c.Trace), Operations: make([]Operation, len(c.Operations)),
		Envelope: Envelope{
			Purpose: c.Purpose, Effective: Date(c.Effective), Actor: ID(c.Actor), Behalf: ID(c.Behalf), Approval: ID(c.Approval),
		},
	}
	for _, r := range c.References {
		out.References = append(out.References, Reference{Type: r.Type, Value: r.Value})
	}
	for i, op := range c.Operations {
		out.Operations[i] = operationOf(op)
	}
	return out
}

// Result is the outcome of a command.
type Result struct {
	ID        CommandID `json:"id" doc:"The command's id"`
	Sequence  uint64    `json:"sequence,omitempty" doc:"Its place in the ledger's order; absent if it was refused before it got one"`
	Timestamp Instant   `json:"timestamp,omitzero" doc:"When it was applied, by the ledger's clock"`
	Date      Date      `json:"date,omitzero" doc:"Booking date: the timestamp's date in the ledger's zone"`
	Code      string    `json:"code" doc:"applied, or why it was refused" example:"applied"`
	Operation *uint16   `json:"operation,omitempty" doc:"The operation that was refused, from 0"`
	Detail    string    `json:"detail,omitempty" doc:"Of a refusal: what is wrong and what to do"`
	Repeated  bool      `json:"repeated,omitempty" doc:"The id was known: this is the first result, and nothing was done again"`
	Marks     []Mark    `json:"marks,omitempty" doc:"Marks of the holds and freezes that it made, in the order of the operations"`
	Outputs   []Output  `json:"outputs,omitempty" doc:"Of the operations that did more than what was asked"`
}

// Output is what one operation did beyond its own words.
type Output struct {
	Operation       uint16    `json:"operation" doc:"Its place in the command, from 0"`
	Amount          Amount    `json:"amount,omitempty" doc:"Money that moved"`
	Units           uint64    `json:"units,omitempty" doc:"Units destroyed by a cancel of all"`
	Count           uint32    `json:"count,omitempty" doc:"Holds ended; lines of a distribution that are not zero"`
	Tranches        []Tranche `json:"tranches,omitempty" doc:"Public figures of a distribution: with them and his own units and carry everybody can work out his line"`
	Deducted        []Amount  `json:"deducted,omitempty" doc:"By deduction"`
	Unclaimed       uint32    `json:"unclaimed,omitempty" doc:"Lines that went to the register's unclaimed account"`
	UnclaimedAmount Amount    `json:"unclaimed_amount,omitempty" doc:"Their sum"`
	Missing         []Missing `json:"missing,omitempty" doc:"What could not be given back; in mode owe it is owed now"`
	SetOffs         uint32    `json:"set_offs,omitempty" doc:"Debts paid out of lines"`
	SetOffAmount    Amount    `json:"set_off_amount,omitempty" doc:"Their sum"`
}

// Tranche holds the public figures of one tranche of a distribution.
type Tranche struct {
	Amount    Amount `json:"amount" doc:"What was paid"`
	Units     uint64 `json:"units" doc:"Units of the register then"`
	Quotient  Carry  `json:"quotient" doc:"What one unit earned"`
	Remainder Carry  `json:"remainder" doc:"What the division left, kept by the register"`
	Cut       Cut    `json:"cut" doc:"The last cent given"`
}

// Cut says how far the holder of the last cent was from it.
type Cut struct {
	Deficit Carry  `json:"deficit"`
	Units   uint64 `json:"units"`
	Holder  uint32 `json:"holder" doc:"Holder number"`
}

// Missing is what an account could not give back.
type Missing struct {
	Account string `json:"account"`
	Amount  Amount `json:"amount"`
}

// resultOf shows the answer to a command; operations is nil when they are not known.
func resultOf(id ledger.ID, a *api.Answer, operations []ledger.Operation) Result {
	r := &a.Result
	out := Result{
		ID: CommandID(id), Sequence: r.Sequence, Timestamp: Instant(r.Timestamp), Date: Date(r.Date), Code: r.Code.String(),
		Repeated: a.Repeated,
	}
	if r.Code != ledger.Applied {
		out.Operation, out.Detail = &r.Index, explain(a)
		return out
	}
	for i, op := range operations {
		switch op.Kind() {
		case ledger.KindHold, ledger.KindHoldUnits, ledger.KindFreeze:
			out.Marks = append(out.Marks, Mark{Command: id, Index: uint16(i)})
		}
	}
	for i := range r.Outputs {
		out.Outputs = append(out.Outputs, outputOf(&r.Outputs[i]))
	}
	return out
}

// explain says what is wrong with a refused command and what to do.
func explain(a *api.Answer) string {
	if a.Why != "" {
		return a.Why
	}
	return fmt.Sprintf("operation %d: %s", a.Result.Index, a.Result.Code.Info().Means)
}

func outputOf(o *ledger.Output) Output {
	out := Output{
		Operation: o.Index, Amount: Amount(o.Amount), Units: o.Units, Count: o.Count, Unclaimed: o.Unclaimed, UnclaimedAmount: Amount(o.Set),
		SetOffs: o.SetOffs, SetOffAmount: Amount(o.SetOff),
	}
	for i := range o.Tranches {
		out.Tranches = append(out.Tranches, trancheOf(&o.Tranches[i]))
	}
	for _, d := range o.Deducted {
		out.Deducted = append(out.Deducted, Amount(d))
	}
	for _, m := range o.Missing {
		out.Missing = append(out.Missing, Missing{Account: m.Account, Amount: Amount(m.Amount)})
	}
	return out
}

func trancheOf(t *ledger.TrancheResult) Tranche {
	return Tranche{
		Amount: Amount(t.Amount), Units: t.Units, Quotient: Carry(t.Q), Remainder: Carry(t.Rem),
		Cut: Cut{Deficit: Carry(t.Cut.Deficit), Units: t.Cut.Units, Holder: t.Cut.Holder},
	}
}
