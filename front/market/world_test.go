package market_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// uid makes an id that is the same each time. Ids of different groups differ.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, book = uid("tenant", 1), uid("ledger", 1)

func investor(n int) id.ID { return uid("investor", n) }

// world is a market on a ledger with a simulated clock, with what a node would do around it.
type world struct {
	testing.TB
	*market.Market
	db     *store.DB
	name   string // of the ledger
	ledger *node.Ledger
	plan   *plan.Plan
	orders *order.Orders
	runner *plan.Runner

	mu sync.Mutex

	applying  sync.RWMutex // held while a command is on its way into the journal
	following sync.Mutex
	journal   []entry
	noted     int
	told      []market.Listing
	stopped   bool // the follower
	busy      bool // the ledger
	number    int
}

type entry struct {
	command *ledger.Command
	result  ledger.Result
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{TB: t, db: db, name: "main"}
	n := nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.NewManual(noon))
	w.ledger = n.Ledger("main", "Asia/Shanghai", ledger.InstantOf(noon))
	var err error
	w.plan, err = plan.Open(t.Context(), db, clock.NewManual(noon))
	w.must(err)
	kinds, err := order.NewKinds(market.Kind())
	w.must(err)
	w.orders, err = order.Open(t.Context(), db, kinds, func(id.ID) clock.Clock { return clock.NewManual(noon) })
	w.must(err)
	w.Market, err = market.New(t.Context(), market.Config{
		DB: db, Plan: w.plan, Orders: w.orders, Clock: clock.NewManual(noon), Consumer: w,
		Ledgers: func(context.Context, string) (market.Ledger, error) { return w, nil }, Noted: w.catchUp,
	})
	w.must(err)
	w.runner, err = w.plan.Lead(t.Context(), 1, clocks{w}, w.Handlers())
	w.must(err)
	w.do(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	w.account("bank", ledger.DebitNormal, ledger.Unbounded)
	w.account("unclaimed", ledger.CreditNormal, ledger.Nonnegative)
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// The ledger, with its journal kept as a follower is handed it.
func (w *world) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
	if w.busy {
		return overloaded(commands), nil
	}
	w.applying.RLock()
	defer w.applying.RUnlock()
	answers, err := w.ledger.Apply(ctx, commands)
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, a := range answers {
		if err == nil && !a.Repeated && a.Result.Code.Journaled() {
			w.journal = append(w.journal, entry{commands[i], a.Result})
		}
	}
	return answers, err
}

func (w *world) View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error {
	return w.ledger.View(ctx, atLeast, read)
}

// clocks are the ledger's, for planned events.
type clocks struct{ *world }

func (c clocks) Now(ctx context.Context, _ string) (now int64, err error) {
	err = c.ledger.View(ctx, 0, func(e *ledger.Engine) { now = int64(e.Now()) })
	return now, err
}

func (c clocks) Advance(_ context.Context, _ string, to int64) error {
	c.do(&ledger.Advance{To: ledger.Instant(to)})
	return nil
}

// Settled notes what was told about a listing.
func (w *world) Settled(_ context.Context, _ *sql.Tx, l *market.Listing) error {
	w.told = append(w.told, *l)
	return nil
}

func (w *world) next(group string) id.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
	return uid(group, w.number)
}

// do sends operations that must be applied.
func (w *world) do(operations ...ledger.Operation) ledger.Result {
	w.Helper()
	answers, err := w.Apply(w.Context(), []*ledger.Command{{ID: ledger.ID(w.next("command")), Operations: operations}})
	w.must(err)
	if answers[0].Result.Code != ledger.Applied {
		w.Fatalf("%s: %s", answers[0].Result.Code, answers[0].Why)
	}
	return answers[0].Result
}

func (w *world) account(address string, side ledger.Side, c ledger.Constraint) {
	w.Helper()
	kind := ledger.Liability
	if side == ledger.DebitNormal {
		kind = ledger.Asset
	}
	w.do(&ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: kind, Code: 2001, Constraint: c})
}

// investor opens an investor's cash account and pays in.
func (w *world) investor(n int, cash int64) id.ID {
	w.Helper()
	address := market.Cash(investor(n))
	w.account(address, ledger.CreditNormal, ledger.Nonnegative)
	if cash > 0 {
		w.do(&ledger.Transfer{Debit: "bank", Credit: address, Mode: ledger.Exact, Amount: cash})
	}
	return investor(n)
}

