package market

import (
	"context"
	"database/sql"
	"embed"
	"io/fs"
	"sync"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Ledger is what is needed of a ledger.
type Ledger interface {
	Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error)
	View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error
}

// Consumer is told what became of a listing, in the transaction in which it is noted and therefore exactly once.
type Consumer interface {
	Settled(ctx context.Context, tx *sql.Tx, l *Listing) error
}

// Config is what a market stands on.
type Config struct {
	DB       *store.DB // also that of the plan
	Plan     *plan.Plan
	Orders   *order.Orders // in the same database; their kinds have Kind
	Clock    clock.Clock   // of ledgers with a real clock
	Ledgers  func(ctx context.Context, name string) (Ledger, error)
	Consumer Consumer
	// Admit refuses bids by rules of the product that ask for more than a listing's figures; nil: there are none. held is
	// what the investor has bid for the listing before.
	Admit func(ctx context.Context, l *Listing, b *Bid, held int64) error
	// Class is that of the units that an investor gets of a listing; nil: there is one.
	Class func(ctx context.Context, l *Listing, investor id.ID) (uint8, error)
	// Noted says up to which sequence of a tenant's ledger the rows have noted the commands.
	Noted func(ctx context.Context, tenant id.ID, ledger string) (uint64, error)
}

// Market is the listings and bids of all tenants in one database.
type Market struct {
	Config
	known   known
	owners  owners
	turns   turns
	recent  recent
	used    used
	spent   spent
	rereads sync.Map // ledgers, as an owner without a register, of which rows tell all that was before this process
}

type key struct{ tenant, id id.ID }

// New opens the rows.
func New(ctx context.Context, c Config) (*Market, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := c.DB.Migrate(ctx, "market", files); err != nil {
		return nil, err
	}
	return &Market{Config: c}, nil
}

// EventKind names the planned events of this package, whose subject is a listing.
const EventKind = "market-listing"

// Due is the handler of planned events: whatever is due of the listing is done.
func (m *Market) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	return nil, m.Advance(ctx, e.Tenant, e.Subject)
}

// AllocateKind names the planned events at which mandates are let at what is open.
const AllocateKind = "market-allocate"

// maxRuns is how many runs follow from one, because pieces of the one before were overtaken.
const maxRuns = 4

// fewTold is how many answers of a run are kept with its end.
const fewTold = 200

// DueAllocation is the handler of those. What was overtaken is offered along the line again.
func (m *Market) DueAllocation(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	a, err := m.run(ctx, e.Tenant, e.Ledger, e.ID)
	if err != nil {
		return nil, err
	}
	if a.told > fewTold { // the transaction that ends many runs must not be long
		if err := m.keepNow(ctx, a); err != nil {
			return nil, err
		}
	}
	return func(tx *sql.Tx) error {
		if a.keep != nil {
			if err := a.keep(ctx, tx); err != nil {
				return err
			}
		}
		if a.Refused == 0 || len(e.Content) >= maxRuns-1 {
			return nil
		}
		next := *e
		next.ID, next.Content = e.ID.Derive("again", 0), append([]byte{'.'}, e.Content...) // one for each run before
		return m.Plan.AddIn(ctx, tx, next)
	}, nil
}

// Handlers are those of all planned events of this package, by their kinds.
func (m *Market) Handlers() map[string]plan.Handler {
	return map[string]plan.Handler{EventKind: m.Due, AllocateKind: m.DueAllocation, OrdersKind: m.DueOrders}
}

// Open notes a listing in the caller's transaction and plans its opening and its end. The same one again changes
// nothing; other content is a conflict. The ledger has it soon after the transaction is committed.
func (m *Market) Open(ctx context.Context, tx *sql.Tx, l Listing) error {
	if err := l.check(); err != nil {
		return err
	}
	l.State, l.Changed = Opening, l.Opened
	inserted, err := m.insertListing(ctx, tx, &l)
	if err != nil || !inserted {
		return err
	}
	return m.Plan.AddIn(ctx, tx, l.event("open", 0, l.Opened), l.event("close", 0, l.Closes))
}

// Check refuses a listing that can't be, or whose register somebody else has.
func (m *Market) Check(ctx context.Context, l *Listing) error {
	if err := l.check(); err != nil {
		return err
	}
	if _, err := m.Listing(ctx, l.Tenant, l.ID); !errs.Is(err, errs.NotFound) {
		return err // it was opened before
	}
	on, err := m.Ledgers(ctx, l.Ledger)
	if err != nil {
		return err
	}
	taken := false
	if err := on.View(ctx, 0, func(e *ledger.Engine) { _, taken = e.Register(l.Register) }); err != nil || !taken {
		return err
	}
	return errs.Conflict.Errorf("the ledger has a register %s already", l.Register).On("register")
}

// Create is Open in a transaction of its own.
func (m *Market) Create(ctx context.Context, l Listing) error {
	return m.DB.Write(ctx, func(tx *sql.Tx) error { return m.Open(ctx, tx, l) })
}

// event is a planned event about the listing.
func (l *Listing) event(label string, n uint64, due int64) plan.Event {
	return plan.Event{Tenant: l.Tenant, ID: l.ID.Derive(label, n), Ledger: l.Ledger, Due: due, Kind: EventKind, Subject: l.ID}
}
