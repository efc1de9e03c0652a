package repayment

import (
	"context"
	"database/sql"
	"encoding/json"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// Repayments are the orders that repayments are.
type Repayments struct {
	Orders *order.Orders
}

// Happened is what an event of a loan does to orders, for Keep.
func (r *Repayments) Happened(_ context.Context, l *servicing.Loan, e *servicing.Event, _ servicing.State) ([]*order.Prepared, error) {
	k := &kept{l, e}
	switch {
	case e.Kind == servicing.Repaid && e.Asked == 0:
		return nil, nil // from the credit account, and nobody asked for it
	case e.Kind == servicing.Repaid || e.Kind == servicing.Settled:
		return r.Orders.Prepare(l.Tenant, order.Happened{At: e.At, Write: k.opened()}, order.Happened{At: e.At, Write: k.ended()})
	case e.Kind == servicing.Reversed && e.Outcome == servicing.Applied:
		// Of anything else there is no such order.
		return r.Orders.Prepare(l.Tenant, order.Happened{At: e.At, Write: &order.Change{
			ID: e.ID.Derive("reverse", 0), Order: e.Of, Kind: KindCode, Version: 2, Transition: reverse, Act: k.act(e.Of, roleOfficer),
		}})
	}
	return nil, nil
}

// Keep makes orders of events, in the transaction that keeps them. Nobody else writes orders of their tenants from then on
// until it ends: it comes last.
func (r *Repayments) Keep(ctx context.Context, tx *sql.Tx, list []*order.Prepared) error {
	return r.Orders.KeepPrepared(ctx, tx, list...)
}

// kept is an event that is kept, with the loan as it leaves it.
type kept struct {
	loan  *servicing.Loan
	event *servicing.Event
}

func (k *kept) act(own id.ID, role string) order.Act {
	e := k.event
	return order.Act{
		Actor: order.ActorOf(e.Actor, own), Behalf: e.Behalf, Role: role, Approval: e.Approval,
		Evidence: order.Evidence{Command: e.Command, Sequence: e.Sequence},
	}
}

func (k *kept) opened() *order.New {
	e := k.event
	parties := []order.Party{{Part: PartBorrower, Party: k.loan.Borrower}}
	if !e.Behalf.IsZero() && e.Behalf != k.loan.Borrower {
		parties = append(parties, order.Party{Part: PartPayer, Party: e.Behalf})
	}
	attributes, _ := json.Marshal(struct {
		Date string `json:"date"` // from which it counts
	}{e.Date.String()})
	by := k.act(e.ID, RolePayer)
	by.Evidence = order.Evidence{}
	return &order.New{
		ID: e.ID, Kind: KindCode, Act: by, Parties: parties,
		Amounts:    []order.Amount{{Code: "offered", Asset: k.loan.Asset, Amount: e.Asked}},
		References: []order.Reference{{Type: servicing.ReferenceLoan, Value: k.loan.Deed.Loan}}, Attributes: attributes,
	}
}

func (k *kept) ended() *order.Change {
	e := k.event
	c := &order.Change{
		ID: e.ID.Derive("outcome", 0), Order: e.ID, Kind: KindCode, Version: 1, Transition: count, Act: k.act(e.ID, roleSystem),
		Amounts: []order.Amount{{Code: "taken", Asset: k.loan.Asset, Amount: e.Given()}},
	}
	switch e.Outcome {
	case servicing.Applied:
	case servicing.Suspected:
		c.Transition, c.Amounts = suspect, nil
	default:
		c.Transition, c.Reason, c.Amounts = refuse, string(e.Outcome), nil
	}
	return c
}
