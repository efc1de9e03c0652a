package accounting_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/node/nodetest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var start = time.Date(2026, 3, 30, 4, 0, 0, 0, time.UTC) // noon in Shanghai

// uid makes an id that is the same each time.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(start.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, other, subject = uid("tenant", 1), uid("tenant", 2), uid("subject", 1)

// persons: everybody stands for himself.
type persons struct{}

func (persons) Person(_ context.Context, _, principal id.ID) (id.ID, []string, error) {
	return principal, []string{"finance"}, nil
}

// world is accounting over a ledger with a simulated clock.
type world struct {
	*testing.T
	*accounting.Accounting
	approvals *ops.Approvals
	db        *store.DB
	clock     *clock.Manual
	node      *nodetest.Node
	ledger    *node.Ledger
	number    int
	has       id.ID // a command that the ledger is said to know
}

func (w *world) known(_ context.Context, command id.ID) (bool, error) {
	return command == w.has && !w.has.IsZero(), nil
}

func each(t *testing.T, f func(*world)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		f(newWorld(t, storetest.SQLite(t), storetest.SQLite(t), storetest.SQLite(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		f(newWorld(t, storetest.Postgres(t), storetest.SQLite(t), storetest.SQLite(t)))
	})
}

func newWorld(t *testing.T, rows, journals, pasts *store.DB) *world {
	c := clock.NewManual(start)
	w := &world{T: t, db: rows, clock: c, node: nodetest.Start(t, journals, pasts, c)}
	w.ledger = w.node.Ledger("main", "Asia/Shanghai", ledger.Instant(start.UnixMicro()))
	var err error
	w.Accounting, err = accounting.Open(t.Context(), rows, c, w, w)
	w.must(err)
	w.approvals, err = ops.OpenApprovals(t.Context(), rows, c, persons{}, w.Actions("finance"))
	w.must(err)
	account := func(address string, side ledger.Side, code uint32) ledger.Operation {
		return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: code, Constraint: ledger.Unbounded}
	}
	w.do(ledger.Command{Operations: []ledger.Operation{
		&ledger.OpenAsset{Code: "CNY", Scale: 2},
		account("bank", ledger.DebitNormal, 1001), account("client", ledger.CreditNormal, 2001), account("fees", ledger.CreditNormal, 5001),
		account("unclaimed", ledger.CreditNormal, 2001),
		&ledger.OpenAccount{Address: "holder", Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2001, Constraint: ledger.Nonnegative},
		&ledger.OpenRegister{Address: "r", Asset: "CNY", Cap: 10, Tranches: []string{"a"}, Unclaimed: "unclaimed"},
		&ledger.Issue{Register: "r", Account: "holder", Units: 10},
	}})
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) next() id.ID {
	w.number++
	return uid("command", w.number)
}

func (w *world) do(c ledger.Command) ledger.Result {
	w.Helper()
	c.ID = ledger.ID(w.next())
	answers, err := w.ledger.Apply(w.Context(), []*ledger.Command{&c})
	w.must(err)
	if answers[0].Result.Code != ledger.Applied {
		w.Fatalf("%s %s", answers[0].Result.Code, answers[0].Why)
	}
	return answers[0].Result
}

func (w *world) pay(debit, credit string, amount int64, effective string) ledger.Result {
	w.Helper()
	c := ledger.Command{Operations: []ledger.Operation{&ledger.Transfer{Debit: debit, Credit: credit, Mode: ledger.Exact, Amount: amount}}}
	if effective != "" {
		c.Effective = date(effective)
	}
	return w.do(c)
}

func (w *world) advance(to string) {
	w.Helper()
	t, err := time.Parse(time.RFC3339, to)
	w.must(err)
	w.do(ledger.Command{Operations: []ledger.Operation{&ledger.Advance{To: ledger.Instant(t.UnixMicro())}}})
}

