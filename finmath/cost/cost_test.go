package cost_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/cost"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
	"github.com/longmen/longmen/finmath/schedule"
)

func year(percent int64) schedule.Terms {
	return schedule.Terms{
		Principal: 12_000_00, AnnualRate: apd.New(percent, -2), Installments: 12,
		Due: calendar.Due{Start: day.Of(2026, 1, 1), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
	}
}

// TestCost shows that without fees the nominal cost is the rate of the terms, and that a fee of 3% kept at the start
// makes 12% a year into nearly 18%.
func TestCost(t *testing.T) {
	terms := year(12)
	s, err := schedule.Plan(terms)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := cost.Of(cost.Flows(&terms, s, nil), daycount.Thirty360, 12)
	if err != nil || math.Abs(plain.Nominal-0.12) > 1e-5 || math.Abs(plain.Effective-0.126825) > 1e-5 {
		t.Errorf("without fees: %+v %v", plain, err)
	}
	fee := []cost.Flow{{Date: terms.Due.Start, Amount: 360_00}}
	dear, err := cost.Of(cost.Flows(&terms, s, fee), daycount.Thirty360, 12)
	if err != nil || dear.Nominal < 0.17 || dear.Nominal > 0.18 || dear.Paid != plain.Paid+360_00 {
		t.Errorf("with a fee: %+v %v", dear, err)
	}
}

// TestCostOfAnyAmount shows that a cost is a matter of proportions, up to the largest amount there is.
func TestCostOfAnyAmount(t *testing.T) {
	of := func(unit int64) cost.Cost {
		t.Helper()
		c, err := cost.Of([]cost.Flow{{Date: day.Of(2026, 1, 1), Amount: 90 * unit}, {Date: day.Of(2027, 1, 1), Amount: -100 * unit}}, daycount.Act365Fixed, 1)
		if err != nil {
			t.Fatal(unit, err)
		}
		return c
	}
	for _, unit := range []int64{100, 10_000_000_000, amount.Max / 100} {
		if c := of(unit); math.Abs(c.Effective-of(1).Effective) > 1e-12 || c.Paid != 10*unit {
			t.Errorf("of %d: %+v", unit, c)
		}
	}
	for _, flows := range [][]cost.Flow{
		{{Date: 1, Amount: amount.Max + 1}, {Date: 2, Amount: -1}},
		{{Date: 1, Amount: amount.Max}, {Date: 2, Amount: amount.Max}, {Date: 3, Amount: -1}},
	} {
		if _, err := cost.Of(flows, daycount.Act365Fixed, 1); !errors.Is(err, amount.ErrRange) {
			t.Errorf("%v: %v", flows, err)
		}
	}
}

func TestCostRefuses(t *testing.T) {
	out := []cost.Flow{{Date: 1, Amount: 5}, {Date: 2, Amount: 5}}
	if _, err := cost.Of(out, daycount.Act365Fixed, 12); !errors.Is(err, rate.ErrNone) {
		t.Errorf("nothing is paid back: %v", err)
	}
	if _, err := cost.Of(out, daycount.Act365Fixed, 0); !errors.Is(err, cost.ErrPeriods) {
		t.Errorf("no periods: %v", err)
	}
}
