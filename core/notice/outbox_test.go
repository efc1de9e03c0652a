package notice_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// number makes an id.
func number(n uint64) (i id.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[8] = 0x70, 0x80
	return i
}

var tenant, party = number(1), number(2)

// office is an outbox whose channels write down what they send.
type office struct {
	*testing.T
	*notice.Outbox
	*plan.Runner
	events *plan.Plan
	db     *store.DB
	clock  *clock.Manual
	speaks string // the language of the party's address
	out    []string
	down   error
	none   bool // the party has no address
	mute   bool // there are no templates
}

func (o *office) Now(context.Context, string) (int64, error)   { return 0, nil }
func (o *office) Advance(context.Context, string, int64) error { return nil }
func (o *office) Address(_ context.Context, _, _ id.ID, channel string) (string, string, error) {
	if o.none {
		return "", "", nil
	}
	return channel + "-address", o.speaks, nil
}

func (o *office) Text(kind, channel, language string, data []byte) (string, string, error) {
	if o.mute || strings.Contains(string(data), "unknown") {
		return "", "", errors.New("no template")
	}
	return kind, fmt.Sprintf("%s %s %s", channel, language, data), nil
}

func (o *office) Check(_ string, data []byte) error {
	if strings.Contains(string(data), "unknown") {
		return errs.Invalid.Errorf("no such datum").On("data")
	}
	return nil
}

type wire struct {
	*office
	name string
}

func (w wire) Send(_ context.Context, m notice.Message) error {
	if w.down != nil {
		return w.down
	}
	w.out = append(w.out, w.name+" to "+m.Address+": "+m.Body)
	return nil
}

func newOffice(t *testing.T, db *store.DB) *office {
	o := &office{T: t, db: db, speaks: "zh", clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))}
	p, err := plan.Open(t.Context(), db, o.clock)
	if err != nil {
		t.Fatal(err)
	}
	o.events = p
	o.Outbox, err = notice.Open(t.Context(), db, notice.Config{
		Plan: p, Clock: o.clock, Addresses: o, Texts: o,
		Kinds: map[string]notice.Kind{
			"paid": {Channels: []string{"sms", "app"}}, "code": {Channels: []string{"sms"}, Must: true, Secret: true},
			"read": {Channels: []string{"inbox"}}, "everywhere": {Channels: []string{"inbox", "sms"}},
		},
		Channels: map[string]notice.Channel{"sms": wire{o, "sms"}, "app": wire{o, "app"}, "inbox": notice.Inbox{}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Runner, err = p.Lead(t.Context(), 1, o, map[string]plan.Handler{notice.EventKind: o.Send}); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) tell(n uint64, kind, data string) error {
	return o.db.Write(o.Context(), func(tx *sql.Tx) error {
		return o.Outbox.Tell(o.Context(), tx, notice.Notice{Tenant: tenant, ID: number(n), Ledger: "main", Party: party, Kind: kind, Data: []byte(data)})
	})
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) run(want ...string) {
	o.Helper()
	_, err := o.RunDue(o.Context(), "main", 0)
	o.must(err)
	if got := strings.Join(o.out, "; "); got != strings.Join(want, "; ") {
		o.Errorf("sent %s; want %s", got, strings.Join(want, "; "))
	}
	o.out = nil
}

func (o *office) list() []notice.Sent {
	o.Helper()
	list, err := o.List(o.Context(), tenant, party, id.ID{}, 10)
	o.must(err)
	return list
}

func TestANoticeGoesOverItsChannelsOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.must(o.tell(10, "paid", `{"amount":"1.00"}`))
		o.must(o.tell(10, "paid", `{"amount":"1.00"}`))
		if list := o.list(); len(list) != 2 || list[0].At != 0 {
			t.Errorf("%+v", list)
		}
		if _, err := o.RunDue(t.Context(), "main", 0); err != nil || len(o.out) != 2 {
			t.Fatal(o.out, err)
		}
		o.out = nil
		o.run() // nothing is left
		for _, n := range o.list() {
			if n.At == 0 || n.Language != "zh" || !strings.Contains(n.Body, `{"amount":"1.00"}`) {
				t.Errorf("%+v", n)
			}
		}
		if list, err := o.List(t.Context(), number(9), party, id.ID{}, 10); err != nil || len(list) != 0 {
			t.Error("another tenant sees it", list, err)
		}
	})
}

