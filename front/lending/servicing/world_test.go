package servicing_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var start = time.Date(2026, 1, 15, 9, 0, 0, 0, time.UTC)

// uid makes an id that is the same each time.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(start.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, borrower = uid("tenant", 1), uid("borrower", 1)

// terms are what the tests' loans are agreed by.
type terms struct {
	Amount      int64           `json:"amount"`
	Months      int             `json:"months"`
	Over        servicing.Over  `json:"over,omitempty"`
	Method      schedule.Method `json:"method,omitempty"`
	Recalculate bool            `json:"recalculate,omitempty"`
	Penalty     string          `json:"penalty,omitempty"` // of what is late, a day
	Fee         int64           `json:"fee,omitempty"`     // of each installment
	Early       int64           `json:"early,omitempty"`   // for closing it before its end
	Uncovered   bool            `json:"-"`
	Counted     bool            `json:"-"` // what is written off
	Losses      servicing.Losses
	Start       day.Date `json:"start,omitzero"` // 0: the world's first day
	Lateness    servicing.Lateness
	Plain       bool `json:"plain,omitempty"` // due dates don't follow holidays
}

// plainDays are the code of no calendar.
const plainDays = "plain"

// contracts makes contracts of terms: 12% a year, due dates that follow weekends and holidays.
type contracts struct {
	holidays []day.Date
	products servicing.Contracts // instead, if there is one
}

func (c *contracts) Days(ctx context.Context, tenant id.ID, code string) (*calendar.Calendar, calendar.Rule, error) {
	if c.products != nil {
		return c.products.Days(ctx, tenant, code)
	}
	if code == plainDays {
		return nil, calendar.Unadjusted, nil
	}
	cal, err := calendar.New([]time.Weekday{time.Saturday, time.Sunday}, c.holidays, nil)
	return cal, calendar.Following, err
}

