package market

import (
	"context"
	"sync"

	"github.com/longmen/longmen/kit/errs"
)

// maxTurns is how many may wait for the same turn.
const maxTurns = 64

// turns lets one act at a time happen under a name: what an act has looked at holds until it is done, because nobody
// else changes it meanwhile.
type turns struct {
	mu   sync.Mutex
	open map[turn]*queue
}

type turn struct{ register, account string }

// queue is who has the turn and who waits for it.
type queue struct {
	free    chan struct{} // holds one token while nobody has the turn
	holders int
}

// take waits for a turn and gives what returns it.
func (t *turns) take(ctx context.Context, name turn) (func(), error) {
	t.mu.Lock()
	q := t.open[name]
	if q == nil {
		q = &queue{free: make(chan struct{}, 1)}
		q.free <- struct{}{}
		if t.open == nil {
			t.open = map[turn]*queue{}
		}
		t.open[name] = q
	}
	if q.holders >= maxTurns {
		t.mu.Unlock()
		return nil, errs.Overloaded.Errorf("%d bids of one investor on one listing wait", maxTurns)
	}
	q.holders++
	t.mu.Unlock()
	select {
	case <-q.free:
		return func() { q.free <- struct{}{}; t.leave(name, q) }, nil
	case <-ctx.Done():
		t.leave(name, q)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(name turn, q *queue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.holders--; q.holders == 0 {
		delete(t.open, name)
	}
}
