package accounting_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// What counts from a day ahead is told when the day has come: until then another chart may come to hold on it.
func TestDayAheadIsNotTold(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.propose(accounting.ActionChart, chart))
		w.pay("bank", "client", 10_000, "2026-04-01")
		_, _, err := w.export("2026-03-30", "2026-04-02", 0)
		w.refused(err, "conflict until")
		w.must(w.propose(accounting.ActionChart, strings.NewReplacer("2026-01-01", "2026-04-01", "1002.01", "1002.99").Replace(chart)))
		if _, told, err := w.export("2026-03-30", "2026-03-31", 0); err != nil || strings.Count(told, "\n") != 1 {
			t.Errorf("the days before are told as %q, %v", told, err)
		}
		w.advance("2026-03-31T16:00:00Z")
		if _, told, err := w.export("2026-03-30", "2026-04-02", 0); err != nil || !strings.Contains(told, "2026-04-01,CNY,1002.99") {
			t.Errorf("the day is told as %q, %v", told, err)
		}
	})
}

// A day with a code that its chart lacks is told once a later chart names it: by the first one that does, for ever. What was
// told before stays, whatever those charts say of its codes.
func TestCodeOfALaterChart(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.propose(accounting.ActionChart, chart))
		w.pay("bank", "client", 10_000, "")
		at, told, err := w.export("2026-03-30", "2026-03-30", 0)
		w.must(err)
		w.do(ledger.Command{Operations: []ledger.Operation{
			&ledger.OpenAccount{Address: "loss", Asset: "CNY", Side: ledger.DebitNormal, Type: ledger.Expense, Code: 6701, Constraint: ledger.Unbounded},
			&ledger.Transfer{Debit: "loss", Credit: "bank", Mode: ledger.Exact, Amount: 500},
		}})
		_, _, err = w.export("2026-03-30", "2026-03-30", 0)
		w.refused(err, "gl_code_missing ")
		later := func(from, gl string) string {
			c := strings.NewReplacer("2026-01-01", from, "1002.01", "1002.99").Replace(chart)
			return strings.Replace(c, "[", `[{"code": 6701, "gl": "`+gl+`", "name": {"zh": "减值损失", "en": "Loss"}},`, 1)
		}
		w.must(w.propose(accounting.ActionChart, later("2026-04-01", "6701.01")))
		named, whole, err := w.export("2026-03-30", "2026-03-30", 0)
		w.must(err)
		want := `date,asset,gl,account_code,name,debits,credits
2026-03-30,CNY,1002.01,1001,Cash at bank,10000,500
2026-03-30,CNY,2241,2001,Client money,0,10000
2026-03-30,CNY,6701.01,6701,Loss,500,0
`
		if diff := cmp.Diff(want, whole); diff != "" {
			t.Error(diff)
		}
		w.must(w.propose(accounting.ActionChart, later("2026-04-02", "6701.02")))
		for sequence, before := range map[uint64]string{at: told, named: whole} {
			if _, again, err := w.export("2026-03-30", "2026-03-30", sequence); err != nil || again != before {
				t.Errorf("a later chart changed what was told: %v\n%s\n%s", err, before, again)
			}
		}
	})
}

func TestDayBeforeTheFirstChart(t *testing.T) {
	each(t, func(w *world) {
		w.pay("bank", "client", 10_000, "")
		w.must(w.propose(accounting.ActionChart, strings.Replace(chart, "2026-01-01", "2026-04-01", 1)))
		at, told, err := w.export("2026-03-30", "2026-03-30", 0)
		w.must(err)
		if !strings.Contains(told, "2026-03-30,CNY,1002.01,1001") {
			t.Errorf("told is\n%s", told)
		}
		w.must(w.propose(accounting.ActionChart, strings.NewReplacer("2026-01-01", "2026-04-02", "1002.01", "1002.99").Replace(chart)))
		if _, again, err := w.export("2026-03-30", "2026-03-30", at); err != nil || again != told {
			t.Errorf("a later chart changed what was told: %v\n%s\n%s", err, told, again)
		}
	})
}

