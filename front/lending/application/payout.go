package application

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
)

// disburse completes the agreement and pays the loan out, then those who earned before.
func (d *Desk) disburse(ctx context.Context, a *Application, p *catalog.Product) error {
	if err := d.Papers.Completed(ctx, a, p); err != nil {
		return err
	}
	deed, before, err := d.deed(ctx, a)
	if err != nil {
		return err
	}
	start, err := startOf(&deed)
	if err != nil {
		return err
	}
	waiting, kept, err := d.waiting(ctx, a, p, start)
	if err != nil {
		return err
	}
	if p.Start.PaidBy == catalog.PlatformPays {
		kept = 0
	}
	e, err := d.payOut(ctx, a, p, &deed, before, kept)
	if err != nil {
		return err
	}
	if err := d.payWaiting(ctx, a, p, waiting); err != nil {
		return err
	}
	c := change(a, disburse, "")
	c.Evidence = order.Evidence{Command: e.Command, Sequence: e.Sequence}
	c.References = []order.Reference{{Type: servicing.ReferenceLoan, Value: a.Loan()}}
	_, err = d.Orders.Change(ctx, a.Tenant, c)
	return err
}

// deed is what was agreed: as it was written down if it is paid out, or else as of the ledger's day, from which it bears
// interest. What happened before is told with it.
func (d *Desk) deed(ctx context.Context, a *Application) (servicing.Deed, []servicing.Event, error) {
	var before []servicing.Event
	switch l, err := d.Loans.Get(ctx, a.Tenant, a.Loan()); {
	case err == nil && slices.ContainsFunc(l.Events, paidOut):
		return l.Deed, l.Events, nil
	case err == nil:
		before = l.Events
	case !errs.Is(err, errs.NotFound):
		return servicing.Deed{}, nil, err
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return servicing.Deed{}, nil, err
	}
	t := a.terms(a.Raised, a.Offer.Grade, dateOf(now))
	t.Part, t.Guarantors = a.Raised < a.Offer.Amount, a.Guarantors
	terms, err := json.Marshal(t)
	return servicing.Deed{
		Tenant: a.Tenant, Loan: a.Loan(), Ledger: a.Ledger, Asset: a.Asset, Borrower: a.Borrower, Product: a.Product, Version: a.Words.Version, Terms: terms,
		Places: servicing.Places{
			Register: a.Register(), Payer: market.Cash(a.Borrower), Credit: address(a.Loan(), "credit"),
			Platform: Place(a.Asset, "fees"), Reserve: Place(a.Asset, "reserve"), Guarantee: Place(a.Asset, "guarantee"), Cover: Place(a.Asset, "cover"),
			Lost: Place(a.Asset, "lost"), Contra: Place(a.Asset, "contra"),
		},
	}, before, err
}

func paidOut(e servicing.Event) bool {
	return e.Kind == servicing.Disbursed && e.Outcome == servicing.Applied
}

func startOf(deed *servicing.Deed) (day.Date, error) {
	var t agreement.Terms
	err := json.Unmarshal(deed.Terms, &t)
	return t.Start, err
}

// payOut pays the loan out, once. What the ledger refused is tried anew, under another id.
func (d *Desk) payOut(ctx context.Context, a *Application, p *catalog.Product, deed *servicing.Deed, before []servicing.Event, kept int64) (servicing.Event, error) {
	if i := slices.IndexFunc(before, paidOut); i >= 0 {
		return before[i], nil
	}
	operations, err := payout(a, p, kept)
	if err != nil {
		return servicing.Event{}, err
	}
	e, err := d.Loans.Disburse(ctx, *deed, servicing.Disbursement{
		ID: a.ID.Derive("disbursement", uint64(len(before))), Amount: a.Raised, Actor: a.CreatedBy, Operations: operations,
	})
	if err == nil && e.Outcome != servicing.Applied {
		err = errs.Conflict.Errorf("the ledger does not pay the loan out: %s", e.Outcome)
	}
	return e, err
}

// payout moves what was raised: fees to their receivers, the rest to the borrower's cash, but for what is kept for those
// who earned before.
func payout(a *Application, p *catalog.Product, kept int64) ([]ledger.Operation, error) {
	rest, fees, err := catalog.Payout(p, a.Raised)
	if err != nil {
		return nil, err
	}
	if kept >= rest {
		return nil, errs.Conflict.Errorf("interest before the payout, %d, leaves nothing of the %d to pay out", kept, rest)
	}
	var list []ledger.Operation
	move := func(to string, x int64) {
		if x > 0 {
			list = append(list, &ledger.Transfer{Debit: address(a.Loan(), "funds"), Credit: to, Mode: ledger.Exact, Amount: x})
		}
	}
	for _, f := range fees {
		parts, err := catalog.Divide(f.Amount, f.Fee.Shares, catalog.ToPlatform)
		if err != nil {
			return nil, err
		}
		for _, x := range parts {
			to := Place(a.Asset, "fees")
			switch x.To {
			case catalog.ToReserve:
				to = Place(a.Asset, "reserve")
			case catalog.ToGuarantors:
				to = Place(a.Asset, "guarantee")
			}
			move(to, x.Amount)
		}
	}
	move(market.Cash(a.Borrower), rest-kept)
	return list, nil
}
