package accounting_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

const valuation = `{"asset":"CNY","own":["platform:own"],
	"interest":{"debit":"due","credit":"interest"},"fees":{"debit":"due","credit":"net"},"fees_tax":{"debit":"due","credit":"tax-to-come"},
	"received_tax":{"debit":"less","credit":"tax"},"impairment":{"debit":"loss","credit":"allowance"},
	"tax_ppm":60000,"rates":[{"bucket":"M0","ppm":10000},{"bucket":"M1","ppm":333333}]}`

var chartThatValues = strings.Replace(chart, `"accounts"`, `"valuation": `+valuation+`, "accounts"`, 1)

// place is what the platform has, and a ledger that can be lost on the way.
type place struct {
	*world
	*accounting.Valuer
	lines  []accounting.Line
	asked  []ledger.Date
	broken error // instead of sending
	lost   error // instead of the answer
	count  int
}

func newPlace(w *world) *place {
	p := &place{world: w}
	p.Valuer = accounting.NewValuer(w.Accounting, p, p)
	open := func(side ledger.Side, names ...string) {
		for _, n := range names {
			w.do(ledger.Command{Operations: []ledger.Operation{&ledger.OpenAccount{
				Address: n, Asset: "CNY", Side: side, Type: ledger.Income, Code: 2001, Constraint: ledger.Unbounded,
			}}})
		}
	}
	open(ledger.DebitNormal, "due", "less", "loss", "loss-b")
	open(ledger.CreditNormal, "interest", "net", "tax-to-come", "tax", "allowance", "allowance-b")
	return p
}

