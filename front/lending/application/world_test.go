package application_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/message"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// uid makes an id that is the same each time.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var (
	tenant, borrower, staff = uid("tenant", 1), uid("party", 0), uid("staff", 1)
	program, login          = uid("program", 1), uid("login", 1)
)

func investor(n int) id.ID { return uid("party", n) }

func rate(text string) catalog.Rate {
	r, err := catalog.NewRate(text)
	if err != nil {
		panic(err)
	}
	return r
}

// product lends 1,000 to 10,000 yuan with a fee of 2 %, half of it for the reserve.
func product() *catalog.Product {
	four := []catalog.Component{"penalty", "fee", "interest", "principal"}
	return &catalog.Product{
		Format: catalog.Format, Code: "loan", Offered: true, Asset: catalog.Asset{Code: "CNY", Scale: 2},
		Amount: catalog.Amount{Min: 1_000_00, Max: 10_000_00, Step: 100_00},
		Terms:  []catalog.Term{{Unit: "months", Min: 3, Max: 36, Step: 3, Every: 1}},
		Repayment: catalog.Repayment{
			Method: "equal_installment", Basis: "period", DayCount: "Act/365F",
			Rounding: catalog.Rounding{Mode: "half_even", By: "half_even", Residual: "last"},
		},
		Grades: []catalog.Grade{{Code: "a", Rate: rate("0.12")}},
		Fees: []catalog.Fee{{
			Code: "origination", PaidBy: "borrower", At: "disbursement", Of: "lent", Rate: rate("0.02"), Mode: "half_even",
			Shares: []catalog.Share{{To: "platform", Share: rate("0.5")}, {To: "reserve", Share: rate("0.5")}},
		}},
		Allocation:  catalog.Allocation{Due: four, Advance: four},
		Prepayment:  catalog.Prepayment{Allowed: true, Strategy: "fewer_installments", PayoffInterest: "to_the_day"},
		Overpayment: "advance", Days: catalog.Days{Rule: "unadjusted"},
		Start:   catalog.Start{From: catalog.FromDisbursement, PaidBy: catalog.BorrowerPays},
		Funding: catalog.Funding{Unit: 100, Min: 100_00, Step: 100, Share: rate("1"), Days: 7},
	}
}

// world is a whole platform around a desk, but for the doors.
type world struct {
	testing.TB
	*application.Desk
	db      *store.DB
	ledger  *node.Ledger
	orders  *order.Orders
	runner  *plan.Runner
	market  *market.Market
	loans   *servicing.Servicing
	journal []entry
	noted   int
	verdict application.Decision
	missing []string
	papers  []string
	start   catalog.Start
	partial catalog.Rate
	code    string
	number  int
	waits   id.ID // a proposal that nobody has decided

	guarantors []agreement.Guarantor // whom the borrower names
	losses     catalog.Losses        // of the product
	penalties  []catalog.Penalty
	fees       []catalog.Fee // beside the product's
}

type entry struct {
	command *ledger.Command
	result  ledger.Result
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{TB: t, db: db, start: product().Start, verdict: application.Decision{Verdict: application.Accept, Grade: "a", Amount: 1_200_00}}
	n := nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.NewManual(noon))
	w.ledger = n.Ledger("main", "Asia/Shanghai", ledger.InstantOf(noon))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	kinds, err := order.NewKinds(application.Declaration())
	must(err)
	w.orders, err = order.Open(t.Context(), db, kinds, func(id.ID) clock.Clock { return ledgerClock{w} })
	must(err)
	p, err := plan.Open(t.Context(), db, clock.NewManual(noon))
	must(err)
	contracts := &agreement.Contracts{Products: w, Calendars: w}
	w.loans, err = servicing.Open(t.Context(), db, w, contracts)
	must(err)
	desk, err := sign.Open(t.Context(), db, w, rand.Reader)
	must(err)
	w.Desk = &application.Desk{Config: application.Config{
		DB: db, Orders: w.orders, Plan: p, Ledgers: w, Products: w, Contracts: contracts, Decider: judge{w}, Persons: people{}, Papers: w, Signer: desk, Loans: w.loans, Proposals: w, Notices: w,
	}}
	w.market, err = market.New(t.Context(), market.Config{
		DB: db, Plan: p, Clock: clock.NewManual(noon), Consumer: w.Desk,
		Ledgers: func(context.Context, string) (market.Ledger, error) { return book{w}, nil },
		Noted:   func(context.Context, id.ID, string) (uint64, error) { return math.MaxUint64, nil }, // no mandates here
	})
	must(err)
	w.Market = w.market
	w.loans.Watch(servicing.Planning(w.Plan, w.Told))
	handlers := w.market.Handlers()
	maps.Copy(handlers, w.Desk.Handlers())
	w.runner, err = p.Lead(t.Context(), 1, clocks{w}, handlers)
	must(err)
	w.do(&ledger.OpenAsset{Code: "CNY", Scale: 2}, account("bank", ledger.DebitNormal, ledger.Unbounded))
	for i := range 4 {
		w.do(account(market.Cash(investor(i)), ledger.CreditNormal, ledger.Nonnegative),
			&ledger.Transfer{Debit: "bank", Credit: market.Cash(investor(i)), Mode: ledger.Exact, Amount: 1_000_00})
	}
	return w
}

