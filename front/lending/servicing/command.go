package servicing

import (
	"cmp"
	"encoding/binary"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// Purposes of the commands, as they stand in the journal.
const (
	PurposeDisburse = 2001
	PurposeRepay    = 2002
	PurposeTakeBack = 2003
	PurposeBuy      = 2004
	PurposeCorrect  = 2005
)

// ReferenceLoan is the type of the reference that names a loan.
const ReferenceLoan = 2001

// Steps of an act, from which the ids of its commands derive.
const (
	stepForward  = "lending.forward"
	stepTakeBack = "lending.back"
	stepRestore  = "lending.restore"
)

func (l *Loan) command(e *Event, step string, n int, purpose uint32, operations ...ledger.Operation) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(e.ID.Derive(step, uint64(n))), Purpose: purpose, Effective: ledger.DateOfUnixDay(int32(e.Date)),
		Actor: ledger.ID(e.Actor), Behalf: ledger.ID(e.Behalf), Approval: ledger.ID(e.Approval), References: []ledger.Reference{{Type: ReferenceLoan, Value: l.Deed.Loan}},
		Operations: operations,
	}
}

// forward pays a division from an account: first to single accounts, then to all holders.
func (l *Loan) forward(d *Division, payer string) []ledger.Operation {
	var list []ledger.Operation
	if d.Lost > 0 {
		list = append(list, &ledger.Transfer{Debit: l.Places.Lost, Credit: l.Places.Contra, Mode: ledger.Exact, Amount: d.Lost})
	}
	if d.Lost < 0 {
		list = append(list, &ledger.Transfer{Debit: l.Places.Contra, Credit: l.Places.Lost, Mode: ledger.Exact, Amount: -d.Lost})
	}
	if d.Credit < 0 {
		list = append(list, &ledger.Transfer{Debit: l.Places.Credit, Credit: payer, Mode: ledger.Exact, Amount: -d.Credit})
	}
	for _, p := range d.Parts {
		if p.Amount > 0 {
			list = append(list, &ledger.Transfer{Debit: payer, Credit: p.Account, Mode: ledger.Exact, Amount: p.Amount})
		}
	}
	if d.Credit > 0 {
		list = append(list, &ledger.Transfer{Debit: payer, Credit: l.Places.Credit, Mode: ledger.Exact, Amount: d.Credit})
	}
	if d.held() > 0 {
		list = append(list, &ledger.Distribute{Register: l.Places.Register, Payer: payer, Amounts: d.Holders[:], Deductions: l.contract.Deductions})
	}
	return list
}

// commands are what brings the books from what is booked to a target: as many of the latest payments as necessary are
// taken back, so that nobody has to give anything but by taking back; then the rest goes forward. Where units changed
// since, differences are paid. It fills in what the event books.
func (l *Loan) commands(e *Event, r *rewriting, corrects bool) ([]*ledger.Command, error) {
	if corrects {
		c, err := l.correct(e, r)
		if c == nil || err != nil {
			return nil, err
		}
		return []*ledger.Command{c}, nil
	}
	missing := r.missing
	var list []*ledger.Command
	for _, n := range r.back {
		x := &l.Events[n-1]
		missing.plus(&x.Booked, 1)
		list = append(list, l.command(e, stepTakeBack, len(list), PurposeTakeBack, l.reverse(x.Sequence)))
		e.Undone = append(e.Undone, x.Number)
	}
	if r.mixed { // also if nothing is missing then: one would have what another one paid
		return nil, WrongState.Errorf("it changes what others have paid since, in the borrower's place or to repay that: take what they paid back first")
	}
	if missing.none() {
		return list, nil
	}
	if e.Kind == Covered || e.Kind == Bought {
		// Who pays in the borrower's place pays his part and nothing else.
		rest := missing.clone()
		if e.Kind == Covered {
			rest.Holders[toPrincipal] -= e.Split[loan.Principal]
			rest.Holders[toInterest] -= e.Split[loan.Interest]
		}
		if !rest.none() {
			return nil, WrongState.Errorf("something that was paid before is not booked yet: count a payment first")
		}
	}
	return append(list, l.pay(e, stepForward, missing)), nil
}

// reverse takes a command back. What a holder has spent he owes to the cover account, and his next lines settle it.
func (l *Loan) reverse(sequence uint64) *ledger.Reverse {
	if l.Places.Cover == "" {
		return &ledger.Reverse{Sequence: sequence, Mode: ledger.RefuseShortfall}
	}
	return &ledger.Reverse{Sequence: sequence, Mode: ledger.OweShortfall, Cover: l.Places.Cover}
}

// pay is the command that pays a division forward, noted in the event.
func (l *Loan) pay(e *Event, step string, d Division) *ledger.Command {
	c := l.command(e, step, 0, PurposeRepay, l.pays(e, &d)...)
	e.Booked, e.Command = d, id.ID(c.ID)
	return c
}

// pays are the operations by which a division of an event is paid: by its payer, or by each of several.
func (l *Loan) pays(e *Event, d *Division) []ledger.Operation {
	if len(e.Payers) > 0 {
		return l.distributions(e)
	}
	return l.forward(d, l.payer(e))
}

// payer is who pays by an event: the borrower, unless it names another one.
func (l *Loan) payer(e *Event) string { return cmp.Or(e.Payer, l.Places.Payer) }

// undone are the events whose commands were taken back.
func (l *Loan) undone() map[uint32]bool {
	list := map[uint32]bool{}
	for i := range l.Events {
		for _, n := range l.Events[i].Undone {
			list[n] = true
		}
	}
	return list
}

// encode writes commands as they wait for the ledger.
func encode(list []*ledger.Command) []byte {
	var b []byte
	for _, c := range list {
		one := ledger.AppendCommand(nil, c)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(one)))
		b = append(b, one...)
	}
	return b
}

func decode(b []byte) ([]*ledger.Command, error) {
	var list []*ledger.Command
	for len(b) > 0 {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.LittleEndian.Uint32(b)) {
			return nil, fmt.Errorf("the commands of an act are cut off")
		}
		n := binary.LittleEndian.Uint32(b)
		c, err := ledger.DecodeCommand(b[4 : 4+n])
		if err != nil {
			return nil, fmt.Errorf("read the commands of an act: %w", err)
		}
		list, b = append(list, c), b[4+n:]
	}
	return list, nil
}

// dateOf is a ledger's date as finmath has it.
func dateOf(d ledger.Date) day.Date { return day.Date(d.UnixDay()) }
