package party_test

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var (
	start    = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	operator = id.ID([]byte("longmen/operator"))
	key      = bytes.Repeat([]byte{7}, party.KeySize)
)

// world is a Registry on a database of its own, with a clock that stands still.
type world struct {
	*party.Registry
	t     testing.TB
	db    *store.DB
	clock *clock.Manual
}

// each runs a test on either kind of database.
func each(t *testing.T, f func(t *testing.T, w *world)) {
	t.Helper()
	storetest.Each(t, func(t *testing.T, db *store.DB) { f(t, newWorld(t, db)) })
}

func newWorld(t testing.TB, db *store.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, clock: clock.NewManual(start)}
	w.Registry = w.node(party.Options{})
	return w
}

// node opens another Registry on the same rows, as a second node does.
func (w *world) node(o party.Options) *party.Registry {
	w.t.Helper()
	o.Clock, o.LookupKey = w.clock, key
	if o.Random == nil {
		o.Random = rand.Reader
	}
	return must(party.Open(w.t.Context(), w.db, o))(w.t)
}

func (w *world) id() id.ID { return newID(w.t, w.clock) }

func newID(t testing.TB, c clock.Clock) id.ID { return must(id.New(c, rand.Reader))(t) }

func (w *world) now() int64 { return w.clock.Now().UnixMicro() }

func (w *world) later(by time.Duration) {
	w.t.Helper()
	if err := w.clock.Advance(by); err != nil {
		w.t.Fatal(err)
	}
}

// home is a tenant with a person and a principal of that person.
type home struct {
	by        party.By
	person    id.ID
	principal id.ID
}

func (w *world) home(name string) home {
	w.t.Helper()
	tenant := must(w.CreateTenant(w.t.Context(), operator, party.Tenant{ID: w.id(), Name: name}))(w.t)
	h := home{by: party.By{Tenant: tenant.ID, Actor: operator}}
	h.person = w.person(h.by, "Zhang San")
	h.principal = w.principal(h.by, "zhang", h.person)
	return h
}

func (w *world) person(by party.By, name party.Personal) id.ID {
	w.t.Helper()
	return must(w.CreateParty(w.t.Context(), by, party.Party{ID: w.id(), Kind: party.Person, Name: name}))(w.t).ID
}

func (w *world) principal(by party.By, name string, person id.ID) id.ID {
	w.t.Helper()
	p := party.Principal{ID: w.id(), Kind: "login", Name: name, Person: person}
	return must(w.CreatePrincipal(w.t.Context(), by, p))(w.t).ID
}

func (w *world) grant(by party.By, principal, to id.ID) party.Grant {
	w.t.Helper()
	g := party.Grant{ID: w.id(), Principal: principal, Party: to, From: w.now()}
	return must(w.Grant(w.t.Context(), by, g))(w.t)
}

func (w *world) token(by party.By, principal id.ID, life time.Duration) (party.Token, string) {
	w.t.Helper()
	t, secret, err := w.IssueToken(w.t.Context(), by, party.Token{
		ID: w.id(), Principal: principal, Expires: w.now() + life.Microseconds(),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return t, secret.Text()
}

// must gives the value of a call that has to succeed.
func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// refused wants an outcome of that code and, if it is not empty, on that field.
func refused(t testing.TB, what string, err error, code errs.Code, field string) {
	t.Helper()
	if !errs.Is(err, code) || field != "" && errs.Of(err).Field != field {
		t.Errorf("%s: got %v, want %s on %q", what, err, code.Name(), field)
	}
}

// of drops the first of two results.
func of[T any](_ T, err error) error { return err }
