package party_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// A token carries what there was at its issue, and what the party itself granted since. What is ended is ended for all.
func TestATokenCarriesWhatWasThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		li, zhao := w.person(h.by, "Li Si"), w.person(h.by, "Zhao Liu")
		lis := w.principal(h.by, "li", li)
		_, old := w.token(h.by, h.principal, time.Hour)
		w.later(time.Microsecond)
		role := must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: "member", From: 1}))(t)
		byOther := w.grant(h.by, h.principal, zhao)
		byItself := w.grant(party.By{Tenant: h.by.Tenant, Actor: lis}, h.principal, li)
		_, fresh := w.token(h.by, h.principal, time.Hour)
		for _, r := range []*party.Registry{w.Registry, w.node(party.Options{})} {
			a, b := must(r.Resolve(ctx, old))(t), must(r.Resolve(ctx, fresh))(t)
			if roles := slices.Collect(a.Roles(2)); len(roles) != 0 || a.ActsFor(zhao) || !a.ActsFor(li) {
				t.Errorf("the older token has roles %v and acts for %v", roles, slices.Collect(a.Parties()))
			}
			if roles := slices.Collect(b.Roles(2)); len(roles) != 1 || !b.ActsFor(zhao) || !b.ActsFor(li) {
				t.Errorf("the later token has roles %v and acts for %v", roles, slices.Collect(b.Parties()))
			}
		}
		must(w.EndRole(ctx, h.by, role.ID, 2))(t)
		must(w.RevokeGrant(ctx, h.by, byOther.ID))(t)
		must(w.RevokeGrant(ctx, h.by, byItself.ID))(t)
		for _, text := range []string{old, fresh} {
			if a := must(w.Resolve(ctx, text))(t); len(slices.Collect(a.Roles(2))) != 0 || len(slices.Collect(a.Parties())) != 0 {
				t.Errorf("what was ended is still there: %v", slices.Collect(a.Parties()))
			}
		}
	})
}

// Who decides about a token sees all that it would carry, and a refusal issues none.
func TestIssueTokenIf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		give := func(code string, from, until int64) party.Role {
			return must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: code, From: from, Until: until}))(t)
		}
		give("now", 1, 0)
		give("to-come", 900_000, 0)
		never := give("never", 10, 0)
		must(w.EndRole(ctx, h.by, never.ID, 10))(t)
		li := w.person(h.by, "Li Si")
		w.grant(h.by, h.principal, li)
		gone := w.grant(h.by, h.principal, h.person)
		must(w.RevokeGrant(ctx, h.by, gone.ID))(t)
		must(w.Grant(ctx, h.by, party.Grant{ID: w.id(), Principal: h.principal, Party: h.person, From: 1, Until: w.now()}))(t)
		asked := party.Token{ID: w.id(), Principal: h.principal, Expires: w.now() + 1_000_000}
		_, _, err := w.IssueTokenIf(ctx, h.by, asked, func(r *party.Reach) error {
			var codes []string
			for _, o := range r.Roles {
				codes = append(codes, o.Code)
			}
			slices.Sort(codes)
			if r.Person != h.person || strings.Join(codes, " ") != "now to-come" || len(r.Grants) != 1 || r.Grants[0].Party != li {
				t.Errorf("it would carry %+v", r)
			}
			return errs.Forbidden.Errorf("no")
		})
		refused(t, "a refusal", err, errs.Forbidden, "")
		if list := must(w.Tokens(ctx, h.by.Tenant, h.principal, page))(t); len(list) != 0 {
			t.Errorf("tokens %+v", list)
		}
		_, secret, err := w.IssueTokenIf(ctx, h.by, asked, func(*party.Reach) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		must(w.Resolve(ctx, secret.Text()))(t)
	})
}

// Roles and grants are given in a transaction of somebody else, or not at all.
func TestWithinAnothersTransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		_, text := w.token(h.by, h.principal, time.Hour)
		role := party.Role{ID: w.id(), Party: h.person, Code: "member", From: 1}
		grant := party.Grant{ID: w.id(), Principal: h.principal, Party: h.person, From: 1}
		give := func(end error) error {
			err := w.db.Write(ctx, func(tx *sql.Tx) error {
				if _, err := w.GiveRoleWithin(ctx, tx, h.by, role); err != nil {
					return err
				}
				if _, err := w.GrantWithin(ctx, tx, h.by, grant); err != nil {
					return err
				}
				return end
			})
			w.Changed(h.person)
			return err
		}
		has := func() bool {
			a := must(w.Resolve(ctx, text))(t)
			return len(slices.Collect(a.Roles(2))) == 1 && a.ActsFor(h.person)
		}
		taken := errors.New("taken back")
		if err := give(taken); !errors.Is(err, taken) || has() {
			t.Errorf("%v, though it was taken back: %v", has(), err)
		}
		for range 2 {
			if err := give(nil); err != nil || !has() {
				t.Errorf("given: %v, %v", has(), err)
			}
		}
		role.Code = ""
		refused(t, "no code", give(nil), errs.Invalid, "code")
		role.Code, grant.From = "member", 0
		refused(t, "no beginning", give(nil), errs.Invalid, "from")
	})
}

