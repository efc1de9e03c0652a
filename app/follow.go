package app

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/kit/logging"
)

// followers hand what the tenants' ledgers do to the fronts, each event once, while this node leads.
type followers struct {
	db      *longmen.DB
	ground  *ground.Ground
	feed    *feed.Feed
	log     *slog.Logger
	fail    func(error)
	stop    context.CancelFunc
	running sync.WaitGroup
	started map[feed.Follower]bool
}

// lookEvery is how soon a ledger is followed that a tenant got.
const lookEvery = time.Second

// newFollowers follows the ledgers of all tenants, those that come later too.
func newFollowers(ctx context.Context, db *longmen.DB, g *ground.Ground, log *slog.Logger, fail func(error)) (*followers, error) {
	f := &followers{db: db, ground: g, log: log, fail: fail, started: map[feed.Follower]bool{}}
	var err error
	if f.feed, err = feed.Open(ctx, g.DB, clock.Real{}); err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(context.Background())
	f.stop = stop
	f.running.Go(func() {
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			if err := f.look(running); err != nil && running.Err() == nil {
				log.Error("ledgers are not followed", logging.Error, err)
			}
			select {
			case <-ticker.C:
			case <-running.Done():
				return
			}
		}
	})
	return f, nil
}

// look begins to follow what is not followed yet.
func (f *followers) look(ctx context.Context) error {
	page := party.Page{Limit: party.MaxPage}
	for {
		tenants, err := f.ground.Parties.Tenants(ctx, page)
		if err != nil {
			return err
		}
		for i := range tenants {
			for _, name := range tenants[i].Ledgers {
				if l, err := f.db.Ledger(name); err == nil {
					f.follow(ctx, tenants[i].ID, l)
				}
			}
		}
		if len(tenants) < page.Limit {
			return nil
		}
		page.After = tenants[len(tenants)-1].ID
	}
}

func (f *followers) follow(ctx context.Context, tenant id.ID, l *longmen.Ledger) {
	trades := func(e *feed.Event) bool { return market.Concerns(e.Command) || sale.Concerns(e.Command) }
	f.begin(ctx, tenant, l, marketFollower, trades, func(ctx context.Context, tx *sql.Tx, list []feed.Event) error {
		return f.market(ctx, tx, tenant, l.Name(), list)
	})
	bids := func(e *feed.Event) bool { return market.ConcernsOrders(e.Command, &e.Result) }
	f.begin(ctx, tenant, leisurely{l}, "bids", bids, func(ctx context.Context, tx *sql.Tx, list []feed.Event) error {
		return f.bids(ctx, tx, tenant, l, list)
	})
	money := func(e *feed.Event) bool { return f.ground.Loans.Concerns(tenant, l.Name(), e.Command, &e.Result) }
	f.begin(ctx, tenant, l, "lending", money, feed.Each(func(ctx context.Context, tx *sql.Tx, e *feed.Event) error {
		return f.ground.Loans.Follow(ctx, tx, f.ground.Plan, tenant, l.Name(), e.Command, &e.Result)
	}))
	corrections := func(e *feed.Event) bool { return accounting.Concerns(e.Command, &e.Result) }
	f.begin(ctx, tenant, l, "accounting", corrections, feed.Each(func(ctx context.Context, tx *sql.Tx, e *feed.Event) error {
		return f.ground.Books.Follow(ctx, tx, tenant, l.Name(), e.Command, &e.Result)
	}))
}

// bids lets bids become orders.
func (f *followers) bids(ctx context.Context, tx *sql.Tx, tenant id.ID, l *longmen.Ledger, list []feed.Event) error {
	b := f.ground.Market.Batch(ctx, tx, tenant, l.Name())
	for i := range list {
		if err := b.Order(id.ID(l.ID()), list[i].Command, &list[i].Result); err != nil {
			return err
		}
	}
	return b.Save()
}

// market lets the market note what has come together, the sales of claims too.
func (f *followers) market(ctx context.Context, tx *sql.Tx, tenant id.ID, book string, list []feed.Event) error {
	b := f.ground.Market.Batch(ctx, tx, tenant, book)
	for i := range list {
		if err := b.Note(list[i].Command, &list[i].Result); err != nil {
			return err
		}
	}
	if err := b.Save(); err != nil {
		return err
	}
	for i := range list {
		if err := f.ground.Sales.Follow(ctx, tx, tenant, book, list[i].Command, &list[i].Result); err != nil {
			return err
		}
	}
	return nil
}

// followed is a ledger that somebody follows.
type followed interface {
	feed.Source
	ID() ledger.ID
}

func (f *followers) begin(ctx context.Context, tenant id.ID, l followed, name string, interest feed.Interest, handle feed.Batch) {
	who := feed.Follower{Tenant: tenant, Ledger: id.ID(l.ID()), Name: name}
	if f.started[who] {
		return
	}
	f.started[who] = true
	f.running.Go(func() {
		err := f.feed.Follow(ctx, who, f.db.Epoch(), l, interest, handle)
		if errors.Is(err, feed.ErrLeadLost) {
			f.fail(err)
		}
	})
}

// close ends following; whoever leads next goes on where it stood.
func (f *followers) close() {
	f.stop()
	f.running.Wait()
}

// marketLedger is a ledger as the market sees it, with errors of the catalogue, and with periods that are closed.
type marketLedger struct {
	*longmen.Ledger
	backend *backend
}

func (l marketLedger) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
	answers, err := l.backend.put(ctx, l.Ledger, commands)
	return answers, translate(err)
}

func (l marketLedger) View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error {
	return translate(l.Ledger.View(ctx, atLeast, read))
}

// marketFollower is the name under which the market follows ledgers.
const marketFollower = "market"

// noted says how far the market's rows have followed a ledger.
func (b *backend) noted(ctx context.Context, tenant id.ID, name string) (uint64, error) {
	l, err := b.ledger(name)
	if err != nil {
		return 0, err
	}
	f := b.feed.Load()
	if f == nil {
		return 0, errs.Overloaded.Errorf("%v", errOpening)
	}
	return f.Passed(ctx, feed.Follower{Tenant: tenant, Ledger: id.ID(l.ID()), Name: marketFollower})
}

// marketLedger finds a ledger for the market.
func (b *backend) marketLedger(_ context.Context, name string) (market.Ledger, error) {
	l, err := b.ledger(name)
	if errs.Is(err, errs.NotFound) {
		return nil, errs.Conflict.Errorf("the ledger %q of this listing is not there yet", name)
	}
	return marketLedger{l, b}, err
}
