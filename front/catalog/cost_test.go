package catalog_test

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

const week = `code: week-loan
name: {zh: 七日贷, en: Loan for a week}
asset: {code: CNY}
amount: {min: "500.00", max: "20000000000.00", step: "100.00"}
terms: [{unit: days, min: 7, max: 28, step: 7}]
repayment: {method: bullet}
grades: [{code: a, rate: "0.24"}]
fees: [{code: service, name: {zh: 费, en: Fee}, paid_by: borrower, at: disbursement, of: lent, rate: "0.10"}]
`

// What a loan costs is counted by its own periods, as a simulation counts it, whatever its amount; what can't be told is refused
// by name.
func TestCost(t *testing.T) {
	of := func(file string, amount int64) (*catalog.Product, *catalog.Application, *loan.State) {
		t.Helper()
		p, err := catalog.Read([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		a := &catalog.Application{Amount: amount, Term: catalog.Duration{N: 7, Unit: "days"}, Grade: "a", Start: day.Of(2026, 3, 2)}
		terms, events, err := catalog.Contract(p, a)
		if err != nil {
			t.Fatal(err)
		}
		s, err := loan.Replay(terms, events, a.Start)
		if err != nil {
			t.Fatal(err)
		}
		return p, a, s
	}
	// 100.00 are kept and 4.60 are interest: 11.62 % in a week of 52 a year.
	for _, amount := range []int64{1_000_00, 1_500_000_000_000} {
		p, a, s := of(week, amount)
		c, err := catalog.Cost(p, a, s)
		if err != nil || math.Abs(c.Nominal-6.06) > 0.01 {
			t.Fatalf("of %d: %+v %v", amount, c, err)
		}
		sim, err := catalog.Simulate(p, a, "")
		if err != nil || sim.Cost == nil || sim.Cost.Nominal != strconv.FormatFloat(math.Round(c.Nominal*1e6)/1e4, 'f', 4, 64) {
			t.Errorf("of %d the simulation says %+v, not %v; %v", amount, sim.Cost, c.Nominal, err)
		}
	}
	p, a, s := of(strings.Replace(week[:strings.Index(week, "fees:")], `"0.24"`, `"0"`, 1), 1_000_00)
	if c, err := catalog.Cost(p, a, s); err != nil || strconv.FormatFloat(c.Effective, 'f', 6, 64) != "0.000000" || strconv.FormatFloat(c.Nominal, 'f', 6, 64) != "0.000000" {
		t.Errorf("a loan that costs nothing: %+v %v", c, err)
	}
	for _, kept := range []string{"0.5", "0.999"} {
		p, a, s := of(strings.Replace(week, `"0.10"`, `"`+kept+`"`, 1), 1_000_00)
		if _, err := catalog.Cost(p, a, s); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "term" {
			t.Errorf("with %s kept: %v", kept, err)
		}
	}
}