func date(text string) ledger.Date {
	d, err := ledger.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Tenant has a ledger, and one that was never made.
func (w *world) Tenant(context.Context, id.ID) (party.Tenant, error) {
	return party.Tenant{Ledgers: []string{"main", "never-made"}}, nil
}

// Stand and Days are the ledger's.
func (w *world) Stand(ctx context.Context, name string) (s accounting.Stand, err error) {
	if name != "main" {
		return s, errs.NotFound.Errorf("there is no ledger %q", name)
	}
	err = w.ledger.View(ctx, 0, func(e *ledger.Engine) {
		zone, _ := time.LoadLocation(e.Zone())
		s = accounting.Stand{Today: ledger.DateOf(e.Now().Time().In(zone)), Sequence: e.Sequence()}
	})
	return s, err
}

func (w *world) Days(ctx context.Context, _ string, first, last ledger.Date, at uint64) (list []accounting.Day, err error) {
	h := w.node.History(w.ledger)
	if err := h.Wait(ctx, at); err != nil {
		return nil, err
	}
	p, err := h.At(ctx, at)
	if err != nil {
		return nil, err
	}
	days, err := h.DayTotals(ctx, history.Period{First: first, Last: last}, p)
	for _, d := range days {
		day := accounting.Day{Date: d.Date}
		for _, b := range d.Totals {
			day.Totals = append(day.Totals, ledger.BucketState{Asset: "CNY", Code: b.Code, Debits: b.Debits, Credits: b.Credits})
		}
		list = append(list, day)
	}
	return list, err
}

// propose lets one person propose and another approve.
func (w *world) propose(action, document string) error {
	w.Helper()
	p, err := w.approvals.Propose(w.Context(), ops.Proposal{
		Tenant: tenant, ID: w.next(), Action: action, Subject: subject, Becomes: []byte(document), Reason: "month end", Proposer: uid("person", 1),
	})
	w.must(err)
	if _, err := w.approvals.Approve(w.Context(), tenant, p.ID, uid("person", 1), ""); err == nil {
		w.Fatal("somebody approved what he proposed himself")
	}
	_, err = w.approvals.Approve(w.Context(), tenant, p.ID, uid("person", 2), "")
	return err
}

const chart = `{"from": "2026-01-01", "accounts": [
	{"code": 1001, "gl": "1002.01", "name": {"zh": "银行存款", "en": "Cash at bank"}},
	{"code": 2001, "gl": "2241", "name": {"zh": "客户资金", "en": "Client money"}},
	{"code": 5001, "gl": "6021", "name": {"zh": "手续费收入", "en": "Fee income"}}]}`

func (w *world) export(first, last string, at uint64) (uint64, string, error) {
	e, err := w.Export(w.Context(), tenant, "main", date(first), date(last), at)
	if err != nil {
		return 0, "", err
	}
	var b bytes.Buffer
	w.must(e.WriteCSV(&b))
	return e.Sequence, b.String(), nil
}

func code(err error) string {
	var e *errs.Error
	if errors.As(err, &e) {
		return e.Code.Name() + " " + e.Field
	}
	return ""
}

func (w *world) refused(err error, want string) {
	w.Helper()
	if got := code(err); got != want {
		w.Errorf("%v (%q), want %q", err, got, want)
	}
}

// Two days: money in, a fee that counts from the day before, a payment to holders.
func TestExport(t *testing.T) {
	each(t, func(w *world) {
		w.pay("bank", "client", 10_000, "")
		w.advance("2026-03-30T16:00:00Z") // midnight in Shanghai
		w.pay("client", "fees", 30, "2026-03-30")
		w.do(ledger.Command{Operations: []ledger.Operation{&ledger.Distribute{Register: "r", Payer: "client", Amounts: []int64{500}}}})
		_, _, err := w.export("2026-03-30", "2026-03-31", 0)
		w.refused(err, "gl_code_missing ")
		w.must(w.propose(accounting.ActionChart, chart))
		at, got, err := w.export("2026-03-30", "2026-03-31", 0)
		w.must(err)
		want := `date,asset,gl,account_code,name,debits,credits
2026-03-30,CNY,1002.01,1001,Cash at bank,10000,0
2026-03-30,CNY,2241,2001,Client money,30,10000
2026-03-30,CNY,6021,5001,Fee income,0,30
2026-03-31,CNY,2241,2001,Client money,500,500
`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		// What comes later changes nothing of what was told as of that sequence.
		w.pay("client", "fees", 7, "2026-03-30")
		if _, again, err := w.export("2026-03-30", "2026-03-31", at); err != nil || again != got {
			t.Errorf("the same question has another answer: %v\n%s", err, again)
		}
		if _, later, _ := w.export("2026-03-30", "2026-03-31", 0); later == got {
			t.Error("a new entry does not show")
		}
		_, _, err = w.export("2026-03-30", "2026-03-31", 1_000)
		w.refused(err, "not_found sequence")
		_, _, err = w.export("2026-03-31", "2026-03-30", 0)
		w.refused(err, "invalid until")
		_, _, err = w.export("2026-01-01", "2027-01-02", 0)
		w.refused(err, "invalid until")
		_, _, err = w.export("2025-12-01", "2025-12-31", 0)
		w.must(err) // nothing counts from there, so no chart is needed
		if _, err := w.Export(w.Context(), other, "main", date("2026-03-30"), date("2026-03-31"), 0); code(err) != "gl_code_missing " {
			t.Errorf("another tenant's chart is used: %v", err)
		}
	})
}

func TestFurtherChartHoldsFromADayToCome(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.propose(accounting.ActionChart, chart))
		w.pay("bank", "client", 10_000, "")
		_, before, err := w.export("2026-03-30", "2026-04-02", 0)
		w.must(err)
		later := strings.Replace(strings.Replace(chart, "2026-01-01", "2026-04-01", 1), "1002.01", "1002.02", 1)
		w.refused(w.propose(accounting.ActionChart, strings.Replace(later, "2026-04-01", "2026-03-30", 1)), "conflict from")
		w.must(w.propose(accounting.ActionChart, later))
		w.refused(w.propose(accounting.ActionChart, strings.Replace(later, "1002.02", "1002.03", 1)), "conflict from")
		if _, after, err := w.export("2026-03-30", "2026-03-30", 0); err != nil || after != before {
			t.Errorf("a chart changed what was told before: %v\n%s\n%s", err, before, after)
		}
		w.advance("2026-04-01T00:00:00Z")
		w.pay("bank", "client", 5, "")
		if _, after, err := w.export("2026-04-01", "2026-04-01", 0); err != nil || !strings.Contains(after, "1002.02") {
			t.Errorf("the new chart does not hold: %v\n%s", err, after)
		}
		// Where a ledger's clock is ahead, its days were told as well.
		w.advance("2026-05-01T00:00:00Z")
		w.refused(w.propose(accounting.ActionChart, strings.Replace(later, "2026-04-01", "2026-04-15", 1)), "conflict from")
		w.must(w.propose(accounting.ActionChart, strings.Replace(later, "2026-04-01", "2026-05-02", 1)))
	})
}

