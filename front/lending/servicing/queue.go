package servicing

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
)

// Bounds of the queue.
const (
	maxWaiting = 10_000
	groupSize  = 256
	patience   = 30 * time.Second
)

// refusal is an outcome that changed nothing and leaves the transaction as it is.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

// batch is a transaction that several writes share.
type batch struct {
	tx *sql.Tx
	db *store.DB
}

func (b *batch) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := b.tx.ExecContext(ctx, b.db.Rebind(query), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// write is one caller's part of a transaction: one of the three. Of a loan there is one act at a time.
type write struct {
	key
	begin   *beginning
	confirm *confirmation
	do      func(context.Context, *batch) error
	err     error
	done    chan struct{}
}

// queue commits writes together: those that come while a transaction runs go into the next one. A transaction costs a
// wait for the disk, whatever is in it. One goroutine works while there is something to do.
type queue struct {
	db    *store.DB
	watch []Watch

	mu      sync.Mutex
	waiting []*write
	working bool
}

// submit waits until a write is committed or refused.
func (q *queue) submit(ctx context.Context, w *write) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	w.done = make(chan struct{})
	q.mu.Lock()
	if len(q.waiting) >= maxWaiting {
		q.mu.Unlock()
		return errs.Overloaded.Errorf("%d acts wait to be written", maxWaiting)
	}
	q.waiting = append(q.waiting, w)
	if !q.working {
		q.working = true
		go q.work()
	}
	q.mu.Unlock()
	<-w.done // bounded by twice patience for each group before it and its own
	if r, ok := errors.AsType[*refusal](w.err); ok {
		return r.error
	}
	return w.err
}

func (q *queue) work() {
	for {
		q.mu.Lock()
		n := min(len(q.waiting), groupSize)
		if n == 0 {
			q.working, q.waiting = false, nil
			q.mu.Unlock()
			return
		}
		list := slices.Clone(q.waiting[:n])
		q.waiting = slices.Delete(q.waiting, 0, n)
		q.mu.Unlock()
		q.commit(list)
		for _, w := range list {
			close(w.done)
		}
	}
}

// commit does writes in one transaction. If it was taken back, each is tried alone, so that only the one suffers that is
// to blame; all of them have the time that one transaction has.
func (q *queue) commit(list []*write) {
	// Groups of several nodes come to the same loans in one order, as far as they do the same: who waits, waits mostly for
	// one who does not wait for him. PostgreSQL ends what is left.
	slices.SortStableFunc(list, func(a, b *write) int {
		return cmp.Or(bytes.Compare(a.tenant[:], b.tenant[:]), bytes.Compare(a.loan[:], b.loan[:]))
	})
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	back, err := q.together(ctx, list)
	if err == nil || len(list) == 1 || !back {
		fail(list, err)
		return
	}
	alone, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for i := range list {
		back, err := q.together(alone, list[i:i+1])
		if err != nil && !back {
			fail(list[i:], err)
			return
		}
		fail(list[i:i+1], err)
	}
}

// together does writes in one transaction. If it fails, back says that it was taken back for certain, with time left.
func (q *queue) together(ctx context.Context, list []*write) (back bool, err error) {
	var own error
	err = q.db.Write(ctx, func(tx *sql.Tx) error {
		own = q.all(ctx, &batch{tx: tx, db: q.db}, list)
		return own
	})
	return ctx.Err() == nil && (own != nil || store.OutcomeOf(err) != store.Unknown), err
}

// fail lets callers know of an error, if it is one. What was refused has its own.
func fail(list []*write, err error) {
	if err == nil {
		return
	}
	for _, w := range list {
		w.err = fmt.Errorf("write loans: %w", err)
	}
}

// all does writes: those of a kind together, in their order.
func (q *queue) all(ctx context.Context, b *batch, list []*write) error {
	var begins, confirms []*write
	for _, w := range list {
		switch {
		case w.begin != nil:
			begins = append(begins, w)
		case w.confirm != nil:
			confirms = append(confirms, w)
		default:
			w.err = w.do(ctx, b)
			if _, ok := errors.AsType[*refusal](w.err); w.err != nil && !ok {
				return w.err
			}
		}
	}
	if err := b.begin(ctx, begins); err != nil {
		return fmt.Errorf("write %d acts down: %w", len(begins), err)
	}
	if len(confirms) == 0 {
		return nil
	}
	if err := b.confirm(ctx, confirms, q.watch); err != nil {
		return fmt.Errorf("confirm %d acts, the first %s: %w", len(confirms), confirms[0].confirm.p.event.ID, err)
	}
	return nil
}
