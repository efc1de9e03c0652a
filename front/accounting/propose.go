package accounting

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Office is where proposals are made and approved.
type Office interface {
	Propose(ctx context.Context, p ops.Proposal) (ops.Proposal, error)
	Get(ctx context.Context, tenant, proposal id.ID) (ops.Proposal, error)
}

// Draft is who proposes and why.
type Draft struct {
	Tenant   id.ID
	Proposal id.ID // made by the proposer's client
	Proposer id.ID // principal
	Reason   string
}

// subject is the same for all proposals about one thing.
func subject(of string) (s id.ID) {
	sum := sha256.Sum256([]byte("accounting " + of))
	copy(s[:], sum[:])
	return s
}

// ProposeChart proposes a chart. The same again gives the proposal as it stands.
func (a *Accounting) ProposeChart(ctx context.Context, office Office, d Draft, c *Chart) (ops.Proposal, error) {
	if err := c.check(); err != nil {
		return ops.Proposal{}, err
	}
	return d.propose(ctx, office, ActionChart, "chart", c, func() ([]byte, error) {
		newest, found, err := a.newestChart(ctx, a.db.Reader(), d.Tenant)
		if err != nil || !found {
			return nil, err
		}
		if err := a.follows(ctx, d.Tenant, c, &newest); err != nil {
			return nil, err
		}
		return write(newest)
	})
}

// ProposeClosing proposes to close a ledger's books through a day. The same again gives the proposal as it stands.
func (a *Accounting) ProposeClosing(ctx context.Context, office Office, d Draft, c *Closing) (ops.Proposal, error) {
	stand, err := a.ledgers.Stand(ctx, c.Ledger)
	if err != nil {
		return ops.Proposal{}, err
	}
	return d.propose(ctx, office, ActionClose, "period of "+c.Ledger, c, func() ([]byte, error) {
		through, err := a.through(ctx, a.db.Reader(), d.Tenant, c.Ledger)
		if err != nil {
			return nil, err
		}
		if err := c.check(through, stand.Today); err != nil || through == 0 {
			return nil, err
		}
		return write(Closing{Ledger: c.Ledger, Through: Date(through)})
	})
}

// propose makes a proposal of a document. was is asked for what it replaces, if it is not there already.
func (d *Draft) propose(ctx context.Context, office Office, action, about string, document any, was func() ([]byte, error)) (ops.Proposal, error) {
	becomes, err := write(document)
	if err != nil {
		return ops.Proposal{}, err
	}
	there, err := office.Get(ctx, d.Tenant, d.Proposal)
	if err == nil && there.Action == action && bytes.Equal(there.Becomes, becomes) && there.Reason == d.Reason && there.Proposer == d.Proposer {
		return there, nil // though what it replaces may be another one by now
	}
	if err != nil && !errs.Is(err, errs.NotFound) {
		return ops.Proposal{}, err
	}
	p := ops.Proposal{
		Tenant: d.Tenant, ID: d.Proposal, Action: action, Subject: subject(about), Becomes: becomes, Reason: d.Reason, Proposer: d.Proposer,
	}
	if p.Was, err = was(); err != nil {
		return ops.Proposal{}, err
	}
	return office.Propose(ctx, p)
}

func write(document any) ([]byte, error) {
	b, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("write proposal: %w", err)
	}
	return b, nil
}

// follows refuses a chart that would change a figure that was told: one holds from a day to come, also by the clocks of
// all ledgers of the tenant.
func (a *Accounting) follows(ctx context.Context, tenant id.ID, c, newest *Chart) error {
	today := ledger.DateOf(a.clock.Now())
	t, err := a.tenants.Tenant(ctx, tenant)
	if err != nil {
		return err
	}
	for _, name := range t.Ledgers {
		stand, err := a.ledgers.Stand(ctx, name)
		if errs.Is(err, errs.NotFound) {
			continue // named, but not made: nothing of it was told
		}
		if err != nil {
			return err
		}
		today = max(today, stand.Today)
	}
	if ledger.Date(c.From) > today && c.From > newest.From {
		return nil
	}
	return errs.Conflict.Errorf("%v: a further chart holds from a day after today, %v, and after that of the one before, %v, on", c.From, today, newest.From).On("from")
}

// check refuses to close what is closed, or is not over by the ledger's clock.
func (c *Closing) check(closed, today ledger.Date) error {
	switch through := ledger.Date(c.Through); {
	case through <= closed:
		return errs.Conflict.Errorf("%v: the books are closed through %v already", c.Through, closed).On("through")
	case through >= today:
		return errs.Conflict.Errorf("%v is not over yet: it is %v by the ledger's clock", c.Through, today).On("through")
	}
	return nil
}
