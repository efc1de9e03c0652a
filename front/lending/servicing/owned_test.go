package servicing_test

import (
	"bytes"
	"context"
	"database/sql"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// Stand is where the ledger is.
func (w *world) Stand(context.Context, string) (accounting.Stand, error) {
	return accounting.Stand{Today: ledger.DateOf(w.now())}, nil
}

// Days are not asked for.
func (w *world) Days(context.Context, string, ledger.Date, ledger.Date, uint64) ([]accounting.Day, error) {
	return nil, nil
}

// basis is the chart of the example in docs/accounting.md.
const basis = `{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"一","en":"one"}}],"valuation":{
	"asset":"CNY","own":["investor:0:cash","reserve","platform:fees"],
	"interest":{"debit":"books:interest","credit":"books:interest-income"},
	"fees":{"debit":"books:fees","credit":"books:fee-income"},
	"fees_tax":{"debit":"books:fees","credit":"books:tax-to-come"},
	"received_tax":{"debit":"books:fee-tax","credit":"books:tax"},
	"impairment":{"debit":"books:loss","credit":"books:allowance"},
	"tax_ppm":60000,"rates":[{"bucket":"M0","ppm":10000},{"bucket":"M1","ppm":50000},{"bucket":"M2","ppm":200000},{"bucket":"M3","ppm":400000},
		{"bucket":"M4","ppm":600000},{"bucket":"M5","ppm":800000},{"bucket":"M6+","ppm":1000000}]}}`

// valued is a world with the platform's books, whose accounts are the debit and the credit ones of the basis.
type valued struct {
	*world
	valuer *accounting.Valuer
	books  *accounting.Accounting
}

func newValued(t testing.TB, w *world) *valued {
	t.Helper()
	books, err := accounting.Open(context.Background(), w.db, clock.NewManual(start), w, nil)
	if err != nil {
		t.Fatal(err)
	}
	keep := books.Actions("finance")[accounting.ActionChart].Keep
	err = w.db.Write(context.Background(), func(tx *sql.Tx) error {
		return keep(context.Background(), tx, &ops.Proposal{Tenant: tenant, ID: uid("chart", 1), Becomes: []byte(basis)})
	})
	if err != nil {
		t.Fatal(err)
	}
	var list []ledger.Operation
	for _, a := range []string{"interest", "fees", "fee-tax", "loss"} {
		list = append(list, account("books:"+a, ledger.DebitNormal, ledger.Asset, ledger.Nonnegative))
	}
	for _, a := range []string{"interest-income", "fee-income", "tax-to-come", "tax", "allowance"} {
		list = append(list, account("books:"+a, ledger.CreditNormal, ledger.Income, ledger.Nonnegative))
	}
	w.apply(list...)
	return &valued{w, accounting.NewValuer(books, w.ledgers, ground.Claims{Loans: w.Servicing}), books}
}

func (v *valued) value(n int, on ledger.Date) *accounting.Valuation {
	v.t.Helper()
	x, err := v.valuer.Value(context.Background(), tenant, accounting.Asked{ID: uid("valuation", n), Ledger: "main", On: on})
	if err != nil {
		v.t.Fatal(err)
	}
	if x.Outcome != "applied" {
		v.t.Fatalf("the ledger refuses it: %s", x.Outcome)
	}
	return x
}

// lines are what a valuation came from, by loan.
func (v *valued) lines(x *accounting.Valuation) map[id.ID]accounting.Line {
	v.t.Helper()
	list, err := v.books.ValuationLines(context.Background(), tenant, x.ID, "", accounting.LinePlace{}, 1000)
	if err != nil {
		v.t.Fatal(err)
	}
	by := map[id.ID]accounting.Line{}
	for _, l := range list {
		by[l.Claim] = l
	}
	return by
}

// shows checks that the accounts show what a valuation says, and nothing but that.
func (v *valued) shows(x *accounting.Valuation) {
	v.t.Helper()
	debits := map[string]int64{}
	for _, e := range x.Entries {
		debits[e.Debit] += e.Target
		if got := v.balance(e.Credit); got != e.Target {
			v.t.Errorf("%s: %s has %d, want %d", e.Name, e.Credit, got, e.Target)
		}
	}
	for account, want := range debits {
		if got := v.balance(account); got != want {
			v.t.Errorf("%s has %d, want %d", account, got, want)
		}
	}
}

func on(text string) ledger.Date {
	d, err := ledger.ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// The example of docs/accounting.md. The platform is the first of three holders, gets a fee of 2.12 of each installment,
// and its reserve pays in the borrower's place.
func TestValuationInCents(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		v := newValued(t, w)
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Counted: true, Fee: 2_12, Losses: onReserve})
		w.to("2026-01-31")
		v.shows(v.value(1, on("2026-01-31")))
		w.have("16 days of interest, nothing is late", map[string]int64{
			"books:interest": 2_06, "books:interest-income": 2_06, "books:fees": 0, "books:tax": 0, "books:allowance": 4_00, "books:loss": 4_00,
		})
		w.to("2026-02-16")
		w.repay(d, 1, 108_74)
		w.to("2026-02-28")
		v.shows(v.value(2, on("2026-02-28")))
		w.have("one installment is paid", map[string]int64{
			"books:interest": 1_71, "books:fee-tax": 12, "books:tax": 12, "books:allowance": 3_68,
		})
		w.to("2026-03-20")
		w.fund("reserve", 500_00)
		w.cover(d, 1)
		w.to("2026-03-31")
		v.shows(v.value(3, on("2026-03-31")))
		w.have("the second is late, and was paid from the reserve", map[string]int64{
			"books:interest": 1_74, "books:fees": 2_12, "books:fee-income": 2_00, "books:tax-to-come": 12, "books:tax": 12, "books:allowance": 22_16,
		})
		if again := v.value(4, on("2026-03-31")); again.Sequence != 0 {
			t.Error("a second valuation of the same instant books something")
		}
		w.to("2026-04-20")
		if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("giving", 1)}); err != nil {
			t.Fatal(err)
		}
		x := v.value(5, on("2026-04-20"))
		v.shows(x)
		w.have("written off: what was received is left", map[string]int64{
			"books:interest": 0, "books:fees": 0, "books:tax-to-come": 0, "books:tax": 12, "books:allowance": 0, "books:loss": 0,
		})
		if l := v.lines(x)[d.Loan]; l.Received != 2_12 || l.Exposed != 0 {
			t.Errorf("the line is %+v", l)
		}
	})
}

