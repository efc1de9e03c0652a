package sale_test

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// shanghai is noon of a day there.
func shanghai(y, m, d int) time.Time {
	return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.FixedZone("CST", 8*3600))
}

var start = shanghai(2026, 3, 25)

// uid makes an id that is the same each time. Ids of different groups differ.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(start.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var (
	tenant       = uid("tenant", 1)
	theLoan      = uid("loan", 1)
	ann, bob, cy = uid("investor", 1), uid("investor", 2), uid("investor", 3)
	staff        = uid("principal", 1)
)

func rate(text string) catalog.Rate {
	r, err := catalog.NewRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// product lends at 12 % and lets claims be sold, for 0.5 % of the seller and a yuan of the buyer.
func product() *catalog.Product {
	four := []catalog.Component{"penalty", "fee", "interest", "principal"}
	return &catalog.Product{
		Format: catalog.Format, Code: "plain", Offered: true, Asset: catalog.Asset{Code: "CNY", Scale: 2},
		Amount: catalog.Amount{Min: 1_000_00, Max: 100_000_00, Step: 100_00},
		Terms:  []catalog.Term{{Unit: "months", Min: 1, Max: 36, Step: 1, Every: 1}},
		Repayment: catalog.Repayment{
			Method: "equal_installment", Basis: "period", DayCount: "Act/365F",
			Rounding: catalog.Rounding{Mode: "half_even", By: "half_even", Residual: "last"},
		},
		Grades:      []catalog.Grade{{Code: "a", Rate: rate("0.12")}},
		Allocation:  catalog.Allocation{Due: four, Advance: four},
		Prepayment:  catalog.Prepayment{Allowed: true, Strategy: "fewer_installments", PayoffInterest: "to_the_day"},
		Overpayment: "advance",
		Days:        catalog.Days{Rule: "unadjusted"},
		Transfer: catalog.Transfer{
			Allowed: true, Part: true, MinPrice: rate("0.95"), MaxPrice: rate("1.02"), Holding: 30, Times: 1, MinPiece: 100_00, OrderDays: 30,
		},
		Fees: []catalog.Fee{
			{Code: "sale", PaidBy: "seller", At: "transfer", Of: "price", Rate: rate("0.005"), Mode: "half_up"},
			{Code: "purchase", PaidBy: "buyer", At: "transfer", Of: "none", Amount: 1_00, Mode: "half_up"},
		},
	}
}

// world is one loan of 12,000.00 in 12,000 units, held by Ann (9,000) and Cy (3,000), and what a node does around it.
type world struct {
	testing.TB
	*sale.Sales
	db        *store.DB
	ledger    *node.Ledger
	orders    *order.Orders
	runner    *plan.Runner
	product   *catalog.Product
	agreement loan.Agreement
	state     claim.State // instead of the one that follows from the events
	changed   uint32      // what was agreed
	took      day.Date    // when Cy took over what he has
	act       sync.Mutex  // one act of the loan at a time
	following sync.Mutex

	mu      sync.Mutex
	events  []loan.Event
	journal []entry
	noted   int
	number  int
}

type entry struct {
	command *ledger.Command
	result  ledger.Result
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{TB: t, db: db, product: product()}
	n := nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.NewManual(start))
	w.ledger = n.Ledger("main", "Asia/Shanghai", ledger.InstantOf(start))
	kinds, err := order.NewKinds(sale.Kind())
	w.must(err)
	w.orders, err = order.Open(t.Context(), db, kinds, func(id.ID) clock.Clock { return clock.NewManual(start) })
	w.must(err)
	p, err := plan.Open(t.Context(), db, clock.NewManual(start))
	w.must(err)
	w.Sales, err = sale.New(t.Context(), sale.Config{
		DB: db, Plan: p, Orders: w.orders, Loans: w, Ledgers: func(context.Context, string) (market.Ledger, error) { return w, nil },
		Now: func(ctx context.Context, _ string) (time.Time, error) {
			now, err := clocks{w}.Now(ctx, "")
			return time.UnixMicro(now).In(start.Location()), err
		},
		Turn:  func(context.Context, id.ID) (func(), error) { return func() {}, nil },
		Await: func(context.Context, id.ID, string, uint64) error { w.follow(); return nil },
	})
	w.must(err)
	w.runner, err = p.Lead(t.Context(), 1, clocks{w}, w.Handlers())
	w.must(err)
	w.agreement, w.events, err = catalog.Contract(w.product, &catalog.Application{
		Amount: 12_000_00, Term: catalog.Duration{N: 12, Unit: "months"}, Grade: "a", Start: day.Of(2026, 1, 15),
	})
	w.must(err)
	w.books()
	w.repay(day.Of(2026, 2, 15))
	w.repay(day.Of(2026, 3, 15))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// books opens the accounts and gives out the units.
func (w *world) books() {
	w.do(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	open := func(address string, side ledger.Side, c ledger.Constraint) {
		w.do(&ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 2001, Constraint: c})
	}
	open("bank", ledger.DebitNormal, ledger.Unbounded)
	open("unclaimed", ledger.CreditNormal, ledger.Nonnegative)
	open("fees", ledger.CreditNormal, ledger.Nonnegative)
	open("reserve", ledger.CreditNormal, ledger.Nonnegative)
	for _, who := range []id.ID{ann, bob, cy} {
		open(market.Cash(who), ledger.CreditNormal, ledger.Nonnegative)
	}
	w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(bob), Mode: ledger.Exact, Amount: 10_000_00})
	w.do(&ledger.OpenRegister{Address: "loan:1", Asset: "CNY", Cap: 12_000, Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed"})
	w.do(&ledger.Issue{Register: "loan:1", Account: market.Cash(ann), Units: 9_000})
	w.do(&ledger.Issue{Register: "loan:1", Account: market.Cash(cy), Units: 3_000})
}

// repay pays an installment.
func (w *world) repay(on day.Date) {
	w.Helper()
	w.repayAmount(on, 1_066_19)
}

// While gives the loan as it stands.
func (w *world) While(ctx context.Context, _, which id.ID, f func(*sale.Loan) error) error {
	if which != theLoan {
		return errs.NotFound.Errorf("there is no loan %s", which)
	}
	w.act.Lock()
	defer w.act.Unlock()
	now, err := clocks{w}.Now(ctx, "")
	if err != nil {
		return err
	}
	today := day.Date((now/1e6 + 8*3600) / 86400)
	state, accrued, err := loan.Ahead(w.agreement, w.events, today, 1)
	if err != nil {
		return err
	}
	l := claim.LoanOf(state, accrued[0], today, 12_000)
	if w.state != "" {
		l.State = w.state
	}
	return f(&sale.Loan{Loan: l, ID: theLoan, Product: w.product, Changed: w.changed, Ledger: "main", Register: "loan:1", Fees: map[catalog.Receiver]string{catalog.ToPlatform: "fees", catalog.ToReserve: "reserve"}, Since: w.since})
}

// since is when those who funded the loan began to hold it, and when Cy took it over, if he did.
func (w *world) since(account string) day.Date {
	if account == market.Cash(cy) {
		return max(w.took, day.Of(2026, 1, 15))
	}
	return day.Of(2026, 1, 15)
}

// The ledger, with its journal kept as a follower is handed it.
func (w *world) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
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

func (w *world) next(group string) id.ID {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.number++
	return uid(group, w.number)
}

// do sends operations that must be applied.
func (w *world) do(operations ...ledger.Operation) {
	w.Helper()
	answers, err := w.Apply(w.Context(), []*ledger.Command{{ID: ledger.ID(w.next("command")), Operations: operations}})
	w.must(err)
	if answers[0].Result.Code != ledger.Applied {
		w.Fatalf("%s: %s", answers[0].Result.Code, answers[0].Why)
	}
}

// until moves the clock to an instant; planned events happen at theirs.
func (w *world) until(t time.Time) {
	w.Helper()
	w.must(w.runner.Advance(w.Context(), "main", t.UnixMicro()))
	w.follow()
}

// follow hands the journal over, each command once.
func (w *world) follow() {
	w.Helper()
	w.following.Lock()
	defer w.following.Unlock()
	w.mu.Lock()
	list := slices.Clone(w.journal[w.noted:])
	w.mu.Unlock()
	slices.SortFunc(list, func(a, b entry) int { return cmp.Compare(a.result.Sequence, b.result.Sequence) })
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		for _, e := range list {
			if err := w.Follow(w.Context(), tx, tenant, "main", e.command, &e.result); err != nil {
				return err
			}
		}
		return nil
	}))
	w.noted += len(list)
}