// After midnight of the ledger, before midnight of the machine's clock.
func TestFurtherChartAfterTheLedgersMidnight(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.propose(accounting.ActionChart, chart))
		w.must(w.clock.Advance(12*time.Hour + 30*time.Minute))
		w.advance("2026-03-30T16:30:00Z") // half past midnight of 03-31 in Shanghai
		w.pay("bank", "client", 10_000, "")
		at, told, err := w.export("2026-03-31", "2026-03-31", 0)
		w.must(err)
		later := strings.NewReplacer("2026-01-01", "2026-03-31", "1002.01", "1002.99").Replace(chart)
		w.refused(w.propose(accounting.ActionChart, later), "conflict from")
		w.must(w.propose(accounting.ActionChart, strings.Replace(later, "2026-03-31", "2026-04-01", 1)))
		if _, again, err := w.export("2026-03-31", "2026-03-31", at); err != nil || again != told {
			t.Errorf("a chart changed what was told: %v\n%s\n%s", err, told, again)
		}
	})
}

func TestClosedPeriodTakesCorrectionsOnly(t *testing.T) {
	each(t, func(w *world) {
		enter := func(c ledger.Command) error {
			leave, err := w.Enter(w.Context(), tenant, "main", []*ledger.Command{{}, &c}, w.known)
			if err == nil {
				leave()
			}
			return err
		}
		inside, open := ledger.Command{Effective: date("2026-03-30")}, ledger.Command{Effective: date("2026-03-31")}
		w.must(enter(inside))
		w.refused(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`), "conflict through")
		w.advance("2026-03-30T16:00:00Z")
		last := w.pay("bank", "client", 1, "2026-03-30")
		w.must(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`))
		w.refused(enter(inside), "period_closed commands[1].effective")
		repeated := inside
		w.has = w.next()
		repeated.ID = ledger.ID(w.has) // a repeat gets its first result still
		w.must(enter(repeated))
		w.must(enter(open))
		w.must(enter(ledger.Command{}))
		w.refused(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`), "conflict through")
		w.refused(w.propose(accounting.ActionClose, `{"ledger":"second","through":"2026-03-30"}`), "not_found ")
		periods, err := w.Periods(w.Context(), tenant, "main")
		w.must(err)
		if len(periods) != 1 || periods[0].Through != date("2026-03-30") || periods[0].Sequence != last.Sequence {
			t.Errorf("periods %+v, want one through 2026-03-30 at sequence %d", periods, last.Sequence)
		}
		if leave, err := w.Enter(w.Context(), other, "main", []*ledger.Command{&inside}, w.known); err != nil {
			t.Errorf("another tenant's period is closed: %v", err)
		} else {
			leave()
		}

		c := ledger.Command{
			ID: ledger.ID(w.next()), Purpose: 9, References: []ledger.Reference{accounting.Corrects(date("2026-03-30"))},
			Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: "client", Mode: ledger.Exact, Amount: 2}},
		}
		w.must(enter(c))
		answers, err := w.ledger.Apply(w.Context(), []*ledger.Command{&c})
		w.must(err)
		for range 2 { // a follower may be handed it again
			w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
				return w.Follow(w.Context(), tx, tenant, "main", &c, &answers[0].Result)
			}))
		}
		list, err := w.Corrections(w.Context(), tenant, "main", accounting.Place{}, date("2026-03-31"), 10)
		w.must(err)
		want := []accounting.Correction{{
			Corrected: date("2026-03-30"), Sequence: answers[0].Result.Sequence, Command: id.ID(c.ID), Effective: date("2026-03-31"), Purpose: 9,
		}}
		if diff := cmp.Diff(want, list); diff != "" {
			t.Error(diff)
		}
		list, err = w.Corrections(w.Context(), tenant, "main", accounting.Place{Day: date("2026-03-30"), Sequence: answers[0].Result.Sequence}, date("2026-03-31"), 10)
		if err != nil || len(list) != 0 {
			t.Errorf("after the last one there are %v (%v)", list, err)
		}
	})
}

// enter lets a command that counts from a day get in and out again.
func (w *world) enter(effective string) error {
	leave, err := w.Enter(w.Context(), tenant, "main", []*ledger.Command{{Effective: date(effective)}}, w.known)
	if err == nil {
		leave()
	}
	return err
}

// sql is what another program writes.
func (w *world) sql(query string, args ...any) {
	w.Helper()
	w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(w.Context(), w.db.Rebind(query), args...)
		return err
	}))
}

// What is closed is read once: without the table it is known still. A closing here counts at once all the same.
func TestWhatIsClosedIsReadOnce(t *testing.T) {
	each(t, func(w *world) {
		known := func() {
			w.Helper()
			w.sql("ALTER TABLE accounting_period RENAME TO away")
			w.must(w.enter("2026-03-31"))
			w.refused(w.enter("2026-03-29"), "period_closed commands[0].effective")
			w.sql("ALTER TABLE away RENAME TO accounting_period")
		}
		w.advance("2026-03-30T16:00:00Z")
		w.must(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-29"}`))
		w.must(w.enter("2026-03-30"))
		w.must(w.clock.Advance(time.Minute)) // the closing is committed for sure
		w.must(w.enter("2026-03-30"))
		known()
		w.must(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`))
		w.refused(w.enter("2026-03-30"), "period_closed commands[0].effective")
		w.must(w.clock.Advance(time.Minute))
		w.refused(w.enter("2026-03-30"), "period_closed commands[0].effective")
		known()
	})
}

// On PostgreSQL a closing of the node that led before may be committed just after this one began: for a minute every
// command looks at the rows.
func TestAClosingOfTheNodeBefore(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t), storetest.SQLite(t), storetest.SQLite(t))
	w.must(w.enter("2026-03-30"))
	w.must(w.clock.Advance(time.Minute - 1))
	w.must(w.enter("2026-03-30"))
	w.sql("INSERT INTO accounting_period (tenant, ledger, through, sequence, proposal, closed) VALUES (?, 'main', ?, 1, ?, 1)",
		tenant[:], int64(date("2026-03-30")), subject[:])
	w.refused(w.enter("2026-03-30"), "period_closed commands[0].effective")
}

// Of two that are approved in the same instant, the second one sees the first.
func TestApprovedInTheSameInstant(t *testing.T) {
	w := newWorld(t, storetest.Postgres(t), storetest.SQLite(t), storetest.SQLite(t))
	w.must(w.propose(accounting.ActionChart, chart))
	w.advance("2026-03-31T16:00:00Z")
	for _, c := range []struct{ action, first, second, want string }{
		{
			accounting.ActionChart, strings.Replace(chart, "2026-01-01", "2026-05-01", 1), strings.Replace(chart, "2026-01-01", "2026-04-15", 1),
			"conflict from",
		},
		{accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`, `{"ledger":"main","through":"2026-03-29"}`, "conflict through"},
	} {
		keep := func(tx *sql.Tx, document string) error {
			return w.Actions("finance")[c.action].Keep(w.Context(), tx, &ops.Proposal{Tenant: tenant, Becomes: []byte(document)})
		}
		first, err := w.db.Writer().BeginTx(w.Context(), nil)
		w.must(err)
		w.must(keep(first, c.first))
		second := make(chan error, 1)
		go func() { second <- w.db.Write(w.Context(), func(tx *sql.Tx) error { return keep(tx, c.second) }) }()
		select {
		case err := <-second:
			t.Errorf("%s: the second one did not wait: %v", c.action, err)
			second <- err
		case <-time.After(time.Second / 4):
		}
		w.must(first.Commit())
		w.refused(<-second, c.want)
	}
}

