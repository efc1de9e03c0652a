package overview_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/overview"
	"github.com/longmen/longmen/front/market/portfolio"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var start = time.Date(2026, 1, 15, 4, 0, 0, 0, time.UTC)

// uid makes an id that is the same each time.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(start.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, ann = uid("tenant", 1), uid("investor", 1)

// world is loans of 1,200.00 that Ann has funded for a quarter each, and somebody else for the rest.
type world struct {
	testing.TB
	*overview.Overview
	db     *store.DB
	ledger *node.Ledger
	loans  *servicing.Servicing
	number int
	noted  []func(*market.Batch) error
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{TB: t, db: db}
	n := nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.NewManual(start))
	w.ledger = n.Ledger("main", "Asia/Shanghai", ledger.InstantOf(start))
	at := clock.NewManual(start)
	kinds, err := order.NewKinds(sale.Kind())
	w.must(err)
	orders, err := order.Open(t.Context(), db, kinds, func(id.ID) clock.Clock { return at })
	w.must(err)
	p, err := plan.Open(t.Context(), db, at)
	w.must(err)
	ledgers := func(context.Context, string) (market.Ledger, error) { return w, nil }
	m, err := market.New(t.Context(), market.Config{DB: db, Plan: p, Clock: at, Ledgers: ledgers})
	w.must(err)
	w.loans, err = servicing.Open(t.Context(), db, named{w}, contracts{})
	w.must(err)
	s, err := sale.New(t.Context(), sale.Config{DB: db, Plan: p, Orders: orders, Ledgers: ledgers})
	w.must(err)
	w.Overview = &overview.Overview{Market: m, Sales: s, Loans: w.loans, Now: named{w}.Now}
	w.do(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	w.account("bank", ledger.DebitNormal, ledger.Unbounded)
	w.account("unclaimed", ledger.CreditNormal, ledger.Nonnegative)
	for _, who := range []id.ID{ann, uid("investor", 2)} {
		w.account(market.Cash(who), ledger.CreditNormal, ledger.Nonnegative)
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(who), Mode: ledger.Exact, Amount: 1_000_000_00})
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) next(group string) id.ID {
	w.number++
	return uid(group, w.number)
}

func (w *world) do(operations ...ledger.Operation) {
	w.Helper()
	answers, err := w.ledger.Apply(w.Context(), []*ledger.Command{{ID: ledger.ID(w.next("command")), Operations: operations}})
	w.must(err)
	if answers[0].Result.Code != ledger.Applied {
		w.Fatalf("%s: %s", answers[0].Result.Code, answers[0].Why)
	}
}

func (w *world) account(address string, side ledger.Side, c ledger.Constraint) {
	w.Helper()
	w.do(&ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 2001, Constraint: c})
}

// Apply notes what the market is to hear of.
func (w *world) Apply(ctx context.Context, commands []*ledger.Command) ([]node.Answer, error) {
	answers, err := w.ledger.Apply(ctx, commands)
	for i, a := range answers {
		if err == nil && !a.Repeated && a.Result.Code.Journaled() {
			w.noted = append(w.noted, func(b *market.Batch) error { return b.Note(commands[i], &a.Result) })
		}
	}
	return answers, err
}

func (w *world) View(ctx context.Context, atLeast uint64, read func(*ledger.Engine)) error {
	return w.ledger.View(ctx, atLeast, read)
}

func (w *world) follow() {
	w.Helper()
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		b := w.Market.Batch(w.Context(), tx, tenant, "main")
		for _, note := range w.noted {
			if err := note(b); err != nil {
				return err
			}
		}
		w.noted = nil
		return b.Save()
	}))
}

// named is the one ledger by its name.
type named struct{ *world }

func (n named) Apply(ctx context.Context, _ string, commands []*ledger.Command) ([]node.Answer, error) {
	return n.world.Apply(ctx, commands)
}

func (n named) View(ctx context.Context, _ string, read func(*ledger.Engine)) error {
	return n.ledger.View(ctx, 0, read)
}

func (n named) Now(ctx context.Context, _ string) (now time.Time, err error) {
	err = n.ledger.View(ctx, 0, func(e *ledger.Engine) { now = e.Now().Time() })
	return now.In(time.FixedZone("CST", 8*3600)), err
}

