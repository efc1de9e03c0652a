package node

import (
	"errors"
	"testing"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// What has too many lines to be undone at once is refused alone.
func TestTooManyLinesRefuseTheirOwnCommand(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	b.prepare(l, 2)
	b.pasts.by[l.ID()].undone = func() (*ledger.Past, error) { return nil, history.ErrTooManyLines }
	answers := b.apply(l, b.command(transfer(0, 1, 5)), b.command(&ledger.Reverse{Sequence: 1}))
	if answers[0].Result.Code != ledger.Applied || answers[1].Result.Code != ledger.TooMany || answers[1].Why == "" {
		t.Errorf("got %+v", answers)
	}
}

// What waits is bounded in bytes too, and so is one batch with all that it undoes.
func TestBytesThatWaitAreBounded(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	b.prepare(l, 2)
	past := &ledger.Past{Distributions: []ledger.PastDistribution{{Lines: make([]ledger.PastLine, 50_000)}}}
	for i := range past.Distributions[0].Lines {
		past.Distributions[0].Lines[i].Holder = uint32(i)
	}
	b.pasts.by[l.ID()].undone = func() (*ledger.Past, error) { return past, nil }
	var commands []*ledger.Command
	for range maxBatchBytes/len(ledger.AppendPast(nil, past)) + 1 {
		commands = append(commands, b.command(&ledger.Reverse{Sequence: 1}))
	}
	if _, err := l.Apply(t.Context(), commands); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%d commands: %v", len(commands), err)
	}
	l.bytes.Add(maxWaitingBytes)
	if _, err := l.Apply(t.Context(), []*ledger.Command{b.command(transfer(0, 1, 5))}); !errors.Is(err, ErrOverloaded) {
		t.Errorf("too much waits: %v", err)
	}
	l.bytes.Add(-maxWaitingBytes)
	b.apply(l, b.command(transfer(0, 1, 5)))
	if n := l.bytes.Load(); n != 0 {
		t.Errorf("nothing waits, and it has %d bytes", n)
	}
}

// A ledger that can't be followed any more takes nothing more.
func TestALedgerThatStoppedTakesNothing(t *testing.T) {
	j := journal.New(journal.NewMemory())
	b := newBench(t, j)
	l := b.ledger("main")
	b.prepare(l, 2)
	past := b.pasts.by[l.ID()]
	past.mu.Lock()
	past.broken = errors.New("the disk is full")
	past.mu.Unlock()
	_, _ = l.Apply(t.Context(), []*ledger.Command{b.command(transfer(0, 1, 5))}) // it may have been answered before
	if err := <-b.node.Failed(); !errors.Is(err, past.broken) {
		t.Fatalf("stopped by %v", err)
	}
	before, _, err := j.Last(t.Context(), l.ID())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := l.Apply(t.Context(), []*ledger.Command{b.command(transfer(0, 1, 5))}); !errors.Is(err, past.broken) {
			t.Errorf("got %v", err)
		}
	}
	b.close()
	if after, _, err := j.Last(t.Context(), l.ID()); err != nil || after.Next() != before.Next() {
		t.Errorf("the journal goes on to %d (%v)", after.Next(), err)
	}
}
