package feed

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/kit/clock"
)

// Follow handles a ledger's events under a lead, from the cursor on, until the context ends or another node takes
// over. Events that come together share a transaction; those that mean nothing to the follower need none, and take the
// cursor along now and then. One that fails is tried again alone, for ever: a follower skips nothing, and its cursor tells
// why it stands.
func (f *Feed) Follow(ctx context.Context, who Follower, epoch uint64, source Source, interest Interest, handle Batch) error {
	if err := who.check(); err != nil {
		return err
	}
	r := &run{Feed: f, who: who, epoch: epoch, interest: interest, handle: handle, behind: make(chan struct{}, 1)}
	defer f.forget(r)
	for claimed, failures := false, 0; ; {
		var err error
		if !claimed {
			err = r.claim(ctx)
			claimed = err == nil
		}
		if claimed {
			before := r.position
			if err = r.resume(ctx, source); r.position > before {
				failures = 0
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if errors.Is(err, ErrLeadLost) {
			return err
		}
		r.note(ctx, err)
		timer := time.NewTimer(f.wait(failures))
		failures++
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// run is one node's following under one lead.
type run struct {
	*Feed
	who      Follower
	epoch    uint64
	interest Interest
	handle   Batch
	behind   chan struct{} // the cursor is, behind events that mean nothing
	passed   atomic.Uint64 // the last event that was handled or meant nothing, at or ahead of the cursor

	mu       sync.Mutex
	position uint64    // of the cursor
	moved    time.Time // the cursor, last
	failed   error     // nothing is done after it until the cursor was read again
}

// claim takes the cursor over with a lead of a higher epoch. Whoever had it before moves it no more.
func (r *run) claim(ctx context.Context) error {
	return r.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, r.db.Rebind(`INSERT INTO feed_cursor (tenant, ledger, name, epoch, position, attempts, problem, changed)
			VALUES (?, ?, ?, ?, 0, 0, '', ?)
			ON CONFLICT (tenant, ledger, name) DO UPDATE SET epoch = excluded.epoch WHERE feed_cursor.epoch <= excluded.epoch`),
			r.who.Tenant[:], r.who.Ledger[:], r.who.Name, int64(r.epoch), r.clock.Now().UnixMicro())
		if err != nil {
			return fmt.Errorf("follow as %s: %w", r.who.Name, err)
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			err = fmt.Errorf("follow as %s with epoch %d: %w", r.who.Name, r.epoch, ErrLeadLost)
		}
		return err
	})
}

// resume handles events from where the cursor stands, which the database knows better than we after a failure.
func (r *run) resume(ctx context.Context, source Source) error {
	c, err := r.Cursor(ctx, r.who)
	if err != nil {
		return err
	}
	r.position, r.failed = c.Position, nil
	r.passed.Store(c.Position)
	r.remember(r)
	watching, stop := context.WithCancelCause(ctx)
	var catching sync.WaitGroup
	catching.Go(func() { r.catchUp(watching, stop) })
	err = source.Watch(watching, r.position+1, func(list []Event) error {
		began := time.Now()
		if err := r.pass(watching, list); err != nil || len(list) >= behind {
			return err
		}
		return clock.Pause(watching, r.rest-time.Since(began))
	})
	stop(err)
	catching.Wait()
	return context.Cause(watching)
}

// pass handles what means something of events.
func (r *run) pass(ctx context.Context, list []Event) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil {
		r.failed = r.handleMeant(ctx, list)
	}
	return r.failed
}

func (r *run) handleMeant(ctx context.Context, list []Event) error {
	to, passed := list[len(list)-1].Result.Sequence, r.passed.Load()
	if to-passed != uint64(len(list)) {
		return fmt.Errorf("the source hands over sequence %d as event %d after %d", to, len(list), passed)
	}
	meant := list
	if r.interest != nil {
		meant = nil
		for i := range list {
			if r.interest(&list[i]) {
				meant = append(meant, list[i])
			}
		}
	}
	if err := r.handleAll(ctx, meant, to); err != nil {
		return err
	}
	r.passed.Store(to)
	if to > r.position {
		select {
		case r.behind <- struct{}{}:
		default: // it is known
		}
	}
	return nil
}