func (c *contracts) Contract(ctx context.Context, d *servicing.Deed) (*servicing.Contract, error) {
	if c.products != nil {
		return c.products.Contract(ctx, d)
	}
	var t terms
	if err := json.Unmarshal(d.Terms, &t); err != nil {
		return nil, err
	}
	days := "weekends"
	if t.Plain {
		days = plainDays
	}
	cal, rule, err := c.Days(ctx, d.Tenant, days)
	if err != nil {
		return nil, err
	}
	if t.Start == 0 {
		t.Start = dayOf(start)
	}
	k := &servicing.Contract{Losses: t.Losses, Over: t.Over, Lateness: t.Lateness, Days: days, Agreement: loan.Agreement{
		Terms: schedule.Terms{
			Principal: t.Amount, AnnualRate: apd.New(12, -2), Installments: t.Months, Method: t.Method, Calendar: cal, Rule: rule,
			Due: calendar.Due{Start: t.Start, Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
		},
		Recalculation: loan.Recalculation{On: t.Recalculate},
	}}
	switch x := &k.Agreement.Terms; t.Method {
	case schedule.FixedInstallment:
		x.Installment = t.Amount / 8
	case schedule.Custom:
		// A third with every third row, until the last one has the rest.
		x.Principals = make([]int64, t.Months)
		left := t.Amount
		for i := 2; i < t.Months-1; i += 3 {
			x.Principals[i] = min(t.Amount/3, left)
			left -= x.Principals[i]
		}
		x.Principals[t.Months-1] = left
	}
	if t.Penalty != "" {
		rate, _, err := apd.NewFromString(t.Penalty)
		if err != nil {
			return nil, err
		}
		k.Agreement.Late = []loan.PenaltyRule{{Kind: loan.DailyPenalty, Rate: rate, Base: loan.OnPrincipalInterest}}
	}
	if t.Fee > 0 {
		plan, err := schedule.Plan(k.Agreement.Terms)
		if err != nil {
			return nil, err
		}
		for _, r := range plan.Rows {
			k.Opening = append(k.Opening, loan.Event{Type: loan.Charge, Component: loan.Fee, Date: t.Start, Due: r.Due, Amount: t.Fee})
		}
	}
	if t.Early > 0 {
		k.PayoffFee = func(int64) (int64, error) { return t.Early, nil }
	}
	k.Divide = func(x loan.Split) (servicing.Division, error) {
		// The platform has the fees, and a tenth of the penalties.
		ours := x[loan.Penalty] / 10
		v := servicing.Division{Holders: [3]int64{x[loan.Principal], x[loan.Interest], x[loan.Penalty] - ours}}
		v.Add(d.Places.Platform, x[loan.Fee]+ours)
		return v, nil
	}
	return k, nil
}

func dayOf(t time.Time) day.Date { return day.Of(t.Year(), int(t.Month()), t.Day()) }

// errCrash is what a process leaves behind that ends in the midst of something.
var errCrash = errors.New("the process ended here")

// ledgers are a node's, with a process that can end before a command is sent or before its answer is read.
type ledgers struct {
	node   *nodetest.Node
	before func() error
	after  func() error
	closed ledger.Date              // the books are closed through this day
	known  map[ledger.ID]bool       // commands that got to the ledger
	sent   map[ledger.Date][]uint64 // sequences of corrections, by the day that they put right
}

func (l *ledgers) Apply(ctx context.Context, name string, commands []*ledger.Command) ([]node.Answer, error) {
	if l.before != nil {
		if err := l.before(); err != nil {
			return nil, err
		}
	}
	book, err := l.node.Node.Ledger(name)
	if err != nil {
		return nil, err
	}
	for _, c := range commands {
		if c.Effective != 0 && c.Effective <= l.closed && !l.known[c.ID] {
			return nil, accounting.PeriodClosed.Errorf("closed through %v", l.closed)
		}
		l.known[c.ID] = true
	}
	answers, err := book.Apply(ctx, commands)
	for i, c := range commands {
		for _, r := range c.References {
			if r.Type == accounting.ReferenceCorrects && err == nil {
				day := ledger.Date(binary.BigEndian.Uint32(r.Value[:]))
				l.sent[day] = append(l.sent[day], answers[i].Result.Sequence)
			}
		}
	}
	if err == nil && l.after != nil {
		err = l.after()
	}
	return answers, err
}

func (l *ledgers) View(ctx context.Context, name string, read func(*ledger.Engine)) error {
	book, err := l.node.Node.Ledger(name)
	if err != nil {
		return err
	}
	return book.View(ctx, 0, read)
}

func (l *ledgers) Now(ctx context.Context, name string) (now time.Time, err error) {
	book, err := l.node.Node.Ledger(name)
	if err != nil {
		return now, err
	}
	err = book.View(ctx, 0, func(e *ledger.Engine) { now = e.Now().Time() })
	return now, err
}

// world is a node with a simulated ledger of zone UTC, and the loans on it.
type world struct {
	*servicing.Servicing
	t         testing.TB
	db        *store.DB
	ledgers   *ledgers
	contracts *contracts
	book      *node.Ledger
	commands  int
	holders   int
}

func newWorld(t testing.TB, db *store.DB, holders int) *world {
	t.Helper()
	w := &world{t: t, db: db, contracts: &contracts{}, holders: holders}
	w.ledgers = &ledgers{
		node:  nodetest.Start(t, storetest.SQLite(t), storetest.SQLite(t), clock.Real{}),
		known: map[ledger.ID]bool{}, sent: map[ledger.Date][]uint64{},
	}
	w.open()
	w.book = w.ledgers.node.Ledger("main", "UTC", ledger.InstantOf(start))
	ops := []ledger.Operation{
		&ledger.OpenAsset{Code: "CNY", Scale: 2},
		account("bank", ledger.DebitNormal, ledger.Asset, ledger.Unbounded), account("unclaimed", ledger.CreditNormal, ledger.Liability, ledger.Nonnegative),
		account("reserve", ledger.CreditNormal, ledger.Liability, ledger.Nonnegative),
		account("guarantor:1", ledger.CreditNormal, ledger.Liability, ledger.Nonnegative), account("guarantor:2", ledger.CreditNormal, ledger.Liability, ledger.Nonnegative),
		account("platform:lost", ledger.DebitNormal, ledger.Asset, ledger.Unbounded), account("platform:contra", ledger.CreditNormal, ledger.Liability, ledger.Unbounded),
		account("platform:cover", ledger.DebitNormal, ledger.Asset, ledger.Unbounded),
		account("platform:fees", ledger.CreditNormal, ledger.Income, ledger.Unbounded), account("borrower:1:cash", ledger.CreditNormal, ledger.Liability, ledger.Nonnegative),
	}
	for i := range holders {
		ops = append(ops, account(holder(i), ledger.CreditNormal, ledger.Liability, ledger.Nonnegative))
	}
	w.apply(ops...)
	return w
}

// open opens the loans anew, as a new process would.
func (w *world) open() {
	w.t.Helper()
	var err error
	if w.Servicing, err = servicing.Open(context.Background(), w.db, w.ledgers, w.contracts); err != nil {
		w.t.Fatal(err)
	}
}

func each(t *testing.T, holders int, f func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db, holders)) })
}

