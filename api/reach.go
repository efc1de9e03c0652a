package api

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Reach says whether the caller may do something in a ledger. What is not his tenant's is not there.
func Reach(ctx context.Context, name string, need right.Right) error {
	p := &CallOf(ctx).Principal
	if !p.Reaches(name) {
		return noLedger(name)
	}
	return Need(ctx, need)
}

func noLedger(name string) error { return errs.NotFound.Errorf("there is no ledger %q", name) }

// Need says whether the caller has a right.
func Need(ctx context.Context, need right.Right) error {
	if CallOf(ctx).Principal.Rights.Has(need) {
		return nil
	}
	return errs.Forbidden.Errorf("it needs the right %s, which no role of yours gives; ask an administrator of your tenant", need)
}

// Admit says whether the caller may send a command, and fills in who commands. What the sequencer alone may write is
// refused with the command's form, so nobody gets that far.
func Admit(ctx context.Context, c *ledger.Command) error {
	// These stand alone in their command, or it is refused for its form.
	if len(c.Operations) == 1 && c.Operations[0] != nil {
		switch c.Operations[0].Kind() {
		case ledger.KindUpgrade: // changes what the program does in that ledger, for good
			if !CallOf(ctx).Principal.Operator {
				return errs.Forbidden.Errorf("is for the operator of the platform, who has the token in the node's data folder").On("operations[0].upgrade")
			}
		case ledger.KindAdvance:
			if err := Need(ctx, right.JobRetry); err != nil {
				return errs.Of(err).On("operations[0].advance")
			}
			if err := purpose(&CallOf(ctx).Principal, c); err != nil {
				return err
			}
			return act(&CallOf(ctx).Principal, c)
		}
	}
	if err := Need(ctx, right.LedgerWrite); err != nil {
		return err
	}
	if err := purpose(&CallOf(ctx).Principal, c); err != nil {
		return err
	}
	return act(&CallOf(ctx).Principal, c)
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
	for i, r := range c.References {
		if r.Type >= plan.FirstReference {
			return errs.Forbidden.Errorf("types from %d on are the platform's own, by which it knows again what it did", plan.FirstReference).On(fmt.Sprintf("references[%d].type", i))
		}
	}
	return nil
}
