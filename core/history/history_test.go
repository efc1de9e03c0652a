package history

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// Whatever is done to a ledger, history answers every question as one would who remembers everything.
func TestAnswersAsOneWhoRemembersEverything(t *testing.T) {
	each(t, func(t *testing.T, dbs []*store.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, rapid.Uint64().Draw(rt, "seed"), dbs...)
			defer w.close()
			for range rapid.IntRange(1, 60).Draw(rt, "steps") {
				w.step()
			}
			w.check(rt)
		})
	})
}

// each runs a test on two databases of each kind, so that two histories of one ledger can be compared. Runs are long
// and check much, so there are few of them here, and more in the soak.
func each(t *testing.T, f func(t *testing.T, dbs []*store.DB)) {
	t.Run("sqlite", func(t *testing.T) {
		checks(t, "12")
		f(t, []*store.DB{storetest.SQLite(t), storetest.SQLite(t)})
	})
	t.Run("postgres", func(t *testing.T) {
		checks(t, "4")
		f(t, []*store.DB{storetest.Postgres(t), storetest.Postgres(t)})
	})
}

// checks sets how many runs there are, unless the command line has.
func checks(t *testing.T, n string) {
	f := flag.Lookup("rapid.checks")
	if before := f.Value.String(); before == f.DefValue {
		if err := f.Value.Set(n); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Value.Set(before) })
	}
}

// complaint is what *testing.T and *rapid.T have in common.
type complaint interface {
	Fatalf(format string, args ...any)
}

func (w *world) check(t complaint) {
	for _, h := range w.histories {
		if err := h.Wait(w.t.Context(), w.position()); err != nil {
			t.Fatalf("wait: %v", err)
		}
		w.checkBalances(t, h)
		w.checkTrialBalance(t, h)
		for range 6 {
			w.checkEntries(t, h)
			w.checkStatement(t, h)
			w.checkEffective(t, h)
			w.checkDays(t, h)
		}
		w.checkCommands(t, h)
		w.checkLines(t, h)
		w.checkPast(t, h)
	}
}

func (w *world) anyAccount() uint32 {
	accounts, _, _, _ := w.engine.Size()
	return uint32(1 + w.r.IntN(accounts))
}

func (w *world) checkBalances(t complaint, h *History) {
	for range 20 {
		account, sequence := w.anyAccount(), w.anySequence()
		at := must(h.At(w.t.Context(), sequence))
		got, err := h.Balance(w.t.Context(), account, at)
		if want := w.m.balance(account, sequence); err != nil || got != want {
			t.Fatalf("balance of account %d at sequence %d: %+v, want %+v (%v)", account, sequence, got, want, err)
		}
	}
	for a := uint32(1); a <= 11; a++ {
		now, ok := w.engine.AccountByNumber(a)
		got, err := h.Balance(w.t.Context(), a, h.Latest())
		if err != nil || ok && got != (Balance{now.Debits, now.Credits}) {
			t.Fatalf("balance of account %d: %+v, the engine has %+v (%v)", a, got, now, err)
		}
		if info, err := h.Account(w.t.Context(), a); ok && (err != nil || info.Address != now.Address || info.Code != now.Code) {
			t.Fatalf("account %d is %+v, want %+v (%v)", a, info, now, err)
		}
	}
}

func (w *world) checkTrialBalance(t complaint, h *History) {
	for range 5 {
		sequence := w.anySequence()
		got, err := h.TrialBalance(w.t.Context(), must(h.At(w.t.Context(), sequence)))
		if err != nil {
			t.Fatalf("trial balance: %v", err)
		}
		want := map[uint32][2]share.Int128{}
		if sequence > 0 {
			want = w.m.commands[sequence-1].totals
		}
		if len(got) != len(want) {
			t.Fatalf("trial balance at %d has %d lines, want %d", sequence, len(got), len(want))
		}
		for _, b := range got {
			k := w.m.bucketOf[b.Bucket]
			if v := want[b.Bucket]; b.Debits != v[0] || b.Credits != v[1] || uint64(b.Asset) != k[0] || uint64(b.Code) != k[1] {
				t.Fatalf("trial balance at %d: %+v, want %v of %v", sequence, b, v, k)
			}
		}
	}
}

