package servicing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// ServiceKind is the kind of the planned events by which what waits for an account is paid.
const ServiceKind = "loan-payouts"

// Concerns tells whether a command of a tenant's ledger brought money to an account for which loans may wait.
func (s *Servicing) Concerns(tenant id.ID, book string, c *ledger.Command, r *ledger.Result) bool {
	return r.Code == ledger.Applied && slices.ContainsFunc(c.Operations, func(o ledger.Operation) bool {
		t, ok := o.(*ledger.Transfer)
		return ok && s.lines.waits(tenant, book, t.Credit)
	})
}

// Follow plans that what waits is paid, when a command of a tenant's ledger brings money to an account for which loans
// wait. Ids of commands are a ledger's own, so what follows from them is named by the ledger too. The caller calls it once
// for each command that concerns it, in the transaction in which it also moves its cursor. Money that came before it was
// known that somebody waits is seen by who makes him wait: see Cover.
func (s *Servicing) Follow(ctx context.Context, tx *sql.Tx, p *plan.Plan, tenant id.ID, book string, c *ledger.Command, r *ledger.Result) error {
	if !s.Concerns(tenant, book, c, r) {
		return nil
	}
	for i, o := range c.Operations {
		t, ok := o.(*ledger.Transfer)
		if !ok || !s.lines.waits(tenant, book, t.Credit) {
			continue
		}
		content, err := json.Marshal(Service{Ledger: book, Account: t.Credit})
		if err != nil {
			return err
		}
		if err := p.AddIn(ctx, tx, plan.Event{
			Tenant: tenant, ID: id.ID(c.ID).Derive("lending.service "+book, uint64(i)), Ledger: book, Due: int64(r.Timestamp), Kind: ServiceKind, Content: content,
		}); err != nil {
			return err
		}
	}
	return nil
}

// Paid is the handler of the planned events of ServiceKind.
func (s *Servicing) Paid(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	var v Service
	if err := json.Unmarshal(e.Content, &v); err != nil {
		return nil, plan.Permanent(fmt.Errorf("read whose money is divided: %w", err))
	}
	v.ID = e.ID
	_, err := s.Serve(ctx, e.Tenant, v)
	if errs.Is(err, WrongState) {
		err = plan.Permanent(err)
	}
	return nil, err
}
