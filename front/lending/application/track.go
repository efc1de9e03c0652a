package application

import (
	"context"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/id"
)

// Stay is how long an application was in a state.
type Stay struct {
	State   string
	Since   int64 // microseconds since 1970
	Seconds int64
}

// Track tells where an application waited, from its steps, and how many seconds it took until it was paid out, -1 as
// long as it is not. The last state counts until now.
func Track(steps []order.Step, now int64) (stays []Stay, payout int64) {
	payout = -1
	for i := range steps {
		until := max(now, steps[i].At)
		if i+1 < len(steps) {
			until = steps[i+1].At
		}
		stays = append(stays, Stay{State: steps[i].To, Since: steps[i].At, Seconds: (until - steps[i].At) / 1_000_000})
		if steps[i].Transition == disburse {
			payout = (steps[i].At - steps[0].At) / 1_000_000
		}
	}
	return stays, payout
}

// VerdictOf is what a step decided, 0 for one that decided nothing.
func VerdictOf(s *order.Step) Verdict {
	switch s.Transition {
	case offer, approve:
		return Accept
	case refer:
		return Refer
	case refuse, decline:
		return Decline
	}
	return 0
}

// List gives a page of a tenant's applications.
func (d *Desk) List(ctx context.Context, tenant id.ID, f order.Filter, page order.Page) ([]*Application, order.Found, error) {
	f.Kind = Kind
	found, err := d.Orders.List(ctx, tenant, f, page)
	if err != nil {
		return nil, found, err
	}
	list := make([]*Application, len(found.Orders))
	for i := range found.Orders {
		if list[i], err = read(&found.Orders[i]); err != nil {
			return nil, found, err
		}
	}
	return list, found, nil
}
