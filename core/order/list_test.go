package order_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// ask is a second kind with states of the same names.
func ask() order.Kind {
	k := swap()
	k.Code = "ask"
	return k
}

// fill opens n orders of two kinds, of few parties and references, one a second in pairs, and moves some of them.
func fill(t testing.TB, w *world, n int) []order.Order {
	t.Helper()
	var all []order.Order
	var writes []order.Write
	flush := func() {
		results, err := w.Batch(t.Context(), tenant, writes...)
		if err != nil {
			t.Fatal(err)
		}
		writes = nil
		for _, r := range results {
			if r.Order.Version == 1 {
				all = append(all, r.Order)
			} else {
				i := slices.IndexFunc(all, func(o order.Order) bool { return o.ID == r.Order.ID })
				all[i] = r.Order
			}
		}
	}
	for i := range n {
		if i%2 == 0 && i > 0 {
			flush()
			if err := w.clock.Advance(time.Second); err != nil {
				t.Fatal(err)
			}
		}
		o := opening(i)
		o.Kind = []string{"swap", "ask"}[i%3/2]
		o.Parties = []order.Party{{Part: "giver", Party: uid("party", i%5)}, {Part: "taker", Party: uid("party", i%7)}}
		for j := range i % 3 {
			o.References = append(o.References, order.Reference{Type: uint16(1 + j), Value: uid("about", i%4)})
		}
		writes = append(writes, o)
		if i%4 == 1 {
			c := change(i, order.Order{ID: o.ID, Version: 1}, "look", "desk")
			writes = append(writes, c)
		}
	}
	flush()
	return all
}

// means says what a filter lets through, one order at a time.
func means(f order.Filter, o order.Order) bool {
	party := f.Party.IsZero() || slices.ContainsFunc(o.Parties, func(p order.Party) bool {
		return p.Party == f.Party && (f.Part == "" || p.Part == f.Part)
	})
	return party && (f.Kind == "" || o.Kind == f.Kind) && (f.State == "" || o.State == f.State) &&
		(f.Reference.Type == 0 || slices.Contains(o.References, f.Reference)) &&
		o.Created >= f.From && (f.Until == 0 || o.Created < f.Until)
}

func TestListsAgreeWithTheirFilters(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, swap(), ask())
		all := fill(t, w, 120)
		begin := noon.UnixMicro()
		rapid.Check(t, func(rt *rapid.T) {
			f := order.Filter{
				Kind:  rapid.SampledFrom([]string{"", "swap", "ask", "none"}).Draw(rt, "kind"),
				State: rapid.SampledFrom([]string{"", "asked", "in-review", "none"}).Draw(rt, "state"),
			}
			if n := rapid.IntRange(-2, 7).Draw(rt, "party"); n >= 0 {
				f.Party, f.Part = uid("party", n), rapid.SampledFrom([]string{"", "giver", "none"}).Draw(rt, "part")
			}
			if n := rapid.IntRange(-3, 4).Draw(rt, "reference"); n >= 0 {
				f.Reference = order.Reference{Type: rapid.Uint16Range(1, 3).Draw(rt, "type"), Value: uid("about", n)}
			}
			if rapid.Bool().Draw(rt, "time") {
				f.From = begin + rapid.Int64Range(-1, 61).Draw(rt, "from")*1e6
				f.Until = f.From + rapid.Int64Range(1, 30).Draw(rt, "stretch")*5e5
			}
			p := order.Page{Size: rapid.IntRange(1, 40).Draw(rt, "size"), Newest: rapid.Bool().Draw(rt, "newest"), Back: rapid.Bool().Draw(rt, "back")}
			var want []order.Order
			for _, o := range all {
				if means(f, o) {
					want = append(want, o)
				}
			}
			if p.Newest {
				slices.Reverse(want)
			}
			var got []order.Order
			for {
				found, err := w.List(t.Context(), tenant, f, p)
				if err != nil {
					rt.Fatal(err)
				}
				if p.Back {
					got = append(found.Orders, got...)
				} else {
					got = append(got, found.Orders...)
				}
				if len(found.Orders) > p.Size {
					rt.Fatalf("a page of %d has %d", p.Size, len(found.Orders))
				}
				if !found.More {
					break
				}
				p.Cursor = found.Cursor
			}
			if len(got) != len(want) {
				rt.Fatalf("%+v: %d orders, want %d", f, len(got), len(want))
			}
			for i := range got {
				same(t, got[i], want[i])
			}
			if t.Failed() {
				rt.Fatalf("%+v", f)
			}
		})
	})
}