func account(address string, side ledger.Side, kind ledger.AccountType, c ledger.Constraint) *ledger.OpenAccount {
	return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: kind, Code: 1, Constraint: c}
}

func holder(i int) string { return fmt.Sprintf("investor:%d:cash", i) }

func (w *world) apply(ops ...ledger.Operation) {
	w.t.Helper()
	for len(ops) > 0 {
		n := min(len(ops), 5000)
		w.commands++
		answers, err := w.book.Apply(context.Background(), []*ledger.Command{{ID: ledger.ID(uid("command", w.commands)), Operations: ops[:n]}})
		if err != nil || answers[0].Result.Code != ledger.Applied {
			w.t.Fatalf("%v %v", answers, err)
		}
		ops = ops[n:]
	}
}

// to moves the ledger's clock to noon of a date.
func (w *world) to(date string) {
	w.t.Helper()
	d, err := time.Parse(time.DateOnly, date)
	if err != nil {
		w.t.Fatal(err)
	}
	w.apply(&ledger.Advance{To: ledger.InstantOf(d.Add(12 * time.Hour))})
}

// lend opens the register and the accounts of a loan, lets everybody fund a part of it, and pays it out.
func (w *world) lend(n int, t terms) servicing.Deed {
	w.t.Helper()
	d := deed(n, t)
	w.apply(w.funding(&d, t.Amount)...)
	e, err := w.Disburse(context.Background(), d, servicing.Disbursement{
		ID: uid("disbursement", n), Amount: t.Amount,
		Operations: []ledger.Operation{&ledger.Transfer{Debit: escrow(n), Credit: d.Places.Payer, Mode: ledger.Exact, Amount: t.Amount}},
	})
	if err != nil || e.Outcome != servicing.Applied {
		w.t.Fatal(e.Outcome, err)
	}
	w.apply(&ledger.Transfer{Debit: d.Places.Payer, Credit: "bank", Mode: ledger.Exact, Amount: t.Amount})
	return d
}

// cover is the account that covers, for every other loan of the tests.
func cover(t terms) string {
	if t.Uncovered {
		return ""
	}
	return "platform:cover"
}

func escrow(n int) string { return fmt.Sprintf("loan:%d:escrow", n) }

func deed(n int, t terms) servicing.Deed {
	words, err := json.Marshal(t)
	if err != nil {
		panic(err)
	}
	lost, contra := "", ""
	if t.Counted {
		lost, contra = "platform:lost", "platform:contra"
	}
	return servicing.Deed{
		Tenant: tenant, Loan: uid("loan", n), Ledger: "main", Asset: "CNY", Borrower: borrower, Product: "test", Version: 1, Terms: words,
		Places: servicing.Places{
			Register: fmt.Sprintf("loan:%d", n), Payer: "borrower:1:cash", Credit: fmt.Sprintf("loan:%d:credit", n), Platform: "platform:fees", Cover: cover(t),
			Lost: lost, Contra: contra,
		},
	}
}