func account(address string, side ledger.Side, c ledger.Constraint) ledger.Operation {
	return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 1, Constraint: c}
}

// What the world is for the desk: ledgers with their clock, products, calendars, decisions, papers, notices.

func (w *world) Apply(ctx context.Context, _ string, commands []*ledger.Command) ([]node.Answer, error) {
	answers, err := w.ledger.Apply(ctx, commands)
	for i, a := range answers {
		if err == nil && !a.Repeated && a.Result.Code.Journaled() {
			w.journal = append(w.journal, entry{commands[i], a.Result})
		}
	}
	return answers, err
}

func (w *world) Now(ctx context.Context, _ string) (now time.Time, err error) {
	zone := time.FixedZone("", 8*3600)
	err = w.ledger.View(ctx, 0, func(e *ledger.Engine) { now = e.Now().Time().In(zone) })
	return now, err
}

func (w *world) View(ctx context.Context, _ string, read func(*ledger.Engine)) error {
	return w.ledger.View(ctx, 0, read)
}

func (w *world) InForce(ctx context.Context, tenant id.ID, code string, _ day.Date) (*catalog.Product, uint32, error) {
	p, err := w.Product(ctx, tenant, code, 1)
	return p, 1, err
}

func (w *world) Product(_ context.Context, _ id.ID, code string, _ uint32) (*catalog.Product, error) {
	if slices.Contains(catalog.Shipped(), code) {
		file, err := catalog.ShippedFile(code)
		if err != nil {
			return nil, err
		}
		return catalog.Read(file)
	}
	if code == "salary-loan" || code == "crop-loan" {
		file, err := os.ReadFile("../../catalog/testdata/" + code + ".yaml")
		if err != nil {
			return nil, err
		}
		return catalog.ReadNew(file)
	}
	if code != "loan" {
		return nil, errs.NotFound.Errorf("there is no product %s", code)
	}
	p := product()
	p.Penalties, p.Fees = w.penalties, append(p.Fees, w.fees...)
	p.Start = w.start
	p.Funding.Partial, p.Losses = w.partial, w.losses
	return p, nil
}

func (w *world) Days(context.Context, id.ID, string) (holidays, workdays []day.Date, err error) {
	return nil, nil, nil
}

// judge decides as the test wants.
type judge struct{ *world }

func (w judge) Decide(context.Context, *application.Application, *catalog.Product, application.Quoter) (application.Decision, error) {
	return w.verdict, nil
}

func (w *world) Missing(context.Context, *application.Application, *catalog.Product) ([]string, error) {
	return w.missing, nil
}

func (w *world) Signed(context.Context, *application.Application) error {
	w.papers = append(w.papers, "signed")
	return nil
}

func (w *world) Completed(context.Context, *application.Application, *catalog.Product) error {
	w.papers = append(w.papers, "annex")
	return nil
}

func (w *world) Contract(context.Context, *application.Application, *catalog.Product) ([32]byte, error) {
	return [32]byte{1, 2, 3}, nil
}

func (w *world) OpenOn(_ context.Context, _, _ id.ID) (id.ID, error) { return w.waits, nil }

func (w *world) Prepare(_ context.Context, n notice.Notice) (*notice.Prepared, error) {
	return &notice.Prepared{Notice: n}, nil
}

func (w *world) Keep(ctx context.Context, tx *sql.Tx, list ...*notice.Prepared) error {
	return w.Tell(ctx, tx, list[0].Notice)
}

func (w *world) Tell(_ context.Context, _ *sql.Tx, n notice.Notice) error {
	if n.Kind == message.Funding {
		w.papers = append(w.papers, "told "+string(n.Data))
		return nil
	}
	var data struct{ Code string }
	err := json.Unmarshal(n.Data, &data)
	w.code = data.Code
	return err
}

// book is the ledger as the market has it.
type book struct{ *world }

func (b book) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
	return b.world.Apply(ctx, "main", commands)
}

