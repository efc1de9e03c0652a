package portfolio_test

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/portfolio"
	"github.com/longmen/longmen/kit/id"
)

func name(n int) (i id.ID) {
	i[6], i[8] = 0x70, 0x80
	binary.BigEndian.PutUint32(i[12:], uint32(n))
	return i
}

func of(t testing.TB, in *portfolio.Input) *portfolio.Portfolio {
	t.Helper()
	p, err := portfolio.Of(in)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// example is two loans of 1,200.00: one paid back in three months at 1 % a month, of which he funded a third and sold
// half of it after the first payment; one that has not paid yet; a small part of one that was written off.
func example() *portfolio.Input {
	a := &portfolio.Loan{
		ID: name(1), Borrower: name(11), Grade: "a", Region: "44", State: claim.Repaying, Outstanding: 803_97, Accrued: 2_00,
		Paid: []portfolio.Payment{{Date: day.Of(2026, 2, 28), Sequence: 50, Principal: 396_03, Other: 12_00}},
		Due:  []portfolio.Payment{{Date: day.Of(2026, 3, 31), Principal: 399_99, Other: 8_04}, {Date: day.Of(2026, 4, 30), Principal: 403_98, Other: 4_04}},
	}
	b := &portfolio.Loan{
		ID: name(2), Borrower: name(12), Grade: "b", Region: "44", State: claim.Repaying, Outstanding: 1_200_00, Accrued: 1_01, Unpaid: 3_01,
		Due: []portfolio.Payment{{Date: day.Of(2026, 3, 31), Principal: 1_200_00, Other: 18_00}},
	}
	gone := &portfolio.Loan{ID: name(3), Borrower: name(13), Grade: "b", Region: "11", State: claim.WrittenOff, Outstanding: 900_00, Accrued: 9_00, Unpaid: 8_00}
	return &portfolio.Input{
		On: day.Of(2026, 3, 8), Cash: 55_00, InBids: 100_00,
		Holdings: []portfolio.Holding{
			{
				Loan: a, Units: 200, Of: 1_200, Principal: 132_01, Other: 4_00,
				Changes: []portfolio.Change{
					{Date: day.Of(2026, 1, 31), Sequence: 10, Units: 400, Money: -400_00}, {Date: day.Of(2026, 3, 1), Sequence: 60, Units: -200, Money: 134_10},
				},
			},
			{Loan: b, Units: 600, Of: 1_200, Changes: []portfolio.Change{{Date: day.Of(2026, 3, 7), Sequence: 70, Units: 600, Money: -600_00}}},
			{Loan: b, Of: 1_200}, // a bid that was returned
			{Loan: gone, Units: 10, Of: 1_000, Principal: 1_00, Changes: []portfolio.Change{{Date: day.Of(2025, 3, 7), Sequence: 2, Units: 10, Money: -10_00}}},
		},
	}
}

func TestPortfolio(t *testing.T) {
	got := of(t, example())
	if got.Rate == nil || *got.Rate < -0.20 || *got.Rate > -0.01 {
		t.Errorf("rate %v, %s", got.Rate, got.Why)
	}
	got.Rate = nil
	want := &portfolio.Portfolio{
		On: day.Of(2026, 3, 8), Cash: 55_00, InBids: 100_00,
		Invested: 134_00 + 600_00, // 803.97 × 200/1200 = 133.995, half even
		Accrued:  33 + 50, Unpaid: 1_50, Lost: 9_00, Earned: 4_00, Repaid: 132_01 + 1_00, Paid: 1_010_00, Sold: 134_10,
		Expected: []portfolio.Flow{
			{Date: day.Of(2026, 3, 31), Principal: 66_66 + 600_00, Other: 1_34 + 9_00}, {Date: day.Of(2026, 4, 30), Principal: 67_33, Other: 67},
		},
		Claims: []portfolio.Claim{
			{Loan: name(1), State: claim.Repaying, Units: 200, Of: 1_200, Invested: 134_00, Accrued: 33, Principal: 132_01, Other: 4_00},
			{Loan: name(2), State: claim.Repaying, Units: 600, Of: 1_200, Invested: 600_00, Accrued: 50, Unpaid: 1_50},
			{Loan: name(3), State: claim.WrittenOff, Units: 10, Of: 1_000, Lost: 9_00, Principal: 1_00},
		},
		Grades:    []portfolio.Part{{In: "b", Loans: 2, Invested: 600_00}, {In: "a", Loans: 1, Invested: 134_00}},
		Regions:   []portfolio.Part{{In: "44", Loans: 2, Invested: 734_00}, {In: "11", Loans: 1}},
		Borrowers: []portfolio.Part{{In: name(12).String(), Loans: 1, Invested: 600_00}, {In: name(11).String(), Loans: 1, Invested: 134_00}, {In: name(13).String(), Loans: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// 1 % a month for a year, all of it repaid: 12.68 % a year.
func TestRate(t *testing.T) {
	l := &portfolio.Loan{ID: name(1), State: claim.Settled}
	for m := 1; m <= 12; m++ {
		p := portfolio.Payment{Date: day.Of(2025, 1, 1).AddMonths(m), Sequence: uint64(10 + m), Other: 100_00}
		if m == 12 {
			p.Principal = 10_000_00
		}
		l.Paid = append(l.Paid, p)
	}
	h := portfolio.Holding{Loan: l, Units: 100, Of: 100, Changes: []portfolio.Change{{Date: day.Of(2025, 1, 1), Sequence: 1, Units: 100, Money: -10_000_00}}}
	got := of(t, &portfolio.Input{On: day.Of(2026, 3, 8), Holdings: []portfolio.Holding{h}})
	if got.Rate == nil || math.Abs(*got.Rate-0.1268) > 0.001 {
		t.Errorf("rate %v, %s", *got.Rate, got.Why)
	}
}

func TestNoRate(t *testing.T) {
	if got := of(t, &portfolio.Input{On: day.Of(2026, 3, 8), Cash: 1}); got.Rate != nil || got.Why != "nothing was invested before today" {
		t.Errorf("%v %q", got.Rate, got.Why)
	}
	lost := portfolio.Holding{
		Loan: &portfolio.Loan{ID: name(1)}, Units: 1, Of: 1,
		Changes: []portfolio.Change{{Date: day.Of(2026, 1, 1), Sequence: 1, Units: 1, Money: -5}, {Date: day.Of(2026, 1, 2), Sequence: 2, Money: -5}},
	}
	if got := of(t, &portfolio.Input{On: day.Of(2026, 3, 8), Holdings: []portfolio.Holding{lost}}); got.Rate != nil || got.Why == "" {
		t.Errorf("all is lost, and the rate is %v", got.Rate)
	}
	if _, err := portfolio.Of(&portfolio.Input{Holdings: make([]portfolio.Holding, portfolio.MaxHoldings+1)}); err == nil {
		t.Error("too many holdings are looked at")
	}
	if _, err := portfolio.Of(&portfolio.Input{Holdings: []portfolio.Holding{{Loan: &portfolio.Loan{}}}}); err == nil {
		t.Error("a loan without units is looked at")
	}
}

// Those who hold a loan together have what is outstanding and get what is to come, to a cent each.
func TestHoldersTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		units := rapid.SliceOfN(rapid.Uint64Range(1, 1_000), 1, 9).Draw(t, "units")
		l := &portfolio.Loan{ID: name(1), Outstanding: rapid.Int64Range(0, 1e9).Draw(t, "outstanding"), Accrued: rapid.Int64Range(0, 1e6).Draw(t, "accrued")}
		l.Due = []portfolio.Payment{{Date: 20_000, Principal: l.Outstanding, Other: rapid.Int64Range(0, 1e6).Draw(t, "interest")}}
		all := uint64(0)
		for _, u := range units {
			all += u
		}
		var invested, accrued, principal int64
		for _, u := range units {
			p, err := portfolio.Of(&portfolio.Input{On: 19_990, Holdings: []portfolio.Holding{{Loan: l, Units: u, Of: all}}})
			if err != nil {
				t.Fatal(err)
			}
			invested, accrued, principal = invested+p.Invested, accrued+p.Accrued, principal+p.Expected[0].Principal
		}
		n := int64(len(units))
		if d := invested - l.Outstanding; d < -n || d > n {
			t.Fatalf("%d invested of %d", invested, l.Outstanding)
		}
		if accrued > l.Accrued || accrued < l.Accrued-n || principal > l.Outstanding || principal < l.Outstanding-n {
			t.Fatalf("%d borne of %d, %d to come of %d", accrued, l.Accrued, principal, l.Outstanding)
		}
	})
}

// BenchmarkPortfolio is an investor with 500 holdings of three years, XIRR included.
func BenchmarkPortfolio(b *testing.B) {
	in := &portfolio.Input{On: day.Of(2026, 3, 8)}
	for n := range 500 {
		start := day.Of(2024, 1, 1) + day.Date(n*3/2)
		l := &portfolio.Loan{ID: name(n), Borrower: name(1_000 + n), Grade: string(rune('a' + n%7)), Region: string(rune('A' + n%34)), Outstanding: 5_000_00}
		for m := 1; m <= 36; m++ {
			p := portfolio.Payment{Date: start.AddMonths(m), Principal: 300_00, Other: 30_00}
			if p.Date < in.On {
				p.Sequence = uint64(1_000 + m)
				l.Paid = append(l.Paid, p)
			} else {
				l.Due = append(l.Due, p)
			}
		}
		l.Outstanding = 300_00 * int64(len(l.Due))
		in.Holdings = append(in.Holdings, portfolio.Holding{
			Loan: l, Units: 10, Of: 1_000, Changes: []portfolio.Change{{Date: start, Sequence: 1, Units: 10, Money: -108_00}},
		})
	}
	for b.Loop() {
		if p := of(b, in); p.Rate == nil {
			b.Fatal(p.Why)
		}
	}
}
