package script

import (
	"reflect"
	"testing"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
)

func open(t *testing.T, loans, investors, seed int) *Script {
	t.Helper()
	list, err := market.Read(data.Loans, loans)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(list, investors, seed)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// All that can go wrong does, in a play of the usual size, and half of the loans can have a thousand funders at 100 yuan.
func TestScript(t *testing.T) {
	s := open(t, 200, 2_000, 1)
	var ways [Nothing + 1]int
	large, burst, bad, closes, ahead, refused, sales := 0, 0, 0, 0, 0, 0, 0
	one := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	for _, l := range s.Loans {
		large, burst, bad = large+one(l.Yuan >= 100_000), burst+one(l.Burst), bad+one(l.Bad)
		closes, ahead, refused = closes+one(l.Closes > 0), ahead+one(l.Ahead > 0), refused+one(l.Refused)
		for month := 1; month <= l.Months; month++ {
			ways[s.Pays(l, month)]++
		}
		for month := range s.Months {
			sales += len(s.Sales(l, month))
		}
	}
	if large < 100 || burst < 30 || bad != 10 || closes < 10 || ahead < 10 || refused != 10 || sales < 200 || s.Months != 73 {
		t.Errorf("%d large, %d by bursts, %d bad, %d closed early, %d ahead, %d refused, %d sales, %d months", large, burst, bad, closes, ahead, refused, sales, s.Months)
	}
	for way, n := range ways {
		if n == 0 {
			t.Errorf("nobody pays in way %d: %v", way, ways)
		}
	}
}

// A burst's bids make up its loan; those that are too late come on top. Nobody lacks the money.
func TestBids(t *testing.T) {
	for _, people := range []int{20, 50, 2_000} {
		s := open(t, 60, people, 1)
		spent := make([]int64, people)
		for _, l := range s.Loans {
			bids, sum := s.Bids(l), int64(0)
			for i, b := range bids {
				if b.Yuan < 25 || i < len(bids)-TooLate-1 && b.Yuan < 100 || b.Investor >= s.Logins() {
					t.Fatalf("loan %d: bid %d of %d is %+v", l.Number, i, len(bids), b)
				}
				if b.Yuan > l.Yuan/5 {
					t.Errorf("loan %d: bid %d of %d is more than a fifth of it: %+v", l.Number, i, len(bids), b)
				}
				if i < len(bids)-TooLate {
					sum += b.Yuan
				}
				if l.Burst {
					spent[b.Investor] += b.Yuan
				}
			}
			if sum != l.Yuan {
				t.Fatalf("loan %d: %d yuan are bid for %d", l.Number, sum, l.Yuan)
			}
		}
		for i, yuan := range s.Deposits() {
			if yuan < spent[i]+s.Investors[i].Budget {
				t.Errorf("investor %d pays %d in, and needs %d", i, yuan, spent[i]+s.Investors[i].Budget)
			}
		}
	}
}

// Mandates can fund each loan alone, and all of them together.
func TestMandates(t *testing.T) {
	for _, people := range []int{20, 50, 2_000} {
		s := open(t, 200, people, 1)
		each, all, lent, largest := int64(0), int64(0), int64(0), int64(0)
		for _, v := range s.Investors {
			each, all = each+v.PerLoan, all+v.Budget
		}
		for _, l := range s.Loans {
			lent, largest = lent+l.Yuan, max(largest, l.Yuan)
		}
		if each < largest || all < lent {
			t.Errorf("%d investors put %d into one loan of %d, and %d into all of %d", people, each, largest, all, lent)
		}
	}
}

func TestSameSeed(t *testing.T) {
	a, b, c := open(t, 50, 100, 1), open(t, 50, 100, 1), open(t, 50, 100, 2)
	if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(a.Bids(a.Loans[0]), b.Bids(b.Loans[0])) {
		t.Error("one seed makes two plays")
	}
	if reflect.DeepEqual(a.Investors, c.Investors) {
		t.Error("two seeds make one play")
	}
	if _, err := New(nil, 19, 1); err == nil {
		t.Error("19 investors were taken")
	}
}
