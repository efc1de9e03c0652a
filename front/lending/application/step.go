package application

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/cost"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
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

func (d *Desk) complete(ctx context.Context, a *Application, p *catalog.Product) (bool, error) {
	missing, err := d.Papers.Missing(ctx, a, p)
	if err != nil || len(missing) > 0 {
		return false, err
	}
	_, err = d.Orders.Change(ctx, a.Tenant, change(a, complete, ""))
	return true, err
}

func (d *Desk) decide(ctx context.Context, a *Application, p *catalog.Product) error {
	x, err := d.Decider.Decide(ctx, a, p)
	if err != nil {
		return err
	}
	words, transition := &a.Words, offer
	switch x.Verdict {
	case Accept:
		if words, err = d.offer(ctx, a.Tenant, a, &x); err != nil {
			return err
		}
	case Refer:
		transition = refer
	default:
		transition = refuse
	}
	words.Failed = x.Failed
	if transition == offer {
		return d.keep(ctx, a, change(a, offer, ""), words)
	}
	c := change(a, transition, x.Reason)
	if c.Attributes, err = json.Marshal(words); err != nil {
		return err
	}
	_, err = d.Orders.Change(ctx, a.Tenant, c)
	return err
}

func (d *Desk) planAt(ctx context.Context, tx *sql.Tx, a *Application, label string, due int64) error {
	return d.Plan.AddIn(ctx, tx, plan.Event{
		Tenant: a.Tenant, ID: a.ID.Derive(label, uint64(a.Order.Version)), Ledger: a.Ledger, Due: due, Kind: EventKind, Subject: a.ID,
	})
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
	hash, err := d.Papers.Contract(ctx, &with, p)
	words.Contract = hex.EncodeToString(hash[:])
	return &words, err
}

// quote is the offer of an amount at a grade if it were paid out on a day. It is the replay of the contract.
func (d *Desk) quote(ctx context.Context, tenant id.ID, p *catalog.Product, w *Words, lent int64, grade string, start day.Date) (*Offer, error) {
	a := &Application{Words: *w}
	c, err := d.Contracts.Application(ctx, tenant, p, a.terms(lent, grade, start))
	if err != nil {
		return nil, err
	}
	terms, events, err := catalog.Contract(p, c)
	if err != nil {
		return nil, err
	}
	s, err := loan.Replay(terms, events, start)
	if err != nil {
		return nil, err
	}
	payout, _, err := catalog.Payout(p, lent)
	if err != nil {
		return nil, err
	}
	due, _ := s.Totals()
	o := &Offer{
		Amount: lent, Grade: grade, Rows: len(s.Rows), Payout: payout, Interest: due[loan.Interest], Fees: due[loan.Fee] + lent - payout, Start: start,
	}
	o.Rate = terms.Terms.AnnualRate.Text('f')
	if len(s.Rows) > 0 {
		first := s.Rows[0].Due()
		o.Installment = first.Total()
	}
	return o, o.cost(&terms.Terms, s)
}

// cost adds what it costs in all: everything that is received and paid, as a yearly rate.
func (o *Offer) cost(t *schedule.Terms, s *loan.State) error {
	flows := []cost.Flow{{Date: o.Start, Amount: o.Payout}}
	for i := range s.Rows {
		due := s.Rows[i].Due()
		flows = append(flows, cost.Flow{Date: s.Rows[i].Row.Due, Amount: -due.Total()})
	}
	periods := 12
	if m := t.Due.Every.Months(); m > 0 {
		periods = max(12/m, 1)
	}
	c, err := cost.Of(flows, daycount.Act365Fixed, periods)
	if err != nil {
		return fmt.Errorf("all-in cost: %w", err)
	}
	o.AllIn, o.Effective = strconv.FormatFloat(c.Nominal, 'f', 6, 64), strconv.FormatFloat(c.Effective, 'f', 6, 64)
	return nil
}

// expire ends an offer whose time is over.
func (d *Desk) expire(ctx context.Context, a *Application) (bool, error) {
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil || now.UnixMicro() < a.Offer.Expires {
		return false, err
	}
	_, err = d.Orders.Change(ctx, a.Tenant, change(a, expire, ""))
	return true, err
}

// address is a place of the loan in the ledger.
func address(loanID id.ID, part string) string {
	a := "loan:" + hex.EncodeToString(loanID[:])
	if part != "" {
		a += ":" + part
	}
	return a
}

// Codes of the accounts in the chart.
const (
	codeFunds  = 2102 // raised, on the way to the borrower
	codeCredit = 2103
)

// list opens the loan's accounts and the listing.
func (d *Desk) list(ctx context.Context, a *Application, p *catalog.Product) error {
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	if err := d.accounts(ctx, a); err != nil {
		return err
	}
	l, err := d.listing(a, p, now.UnixMicro())
	if err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.Market.Open(ctx, tx, l); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, a.Tenant, change(a, list, ""))
		return err
	})
}

// accounts opens the loan's accounts.
func (d *Desk) accounts(ctx context.Context, a *Application) error {
	open := func(part string, code uint32) ledger.Operation {
		return &ledger.OpenAccount{
			Address: address(a.Loan(), part), Asset: a.Asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: code, Constraint: ledger.Nonnegative,
		}
	}
	c := &ledger.Command{
		ID: ledger.ID(a.ID.Derive("accounts", 0)), Purpose: PurposeAccounts, Actor: ledger.ID(a.CreatedBy), Behalf: ledger.ID(a.Borrower),
		References: []ledger.Reference{{Type: servicing.ReferenceLoan, Value: a.Loan()}},
		Operations: []ledger.Operation{open("funds", codeFunds), open("credit", codeCredit)},
	}
	answers, err := d.Ledgers.Apply(ctx, a.Ledger, []*ledger.Command{c})
	if err != nil {
		return err
	}
	if code := answers[0].Result.Code; code != ledger.Applied {
		return errs.Conflict.Errorf("the ledger does not open the loan's accounts: %s", code)
	}
	return nil
}

