package order_test

import (
	"encoding/binary"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// uid makes an id that is the same each time. Ids of different groups differ.
func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var (
	tenant = uid("tenant", 1)
	actor  = uid("actor", 1)
)

// world is one node on a database.
type world struct {
	*order.Orders
	db    *store.DB
	clock *clock.Manual
}

func newWorld(t testing.TB, db *store.DB, kinds ...order.Kind) *world {
	t.Helper()
	if len(kinds) == 0 {
		kinds = []order.Kind{swap()}
	}
	registry, err := order.NewKinds(kinds...)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{db: db, clock: clock.NewManual(noon)}
	w.Orders, err = order.Open(t.Context(), db, registry, func(id.ID) clock.Clock { return w.clock })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// each runs a test on both databases.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

func by(role string) order.Act { return order.Act{Actor: actor, Role: role} }

// opening is a new swap of one party.
func opening(n int) order.New {
	return order.New{
		ID: uid("order", n), Kind: "swap", Act: by("client"),
		Parties: []order.Party{{Part: "giver", Party: uid("party", 1)}},
	}
}

func change(n int, of order.Order, transition, role string) order.Change {
	return order.Change{ID: uid("change", n), Order: of.ID, Version: of.Version, Transition: transition, Act: by(role)}
}

func (w *world) open(t testing.TB, n order.New) order.Order {
	t.Helper()
	r, err := w.Create(t.Context(), tenant, n)
	if err != nil {
		t.Fatal(err)
	}
	return r.Order
}

func (w *world) do(t testing.TB, c order.Change) order.Order {
	t.Helper()
	r, err := w.Change(t.Context(), tenant, c)
	if err != nil {
		t.Fatal(err)
	}
	return r.Order
}

func (w *world) get(t testing.TB, i id.ID) order.Order {
	t.Helper()
	o, err := w.Get(t.Context(), tenant, i)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func refused(t testing.TB, err error, code errs.Code, field string) {
	t.Helper()
	if err == nil || errs.Of(err).Code != code || errs.Of(err).Field != field {
		t.Errorf("got %v, want %s on %q", err, code.Name(), field)
	}
}

func same(t testing.TB, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		a, _ := json.Marshal(got)
		b, _ := json.Marshal(want)
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

// replayed checks that an order's history leads to where it stands.
func (w *world) replayed(t testing.TB, i id.ID) {
	t.Helper()
	steps, err := w.Steps(t.Context(), tenant, i, 0, order.MaxPage)
	if err != nil {
		t.Fatal(err)
	}
	got, err := order.Replay(steps)
	if err != nil {
		t.Fatal(err)
	}
	same(t, got, w.get(t, i))
}

func sqlite(t testing.TB) *store.DB {
	t.Helper()
	return storetest.SQLite(t)
}
