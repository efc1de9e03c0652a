package claim

import (
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
)

// LoanOf is a loan as of a day, from its state then and the interest that has accrued. What the state can't tell, that it was
// restructured or written off, is for the caller to set.
func LoanOf(s *loan.State, accrued int64, on day.Date, units uint64) Loan {
	l := Loan{On: on, Units: units, Outstanding: s.Outstanding()[loan.Principal], State: Repaying}
	if _, late := s.PastDue(); late > 0 {
		l.State = Overdue
	}
	switch {
	case s.Closed:
		l.State = Settled
		return l
	case s.Disbursed == 0:
		l.State = Opening
		return l
	}
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Row.Due >= on && r.Outstanding().Total() > 0 {
			l.NextDue = r.Row.Due
			break
		}
	}
	l.Accrued = accrued
	return l
}