func (w *world) balance(address string) (balance int64) {
	w.Helper()
	w.must(w.ledger.View(w.Context(), 0, func(e *ledger.Engine) {
		a, ok := e.Account(address)
		if !ok {
			w.Fatalf("no account %s", address)
		}
		balance = a.Balance()
	}))
	return balance
}

// The listing of most tests: 1,000 yuan in units of one, at least 100 each, in steps of 50, 400 of one investor.
func listing(n int) market.Listing {
	return market.Listing{
		Tenant: tenant, ID: uid("listing", n), Ledger: "main", Loan: uid("loan", n), Borrower: uid("borrower", n),
		Terms: market.Terms{
			Asset: "CNY", Register: fmt.Sprintf("loan:%d", n), Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed", Receiver: fmt.Sprintf("receiver:%d", n),
			Unit: 100, Units: 1_000, Minimum: 100, Step: 50, Share: 400, Product: "plain", Version: 1, Grade: "a", Days: 360,
		},
		Opened: noon.UnixMicro(), Closes: noon.Add(7 * 24 * time.Hour).UnixMicro(),
	}
}

// open opens a listing and lets the ledger have it.
func (w *world) open(l market.Listing) market.Listing {
	w.Helper()
	w.account(l.Receiver, ledger.CreditNormal, ledger.Nonnegative)
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error { return w.Open(w.Context(), tx, l) }))
	w.run()
	return l
}

// run lets what is due happen and notes what the journal says, until there is nothing more.
func (w *world) run() {
	w.Helper()
	for {
		before := w.noted
		w.follow()
		_, err := w.runner.RunDue(w.Context(), w.name, w.now())
		w.must(err)
		if w.follow(); w.noted == before {
			return
		}
	}
}

// follow hands the journal over, each command once.
func (w *world) follow() {
	w.Helper()
	w.following.Lock()
	defer w.following.Unlock()
	w.applying.Lock() // nothing of before comes later
	list := slices.Clone(w.journal[w.noted:])
	w.noted = len(w.journal)
	w.applying.Unlock()
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.result.Sequence, b.result.Sequence) })
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		b := w.Batch(w.Context(), tx, tenant, w.name)
		for _, e := range list {
			if err := b.Note(e.command, &e.result); err != nil {
				return err
			}
		}
		return b.Save()
	}))
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		b := w.Batch(w.Context(), tx, tenant, w.name)
		for _, e := range list {
			if err := b.Order(book, e.command, &e.result); err != nil {
				return err
			}
		}
		return b.Save()
	}))
}

// catchUp lets the follower come along, unless it is stopped, and says how far it is.
func (w *world) catchUp(ctx context.Context, _ id.ID, _ string) (noted uint64, err error) {
	if w.stopped {
		return 0, nil
	}
	err = w.ledger.View(ctx, 0, func(e *ledger.Engine) { noted = e.Sequence() })
	w.follow()
	return noted, err
}

// pass lets time pass and what falls due happen.
func (w *world) pass(d time.Duration) {
	w.Helper()
	w.do(&ledger.Advance{To: ledger.Instant(w.now() + d.Microseconds())})
	w.run()
}

func (w *world) now() int64 {
	w.Helper()
	now, err := clocks{w}.Now(w.Context(), "main")
	w.must(err)
	return now
}

// place makes a bid.
func (w *world) place(l market.Listing, investor id.ID, yuan int64) (market.Bid, error) {
	return w.Place(w.Context(), market.Bid{
		Tenant: tenant, ID: w.next("bid"), Listing: l.ID, Investor: investor, Amount: yuan * 100, Actor: uid("principal", 1),
	})
}

func (w *world) placed(l market.Listing, investor id.ID, yuan int64) market.Bid {
	w.Helper()
	b, err := w.place(l, investor, yuan)
	w.must(err)
	return b
}

// is checks a refusal's code and field.
func (w *world) is(err error, code errs.Code, field string) {
	w.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Code != code || e.Field != field {
		w.Errorf("got %v, want %s on %q", err, code.Name(), field)
	}
}

func (w *world) state(l market.Listing) market.Listing {
	w.Helper()
	now, err := w.Listing(w.Context(), tenant, l.ID)
	w.must(err)
	return now
}

// each runs a test on both databases.
func each(t *testing.T, f func(w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(newWorld(t, db)) })
}