func (p *place) Lines(_ context.Context, _ id.ID, _ string, _ *accounting.Basis, on ledger.Date, f func(*accounting.Line) error) error {
	p.asked = append(p.asked, on)
	for i := range p.lines {
		if err := f(&p.lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *place) Apply(ctx context.Context, _ string, commands []*ledger.Command) ([]node.Answer, error) {
	if p.broken != nil {
		return nil, p.broken
	}
	leave, err := p.Enter(ctx, tenant, "main", commands, func(ctx context.Context, command id.ID) (bool, error) { return false, nil })
	if err != nil {
		return nil, err
	}
	defer leave()
	answers, err := p.ledger.Apply(ctx, commands)
	if err == nil {
		err = p.lost
	}
	return answers, err
}

func (p *place) View(ctx context.Context, _ string, read func(*ledger.Engine)) error {
	return p.ledger.View(ctx, 0, read)
}

func (p *place) value(on string) (*accounting.Valuation, error) {
	p.count++
	return p.Value(p.Context(), tenant, accounting.Asked{ID: uid("valuation", p.count), Ledger: "main", On: date(on), Actor: uid("person", 1)})
}

func (p *place) valued(on string) *accounting.Valuation {
	p.world.Helper()
	x, err := p.value(on)
	p.must(err)
	if x.Outcome != "applied" {
		p.Fatalf("outcome %s", x.Outcome)
	}
	return x
}

// balances are those of the credit accounts.
func (p *place) balances(names ...string) (list []int64) {
	p.must(p.ledger.View(p.Context(), 0, func(e *ledger.Engine) {
		for _, n := range names {
			a, _ := e.Account(n)
			list = append(list, a.Credits-a.Debits)
		}
	}))
	return list
}

func (p *place) shows(names string, want ...int64) {
	p.world.Helper()
	if got := p.balances(strings.Fields(names)...); !slices.Equal(got, want) {
		p.Errorf("%s are %d, want %d", names, got, want)
	}
}

// line is one without tax in its fees.
func line(n int, bucket string, interest, fees, received, exposed int64) accounting.Line {
	return accounting.Line{Claim: uid("claim", n), Bucket: bucket, Interest: interest, Fees: fees, Received: received, Exposed: exposed, Tax: &accounting.Tax{}}
}

func taxed(l accounting.Line, fees, received int64) accounting.Line {
	l.Tax = &accounting.Tax{Fees: fees, Received: received}
	return l
}

const credits = "interest net tax-to-come tax allowance"

// What is booked is what differs; the same instant books nothing, and the figures can be followed to their lines.
func TestValue(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.lines = []accounting.Line{
			taxed(line(1, "M0", 7_00, 0, 1_06, 1_000_00), 0, 6), taxed(line(2, "M1", 3_01, 2_12, 0, 1_00), 12, 0), taxed(line(3, "M0", 0, 0, 1_06, 49), 0, 3),
		}
		_, err := p.value("2026-03-30")
		p.refused(err, "valuation_basis_missing ")
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		x := p.valued("2026-03-30")
		p.shows(credits, 10_01, 2_00, 12, 9, 10_00+33)
		p.shows("due less loss", -(10_01 + 2_12), -9, -10_33)
		want := []accounting.Sum{
			{Bucket: "M0", Claims: 2, Interest: 7_00, Received: 2_12, Exposed: 1_000_49, PPM: 10_000, Impaired: 10_00, Tax: &accounting.Tax{Received: 9}},
			{Bucket: "M1", Claims: 1, Interest: 3_01, Fees: 2_12, Exposed: 1_00, PPM: 333_333, Impaired: 33, Tax: &accounting.Tax{Fees: 12}},
		}
		if diff := cmp.Diff(want, x.Sums); diff != "" {
			p.Error(diff)
		}
		past := p.node.History(p.ledger)
		p.must(past.Wait(p.Context(), x.Sequence))
		command, err := past.Command(p.Context(), x.Sequence)
		p.must(err)
		if command.Command.Effective != date("2026-03-30") || command.Command.References[0].Value != x.ID {
			p.Errorf("the command is %+v", command)
		}
		if again := p.valued("2026-03-30"); again.Sequence != 0 || again.Number != 2 {
			p.Errorf("the same instant books %+v", again)
		}
		before := len(p.asked)
		repeat, err := p.Value(p.Context(), tenant, accounting.Asked{ID: x.ID, Ledger: "main", On: date("2026-03-30"), Actor: uid("person", 1)})
		p.must(err)
		if diff := cmp.Diff(x, repeat); diff != "" || len(p.asked) != before {
			p.Error(diff)
		}
		_, err = p.Value(p.Context(), tenant, accounting.Asked{ID: x.ID, Ledger: "main", On: date("2026-03-29")})
		p.refused(err, "conflict id")

		w.advance("2026-03-30T16:00:00Z")
		p.lines = p.lines[:1]
		p.lines[0].Interest = 8_00
		next := p.valued("2026-03-31")
		p.shows(credits, 8_00, 0, 0, 6, 10_00)
		if next.Entries[0].Booked != 10_01 || next.Entries[0].Target != 8_00 {
			p.Errorf("entries %+v", next.Entries)
		}
		p.read(x, next)
	})
}

// read reads valuations and lines in pages.
func (p *place) read(first, last *accounting.Valuation) {
	list, err := p.Valuations(p.Context(), tenant, "main", 0, 2)
	p.must(err)
	if len(list) != 2 || list[0].ID != last.ID {
		p.Errorf("the newest are %+v", list)
	}
	list, err = p.Valuations(p.Context(), tenant, "main", list[1].Number, 2)
	p.must(err)
	if len(list) != 1 || list[0].ID != first.ID {
		p.Errorf("the rest is %+v", list)
	}
	page, err := p.ValuationLines(p.Context(), tenant, first.ID, "", accounting.LinePlace{}, 2)
	p.must(err)
	rest, err := p.ValuationLines(p.Context(), tenant, first.ID, "", accounting.LinePlace{Bucket: page[1].Bucket, Claim: page[1].Claim}, 2)
	p.must(err)
	if len(page) != 2 || len(rest) != 1 || rest[0].Claim != uid("claim", 2) {
		p.Errorf("lines %+v and %+v", page, rest)
	}
	page, err = p.ValuationLines(p.Context(), tenant, first.ID, "M1", accounting.LinePlace{}, 10)
	p.must(err)
	if len(page) != 1 || page[0].Fees != 2_12 || *page[0].Tax != (accounting.Tax{Fees: 12}) {
		p.Errorf("lines of M1: %+v", page)
	}
	if x, err := p.Valuation(p.Context(), tenant, "main", first.ID); err != nil || x.Number != 1 {
		p.Errorf("%+v %v", x, err)
	}
	_, err = p.Valuation(p.Context(), tenant, "second", first.ID)
	p.refused(err, "not_found ")
	_, err = p.Valuation(p.Context(), other, "main", first.ID)
	p.refused(err, "not_found ")
	_, err = p.Valuations(p.Context(), tenant, "main", 0, 0)
	p.refused(err, "invalid limit")
	_, err = p.ValuationLines(p.Context(), tenant, first.ID, "", accounting.LinePlace{}, 1001)
	p.refused(err, "invalid limit")
	if list, err := p.Valuations(p.Context(), other, "main", 0, 2); err != nil || len(list) != 0 {
		p.Errorf("another tenant has %v (%v)", list, err)
	}
}