func TestPreferences(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		o.must(o.Prefer(ctx, tenant, party, "", notice.Preference{Kind: "paid", Channel: "sms", Wanted: false}))
		o.must(o.tell(10, "paid", `{}`))
		o.run("app to app-address: app zh {}")
		o.must(o.Prefer(ctx, tenant, party, "", notice.Preference{Kind: "paid", Channel: "sms", Wanted: true}))
		o.must(o.Prefer(ctx, tenant, party, "", notice.Preference{Kind: "paid", Channel: "app", Wanted: false}))
		o.must(o.tell(11, "paid", `{}`))
		o.run("sms to sms-address: sms zh {}")
		if err := o.Prefer(ctx, tenant, party, "", notice.Preference{Kind: "code", Channel: "sms", Wanted: false}); !errs.Is(err, errs.Forbidden) {
			t.Error("what must be told was turned off:", err)
		}
		list, err := o.Preferences(ctx, tenant, party)
		o.must(err)
		if got := fmt.Sprint(list); got != "[{code sms true true} {everywhere inbox true false} {everywhere sms true false} {paid sms true false} {paid app false false} {read inbox true false}]" {
			t.Error(got)
		}
		if err := o.Prefer(ctx, tenant, party, "", notice.Preference{Kind: "code", Channel: "app", Wanted: true}); !errs.Is(err, errs.Invalid) {
			t.Error(err)
		}
		// All of it or nothing.
		err = o.Prefer(ctx, tenant, party, "en", notice.Preference{Kind: "paid", Channel: "sms"}, notice.Preference{Kind: "code", Channel: "sms"})
		if !errs.Is(err, errs.Forbidden) || errs.Of(err).Field != "preferences[1]" {
			t.Error(err)
		}
		after, err := o.Preferences(ctx, tenant, party)
		o.must(err)
		if language, err := o.Language(ctx, tenant, party); err != nil || language != "" || fmt.Sprint(after) != fmt.Sprint(list) {
			t.Errorf("half of it is kept: %q %v %v", language, after, err)
		}
	})
}

func TestASecretIsNotKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.must(o.tell(10, "code", `{"code":"123456"}`))
		o.run(`sms to sms-address: sms zh {"code":"123456"}`)
		if list := o.list(); len(list) != 1 || list[0].At == 0 || len(list[0].Data) > 0 || list[0].Body != "" {
			t.Errorf("%+v", list)
		}
	})
}

func TestAChannelThatIsDownIsTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.must(o.tell(10, "code", `{}`))
		o.down = errors.New("no line")
		o.run()
		o.down = nil
		o.run() // not yet
		o.must(o.clock.Advance(time.Minute))
		o.run("sms to sms-address: sms zh {}")
		o.none = true
		o.must(o.tell(11, "code", `{}`))
		o.run() // nowhere to send it: stuck, for a person to look at
		o.none = false
		o.must(o.clock.Advance(time.Hour))
		o.run()
	})
}

// planned are the events by which notices are still to be sent.
func (o *office) planned(state plan.State) int {
	o.Helper()
	list, err := o.events.List(o.Context(), tenant, state, plan.Place{}, 10)
	o.must(err)
	return len(list)
}

// In the inbox nothing is handed over: what is told lies there as sent, in the party's language, when its transaction ends,
// and nothing is planned. Told again, it stays as it was.
func TestTheInboxIsToldAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		o.must(o.tell(10, "read", `{"amount":"1.00"}`))
		first := o.list()
		if len(first) != 1 || first[0].At != o.clock.Now().UnixMicro() || first[0].Created != first[0].At || first[0].Language != "zh" ||
			first[0].Body != `inbox zh {"amount":"1.00"}` || first[0].Subject != "read" || o.planned(0) != 0 {
			t.Errorf("%d are planned, told is %+v", o.planned(0), first)
		}
		o.speaks = ""
		o.must(o.Prefer(t.Context(), tenant, party, "en"))
		o.must(o.clock.Advance(time.Minute))
		o.must(o.tell(10, "read", `{"amount":"1.00"}`))
		o.mute = true // a repeat without a text plans nothing either
		o.must(o.tell(10, "read", `{"amount":"1.00"}`))
		o.mute = false
		if list := o.list(); fmt.Sprint(list) != fmt.Sprint(first) || o.planned(0) != 0 {
			t.Errorf("told again it is %+v, was %+v", list, first)
		}
		o.must(o.tell(11, "everywhere", `{}`))
		if n := o.planned(0); n != 1 {
			t.Errorf("%d are planned, want one by sms", n)
		}
		o.run("sms to sms-address: sms en {}")
		if list := o.list(); len(list) != 3 || list[0].Body == "" || list[1].Body == "" {
			t.Errorf("%+v", list)
		}
		o.must(o.Prefer(t.Context(), tenant, party, "", notice.Preference{Kind: "read", Channel: "inbox"}))
		o.must(o.tell(12, "read", `{}`))
		if list := o.list(); len(list) != 3 {
			t.Errorf("what is turned off was told: %+v", list)
		}
		failed := errors.New("the cause did not happen")
		if err := o.db.Write(t.Context(), func(tx *sql.Tx) error {
			o.must(o.Outbox.Tell(t.Context(), tx, notice.Notice{Tenant: tenant, ID: number(13), Ledger: "main", Party: party, Kind: "everywhere", Data: []byte(`{}`)}))
			return failed
		}); !errors.Is(err, failed) || len(o.list()) != 3 {
			t.Errorf("%v: %+v", err, o.list())
		}
	})
}

