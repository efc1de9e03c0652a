package catalog_test

import (
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

func rate(t testing.TB, text string) catalog.Rate {
	t.Helper()
	r, err := catalog.NewRate(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// plain is a product in months that leaves out what it can.
func plain(t testing.TB) *catalog.Product {
	four := []catalog.Component{"penalty", "fee", "interest", "principal"}
	return &catalog.Product{
		Format: catalog.Format, Code: "plain", Offered: true, Asset: catalog.Asset{Code: "CNY", Scale: 2},
		Amount: catalog.Amount{Min: 1_000_00, Max: 10_000_00, Step: 100_00},
		Terms: []catalog.Term{
			{Unit: "days", Min: 90, Max: 90, Step: 1, Every: 30}, {Unit: "months", Min: 3, Max: 36, Step: 3, Every: 1},
		},
		Repayment: catalog.Repayment{
			Method: "equal_installment", Basis: "period", DayCount: "Act/365F",
			Rounding: catalog.Rounding{Mode: "half_even", By: "half_even", Residual: "last"},
		},
		Grades:      []catalog.Grade{{Code: "a", Rate: rate(t, "0.12")}, {Code: "b", Rate: rate(t, "0.18"), Max: 5_000_00}},
		Allocation:  catalog.Allocation{Due: four, Advance: four},
		Prepayment:  catalog.Prepayment{Allowed: true, Strategy: "fewer_installments", PayoffInterest: "to_the_day"},
		Overpayment: "advance",
		Days:        catalog.Days{Rule: "unadjusted"},
	}
}

func replay(t testing.TB, p *catalog.Product, a *catalog.Application) *loan.State {
	t.Helper()
	agreement, events, err := catalog.Contract(p, a)
	if err != nil {
		t.Fatal(err)
	}
	s, err := loan.Replay(agreement, events, a.Start)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestAgreement shows 1,200.00 for three months at 12 % in figures that finmath's own tests have, with a fee of 0.5 % of
// what was lent on each row.
func TestAgreement(t *testing.T) {
	p := plain(t)
	p.Fees = []catalog.Fee{{Code: "service", PaidBy: "borrower", At: "installment", Of: "lent", Rate: rate(t, "0.005"), Mode: "half_even"}}
	s := replay(t, p, &catalog.Application{Amount: 1_200_00, Term: catalog.Duration{N: 3, Unit: "months"}, Grade: "a", Start: day.Of(2026, 1, 31)})
	want := [][3]int64{{396_03, 12_00, 6_00}, {399_99, 8_04, 6_00}, {403_98, 4_04, 6_00}}
	if len(s.Rows) != len(want) {
		t.Fatalf("%d rows", len(s.Rows))
	}
	for i, r := range s.Rows {
		if got := [3]int64{r.Principal, r.Interest, r.Fee}; got != want[i] {
			t.Errorf("row %d: %v, want %v", i+1, got, want[i])
		}
	}
	if due := s.Rows[1].Row.Due; due != day.Of(2026, 3, 31) {
		t.Errorf("due %s", due)
	}
}

func TestDueDay(t *testing.T) {
	p := plain(t)
	p.Repayment.DueDay, p.Repayment.MinFirst = 31, 15
	s := replay(t, p, &catalog.Application{Amount: 1_200_00, Term: catalog.Duration{N: 3, Unit: "months"}, Grade: "a", Start: day.Of(2026, 1, 20)})
	for i, want := range []day.Date{day.Of(2026, 2, 28), day.Of(2026, 3, 31), day.Of(2026, 4, 30)} {
		if s.Rows[i].Row.Due != want {
			t.Errorf("row %d is due on %s, want %s", i+1, s.Rows[i].Row.Due, want)
		}
	}
	if x := s.Rows[0].Interest; x <= 12_00 {
		t.Errorf("a first period of 39 days bears %d", x)
	}
}

func TestApplicationRefused(t *testing.T) {
	for field, change := range map[string]func(*catalog.Application){
		"amount": func(a *catalog.Application) { a.Amount += 1 },
		"grade":  func(a *catalog.Application) { a.Grade = "z" },
		"term":   func(a *catalog.Application) { a.Term.N = 4 },
		"start":  func(a *catalog.Application) { a.Start = day.Max + 1 },
	} {
		a := &catalog.Application{Amount: 1_200_00, Term: catalog.Duration{N: 3, Unit: "months"}, Grade: "a", Start: day.Of(2026, 1, 31)}
		change(a)
		_, err := catalog.Agreement(plain(t), a)
		var e *errs.Error
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("%s: %v", field, err)
		} else if e = err.(*errs.Error); e.Field != field {
			t.Errorf("field %q, want %q", e.Field, field)
		}
	}
}

// TestDivide shows that shares sum to the whole and the first gets what rounding leaves.
func TestDivide(t *testing.T) {
	shares := []catalog.Share{{To: "platform", Share: rate(t, "0.7")}, {To: "reserve", Share: rate(t, "0.3")}}
	parts, err := catalog.Divide(101, shares, "platform")
	if err != nil || parts[0] != (catalog.Part{To: "platform", Amount: 71}) || parts[1] != (catalog.Part{To: "reserve", Amount: 30}) {
		t.Errorf("%v %v", parts, err)
	}
	tax := rate(t, "0.06")
	f := catalog.Fee{Tax: &tax, Mode: "half_up"}
	if x, err := f.TaxIn(106_00); err != nil || x != 6_00 {
		t.Errorf("tax %d %v", x, err)
	}
}
