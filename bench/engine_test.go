package bench

import (
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

// The engine alone: what is left when nothing is decoded, stored or told.
func BenchmarkEngine(b *testing.B) {
	w := world{accounts: 20_000, money: money, registers: 200, holders: 1_000, tranches: 2}
	e := &engineBook{engine: ledger.NewEngine()}
	for _, operations := range []func(func(ledger.Operation) bool){w.grounds, w.opened, w.funded, w.issued} {
		for op := range operations {
			if err := e.one(op); err != nil {
				b.Fatal(err)
			}
		}
	}
	own := newIDs(1)
	run := func(name string, next func() ledger.Operation) {
		b.Run(name, func(b *testing.B) {
			began := ownTime()
			for b.Loop() {
				if err := e.one(next()); err != nil {
					b.Fatal(err)
				}
			}
			// What others do on the machine shows in the time on the clock, and less here.
			b.ReportMetric(float64(ownTime()-began)/float64(b.N), "cpu-ns/op")
		})
	}
	run("distribution", func() ledger.Operation {
		return w.distribution(own.random.IntN(w.registers), own.random.Int64N(1_000_000))
	})
	run("transfer", func() ledger.Operation { return w.transfer(own) })
}