// same compares an item with the model's.
func (w *world) same(i *Item, m *modelItem, balance bool) error {
	gross := m.gross
	if len(gross) == 0 {
		gross = nil
	}
	c := &w.m.commands[m.sequence-1]
	want := Item{
		Sequence: m.sequence, Command: c.ID, Index: i.Index, Timestamp: c.Timestamp, Date: m.date, Effective: m.effective, Purpose: m.purpose,
		Kind: m.kind, Entry: m.entry, Side: ledger.CreditNormal, Amount: m.amount, Other: i.Other, Register: m.register,
		Payout: m.payout, Gross: gross, Deducted: m.deducted, Unclaimed: m.unclaimed,
	}
	if m.amount < 0 || m.amount == 0 && i.Side == ledger.DebitNormal {
		want.Side, want.Amount = ledger.DebitNormal, -m.amount
	}
	if balance {
		want.Balance = m.balance
	}
	if !reflect.DeepEqual(*i, want) {
		return fmt.Errorf("got  %+v\nwant %+v", *i, want)
	}
	return nil
}

func (w *world) compare(t complaint, what string, got []Item, want []modelItem, balance bool) {
	for n := range min(len(got), len(want)) {
		if err := w.same(&got[n], &want[n], balance); err != nil {
			t.Fatalf("%s, item %d of %d:\n%v", what, n, len(want), err)
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d items, want %d", what, len(got), len(want))
	}
}

func (w *world) checkEntries(t complaint, h *History) {
	q := Query{Account: w.anyAccount(), OldestFirst: w.chance(50), Limit: 1 + w.r.IntN(12), At: w.anySequence()}
	if w.chance(30) {
		q.Limit = MaxPage
	}
	upto := q.At
	if upto == 0 {
		upto = w.position()
	}
	match := func(i *modelItem) bool { return i.sequence <= upto }
	and := func(more func(*modelItem) bool) {
		before := match
		match = func(i *modelItem) bool { return before(i) && more(i) }
	}
	if w.chance(30) {
		q.Purpose = uint32(1 + w.r.IntN(3))
		and(func(i *modelItem) bool { return i.purpose == q.Purpose })
	}
	if w.chance(30) {
		q.From = w.m.commands[w.r.IntN(len(w.m.commands))].Timestamp
		and(func(i *modelItem) bool { return w.m.commands[i.sequence-1].Timestamp >= q.From })
	}
	if w.chance(30) {
		q.Until = w.m.commands[w.r.IntN(len(w.m.commands))].Timestamp + ledger.Instant(w.r.IntN(2))
		and(func(i *modelItem) bool { return w.m.commands[i.sequence-1].Timestamp < q.Until })
	}
	if w.chance(30) {
		r := w.reference(w.r.IntN(6))
		q.Reference = &r
		and(func(i *modelItem) bool { return slices.Contains(w.m.commands[i.sequence-1].references, r) })
	}
	want := w.m.list(q.Account, match)
	if !q.OldestFirst {
		slices.Reverse(want)
	}
	var got []Item
	for pages := 0; ; pages++ {
		page, err := h.Entries(w.t.Context(), q)
		if err != nil {
			t.Fatalf("entries %+v: %v", q, err)
		}
		if len(page.Items) > q.Limit {
			t.Fatalf("entries %+v: %d items", q, len(page.Items))
		}
		got = append(got, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
		if pages > 10_000 {
			t.Fatalf("entries %+v: no end", q)
		}
	}
	w.compare(t, fmt.Sprintf("entries %+v", q), got, want, true)
}

func (w *world) checkStatement(t complaint, h *History) {
	first := w.m.commands[w.r.IntN(len(w.m.commands))].Date - ledger.Date(w.r.IntN(2))
	q := StatementQuery{Account: w.anyAccount(), Period: Period{first, first + ledger.Date(w.r.IntN(40))}, Limit: 1 + w.r.IntN(20)}
	var got []Item
	for {
		s, err := h.Statement(w.t.Context(), q)
		if err != nil {
			t.Fatalf("statement %+v: %v", q, err)
		}
		w.checkStatementHead(t, &s, &q)
		got = append(got, s.Items...)
		if q.Cursor = s.Next; q.Cursor == "" {
			break
		}
	}
	want := w.m.list(q.Account, func(i *modelItem) bool { return i.date >= q.Period.First && i.date <= q.Period.Last })
	w.compare(t, fmt.Sprintf("statement %+v", q), got, want, true)
}

func (w *world) checkStatementHead(t complaint, s *Statement, q *StatementQuery) {
	from := w.m.last(func(c *modelCommand) bool { return c.Date < q.Period.First })
	to := w.m.last(func(c *modelCommand) bool { return c.Date <= q.Period.Last })
	want := Statement{
		Account: q.Account, First: q.Period.First, Last: q.Period.Last, Through: s.Through,
		Final:   w.m.commands[len(w.m.commands)-1].Date > q.Period.Last,
		Opening: w.m.balance(q.Account, from), Closing: w.m.balance(q.Account, to), Items: s.Items, Next: s.Next,
	}
	want.Turnover = Balance{want.Closing.Debits - want.Opening.Debits, want.Closing.Credits - want.Opening.Credits}
	if !reflect.DeepEqual(*s, want) || s.Through.Sequence != to {
		t.Fatalf("statement to %d: got  %+v\nwant %+v", to, *s, want)
	}
}

func (w *world) checkEffective(t complaint, h *History) {
	account, sequence := w.anyAccount(), w.anySequence()
	if sequence == 0 {
		sequence = w.position()
	}
	at := must(h.At(w.t.Context(), sequence))
	first := w.m.commands[w.r.IntN(len(w.m.commands))].Date + ledger.Date(w.r.IntN(41)-20)
	period := Period{first, first + ledger.Date(w.r.IntN(30))}
	want := Balance{}
	list := w.m.list(account, func(i *modelItem) bool {
		return i.sequence <= sequence && i.effective >= period.First && i.effective <= period.Last
	})
	for _, i := range list {
		want.add(i.amount)
	}
	got, err := h.EffectiveTotals(w.t.Context(), account, period, at)
	if err != nil || got != want {
		t.Fatalf("totals of account %d for %v at %d: %+v, want %+v (%v)", account, period, sequence, got, want, err)
	}
	slices.SortStableFunc(list, func(a, b modelItem) int { return cmp.Compare(a.effective, b.effective) })
	q := EffectiveQuery{Account: account, Period: period, At: sequence, Limit: 1 + w.r.IntN(8)}
	var items []Item
	for {
		page, err := h.EffectiveEntries(w.t.Context(), q)
		if err != nil {
			t.Fatalf("effective entries %+v: %v", q, err)
		}
		items = append(items, page.Items...)
		if q.Cursor = page.Next; q.Cursor == "" {
			break
		}
	}
	w.compare(t, fmt.Sprintf("effective entries %+v", q), items, list, false)
}

func (w *world) checkCommands(t complaint, h *History) {
	ctx := w.t.Context()
	for range 10 {
		s := 1 + w.r.Uint64N(w.position())
		c := &w.m.commands[s-1]
		if got, err := h.Find(ctx, c.ID); err != nil || got != s {
			t.Fatalf("find id of %d: %d (%v)", s, got, err)
		}
		bytes, res, err := h.ResultBytes(ctx, s)
		if err != nil || string(bytes) != string(c.result) || res.Code != c.Code || res.Timestamp != c.Timestamp || res.Date != c.Date {
			t.Fatalf("result of %d: %v (%v)", s, res, err)
		}
		if all, err := h.Command(ctx, s); err != nil || all.Command.ID != c.ID || all.Command.Purpose != c.Purpose {
			t.Fatalf("command %d: %+v (%v)", s, all, err)
		}
		if at, err := h.AtTime(ctx, c.Timestamp); err != nil || at.Sequence != w.m.last(func(o *modelCommand) bool { return o.Timestamp <= c.Timestamp }) {
			t.Fatalf("at the time of %d: %+v (%v)", s, at, err)
		}
	}
	if got, err := h.Find(ctx, ledger.ID{1, 2, 3}); err != nil || got != 0 {
		t.Fatalf("find an unknown id: %d (%v)", got, err)
	}
	for n := range 6 {
		r := w.reference(n)
		var want []uint64
		for i := range w.m.commands {
			if slices.Contains(w.m.commands[i].references, r) {
				want = append(want, uint64(i)+1)
			}
		}
		if got, err := h.Referring(ctx, r, 0, h.Latest(), MaxPage); err != nil || !slices.Equal(got, want) {
			t.Fatalf("commands with reference %v: %v, want %v (%v)", r, got, want, err)
		}
	}
}

func (w *world) checkLines(t complaint, h *History) {
	ctx := w.t.Context()
	for i := range w.m.commands {
		list := must(h.Distributions(ctx, uint64(i)+1))
		if len(list) != len(w.m.commands[i].payouts) {
			t.Fatalf("command %d has %d distributions, want %d", i+1, len(list), len(w.m.commands[i].payouts))
		}
		for n, d := range list {
			if w.chance(60) {
				continue
			}
			p := w.m.commands[i].payouts[n]
			var got []Line
			for from := uint32(0); ; {
				page, next, err := h.Lines(ctx, d, from, 1+w.r.IntN(4)+int(d.Holders)/10)
				if err != nil {
					t.Fatalf("lines: %v", err)
				}
				got = append(got, page...)
				if from = next; from == 0 {
					break
				}
			}
			if want := publicLines(p); !reflect.DeepEqual(got, want) {
				t.Fatalf("lines of payout %d of register %d at %d:\ngot  %+v\nwant %+v", p.Number, p.Register, i+1, got, want)
			}
		}
	}
}

func publicLines(p *modelPayout) (list []Line) {
	for h := range p.Holders {
		l, ok := p.lines[h]
		if !ok {
			continue
		}
		v := Line{Holder: h, Account: l.account, Class: l.class, Units: l.units, Gross: l.gross, Deducted: slices.Clone(l.taken), Net: l.implied()}
		if l.explicit != nil {
			sign := int64(1)
			if v.Net < 0 {
				sign = -1
			}
			for t := range l.gross {
				v.Deducted[t] += sign * l.detail.Deducted[t]
				v.Net -= sign * l.detail.Deducted[t]
			}
			v.Unclaimed = sign * l.detail.Unclaimed
			v.Missing = v.Net - v.Unclaimed - sign*l.explicit.Amount
			v.Net, v.Entry = sign*l.explicit.Amount, l.explicit.Number
		}
		list = append(list, v)
	}
	return list
}

func (w *world) checkPast(t complaint, h *History) {
	h.ResolveWith(w.engine.Number)
	for i := range w.m.commands {
		c := &w.m.commands[i]
		got, err := h.Past(context.Background(), uint64(i)+1, nil)
		if err != nil {
			t.Fatalf("past of %d: %v", i+1, err)
		}
		if c.Code != ledger.Applied {
			if got != nil {
				t.Fatalf("past of the refused command %d: %+v", i+1, got)
			}
			continue
		}
		if got.Foreign {
			continue
		}
		if !reflect.DeepEqual(got.Movements, c.movements) || len(got.Distributions) != len(c.payouts) {
			t.Fatalf("past of %d: %+v, want movements %+v and %d distributions", i+1, got, c.movements, len(c.payouts))
		}
		for n, d := range got.Distributions {
			p := c.payouts[n]
			if d.Register != p.Register || d.Index != p.Index || d.Payer != p.Payer || len(d.Lines) != len(p.lines) {
				t.Fatalf("past of %d: %+v, want %+v", i+1, d, p)
			}
			for _, l := range d.Lines {
				want := p.lines[l.Holder]
				if l.Units != want.units || !slices.Equal(l.Gross, want.gross) || l.Unclaimed != (want.detail.Unclaimed != 0) {
					t.Fatalf("past of %d: %+v, want %+v", i+1, l, want)
				}
			}
		}
	}
}
