package claim_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
)

var update = flag.Bool("update", false, "write the examples of the page anew")

func rate(text string) catalog.Rate {
	r, err := catalog.NewRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// product lends to grade a at 12 % and lets claims be sold after 30 days at 95 to 102 %, for 0.5 % of the seller and a
// yuan of the buyer.
func product() *catalog.Product {
	four := []catalog.Component{"penalty", "fee", "interest", "principal"}
	return &catalog.Product{
		Format: catalog.Format, Code: "plain", Offered: true, Asset: catalog.Asset{Code: "CNY", Scale: 2},
		Amount: catalog.Amount{Min: 1_000_00, Max: 100_000_00, Step: 100_00},
		Terms:  []catalog.Term{{Unit: "months", Min: 1, Max: 36, Step: 1, Every: 1}},
		Repayment: catalog.Repayment{
			Method: "equal_installment", Basis: "period", DayCount: "Act/365F",
			Rounding: catalog.Rounding{Mode: "half_even", By: "half_even", Residual: "last"},
		},
		Grades:      []catalog.Grade{{Code: "a", Rate: rate("0.12")}},
		Allocation:  catalog.Allocation{Due: four, Advance: four},
		Prepayment:  catalog.Prepayment{Allowed: true, Strategy: "fewer_installments", PayoffInterest: "to_the_day"},
		Overpayment: "advance",
		Days:        catalog.Days{Rule: "unadjusted"},
		Transfer: catalog.Transfer{
			Allowed: true, Part: true, MinPrice: rate("0.95"), MaxPrice: rate("1.02"), Holding: 30, BeforeDue: 3, Times: 2, MinPiece: 100_00, OrderDays: 3,
		},
		Fees: []catalog.Fee{
			{Code: "sale", PaidBy: "seller", At: "transfer", Of: "price", Rate: rate("0.005"), Mode: "half_up"},
			{Code: "purchase", PaidBy: "buyer", At: "transfer", Of: "none", Amount: 1_00, Mode: "half_up"},
		},
	}
}

// contract is 12,000.00 for a year from the 15th of January 2026, of which so many installments were paid in time.
func contract(t testing.TB, p *catalog.Product, paid int) (loan.Agreement, []loan.Event) {
	t.Helper()
	start := day.Of(2026, 1, 15)
	a, events, err := catalog.Contract(p, &catalog.Application{Amount: 12_000_00, Term: catalog.Duration{N: 12, Unit: "months"}, Grade: "a", Start: start})
	if err != nil {
		t.Fatal(err)
	}
	for n := range paid {
		events = append(events, loan.Event{Type: loan.Repay, Date: start.AddMonths(n + 1), Amount: 1_066_19})
	}
	return a, events
}

func loanOn(t testing.TB, p *catalog.Product, paid int, on day.Date) *claim.Loan {
	t.Helper()
	a, events := contract(t, p, paid)
	state, accrued, err := loan.Ahead(a, events, on, 1)
	if err != nil {
		t.Fatal(err)
	}
	l := claim.LoanOf(state, accrued[0], on, 12_000)
	return &l
}

// The page's figures are made by the code and stand in it word by word.
func TestExamplesOfThePage(t *testing.T) {
	const path, from, to = "../../../docs/claim-transfer.md", "<!-- examples -->\n", "<!-- end -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found1 := strings.Cut(string(page), from)
	block, after, found2 := strings.Cut(rest, to)
	if !found1 || !found2 {
		t.Fatalf("%s has no examples between %q and %q", path, from, to)
	}
	want := examples(t)
	if *update {
		if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if block != want {
		t.Errorf("the page says\n%s\nthe code says\n%s\nrun: go test ./front/market/claim -update", block, want)
	}
}

func examples(t *testing.T) string {
	var b strings.Builder
	b.WriteString("| day | units | outstanding | interest borne | asked | face | at the price | interest | price | seller gets | buyer pays |\n|" +
		strings.Repeat("---|", 11) + "\n")
	p := product()
	for _, c := range []struct {
		paid  int
		on    day.Date
		units uint64
		price string
	}{
		{2, day.Of(2026, 3, 15), 1_000, "1"},     // on a due date, after its payment: nothing is borne yet
		{2, day.Of(2026, 3, 25), 1_000, "1"},     // ten days later
		{2, day.Of(2026, 3, 25), 1_000, "0.985"}, // at a discount
		{2, day.Of(2026, 3, 25), 333, "1.02"},    // a part, at a premium
		{3, day.Of(2026, 4, 25), 1_000, "0.985"}, // the same offer after one more installment: the price follows
		{11, day.Of(2027, 1, 5), 1, "0.97"},      // one unit, near the end
	} {
		l := loanOn(t, p, c.paid, c.on)
		q, err := claim.Price(p, l, &claim.Offer{Units: c.units, Price: rate(c.price)})
		if err != nil {
			t.Fatal(err)
		}
		m := func(x int64) string { return amount.Format(x, 2) }
		fmt.Fprintf(&b, "| %s | %d of %d | %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", c.on, c.units, l.Units, m(l.Outstanding), m(l.Accrued),
			c.price, m(q.Face), m(q.Clean), m(q.Accrued), m(q.Price), m(q.Receives), m(q.Pays))
	}
	return b.String()
}

// Each row changes one thing of a sale against which nothing stands.
func TestAgainst(t *testing.T) {
	type sale struct {
		p *catalog.Product
		l *claim.Loan
		h claim.Holding
		o claim.Offer
	}
	for _, c := range []struct {
		name   string
		change func(*sale)
		want   claim.Reason
	}{
		{"nothing", func(*sale) {}, ""},
		{"the product", func(s *sale) { s.p.Transfer.Allowed = false }, claim.NotAllowed},
		{"overdue", func(s *sale) { s.l = loanOn(t, s.p, 1, day.Of(2026, 3, 25)) }, "overdue"},
		{"due today and not paid", func(s *sale) { s.p.Transfer.BeforeDue, s.l = 0, loanOn(t, s.p, 1, day.Of(2026, 3, 15)) }, claim.BeforeDue},
		{"settled", func(s *sale) { s.l = loanOn(t, s.p, 12, day.Of(2027, 1, 15)) }, "settled"},
		{"written off", func(s *sale) { s.l.State = claim.WrittenOff }, "written_off"},
		{"restructured", func(s *sale) { s.l.State = claim.Restructured }, "restructured"},
		{"more than he has", func(s *sale) { s.o.Units = 1_001 }, claim.TooManyUnits},
		{"none", func(s *sale) { s.o.Units = 0 }, claim.TooManyUnits},
		{"a part", func(s *sale) { s.p.Transfer.Part, s.o.Units = false, 500 }, claim.WholeOnly},
		{"a part that may be", func(s *sale) { s.o.Units = 500 }, ""},
		{"a small part", func(s *sale) { s.o.Units = 118 }, claim.PieceSmall}, // 118/12000 × 10,107.43 is 99.39
		{"a part just large enough", func(s *sale) { s.o.Units = 119 }, ""},
		{"a small rest", func(s *sale) { s.o.Units = 882 }, claim.RestSmall},
		{"all of a small claim", func(s *sale) { s.h.Units, s.o.Units = 10, 10 }, ""},
		{"cheap", func(s *sale) { s.o.Price = rate("0.9499") }, claim.PriceLow},
		{"cheapest", func(s *sale) { s.o.Price = rate("0.95") }, ""},
		{"dear", func(s *sale) { s.o.Price = rate("1.020001") }, claim.PriceHigh},
		{"held for 29 days", func(s *sale) { s.h.Since = day.Of(2026, 2, 24) }, claim.HeldShort},
		{"held for 30 days", func(s *sale) { s.h.Since = day.Of(2026, 2, 23) }, ""},
		{"three days before it is due", func(s *sale) { s.l = loanOn(t, s.p, 2, day.Of(2026, 4, 12)) }, claim.BeforeDue},
		{"four days before it is due", func(s *sale) { s.l = loanOn(t, s.p, 2, day.Of(2026, 4, 11)) }, ""},
		{"sold twice before", func(s *sale) { s.h.Times = 2 }, claim.SoldOften},
		{"sold twice before, and as often as one likes", func(s *sale) { s.p.Transfer.Times, s.h.Times = 0, 2 }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := product()
			s := sale{p, loanOn(t, p, 2, day.Of(2026, 3, 25)), claim.Holding{Units: 1_000, Since: day.Of(2026, 1, 15)}, claim.Offer{Units: 1_000, Price: rate("1")}}
			c.change(&s)
			if got := claim.Against(s.p, s.l, &s.h, &s.o); got != c.want {
				t.Errorf("%q stands against it, want %q", got, c.want)
			}
		})
	}
}

// Nobody sells, or buys, what is worth less than a cent, or for less than the seller's fees. That may come to be so after the offer.
func TestAgainstAPrice(t *testing.T) {
	p := product()
	on := day.Of(2026, 3, 25)
	if _, err := claim.Price(p, loanOn(t, p, 2, on), &claim.Offer{Price: rate("1")}); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "units" {
		t.Errorf("no units: %v", err)
	}
	flat := product()
	flat.Fees = append(flat.Fees, catalog.Fee{Code: "flat", PaidBy: "seller", At: "transfer", Of: "none", Amount: 8_00, Mode: "half_up"})
	for _, c := range []struct {
		p     *catalog.Product
		l     *claim.Loan
		units uint64
		want  claim.Reason
		field string
	}{
		{p, &claim.Loan{Units: 12_000, Outstanding: 1}, 1, claim.Worthless, "units"},
		{flat, &claim.Loan{Units: 12_000, Outstanding: 1}, 1, claim.Worthless, "units"},
		{flat, loanOn(t, p, 2, on), 9, claim.FeesHigh, "price"},
		{flat, loanOn(t, p, 2, on), 10, "", "loan"},
	} {
		q, err := claim.Price(c.p, c.l, &claim.Offer{Units: c.units, Price: rate("1")})
		if got := q.Against(); err != nil || got != c.want || got.Field() != c.field {
			t.Errorf("%d of %d cents: %q on %s stands against %+v, want %q: %v", c.units, c.l.Outstanding, got, got.Field(), q, c.want, err)
		}
	}
}

// The parts of a price add up, a dearer one costs more, and what parts cost is the whole to a cent a part.
func TestPricesAsAProperty(t *testing.T) {
	p := product()
	p.Fees = nil
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.Uint64Range(2, 1e12).Draw(t, "all units")
		l := &claim.Loan{Units: units, Outstanding: rapid.Int64Range(4*int64(units), 1e16).Draw(t, "outstanding"), Accrued: rapid.Int64Range(0, 1e15).Draw(t, "accrued")}
		o := claim.Offer{Units: rapid.Uint64Range(1, units-1).Draw(t, "units"), Price: rate(fmt.Sprintf("%.4f", rapid.Float64Range(0.5, 1.4).Draw(t, "price")))}
		price := func(o claim.Offer) claim.Quote {
			q, err := claim.Price(p, l, &o)
			if err != nil {
				t.Fatal(err)
			}
			return q
		}
		q := price(o)
		if q.Price != q.Clean+q.Accrued || q.Pays != q.Price || q.Receives != q.Price {
			t.Fatalf("%+v does not add up", q)
		}
		if par := price(claim.Offer{Units: o.Units, Price: rate("1")}); par.Clean != par.Face || par.Face != q.Face {
			t.Fatalf("at par %+v, else %+v", par, q)
		}
		if dearer := price(claim.Offer{Units: o.Units, Price: rate("1.5")}); dearer.Price < q.Price {
			t.Fatalf("%d at 1.5, %d at %s", dearer.Price, q.Price, o.Price)
		}
		whole, rest := price(claim.Offer{Units: units, Price: o.Price}), price(claim.Offer{Units: units - o.Units, Price: o.Price})
		if d := whole.Price - q.Price - rest.Price; d < -3 || d > 3 {
			t.Fatalf("the whole costs %d, its parts %d and %d", whole.Price, q.Price, rest.Price)
		}
	})
}

// Seller and buyer together get the interest of a period, each for his days, to a cent.
func TestInterestOfAPeriodIsShared(t *testing.T) {
	p := product()
	a, events := contract(t, p, 2)
	s, err := loan.Replay(a, events, day.Of(2026, 4, 15))
	if err != nil {
		t.Fatal(err)
	}
	interest := s.Rows[2].Interest
	for on := day.Of(2026, 3, 15); on < day.Of(2026, 4, 15); on++ {
		l := loanOn(t, p, 2, on)
		days := int64(on - day.Of(2026, 3, 15))
		if want := amount.HalfEven.Div(interest*days, 31); l.Accrued < want-1 || l.Accrued > want+1 {
			t.Errorf("on %s %d are borne, want %d of %d", on, l.Accrued, want, interest)
		}
	}
}