func (b book) View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error {
	return b.ledger.View(ctx, atLeast, read)
}

// ledgerClock is the ledger's clock for orders.
type ledgerClock struct{ *world }

func (c ledgerClock) Now() time.Time {
	now, err := c.world.Now(context.Background(), "main")
	if err != nil {
		panic(err)
	}
	return now
}

// clocks are the ledger's for planned events.
type clocks struct{ *world }

func (c clocks) Now(ctx context.Context, name string) (int64, error) {
	now, err := c.world.Now(ctx, name)
	return now.UnixMicro(), err
}

func (c clocks) Advance(_ context.Context, _ string, to int64) error {
	c.do(&ledger.Advance{To: ledger.Instant(to)})
	return nil
}

func (w *world) next(group string) id.ID {
	w.number++
	return uid(group, w.number)
}

func (w *world) do(operations ...ledger.Operation) {
	w.Helper()
	answers, err := w.Apply(context.Background(), "main", []*ledger.Command{{ID: ledger.ID(w.next("command")), Operations: operations}})
	if err != nil || answers[0].Result.Code != ledger.Applied {
		w.Fatal(answers, err)
	}
}

// run lets what is due happen and what the journal says be noted, until both are at their end.
func (w *world) run() {
	w.Helper()
	for {
		now, err := clocks{w}.Now(context.Background(), "main")
		if err != nil {
			w.Fatal(err)
		}
		n, err := w.runner.RunDue(context.Background(), "main", now)
		if err != nil {
			w.Fatal(err)
		}
		if n == 0 && w.noted == len(w.journal) {
			return
		}
		for ; w.noted < len(w.journal); w.noted++ {
			e := w.journal[w.noted]
			err := w.db.Write(context.Background(), func(tx *sql.Tx) error {
				return w.market.Follow(context.Background(), tx, tenant, "main", e.command, &e.result)
			})
			if err != nil {
				w.Fatal(err)
			}
		}
	}
}

// wait moves the clock, event by event.
func (w *world) wait(d time.Duration) {
	w.Helper()
	now, err := w.Now(context.Background(), "main")
	if err != nil {
		w.Fatal(err)
	}
	if err := w.runner.Advance(context.Background(), "main", now.Add(d).UnixMicro()); err != nil {
		w.Fatal(err)
	}
	w.run()
}

func (w *world) balance(address string) (b int64) {
	w.Helper()
	if err := w.ledger.View(context.Background(), 0, func(e *ledger.Engine) {
		a, _ := e.Account(address)
		b = a.Balance()
	}); err != nil {
		w.Fatal(err)
	}
	return b
}

// people: behind every principal stands the person of the same id, but for a program and a second login of the borrower.
type people struct{}

func (people) Person(_ context.Context, _, principal id.ID) (id.ID, []string, error) {
	switch principal {
	case program:
		return id.ID{}, nil, nil
	case login:
		return borrower, nil, nil
	}
	return principal, nil, nil
}

// deputy is a person who acts for the borrower by another login than the one with which he decides.
var deputy = uid("staff", 2)

func (people) ActsFor(_ context.Context, _, person, party id.ID) (bool, error) {
	return party == borrower && (person == borrower || person == deputy), nil
}

func by(role string) order.Act { return order.Act{Actor: staff, Role: role} }

func (w *world) submit(n int) *application.Application {
	w.Helper()
	a, err := w.Submit(context.Background(), tenant, application.New{
		ID: uid("application", n), Borrower: borrower, Ledger: "main", Product: "loan", Amount: 1_200_00, Term: 3, Unit: "months", Purpose: "study", Guarantors: w.guarantors,
		Act: by(application.Borrower),
	})
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// sign asks for a code and signs with it.
func (w *world) sign(a *application.Application) *application.Application {
	w.Helper()
	if _, err := w.AskToSign(context.Background(), tenant, a.ID, borrower); err != nil {
		w.Fatal(err)
	}
	signed, err := w.Sign(context.Background(), tenant, a.ID, borrower, w.next("signature"), by(application.Borrower), w.code)
	if err != nil {
		w.Fatal(err)
	}
	return signed
}

// bid bids for a part of an application's listing.
func (w *world) bid(a *application.Application, of int, amount int64) {
	w.Helper()
	b := market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: a.ID, Investor: investor(of), Amount: amount}
	if _, err := w.market.Place(context.Background(), b); err != nil {
		w.Fatal(err)
	}
	w.run()
}

func (w *world) state(a *application.Application) string {
	w.Helper()
	now, err := w.Get(context.Background(), tenant, a.ID)
	if err != nil {
		w.Fatal(err)
	}
	return now.State
}
