// Package ground opens what the fronts stand on, in one database: parties, orders, planned events, notices, approvals,
// the market.
// What the fronts declare to these modules, such as the kinds of their orders and what may be proposed, is joined here.
//
// The package must not know who asks, or what the declarations of a front mean.
package ground

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/authority"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/collection"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/lending/reminder"
	"github.com/longmen/longmen/front/lending/repayment"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/admission"
	"github.com/longmen/longmen/front/market/overview"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Config is what the ground needs beside its rows.
type Config struct {
	DSN       string // SQLite file, or postgres://…
	LookupKey []byte // finds identifiers again: see party.Options
	Clock     clock.Clock
	Random    io.Reader
	Clocks    order.Clocks // of the tenants; their instants are in the zones of their ledgers

	Totals accounting.Ledgers // of the ledgers whose books are kept

	Contracts servicing.Contracts       // nil: the catalog's
	Channels  map[string]notice.Channel // of notices, by the names of package message
	Sender    string                    // name under which notices are written

	Kinds   []order.Kind
	Actions map[string]ops.Action

	Ledgers func(ctx context.Context, name string) (market.Ledger, error)
	Noted   func(ctx context.Context, tenant id.ID, ledger string) (uint64, error) // up to where the market has noted a ledger's commands

	Files string          // folder in which files lie
	Fonts *document.Fonts // of documents

	Log *slog.Logger // of what is left out; nil: nobody reads it
}

// Ground is the open modules. They are safe for use by several goroutines.
type Ground struct {
	DB        *store.DB
	Clock     clock.Clock
	Random    io.Reader
	Parties   *party.Registry
	Orders    *order.Orders
	Plan      *plan.Plan
	Notices   *notice.Outbox
	Approvals *ops.Approvals
	Authority *authority.Authority
	Market    *market.Market
	Sales     *sale.Sales
	Overview  *overview.Overview
	Products  *catalog.Catalog
	Loans     *servicing.Servicing

	Reminders   *reminder.Reminders
	Collections *collection.Collections

	Books     *accounting.Accounting
	Valuer    *accounting.Valuer
	admission admission.Admission

	Applications *application.Desk
	Papers       *paper.Papers

	persons *persons
}

// Open opens the database and brings all tables up to date.
func Open(ctx context.Context, c Config) (g *Ground, err error) {
	db, err := store.Open(ctx, c.DSN)
	if err != nil {
		return nil, err
	}
	g = &Ground{DB: db, Clock: c.Clock, Random: c.Random}
	if err := g.open(ctx, &c); err != nil {
		return nil, errors.Join(fmt.Errorf("open the rows of %s: %w", db, err), db.Close())
	}
	return g, nil
}

func (g *Ground) open(ctx context.Context, c *Config) error {
	kinds, err := order.NewKinds(append([]order.Kind{market.Kind(), sale.Kind(), application.Declaration(), repayment.Kind()}, c.Kinds...)...)
	if err != nil {
		return err
	}
	if g.Parties, err = party.Open(ctx, g.DB, party.Options{Clock: c.Clock, Random: c.Random, LookupKey: c.LookupKey, Changed: g.forget}); err != nil {
		return err
	}
	if g.Orders, err = order.Open(ctx, g.DB, kinds, c.Clocks); err != nil {
		return err
	}
	if g.Plan, err = plan.Open(ctx, g.DB, c.Clock); err != nil {
		return err
	}
	texts, err := message.New(c.Sender)
	if err != nil {
		return err
	}
	g.Notices, err = notice.Open(ctx, g.DB, notice.Config{
		Plan: g.Plan, Clock: c.Clock, Kinds: message.Kinds(), Channels: c.Channels, Addresses: &addresses{g.Parties}, Texts: texts,
	})
	if err != nil {
		return err
	}
	if g.Products, err = catalog.Open(ctx, g.DB, c.today); err != nil {
		return err
	}
	if g.Books, err = accounting.Open(ctx, g.DB, c.Clock, c.Totals, g.Parties); err != nil {
		return err
	}
	g.persons = &persons{g.Parties, c.Clock}
	if g.Approvals, err = ops.OpenApprovals(ctx, g.DB, c.Clock, g.persons, g.actions(c)); err != nil {
		return err
	}
	g.Authority = authority.New(g.Parties, c.Clock, g.Approvals)
	if err := g.openMarket(ctx, c); err != nil {
		return err
	}
	if err := g.openLending(ctx, c); err != nil {
		return err
	}
	if err := g.openTrading(ctx, c); err != nil {
		return err
	}
	if err := g.openApplications(ctx, c); err != nil {
		return err
	}
	g.watchRepayments()
	return nil
}

// Close closes the database.
func (g *Ground) Close() error { return g.DB.Close() }

// today is the date in the clock and zone of a tenant's ledger.
func (c *Config) today(_ context.Context, tenant id.ID) (day.Date, error) {
	now := c.Clocks(tenant).Now()
	if now.IsZero() {
		return 0, errs.Overloaded.Errorf("the clock of the tenant's ledger can't be read now; try again later")
	}
	year, month, d := now.Date()
	return day.Of(year, int(month), d), nil
}