// What the inbox can't take when it is told is planned: it waits for whoever mends what it lacks.
func TestWhatTheInboxCantTakeIsPlanned(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o, ctx := newOffice(t, db), t.Context()
		o.mute = true
		o.must(o.tell(10, "read", `{}`))
		o.mute, o.none = false, true
		o.must(o.tell(11, "read", `{}`))
		if list := o.list(); len(list) != 2 || list[0].At != 0 || list[1].At != 0 || o.planned(plan.Waiting) != 2 {
			t.Errorf("%d wait, told is %+v", o.planned(plan.Waiting), list)
		}
		o.none = false
		o.must(o.tell(10, "read", `{}`)) // it is on its way
		if list := o.list(); list[0].At != 0 || list[1].At != 0 {
			t.Errorf("a repeat had an effect: %+v", list)
		}
		o.run()
		for _, n := range o.list() {
			if n.At == 0 || n.Body != "inbox zh {}" {
				t.Errorf("%+v", n)
			}
		}
		if n := o.planned(plan.Done); n != 2 {
			t.Errorf("%d are done", n)
		}
		o.none = true
		o.must(o.db.Write(ctx, func(tx *sql.Tx) error {
			return o.Outbox.Tell(ctx, tx, notice.Notice{Tenant: tenant, ID: number(12), Ledger: "main", Party: party, Kind: "read", Data: []byte(`{}`), Reachable: true})
		}))
		if list := o.list(); len(list) != 2 || o.planned(0) != 2 {
			t.Errorf("who can't be reached was told: %+v", list)
		}
	})
}

// The id of a notice stands for one party and one kind.
func TestANoticeIsOneThing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		for n, kind := range []string{"read", "paid"} {
			told := notice.Notice{Tenant: tenant, ID: number(uint64(10 + n)), Ledger: "main", Party: party, Kind: kind, Data: []byte(`{}`)}
			o.must(o.tell(uint64(10+n), kind, `{}`))
			told.Party = number(3)
			if err := o.db.Write(t.Context(), func(tx *sql.Tx) error { return o.Outbox.Tell(t.Context(), tx, told) }); !errs.Is(err, errs.Conflict) {
				t.Errorf("%s tells somebody else: %v", kind, err)
			}
			if err := o.tell(uint64(10+n), "everywhere", `{}`); !errs.Is(err, errs.Conflict) {
				t.Errorf("%s tells something else: %v", kind, err)
			}
			// Nor are two kept together that differ.
			told.ID = number(uint64(20 + n))
			one, err := o.Prepare(t.Context(), told)
			o.must(err)
			told.Party = party
			other, err := o.Prepare(t.Context(), told)
			o.must(err)
			keep := func(list ...*notice.Prepared) error {
				return o.db.Write(t.Context(), func(tx *sql.Tx) error { return o.Keep(t.Context(), tx, list...) })
			}
			if err := keep(one, other); !errs.Is(err, errs.Conflict) {
				t.Errorf("two that differ under one id: %v", err)
			}
			o.must(keep(one, one))
		}
	})
}

// Of a secret nothing is kept, so there would be nothing to read.
func TestNoSecretInTheInbox(t *testing.T) {
	db := storetest.SQLite(t)
	_, err := notice.Open(t.Context(), db, notice.Config{
		Kinds: map[string]notice.Kind{"code": {Channels: []string{"inbox"}, Secret: true}}, Channels: map[string]notice.Channel{"inbox": notice.Inbox{}},
	})
	if err == nil || !strings.Contains(err.Error(), `"code"`) {
		t.Error(err)
	}
}

func TestNoticesThatAreNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		for _, c := range []struct{ kind, data string }{
			{"unheard-of", "{}"}, {"paid", "[]"}, {"paid", ""}, {"paid", `{"unknown":1}`}, {"paid", `{"a":"` + strings.Repeat("x", notice.MaxData) + `"}`},
		} {
			if err := o.tell(10, c.kind, c.data); !errs.Is(err, errs.Invalid) {
				t.Errorf("%s %.20s: %v", c.kind, c.data, err)
			}
		}
		if len(o.list()) != 0 {
			t.Error("something was kept")
		}
	})
}

// Who tells while he writes holds a connection and takes no second one: more tellers at once than there are connections
// don't keep each other waiting for ever.
func TestManyTellAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := newOffice(t, db)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var tellers sync.WaitGroup
		for n := range uint64(32) {
			tellers.Go(func() {
				if err := db.Write(ctx, func(tx *sql.Tx) error {
					return o.Outbox.Tell(ctx, tx, notice.Notice{Tenant: tenant, ID: number(100 + n), Ledger: "main", Party: party, Kind: "code", Data: []byte(`{}`)})
				}); err != nil {
					t.Error(err)
				}
			})
		}
		tellers.Wait()
	})
}
