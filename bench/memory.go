package bench

import (
	"context"
	"fmt"
	"runtime"

	"github.com/longmen/longmen/core/ledger"
)

// heap is what is in use when nothing is left to collect.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc)
}

// memory measures what a ledger weighs in memory, by filling an engine, and a library for the ids that it remembers.
func memory(ctx context.Context, b *bench) error {
	w := world{accounts: b.n(1_000_000), registers: b.n(7_000), holders: b.n(1_000), tranches: 2}
	if err := b.engineMemory(ctx, &w); err != nil {
		return err
	}
	return b.idMemory(ctx)
}

func (b *bench) engineMemory(ctx context.Context, w *world) error {
	var start float64
	e := &engineBook{engine: ledger.NewEngine()}
	run := func(parts ...func(func(ledger.Operation) bool)) error {
		for _, operations := range parts {
			for op := range operations {
				if err := e.one(op); err != nil {
					return err
				}
			}
		}
		return ctx.Err()
	}
	if err := run(w.grounds); err != nil {
		return err
	}
	start = heap()
	if err := run(w.opened); err != nil {
		return err
	}
	// Registers are there too now; what they weigh is small beside a million accounts.
	opened, names := heap(), 0
	for i := range w.accounts {
		names += (len(client(i)) + 1 + 7) &^ 7
	}
	accounts := w.accounts + w.registers
	b.tell(under(160, inBytes).figure("memory of an account", (opened-start-float64(names))/float64(accounts), fmt.Sprintf(
		"heap of an engine after %s accounts were opened, their names aside", number(float64(accounts)))))
	if err := run(w.issued); err != nil {
		return err
	}
	holdings := float64(w.registers * w.holders)
	b.tell(under(140, inBytes).figure("memory of a holding", (heap()-opened)/holdings, fmt.Sprintf(
		"heap of an engine after %s holdings with 2 tranches were made, both indexes included", number(holdings))))
	runtime.KeepAlive(e)
	return nil
}

// engineBook applies operations to an engine alone.
type engineBook struct {
	engine *ledger.Engine
	fx     ledger.Effects
	next   uint64
}

func (e *engineBook) one(op ledger.Operation) error {
	if e.next == 0 {
		e.next = 2
		e.engine.Apply(1, 1, 1, &ledger.Command{Operations: []ledger.Operation{&ledger.OpenLedger{Zone: "UTC", Clock: ledger.RealClock}}}, nil, &e.fx)
	}
	r := e.engine.Apply(e.next, ledger.Instant(e.next), 1, &ledger.Command{Operations: []ledger.Operation{op}}, nil, &e.fx)
	e.next++
	if r.Code != ledger.Applied {
		return fmt.Errorf("operation %T: %s", op, r.Code)
	}
	return nil
}

// idMemory lets a ledger remember ids. What else grows at first, caches above all, has its full size when half of them
// are there, so the second half tells.
func (b *bench) idMemory(ctx context.Context) error {
	w := world{accounts: b.n(1_000), money: money}
	l, err := b.local(ctx)
	if err != nil {
		return err
	}
	if err := w.build(ctx, l, b.seed); err != nil {
		return err
	}
	own, size := newIDs(b.seed), min(transferBatch, b.n(100_000))
	count := b.n(2<<20) / size * size
	half := func() (float64, error) {
		for range count / size {
			if err := l.apply(ctx, w.transfers(own, size)); err != nil {
				return 0, err
			}
		}
		err := l.settle(ctx)
		return heap(), err
	}
	first, err := half()
	if err != nil {
		return err
	}
	second, err := half()
	if err != nil {
		return err
	}
	b.tell(under(32, inBytes).figure("memory of a recent id", max((second-first)/float64(count), 0.01), fmt.Sprintf(
		"heap of the library after %s transfers more", number(float64(count)))))
	return nil
}
