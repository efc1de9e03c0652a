// Package cost says what a loan costs in all: interest, fees and everything else that is paid for it, as one rate a year.
//
// The rate is the XIRR of all flows (the annual percentage rate of EU Directive 2008/48/EC annex I, with the day count
// given); the nominal rate is n·((1+rate)^(1/n)-1), which for monthly installments is the 年化利率 by simple interest of
// the People's Bank of China's announcement 2021 No. 3.
//
// The package must not know products, taxes, who receives a fee, or which limit a regulator sets.
package cost

import (
	"errors"
	"math"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
	"github.com/longmen/longmen/finmath/schedule"
)

// ErrPeriods says that a year has no such number of periods.
var ErrPeriods = errors.New("take 1 to 366 periods a year")

// Flow is an amount in minor units on a date: positive is received by who borrows, negative paid.
type Flow struct {
	Date   day.Date
	Amount int64
}

// Cost is what flows cost a year.
type Cost struct {
	Effective float64 // compounded
	Nominal   float64 // periods a year times the rate of one
	Paid      int64   // more paid than received, in minor units
}

// Of is the cost of flows, counted as so many periods a year. It fails with rate.ErrNone where no rate exists.
func Of(flows []Flow, c daycount.Convention, periods int) (Cost, error) {
	if periods < 1 || periods > 366 {
		return Cost{}, ErrPeriods
	}
	list, sum := make([]rate.Flow, len(flows)), int64(0)
	for i, f := range flows {
		if f.Amount > amount.Max || f.Amount < -amount.Max {
			return Cost{}, amount.ErrRange
		}
		list[i] = rate.Flow{Date: f.Date, Amount: float64(f.Amount)}
		// Within Max before, it can't leave an int64 now.
		if sum -= f.Amount; sum > amount.Max || sum < -amount.Max {
			return Cost{}, amount.ErrRange
		}
	}
	r, err := rate.XIRR(list, c)
	if err != nil {
		return Cost{}, err
	}
	n := float64(periods)
	return Cost{Effective: r, Nominal: n * math.Expm1(math.Log1p(r)/n), Paid: sum}, nil
}

// Flows are the flows of a schedule: what is paid out less the fees that are kept from it or paid apart, and what is due.
func Flows(t *schedule.Terms, s *schedule.Schedule, fees []Flow) []Flow {
	list := make([]Flow, 0, len(s.Rows)+len(fees)+1)
	if len(t.Disbursements) == 0 {
		list = append(list, Flow{t.Due.Start, t.Principal})
	}
	for _, d := range t.Disbursements {
		list = append(list, Flow{d.Date, d.Amount})
	}
	for _, f := range fees {
		list = append(list, Flow{f.Date, -max(f.Amount, -f.Amount)})
	}
	for i := range s.Rows {
		list = append(list, Flow{s.Rows[i].Due, -s.Rows[i].Total()})
	}
	return list
}
