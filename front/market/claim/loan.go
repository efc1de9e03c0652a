package claim

import (
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
)

// LoanOf is a loan as of a day, from its state and the interest that has accrued. The state may be as of a later day, from which
// a payment counts that was made already. What it can't tell, that the loan was restructured or written off, is for the caller to set.
func LoanOf(s *loan.State, accrued int64, on day.Date, units uint64) Loan {
	l := Loan{On: on, Units: units, Outstanding: s.Outstanding()[loan.Principal], State: Repaying}
	switch {
	case s.Closed:
		l.State = Settled
		return l
	case s.Disbursed == 0:
		l.State = Opening
		return l
	}
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.Outstanding().Total() == 0 {
			continue
		}
		if r.Row.Due >= on {
			l.NextDue = r.Row.Due
			break
		}
		l.State = Overdue
	}
	l.Accrued = accrued
	return l
}
