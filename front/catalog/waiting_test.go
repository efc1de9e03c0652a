package catalog_test

import (
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

// TestWaitingInterest shows 10,000.00 at 10.8 % for the days from the bid, or from the full funding, to the payout.
func TestWaitingInterest(t *testing.T) {
	p := shipped(t, "consumer-loan")
	a := &catalog.Application{Grade: "b", Start: day.Of(2026, 1, 15)}
	bid, full := day.Of(2026, 1, 5), day.Of(2026, 1, 10)
	for from, want := range map[catalog.StartFrom]int64{"bid": 29_59, "full": 14_79, "disbursement": 0} {
		p.Start.From = from
		if x, err := catalog.WaitingInterest(p, a, 10_000_00, bid, full); err != nil || x != want {
			t.Errorf("from %s: %d, want %d (%v)", from, x, want, err)
		}
	}
	a.Grade, p.Start.From = "z", "bid"
	if _, err := catalog.WaitingInterest(p, a, 1, bid, full); !errs.Is(err, errs.Invalid) {
		t.Error(err)
	}
}

func TestBuckets(t *testing.T) {
	p := shipped(t, "consumer-loan")
	for days, want := range map[int]string{0: "M0", 1: "M1", 30: "M1", 31: "M2", 60: "M2", 61: "M3", 91: "M4", 121: "M5", 150: "M5", 151: "M6+", 1000: "M6+"} {
		if got := p.Bucket(days); got != want {
			t.Errorf("%d days: %s, want %s", days, got, want)
		}
	}
}
