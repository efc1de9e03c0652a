package servicing

import (
	"context"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// Ending says that nothing more is expected of a loan.
type Ending struct {
	ID     id.ID
	Actor  id.ID
	Reason string // a code
}

// End lets nothing be done to a loan any more: no payment is counted, none is taken back. It is repaid, or was written off.
func (s *Servicing) End(ctx context.Context, tenant, loanID id.ID, x Ending) (Event, error) {
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: x.Reason,
		event:   Event{ID: x.ID, Kind: Ended, Actor: x.Actor, Reason: x.Reason},
		date:    func(l *Loan, now time.Time) (day.Date, error) { return max(dateOf(ledger.DateOf(now)), l.last()), nil },
		prepare: func(l *Loan, e *Event, _ day.Date) (*loan.State, error) { return nil, l.end(e.Date) },
	})
}

// end refuses to end a loan of which something is owed.
func (l *Loan) end(on day.Date) error {
	t, err := l.standing(on)
	switch {
	case err != nil:
		return err
	case t.State == Opening:
		return WrongState.Errorf("the loan was not paid out yet")
	case t.State != Closed && t.State != GivenUp:
		return WrongState.Errorf("%d is outstanding: it must be repaid or written off first", t.Outstanding.Total())
	case t.Credit != 0 && l.Lost:
		return WrongState.Errorf("%d of the borrower's lies on the loan's credit account: a recovery, also one of 0, counts it first", t.Credit)
	case t.Credit != 0:
		return WrongState.Errorf("%d of the borrower's lies on the loan's credit account: a payment that settles gives it back", t.Credit)
	}
	return nil
}

// Ending is the event that ended a loan, nil if none did.
func (l *Loan) Ending() *Event {
	if !l.Ended {
		return nil
	}
	return &l.Events[len(l.Events)-1] // nothing came after it
}

func ended() error {
	return WrongState.Errorf("the loan was closed for good: nothing is counted or taken back any more")
}
