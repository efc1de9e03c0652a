package journal_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func eachBench(b *testing.B, f func(b *testing.B, p *place)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { f(b, onDatabase(b, storetest.SQLite(b))) })
	b.Run("postgres", func(b *testing.B) { f(b, onDatabase(b, storetest.Postgres(b))) })
}

// percentiles reports the curve of latencies.
func percentiles(b *testing.B, all []time.Duration) {
	b.Helper()
	slices.Sort(all)
	for _, p := range []struct {
		unit string
		at   float64
	}{{"p50-µs", 0.5}, {"p99-µs", 0.99}, {"p99.9-µs", 0.999}, {"max-µs", 1}} {
		d := all[int(float64(len(all)-1)*p.at)]
		b.ReportMetric(float64(d.Nanoseconds())/1000, p.unit)
	}
	b.ReportMetric(float64(len(all))/b.Elapsed().Seconds(), "appends/s")
}

// BenchmarkAppend is one append after the other by one leader, each as soon as the one before is durable.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{200, 4 << 10, 64 << 10, 1 << 20, 3 << 20} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			eachBench(b, func(b *testing.B, p *place) {
				l := newTail(id(1))
				create(b, p.Journal, l.ledger)
				r := randomBytes(size)
				w := journal.NewWriter(p.Journal)
				defer func() { _ = w.Close(context.Background()) }()
				latencies := make([]time.Duration, 0, b.N)
				b.SetBytes(int64(size))
				for b.Loop() {
					g := l.group(r)
					began := time.Now()
					if err := w.Append(b.Context(), g); err != nil {
						b.Fatal(err)
					}
					latencies = append(latencies, time.Since(began))
					l.follow(&g)
				}
				percentiles(b, latencies)
			})
		})
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// BenchmarkPaced is 200 appends a second, far below what the disk can take: lone ones of 200 bytes, and 64 KiB, which
// need checkpoints all the time.
func BenchmarkPaced(b *testing.B) {
	for _, size := range []int{200, 64 << 10} {
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			eachBench(b, func(b *testing.B, p *place) { paced(b, p, randomBytes(size)) })
		})
	}
}

func paced(b *testing.B, p *place, r []byte) {
	b.Helper()
	l := newTail(id(1))
	create(b, p.Journal, l.ledger)
	w := journal.NewWriter(p.Journal)
	defer func() { _ = w.Close(context.Background()) }()
	latencies := make([]time.Duration, 0, b.N)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for b.Loop() {
		<-tick.C
		g := l.group(r)
		began := time.Now()
		if err := w.Append(b.Context(), g); err != nil {
			b.Fatal(err)
		}
		latencies = append(latencies, time.Since(began))
		l.follow(&g)
	}
	percentiles(b, latencies)
}

// BenchmarkLedgers is the sum of several leaders that share the writer.
func BenchmarkLedgers(b *testing.B) {
	for _, ledgers := range []int{1, 4, 16} {
		b.Run(fmt.Sprint(ledgers), func(b *testing.B) {
			eachBench(b, func(b *testing.B, p *place) {
				w := journal.NewWriter(p.Journal)
				defer func() { _ = w.Close(context.Background()) }()
				var all sync.WaitGroup
				began := time.Now()
				for n := range ledgers {
					l := newTail(id(byte(n + 1)))
					create(b, p.Journal, l.ledger)
					all.Go(func() {
						for range b.N {
							g := l.group(record(l.next))
							if err := w.Append(b.Context(), g); err != nil {
								b.Error(err)
								return
							}
							l.follow(&g)
						}
					})
				}
				all.Wait()
				b.ReportMetric(float64(b.N*ledgers)/time.Since(began).Seconds(), "appends/s")
			})
		})
	}
}

// BenchmarkRead reads groups of 100 KiB with 1,000 records each, checked.
func BenchmarkRead(b *testing.B) {
	eachBench(b, func(b *testing.B, p *place) {
		const groups = 200
		l := newTail(id(1))
		create(b, p.Journal, l.ledger)
		records := make([][]byte, 1000)
		for i := range records {
			records[i] = randomBytes(100)
		}
		for range groups {
			if err := l.append(b.Context(), p.Journal, records...); err != nil {
				b.Fatal(err)
			}
		}
		b.SetBytes(groups * 104 * 1000)
		for b.Loop() {
			for _, err := range p.Read(b.Context(), l.ledger, 1) {
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	l := newTail(id(1))
	r := randomBytes(100)
	var e journal.Encoder
	b.SetBytes(1000 * 104)
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		for range 1000 {
			if err := e.Add(r); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := e.Finish(journal.Header{Engine: 1, Ledger: l.ledger, Epoch: 1, First: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	l := newTail(id(1))
	g := l.group(randomBytes(100_000))
	b.SetBytes(int64(len(g.Bytes())))
	for b.Loop() {
		if _, err := journal.Decode(g.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBackup copies a journal of 256 MiB while somebody appends, and reports how the appends fare.
func BenchmarkBackup(b *testing.B) {
	p := onDatabase(b, storetest.SQLite(b))
	l := newTail(id(1))
	create(b, p.Journal, l.ledger)
	for range 85 {
		if err := l.append(b.Context(), p.Journal, randomBytes(3<<20)); err != nil {
			b.Fatal(err)
		}
	}
	var latencies []time.Duration
	n := 0
	for b.Loop() {
		done := make(chan error, 1)
		to := fmt.Sprintf("%s.copy%d", p.db.Path(), n)
		n++
		go func(db *store.DB) { done <- db.Backup(context.Background(), to) }(p.db)
		for running := true; running; {
			began := time.Now()
			if err := l.append(b.Context(), p.Journal, record(l.next)); err != nil {
				b.Fatal(err)
			}
			latencies = append(latencies, time.Since(began))
			select {
			case err := <-done:
				if err != nil {
					b.Fatal(err)
				}
				running = false
			default:
			}
		}
	}
	b.ReportMetric(255*float64(n)/b.Elapsed().Seconds(), "MB-copied/s")
	percentiles(b, latencies)
}
