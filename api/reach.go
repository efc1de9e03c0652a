package api

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Reach says whether the caller may do something in a ledger. What is not his tenant's is not there.
func Reach(ctx context.Context, name string, need right.Right) error {
	p := &CallOf(ctx).Principal
	if !p.Reaches(name) {
		return errs.NotFound.Errorf("there is no ledger %q", name)
	}
	return Need(ctx, need)
}

// Need says whether the caller has a right.
func Need(ctx context.Context, need right.Right) error {
	if CallOf(ctx).Principal.Rights.Has(need) {
		return nil
	}
	return errs.Forbidden.Errorf("it needs the right %s, which no role of yours gives; ask an administrator of your tenant", need)
}

// act fills in who commands, and refuses to let somebody command as another one. The operator may: he carries over what
// others did elsewhere.
func act(p *Principal, c *ledger.Command) error {
	if c.Actor.IsZero() {
		c.Actor = p.ID()
	}
	switch {
	case p.Operator:
		return nil
	case c.Actor != p.ID():
		return errs.Forbidden.Errorf("is somebody else; leave it out, the actor is who calls").On("actor")
	case !c.Behalf.IsZero() && !p.ActsFor(id.ID(c.Behalf)):
		return errs.Forbidden.Errorf("is a party for which you may not act").On("behalf")
	}
	return nil
}
