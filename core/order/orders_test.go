package order_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// full is an opening with everything in it.
func full() order.New {
	n := opening(1)
	n.Act = order.Act{
		Actor: actor, Behalf: uid("party", 1), Role: "client", Reason: "because", Approval: uid("approval", 1),
		Evidence: order.Evidence{Ledger: uid("ledger", 1), Command: uid("command", 1), Sequence: 7},
	}
	n.Parties = []order.Party{{Part: "taker", Party: uid("party", 2)}, {Part: "giver", Party: uid("party", 1)}}
	n.Amounts = []order.Amount{{Code: "price", Asset: "CNY", Amount: -5}, {Code: "asked", Asset: "UNIT-1", Amount: 1e18}}
	n.References = []order.Reference{{Type: 2, Value: [16]byte{1}}, {Type: 1, Value: uid("other", 1)}}
	n.Attributes = json.RawMessage(`{"b": 1, "a": "甲"}`)
	return n
}

func TestAnOrderKeepsWhatItWasGiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := full()
		got := w.open(t, n)
		now := noon.UnixMicro()
		want := order.Order{
			Tenant: tenant, ID: n.ID, Kind: "swap", State: "asked", Version: 1, Place: 1,
			Parties:    []order.Party{n.Parties[1], n.Parties[0]},
			Amounts:    []order.Amount{n.Amounts[1], n.Amounts[0]},
			References: []order.Reference{n.References[1], n.References[0]},
			Attributes: json.RawMessage(`{"a":"甲","b":1}`),
			Created:    now, Changed: now, CreatedBy: actor, ChangedBy: actor,
		}
		same(t, got, want)
		same(t, w.get(t, n.ID), want)

		if err := w.clock.Advance(time.Second); err != nil {
			t.Fatal(err)
		}
		c := change(1, got, "look", "desk")
		c.Actor, c.Reason, c.Approval, c.Evidence.Command = uid("actor", 2), "odd", uid("approval", 2), uid("command", 2)
		c.Amounts = []order.Amount{{Code: "price", Asset: "USD", Amount: 9}}
		c.References = []order.Reference{{Type: 1, Value: [16]byte{9}}, n.References[0]}
		c.Attributes = json.RawMessage(`{}`)
		got = w.do(t, c)
		want.State, want.Version, want.Changed, want.ChangedBy = "in-review", 2, now+1e6, c.Actor
		want.Amounts = []order.Amount{want.Amounts[0], c.Amounts[0]}
		want.References = []order.Reference{want.References[0], c.References[0], n.References[0]}
		if got.References[0] != want.References[0] {
			want.References = []order.Reference{c.References[0], want.References[0], n.References[0]}
		}
		want.Attributes = c.Attributes
		same(t, got, want)
		same(t, w.get(t, n.ID), want)

		steps, err := w.Steps(t.Context(), tenant, n.ID, 0, 10)
		if err != nil {
			t.Fatal(err)
		}
		same(t, steps, []order.Step{
			{
				Tenant: tenant, Number: 1, Order: n.ID, Kind: "swap", Version: 1, ID: n.ID, To: "asked", At: now, Act: n.Act,
				Parties: want.Parties, Amounts: []order.Amount{n.Amounts[1], n.Amounts[0]},
				References: []order.Reference{n.References[1], n.References[0]}, Attributes: json.RawMessage(`{"a":"甲","b":1}`),
			},
			{
				Tenant: tenant, Number: 2, Order: n.ID, Kind: "swap", Version: 2, ID: c.ID, Transition: "look", From: "asked",
				To: "in-review", At: now + 1e6, Act: c.Act, Amounts: want.Amounts, References: want.References, Attributes: want.Attributes,
			},
		})
		w.replayed(t, n.ID)
		later, err := w.Steps(t.Context(), tenant, n.ID, 1, 10)
		if err != nil || len(later) != 1 || later[0].Version != 2 {
			t.Errorf("steps after the first are %v (%v)", later, err)
		}
	})
}

