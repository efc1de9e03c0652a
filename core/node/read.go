package node

import (
	"context"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// View calls read with the engine as it stands after at least a sequence. The engine must not be kept. The answer is
// the latest there was at some moment of the call: a node whose lease has ended gives none.
func (l *Ledger) View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error {
	if atLeast > l.applied.Load() {
		if err := l.progress.wait(ctx, atLeast, l.stopped); err != nil {
			return fmt.Errorf("wait for sequence %d: %w", atLeast, err)
		}
	}
	l.mu.RLock()
	read(l.engine)
	l.mu.RUnlock()
	if !l.lease.Valid(journal.Now()) {
		return ErrNotLeading
	}
	return nil
}

// number finds an account's number by its address, 0 for none. Numbers are for ever, so it matters little when.
func (l *Ledger) number(address string) uint32 {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.engine.Number(address)
}

// Name is the ledger's name in this node.
func (l *Ledger) Name() string { return l.name }

// ID is the ledger's id.
func (l *Ledger) ID() ledger.ID { return l.id }

// Applied is the last sequence that was applied.
func (l *Ledger) Applied() uint64 { return l.applied.Load() }

// Projected is the last sequence that history has.
func (l *Ledger) Projected() uint64 { return l.projection.Position() }

// Today is a date before which nothing can be booked any more, in the ledger's zone. A real clock counts only while no
// group is under way: one may have been stamped before midnight.
func (l *Ledger) Today() ledger.Date {
	wall := ledger.InstantOf(l.wall())
	idle := l.underway.Load() == 0
	l.mu.RLock()
	now := l.engine.Now()
	l.mu.RUnlock()
	if l.clock == ledger.RealClock && idle {
		now = max(now, wall)
	}
	return ledger.DateOf(now.Time().In(l.location))
}

// Waiting is how many commands wait for their answer.
func (l *Ledger) Waiting() int64 { return l.waiting.Load() }

// covered reports whether memory knows all ids of that own time.
func (l *Ledger) covered(own time.Time) bool { return own.Add(-maxAhead).UnixNano() > l.since.Load() }

// repeat gives an item the first result of its id.
func (l *Ledger) repeat(ctx context.Context, it *item) error {
	record, res, err := l.history.Recorded(ctx, it.repeats)
	if err != nil {
		return fmt.Errorf("first result of id %v: %w", it.command.ID, err)
	}
	first, _, err := decodeRecord(record)
	if err != nil {
		return fmt.Errorf("command at sequence %d: %w", it.repeats, err)
	}
	if contentHash(first, ledger.AppendCommand(nil, first)) != it.hash {
		it.conflict(it.repeats)
		return nil
	}
	it.answer = Answer{Result: res, Repeated: true}
	return nil
}

// pastFor reads what a command needs of the past, nil when it needs nothing or there is nothing to undo.
func (l *Ledger) pastFor(ctx context.Context, c *ledger.Command) (*ledger.Past, error) {
	var needed []*ledger.Past
	for _, op := range c.Operations {
		var one *ledger.Past
		var err error
		switch o := op.(type) {
		case *ledger.Reverse:
			one, err = l.pastOf(ctx, o.Sequence, o)
		case *ledger.ReverseLine:
			one, err = l.pastOf(ctx, o.Sequence, o)
		case *ledger.Correct:
			one, err = l.pastOf(ctx, o.Sequence, o)
		default:
			continue
		}
		if err != nil {
			return nil, err
		}
		needed = append(needed, one)
	}
	past := ledger.JoinPasts(needed)
	if past != nil && len(ledger.AppendPast(nil, past)) > ledger.MaxPast {
		return nil, history.ErrTooManyLines
	}
	return past, nil
}

func (l *Ledger) pastOf(ctx context.Context, seq uint64, of ledger.Operation) (*ledger.Past, error) {
	if seq > l.applied.Load() {
		return nil, nil
	}
	past, err := l.history.Past(ctx, seq, of)
	if err != nil {
		return nil, fmt.Errorf("past of sequence %d: %w", seq, err)
	}
	return past, nil
}
