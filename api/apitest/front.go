package apitest

import (
	"context"
	"database/sql"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/ops"
)

// A front of one kind of order and one action, as small as they can be.

var kind = order.Kind{
	Code: "errand", Title: "Errand", By: []string{"client", "staff"}, First: "asked", States: []string{"asked", "done", "dropped"}, Ends: []string{"done", "dropped"},
	Transitions: []order.Transition{
		{Name: "finish", From: []string{"asked"}, To: "done", By: []string{"staff"}},
		{Name: "drop", From: []string{"asked"}, To: "dropped", By: []string{"client", "staff"}, Reason: true},
	},
}

// Action is what may be proposed at a site: whoever decides anything decides about up to 10,000.00 CNY. It keeps nothing:
// the proposal says it all.
const Action = "fee"

var most = map[string]int64{"CNY": 1_000_000}

var action = ops.Action{
	Rule: ops.Rule{Life: 24 * time.Hour, Levels: []ops.Level{
		{Role: "operations", Most: most}, {Role: "finance", Most: most}, {Role: "risk", Most: most}, {Role: "compliance", Most: most},
	}},
	Keep: func(context.Context, *sql.Tx, *ops.Proposal) error { return nil },
}