func TestTheSameAgainGivesTheFirstResult(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := full()
		first, err := w.Create(t.Context(), tenant, n)
		if err != nil {
			t.Fatal(err)
		}
		c := change(1, first.Order, "look", "desk")
		second, err := w.Change(t.Context(), tenant, c)
		if err != nil {
			t.Fatal(err)
		}
		third := w.do(t, change(2, second.Order, "settle", "system"))
		if err := w.clock.Advance(time.Hour); err != nil {
			t.Fatal(err)
		}
		first.Repeated, second.Repeated = true, true
		// The same content in another form is the same.
		n.Parties[0], n.Parties[1] = n.Parties[1], n.Parties[0]
		n.Attributes = json.RawMessage(`{"a":"\u7532","b":1}`)
		again, err := w.Create(t.Context(), tenant, n)
		same(t, again, first)
		if err != nil {
			t.Fatal(err)
		}
		again, err = w.Change(t.Context(), tenant, c)
		same(t, again, second)
		if err != nil {
			t.Fatal(err)
		}
		same(t, w.get(t, n.ID), third)

		other := n
		other.Attributes = nil
		_, err = w.Create(t.Context(), tenant, other)
		refused(t, err, order.IDTaken, "id")
		wrong := c
		wrong.Reason = "other"
		_, err = w.Change(t.Context(), tenant, wrong)
		refused(t, err, order.IDTaken, "id")
		// An id stands for one thing, be it an order or a change.
		wrong = change(3, third, "look", "desk")
		wrong.ID = w.open(t, opening(2)).ID
		_, err = w.Change(t.Context(), tenant, wrong)
		refused(t, err, order.IDTaken, "id")
		if last, err := w.Last(t.Context(), tenant); err != nil || last != 4 {
			t.Errorf("%d events (%v), want 4", last, err)
		}
	})
}

func TestARefusalChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open(t, full())
		for name, c := range map[string]struct {
			change func(*order.Change)
			code   errs.Code
			field  string
		}{
			"no id":                       {func(c *order.Change) { c.ID = id.ID{} }, errs.Invalid, "id"},
			"an id of version 0":          {func(c *order.Change) { c.ID[6] = 0 }, errs.Invalid, "id"},
			"the order's id":              {func(c *order.Change) { c.ID = c.Order }, errs.Invalid, "id"},
			"no order":                    {func(c *order.Change) { c.Order = id.ID{} }, errs.Invalid, "order"},
			"an unknown order":            {func(c *order.Change) { c.Order = uid("order", 99) }, errs.NotFound, "order"},
			"no version":                  {func(c *order.Change) { c.Version = 0 }, errs.Invalid, "version"},
			"a stale version":             {func(c *order.Change) { c.Version = 2 }, order.Stale, "version"},
			"no transition":               {func(c *order.Change) { c.Transition = "" }, errs.Invalid, "transition"},
			"an unknown transition":       {func(c *order.Change) { c.Transition = "fly" }, errs.Invalid, "transition"},
			"a transition from elsewhere": {func(c *order.Change) { c.Transition = "refuse" }, order.WrongState, "transition"},
			"another's role":              {func(c *order.Change) { c.Role = "client" }, errs.Forbidden, "role"},
			"no role":                     {func(c *order.Change) { c.Role = "" }, errs.Invalid, "role"},
			"no actor":                    {func(c *order.Change) { c.Actor = id.ID{} }, errs.Invalid, "actor"},
			"a reason that is no code":    {func(c *order.Change) { c.Reason = "I say so" }, errs.Invalid, "reason"},
			"a sequence of no command":    {func(c *order.Change) { c.Evidence.Sequence = 1 }, errs.Invalid, "evidence.command"},
			"a wrong approval":            {func(c *order.Change) { c.Approval = id.ID{1} }, errs.Invalid, "approval"},
			"attributes that are none":    {func(c *order.Change) { c.Attributes = []byte("[]") }, errs.Invalid, "attributes"},
			"an asset that is none":       {func(c *order.Change) { c.Amounts = []order.Amount{{Code: "a", Asset: "cny"}} }, errs.Invalid, "amounts[0].asset"},
			"more amounts than allowed":   {func(c *order.Change) { c.Amounts = many() }, errs.Invalid, "amounts"},
			"a reference of no type":      {func(c *order.Change) { c.References = []order.Reference{{Value: [16]byte{1}}} }, errs.Invalid, "references[0].type"},
			"more references than allowed": {func(c *order.Change) {
				for i := range byte(7) {
					c.References = append(c.References, order.Reference{Type: 9, Value: [16]byte{1 + i}})
				}
			}, errs.Invalid, "references"},
		} {
			ch := change(1, o, "look", "desk")
			c.change(&ch)
			if _, err := w.Change(t.Context(), tenant, ch); err == nil || errs.Of(err).Code != c.code || errs.Of(err).Field != c.field {
				t.Errorf("%s: got %v, want %s on %q", name, err, c.code.Name(), c.field)
			}
		}
		same(t, w.get(t, o.ID), o)
		// Nothing of a refusal stays: the id is free for what is right.
		o = w.do(t, change(1, o, "look", "desk"))
		_, err := w.Change(t.Context(), tenant, change(2, o, "refuse", "desk"))
		refused(t, err, errs.Invalid, "reason")
		stale := change(3, o, "settle", "system")
		stale.Version = 1
		_, err = w.Change(t.Context(), tenant, stale)
		refused(t, err, order.Stale, "version")
		if !strings.Contains(err.Error(), "has version 2 and is in state in-review") {
			t.Errorf("%v does not say where the order stands", err)
		}
	})
}