// A page that looked at its fill of orders without finding enough is short and says where to go on.
func TestACombinedFilterLooksAtSoMany(t *testing.T) {
	w := newWorld(t, sqlite(t))
	const n = 5000
	var writes []order.Write
	for i := range n {
		o := opening(i)
		writes = append(writes, o)
		if len(writes) == order.MaxBatch {
			if _, err := w.Batch(t.Context(), tenant, writes...); err != nil {
				t.Fatal(err)
			}
			writes = nil
		}
	}
	last := w.get(t, uid("order", n-1))
	last = w.do(t, change(1, last, "look", "desk"))
	f := order.Filter{Party: uid("party", 1), State: "in-review"}
	found, err := w.List(t.Context(), tenant, f, order.Page{Size: 10})
	if err != nil || len(found.Orders) != 0 || !found.More || found.Cursor != 4096 {
		t.Errorf("the first page has %d orders, more %v, cursor %d (%v)", len(found.Orders), found.More, found.Cursor, err)
	}
	found, err = w.List(t.Context(), tenant, f, order.Page{Size: 10, Cursor: found.Cursor})
	if err != nil || found.More {
		t.Errorf("the second page has more (%v)", err)
	}
	same(t, found.Orders, []order.Order{last})
}

func TestListRefuses(t *testing.T) {
	w := newWorld(t, sqlite(t))
	for _, c := range []struct {
		field string
		f     order.Filter
		p     order.Page
	}{
		{"size", order.Filter{}, order.Page{}},
		{"size", order.Filter{}, order.Page{Size: order.MaxPage + 1}},
		{"cursor", order.Filter{}, order.Page{Size: 1, Cursor: 1 << 63}},
		{"kind", order.Filter{Kind: "A"}, order.Page{Size: 1}},
		{"state", order.Filter{State: "A"}, order.Page{Size: 1}},
		{"part", order.Filter{Part: "giver"}, order.Page{Size: 1}},
		{"reference", order.Filter{Reference: order.Reference{Value: [16]byte{1}}}, order.Page{Size: 1}},
		{"from", order.Filter{From: -1}, order.Page{Size: 1}},
		{"until", order.Filter{From: 5, Until: 5}, order.Page{Size: 1}},
	} {
		_, err := w.List(t.Context(), tenant, c.f, c.p)
		refused(t, err, errs.Invalid, c.field)
	}
	_, err := w.Events(t.Context(), tenant, 0, 0)
	refused(t, err, errs.Invalid, "size")
	_, err = w.Events(t.Context(), tenant, 1<<63, 1)
	refused(t, err, errs.Invalid, "after")
	_, err = w.Steps(t.Context(), tenant, uid("order", 1), 0, 1001)
	refused(t, err, errs.Invalid, "size")
}

// Every filter, and each pair that has an index, is answered by searching an index, in its order.
func TestEveryFilterHasAnIndex(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db, swap(), ask())
		fill(t, w, 200)
		if db.Dialect() == store.Postgres {
			// A few hundred rows are scanned sooner than searched; the question is whether searching is possible.
			if _, err := db.Writer().Exec("ANALYZE"); err != nil {
				t.Fatal(err)
			}
		}
		for _, f := range []order.Filter{
			{},
			{Kind: "swap"},
			{State: "asked"},
			{Kind: "swap", State: "asked"},
			{Party: uid("party", 1)},
			{Party: uid("party", 1), Part: "giver", Kind: "ask", State: "asked"},
			{Reference: order.Reference{Type: 1, Value: uid("about", 1)}},
			{Reference: order.Reference{Type: 1, Value: uid("about", 1)}, Party: uid("party", 1), State: "asked"},
		} {
			for _, newest := range []bool{false, true} {
				for i, q := range order.Queries(db.Dialect(), tenant, f, newest) {
					checkPlan(t, db, fmt.Sprintf("%+v newest %v query %d", f, newest, i), q)
				}
			}
		}
		for i, q := range order.OtherQueries(w.db.Dialect(), tenant, uid("order", 1)) {
			checkPlan(t, db, fmt.Sprintf("other query %d", i), q)
		}
	})
}
