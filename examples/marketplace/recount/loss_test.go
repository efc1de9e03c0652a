package recount

import (
	"slices"
	"strings"
	"testing"
)

// All cases were worked out by hand. The reserve has 500.00 from outside and 3.00 from the payout.
func TestLosses(t *testing.T) {
	for _, c := range []struct {
		name              string
		facts             []Fact
		cash              []int64
		platform, reserve int64
		units             []int64
	}{
		{
			// 99.01 principal is 33.01, 33.00, 33.00; 3.00 interest 1.00 each. Nothing is kept of it.
			"an installment is paid out",
			[]Fact{{Kind: Covered, Day: day(2, 25), Interest: 3_00, Principal: 99_01}},
			[]int64{934_01, 934_00, 934_00, 1000_00},
			3_00, 503_00 - 102_01,
			[]int64{100, 100, 100},
		},
		{
			// Of 110.00, 5.00 are costs and 102.01 the reserve's. 2.99 are left for the holders, who then have 34.00 of principal.
			"it is recovered",
			[]Fact{
				{Kind: Covered, Day: day(2, 25), Interest: 3_00, Principal: 99_01},
				{Kind: Collected, Day: day(3, 5), Amount: 110_00},
				{Kind: Recovered, Day: day(3, 5), Amount: 110_00, Price: 5_00},
			},
			[]int64{935_00, 935_00, 935_00, 1000_00},
			8_00, 503_00,
			[]int64{100, 100, 100},
		},
		{
			// Half of what the reserve has paid: interest first.
			"a part is recovered",
			[]Fact{
				{Kind: Covered, Day: day(2, 25), Interest: 3_00, Principal: 99_01},
				{Kind: Collected, Day: day(3, 5), Amount: 50_00},
				{Kind: Recovered, Day: day(3, 5), Amount: 50_00, Price: 0},
			},
			[]int64{934_01, 934_00, 934_00, 1000_00},
			3_00, 503_00 - 52_01,
			[]int64{100, 100, 100},
		},
		{
			// 300.00 principal and 6.02 interest: 2.01, 2.01, 2.00.
			"the whole is bought",
			[]Fact{{Kind: Bought, Day: day(5, 8), Interest: 6_02, Principal: 300_00}},
			[]int64{1002_01, 1002_01, 1002_00, 1000_00},
			3_00, 503_00 - 306_02,
			[]int64{0, 0, 0, 300},
		},
		{
			"after an installment was paid out, for what is left",
			[]Fact{
				{Kind: Covered, Day: day(2, 25), Interest: 3_00, Principal: 99_01}, {Kind: Bought, Day: day(5, 8), Interest: 3_02, Principal: 200_99},
			},
			// 200.99 are 67.00, 67.00, 66.99, and 3.02 are 1.01, 1.01, 1.00.
			[]int64{1002_02, 1002_01, 1001_99, 1000_00},
			3_00, 503_00 - 306_02,
			[]int64{0, 0, 0, 300},
		},
		{
			"what is recovered then is the reserve's",
			[]Fact{
				{Kind: Bought, Day: day(5, 8), Interest: 6_02, Principal: 300_00},
				{Kind: Collected, Day: day(5, 8), Amount: 10_00},
				{Kind: Recovered, Day: day(5, 8), Amount: 10_00, Price: 1_00},
			},
			[]int64{1002_01, 1002_01, 1002_00, 1000_00},
			4_00, 503_00 - 306_02 + 9_00,
			[]int64{0, 0, 0, 300},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := funded(c.facts...)
			s.Common = append(s.Common, Fact{Kind: Endowed, Amount: 500_00})
			b, err := Count(s, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(b.Cash, c.cash) || b.Platform != c.platform || b.Reserve != c.reserve || b.Loans[0].Borrower != 0 || !slices.Equal(b.Loans[0].Units, c.units) {
				t.Errorf("cash %v, want %v; platform %d, want %d; reserve %d, want %d; borrower %d, units %v",
					b.Cash, c.cash, b.Platform, c.platform, b.Reserve, c.reserve, b.Loans[0].Borrower, b.Loans[0].Units)
			}
			if in := b.Clients() + b.Platform + b.Reserve; in != b.Custody {
				t.Errorf("%d at the custody bank, %d belong to somebody", b.Custody, in)
			}
		})
	}
}

// 300.00 and 6.02 of interest are given up. Of 50.00 that come later 5.00 are costs and 4.69 penalty: 102.01 · 92 · 0.0005.
func TestWrittenOff(t *testing.T) {
	b, err := Count(funded(
		Fact{Kind: WrittenOff, Day: day(5, 8)}, Fact{Kind: Collected, Day: day(5, 8), Amount: 50_00}, Fact{Kind: Recovered, Day: day(5, 8), Amount: 50_00, Price: 5_00},
	), nil)
	if err != nil || b.Lost != 306_02-(45_00-4_69) {
		t.Errorf("%d are lost: %v", b.Lost, err)
	}
}

func TestLossesRefuse(t *testing.T) {
	for want, f := range map[string]Fact{
		"past due and not paid out are 300 and 9901": {Kind: Covered, Day: day(2, 25), Interest: 3_00, Principal: 99_02},
		"it is worth 602 and 30000":                  {Kind: Bought, Day: day(5, 8), Interest: 6_01, Principal: 300_00},
		"more than is owed":                          {Kind: Recovered, Day: day(2, 5), Amount: 400_00},
	} {
		if _, err := Count(funded(f), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is wanted, there is %v", want, err)
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		x             int64
		weights, want []int64
	}{
		{10, []int64{1, 1, 1}, []int64{4, 3, 3}},
		{10, []int64{1, 0, 2}, []int64{3, 0, 7}},
		{0, []int64{5, 5}, []int64{0, 0}},
		{7, []int64{2, 3, 5}, []int64{1, 2, 4}}, // 1.4, 2.1, 3.5
	} {
		if got := share(c.x, c.weights); !slices.Equal(got, c.want) {
			t.Errorf("%d by %v is %v, want %v", c.x, c.weights, got, c.want)
		}
	}
}
