package order

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// pending is a call that waits to be committed.
type pending struct {
	tenant   id.ID
	single   bool // one write, whose fields are named without a place
	happened bool // already: it can't be refused for want of a clock
	writes   []*write
	results  []Result
	err      error
	done     chan struct{} // closed when results or err are there
}

// placed says in a refusal's field which of the writes is meant.
func (p *pending) placed(err error, i int) error {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || p.single {
		return err
	}
	again := *e
	again.Field = at("writes", i, e.Field)
	return &again
}

// patience is how long one transaction may take before its calls hear that nobody knows its outcome.
const patience = 30 * time.Second

// queue commits calls together: those that come while a transaction runs go into the next one. A transaction costs a
// wait for the disk, whatever is in it. One goroutine works while there is something to do.
type queue struct {
	run func(context.Context, []*pending) error

	mu      sync.Mutex
	waiting []*pending
	working bool
}

// submit waits until a call is committed or refused. When the context ends first, a call that was not begun is taken
// back.
func (q *queue) submit(ctx context.Context, p *pending) ([]Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("write orders: %w", err)
	}
	q.mu.Lock()
	if len(q.waiting) >= maxWaiting {
		q.mu.Unlock()
		return nil, errs.Overloaded.Errorf("%d calls wait to write orders", maxWaiting)
	}
	q.waiting = append(q.waiting, p)
	if !q.working {
		q.working = true
		go q.work()
	}
	q.mu.Unlock()
	select {
	case <-p.done:
		return p.results, p.err
	case <-ctx.Done():
	}
	q.mu.Lock()
	i := slices.Index(q.waiting, p)
	if i >= 0 {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
	q.mu.Unlock()
	if i >= 0 {
		return nil, fmt.Errorf("write orders, nothing was begun: %w", ctx.Err())
	}
	return nil, fmt.Errorf("write orders, the outcome is not known, ask again with the same ids: %w", ctx.Err())
}

func (q *queue) work() {
	for {
		calls := q.take()
		if calls == nil {
			return
		}
		q.commit(calls)
		for _, p := range calls {
			close(p.done)
		}
	}
}

// take gives the calls of the next transaction, nil when there are none and the work is over.
func (q *queue) take() []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	n, writes := 0, 0
	for n < len(q.waiting) && (n == 0 || writes+len(q.waiting[n].writes) <= groupSize) {
		writes += len(q.waiting[n].writes)
		n++
	}
	if n == 0 {
		q.working, q.waiting = false, nil
		return nil
	}
	calls := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	return calls
}

// commit does calls in one transaction. If the database refuses it, each is tried alone, so that only the one suffers
// that is to blame.
func (q *queue) commit(calls []*pending) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := q.run(ctx, calls)
	if len(calls) > 1 && store.OutcomeOf(err) == store.Refused {
		for _, p := range calls {
			q.commit([]*pending{p})
		}
		return
	}
	if err != nil {
		for _, p := range calls {
			p.results, p.err = nil, fmt.Errorf("write orders: %w", err)
		}
	}
}
