package ground

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/collection"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/repayment"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// openLending opens the loans that were paid out by products of the catalog.
func (g *Ground) openLending(ctx context.Context, c *Config) (err error) {
	contracts := c.Contracts
	if contracts == nil {
		contracts = g.contracts()
	}
	if g.Loans, err = servicing.Open(ctx, g.DB, ledgers{c}, contracts); err != nil {
		return err
	}
	if g.Collections, err = collection.Open(ctx, g.DB, g.Loans); err != nil {
		return err
	}
	g.Reminders = &reminder.Reminders{Plan: g.Plan, Outbox: g.Notices, Loans: g.Loans, Ledgers: ledgers{c}, Disputed: g.Collections.Disputed}
	g.Loans.Watch(servicing.Watching(g.Reminders.Happened, g.Reminders.Keep))
	g.Loans.Watch(servicing.Lapses(g.Plan, g.Approvals))
	g.Loans.Watch(g.Loans.Credits(g.Plan))
	return nil
}

// watchRepayments makes orders of repayments, after all else that follows from an event: it locks the tenant's orders.
func (g *Ground) watchRepayments() {
	r := &repayment.Repayments{Orders: g.Orders}
	g.Loans.Watch(servicing.Watching(r.Happened, r.Keep))
}

// LoanHandlers are the handlers of the planned events of loans.
func (g *Ground) LoanHandlers() map[string]plan.Handler {
	return map[string]plan.Handler{
		servicing.EventKind: g.Loans.Acts(g.Plan, g.Approvals), servicing.ServiceKind: g.Loans.Paid, servicing.CreditKind: g.Loans.Credited(g.Plan), reminder.EventKind: g.Reminders.Due,
		paper.NoteKind: g.Papers.MakeNote,
	}
}

// LapseStuck ends what was approved for loans that are closed or written off and is stuck since before they ended it themselves.
func (g *Ground) LapseStuck(ctx context.Context) error {
	var failed []error
	for page := (party.Page{Limit: party.MaxPage}); ; {
		list, err := g.Parties.Tenants(ctx, page)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		for i := range list {
			failed = append(failed, g.Loans.LapseStuck(ctx, g.Plan, g.Approvals, list[i].ID))
			page.After = list[i].ID
		}
		if len(list) < page.Limit {
			return errors.Join(failed...)
		}
	}
}

// contracts are read by the catalog.
func (g *Ground) contracts() *agreement.Contracts {
	return &agreement.Contracts{Products: products{g.Products}, Calendars: g.Products}
}

// products are the catalog's versions as contracts ask for them.
type products struct{ catalog *catalog.Catalog }

func (p products) Product(ctx context.Context, tenant id.ID, code string, version uint32) (*catalog.Product, error) {
	v, err := p.catalog.Get(ctx, tenant, code, uint64(version))
	return v.Product, err
}

func (p products) InForce(ctx context.Context, tenant id.ID, code string, on day.Date) (*catalog.Product, uint32, error) {
	v, err := p.catalog.InForce(ctx, tenant, code, on)
	return v.Product, uint32(v.Number), err
}

// ledgers are those of the market, as servicing has them.
type ledgers struct{ config *Config }

func (l ledgers) Apply(ctx context.Context, name string, commands []*ledger.Command) ([]node.Answer, error) {
	on, err := l.config.Ledgers(ctx, name)
	if err != nil {
		return nil, err
	}
	return on.Apply(ctx, commands)
}

// View reads a ledger as it stands.
func (l ledgers) View(ctx context.Context, name string, read func(*ledger.Engine)) error {
	on, err := l.config.Ledgers(ctx, name)
	if err != nil {
		return err
	}
	return on.View(ctx, 0, read)
}

// Now is a ledger's instant in its zone.
func (l ledgers) Now(ctx context.Context, name string) (now time.Time, err error) {
	on, err := l.config.Ledgers(ctx, name)
	if err != nil {
		return now, err
	}
	zone := ""
	if err := on.View(ctx, 0, func(e *ledger.Engine) {
		now, zone = e.Now().Time(), e.Zone()
		if real := l.config.Clock.Now(); e.Clock() == ledger.RealClock && real.After(now) {
			now = real
		}
	}); err != nil {
		return now, err
	}
	place, err := clock.Zone(zone)
	if err != nil {
		return now, fmt.Errorf("zone of ledger %s: %w", name, err)
	}
	return now.In(place), nil
}
