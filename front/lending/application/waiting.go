package application

import (
	"context"
	"database/sql"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
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

// payWaiting pays what was earned, each investor by a command of his own: where his account takes no money it goes to one in his
// name, from which he has it as soon as his own takes it.
func (d *Desk) payWaiting(ctx context.Context, a *Application, p *catalog.Product, list []earned) error {
	payer := address(a.Loan(), "funds")
	if p.Start.PaidBy == catalog.PlatformPays {
		payer = Place(a.Asset, "fees")
	}
	for chunk := range slices.Chunk(list, 1_000) {
		var commands, again []*ledger.Command
		for _, e := range chunk {
			if e.amount > 0 {
				commands = append(commands, waitingCommand(a, e, payer, market.Cash(e.investor), 0))
				aside := waitingCommand(a, e, payer, waitingPlace(a, e.investor), 1)
				aside.Operations = append([]ledger.Operation{&ledger.OpenAccount{
					Address: waitingPlace(a, e.investor), Asset: a.Asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: codeUnclaimed, Constraint: ledger.Nonnegative,
				}}, aside.Operations...)
				again = append(again, aside)
			}
		}
		refused, err := d.applied(ctx, a, commands, again, 0)
		if err != nil {
			return err
		}
		if len(refused) == 0 {
			continue
		}
		// Where an older program put it on the unclaimed account by the same id, it stays there.
		left, err := d.applied(ctx, a, refused, refused, ledger.IDConflict)
		if err == nil && len(left) > 0 {
			err = errs.Conflict.Errorf("the ledger does not pay %d investors for the days before the payout", len(left))
		}
		if err != nil {
			return err
		}
		if err := d.planWaiting(ctx, a, refused); err != nil {
			return err
		}
	}
	return nil
}

// waitingPlace is where lies what an investor earned before the payout and could not be paid.
func waitingPlace(a *Application, investor id.ID) string {
	return address(a.Loan(), "waiting:"+hex.EncodeToString(investor[:]))
}

// WaitingKind is the kind of the planned events by which an investor has what lies there for him: their subject is the application.
const WaitingKind = "loan-waiting"

// planWaiting lets what could not be paid be tried again, from now on.
func (d *Desk) planWaiting(ctx context.Context, a *Application, commands []*ledger.Command) error {
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		for _, c := range commands {
			e := plan.Event{
				Tenant: a.Tenant, ID: id.ID(c.ID).Derive(WaitingKind, 0), Ledger: a.Ledger, Due: atOnce, Kind: WaitingKind, Subject: a.ID, Content: c.Behalf[:],
			}
			if err := d.Plan.AddIn(ctx, tx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// DueWaiting is the handler of those events: an investor has what lies in his name, or it is tried again a day later.
func (d *Desk) DueWaiting(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	a, err := d.Get(ctx, e.Tenant, e.Subject)
	if err != nil {
		return nil, err
	}
	if len(e.Content) != id.Size {
		return nil, plan.Permanent(fmt.Errorf("read for whom something lies: %d bytes", len(e.Content)))
	}
	x := earned{investor: id.ID(e.Content)}
	if err := d.Ledgers.View(ctx, a.Ledger, func(on *ledger.Engine) {
		if there, ok := on.Account(waitingPlace(a, x.investor)); ok {
			x.amount = there.Balance()
		}
	}); err != nil {
		return nil, err
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil || x.amount == 0 {
		return nil, err
	}
	c := waitingCommand(a, x, waitingPlace(a, x.investor), market.Cash(x.investor), 0)
	c.ID = ledger.ID(e.ID.Derive("pay", 0))
	left, err := d.applied(ctx, a, []*ledger.Command{c}, []*ledger.Command{c}, 0)
	if err != nil || len(left) == 0 {
		return nil, err
	}
	next := *e
	next.ID, next.Due = e.ID.Derive("again", 0), now.UnixMicro()+day24
	return func(tx *sql.Tx) error { return d.Plan.AddIn(ctx, tx, next) }, nil
}

func waitingCommand(a *Application, e earned, payer, to string, way uint64) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(a.ID.Derive("waiting "+e.investor.String(), way)), Purpose: PurposeWaiting, Actor: ledger.ID(a.CreatedBy), Behalf: ledger.ID(e.investor),
		References: []ledger.Reference{{Type: servicing.ReferenceLoan, Value: a.Loan()}},
		Operations: []ledger.Operation{&ledger.Transfer{Debit: payer, Credit: to, Mode: ledger.Exact, Amount: e.amount}},
	}
}

// applied sends commands and gives, of those that were refused, what is to be sent instead. A refusal that says it was done before,
// if one does, is none.
func (d *Desk) applied(ctx context.Context, a *Application, commands, instead []*ledger.Command, done ledger.Code) (refused []*ledger.Command, err error) {
	if len(commands) == 0 {
		return nil, nil
	}
	answers, err := d.Ledgers.Apply(ctx, a.Ledger, commands)
	if err != nil {
		return nil, err
	}
	for i := range answers {
		code := answers[i].Result.Code
		if code == done && done != 0 {
			continue
		}
		if !code.Journaled() {
			return nil, errs.Overloaded.Errorf("the ledger takes nothing at the moment: %s", code)
		}
		if code != ledger.Applied {
			refused = append(refused, instead[i])
		}
	}
	return refused, nil
}
