package catalog_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

// TestSimulate shows for random applications of every shipped product that on each date what is received is what is
// paid, that the flows of the borrower are his schedule, and that the same application gives the same again.
func TestSimulate(t *testing.T) {
	for _, name := range catalog.Shipped() {
		p := shipped(t, name)
		rapid.Check(t, func(t *rapid.T) {
			term := rapid.SampledFrom(p.Terms).Draw(t, "term")
			n := term.Min + term.Step*rapid.IntRange(0, (term.Max-term.Min)/term.Step).Draw(t, "n")
			grade := rapid.SampledFrom(p.Grades).Draw(t, "grade")
			most := p.Amount.Max
			if grade.Max > 0 {
				most = grade.Max
			}
			x := p.Amount.Min + p.Amount.Step*catalog.Money(rapid.Int64Range(0, int64((most-p.Amount.Min)/p.Amount.Step)).Draw(t, "amount"))
			a := &catalog.Application{
				Amount: int64(x), Term: catalog.Duration{N: n, Unit: term.Unit}, Grade: grade.Code,
				Start: day.Of(2026, 1, 1) + day.Date(rapid.IntRange(0, 1000).Draw(t, "start")),
			}
			s, err := catalog.Simulate(p, a, "")
			if err != nil {
				t.Fatal(err)
			}
			again, err := catalog.Simulate(p, a, "")
			if err != nil || fmt.Sprint(s.Flows) != fmt.Sprint(again.Flows) {
				t.Fatal("the same application gives other flows")
			}
			sums, due := map[string]catalog.Money{}, map[string]catalog.Money{}
			for _, f := range s.Flows {
				sums[f.Date] += f.Amount
				if f.Party == "borrower" && f.Date != a.Start.String() {
					due[f.Date] -= f.Amount
				}
			}
			for date, sum := range sums {
				if sum != 0 {
					t.Fatalf("on %s the flows sum to %d", date, sum)
				}
			}
			for _, r := range s.Schedule {
				due[r.Due] -= r.Total
			}
			for date, left := range due {
				if left != 0 {
					t.Fatalf("on %s the borrower's flows and his schedule differ by %d", date, left)
				}
			}
			if last := s.Schedule[len(s.Schedule)-1]; last.Balance != 0 {
				t.Fatalf("%d is left", last.Balance)
			}
		})
	}
}

// TestClass shows that investors of a class pay that class's fee.
func TestClass(t *testing.T) {
	p := shipped(t, "consumer-loan")
	a := &catalog.Application{Amount: 12_000_00, Term: catalog.Duration{N: 90, Unit: "days"}, Grade: "b", Start: day.Of(2026, 1, 15)}
	fee := func(class string) (x catalog.Money) {
		s, err := catalog.Simulate(p, a, class)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Flows {
			if f.For == "service" && f.Party == "platform" {
				x += f.Amount
			}
		}
		return x
	}
	if all, gold := fee(""), fee("gold"); all != 10_65+7_13+3_58 || gold != 5_33+3_57+1_79 {
		t.Errorf("%d and %d", all, gold)
	}
	if _, err := catalog.Simulate(p, a, "silver"); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

// TestDiff shows which changes touch whom.
func TestDiff(t *testing.T) {
	was, becomes := shipped(t, "consumer-loan"), shipped(t, "consumer-loan")
	becomes.Grades[1].Rate = rate(t, "0.12")
	becomes.Fees[3].Rate = rate(t, "0.003")
	becomes.Limits = becomes.Limits[:1]
	changes, err := catalog.Diff(was, becomes)
	if err != nil || len(changes) != 3 {
		t.Fatalf("%+v %v", changes, err)
	}
	for i, want := range []string{
		`fees[3].rate: share of the base, once each time: "0.002" "0.003" [sellers of claims platform]`,
		`grades[1].rate: interest a year: "0.108" "0.12" [borrowers investors]`,
	} {
		c := changes[i]
		if got := fmt.Sprintf("%s: %s: %s %s %v", c.Field, c.Is, c.Was, c.Becomes, c.For); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if c := changes[2]; c.Field != "limits[1]" || c.Becomes != "" || c.For[0] != "investors" {
		t.Errorf("%+v", c)
	}
}
