package bench

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Every value has one bucket, buckets follow each other without gaps, and a bucket's highest value is at most 1.6% above
// its lowest.
func TestBucketsCoverAllDurations(t *testing.T) {
	want := uint64(0)
	for i := range len(histogram{}.counts) {
		low, high := want, highest(i)
		if slot(low) != i || slot(high) != i {
			t.Fatalf("bucket %d: %d goes to %d, %d to %d", i, low, slot(low), high, slot(high))
		}
		if float64(high-low) > float64(low)/64 {
			t.Fatalf("bucket %d goes from %d to %d", i, low, high)
		}
		want = high + 1
		if want > math.MaxInt64 {
			return
		}
	}
	t.Fatalf("the last bucket ends at %d", want-1)
}

func TestQuantilesAreThoseOfTheSortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Int64Range(0, int64(time.Hour)), 1, 300).Draw(t, "durations")
		var all, half histogram
		for i, d := range list {
			if i%2 == 0 {
				all.add(time.Duration(d))
			} else {
				half.add(time.Duration(d))
			}
		}
		all.merge(&half)
		slices.Sort(list)
		for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 0.999, 1} {
			exact := list[int(math.Ceil(q*float64(len(list))))-1]
			got := int64(all.quantile(q))
			if got < exact || float64(got) > float64(exact)*(1+1.0/64)+1 {
				t.Fatalf("quantile %v of %v is %d, want %d", q, list, got, exact)
			}
		}
	})
}

func TestCurveRisesToTheSlowest(t *testing.T) {
	var h histogram
	for i := range 10_000 {
		h.add(time.Duration(i) * time.Microsecond)
	}
	curve := h.curve()
	for i := range curve[1:] {
		if curve[i].Percent >= curve[i+1].Percent || curve[i].Micros > curve[i+1].Micros {
			t.Fatalf("points %v and %v", curve[i], curve[i+1])
		}
	}
	last := curve[len(curve)-1]
	if last.Percent != 100 || last.Micros != 9_999 {
		t.Errorf("the last point is %v", last)
	}
	if tail := curve[len(curve)-2].Percent; tail < 99.98 {
		t.Errorf("the last point but one is at %v%%", tail)
	}
	if new(histogram).curve() != nil {
		t.Error("nothing was measured, and there is a curve")
	}
}