// told is an answer that somebody got.
type told struct {
	first, last ledger.Date
	at          uint64
	text        string
}

// teller is a tenant whose days are told.
type teller struct {
	*world
	*rapid.T
	tenant id.ID
	told   []told
	codes  []uint32
}

func (x *teller) today() ledger.Date {
	s, err := x.Stand(x.world.Context(), "main")
	x.must(err)
	return s.Today
}

func (x *teller) day(from, to int) ledger.Date {
	return x.today() + ledger.Date(rapid.IntRange(from, to).Draw(x.T, "days from today"))
}

// chart tries to let a chart hold that has some of the codes.
func (x *teller) chart(from ledger.Date) {
	var accounts []string
	for _, code := range rapid.SliceOfNDistinct(rapid.SampledFrom(x.codes), 2, len(x.codes), rapid.ID[uint32]).Draw(x.T, "codes") {
		accounts = append(accounts, fmt.Sprintf(`{"code":%d,"gl":"%d","name":{"zh":"a","en":"b"}}`, code, rapid.IntRange(1, 9).Draw(x.T, "gl")))
	}
	document := fmt.Sprintf(`{"from":"%v","accounts":[%s]}`, from, strings.Join(accounts, ","))
	err := x.db.Write(x.world.Context(), func(tx *sql.Tx) error {
		return x.Actions("finance")[accounting.ActionChart].Keep(x.world.Context(), tx, &ops.Proposal{Tenant: x.tenant, ID: x.next(), Becomes: []byte(document)})
	})
	if err != nil {
		x.refused(err, "conflict from")
	}
}

func (x *teller) tell(first, last ledger.Date, at uint64) (told, error) {
	e, err := x.Export(x.world.Context(), x.tenant, "main", first, last, at)
	if err != nil {
		return told{}, err
	}
	var b bytes.Buffer
	x.must(e.WriteCSV(&b))
	return told{first, last, e.Sequence, b.String()}, nil
}

// Whatever charts and commands come later, and whatever day it is, what was told is told again to the byte.
func TestWhatWasToldStays(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), storetest.SQLite(t), storetest.SQLite(t))
	accounts := []string{"bank", "client", "fees"}
	tenants, again := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		tenants++
		x := &teller{world: w, T: r, tenant: uid("teller", tenants), codes: []uint32{1001, 2001, 5001}}
		x.chart(x.day(-9, 1))
		for range rapid.IntRange(10, 40).Draw(r, "steps") {
			switch rapid.IntRange(0, 7).Draw(r, "step") {
			case 0:
				x.chart(x.day(-2, 2))
			case 1:
				w.do(ledger.Command{Operations: []ledger.Operation{&ledger.Advance{To: ledger.InstantOf(x.now().AddDate(0, 0, 1))}}})
			case 2, 3, 4:
				pair := rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 2, 2, rapid.ID[string]).Draw(r, "accounts")
				w.pay(pair[0], pair[1], 1, x.day(-2, 2).String())
			default:
				first := x.day(-2, 2)
				if a, err := x.tell(first, first+ledger.Date(rapid.IntRange(0, 1).Draw(r, "more days")), 0); err == nil {
					x.told = append(x.told, a)
				}
			}
			for _, a := range x.told {
				again += strings.Count(a.text, ",CNY,")
				if b, err := x.tell(a.first, a.last, a.at); err != nil || a != b {
					r.Fatalf("%v to %v at %d was\n%s\nis %v\n%s", a.first, a.last, a.at, a.text, err, b.text)
				}
			}
		}
	})
	if again == 0 {
		t.Error("nothing was told")
	}
}

func (x *teller) now() (t time.Time) {
	x.must(x.ledger.View(x.world.Context(), 0, func(e *ledger.Engine) { t = e.Now().Time() }))
	return t
}