// A day that is over is valued as it was, whatever happened since.
func TestValuationOfADayThatIsOver(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 3)
	v := newValued(t, w)
	d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Counted: true, Fee: 2_12, Losses: onReserve})
	var want []servicing.Owned
	list := func() (list []servicing.Owned) {
		o := servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"investor:0:cash", "reserve", "platform:fees"}}
		if err := w.EachOwned(context.Background(), tenant, o, day.Of(2026, 2, 20), func(x *servicing.Owned) error {
			list = append(list, *x)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return list
	}
	w.to("2026-02-20")
	want = list()
	w.to("2026-04-20")
	w.repay(d, 1, 108_74)
	w.fund("reserve", 500_00)
	w.cover(d, 1)
	if _, err := w.WriteOff(context.Background(), tenant, d.Loan, servicing.Giving{ID: uid("giving", 1)}); err != nil {
		t.Fatal(err)
	}
	if got := list(); len(got) != 1 || len(want) != 1 || got[0] != want[0] || got[0].Bucket != "M1" {
		t.Errorf("2026-02-20 was %+v and is %+v", want, got)
	}
	v.shows(v.value(1, on("2026-02-20")))
	v.shows(v.value(2, on("2026-04-20")))
	// Somebody else's accounts and another tenant's loans are none of it.
	for _, c := range []struct {
		tenant id.ID
		owner  servicing.Owner
	}{
		{uid("tenant", 2), servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"platform:fees"}}},
		{tenant, servicing.Owner{Ledger: "second", Asset: "CNY", Accounts: []string{"platform:fees"}}},
		{tenant, servicing.Owner{Ledger: "main", Asset: "USD", Accounts: []string{"platform:fees"}}},
		{tenant, servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"platform:other"}}},
	} {
		if err := w.EachOwned(context.Background(), c.tenant, c.owner, day.Of(2026, 4, 20), func(x *servicing.Owned) error {
			t.Errorf("%+v has %+v", c.owner, x)
			return nil
		}); err != nil {
			t.Error(err)
		}
	}
}

