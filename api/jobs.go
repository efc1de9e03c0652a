package api

import (
	"context"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/kit/id"
)

// Jobs tells what planned events did, and what simulators were given.
type Jobs interface {
	// Caused lists the commands that an event caused, in their order.
	Caused(ctx context.Context, ledger string, event id.ID, limit int) ([]Recorded, error)
	// Simulated lists what the simulator of a channel was given last, newest first; errs.NotFound if there is none.
	Simulated(channel string, limit int) ([]notice.Message, error)
}