// contracts are of 12 % a year over 36 months, all for the holders.
type contracts struct{}

func (contracts) Contract(context.Context, *servicing.Deed) (*servicing.Contract, error) {
	return &servicing.Contract{
		Days: "all",
		Agreement: loan.Agreement{Terms: schedule.Terms{
			Principal: 1_200_00, AnnualRate: apd.New(12, -2), Installments: 36,
			Due: calendar.Due{Start: day.Of(2026, 1, 15), Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		}},
		Divide: func(s loan.Split) (servicing.Division, error) {
			return servicing.Division{Holders: [3]int64{s[loan.Principal], s[loan.Interest], s[loan.Penalty] + s[loan.Fee]}}, nil
		},
	}, nil
}

func (contracts) Days(context.Context, id.ID, string) (*calendar.Calendar, calendar.Rule, error) {
	return nil, calendar.Unadjusted, nil
}

// list opens a listing and lets the two bid; the other one bids the rest if it is to be full.
func (w *world) list(n int, full bool) market.Listing {
	w.Helper()
	l := market.Listing{
		Tenant: tenant, ID: uid("listing", n), Ledger: "main", Loan: uid("loan", n), Borrower: uid("borrower", n%3),
		Terms: market.Terms{
			Asset: "CNY", Register: fmt.Sprintf("loan:%d", n), Tranches: servicing.Tranches, Unclaimed: "unclaimed", Receiver: fmt.Sprintf("receiver:%d", n),
			Unit: 100, Units: 1_200, Minimum: 100, Step: 1, Share: 1_200, Product: "plain", Grade: string(rune('a' + n%2)), Region: "44", Days: 1_095,
		},
		Opened: start.UnixMicro(), Closes: start.Add(7 * 24 * time.Hour).UnixMicro(),
	}
	w.account(l.Receiver, ledger.CreditNormal, ledger.Nonnegative)
	w.must(w.Market.Create(w.Context(), l))
	w.must(w.Market.Advance(w.Context(), tenant, l.ID))
	w.bid(l, ann, 300_00)
	if full {
		w.bid(l, uid("investor", 2), 900_00)
		w.follow()
		w.must(w.Market.Advance(w.Context(), tenant, l.ID))
	}
	w.follow()
	return l
}

func (w *world) bid(l market.Listing, who id.ID, amount int64) {
	w.Helper()
	_, err := w.Market.Place(w.Context(), market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: l.ID, Investor: who, Amount: amount})
	w.must(err)
}

// lend pays a loan out.
func (w *world) lend(n int) {
	w.Helper()
	l, cash := w.list(n, true), fmt.Sprintf("borrower:%d", n)
	w.account(cash, ledger.CreditNormal, ledger.Nonnegative)
	w.do(&ledger.Transfer{Debit: "bank", Credit: cash, Mode: ledger.Exact, Amount: 1_000_00})
	e, err := w.loans.Disburse(w.Context(), servicing.Deed{
		Tenant: tenant, Loan: l.Loan, Ledger: "main", Asset: "CNY", Borrower: l.Borrower, Product: "plain", Version: 1,
		Places: servicing.Places{Register: l.Register, Payer: cash}, Terms: []byte("{}"),
	}, servicing.Disbursement{
		ID: w.next("event"), Amount: 1_200_00, Operations: []ledger.Operation{&ledger.Transfer{Debit: l.Receiver, Credit: cash, Mode: ledger.Exact, Amount: 1_200_00}},
	})
	w.must(err)
	if e.Outcome != servicing.Applied {
		w.Fatal(e.Outcome)
	}
}

// pay pays an installment of a loan.
func (w *world) pay(n int) {
	w.Helper()
	e, err := w.loans.Repay(w.Context(), tenant, uid("loan", n), servicing.Payment{ID: w.next("event"), Amount: 39_86})
	w.must(err)
	if e.Outcome != servicing.Applied {
		w.Fatal(e.Outcome)
	}
}

func (w *world) to(d day.Date) {
	w.Helper()
	y, m, dom := d.Civil()
	w.do(&ledger.Advance{To: ledger.InstantOf(time.Date(y, time.Month(m), dom, 4, 0, 0, 0, time.UTC))})
}

func (w *world) portfolio() *portfolio.Portfolio {
	w.Helper()
	p, err := w.Portfolio(w.Context(), tenant, "main", ann)
	w.must(err)
	return p
}

