package history

import (
	"context"
	"slices"
)

// entryIterator goes through an account's own entries within the bounds of a walker.
type entryIterator struct {
	current *entry
	waiting []entry // oldest first only: those after current, in order
	seen    uint64  // and the last number that was asked for
}

func (i *entryIterator) start(ctx context.Context, w *walker) error {
	if !w.down {
		i.seen = w.from.Entries
		return i.advance(ctx, w)
	}
	if w.until.Entries <= w.from.Entries {
		return nil
	}
	e, err := w.h.lastEntry(ctx, w.account, w.until.Entries)
	if err == nil && e.Number > w.from.Entries {
		i.current = &e
		i.seen = e.Previous
	}
	return err
}

// advance moves to the next entry, or to none.
func (i *entryIterator) advance(ctx context.Context, w *walker) error {
	if !w.down {
		return i.advanceUp(ctx, w)
	}
	i.current = nil
	if i.seen <= w.from.Entries {
		return nil
	}
	e, err := w.h.entryOf(ctx, w.account, i.seen)
	if err == nil {
		i.current, i.seen = &e, e.Previous
	}
	return err
}

// advanceUp goes forward, though entries point back only: it finds one not far ahead and goes back from there.
func (i *entryIterator) advanceUp(ctx context.Context, w *walker) error {
	i.current = nil
	if len(i.waiting) == 0 && i.seen < w.until.Entries {
		if err := i.fill(ctx, w); err != nil {
			return err
		}
	}
	if len(i.waiting) > 0 {
		i.current = &i.waiting[0]
		i.waiting = i.waiting[1:]
	}
	return nil
}

func (i *entryIterator) fill(ctx context.Context, w *walker) error {
	var near int64
	found, err := w.h.reads.one(ctx, "SELECT entry FROM history_chain WHERE account = ? AND entry > ? ORDER BY entry LIMIT 1",
		[]any{w.h.owner(w.account), int64(i.seen)}, &near)
	if err != nil {
		return err
	}
	last := uint64(near)
	if !found || last > w.until.Entries {
		e, err := w.h.lastEntry(ctx, w.account, w.until.Entries)
		if err != nil {
			return err
		}
		last = e.Number
	}
	after := i.seen
	i.seen = w.until.Entries
	if found && last == uint64(near) {
		i.seen = last
	}
	i.waiting = nil
	for last > after {
		e, err := w.h.entryOf(ctx, w.account, last)
		if err != nil {
			return err
		}
		i.waiting = append(i.waiting, e)
		last = e.Previous
	}
	slices.Reverse(i.waiting)
	return nil
}
