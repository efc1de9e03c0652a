package claim

import (
	"fmt"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
)

// LoanOf is a loan as of a day, from its state then, what was agreed and what happened to it by then. What events can't tell,
// that it was restructured or written off, is for the caller to set.
func LoanOf(s *loan.State, a loan.Agreement, events []loan.Event, on day.Date, units uint64) (l Loan, err error) {
	l = Loan{On: on, Units: units, Outstanding: s.Outstanding()[loan.Principal], State: Repaying}
	if _, late := s.PastDue(); late > 0 {
		l.State = Overdue
	}
	switch {
	case s.Closed:
		l.State = Settled
		return l, nil
	case s.Disbursed == 0:
		l.State = Opening
		return l, nil
	}
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Row.Due >= on && r.Outstanding().Total() > 0 {
			l.NextDue = r.Row.Due
			break
		}
	}
	if l.Accrued, err = loan.Accrued(a, events, on, 0); err != nil {
		return Loan{}, fmt.Errorf("accrued interest: %w", err)
	}
	return l, nil
}
