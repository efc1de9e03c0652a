package application

import (
	"context"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// PurposeWaiting is the purpose of the commands that pay investors for the days before the payout.
const PurposeWaiting = 2011

// earned is what an investor earned before a loan was paid out.
type earned struct {
	investor id.ID
	amount   int64
}

// waiting is what the investors earned until a day, where the product lets them earn before the payout: each from his own
// bids, or from the full funding on.
func (d *Desk) waiting(ctx context.Context, a *Application, p *catalog.Product, start day.Date) (list []earned, sum int64, err error) {
	if p.Start.From == catalog.FromDisbursement {
		return nil, 0, nil
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return nil, 0, err
	}
	date := func(micros int64) day.Date { return dateOf(time.UnixMicro(micros).In(now.Location())) }
	full, err := d.fundedAt(ctx, a)
	if err != nil {
		return nil, 0, err
	}
	at := map[id.ID]int{}
	terms := &catalog.Application{Amount: a.Raised, Grade: a.Offer.Grade, Start: start}
	for after, more := (id.ID{}), true; more; {
		bids, err := d.Market.Bids(ctx, a.Tenant, market.BidFilter{Listing: a.ID}, after, market.MaxPage)
		if err != nil {
			return nil, 0, err
		}
		for _, b := range bids {
			after = b.ID
			if b.Ended != 0 {
				continue
			}
			x, err := catalog.WaitingInterest(p, terms, b.Amount, date(b.At), date(full))
			if err != nil {
				return nil, 0, err
			}
			i, known := at[b.Investor]
			if !known {
				i, list = len(list), append(list, earned{investor: b.Investor})
				at[b.Investor] = i
			}
			list[i].amount += x
			sum += x
		}
		more = len(bids) == market.MaxPage
	}
	return list, sum, nil
}

// fundedAt is when an application was funded.
func (d *Desk) fundedAt(ctx context.Context, a *Application) (int64, error) {
	steps, err := d.Steps(ctx, a)
	if err != nil {
		return 0, err
	}
	for i := range steps {
		if steps[i].Transition == fund {
			return steps[i].At, nil
		}
	}
	return 0, errs.Internal.Errorf("application %s was never funded", a.ID)
}

// payWaiting pays what was earned, each investor by a command of his own: where his account takes no money it goes to the
// unclaimed account.
func (d *Desk) payWaiting(ctx context.Context, a *Application, p *catalog.Product, list []earned) error {
	payer := address(a.Loan(), "funds")
	if p.Start.PaidBy == catalog.PlatformPays {
		payer = Place(a.Asset, "fees")
	}
	for chunk := range slices.Chunk(list, 1_000) {
		var commands, again []*ledger.Command
		for _, e := range chunk {
			if e.amount > 0 {
				commands = append(commands, d.waitingCommand(a, e, payer, market.Cash(e.investor), 0))
				again = append(again, d.waitingCommand(a, e, payer, Place(a.Asset, "unclaimed"), 1))
			}
		}
		refused, err := d.applied(ctx, a, commands, again)
		if err == nil && len(refused) > 0 {
			refused, err = d.applied(ctx, a, refused, refused)
		}
		if err == nil && len(refused) > 0 {
			err = errs.Conflict.Errorf("the ledger does not pay %d investors for the days before the payout", len(refused))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) waitingCommand(a *Application, e earned, payer, to string, way uint64) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(a.ID.Derive("waiting "+e.investor.String(), way)), Purpose: PurposeWaiting, Actor: ledger.ID(a.CreatedBy), Behalf: ledger.ID(e.investor),
		References: []ledger.Reference{{Type: servicing.ReferenceLoan, Value: a.Loan()}},
		Operations: []ledger.Operation{&ledger.Transfer{Debit: payer, Credit: to, Mode: ledger.Exact, Amount: e.amount}},
	}
}

// applied sends commands and gives, of those that were refused, what is to be sent instead.
func (d *Desk) applied(ctx context.Context, a *Application, commands, instead []*ledger.Command) (refused []*ledger.Command, err error) {
	if len(commands) == 0 {
		return nil, nil
	}
	answers, err := d.Ledgers.Apply(ctx, a.Ledger, commands)
	if err != nil {
		return nil, err
	}
	for i := range answers {
		code := answers[i].Result.Code
		if !code.Journaled() {
			return nil, errs.Overloaded.Errorf("the ledger takes nothing at the moment: %s", code)
		}
		if code != ledger.Applied {
			refused = append(refused, instead[i])
		}
	}
	return refused, nil
}
