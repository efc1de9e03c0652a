package repayment

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// Repayments are the orders that repayments are.
type Repayments struct {
	Orders *order.Orders
}

// Keep makes orders of events that are kept together, in the transaction that keeps them.
func (r *Repayments) Keep(ctx context.Context, tx *sql.Tx, list []servicing.Kept) error {
	writes := map[id.ID][]order.Happened{}
	for i := range list {
		tenant := list[i].Loan.Tenant
		for _, w := range of(&list[i]) {
			writes[tenant] = append(writes[tenant], order.Happened{At: list[i].Event.At, Write: w})
		}
	}
	// Everybody locks tenants in this order, so nobody waits for one who waits for him.
	for _, tenant := range slices.SortedFunc(maps.Keys(writes), func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) }) {
		if err := r.Orders.Keep(ctx, tx, tenant, writes[tenant]...); err != nil {
			return err
		}
	}
	return nil
}

// of is what an event does to orders.
func of(k *servicing.Kept) []order.Write {
	e := k.Event
	switch {
	case e.Kind == servicing.Repaid && e.Asked == 0:
		return nil // from the credit account, and nobody asked for it
	case e.Kind == servicing.Repaid || e.Kind == servicing.Settled:
		return []order.Write{opened(k), ended(k)}
	case e.Kind == servicing.Reversed && e.Outcome == servicing.Applied:
		// Of anything else there is no such order.
		return []order.Write{&order.Change{
			ID: e.ID.Derive("reverse", 0), Order: e.Of, Kind: KindCode, Version: 2, Transition: reverse,
			Act: act(k, e.Of, roleOfficer),
		}}
	}
	return nil
}

func act(k *servicing.Kept, own id.ID, role string) order.Act {
	e := k.Event
	return order.Act{
		Actor: order.ActorOf(e.Actor, own), Behalf: e.Behalf, Role: role, Approval: e.Approval,
		Evidence: order.Evidence{Command: e.Command, Sequence: e.Sequence},
	}
}

func opened(k *servicing.Kept) *order.New {
	e := k.Event
	parties := []order.Party{{Part: PartBorrower, Party: k.Loan.Borrower}}
	if !e.Behalf.IsZero() && e.Behalf != k.Loan.Borrower {
		parties = append(parties, order.Party{Part: PartPayer, Party: e.Behalf})
	}
	attributes, _ := json.Marshal(struct {
		Date string `json:"date"` // from which it counts
	}{e.Date.String()})
	by := act(k, e.ID, RolePayer)
	by.Evidence = order.Evidence{}
	return &order.New{
		ID: e.ID, Kind: KindCode, Act: by, Parties: parties,
		Amounts:    []order.Amount{{Code: "offered", Asset: k.Loan.Asset, Amount: e.Asked}},
		References: []order.Reference{{Type: servicing.ReferenceLoan, Value: k.Loan.Deed.Loan}}, Attributes: attributes,
	}
}

func ended(k *servicing.Kept) *order.Change {
	e := k.Event
	c := &order.Change{
		ID: e.ID.Derive("outcome", 0), Order: e.ID, Kind: KindCode, Version: 1, Transition: count, Act: act(k, e.ID, roleSystem),
		Amounts: []order.Amount{{Code: "taken", Asset: k.Loan.Asset, Amount: e.Given()}},
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