// A chart from before may name an account twice: what is there counts once.
func TestAccountNamedTwice(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 3)
	w.lend(1, terms{Amount: 1_200_00, Months: 12, Counted: true})
	w.to("2026-02-20")
	var list []servicing.Owned
	for _, accounts := range [][]string{{"investor:0:cash", "reserve"}, {"investor:0:cash", "reserve", "investor:0:cash"}} {
		o := servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: accounts}
		if err := w.EachOwned(context.Background(), tenant, o, day.Of(2026, 2, 20), func(x *servicing.Owned) error {
			list = append(list, *x)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(list) != 2 || list[0].Principal == 0 || list[0] != list[1] {
		t.Errorf("named once he has %+v", list)
	}
}

// Whatever happens to loans in between, after every valuation the accounts show what it says, its figures are the sums of
// its lines, a further one at the same instant books nothing, and all holders together own all that is outstanding.
func TestValuationsOfLives(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 7)
	v := newValued(t, w)
	loans, n := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		loans++
		l := &life{
			moved: map[string]bool{}, world: w, n: 1_000_000 + 1000*loans, began: dayOf(w.now()),
			pay: []string{"reserve", "guarantor:1"}, // of the platform whose books are valued; nothing waits for them
		}
		l.d = w.lend(1000+loans, terms{
			Amount: rapid.Int64Range(100, 20_000).Draw(r, "yuan") * 100, Months: rapid.IntRange(1, 12).Draw(r, "months"),
			Recalculate: rapid.Bool().Draw(r, "recalculate"), Penalty: rapid.SampledFrom([]string{"", "0.0005"}).Draw(r, "penalty"),
			Fee: rapid.Int64Range(0, 20_00).Draw(r, "fee"), Start: l.began, Counted: true, Losses: servicing.Losses{
				Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}, InstallmentAfter: 1, WholeAfter: 1, WriteOffAfter: 40,
				ProRata: rapid.Bool().Draw(r, "pro rata"), Recovery: [3]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders},
			},
		})
		r.Repeat(map[string]func(*rapid.T){
			"value": func(r *rapid.T) {
				n += 2
				today := ledger.DateOf(l.now())
				x := v.value(n, today)
				v.shows(x)
				v.sums(x)
				if again := v.value(n+1, today); again.Sequence != 0 {
					r.Errorf("a second valuation of %v books %+v", today, again.Entries)
				}
				l.split(r)
				if l.t.Failed() {
					r.FailNow()
				}
			},
			"repay": l.anyPayment, "settle": l.anySettlement, "contract": l.anyContractPayout, "buy": l.anyPurchase, "write off": l.anyWriteOff,
			"recover": l.anyRecovery, "reverse": l.anyReversal, "charge": l.anyCharge, "transfer": l.anyTransfer,
			"wait": func(r *rapid.T) { l.wait(rapid.IntRange(1, 70).Draw(r, "days")) },
		})
	})
}

// sums checks that the figures are what the lines add up to.
func (v *valued) sums(x *accounting.Valuation) {
	v.t.Helper()
	by, tax := map[string]accounting.Sum{}, map[string]accounting.Tax{}
	for _, l := range v.lines(x) {
		s := by[l.Bucket]
		s.Claims++
		s.Interest += l.Interest
		s.Fees += l.Fees
		s.Received += l.Received
		s.Exposed += l.Exposed
		by[l.Bucket] = s
		t := tax[l.Bucket]
		t.Fees += l.Tax.Fees
		t.Received += l.Tax.Received
		tax[l.Bucket] = t
	}
	for _, s := range x.Sums {
		want := by[s.Bucket]
		want.Bucket, want.PPM, want.Impaired, want.Tax = s.Bucket, s.PPM, (s.Exposed*s.PPM+500_000)/1_000_000, s.Tax
		if s != want || *s.Tax != tax[s.Bucket] {
			v.t.Errorf("bucket %s has %+v with %+v of tax, its lines %+v with %+v", s.Bucket, s, s.Tax, want, tax[s.Bucket])
		}
		delete(by, s.Bucket)
	}
	if len(by) > 0 {
		v.t.Errorf("lines of no bucket: %+v", by)
	}
}

