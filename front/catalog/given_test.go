package catalog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
)

// example is a product of which only a file knows.
func example(t testing.TB, name string) *catalog.Product {
	t.Helper()
	file, err := os.ReadFile("testdata/" + name + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := catalog.ReadNew(file)
	if err != nil {
		t.Fatalf("%s:\n%v", name, err)
	}
	return p
}

func months(n int) catalog.Duration { return catalog.Duration{N: n, Unit: "months"} }

// rows are principal and interest of each row.
func rows(s *loan.State) (list [][2]int64) {
	for _, r := range s.Rows {
		list = append(list, [2]int64{r.Principal, r.Interest})
	}
	return list
}

// TestFixedInstallment shows that the installment is a share of what is lent, rounded and at least so much; that the loan
// ends as soon as nothing is left; and that the last row of the term takes all that is left.
func TestFixedInstallment(t *testing.T) {
	p := plain(t)
	p.Repayment.Method, p.Repayment.Installment = "fixed_installment", catalog.Installment{Share: rate(t, "0.4"), Min: 410_00}
	p.Repayment.Rounding.Multiple, p.Repayment.Rounding.By = 10_00, "up"
	for _, c := range []struct {
		name string
		a    catalog.Application
		down string
		want [][2]int64
	}{
		{"of 1,200.00 it is 480.00", catalog.Application{Amount: 1_200_00, Term: months(6)}, "0", [][2]int64{{468_00, 12_00}, {472_68, 7_32}, {259_32, 2_59}}},
		{"of 1,010.00 it is 404.00, rounded up 410.00", catalog.Application{Amount: 1_010_00, Term: months(3), Part: true}, "0", [][2]int64{{399_90, 10_10}, {403_90, 6_10}, {206_20, 2_06}}},
		{"of 600.00 it is the least", catalog.Application{Amount: 600_00, Term: months(3), Part: true}, "0", [][2]int64{{404_00, 6_00}, {196_00, 1_96}}},
		{"the down payment aside", catalog.Application{Amount: 2_400_00, Term: months(6)}, "0.5", [][2]int64{{1_200_00, 0}, {468_00, 12_00}, {472_68, 7_32}, {259_32, 2_59}}},
	} {
		p.Repayment.DownPayment = rate(t, c.down)
		c.a.Grade, c.a.Start = "a", day.Of(2026, 1, 31)
		if diff := cmp.Diff(c.want, rows(replay(t, p, &c.a))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	p.Repayment.DownPayment, p.Repayment.Installment = rate(t, "0"), catalog.Installment{Min: 100_00}
	s := replay(t, p, &catalog.Application{Amount: 1_200_00, Term: months(3), Grade: "a", Start: day.Of(2026, 1, 31)})
	if diff := cmp.Diff([][2]int64{{88_00, 12_00}, {88_88, 11_12}, {1_023_12, 10_23}}, rows(s)); diff != "" {
		t.Errorf("an installment for all amounts, over three months: %s", diff)
	}
}

// TestCustom shows that each row repays its share of what is lent, rounded, and the last one the rest; a row without a share
// bears interest alone.
func TestCustom(t *testing.T) {
	p := plain(t)
	p.Terms = []catalog.Term{{Unit: "months", Min: 3, Max: 3, Step: 3, Every: 1}, {Unit: "days", Min: 90, Max: 90, Step: 30, Every: 30}}
	p.Repayment.Method, p.Repayment.Principal = "custom", []catalog.Rate{rate(t, "0"), rate(t, "0.333"), rate(t, "0.667")}
	for _, c := range []struct {
		name     string
		amount   int64
		down     string
		multiple catalog.Money
		want     [][2]int64
	}{
		{"a whole loan", 1_200_00, "0", 0, [][2]int64{{0, 12_00}, {399_60, 12_00}, {800_40, 8_00}}},
		{"in whole hundreds", 1_200_00, "0", 100_00, [][2]int64{{0, 12_00}, {400_00, 12_00}, {800_00, 8_00}}},
		{"a part of one", 1_000_01, "0", 0, [][2]int64{{0, 10_00}, {333_00, 10_00}, {667_01, 6_67}}},
		{"a part below the multiple", 90_00, "0", 100_00, [][2]int64{{0, 90}, {0, 90}, {90_00, 90}}},
		{"a part that rounding uses up", 160_00, "0", 100_00, [][2]int64{{0, 1_60}, {100_00, 1_60}, {60_00, 60}}},
		{"the down payment aside", 2_400_00, "0.5", 0, [][2]int64{{1_200_00, 0}, {0, 12_00}, {399_60, 12_00}, {800_40, 8_00}}},
	} {
		p.Repayment.DownPayment, p.Repayment.Rounding.Multiple = rate(t, c.down), c.multiple
		s := replay(t, p, &catalog.Application{Amount: c.amount, Term: months(3), Grade: "a", Start: day.Of(2026, 1, 31), Part: true})
		if diff := cmp.Diff(c.want, rows(s)); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
	p.Repayment.DownPayment, p.Repayment.Rounding.Multiple, p.Repayment.Grace.Interest = rate(t, "0"), 0, 2
	s := replay(t, p, &catalog.Application{Amount: 1_200_00, Term: catalog.Duration{N: 90, Unit: "days"}, Grade: "a", Start: day.Of(2026, 1, 31)})
	if diff := cmp.Diff([][2]int64{{0, 0}, {399_60, 0}, {800_40, 11_84 + 11_84 + 7_89}}, rows(s)); diff != "" {
		t.Errorf("all interest at the end: %s", diff)
	}
}

// TestGivenKept shows that what is kept of such a product, and the file that is written of it, read as the same product.
func TestGivenKept(t *testing.T) {
	for _, name := range []string{"salary-loan", "crop-loan"} {
		p := example(t, name)
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		file, err := p.File()
		if err != nil {
			t.Fatal(err)
		}
		for _, kept := range [][]byte{text, file} {
			again, err := catalog.Read(kept)
			if err != nil {
				t.Fatalf("%s:\n%v\n%s", name, err, kept)
			}
			if back, err := json.Marshal(again); err != nil || string(back) != string(text) {
				t.Errorf("%s: %v %s", name, err, cmp.Diff(string(text), string(back)))
			}
		}
	}
	was, becomes := example(t, "crop-loan"), example(t, "crop-loan")
	becomes.Repayment.Principal[2], becomes.Repayment.Principal[3] = rate(t, "0.6"), rate(t, "0.4")
	changes, err := catalog.Diff(was, becomes)
	if err != nil || len(changes) != 2 || changes[0].Field != "repayment.principal[2]" || changes[0].Was != `"0.7"` || !slices.Equal(changes[0].For, []string{"borrowers", "investors"}) {
		t.Errorf("%+v %v", changes, err)
	}
}

// random is salary-loan with any repayment that gives its installment or its principals; not each can be a product.
func random(t testing.TB, r *rapid.T, custom bool) *catalog.Product {
	p := example(t, "salary-loan")
	share := func(name string, most int) catalog.Rate {
		return rate(t, fmt.Sprintf("%.3f", float64(rapid.IntRange(0, most).Draw(r, name))/1000))
	}
	p.Repayment.Installment = catalog.Installment{}
	q := &p.Repayment
	q.Basis = rapid.SampledFrom([]catalog.Basis{"period", "days"}).Draw(r, "interest by")
	q.DayCount = rapid.SampledFrom([]catalog.DayCount{"Act/365F", "Act/360", "30E/360", "Act/Act ISDA"}).Draw(r, "day count")
	q.Rounding.Mode = rapid.SampledFrom([]catalog.Mode{"half_even", "up", "down"}).Draw(r, "mode")
	q.Rounding.By = rapid.SampledFrom([]catalog.Mode{"half_even", "up", "down"}).Draw(r, "installment mode")
	q.Rounding.Multiple = rapid.SampledFrom([]catalog.Money{0, 1_00, 50_00}).Draw(r, "multiple")
	q.DownPayment = share("down payment", 300)
	every := rapid.IntRange(1, 3).Draw(r, "every")
	n := every * rapid.IntRange(1, 12).Draw(r, "rows")
	p.Terms = []catalog.Term{{Unit: "months", Min: n, Max: n, Step: every, Every: every}}
	if rapid.Bool().Draw(r, "due day") {
		q.DueDay, q.MinFirst = rapid.IntRange(1, 31).Draw(r, "day"), rapid.IntRange(0, 60).Draw(r, "first")
	}
	p.Grades = []catalog.Grade{{Code: "a", Rate: share("rate", 360)}}
	if !custom {
		q.Method = "fixed_installment"
		q.Installment = catalog.Installment{Share: share("share", 200), Min: 50_00 * catalog.Money(rapid.IntRange(0, 3).Draw(r, "min"))}
		return p
	}
	q.Method, q.Rounding.Carry = "custom", rapid.Bool().Draw(r, "carry")
	left := 1000
	for i := 1; i < n/every; i++ {
		x := rapid.IntRange(0, left-1).Draw(r, "share")
		q.Principal, left = append(q.Principal, rate(t, fmt.Sprintf("%.3f", float64(x)/1000))), left-x
	}
	q.Principal = append(q.Principal, rate(t, fmt.Sprintf("%.3f", float64(left)/1000)))
	return p
}

// TestGivenSchedules shows of random products that pass Check: principal sums to what is lent, no row is below zero, the
// quote is the replay, whoever pays each row on its day owes nothing at the end, and every row of a fixed installment but
// the last is that installment and repays something.
func TestGivenSchedules(t *testing.T) {
	accepted := map[bool]int{}
	rapid.Check(t, func(d *rapid.T) {
		custom := rapid.Bool().Draw(d, "custom")
		p := random(t, d, custom)
		if len(p.Check()) > 0 {
			return
		}
		accepted[custom]++
		a := &catalog.Application{
			Amount: rapid.Int64Range(int64(p.Amount.Min)/2, int64(p.Amount.Max)).Draw(d, "amount"), Part: true, Term: months(p.Terms[0].Min), Grade: "a",
			Start: day.Of(2026, 1, 1) + day.Date(rapid.IntRange(0, 1500).Draw(d, "start")),
		}
		s := replay(t, p, a)
		quote, err := catalog.Simulate(p, a, "")
		if err != nil || len(quote.Schedule) != len(s.Rows) {
			d.Fatalf("%d rows, quoted %v %v", len(s.Rows), quote, err)
		}
		events, sum := []loan.Event{{Type: loan.Disburse, Date: a.Start, Amount: a.Amount}}, int64(0)
		installment := int64(0)
		for i := range s.Rows {
			r, q := &s.Rows[i].Row, quote.Schedule[i]
			if q.Principal != catalog.Money(r.Principal) || q.Interest != catalog.Money(r.Interest) || q.Due != r.Due.String() {
				d.Fatalf("row %d: %+v, quoted %+v", i+1, r, q)
			}
			if sum += r.Principal; r.Principal < 0 || r.Interest < 0 || r.Balance != a.Amount-sum {
				d.Fatalf("row %d after %d of %d: %+v", i+1, sum, a.Amount, r)
			}
			if r.Due == a.Start {
				continue // the down payment is paid by itself
			}
			if installment == 0 {
				installment = r.Total()
			}
			if last := i == len(s.Rows)-1; !custom && !last && (r.Principal == 0 || r.Total() != installment) {
				d.Fatalf("row %d repays %d of an installment of %d, not of %d", i+1, r.Principal, r.Total(), installment)
			}
			if r.Total() > 0 {
				events = append(events, loan.Event{Type: loan.Repay, Date: r.Due, Amount: r.Total()})
			}
		}
		if sum != a.Amount {
			d.Fatalf("the rows repay %d of %d", sum, a.Amount)
		}
		agreement, _, err := catalog.Contract(p, a)
		if err != nil {
			d.Fatal(err)
		}
		end, err := loan.Replay(agreement, events, a.Start)
		if err != nil || !end.Closed || end.Overpaid != 0 {
			d.Fatalf("paid to the end, it owes %v and has %d too much: %v", end.Outstanding(), end.Overpaid, err)
		}
	})
	if accepted[false] == 0 || accepted[true] == 0 {
		t.Errorf("accepted of fixed installments and of custom principal: %v", accepted)
	}
}
