package servicing

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// While calls f with a loan as it stands and the day of its ledger, and keeps every other act of the loan waiting
// meanwhile. Its last event may count from a later day. f does no act of a loan itself.
func (s *Servicing) While(ctx context.Context, tenant, loanID id.ID, f func(l *Loan, today day.Date) error) error {
	unlock := s.locks.lock(tenant, loanID)
	defer unlock()
	l, err := s.current(ctx, tenant, loanID)
	if err != nil {
		return err
	}
	now, err := s.ledgers.Now(ctx, l.Ledger)
	if err != nil {
		return err
	}
	return f(l, dateOf(ledger.DateOf(now)))
}

// Start is the loan's first day.
func (l *Loan) Start() day.Date { return l.contract.Agreement.Terms.Due.Start }

// Since is from when an account has units that were not sold to it: from the first day, or since it took the loan over.
func (l *Loan) Since(account string) day.Date {
	since := l.Start()
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == Bought && e.Outcome == Applied && e.Payer == account {
			since = e.Date
		}
	}
	return since
}

// Changed is the number of the last event that changed what was agreed, 0 if none did.
func (l *Loan) Changed() (number uint32) {
	for i := range l.Events {
		if e := &l.Events[i]; e.Outcome == Applied && e.changes() {
			number = e.Number
		}
	}
	return number
}

// changes says whether an event of this kind changes what was agreed.
func (e *Event) changes() bool {
	return e.Kind == Deferred || e.Kind == Rescheduled || e.Kind == Repriced || e.Kind == Restructured
}

// Paid is what all holders of a loan got together by one event, by tranche.
type Paid struct {
	Date     day.Date
	Sequence uint64
	Holders  [tranches]int64
}

// Paid lists what the holders got and keep, in the order of the ledger.
func (l *Loan) Paid() (list []Paid) {
	got := l.distributed()
	for i := range l.Events {
		if e := &l.Events[i]; got[e.Number] != [tranches]int64{} {
			list = append(list, Paid{e.Date, e.Sequence, got[e.Number]})
		}
	}
	return list
}

// Deductions are taken from the holders' lines.
func (l *Loan) Deductions() []ledger.Deduction { return l.contract.Deductions }

// Coming is what the schedule brings the holders on a due date, by tranche.
type Coming struct {
	Due     day.Date
	Holders [tranches]int64
}

// Coming lists what of the schedule is not paid in a state, and comes to the holders: what others have paid out in the
// borrower's place is theirs, and is taken from what falls due first. Of a loan that was written off nothing is counted on.
func (l *Loan) Coming(state *loan.State) (list []Coming, err error) {
	if !l.paidOut() || l.Lost {
		return nil, nil
	}
	owing, err := l.Claimed(state)
	if err != nil {
		return nil, err
	}
	for i := range state.Rows {
		r := &state.Rows[i]
		d, err := l.contract.Divide(r.Outstanding())
		if err != nil {
			return nil, err
		}
		for _, part := range claimed {
			x := min(d.Holders[part.tranche], owing[part.of])
			d.Holders[part.tranche] -= x
			owing[part.of] -= x
		}
		if d.Holders != [tranches]int64{} {
			list = append(list, Coming{r.Row.Due, d.Holders})
		}
	}
	return list, nil
}

// Claimed is what others have paid out in the borrower's place and did not get back, in a state.
func (l *Loan) Claimed(state *loan.State) (sum loan.Split, err error) {
	list, err := l.claims(state)
	for c := range sum {
		sum[c] = left(list, loan.Component(c))
	}
	return sum, err
}
