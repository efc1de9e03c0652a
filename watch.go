package longmen

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
)

// Limits of what a watcher is handed at once.
const (
	watchRead  = 1_024
	watchBytes = 1 << 20 // of the journal
)

// Watch calls with what was applied from a sequence on, in order and without gaps, and waits for more, until the
// context ends or the function returns an error. What is new comes from memory; who is behind has the journal read for him,
// in long ranges. What is handed over may be kept, and is shared: nobody changes it.
func (l *Ledger) Watch(ctx context.Context, from uint64, each func([]Event) error) error {
	l.follower.watching.Add(1)
	defer l.follower.watching.Add(-1)
	for next := max(from, 1); ; {
		if err := l.View(ctx, next, func(*ledger.Engine) {}); err != nil {
			return err
		}
		list := l.follower.applied.from(next, watchRead)
		if len(list) > 0 {
			list = list[:min(uint64(len(list)), l.Applied()+1-next)] // not before others can read what it did
		} else {
			list = l.follower.read.from(next, watchRead)
		}
		if len(list) > 0 {
			if err := each(list); err != nil {
				return err
			}
			next += uint64(len(list))
			continue
		}
		var err error
		if next, err = l.watchRange(ctx, next, each); err != nil {
			return err
		}
	}
}

// watchRange hands over what the journal has from a sequence on, and says where it ended.
func (l *Ledger) watchRange(ctx context.Context, next uint64, each func([]Event) error) (uint64, error) {
	var list []Event
	bytes := 0
	flush := func() error {
		if len(list) == 0 {
			return nil
		}
		err := each(list)
		list, bytes = nil, 0
		return err
	}
	for g, err := range l.db.journal.Read(ctx, l.ID(), next) {
		if err != nil {
			return next, fmt.Errorf("watch ledger %s: %w", l.Name(), err)
		}
		for sequence, record := range g.Records() {
			if sequence < next {
				continue
			}
			e, err := l.event(ctx, sequence, record)
			if err != nil {
				return next, err
			}
			l.follower.read.add(e, len(record))
			list, bytes, next = append(list, e), bytes+len(record), sequence+1
			if len(list) < watchRead && bytes < watchBytes {
				continue
			}
			if err := flush(); err != nil {
				return next, err
			}
		}
	}
	return next, flush()
}

// event joins a record of the journal with its result, once history has it.
func (l *Ledger) event(ctx context.Context, sequence uint64, record []byte) (Event, error) {
	result, err := l.History().Result(ctx, sequence)
	if err != nil {
		return Event{}, fmt.Errorf("watch ledger %s: %w", l.Name(), err)
	}
	c, err := commandOf(record)
	if err != nil {
		return Event{}, fmt.Errorf("command at sequence %d: %w", sequence, err)
	}
	return feed.Event{Command: c, Result: result}, nil
}

// commandOf reads the command of a record.
func commandOf(record []byte) (*ledger.Command, error) {
	parts, err := ledger.DecodeRecord(record)
	if err != nil {
		return nil, err
	}
	return ledger.DecodeCommand(parts.Command)
}