// A flood of made-up tokens asks the rows nothing: with a context that has ended every question would fail as such.
func TestMadeUpTokensCostNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.home("one")
		_, known := w.token(h.by, h.principal, time.Hour)
		must(w.Resolve(t.Context(), known))(t)
		_, fresh := w.token(h.by, h.principal, time.Hour)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := of(w.Resolve(gone, fresh)); !errors.Is(err, context.Canceled) {
			t.Fatalf("a token that was issued and not asked for yet: %v", err)
		}
		asked := 0
		raw := make([]byte, 32)
		for range 20_000 {
			rand.Read(raw)
			if err := of(w.Resolve(gone, party.TokenPrefix+base64.RawURLEncoding.EncodeToString(raw))); !errs.Is(err, errs.Unauthenticated) {
				asked++
			}
		}
		if asked != 0 {
			t.Errorf("the rows were asked for %d of 20,000 made-up tokens", asked)
		}
		if err := of(w.Resolve(gone, known)); err != nil {
			t.Errorf("a known token meanwhile: %v", err)
		}
		// Nodes that share the rows share the tags.
		if err := of(w.node(party.Options{}).Resolve(t.Context(), fresh)); err != nil {
			t.Errorf("another node: %v", err)
		}
	})
}

// A new lookup key finds everything that the old one found. A node that runs on with the old one says so.
func TestRekey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, one, two := t.Context(), w.home("one"), w.home("two")
		_, text := w.token(one.by, one.principal, time.Hour)
		type known struct {
			in    home
			party id.ID
			kind  string
			value party.Personal
		}
		var all []known
		var removed, strange party.Identifier
		for n := range 1_200 { // more than are read at once
			k := known{in: []home{one, two}[n%2], kind: []string{"mobile", "card", "mail"}[n%3], value: party.Personal(fmt.Sprint(n / 6))}
			k.party = w.person(k.in.by, "Li")
			i := must(w.AddIdentifier(ctx, k.in.by, party.Identifier{ID: w.id(), Party: k.party, Type: k.kind, Value: k.value}))(t)
			switch n {
			case 7:
				removed = must(w.RemoveIdentifier(ctx, k.in.by, i.ID))(t)
			case 8: // as a newer program may keep it
				strange = i
				_, err := w.db.Writer().ExecContext(ctx, w.db.Rebind("UPDATE party_identifier SET value = ? WHERE id = ?"), []byte{9, 9}, i.ID[:])
				must(0, err)(t)
			default:
				all = append(all, k)
			}
		}
		second := bytes.Repeat([]byte{8}, party.KeySize)
		if _, err := party.Rekey(ctx, w.db, second[1:]); err == nil || !strings.Contains(err.Error(), "31 bytes") {
			t.Errorf("a short key: %v", err)
		}
		var r *party.Registry
		for range 2 { // again changes nothing
			done := must(party.Rekey(ctx, w.db, second))(t)
			want := party.IdentifierName{Tenant: one.by.Tenant, Party: strange.Party, Identifier: strange.ID}
			if done.Found != len(all) || done.Lost != 1 || len(done.Missed) != 1 || done.Missed[0] != want {
				t.Errorf("done: %+v", done)
			}
			r = must(party.Open(ctx, w.db, party.Options{Clock: w.clock, Random: rand.Reader, LookupKey: second}))(t)
			for _, k := range all {
				if p, err := r.FindParty(ctx, k.in.by.Tenant, k.kind, k.value); err != nil || p.ID != k.party {
					t.Fatalf("%s %s: %+v, %v", k.kind, string(k.value), p, err)
				}
			}
		}
		refused(t, "removed", of(r.FindParty(ctx, two.by.Tenant, removed.Type, "1")), errs.NotFound, "value")
		if a := must(r.Resolve(ctx, text))(t); a.Principal != one.principal {
			t.Errorf("a token of before gives %+v", a)
		}
		// The node of before neither finds nor adds by the key that is gone.
		k := all[0]
		refused(t, "the old node looks", of(w.FindParty(ctx, k.in.by.Tenant, k.kind, k.value)), party.KeyChanged, "")
		more := party.Identifier{ID: w.id(), Party: k.party, Type: "more", Value: "v"}
		refused(t, "the old node adds", of(w.AddIdentifier(ctx, k.in.by, more)), party.KeyChanged, "")
		if _, err := party.Open(ctx, w.db, party.Options{Clock: w.clock, Random: rand.Reader, LookupKey: key}); err == nil || !strings.Contains(err.Error(), "lookup key") {
			t.Errorf("the old key opens the rows: %v", err)
		}
		must(r.AddIdentifier(ctx, k.in.by, more))(t)
		refused(t, "the same value", of(r.AddIdentifier(ctx, k.in.by, party.Identifier{ID: w.id(), Party: k.party, Type: k.kind, Value: k.value})),
			party.IdentifierTaken, "value")
	})
}
