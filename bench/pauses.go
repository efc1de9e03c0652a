package bench

import (
	"bufio"
	"io"
	"math"
	"runtime/metrics"
	"strconv"
	"strings"
)

// vitals are the counters of a Go process that tell what it spends on collecting garbage.
type vitals struct {
	cycles  float64
	bounds  []float64 // upper bounds of the pauses' buckets, in seconds, rising
	counts  []float64 // pauses not above each bound
	seconds float64   // processors' time of the process
}

// GC is what collecting garbage cost while something was measured.
type GC struct {
	Cycles int `json:"cycles"`
	Pauses int `json:"pauses"`
	// The pauses are counted in buckets; of each the upper bound stands here.
	MedianMicros float64 `json:"median_pause_micros"`
	MaxMicros    float64 `json:"max_pause_micros"`
}

// between tells what happened from one look to a later one.
func between(a, b *vitals) GC {
	gc := GC{Cycles: int(b.cycles - a.cycles)}
	if len(b.counts) == 0 {
		return gc
	}
	before := func(i int) float64 {
		// A process may show buckets only once something fell into them.
		for j := range a.bounds {
			if a.bounds[j] == b.bounds[i] {
				return a.counts[j]
			}
		}
		return 0
	}
	total := b.counts[len(b.counts)-1] - before(len(b.counts)-1)
	gc.Pauses = int(total)
	for i := range b.counts {
		n := b.counts[i] - before(i)
		bound := b.bounds[i]
		if math.IsInf(bound, 1) && i > 0 {
			bound = b.bounds[i-1]
		}
		if gc.MedianMicros == 0 && total > 0 && n >= total/2 {
			gc.MedianMicros = bound * 1e6
		}
		if total > 0 && n >= total {
			gc.MaxMicros = bound * 1e6
			break
		}
	}
	return gc
}

// Names of the metrics that a served program shows.
const (
	shownPauses  = "go_sched_pauses_total_gc_seconds_bucket"
	shownCycles  = "go_gc_cycles_total_gc_cycles_total"
	shownSeconds = "process_cpu_seconds_total"
)

// readVitals takes them from the text form of a program's metrics.
func readVitals(from io.Reader) (*vitals, error) {
	v := &vitals{}
	s := bufio.NewScanner(from)
	for s.Scan() {
		name, value, ok := strings.Cut(s.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			continue
		}
		name, labels, _ := strings.Cut(name, "{")
		switch name {
		case shownCycles:
			v.cycles = n
		case shownSeconds:
			v.seconds = n
		case shownPauses:
			_, bound, _ := strings.Cut(labels, `le="`)
			bound, _, _ = strings.Cut(bound, `"`)
			if le, err := strconv.ParseFloat(bound, 64); err == nil {
				v.bounds, v.counts = append(v.bounds, le), append(v.counts, n)
			}
		}
	}
	return v, s.Err()
}

// ownVitals looks at this process.
func ownVitals() *vitals {
	samples := []metrics.Sample{{Name: "/gc/cycles/total:gc-cycles"}, {Name: "/sched/pauses/total/gc:seconds"}}
	metrics.Read(samples)
	v := &vitals{cycles: float64(samples[0].Value.Uint64()), seconds: ownTime().Seconds()}
	h := samples[1].Value.Float64Histogram()
	seen := 0.0
	for i, n := range h.Counts {
		seen += float64(n)
		v.bounds, v.counts = append(v.bounds, h.Buckets[i+1]), append(v.counts, seen)
	}
	return v
}
