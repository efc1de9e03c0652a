package market

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
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

// allocating stands in a turn for the register, with a ledger's name for the account: of who looks at its mandates.
const allocating = "mandates"

// turnsOf are the turns that a bid needs, in the order in which they are taken. Rules and caps count what an investor holds
// in all: he bids on one listing at a time.
func turnsOf(l *Listing, investor id.ID) []turn {
	return []turn{{"", Cash(investor)}, {l.Register, Cash(investor)}}
}

// Turn lets who buys claims act while nobody else bids or buys for an investor: what the rules have counted holds until
// he leaves.
func (m *Market) Turn(ctx context.Context, investor id.ID) (leave func(), err error) {
	return m.turns.take(ctx, turn{"", Cash(investor)})
}

// takeAll takes turns in the order of their names, in which everybody takes them: two never wait for each other. When too
// many wait for one, it says for which.
func (t *turns) takeAll(ctx context.Context, names []turn) (leave func(), full turn, err error) {
	slices.SortFunc(names, func(a, b turn) int {
		return cmp.Or(strings.Compare(a.register, b.register), strings.Compare(a.account, b.account))
	})
	var taken []func()
	leave = func() {
		for _, one := range taken {
			one()
		}
	}
	for _, name := range slices.Compact(names) {
		one, err := t.take(ctx, name)
		if err != nil {
			leave()
			return nil, name, err
		}
		taken = append(taken, one)
	}
	return leave, turn{}, nil
}

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
		return nil, errs.Overloaded.Errorf("%d bids of one investor wait", maxTurns)
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
