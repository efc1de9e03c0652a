package market

import (
	"math/big"
	"testing"
)

// The figures were worked out from the formula with 80 decimal digits, apart from this code.
func TestSchedule(t *testing.T) {
	for _, c := range []struct {
		name          string
		amount, rate  int64
		term          int
		equal, last   int64
		firstInterest int64
		paid          int64
	}{
		{"$1,000 at 12% over 12 months", 1000_00, 12_00, 12, 88_85, 88_84, 10_00, 1066_19},
		{"the first loan of the data", 32000_00, 11_99, 60, 711_66, 711_70, 319_73, 42699_64},
		{"smallest amount and rate", 1000_00, 5_32, 36, 30_11, 30_29, 4_43, 1084_14},
		{"largest amount and rate", 40000_00, 28_99, 60, 1269_43, 1269_61, 966_33, 76165_98},
		{"$100,000 at 6% over ten years", 100000_00, 6_00, 120, 1110_21, 1109_33, 500_00, 133224_32},
		{"no interest", 1200_00, 0, 12, 100_00, 100_00, 0, 1200_00},
		{"no interest, does not divide", 1000_00, 0, 7, 142_86, 142_84, 0, 1000_00},
		{"one month", 500_00, 12_00, 1, 505_00, 505_00, 5_00, 505_00},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := Schedule(c.amount, c.rate, c.term)
			if len(list) != c.term {
				t.Fatalf("%d installments, want %d", len(list), c.term)
			}
			if list[0].Interest != c.firstInterest {
				t.Errorf("interest of the first month is %d, want %d", list[0].Interest, c.firstInterest)
			}
			left, paid := c.amount, int64(0)
			for i, due := range list {
				want := c.equal
				if i == c.term-1 {
					want = c.last
				}
				if got := due.Interest + due.Principal; got != want {
					t.Errorf("installment %d is %d, want %d", i+1, got, want)
				}
				left -= due.Principal
				paid += due.Interest + due.Principal
			}
			if left != 0 || paid != c.paid {
				t.Errorf("%d of the principal is left after %d were paid, want 0 after %d", left, paid, c.paid)
			}
		})
	}
}

func TestHalfEven(t *testing.T) {
	for _, c := range []struct{ up, down, want int64 }{
		{0, 7, 0}, {1, 2, 0}, {3, 2, 2}, {5, 2, 2}, {7, 2, 4}, {14, 10, 1}, {16, 10, 2}, {249, 100, 2}, {251, 100, 3}, {350, 100, 4}, {450, 100, 4},
	} {
		if got := halfEven(big.NewInt(c.up), big.NewInt(c.down)); got != c.want {
			t.Errorf("%d/%d is rounded to %d, want %d", c.up, c.down, got, c.want)
		}
	}
}

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		due  Installment
		want Split
	}{
		{Installment{Interest: 319_73, Principal: 391_93}, Split{Fee: 7_12, Interest: 312_61, Principal: 391_93}},
		{Installment{Interest: 0, Principal: 100_00}, Split{Fee: 1_00, Interest: 0, Principal: 99_00}},
		{Installment{Interest: 3, Principal: 9_97}, Split{Fee: 10, Interest: 0, Principal: 9_90}},
		{Installment{Interest: 50, Principal: 0}, Split{Fee: 0, Interest: 50, Principal: 0}},             // half a cent: to the even one
		{Installment{Interest: 1_50, Principal: 0}, Split{Fee: 2, Interest: 1_48, Principal: 0}},         // and here upwards
		{Installment{Interest: 10_00, Principal: 2_50}, Split{Fee: 12, Interest: 9_88, Principal: 2_50}}, // 12.5
	} {
		if got := c.due.Split(); got != c.want {
			t.Errorf("%+v is split into %+v, want %+v", c.due, got, c.want)
		}
	}
}