// split checks that all who may have a part of the loan own together what is outstanding of principal, each rounded to
// the cent.
func (l *life) split(r *rapid.T) {
	accounts := []string{"reserve", "guarantor:1"}
	for i := range l.holders {
		accounts = append(accounts, holder(i))
	}
	own := func(accounts ...string) servicing.Owned {
		x, err := l.OwnedOf(tenant, l.d.Loan, servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: accounts}, dayOf(l.now()))
		if err != nil {
			r.Fatal(err)
		}
		return x
	}
	all, sum := own(accounts...), int64(0)
	for _, a := range accounts {
		x := own(a)
		sum += x.Principal + x.Claims
	}
	s := l.standing(l.d)
	want := s.Outstanding[loan.Principal]
	for _, c := range s.Claims {
		want += c.Split.Total() - c.Split[loan.Principal]
	}
	if s.State == servicing.GivenUp || s.State == servicing.Closed {
		want = 0
	}
	if got := all.Principal + all.Claims; got != want || sum < want-int64(len(accounts)) || sum > want+int64(len(accounts)) {
		r.Errorf("all own %d, each for himself %d; outstanding is %d", got, sum, want)
	}
}

// What a valuation of many loans takes.
//
//	go test ./front/lending/servicing -run '^$' -bench Owned -benchtime 3x
func BenchmarkOwned(b *testing.B) {
	w := newWorld(b, storetest.SQLite(b), 3)
	const loans = 2000
	for i := range loans {
		w.lend(i+1, terms{Amount: 1_200_00, Months: 12, Fee: 2_12})
	}
	w.to("2026-06-30")
	o := servicing.Owner{Ledger: "main", Asset: "CNY", Accounts: []string{"investor:0:cash", "platform:fees"}}
	for b.Loop() {
		n, began := 0, time.Now()
		w.open()
		if err := w.EachOwned(context.Background(), tenant, o, day.Of(2026, 6, 30), func(*servicing.Owned) error { n++; return nil }); err != nil || n != loans {
			b.Fatal(n, err)
		}
		b.ReportMetric(float64(n)/time.Since(began).Seconds(), "loans/s")
	}
}

// What was sold of loans is asked once for a page of them, however many there are, in the order of their ids, and only of those whose fees the owner has.
func TestSalesAreAskedOnceAPage(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		fees := map[id.ID]servicing.Fees{}
		for n := range 5 {
			d := w.lend(n+1, terms{Amount: 1_200_00, Months: 12})
			fees[d.Loan] = servicing.Fees{Amount: int64(n+1) * 100}
		}
		asked := 0
		owned := func(account string) map[id.ID]int64 {
			t.Helper()
			got := map[id.ID]int64{}
			owner := servicing.Owner{
				Ledger: "main", Asset: "CNY", Accounts: []string{account},
				Traded: func(_ context.Context, loans []*servicing.Loan, _ day.Date) (map[id.ID]servicing.Fees, error) {
					asked++
					if len(loans) != len(fees) || !slices.IsSortedFunc(loans, func(a, b *servicing.Loan) int { return bytes.Compare(a.Deed.Loan[:], b.Deed.Loan[:]) }) {
						t.Errorf("asked of %d loans", len(loans))
					}
					return fees, nil
				},
			}
			err := w.EachOwned(context.Background(), tenant, owner, dayOf(start), func(o *servicing.Owned) error {
				got[o.Loan] = o.Received
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		for loan, got := range owned("platform:fees") {
			if got != fees[loan].Amount {
				t.Errorf("loan %s: %d", loan, got)
			}
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
		if owned("reserve"); asked != 1 {
			t.Errorf("asked for somebody who has no fees")
		}
	})
}
