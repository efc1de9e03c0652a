package recount

import (
	"slices"
	"strings"
	"testing"
)

// funded is a loan of 300.00 held by three, who paid 1,000.00 in each.
func funded(facts ...Fact) *Story {
	s := &Story{Investors: 4, Loans: []Tale{{Terms: small}}}
	for i := range s.Investors {
		s.Common = append(s.Common, Fact{Kind: Deposited, Investor: i, Amount: 1000_00})
	}
	for i := range 3 {
		s.Loans[0].Facts = append(s.Loans[0].Facts, Fact{Kind: Bid, Investor: i, Units: 100})
	}
	s.Loans[0].Facts = append(s.Loans[0].Facts, Fact{Kind: PaidOut, Day: day(1, 5)}, Fact{Kind: Drawn, Day: day(1, 5), Amount: 294_00})
	s.Loans[0].Facts = append(s.Loans[0].Facts, facts...)
	return s
}

func paid(on, known Day, cents int64) []Fact {
	return []Fact{{Kind: Collected, Day: known, Amount: cents}, {Kind: Paid, Day: known, On: on, Amount: cents}}
}

// All cases were worked out by hand; the cents of a payment follow docs/distribution.md.
func TestCount(t *testing.T) {
	for _, c := range []struct {
		name                        string
		facts                       []Fact
		cash                        []int64
		platform, reserve, borrower int64
	}{
		{"just paid out: 2 % of it, half of that for the reserve", nil, []int64{900_00, 900_00, 900_00, 1000_00}, 3_00, 3_00, 0},
		{
			// 99.01 principal is 33.01, 33.00, 33.00; 1.98 interest 0.66 each; 1.02 for the platform.
			"one installment in time", paid(day(2, 5), day(2, 5), 102_01),
			[]int64{933_67, 933_66, 933_66, 1000_00},
			4_02, 3_00, 0,
		},
		{
			// The penalty of 0.36 besides.
			"a week late", paid(day(2, 12), day(2, 12), 102_37),
			[]int64{933_79, 933_78, 933_78, 1000_00},
			4_02, 3_00, 0,
		},
		{
			// The first payment is taken back: then 199.01 principal is 66.34, 66.34, 66.33 and 3.33 interest 1.11 each. The
			// last one brings 100.62 principal, of which again the first two get their cents first.
			"as much had come in time",
			slices.Concat(paid(day(2, 12), day(2, 12), 102_37), paid(day(2, 5), day(2, 15), 102_01), paid(day(4, 5), day(4, 5), 101_64)),
			[]int64{1000_99, 1000_99, 1000_98, 1000_00},
			6_06, 3_00, 0,
		},
		{
			// Of 200.99 outstanding 50 of 300 units are 33.50 (33.498…), at 0.98 32.83; interest until the 20th 15/28 of 2.01,
			// 1.08, of which 0.18. The seller pays 0.07 of the 33.01.
			"half of a claim is sold",
			append(paid(day(2, 5), day(2, 5), 102_01), Fact{Kind: Sold, Day: day(2, 20), Investor: 1, Buyer: 3, Units: 50, Ask: 980, Price: 32_91}),
			[]int64{933_67, 966_50, 933_66, 967_09},
			4_09, 3_00, 0,
		},
		{
			// 199.90 to the holders, who are 33.01, 33.00, 33.00 by now: 66.63 (66.6333…) each, and one cent to the second, the
			// first of those who are behind.
			"closed early",
			append(paid(day(2, 5), day(2, 5), 102_01),
				Fact{Kind: Collected, Day: day(2, 18), Amount: 203_93}, Fact{Kind: Closed, Day: day(2, 18), Amount: 203_93}),
			[]int64{1000_30, 1000_30, 1000_29, 1000_00},
			8_05, 3_00, 0,
		},
		{
			"sent back",
			[]Fact{{Kind: Collected, Amount: 5_00}, {Kind: SentBack, Amount: 2_00}},
			[]int64{900_00, 900_00, 900_00, 1000_00},
			3_00, 3_00, 3_00,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := Count(funded(c.facts...), nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.Cash, c.cash) || b.Platform != c.platform || b.Reserve != c.reserve || b.Loans[0].Borrower != c.borrower || b.Loans[0].Escrow != 0 {
				t.Errorf("cash %v, want %v; platform %d, want %d; reserve %d, borrower %d", b.Cash, c.cash, b.Platform, c.platform, b.Reserve, b.Loans[0].Borrower)
			}
			if in := b.Clients() + b.Platform + b.Reserve; in != b.Custody {
				t.Errorf("%d at the custody bank, %d belong to somebody", b.Custody, in)
			}
		})
	}
}

// What can't have been is found out.
func TestCountRefuses(t *testing.T) {
	for want, s := range map[string]*Story{
		"its bids sum to 20000":   {Investors: 2, Loans: []Tale{{Terms: small, Facts: []Fact{{Kind: Bid, Units: 200}, {Kind: PaidOut}}}}},
		"the buyer paid 3302":     funded(append(paid(day(2, 5), day(2, 5), 102_01), Fact{Kind: Sold, Day: day(2, 20), Investor: 1, Buyer: 3, Units: 50, Ask: 980, Price: 33_02})...),
		"sells what he has not":   funded(Fact{Kind: Sold, Day: day(2, 20), Investor: 3, Buyer: 1, Units: 50, Ask: 980}),
		"is paid beyond":          funded(paid(day(2, 5), day(2, 5), 400_00)...),
		"it takes 30397 to close": funded(Fact{Kind: Closed, Day: day(1, 15), Amount: 1}),
		"belongs to no loan":      funded(Fact{Kind: Swept}),
		"belongs to a loan":       {Common: []Fact{{Kind: Sold}}},
	} {
		if _, err := Count(s, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is wanted, there is %v", want, err)
		}
	}
}
