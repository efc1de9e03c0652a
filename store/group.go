package store

import (
	"context"
	"database/sql"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
)

// maxTogether is how many writes share a transaction.
const maxTogether = 64

// write is somebody's part of a transaction.
type write struct {
	do       func(*sql.Tx) error
	err      error
	panicked *panicked
	done     chan struct{} // closed when it is committed or refused
}

// writes lets those who wait for SQLite's one writer commit together: a commit costs the disk a sync, whatever is in it.
// Whoever has the turn also does what the others wait with, each behind a savepoint, so that it is refused alone.
type writes struct {
	turn chan struct{} // has room for the one who writes

	mu      sync.Mutex
	waiting []*write
}

// join waits for the turn. Without it, and without an error, the write was done by somebody who had it.
func (q *writes) join(ctx context.Context, w *write) (turn bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	q.mu.Lock()
	q.waiting = append(q.waiting, w)
	q.mu.Unlock()
	select {
	case <-w.done:
		return false, nil
	case q.turn <- struct{}{}:
		return true, nil
	case <-ctx.Done():
	}
	q.mu.Lock()
	i := slices.Index(q.waiting, w)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	q.mu.Unlock()
	if i >= 0 {
		return false, ctx.Err()
	}
	<-w.done // it is being written
	return false, nil
}

// take gives what waits, in its order.
func (q *writes) take() []*write {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := min(len(q.waiting), maxTogether)
	list := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return list
}

// over says whether a write was committed or refused.
func (w *write) over() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// writeTogether is Write on SQLite.
func (db *DB) writeTogether(ctx context.Context, f func(*sql.Tx) error) error {
	w := &write{do: f, done: make(chan struct{})}
	turn, err := db.writes.join(ctx, w)
	if err != nil {
		return fmt.Errorf("begin transaction on %s: %w", db.name, err)
	}
	if turn {
		defer func() { <-db.writes.turn }()
		for !w.over() {
			db.together(ctx, db.writes.take())
		}
	}
	if w.panicked != nil {
		panic(w.panicked)
	}
	return w.err
}

// brokenError is the error of writes that were taken back because of another one: nothing was changed. It is a text,
// since what happened to the other one is no error of theirs.
type brokenError struct{ why string }

func (e *brokenError) Error() string {
	return "the transaction was taken back in which others wrote too: " + e.why
}

// together does writes in one transaction. One that stands alone is of the one who has the turn and needs no savepoint.
func (db *DB) together(ctx context.Context, list []*write) {
	var broken error = &brokenError{"one of them did not return"}
	whole := false
	defer func() {
		for _, w := range list {
			if !whole && w.err == nil {
				w.err = broken
			}
			close(w.done)
		}
	}()
	if len(list) == 1 {
		list[0].err = db.writeAlone(ctx, list[0].do)
		whole = true
		return
	}
	err := db.writeAlone(context.WithoutCancel(ctx), func(tx *sql.Tx) error {
		for _, w := range list {
			if err := w.behindSavepoint(tx); err != nil {
				return &brokenError{err.Error()}
			}
		}
		return nil
	})
	if whole = err == nil; !whole {
		broken = err
	}
}

// behindSavepoint does one write. Its own error is kept with it and takes nothing else back; the error that is returned
// is one of the transaction.
func (w *write) behindSavepoint(tx *sql.Tx) error {
	if _, err := tx.Exec("SAVEPOINT part"); err != nil {
		return err
	}
	if w.err = w.try(tx); w.err != nil {
		if _, err := tx.Exec("ROLLBACK TO part"); err != nil {
			return err
		}
	}
	_, err := tx.Exec("RELEASE part")
	return err
}

// panicked is what a write panicked with while somebody else had the turn: its own caller panics with it.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// try does the write; a panic of it is an error here.
func (w *write) try(tx *sql.Tx) (err error) {
	defer func() {
		if value := recover(); value != nil {
			w.panicked = &panicked{value, debug.Stack()}
			err = w.panicked
		}
	}()
	return w.do(tx)
}