// Lines and figures from before each line had its tax stay as they were kept; the next valuation trues up.
func TestValuationFromBeforeLinesHadTax(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		p.lines = []accounting.Line{taxed(line(1, "M0", 0, 2_12, 1_06, 0), 12, 6)}
		x := p.valued("2026-03-30")
		p.must(w.db.Write(p.Context(), func(tx *sql.Tx) error {
			for _, q := range []string{
				"UPDATE accounting_line SET fees_tax = NULL, received_tax = NULL",
				`UPDATE accounting_valuation SET figures = replace(figures, ',"tax":{"fees":12,"received":6}', '')`,
			} {
				if _, err := tx.ExecContext(p.Context(), q); err != nil {
					return err
				}
			}
			return nil
		}))
		old, err := p.Valuation(p.Context(), tenant, "main", x.ID)
		p.must(err)
		lines, err := p.ValuationLines(p.Context(), tenant, x.ID, "", accounting.LinePlace{}, 1)
		p.must(err)
		if old.Sums[0].Tax != nil || lines[0].Tax != nil || old.Sums[0].Fees != 2_12 || old.Entries[3].Target != 6 {
			p.Errorf("it reads %+v with %+v", old, lines)
		}
		p.lines[0].Tax = &accounting.Tax{Fees: 6, Received: 3}
		next := p.valued("2026-03-30")
		p.shows(credits, 0, 2_06, 6, 3, 0)
		if e := next.Entries[3]; e.Booked != 6 || e.Target != 3 {
			p.Errorf("entries %+v", next.Entries)
		}
	})
}

