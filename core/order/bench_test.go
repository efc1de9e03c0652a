package order_test

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func eachBench(b *testing.B, f func(b *testing.B, w *world)) {
	b.Helper()
	b.Run("sqlite", func(b *testing.B) { f(b, newWorld(b, storetest.SQLite(b))) })
	b.Run("postgres", func(b *testing.B) { f(b, newWorld(b, storetest.Postgres(b))) })
}

// typical is an order of two parties with an amount, a reference and a small document.
func typical(n int) order.New {
	o := opening(n)
	o.Parties = []order.Party{{Part: "giver", Party: uid("party", n%2000)}, {Part: "taker", Party: uid("party", n%17)}}
	o.Amounts = []order.Amount{{Code: "asked", Asset: "CNY", Amount: int64(n)}}
	o.References = []order.Reference{{Type: 1, Value: uid("about", n%200)}}
	o.Attributes = []byte(`{"channel":"app","note":"a"}`)
	return o
}

// callers run f with 0, 1, 2… below b.N from 64 goroutines, and report the curve of latencies.
func callers(b *testing.B, f func(n int) error) {
	b.Helper()
	var next atomic.Int64
	latencies := make([]time.Duration, b.N)
	var running sync.WaitGroup
	b.ResetTimer()
	for range 64 {
		running.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				began := time.Now()
				if err := f(n); err != nil {
					b.Error(err)
					return
				}
				latencies[n] = time.Since(began)
			}
		})
	}
	running.Wait()
	b.StopTimer()
	slices.Sort(latencies)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	b.ReportMetric(float64(latencies[len(latencies)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(latencies[(len(latencies)-1)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkCreate is 64 callers who each open one order after the other.
func BenchmarkCreate(b *testing.B) {
	eachBench(b, func(b *testing.B, w *world) {
		callers(b, func(n int) error {
			_, err := w.Create(b.Context(), tenant, typical(n))
			return err
		})
	})
}

// BenchmarkChange is 64 callers who each take one order after the other through a transition.
func BenchmarkChange(b *testing.B) {
	eachBench(b, func(b *testing.B, w *world) {
		create(b, w, b.N)
		callers(b, func(n int) error {
			_, err := w.Change(b.Context(), tenant, change(n, order.Order{ID: uid("order", n), Version: 1}, "look", "desk"))
			return err
		})
	})
}

func create(b *testing.B, w *world, n int) {
	b.Helper()
	var writes []order.Write
	for i := range n {
		writes = append(writes, typical(i))
		if len(writes) == order.MaxBatch || i == n-1 {
			if _, err := w.Batch(b.Context(), tenant, writes...); err != nil {
				b.Fatal(err)
			}
			writes = nil
		}
	}
}

// BenchmarkBatch opens 1,000 orders a call.
func BenchmarkBatch(b *testing.B) {
	eachBench(b, func(b *testing.B, w *world) {
		create(b, w, b.N)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "orders/s")
	})
}

// BenchmarkRead is reading among 20,000 orders: one, a page of 50 of a party, a page of 50 by kind and state, and 1,000
// events.
func BenchmarkRead(b *testing.B) {
	eachBench(b, func(b *testing.B, w *world) {
		create(b, w, 20_000)
		if w.db.Dialect() == store.Postgres { // as the server does by itself now and then
			if _, err := w.db.Writer().Exec("ANALYZE"); err != nil {
				b.Fatal(err)
			}
		}
		b.Run("get", func(b *testing.B) {
			for n := 0; b.Loop(); n++ {
				w.get(b, uid("order", n%20_000))
			}
		})
		for name, f := range map[string]order.Filter{
			"party": {Party: uid("party", 3)}, "party-state": {Party: uid("party", 3), State: "asked"}, "kind-state": {Kind: "swap", State: "asked"},
		} {
			b.Run(name, func(b *testing.B) {
				for b.Loop() {
					if _, err := w.List(b.Context(), tenant, f, order.Page{Size: 50, Newest: true}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		b.Run("events", func(b *testing.B) {
			for b.Loop() {
				if _, err := w.Events(b.Context(), tenant, 5000, 1000); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}
