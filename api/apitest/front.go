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

const actionName = "fee"

// The action is allowed to the role operations, and keeps nothing: the proposal says it all.
var action = ops.Action{
	Rule: ops.Rule{Life: 24 * time.Hour, Levels: []ops.Level{{Role: "operations", Most: map[string]int64{"": 0, "CNY": 1_000_000}}}},
	Keep: func(context.Context, *sql.Tx, *ops.Proposal) error { return nil },
}