// many are as many amounts as one order may have.
func many() []order.Amount {
	var list []order.Amount
	for i := range byte(order.MaxAmounts) {
		list = append(list, order.Amount{Code: "n" + string('a'+rune(i)), Asset: "CNY"})
	}
	return list
}

func TestAnOpeningIsChecked(t *testing.T) {
	w := newWorld(t, sqlite(t))
	for name, c := range map[string]struct {
		change func(*order.New)
		code   errs.Code
		field  string
	}{
		"no id":                     {func(n *order.New) { n.ID = id.ID{} }, errs.Invalid, "id"},
		"an unknown kind":           {func(n *order.New) { n.Kind = "other" }, errs.Invalid, "kind"},
		"a role that may not":       {func(n *order.New) { n.Role = "system" }, errs.Forbidden, "role"},
		"no parties":                {func(n *order.New) { n.Parties = nil }, errs.Invalid, "parties"},
		"too many parties":          {func(n *order.New) { n.Parties = make([]order.Party, 17) }, errs.Invalid, "parties"},
		"a party twice":             {func(n *order.New) { n.Parties = append(n.Parties, n.Parties[0]) }, errs.Invalid, "parties[2]"},
		"a part that is no code":    {func(n *order.New) { n.Parties[1].Part = "" }, errs.Invalid, "parties[1].part"},
		"a party without an id":     {func(n *order.New) { n.Parties[1].Party = id.ID{} }, errs.Invalid, "parties[1].party"},
		"an amount too large":       {func(n *order.New) { n.Amounts[0].Amount = 1e18 + 1 }, errs.Invalid, "amounts[0].amount"},
		"an amount twice":           {func(n *order.New) { n.Amounts[1].Code = "price" }, errs.Invalid, "amounts[1].code"},
		"a reference twice":         {func(n *order.New) { n.References[1] = n.References[0] }, errs.Invalid, "references[1]"},
		"a reference to nothing":    {func(n *order.New) { n.References[1].Value = [16]byte{} }, errs.Invalid, "references[1].value"},
		"too many references":       {func(n *order.New) { n.References = make([]order.Reference, 9) }, errs.Invalid, "references"},
		"attributes that are large": {func(n *order.New) { n.Attributes = make([]byte, 1<<20) }, errs.TooLarge, "attributes"},
	} {
		n := full()
		c.change(&n)
		if _, err := w.Create(t.Context(), tenant, n); err == nil || errs.Of(err).Code != c.code || errs.Of(err).Field != c.field {
			t.Errorf("%s: got %v, want %s on %q", name, err, c.code.Name(), c.field)
		}
	}
	_, err := w.Create(t.Context(), id.ID{}, full())
	refused(t, err, errs.Invalid, "tenant")
	if last, err := w.Last(t.Context(), tenant); err != nil || last != 0 {
		t.Errorf("%d events (%v)", last, err)
	}
}

func TestAnotherTenantsOrderIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		other := uid("tenant", 2)
		o := w.open(t, full())
		_, err := w.Get(t.Context(), other, o.ID)
		refused(t, err, errs.NotFound, "order")
		_, err = w.Steps(t.Context(), other, o.ID, 0, 10)
		refused(t, err, errs.NotFound, "order")
		_, err = w.Change(t.Context(), other, change(1, o, "look", "desk"))
		refused(t, err, errs.NotFound, "order")
		for _, f := range []order.Filter{{}, {Party: o.Parties[0].Party}, {Reference: o.References[0]}, {Kind: "swap", State: "asked"}} {
			if found, err := w.List(t.Context(), other, f, order.Page{Size: 10}); err != nil || len(found.Orders) > 0 {
				t.Errorf("%+v found %v (%v)", f, found, err)
			}
		}
		if events, err := w.Events(t.Context(), other, 0, 10); err != nil || len(events) > 0 {
			t.Errorf("found events %v (%v)", events, err)
		}
		// The same id is free in another tenant, and its events are counted from one.
		r, err := w.Create(t.Context(), other, full())
		if err != nil || r.Repeated || r.Number != 1 {
			t.Errorf("got %+v (%v)", r, err)
		}
	})
}

func TestABatchIsDoneWholeOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open(t, opening(1))
		look := change(1, o, "look", "desk")
		settle := change(2, o, "settle", "system")
		settle.Version = 2
		wrong := settle
		wrong.ID, wrong.Version = uid("change", 3), 1
		_, err := w.Batch(t.Context(), tenant, opening(2), look, wrong)
		refused(t, err, order.Stale, "writes[2].version")
		same(t, w.get(t, o.ID), o)
		_, err = w.Get(t.Context(), tenant, uid("order", 2))
		refused(t, err, errs.NotFound, "order")

		// One order through two transitions, a repeat, and a new order.
		results, err := w.Batch(t.Context(), tenant, opening(2), look, opening(1), settle, look)
		if err != nil {
			t.Fatal(err)
		}
		if got := results[3].Order; got.State != "done" || got.Version != 3 || !results[2].Repeated || !results[4].Repeated {
			t.Errorf("got %+v", results)
		}
		same(t, results[4].Order, results[1].Order)
		same(t, w.get(t, o.ID), results[3].Order)
		w.replayed(t, o.ID)
		_, err = w.Batch(t.Context(), tenant)
		refused(t, err, errs.Invalid, "writes")
		_, err = w.Batch(t.Context(), tenant, make([]order.Write, order.MaxBatch+1)...)
		refused(t, err, errs.Invalid, "writes")
		_, err = w.Batch(t.Context(), tenant, opening(3), nil)
		refused(t, err, errs.Invalid, "writes[1]")
		_, err = w.Batch(t.Context(), tenant, opening(3), order.Change{})
		refused(t, err, errs.Invalid, "writes[1].id")
	})
}

func TestOrdersChangeWithTheRowsOfAFront(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		if _, err := w.db.Writer().Exec("CREATE TABLE mine (n bigint)"); err != nil {
			t.Fatal(err)
		}
		write := func(end error, writes ...order.Write) error {
			return w.db.Write(t.Context(), func(tx *sql.Tx) error {
				if _, err := tx.Exec("INSERT INTO mine VALUES (1)"); err != nil {
					return err
				}
				if _, err := w.Within(t.Context(), tx, tenant, writes...); err != nil {
					return err
				}
				return end
			})
		}
		count := func() (n int, last uint64) {
			last, err := w.Last(t.Context(), tenant)
			if err == nil {
				err = w.db.Reader().QueryRow("SELECT count(*) FROM mine").Scan(&n)
			}
			if err != nil {
				t.Fatal(err)
			}
			return n, last
		}
		mind := errors.New("changed its mind")
		if err := write(mind, opening(1)); !errors.Is(err, mind) {
			t.Fatal(err)
		}
		if n, last := count(); n != 0 || last != 0 {
			t.Errorf("%d rows and %d events after a transaction that was taken back", n, last)
		}
		if err := write(nil, opening(1), opening(2)); err != nil {
			t.Fatal(err)
		}
		if n, last := count(); n != 1 || last != 2 {
			t.Errorf("%d rows and %d events", n, last)
		}
	})
}

func TestStepsAreNeverAltered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.open(t, opening(1))
		for _, s := range []string{"UPDATE order_step SET state = 'done'", "DELETE FROM order_step"} {
			if _, err := w.db.Writer().Exec(s); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", s, err)
			}
		}
	})
}

func TestInstantsNeverDecrease(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ahead := newWorld(t, w.db)
		if err := ahead.clock.Advance(time.Minute); err != nil {
			t.Fatal(err)
		}
		first, second := ahead.open(t, opening(1)), w.open(t, opening(2))
		if first.Created != noon.Add(time.Minute).UnixMicro() || second.Created != first.Created {
			t.Errorf("opened at %d and then at %d", first.Created, second.Created)
		}
	})
}