// funding gives every holder as many units of a yuan as there are, the last the rest.
func (w *world) funding(d *servicing.Deed, amount int64) []ledger.Operation {
	units := uint64(amount / 100)
	address := d.Places.Register + ":escrow"
	ops := []ledger.Operation{
		account(address, ledger.CreditNormal, ledger.Liability, ledger.Nonnegative), account(d.Places.Credit, ledger.CreditNormal, ledger.Liability, ledger.Nonnegative),
		&ledger.OpenRegister{Address: d.Places.Register, Asset: "CNY", Cap: units, Tranches: servicing.Tranches, Unclaimed: "unclaimed"},
		&ledger.Transfer{Debit: "bank", Credit: address, Mode: ledger.Exact, Amount: amount},
	}
	each := units / uint64(w.holders)
	for i := range w.holders {
		if i == w.holders-1 {
			each = units - each*uint64(w.holders-1)
		}
		ops = append(ops, &ledger.Issue{Register: d.Places.Register, Account: holder(i), Units: each})
	}
	return ops
}

// cash gives the borrower money to repay with.
func (w *world) cash(amount int64) {
	w.t.Helper()
	w.apply(&ledger.Transfer{Debit: "bank", Credit: "borrower:1:cash", Mode: ledger.Exact, Amount: amount})
}

func (w *world) balance(address string) (b int64) {
	w.t.Helper()
	err := w.book.View(context.Background(), 0, func(e *ledger.Engine) {
		a, ok := e.Account(address)
		if !ok {
			w.t.Errorf("there is no account %s", address)
		}
		b = a.Balance()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// repay pays an amount, with the money arriving just before.
func (w *world) repay(d servicing.Deed, n int, amount int64, more ...func(*servicing.Payment)) servicing.Event {
	w.t.Helper()
	w.cash(amount)
	p := servicing.Payment{ID: uid("payment", n), Amount: amount}
	for _, f := range more {
		f(&p)
	}
	e, err := w.Repay(context.Background(), tenant, d.Loan, p)
	if err != nil {
		w.t.Fatal(err)
	}
	return e
}

func (w *world) standing(d servicing.Deed) servicing.Standing {
	w.t.Helper()
	s, err := w.Standing(context.Background(), tenant, d.Loan, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return s
}

// paid is what holders have got of a loan in all.
func (w *world) paid(d servicing.Deed) (sum int64) {
	w.t.Helper()
	err := w.book.View(context.Background(), 0, func(e *ledger.Engine) {
		for from, more := uint32(0), true; more; {
			list, next, ok := e.Holders(d.Places.Register, from, 1000)
			if !ok {
				w.t.Errorf("there is no register %s", d.Places.Register)
			}
			for _, h := range list {
				for _, r := range h.Rows {
					sum += r.Paid
				}
			}
			from, more = next, next != 0
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// whole checks what must hold after every act: the books are what a replay of the stored events gives, and all that the
// holders have got is what the loan's books say.
func (w *world) whole(d servicing.Deed) {
	w.t.Helper()
	l, err := w.Get(context.Background(), tenant, d.Loan)
	if err != nil {
		w.t.Fatal(err)
	}
	want, err := l.Target()
	if err != nil {
		w.t.Fatal(err)
	}
	if !want.Equal(&l.Booked) {
		w.t.Errorf("booked is %+v, the events give %+v", l.Booked, want)
	}
	held := l.Booked.Holders[0] + l.Booked.Holders[1] + l.Booked.Holders[2]
	if got := w.paid(d); got != held {
		w.t.Errorf("the holders have got %d, the books say %d", got, held)
	}
	if got := w.balance(d.Places.Credit); got != l.Booked.Credit {
		w.t.Errorf("the credit account has %d, the books say %d", got, l.Booked.Credit)
	}
}

func refused(t testing.TB, err error, code errs.Code, field string) {
	t.Helper()
	if err == nil || errs.Of(err).Code != code || errs.Of(err).Field != field {
		t.Errorf("got %v, want %s on %q", err, code.Name(), field)
	}
}

func (w *world) query(q string) (n int) {
	w.t.Helper()
	if err := w.db.Reader().QueryRow(q).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func isRefusal(err error) bool {
	return errs.Is(err, errs.Invalid) || errs.Is(err, servicing.WrongState)
}
