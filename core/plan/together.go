package plan

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// maxTogether is how many events share a transaction at most.
const maxTogether = 64

// Together lets events of these kinds that are due at once share a transaction, which costs a wait for the disk, whatever
// is in it. Their handlers run one after the other before any of them has kept its rows, so what one of them keeps must
// not matter to another. It is called before anything is followed.
func (r *Runner) Together(kinds ...string) {
	r.together = map[string]bool{}
	for _, k := range kinds {
		r.together[k] = true
	}
}

// Beside lets the handlers of these kinds, which go together, run side by side: what one of them does must not matter to
// another, nor to those of other kinds that go together. It is called before anything is followed.
func (r *Runner) Beside(kinds ...string) {
	r.beside = map[string]bool{}
	for _, k := range kinds {
		r.beside[k] = true
	}
}

// maxBeside is how many handlers run side by side.
const maxBeside = 4

// handled is an event whose handler has done its work.
type handled struct {
	event *Event
	keep  func(tx *sql.Tx) error
	err   error
}

// handleTogether does the events that come first on a ledger, as far as they go together, and says how many ended.
func (r *Runner) handleTogether(ctx context.Context, ledger string, upTo int64) (ended int, err error) {
	list, err := r.plan.find(ctx, r.plan.db.Reader(), ready+" ORDER BY due, id LIMIT ?", ledger, upTo, r.plan.now(), maxTogether)
	if err != nil {
		return 0, err
	}
	n := 0
	for n < len(list) && r.together[list[n].Kind] {
		n++
	}
	var good []handled
	for _, h := range r.workAll(ctx, list[:n]) {
		if ctx.Err() != nil {
			return 0, ctx.Err() // the next one to lead tries again
		}
		switch {
		case h.err == nil:
			good = append(good, h)
		case isOver(h.err):
			done, err := r.done(ctx, h.event, h.err, h.keep)
			if err != nil {
				return ended, err
			}
			if done {
				ended++
			}
		default:
			if err := r.failed(ctx, h.event, h.err); err != nil {
				return ended, err
			}
		}
	}
	n, err = r.endAll(ctx, good)
	return ended + n, err
}

// workAll lets the handlers of events do their work, in their order but for those that run beside the others.
func (r *Runner) workAll(ctx context.Context, list []Event) []handled {
	done := make([]handled, len(list))
	var group sync.WaitGroup
	room := make(chan struct{}, maxBeside)
	for i := range list {
		work := func() {
			done[i].event = &list[i]
			done[i].keep, done[i].err = r.work(ctx, &list[i])
		}
		if !r.beside[list[i].Kind] {
			work()
			continue
		}
		room <- struct{}{}
		group.Go(func() {
			defer func() { <-room }()
			work()
		})
	}
	group.Wait()
	return done
}

// endAll ends events in one transaction. When rows of one of them can't be kept, each ends in its own, so that only the
// one suffers that is to blame.
func (r *Runner) endAll(ctx context.Context, list []handled) (ended int, err error) {
	if len(list) == 0 {
		return 0, nil
	}
	err = r.plan.db.Write(ctx, func(tx *sql.Tx) error {
		if err := r.stillLeads(ctx, tx); err != nil {
			return err
		}
		for _, h := range list {
			if err := r.plan.endIn(ctx, tx, h.event, Done, "", 0, h.keep); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		return len(list), nil
	}
	if _, refused := errors.AsType[*keepError](err); !refused {
		return 0, err
	}
	for _, h := range list {
		done, err := r.done(ctx, h.event, nil, h.keep)
		if err != nil {
			return ended, err
		}
		if done {
			ended++
		}
	}
	return ended, nil
}
