package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Report is what a run of scenarios came to.
type Report struct {
	Machine Machine  `json:"machine"`
	Figures []Figure `json:"figures"`
}

// Figure is one thing that was measured.
type Figure struct {
	Scenario string    `json:"scenario"`
	What     string    `json:"what"`
	Value    float64   `json:"value"` // the median where there were several runs
	Unit     string    `json:"unit"`
	Runs     []float64 `json:"runs,omitempty"`
	Target   float64   `json:"target,omitempty"` // 0: the table promises nothing here
	AtMost   bool      `json:"at_most,omitempty"`
	Met      *bool     `json:"met,omitempty"` // absent: nothing promised, or not at the table's size
	How      string    `json:"how"`
	Seconds  float64   `json:"seconds"` // that measuring took, all runs together
	Requests int64     `json:"requests,omitempty"`
	Latency  *Latency  `json:"latency,omitempty"`
	Use      *Use      `json:"use,omitempty"`
}

// Latency tells how long requests took.
type Latency struct {
	Of         string  `json:"of"`
	Open       bool    `json:"open_loop"`
	Rate       float64 `json:"requests_a_second"`
	MeanMicros float64 `json:"mean_micros"`
	Curve      []Point `json:"curve"`
	P50        float64 `json:"p50_micros"`
	P90        float64 `json:"p90_micros"`
	P99        float64 `json:"p99_micros"`
	P999       float64 `json:"p999_micros"`
	Max        float64 `json:"max_micros"`
}

func latency(of string, open bool, l *load) *Latency {
	h := &l.latency
	return &Latency{
		Of: of, Open: open, Rate: float64(l.requests) / l.took.Seconds(), MeanMicros: micros(h.mean()), Curve: h.curve(),
		P50: micros(h.quantile(0.5)), P90: micros(h.quantile(0.9)), P99: micros(h.quantile(0.99)), P999: micros(h.quantile(0.999)),
		Max: micros(h.max),
	}
}

// Use is what a figure cost. Processors' time is in seconds.
type Use struct {
	Client float64 `json:"client_cpu_seconds"` // 0 where the library is measured in process
	Server float64 `json:"server_cpu_seconds"`
	Others float64 `json:"others_cpu_seconds"` // on the same machine: a database server, strangers
	GC     GC      `json:"server_gc"`
	Peak   uint64  `json:"server_peak_memory_bytes,omitempty"`
}

// judge says whether the target is met.
func (f *Figure) judge() {
	met := f.Value >= f.Target
	if f.AtMost {
		met = f.Value < f.Target
	}
	f.Met = &met
}

// WriteJSON writes the report for programs.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// write tells of the machine.
func (m *Machine) write(w io.Writer) {
	fmt.Fprintf(w, "%s, %d cores, %s memory, %s, %s, longmen %s, %s\n", m.CPU, m.Cores, size(m.Memory), m.OS, m.Go, m.Version,
		m.Date.Format(time.DateTime))
	fmt.Fprintf(w, "data in %s, where a synced write takes %s; load %.1f before\n", m.Folder, duration(m.SyncMicros), m.Load)
}

// write tells of a figure.
func (f *Figure) write(w io.Writer) {
	fmt.Fprintf(w, "\n%s: %s\n", f.Scenario, f.What)
	fmt.Fprintf(w, "  %s", amount(f.Value, f.Unit))
	if f.Target > 0 {
		word, verdict := "at least", "not judged at this size"
		if f.AtMost {
			word = "under"
		}
		if f.Met != nil {
			verdict = map[bool]string{true: "met", false: "NOT MET"}[*f.Met]
		}
		fmt.Fprintf(w, "   (%s %s: %s)", word, amount(f.Target, f.Unit), verdict)
	}
	if len(f.Runs) > 1 {
		sorted := slices.Sorted(slices.Values(f.Runs))
		fmt.Fprintf(w, "   median of %d, %s to %s", len(sorted), amount(sorted[0], f.Unit), amount(sorted[len(sorted)-1], f.Unit))
	}
	fmt.Fprintf(w, "\n  %s\n", f.How)
	if l := f.Latency; l != nil {
		loop := "closed"
		if l.Open {
			loop = "open"
		}
		fmt.Fprintf(w, "  latency of %s (%s loop, %s requests): p50 %s  p90 %s  p99 %s  p99.9 %s  max %s\n", l.Of, loop,
			number(float64(f.Requests)), duration(l.P50), duration(l.P90), duration(l.P99), duration(l.P999), duration(l.Max))
	}
	if u := f.Use; u != nil {
		fmt.Fprintf(w, "  in %.1f s: processors %.2f s client, %.2f s server, %.2f s others; %d collections with %d pauses, median %s, longest %s",
			f.Seconds, u.Client, u.Server, u.Others, u.GC.Cycles, u.GC.Pauses, duration(u.GC.MedianMicros), duration(u.GC.MaxMicros))
		if u.Peak > 0 {
			fmt.Fprintf(w, "; peak memory %s", size(u.Peak))
		}
		fmt.Fprintln(w)
	}
}

// writeCurve draws the whole curve of a latency: one line a point.
func (f *Figure) writeCurve(w io.Writer) {
	if f.Latency == nil || !f.Latency.Open {
		return
	}
	for _, p := range f.Latency.Curve {
		fmt.Fprintf(w, "    %9.5f%%  %s\n", p.Percent, duration(p.Micros))
	}
}

// Units of figures.
const (
	perSecond = "a second"
	inMillis  = "ms"
	inSeconds = "s"
	inBytes   = "bytes"
)

func amount(v float64, unit string) string { return number(v) + " " + unit }

// number has three figures at least, and commas.
func number(v float64) string {
	switch {
	case v >= 100 || v == float64(int64(v)):
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

// duration is for people: microseconds below a millisecond, milliseconds below ten seconds.
func duration(micros float64) string {
	switch {
	case micros < 1000:
		return number(micros) + " us"
	case micros < 10_000_000:
		return number(micros/1000) + " ms"
	}
	return number(micros/1e6) + " s"
}

func size(bytes uint64) string {
	if bytes < 10<<30 {
		return number(float64(bytes>>20)) + " MiB"
	}
	return number(float64(bytes>>30)) + " GiB"
}
