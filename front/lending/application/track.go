package application

import "github.com/longmen/longmen/core/order"

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
		until := now
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