// offered opens Ann's order of 1,000 units at a price.
func (w *world) offered(price string) order.Order {
	w.Helper()
	o, err := w.offer(sale.Offer{Units: 1_000, Price: rate(price)})
	w.must(err)
	w.follow()
	return w.order(o.ID)
}

func (w *world) offer(o sale.Offer) (order.Order, error) {
	if o.Seller.IsZero() {
		o.Seller = ann
	}
	o.ID, o.Loan, o.Actor = w.next("sale"), theLoan, staff
	return w.Offer(w.Context(), tenant, o)
}

func (w *world) order(sale id.ID) order.Order {
	w.Helper()
	o, err := w.orders.Get(w.Context(), tenant, sale)
	w.must(err)
	return o
}

// cost is what an order costs now.
func (w *world) cost(o order.Order) int64 {
	w.Helper()
	q, against, err := w.Quote(w.Context(), tenant, o.ID)
	w.must(err)
	if against != "" {
		w.Fatalf("%s stands against it", against)
	}
	return q.Pays
}

func (w *world) buy(o order.Order, who id.ID, pays int64) (sale.Bought, error) {
	return w.Buy(w.Context(), tenant, sale.Purchase{ID: w.next("purchase"), Order: o.ID, Buyer: who, Pays: pays, Actor: staff})
}

// is checks a refusal's code and field.
func (w *world) is(err error, code errs.Code, field string) {
	w.Helper()
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Code != code || e.Field != field {
		w.Errorf("got %v, want %s on %q", err, code.Name(), field)
	}
}

// books are cash and units of somebody.
func (w *world) has(who id.ID) (cash int64, units, held uint64) {
	w.Helper()
	w.must(w.ledger.View(w.Context(), 0, func(e *ledger.Engine) {
		a, _ := e.Account(market.Cash(who))
		h, _ := e.Holding("loan:1", market.Cash(who))
		cash, units, held = a.Balance(), h.Units, h.Held
	}))
	return cash, units, held
}

func (w *world) ended(o order.Order, state, reason string) {
	w.Helper()
	w.follow()
	now := w.order(o.ID)
	steps, err := w.orders.Steps(w.Context(), tenant, o.ID, 0, 10)
	w.must(err)
	if last := steps[len(steps)-1]; now.State != state || last.Reason != reason {
		w.Errorf("the order is %s (%s), want %s (%s)", now.State, last.Reason, state, reason)
	}
	if _, _, held := w.has(ann); held != 0 {
		w.Errorf("%d units are still held", held)
	}
}

// each runs a test on both databases.
func each(t *testing.T, f func(w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(newWorld(t, db)) })
}
