package api

import (
	"context"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Principal is who calls, as the door found out: in which tenant, for which party, with which rights. The operator has
// the data folder's token: he may do everything, in the tenant that he names or in none.
type Principal struct {
	party.Access
	Operator bool
	Party    id.ID // for which he acts, none if he names none and has no grant for his own
	Rights   right.Set
	Ledgers  []string // of the tenant that the operator names
}

// ID is the actor of the commands that name none.
func (p *Principal) ID() ledger.ID { return ledger.ID(p.Principal) }

// Reaches says whether the ledger is one of those the principal may know of.
func (p *Principal) Reaches(ledger string) bool {
	if p.Operator {
		return p.Tenant.IsZero() || slices.Contains(p.Ledgers, ledger)
	}
	return p.Owns(ledger)
}

// MayActFor says whether he may act for the party.
func (p *Principal) MayActFor(party id.ID) bool { return p.Operator || p.ActsFor(party) }

// By is the principal as the one who does something.
func (p *Principal) By() party.By { return party.By{Tenant: p.Tenant, Actor: p.Access.Principal} }

// Credentials are what a request shows.
type Credentials struct {
	Token  string
	Tenant string // name; the operator's alone
	Party  string // id of the party to act for
}

// Callers finds out who calls.
type Callers interface {
	// Caller fills in who shows these credentials. Errors are of the catalogue: errs.Unauthenticated and the like,
	// errs.Forbidden for a tenant or party that he may not name.
	Caller(ctx context.Context, c Credentials, to *Principal) error
}

// Call is what the doors know of a request beside its words.
type Call struct {
	Principal Principal
	Trace     ledger.ID // under which the log knows it; the trace of the commands that name none
	// Again says whether the caller is still let in; a stream asks it before each message. nil elsewhere.
	Again func() error
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