// A valuation is of a day in an open period, not to come, and not before what is booked.
func TestValueRefuses(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		_, err := p.value("2026-03-31")
		p.refused(err, "invalid on")
		w.advance("2026-03-31T16:00:00Z")
		p.lines = []accounting.Line{line(1, "M9", 1, 0, 0, 0)}
		_, err = p.value("2026-03-30")
		p.refused(err, "valuation_basis_missing ")
		p.lines = []accounting.Line{line(1, "M0", -1, 0, 0, 0)}
		_, err = p.value("2026-03-30")
		p.refused(err, "too_large ")
		p.lines = []accounting.Line{line(1, "M0", 1, 0, 0, 0)}
		p.must(p.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`))
		_, err = p.value("2026-03-30")
		p.refused(err, "period_closed on")
		_, err = p.Value(p.Context(), tenant, accounting.Asked{Ledger: "main", On: date("2026-03-31")})
		p.refused(err, "invalid id")
		p.valued("2026-04-01")
		_, err = p.value("2026-03-31")
		p.refused(err, "conflict on")
		if list, err := p.Valuations(p.Context(), tenant, "main", 0, 10); err != nil || len(list) != 1 {
			p.Errorf("kept are %+v (%v)", list, err)
		}
	})
}

// Whatever is lost on the way, a valuation is booked once, and the next one finds it booked.
func TestValueAfterCrash(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		p.lines = []accounting.Line{line(1, "M0", 5_00, 0, 0, 0)}
		crash := errors.New("the process ended here")
		p.broken = crash
		if _, err := p.value("2026-03-30"); !errors.Is(err, crash) {
			p.Fatal(err)
		}
		p.broken, p.lines[0].Interest = nil, 6_00
		x := p.valued("2026-03-30") // the one before is booked first
		if x.Number != 2 || x.Entries[0].Booked != 5_00 {
			p.Errorf("%+v", x)
		}
		p.lost, p.lines[0].Interest = crash, 7_00
		if _, err := p.value("2026-03-30"); !errors.Is(err, crash) {
			p.Fatal(err)
		}
		p.lost = nil
		p.count-- // the same again
		if x := p.valued("2026-03-30"); x.Number != 3 || x.Sequence == 0 {
			p.Errorf("%+v", x)
		}
		p.shows(credits, 7_00, 0, 0, 0, 0)

		// Closed between: refused, and nothing is booked.
		p.broken, p.lines[0].Interest = crash, 9_00
		_, _ = p.value("2026-03-30")
		p.broken = nil
		w.advance("2026-03-30T16:00:00Z")
		p.must(p.propose(accounting.ActionClose, `{"ledger":"main","through":"2026-03-30"}`))
		p.count--
		if x, err := p.value("2026-03-30"); err != nil || x.Outcome != "period_closed" {
			p.Errorf("%+v %v", x, err)
		}
		p.shows(credits, 7_00, 0, 0, 0, 0)
		p.valued("2026-03-31")
		p.shows(credits, 9_00, 0, 0, 0, 0)
	})
}

// Accounts that a later chart names no more are emptied, and what the ledger refuses is told and books nothing.
func TestValueByAnotherChart(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		p.lines = []accounting.Line{line(1, "M0", 0, 0, 0, 1_000_00)}
		p.valued("2026-03-30")
		to := func(from, name string) string {
			return strings.NewReplacer("2026-01-01", from, `"loss","credit":"allowance"`, name).Replace(chartThatValues)
		}
		p.must(p.propose(accounting.ActionChart, to("2026-03-31", `"loss-b","credit":"allowance-b"`)))
		p.must(p.propose(accounting.ActionChart, to("2026-04-01", `"loss","credit":"allowance-b"`)))
		p.must(p.propose(accounting.ActionChart, to("2026-04-02", `"loss","credit":"nowhere"`)))
		for _, c := range []struct {
			on   string
			want []int64
		}{{"2026-03-31", []int64{0, 0, -10_00, 10_00}}, {"2026-04-01", []int64{-10_00, 0, 0, 10_00}}} {
			w.advance(c.on + "T00:00:00Z")
			p.valued(c.on)
			p.shows("loss allowance loss-b allowance-b", c.want...)
		}
		w.advance("2026-04-02T00:00:00Z")
		x, err := p.value("2026-04-02")
		if err != nil || x.Outcome != "account_not_found" {
			p.Fatalf("%+v %v", x, err)
		}
		p.shows("loss allowance loss-b allowance-b", -10_00, 0, 0, 10_00)
	})
}

// Whatever lines come, and whatever is lost on the way, the accounts show the last valuation that was applied.
func TestValuations(t *testing.T) {
	p := newPlace(newWorld(t, storetest.SQLite(t), storetest.SQLite(t), storetest.SQLite(t)))
	p.must(p.propose(accounting.ActionChart, chartThatValues))
	rapid.Check(t, func(r *rapid.T) {
		amount := rapid.Int64Range(0, 1_000_000)
		p.lines = nil
		for i := range rapid.IntRange(0, 5).Draw(r, "lines") {
			fees, received := amount.Draw(r, "fees"), amount.Draw(r, "received")
			p.lines = append(p.lines, taxed(line(i, fmt.Sprintf("M%d", rapid.IntRange(0, 1).Draw(r, "bucket")), amount.Draw(r, "interest"), fees,
				received, amount.Draw(r, "exposed")), rapid.Int64Range(0, fees).Draw(r, "tax in fees"), rapid.Int64Range(0, received).Draw(r, "tax received")))
		}
		p.broken, p.lost = nil, nil
		switch rapid.IntRange(0, 3).Draw(r, "fault") {
		case 0:
			p.broken = errors.New("not sent")
		case 1:
			p.lost = errors.New("not answered")
		}
		_, err := p.value("2026-03-30")
		if err != nil {
			p.broken, p.lost = nil, nil
			p.count--
			_, err = p.value("2026-03-30")
		}
		if err != nil {
			r.Fatal(err)
		}
		var want [5]int64
		exposed := map[string]int64{}
		for _, l := range p.lines {
			want[0] += l.Interest
			want[1] += l.Fees - l.Tax.Fees
			want[2] += l.Tax.Fees
			want[3] += l.Tax.Received
			exposed[l.Bucket] += l.Exposed
		}
		// Shares of a million, half up.
		want[4] = (exposed["M0"]*10_000+500_000)/1_000_000 + (exposed["M1"]*333_333+500_000)/1_000_000
		if got := p.balances(strings.Fields(credits)...); !slices.Equal(got, want[:]) {
			r.Errorf("%s are %d, want %d", credits, got, want)
		}
	})
}

func TestBadBasis(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`"asset":"CNY"`, `"asset":""`, "valuation.asset"},
		{`["platform:own"]`, `[]`, "valuation.own"},
		{`["platform:own"]`, `["a","B b"]`, "valuation.own[1]"},
		{`["platform:own"]`, `["a","b","a"]`, "valuation.own[2]"},
		{`"tax_ppm":60000`, `"tax_ppm":1000001`, "valuation.tax_ppm"},
		{`"tax_ppm":60000`, `"tax_ppm":-1`, "valuation.tax_ppm"},
		{`"credit":"interest"`, `"credit":""`, "valuation.interest.credit"},
		{`"debit":"loss"`, `"debit":"A"`, "valuation.impairment.debit"},
		{`"credit":"tax"}`, `"credit":"net"}`, "valuation.received_tax.credit"},
		{`"debit":"less"`, `"debit":"net"`, "valuation.received_tax.debit"},
		{`[{"bucket":"M0","ppm":10000},{"bucket":"M1","ppm":333333}]`, `[]`, "valuation.rates"},
		{`"M1"`, `"M0"`, "valuation.rates[1].bucket"},
		{`"M1"`, `""`, "valuation.rates[1].bucket"},
		{`333333`, `1000001`, "valuation.rates[1].ppm"},
		{`"tax_ppm"`, `"surprise"`, ""},
	} {
		if _, err := accounting.ReadChart([]byte(strings.Replace(chartThatValues, c.from, c.to, 1))); code(err) != "invalid "+c.want {
			t.Errorf("%s: %v (%q), want %q", c.to, err, code(err), c.want)
		}
	}
	if _, err := accounting.ReadChart([]byte(chartThatValues)); err != nil {
		t.Error(err)
	}
}

// A valuation under an id that the ledger never takes leaves nothing behind, and holds up no other one.
func TestValueUnderAnIDOfTheFuture(t *testing.T) {
	each(t, func(w *world) {
		p := newPlace(w)
		p.lines = []accounting.Line{line(1, "M0", 7_00, 0, 0, 1_000_00)}
		p.must(p.propose(accounting.ActionChart, chartThatValues))
		own := uid("valuation", 1)
		own[0] = 0x7f // thousands of years from now
		_, err := p.Value(p.Context(), tenant, accounting.Asked{ID: own, Ledger: "main", On: date("2026-03-30"), Actor: uid("person", 1)})
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("got %v", err)
		}
		p.shows("interest", 0)
		if x := p.valued("2026-03-30"); x.Number != 1 {
			t.Errorf("it is number %d", x.Number)
		}
		p.shows("interest", 7_00)
	})
}
