package cost_test

import (
	"errors"
	"math"
	"testing"

	"github.com/cockroachdb/apd/v3"

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

func TestCostRefuses(t *testing.T) {
	out := []cost.Flow{{Date: 1, Amount: 5}, {Date: 2, Amount: 5}}
	if _, err := cost.Of(out, daycount.Act365Fixed, 12); !errors.Is(err, rate.ErrNone) {
		t.Errorf("nothing is paid back: %v", err)
	}
	if _, err := cost.Of(out, daycount.Act365Fixed, 0); !errors.Is(err, cost.ErrPeriods) {
		t.Errorf("no periods: %v", err)
	}
}
