package api

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
)

// Principal is who calls, as the door found out.
type Principal struct {
	ID   ledger.ID // actor of the commands that name none
	Name string
}

// Tokens finds out who calls.
type Tokens interface {
	// Principal says whose token it is.
	Principal(token string) (*Principal, bool)
}

// Call is what the doors know of a request beside its words.
type Call struct {
	Principal Principal
	Trace     ledger.ID // under which the log knows it; the trace of the commands that name none
}

type callKey struct{}

// WithCall notes it in a request's context.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// CallOf is what was noted, the zero call if nothing was.
func CallOf(ctx context.Context) *Call {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &noCall
}

var noCall Call