// catchUp lets the cursor come after what meant nothing, once it has stood for a stride.
func (r *run) catchUp(ctx context.Context, stop context.CancelCauseFunc) {
	for {
		select {
		case <-r.behind:
		case <-ctx.Done():
			return
		}
		for wait := time.Duration(1); wait > 0; {
			var err error
			if wait, err = r.follow(ctx); err != nil {
				stop(err)
			}
			if clock.Pause(ctx, wait) != nil {
				return
			}
		}
	}
}

// follow moves the cursor if it has stood behind for a stride, and says how long it has to stand yet.
func (r *run) follow(ctx context.Context) (wait time.Duration, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	passed := r.passed.Load()
	if r.failed != nil || passed <= r.position {
		return 0, r.failed
	}
	if wait = stride - time.Since(r.moved); wait > 0 {
		return wait, nil
	}
	r.failed = r.commit(ctx, nil, passed)
	return 0, r.failed
}

// handleAll handles events in one transaction, and moves the cursor up to a sequence; when that fails, those before the one
// that is to blame, and that one alone.
func (r *run) handleAll(ctx context.Context, list []Event, to uint64) error {
	for len(list) > 0 {
		n := len(list)
		err := r.commit(ctx, list, to)
		var failed *failedError
		for errors.As(err, &failed) && failed.index > 0 {
			n = failed.index
			err = r.commit(ctx, list[:n], list[n].Result.Sequence-1)
		}
		if before := list[0].Result.Sequence - 1; errors.As(err, &failed) && before > r.position {
			err = errors.Join(err, r.commit(ctx, nil, before)) // it stands before the one that is to blame
		}
		if err != nil {
			return err
		}
		list = list[n:]
	}
	return nil
}

// failedError is a handler's failure. As many events are before the one that is to blame, as far as that is known.
type failedError struct {
	index    int
	sequence uint64 // of the first that may be to blame
	err      error
}

func (e *failedError) Error() string {
	return fmt.Sprintf("event at sequence %d: %v", e.sequence, e.err)
}
func (e *failedError) Unwrap() error { return e.err }

// commit moves the cursor first, so that a node that was replaced stops before it handles anything, and others wait
// with taking over until what was handled is there.
func (r *run) commit(ctx context.Context, list []Event, to uint64) error {
	err := r.db.Write(ctx, func(tx *sql.Tx) error {
		res, err := tx.ExecContext(ctx, r.db.Rebind(`UPDATE feed_cursor SET position = ?, attempts = 0, problem = '', changed = ?
			WHERE tenant = ? AND ledger = ? AND name = ? AND epoch = ? AND position = ?`),
			int64(to), r.clock.Now().UnixMicro(), r.who.Tenant[:], r.who.Ledger[:], r.who.Name, int64(r.epoch), int64(r.position))
		if err != nil {
			return fmt.Errorf("move the cursor of %s: %w", r.who.Name, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, fmt.Errorf("move the cursor of %s from %d: %w", r.who.Name, r.position, ErrLeadLost))
		}
		if len(list) == 0 {
			return nil
		}
		err = r.handle(ctx, tx, list)
		if _, told := errors.AsType[*failedError](err); err != nil && !told {
			err = &failedError{len(list) / 2, list[0].Result.Sequence, err}
		}
		return err
	})
	if err == nil {
		r.position, r.moved = to, time.Now()
	}
	return err
}

// note keeps why the cursor stands. That it could not be kept is no reason to stop: the failure comes again.
func (r *run) note(ctx context.Context, problem error) {
	if problem == nil {
		return
	}
	text := []rune(problem.Error())
	_ = r.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, r.db.Rebind(`UPDATE feed_cursor SET attempts = attempts + 1, problem = ?, changed = ?
			WHERE tenant = ? AND ledger = ? AND name = ? AND epoch = ?`), string(text[:min(len(text), maxProblem)]), r.clock.Now().UnixMicro(),
			r.who.Tenant[:], r.who.Ledger[:], r.who.Name, int64(r.epoch))
		return err
	})
}