func TestACallThatGaveUp(t *testing.T) {
	w := newWorld(t, sqlite(t))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Create(ctx, tenant, opening(1)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	// A call that waits behind another is taken back.
	held := make(chan struct{})
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	result := make(chan error)
	err := w.db.Write(t.Context(), func(*sql.Tx) error {
		go func() {
			_, err := w.Create(t.Context(), tenant, opening(1)) // begun, and held up by this transaction
			close(held)
			if err != nil {
				t.Error(err)
			}
		}()
		go func() {
			_, err := w.Create(ctx, tenant, opening(2))
			result <- err
		}()
		cancel()
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	<-held
	w.get(t, uid("order", 1))
}

// A new kind is a declaration and nothing else: no table and no line of this package.
// What has happened elsewhere is kept as far as it can follow: one write that can't keeps none of the others out.
func TestWhatHasHappenedIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		keep := func(writes ...order.Write) error {
			list := make([]order.Happened, len(writes))
			for i := range writes {
				list[i] = order.Happened{At: noon.UnixMicro() - 1000 + int64(i), Write: writes[i]}
			}
			return w.db.Write(t.Context(), func(tx *sql.Tx) error { return w.Keep(t.Context(), tx, tenant, list...) })
		}
		one, two, three := order.Order{ID: uid("order", 1), Version: 1}, order.Order{ID: uid("order", 2), Version: 1}, order.Order{ID: uid("order", 3), Version: 1}
		other := opening(1)
		other.Role = "desk" // another content under the same id
		stranger := change(4, one, "settle", "system")
		stranger.Kind = "ferry"
		another := change(6, one, "look", "desk")
		another.Having = order.Reference{Type: 1, Value: uid("about", 1)}
		if err := keep(opening(1), other, opening(2), change(1, two, "settle", "system"), change(2, two, "settle", "system"), change(3, three, "look", "desk"), stranger, another); err != nil {
			t.Fatal(err)
		}
		if err := keep(opening(1), change(1, two, "settle", "system")); err != nil {
			t.Fatal(err)
		}
		if last, err := w.Last(t.Context(), tenant); err != nil || last != 3 {
			t.Errorf("%d events, want 3: %v", last, err)
		}
		if a, b := w.get(t, one.ID), w.get(t, two.ID); a.State != "asked" || b.State != "done" {
			t.Errorf("%s and %s", a.State, b.State)
		} else if a.Created != noon.UnixMicro()-1000 || b.Changed != noon.UnixMicro()-997 {
			t.Errorf("opened at %d, settled at %d", a.Created, b.Changed)
		}
		// It happened whether or not the clock can be read now, at the earliest when what is known last did, and not in the future.
		w.clock.Set(time.Time{})
		if err := keep(opening(4)); err != nil || w.get(t, uid("order", 4)).Created != noon.UnixMicro()-997 {
			t.Errorf("without a clock: %v", err)
		}
		w.clock.Set(noon.Add(-time.Hour))
		if err := keep(opening(5)); err != nil || w.get(t, uid("order", 5)).Created != noon.UnixMicro()-997 {
			t.Errorf("before its time: %v", err)
		}
		w.clock.Set(noon)
		// What should not have been asked for at all is an error, and nothing is kept.
		refused(t, keep(opening(3), change(5, one, "look", "client")), errs.Forbidden, "role")
		if last, err := w.Last(t.Context(), tenant); err != nil || last != 5 {
			t.Errorf("%d events, want 5: %v", last, err)
		}
	})
}

func TestANewKindNeedsNothingHere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := w.open(t, opening(1))
		ferry := order.Kind{
			Code: "ferry", By: []string{"captain"}, First: "ashore", States: []string{"ashore", "afloat", "sunk"}, Ends: []string{"sunk"},
			Transitions: []order.Transition{
				{Name: "cast-off", From: []string{"ashore"}, To: "afloat", By: []string{"captain"}},
				{Name: "land", From: []string{"afloat"}, To: "ashore", By: []string{"captain"}},
				{Name: "sink", From: []string{"afloat"}, To: "sunk", By: []string{"storm"}, Reason: true},
			},
		}
		w = newWorld(t, w.db, swap(), ferry)
		n := opening(2)
		n.Kind, n.Role = "ferry", "captain"
		f := w.open(t, n)
		f = w.do(t, change(1, f, "cast-off", "captain"))
		sink := change(2, f, "sink", "storm")
		sink.Reason = "ice"
		if f = w.do(t, sink); f.State != "sunk" || !w.Kinds().Ended(f.Kind, f.State) {
			t.Errorf("the ferry is %s", f.State)
		}
		w.replayed(t, f.ID)
		w.do(t, change(3, o, "look", "desk"))
		// Without its declaration an order stays readable and does not move.
		w = newWorld(t, w.db, swap())
		same(t, w.get(t, f.ID), f)
		_, err := w.Change(t.Context(), tenant, change(4, f, "sink", "storm"))
		refused(t, err, order.WrongState, "")
	})
}