// Two loans of which Ann funded a quarter, one of them not paid out yet, and a bid on a third one.
func TestOverview(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.lend(1)
		w.list(2, true)
		w.list(3, false)
		p := w.portfolio()
		if p.Cash != 999_100_00 || p.InBids != 300_00 || p.Invested != 600_00 || p.Paid != 600_00 || len(p.Expected) != 36 || len(p.Claims) != 2 || p.Accrued != 0 {
			t.Errorf("%+v", p)
		}
		w.to(day.Of(2026, 2, 15))
		w.pay(1)
		// 39.86 are 12.00 of interest and 27.86 of principal; a quarter are 3.00 and 6.965, of which this time 6.96 or 6.97.
		p = w.portfolio()
		if p.Earned != 3_00 || p.Repaid < 6_96 || p.Repaid > 6_97 || p.Invested != 300_00+293_04 || p.Rate == nil || len(p.Expected) != 35 {
			t.Errorf("%+v", p)
		}
		if len(p.Grades) != 2 || len(p.Regions) != 1 || p.Regions[0].Loans != 2 || p.Regions[0].Invested != p.Invested || len(p.Borrowers) != 2 {
			t.Errorf("where: %+v %+v %+v", p.Grades, p.Regions, p.Borrowers)
		}
		w.to(day.Of(2026, 2, 25))
		if p = w.portfolio(); p.Accrued < 95 || p.Accrued > 107 { // ten of 28 days of 11.72 of interest, a quarter
			t.Errorf("accrued %d", p.Accrued)
		}
		if again := w.portfolio(); again.Invested != p.Invested || again.Accrued != p.Accrued {
			t.Errorf("from memory it is %+v", again)
		}
	})
}

// What is kept of a loan serves for the days on which nothing of it changes but what has accrued: on each day it says what one
// says who asks for the first time. Loan 1 is paid when it is due, 2 becomes overdue
// and has fewer units than before, 3 is closed early, 4 is paid in advance.
func TestDaysGoBy(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		for n := range 4 {
			w.lend(n + 1)
		}
		accrued := map[int64]bool{}
		for d, last := day.Of(2026, 1, 16), day.Of(2026, 4, 20); d < last; d++ {
			w.to(d)
			switch _, m, dom := d.Civil(); {
			case dom == 15:
				w.pay(1)
			case dom == 3 && m == 2:
				w.pay(4)
			case dom == 5 && m == 2: // units of somebody else are cancelled
				w.do(&ledger.Cancel{Register: "loan:2", Account: market.Cash(uid("investor", 2)), Units: 450})
			case dom == 20 && m == 3:
				e, err := w.loans.Repay(w.Context(), tenant, uid("loan", 3), servicing.Payment{ID: w.next("event"), Amount: 1_300_00, Settle: true})
				w.must(err)
				if e.Outcome != servicing.Applied {
					t.Fatal(e.Outcome)
				}
			}
			kept, fresh := w.Overview, &overview.Overview{Market: w.Market, Sales: w.Sales, Loans: w.loans, Now: named{w}.Now}
			p := w.portfolio()
			w.Overview = fresh
			want := w.portfolio()
			w.Overview = kept
			if got, want := shown(t, p), shown(t, want); got != want {
				t.Fatalf("on %s\n%s\nnot\n%s", d, got, want)
			}
			accrued[p.Accrued] = true
		}
		if len(accrued) < 60 {
			t.Errorf("interest accrued to %d different amounts only", len(accrued))
		}
	})
}

// shown is all of a portfolio.
func shown(t *testing.T, p *portfolio.Portfolio) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// BenchmarkOverview is an investor with 500 holdings of loans over three years, XIRR included: wanted are 30 ms.
func BenchmarkOverview(b *testing.B) {
	w := newWorld(b, storetest.SQLite(b))
	const loans = 500
	for n := range loans {
		w.lend(n)
	}
	for m := 1; m <= 3; m++ {
		w.to(day.Of(2026, 1, 15).AddMonths(m))
		for n := range loans {
			w.pay(n)
		}
	}
	w.portfolio()
	for b.Loop() {
		if p := w.portfolio(); len(p.Claims) != loans {
			b.Fatal(len(p.Claims))
		}
	}
}
