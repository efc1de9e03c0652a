package order_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// anyKind draws a sound kind: a chain of states with an end, and more ways among them.
func anyKind(t *rapid.T, code string) order.Kind {
	k := order.Kind{Code: code, By: []string{"a", "b"}, First: "s0", Ends: []string{"end"}}
	n := rapid.IntRange(1, 5).Draw(t, "states")
	for i := range n {
		k.States = append(k.States, fmt.Sprintf("s%d", i))
	}
	inner := slices.Clone(k.States)
	k.States = append(k.States, "end")
	for i := range n {
		k.Transitions = append(k.Transitions, order.Transition{
			Name: fmt.Sprintf("on%d", i), From: k.States[i : i+1], To: k.States[i+1],
			By: rapid.SampledFrom([][]string{{"a"}, {"b"}, {"a", "b"}}).Draw(t, "by"), Reason: rapid.Bool().Draw(t, "reason"),
		})
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "more") {
		k.Transitions = append(k.Transitions, order.Transition{
			Name: fmt.Sprintf("go%d", i), By: []string{"a"},
			From: rapid.SliceOfNDistinct(rapid.SampledFrom(inner), 1, n, rapid.ID).Draw(t, "from"),
			To:   rapid.SampledFrom(k.States).Draw(t, "to"),
		})
	}
	return k
}

// model is what is expected of one order.
type model struct {
	kind    order.Kind
	state   string
	version uint32
	amounts map[string]int64
}

// allows says what a change comes to, "" if it is done.
func (m *model) allows(c order.Change) string {
	i := slices.IndexFunc(m.kind.Transitions, func(t order.Transition) bool { return t.Name == c.Transition })
	switch {
	case c.Version != m.version:
		return order.Stale.Name()
	case i < 0:
		return errs.Invalid.Name()
	case !slices.Contains(m.kind.Transitions[i].From, m.state):
		return order.WrongState.Name()
	case !slices.Contains(m.kind.Transitions[i].By, c.Role):
		return errs.Forbidden.Name()
	case m.kind.Transitions[i].Reason && c.Reason == "":
		return errs.Invalid.Name()
	}
	m.state = m.kind.Transitions[i].To
	m.version++
	for _, a := range c.Amounts {
		m.amounts[a.Code] = a.Amount
	}
	return ""
}

// run is a number that no id of another run has.
var run int

func TestRandomKindsAndTransitions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			run++
			kinds := []order.Kind{anyKind(rt, "first"), anyKind(rt, "second")}
			w := newWorld(t, db, kinds...)
			models := map[id.ID]*model{}
			var ids []id.ID
			for n := range rapid.IntRange(1, 3).Draw(rt, "orders") {
				k := kinds[rapid.IntRange(0, 1).Draw(rt, "kind")]
				o := opening(n)
				o.ID, o.Kind, o.Role = uid(fmt.Sprint("order of run ", run), n), k.Code, "a"
				w.open(t, o)
				models[o.ID], ids = &model{k, "s0", 1, map[string]int64{}}, append(ids, o.ID)
			}
			for n := range rapid.IntRange(1, 12).Draw(rt, "changes") {
				o := ids[rapid.IntRange(0, len(ids)-1).Draw(rt, "order")]
				m := models[o]
				c := order.Change{ID: uid(fmt.Sprint("change of run ", run), n), Order: o, Version: m.version, Act: by(rapid.SampledFrom([]string{"a", "a", "b"}).Draw(rt, "role"))}
				c.Transition = rapid.SampledFrom([]string{"on0", "on1", "on2", "on3", "go0", "go1", "fly"}).Draw(rt, "transition")
				c.Reason = rapid.SampledFrom([]string{"", "why"}).Draw(rt, "reason")
				if rapid.IntRange(0, 9).Draw(rt, "stale") == 0 {
					c.Version++
				}
				if rapid.Bool().Draw(rt, "amount") {
					c.Amounts = []order.Amount{{Code: rapid.SampledFrom([]string{"x", "y"}).Draw(rt, "code"), Asset: "CNY", Amount: int64(n)}}
				}
				_, err := w.Change(t.Context(), tenant, c)
				got := ""
				if err != nil {
					got = errs.Of(err).Code.Name()
				}
				if want := m.allows(c); got != want {
					rt.Fatalf("%+v came to %q (%v), want %q", c, got, err, want)
				}
			}
			for _, o := range ids {
				got, m := w.get(t, o), models[o]
				if got.State != m.state || got.Version != m.version || len(got.Amounts) != len(m.amounts) {
					rt.Fatalf("order is %+v, the model %+v", got, m)
				}
				for _, a := range got.Amounts {
					if m.amounts[a.Code] != a.Amount {
						rt.Fatalf("amount %+v, the model has %d", a, m.amounts[a.Code])
					}
				}
				w.replayed(t, o)
			}
			if t.Failed() {
				rt.FailNow()
			}
		})
	})
}

// Many writers on two nodes count up one order, each reading, adding one and trying again when it was too late. If an
// update got lost, the count would be too low.
func TestConcurrentWritersLoseNothing(t *testing.T) {
	const writers, each = 3, 8
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first := newWorld(t, db)
		o := first.open(t, opening(1))
		var writing sync.WaitGroup
		failed := make(chan error, 2*writers)
		for node := range 2 {
			w := newWorld(t, db)
			for writer := range writers {
				writing.Go(func() {
					for i := range each {
						if err := count(t, w, o.ID, (node*writers+writer)*each+i); err != nil {
							failed <- err
						}
					}
				})
			}
		}
		writing.Wait()
		close(failed)
		for err := range failed {
			t.Error(err)
		}
		const want = 2 * writers * each
		got := first.get(t, o.ID)
		if got.Version != want+1 || len(got.Amounts) != 1 || got.Amounts[0].Amount != want {
			t.Errorf("version %d and amounts %+v after %d changes", got.Version, got.Amounts, want)
		}
		first.replayed(t, o.ID)
	})
}

// count adds one to the amount of an order, however often it takes.
func count(t *testing.T, w *world, i id.ID, n int) error {
	for try := 0; ; try++ {
		o, err := w.Get(t.Context(), tenant, i)
		if err != nil {
			return err
		}
		var sum int64
		if len(o.Amounts) > 0 {
			sum = o.Amounts[0].Amount
		}
		c := change(n*1000+try, o, "amend", "client")
		c.Amounts = []order.Amount{{Code: "count", Asset: "CNY", Amount: sum + 1}}
		if _, err = w.Change(t.Context(), tenant, c); !errs.Is(err, order.Stale) {
			return err
		}
	}
}

// Everybody sends the same change at once: it is done once, and everybody hears the same.
func TestTheSameChangeFromEverybody(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		first := newWorld(t, db)
		o := first.open(t, opening(1))
		results := make([]order.Result, 12)
		var writing sync.WaitGroup
		for i := range results {
			w := first
			if i%3 == 0 {
				w = newWorld(t, db)
			}
			writing.Go(func() {
				var err error
				if results[i], err = w.Change(t.Context(), tenant, change(1, o, "look", "desk")); err != nil {
					t.Error(err)
				}
			})
		}
		writing.Wait()
		fresh := 0
		for _, r := range results {
			if !r.Repeated {
				fresh++
			}
			r.Repeated = results[0].Repeated
			same(t, r, results[0])
		}
		if fresh != 1 {
			t.Errorf("%d of the results are the first", fresh)
		}
	})
}