// While commands with effective dates arrive, a closing finds a sequence after which none of them is in the period.
func TestClosingIsABarrier(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), storetest.SQLite(t), storetest.SQLite(t))
	w.advance("2026-03-30T16:00:00Z")
	var wg sync.WaitGroup
	let := make(chan struct{})
	late := make([]uint64, 4)
	for i := range late {
		wg.Go(func() {
			for n := 0; ; n++ {
				c := ledger.Command{
					ID: ledger.ID(uid("race", i*10_000+n)), Effective: date("2026-03-30"),
					Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: "client", Mode: ledger.Exact, Amount: 1}},
				}
				leave, err := w.Enter(context.Background(), tenant, "main", []*ledger.Command{&c}, w.known)
				if err != nil {
					return
				}
				answers, err := w.ledger.Apply(context.Background(), []*ledger.Command{&c})
				leave()
				if err != nil {
					t.Error(err)
					return
				}
				if late[i] = answers[0].Result.Sequence; n == 20 && i == 0 {
					close(let)
				}
			}
		})
	}
	<-let
	w.must(w.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`))
	wg.Wait()
	periods, err := w.Periods(w.Context(), tenant, "main")
	w.must(err)
	for _, s := range late {
		if s > periods[0].Sequence {
			t.Errorf("the period was closed at sequence %d, and one at %d counts from it", periods[0].Sequence, s)
		}
	}
}

func TestBadCharts(t *testing.T) {
	for document, want := range map[string]string{
		`[]`:                                  "invalid ",
		`{}`:                                  "invalid from",
		`{} 1`:                                "invalid ",
		`{"from":"2026-02-30","accounts":[]}`: "invalid ",
		`{"from":"2026-01-01","accounts":[]}`: "invalid accounts",
		`{"from":"2026-01-01","accounts":[{"code":"1"}]}`:                                         "invalid accounts.code",
		`{"from":"2026-01-01","accounts":[{"code":-1}]}`:                                          "invalid accounts.code",
		`{"from":"2026-01-01","accounts":[{"code":1,"gl":"","name":{"zh":"a","en":"b"}}]}`:        "invalid accounts[0].gl",
		`{"from":"2026-01-01","accounts":[{"code":1,"gl":"1 2","name":{"zh":"a","en":"b"}}]}`:     "invalid accounts[0].gl",
		`{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"","en":"b"}}]}`:        "invalid accounts[0].name.zh",
		`{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"a","en":"b\n"}}]}`:     "invalid accounts[0].name.en",
		`{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"a","en":"b"},"x":1}]}`: "invalid ",
	} {
		if _, err := accounting.ReadChart([]byte(document)); code(err) != want {
			t.Errorf("%s: %v (%q), want %q", document, err, code(err), want)
		}
	}
	twice := `{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"a","en":"b"}},{"code":1,"gl":"2","name":{"zh":"a","en":"b"}}]}`
	if _, err := accounting.ReadChart([]byte(twice)); code(err) != "invalid accounts[1].code" {
		t.Error(err)
	}
}
