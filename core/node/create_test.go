package node

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/id"
)

// Those who open one ledger at once get the same one, and the node goes on.
func TestManyOpenOneLedgerAtOnce(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	var opens atomic.Int32
	b.pasts.open = func() {
		opens.Add(1)
		for range 1_000 { // lets the others come
			runtime.Gosched()
		}
	}
	var all sync.WaitGroup
	opened := make([]*Ledger, 16)
	for i := range opened {
		all.Go(func() {
			opened[i], _ = b.node.Create(context.Background(), New{Name: "main", Zone: "UTC", Clock: ledger.RealClock})
		})
	}
	all.Wait()
	if n := opens.Load(); n != 1 {
		t.Errorf("opened %d times", n)
	}
	for _, l := range opened {
		if l == nil || l != opened[0] {
			t.Fatalf("%p beside %p", l, opened[0])
		}
	}
	b.prepare(opened[0], 2)
	select {
	case err := <-b.node.Failed():
		t.Fatal(err)
	default:
	}
}

// Other words for a name that is taken are a conflict, where a simulated clock begins included.
func TestALedgerOpenedOtherwiseIsAConflict(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	w := New{Name: "main", Zone: "UTC", Clock: ledger.SimulatedClock, Start: 1_600_000_000_000_000}
	for range 2 {
		if _, err := b.node.Create(t.Context(), w); err != nil {
			t.Fatal(err)
		}
	}
	for what, change := range map[string]func(*New){
		"zone":   func(w *New) { w.Zone = "Asia/Shanghai" },
		"clock":  func(w *New) { w.Clock, w.Start = ledger.RealClock, 0 },
		"start":  func(w *New) { w.Start++ },
		"shadow": func(w *New) { w.Shadow = true },
	} {
		other := w
		change(&other)
		if _, err := b.node.Create(t.Context(), other); !errors.Is(err, ErrExists) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

// A ledger that is opened while the node closes would be closed by nobody.
func TestNothingIsOpenedOnceTheNodeIsClosed(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	if err := b.node.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := b.node.Create(t.Context(), New{Name: "late", Zone: "UTC", Clock: ledger.RealClock}); !errors.Is(err, ErrClosed) {
		t.Fatalf("got %v", err)
	}
}

// Nobody can use up the ids that a ledger will give its own commands: the next lead is the first of its id.
func TestTheLedgersOwnIDsAreNotToBeGuessed(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	from := l.Applied()
	for n := range uint64(40) { // one of them would be the next lead's
		b.apply(l, &ledger.Command{ID: ledger.ID(id.ID(l.ID()).Derive(ledger.KindLead.String(), from+2+n)), Operations: []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}}})
	}
	applied := l.Applied()
	b.close()
	b.open()
	past := b.pasts.by[l.ID()]
	past.mu.Lock()
	defer past.mu.Unlock()
	if len(past.ids) != len(past.records) || past.at != applied+1 {
		t.Fatalf("%d ids of %d commands", len(past.ids), len(past.records))
	}
}
