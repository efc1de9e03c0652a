package application

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// change is a step by the system. Its id follows from the order and the version that it changes, so it is done once.
func change(a *Application, transition, reason string) order.Change {
	return order.Change{
		ID: a.ID.Derive(transition, uint64(a.Order.Version)), Order: a.ID, Version: a.Order.Version, Transition: transition,
		Act: order.Act{Actor: a.CreatedBy, Role: System, Reason: reason},
	}
}

func (d *Desk) planAt(ctx context.Context, tx *sql.Tx, a *Application, label string, due int64) error {
	return d.Plan.AddIn(ctx, tx, plan.Event{
		Tenant: a.Tenant, ID: a.ID.Derive("after "+label, uint64(a.Order.Version)), Ledger: a.Ledger, Due: due, Kind: EventKind, Subject: a.ID,
	})
}

func (d *Desk) complete(ctx context.Context, a *Application, p *catalog.Product) (bool, error) {
	missing, err := d.Papers.Missing(ctx, a, p)
	if err != nil || len(missing) > 0 {
		return false, err
	}
	return true, d.push(ctx, a, change(a, complete, ""), atOnce)
}

func (d *Desk) decide(ctx context.Context, a *Application, p *catalog.Product) error {
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	x, err := d.Decider.Decide(ctx, a, p, func(grade string) (*Offer, error) {
		return d.quote(ctx, a.Tenant, p, &a.Words, a.Asked, grade, dateOf(now))
	})
	if err != nil {
		return err
	}
	words := a.Words
	words.Failed, words.Known = x.Failed, x.Known
	if x.Verdict == Accept {
		with := *a
		with.Words = words
		offered, err := d.offer(ctx, a.Tenant, &with, &x)
		if err != nil {
			return err
		}
		return d.keep(ctx, a, change(a, offer, ""), offered)
	}
	transition := refuse
	if x.Verdict == Refer {
		transition = refer
	}
	c := change(a, transition, x.Reason)
	if c.Attributes, err = json.Marshal(&words); err != nil {
		return err
	}
	_, err = d.Orders.Change(ctx, a.Tenant, c)
	return err
}

// offer works out what a decision offers, with the contract that it comes to.
func (d *Desk) offer(ctx context.Context, tenant id.ID, a *Application, x *Decision) (*Words, error) {
	if x.Amount < 1 || x.Amount > a.Asked {
		return nil, errs.Invalid.Errorf("%d, take at most the %d that was asked for", x.Amount, a.Asked).On("amount")
	}
	p, err := d.Products.Product(ctx, tenant, a.Product, a.Words.Version)
	if err != nil {
		return nil, err
	}
	if err := p.Refusal(); err != nil {
		return nil, err // before anybody signs or funds what can't be paid out
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return nil, err
	}
	words := a.Words
	if words.Offer, err = d.quote(ctx, tenant, p, &words, x.Amount, x.Grade, dateOf(now)); err != nil {
		return nil, err
	}
	words.Offer.Expires = now.Add(offerLife).UnixMicro()
	with := *a
	with.Words = words
	digest, err := d.Papers.Contract(ctx, &with, p)
	words.Contract = hex.EncodeToString(digest[:])
	return &words, err
}

// signOrExpire goes on with what the borrower has signed, as after a node that ended between his signature and its step, or ends
// an offer whose time is over.
func (d *Desk) signOrExpire(ctx context.Context, a *Application) (bool, error) {
	at, err := d.SignedAt(ctx, a, a.Borrower)
	if err != nil {
		return false, err
	}
	if at > 0 {
		return true, d.signed(ctx, a, change(a, signIt, "").ID, order.Act{Actor: a.CreatedBy, Behalf: a.Borrower, Role: Borrower})
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil || now.UnixMicro() < a.Offer.Expires {
		return false, err
	}
	_, err = d.Orders.Change(ctx, a.Tenant, change(a, expire, ""))
	return true, err
}

// Settled is told by the market what became of a listing, in the transaction in which that is noted. Listings that no
// application opened are no concern of ours.
func (d *Desk) Settled(ctx context.Context, tx *sql.Tx, l *market.Listing) error {
	a, err := d.Get(ctx, l.Tenant, l.ID)
	if errs.Is(err, errs.NotFound) || err == nil && a.State != Listed {
		return nil
	}
	if err != nil {
		return err
	}
	c := change(a, fail, "")
	if l.State == market.Funded {
		c = change(a, fund, "")
		c.Amounts = []order.Amount{{Code: Raised, Asset: l.Asset, Amount: l.Raised}}
		if err := d.planAt(ctx, tx, a, fund, atOnce); err != nil {
			return err
		}
		if err := d.tellFunded(ctx, tx, a, l); err != nil {
			return err
		}
	}
	_, err = d.Orders.Within(ctx, tx, a.Tenant, c)
	if errs.Is(err, order.IDTaken) || errs.Is(err, order.WrongState) {
		return nil // trying again would never do, and the market goes on
	}
	return err
}

// tellFunded tells the borrower that his listing is funded.
func (d *Desk) tellFunded(ctx context.Context, tx *sql.Tx, a *Application, l *market.Listing) error {
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	scale := uint8(0)
	if err := d.Ledgers.View(ctx, a.Ledger, func(e *ledger.Engine) {
		for _, x := range e.Assets() {
			if x.Code == l.Asset {
				scale = x.Scale
			}
		}
	}); err != nil {
		return err
	}
	data, err := json.Marshal(map[string]any{
		"listing": reminder.Name(a.Loan()), "amount": message.Money{Asset: l.Asset, Minor: l.Raised, Scale: scale}, "date": dateOf(now).String(),
	})
	if err != nil {
		return err
	}
	return d.Notices.Tell(ctx, tx, notice.Notice{
		Tenant: a.Tenant, ID: a.ID.Derive("notice funded", 0), Ledger: a.Ledger, At: atOnce, Party: a.Borrower, Kind: message.Funding, Data: data, Reachable: true,
	})
}

// followLoan brings an application to where its loan is.
func (d *Desk) followLoan(ctx context.Context, a *Application) (bool, error) {
	t, err := d.Loans.Standing(ctx, a.Tenant, a.Loan(), 0)
	if err != nil {
		return false, err
	}
	transition := ""
	switch t.State {
	case servicing.Active, servicing.Renewed:
		transition = reopen
	case servicing.GivenUp:
		if transition = writeOff; a.State == Settled {
			transition = reopen
		}
	case servicing.Closed:
		transition = settle
	}
	if at := map[string]string{reopen: Repaying, writeOff: WrittenOff, settle: Settled}[transition]; at == "" || at == a.State {
		return d.followEnd(ctx, a)
	}
	_, err = d.Orders.Change(ctx, a.Tenant, change(a, transition, ""))
	return true, err
}

// followEnd closes an application whose loan was ended, as the officer's who did so.
func (d *Desk) followEnd(ctx context.Context, a *Application) (bool, error) {
	l, err := d.Loans.Get(ctx, a.Tenant, a.Loan())
	if err != nil || !l.Ended {
		return false, err
	}
	e := l.Ending()
	_, err = d.Orders.Change(ctx, a.Tenant, order.Change{
		ID: closing(e.ID), Order: a.ID, Version: a.Order.Version, Transition: closeIt, Act: order.Act{Actor: e.Actor, Role: Officer, Reason: e.Reason},
	})
	return true, err
}
