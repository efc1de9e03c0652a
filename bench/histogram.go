package bench

import (
	"math"
	"math/bits"
	"time"
)

// A histogram counts durations in buckets whose width grows with their value: 64 to a power of two, so what it tells is
// within 1.6% of what was measured, from a nanosecond to centuries, in 30 kB. The largest value is kept exactly.
type histogram struct {
	counts [(64 - subBits) << subBits]uint64
	total  uint64
	sum    float64
	max    time.Duration
}

const subBits = 6

// slot is the bucket of a value: below 64 its own, above one of 64 for each power of two.
func slot(v uint64) int {
	if v < 1<<subBits {
		return int(v)
	}
	exp := bits.Len64(v) - subBits - 1
	return exp<<subBits + int(v>>exp)
}

// highest is the largest value in a bucket.
func highest(slot int) uint64 {
	if slot < 2<<subBits {
		return uint64(slot)
	}
	exp := slot>>subBits - 1
	return (uint64(slot&(1<<subBits-1)|1<<subBits)+1)<<exp - 1
}

// add counts a duration; one below zero, which a clock that was set back may give, counts as zero.
func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.counts[slot(uint64(d))]++
	h.total++
	h.sum += float64(d)
	h.max = max(h.max, d)
}

// merge adds what another one counted.
func (h *histogram) merge(o *histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.total += o.total
	h.sum += o.sum
	h.max = max(h.max, o.max)
}

// mean is the average duration.
func (h *histogram) mean() time.Duration {
	if h.total == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.total))
}

// quantile is the smallest value that at least this part of all is not above.
func (h *histogram) quantile(q float64) time.Duration {
	rank := uint64(math.Ceil(q * float64(h.total)))
	if rank >= h.total {
		return h.max
	}
	seen := uint64(0)
	for i, n := range h.counts {
		if seen += n; n > 0 && seen >= rank {
			return min(time.Duration(highest(i)), h.max)
		}
	}
	return h.max
}

// Point is one point of a latency curve: Percent of all were not slower.
type Point struct {
	Percent float64 `json:"percent"`
	Micros  float64 `json:"micros"`
}

// curve tells the whole distribution: five steps to each halving of what is left above, so the tail is as fine as the
// body, down to the slowest one.
func (h *histogram) curve() []Point {
	if h.total == 0 {
		return nil
	}
	var points []Point
	for left, step := 100.0, 0; ; step++ {
		if step == 5 {
			left, step = left/2, 0
		}
		percent := 100 - left + float64(step)*left/10
		if (100-percent)/100*float64(h.total) < 1 {
			break
		}
		points = append(points, Point{percent, micros(h.quantile(percent / 100))})
	}
	return append(points, Point{100, micros(h.max)})
}

func micros(d time.Duration) float64 {
	return math.Round(float64(d)/10) / 100
}