// PurposeAccounts is the purpose of the command that opens a loan's accounts.
const PurposeAccounts = 2010

func (d *Desk) listing(a *Application, p *catalog.Product, now int64) (market.Listing, error) {
	f, unit := p.Funding, int64(p.Funding.Unit)
	if unit < 1 || a.Offer.Amount%unit != 0 {
		return market.Listing{}, errs.Invalid.Errorf("%d is not a whole number of units of %d", a.Offer.Amount, unit).On("amount")
	}
	units := a.Offer.Amount / unit
	share, err := part(f.Share, units)
	if err != nil {
		return market.Listing{}, err
	}
	partial, err := part(f.Partial, units)
	if err != nil {
		return market.Listing{}, err
	}
	return market.Listing{
		Tenant: a.Tenant, ID: a.ID, Ledger: a.Ledger, Loan: a.Loan(), Borrower: a.Borrower,
		Terms: market.Terms{
			Asset: a.Asset, Register: address(a.Loan(), ""), Tranches: servicing.Tranches, Unclaimed: d.Places.Unclaimed, Receiver: address(a.Loan(), "funds"),
			Unit: unit, Units: uint64(units), Minimum: uint64(max(int64(f.Min)/unit, 1)), Step: uint64(max(int64(f.Step)/unit, 1)), Share: uint64(max(share, 1)),
			Product: a.Product, Version: a.Words.Version, Grade: a.Offer.Grade, Region: a.Region, Days: days(a),
		},
		Opened: now, Closes: now + int64(f.Days)*day24, Partial: uint64(partial),
	}, nil
}

const day24 = 24 * 3600 * 1_000_000

// part is a share of units, rounded down.
func part(r catalog.Rate, units int64) (int64, error) {
	if r.IsZero() {
		return 0, nil
	}
	f, err := amount.Decimal(r.Decimal())
	if err != nil {
		return 0, err
	}
	return f.Apply(units, amount.Down)
}

// days is how long the loan runs, at about.
func days(a *Application) int {
	switch a.Unit {
	case catalog.InMonths:
		return a.Term * 365 / 12
	case catalog.InWeeks:
		return a.Term * 7
	}
	return a.Term
}

// Settled is told by the market what became of a listing, in the transaction in which that is noted.
func (d *Desk) Settled(ctx context.Context, tx *sql.Tx, l *market.Listing) error {
	a, err := d.Get(ctx, l.Tenant, l.ID)
	if err != nil || a.State != Listed {
		return err
	}
	c := change(a, fail, "")
	if l.State == market.Funded {
		c = change(a, fund, "")
		c.Amounts = []order.Amount{{Code: Raised, Asset: l.Asset, Amount: l.Raised}}
		if err := d.planAt(ctx, tx, a, "funded", l.Changed); err != nil {
			return err
		}
	}
	_, err = d.Orders.Within(ctx, tx, a.Tenant, c)
	return err
}

// disburse pays the loan out on the ledger's day: from there it bears interest. The borrower gets what the fees leave.
func (d *Desk) disburse(ctx context.Context, a *Application, p *catalog.Product) error {
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return err
	}
	terms, err := json.Marshal(a.terms(a.Raised, a.Offer.Grade, dateOf(now)))
	if err != nil {
		return err
	}
	operations, err := d.payout(a, p)
	if err != nil {
		return err
	}
	deed := servicing.Deed{
		Tenant: a.Tenant, Loan: a.Loan(), Ledger: a.Ledger, Asset: a.Asset, Borrower: a.Borrower, Product: a.Product, Version: a.Words.Version, Terms: terms,
		Places: servicing.Places{
			Register: address(a.Loan(), ""), Payer: market.Cash(a.Borrower), Credit: address(a.Loan(), "credit"),
			Platform: d.Places.Platform, Reserve: d.Places.Reserve, Guarantee: d.Places.Guarantee, Cover: d.Places.Cover,
		},
	}
	e, err := d.Loans.Disburse(ctx, deed, servicing.Disbursement{
		ID: a.ID.Derive("disbursement", uint64(a.Order.Version)), Amount: a.Raised, Actor: a.CreatedBy, Operations: operations,
	})
	if err != nil {
		return err
	}
	if e.Outcome != servicing.Applied {
		return errs.Conflict.Errorf("the ledger does not pay the loan out: %s", e.Outcome)
	}
	c := change(a, disburse, "")
	c.Evidence = order.Evidence{Command: e.Command, Sequence: e.Sequence}
	_, err = d.Orders.Change(ctx, a.Tenant, c)
	return err
}

// payout moves what was raised: fees to their receivers, the rest to the borrower's cash.
func (d *Desk) payout(a *Application, p *catalog.Product) ([]ledger.Operation, error) {
	rest, fees, err := catalog.Payout(p, a.Raised)
	if err != nil {
		return nil, err
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
			to := d.Places.Platform
			switch x.To {
			case catalog.ToReserve:
				to = d.Places.Reserve
			case catalog.ToGuarantors:
				to = d.Places.Guarantee
			}
			move(to, x.Amount)
		}
	}
	move(market.Cash(a.Borrower), rest)
	return list, nil
}
