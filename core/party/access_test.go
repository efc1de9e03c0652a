package party_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

func TestResolve(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		must(w.AddLedger(ctx, h.by, "main"))(t)
		li := w.person(h.by, "Li Si")
		token, text := w.token(h.by, h.principal, time.Hour)
		want := party.Access{
			Tenant: h.by.Tenant, TenantName: "one", Principal: h.principal, Kind: "login", Name: "zhang", Person: h.person,
			Token: token.ID, Expires: token.Expires,
		}
		for range 2 { // from the rows, then from memory
			a := must(w.Resolve(ctx, text))(t)
			if fmt.Sprint(public(a)) != fmt.Sprint(want) || !a.Owns("main") || a.Owns("other") || a.ActsFor(h.person) {
				t.Errorf("access %+v", a)
			}
		}
		grant := w.grant(h.by, h.principal, li)
		w.grant(h.by, h.principal, h.person)
		until := w.now() + 1_000_000
		must(w.Grant(ctx, h.by, party.Grant{ID: w.id(), Principal: h.principal, Party: li, From: until - 10, Until: until}))(t)
		soon := w.person(h.by, "Li")
		must(w.Grant(ctx, h.by, party.Grant{ID: w.id(), Principal: h.principal, Party: soon, From: until}))(t)
		a := must(w.Resolve(ctx, text))(t)
		if !a.ActsFor(li) || !a.ActsFor(h.person) || a.ActsFor(soon) {
			t.Errorf("it acts for %v", slices.Collect(a.Parties()))
		}
		if again := must(w.Grant(ctx, h.by, grant))(t); again != grant {
			t.Errorf("the same again gave %+v", again)
		}
		must(w.RevokeGrant(ctx, h.by, grant.ID))(t)
		w.later(time.Second - 5*time.Microsecond) // the short grant holds
		if a := must(w.Resolve(ctx, text))(t); !a.ActsFor(li) || len(slices.Collect(a.Parties())) != 2 {
			t.Errorf("it acts for %v", slices.Collect(a.Parties()))
		}
		w.later(5 * time.Microsecond) // it is over, the one to come holds
		if a := must(w.Resolve(ctx, text))(t); a.ActsFor(li) || !a.ActsFor(soon) {
			t.Errorf("it acts for %v", slices.Collect(a.Parties()))
		}
		must(w.CloseParty(ctx, h.by, soon, 1))(t)
		if a := must(w.Resolve(ctx, text))(t); a.ActsFor(soon) {
			t.Error("it acts for a closed party")
		}
		for holds, n := range map[int64]int{0: 4, w.now(): 2} {
			list := must(w.Grants(ctx, h.by.Tenant, party.GrantFilter{Principal: h.principal, Holds: holds}, page))(t)
			if len(list) != n {
				t.Errorf("%d grants hold at %d, want %d", len(list), holds, n)
			}
			for _, g := range list {
				if holds != 0 && !g.Holds(holds) {
					t.Errorf("%+v does not hold by its own word", g)
				}
			}
		}
		if list := must(w.Grants(ctx, h.by.Tenant, party.GrantFilter{Party: li}, page))(t); len(list) != 2 {
			t.Errorf("grants for one party: %+v", list)
		}
	})
}

// public is what an access shows of itself.
func public(a party.Access) party.Access {
	return party.Access{
		Tenant: a.Tenant, TenantName: a.TenantName, Principal: a.Principal, Kind: a.Kind, Name: a.Name, Person: a.Person,
		Token: a.Token, Expires: a.Expires,
	}
}

// A person's roles show in the access at once, on their days alone.
func TestRolesOfTheCaller(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		_, text := w.token(h.by, h.principal, time.Hour)
		on := func(day int64) string {
			a := must(w.Resolve(ctx, text))(t)
			return strings.Join(slices.Collect(a.Roles(day)), " ")
		}
		if got := on(10); got != "" {
			t.Errorf("roles %q before any was given", got)
		}
		give := func(code string, from, until int64) party.Role {
			return must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: code, From: from, Until: until}))(t)
		}
		give("b", 10, 0)
		first := give("a", 5, 20)
		give("a", 20, 30)
		for day, want := range map[int64]string{4: "", 5: "a", 10: "a b", 20: "a b", 29: "a b", 30: "b"} {
			if got := on(day); got != want {
				t.Errorf("day %d: roles %q, want %q", day, got, want)
			}
		}
		must(w.EndRole(ctx, h.by, first.ID, 12))(t)
		if a, b := on(11), on(12); a != "a b" || b != "b" {
			t.Errorf("after the end roles are %q and %q", a, b)
		}
		if got := slices.Collect((&party.Access{}).Roles(1)); got != nil {
			t.Errorf("no access has roles %q", got)
		}
	})
}

func TestTokensThatLetNobodyIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		short, expiring := w.token(h.by, h.principal, time.Second)
		token, revoking := w.token(h.by, h.principal, time.Hour)
		idle, closing := w.principal(h.by, "other", h.person), ""
		_, closing = w.token(h.by, idle, time.Hour)
		leaver := w.person(h.by, "Li")
		_, leaving := w.token(h.by, w.principal(h.by, "leaver", leaver), time.Hour)
		for _, text := range []string{expiring, revoking, closing, leaving} {
			must(w.Resolve(ctx, text))(t)
		}
		w.later(time.Second)
		refused(t, "expired", of(w.Resolve(ctx, expiring)), party.TokenExpired, "")
		revoked := must(w.RevokeToken(ctx, h.by, token.ID))(t)
		refused(t, "revoked", of(w.Resolve(ctx, revoking)), party.TokenRevoked, "")
		w.later(time.Millisecond)
		if again := must(w.RevokeToken(ctx, h.by, token.ID))(t); again != revoked || revoked.Revoker != operator {
			t.Errorf("revoked %+v, then %+v", revoked, again)
		}
		must(w.ClosePrincipal(ctx, h.by, idle))(t)
		refused(t, "closed principal", of(w.Resolve(ctx, closing)), party.TokenIdle, "")
		must(w.CloseParty(ctx, h.by, leaver, 1))(t)
		refused(t, "closed person", of(w.Resolve(ctx, leaving)), party.TokenIdle, "")

		_, _, err := w.IssueToken(ctx, h.by, party.Token{ID: short.ID, Principal: h.principal, Expires: w.now() + 1_000_000})
		refused(t, "the same id", err, party.TokenShown, "id")
		for _, text := range []string{"", "x", "longmen_", revoking + "A", revoking[1:], strings.ToUpper(revoking), flip(revoking)} {
			refused(t, fmt.Sprintf("token %q", text), of(w.Resolve(ctx, text)), errs.Unauthenticated, "")
		}
		if list := must(w.Tokens(ctx, h.by.Tenant, h.principal, page))(t); len(list) != 2 {
			t.Errorf("tokens %+v", list)
		}
	})
}

// flip changes the last bit that counts.
func flip(text string) string {
	b := []byte(text)
	b[len(b)-2] ^= 1
	return string(b)
}

// The text of a token is nowhere in the database, and nowhere in what prints.
func TestTheTextOfATokenIsNotKept(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	h := w.home("one")
	secret := bytes.Repeat([]byte{0xa5}, 32)
	r := w.node(party.Options{Random: bytes.NewReader(secret)})
	_, shown, err := r.IssueToken(t.Context(), h.by, party.Token{ID: w.id(), Principal: h.principal, Expires: w.now() + 1_000_000})
	if err != nil || len(shown.Text()) != 51 || !strings.HasPrefix(shown.Text(), "longmen_paWl") {
		t.Fatalf("token %q, %v", shown.Text(), err)
	}
	if printed := fmt.Sprintf("%v %+v %#v %s", shown, shown, shown, shown); strings.Contains(printed, "paWl") {
		t.Errorf("printed %s", printed)
	}
	var dump string
	err = w.db.Read(t.Context(), func(tx *sql.Tx) error {
		return tx.QueryRow("SELECT group_concat(hex(hash)||hex(tenant)||hex(id)||hex(creator)) FROM party_token").Scan(&dump)
	})
	if err != nil || strings.Contains(dump, "A5A5A5A5") || strings.Contains(dump, fmt.Sprintf("%X", "paWl")) {
		t.Errorf("the rows are %s, %v", dump, err)
	}
	if _, _, err := r.IssueToken(t.Context(), h.by, party.Token{ID: w.id(), Principal: h.principal, Expires: w.now() + 1}); err == nil {
		t.Error("a token was made without chance")
	}
}

// What another node changes shows after the time that is said, and not before it has to be asked for.
func TestAnotherNodeIsSeenInTime(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		other := w.node(party.Options{Stale: 4 * time.Second})
		token, text := w.token(h.by, h.principal, time.Hour)
		must(other.Resolve(ctx, text))(t)
		must(w.RevokeToken(ctx, h.by, token.ID))(t)
		refused(t, "here", of(w.Resolve(ctx, text)), party.TokenRevoked, "")
		w.later(time.Second)
		if err := of(other.Resolve(ctx, text)); err != nil {
			t.Errorf("the rows were asked too early: %v", err)
		}
		w.later(3 * time.Second)
		refused(t, "there, in time", of(other.Resolve(ctx, text)), party.TokenRevoked, "")
	})
}

// In the second half of its time one caller reads again; when that fails, the others still have what was read.
func TestOneCallerRenews(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	w.Registry = w.node(party.Options{Stale: time.Second})
	h := w.home("one")
	_, text := w.token(h.by, h.principal, time.Hour)
	must(w.Resolve(t.Context(), text))(t)
	w.later(600 * time.Millisecond)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := of(w.Resolve(gone, text)); !errors.Is(err, context.Canceled) {
		t.Errorf("nobody renews: %v", err)
	}
	if err := of(w.Resolve(gone, text)); err != nil {
		t.Errorf("the second caller reads as well: %v", err)
	}
	w.later(400 * time.Millisecond)
	if err := of(w.Resolve(gone, text)); !errors.Is(err, context.Canceled) {
		t.Errorf("what was read is used too long: %v", err)
	}
}

func TestASmallCacheForgets(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	h := w.home("one")
	small := w.node(party.Options{Cache: 3})
	var texts []string
	for range 8 {
		_, text := w.token(h.by, h.principal, time.Hour)
		texts = append(texts, text)
	}
	for range 3 {
		for _, text := range texts {
			if a := must(small.Resolve(t.Context(), text))(t); a.Principal != h.principal {
				t.Errorf("access %+v", a)
			}
		}
	}
}

// Many at once: an id is made once, a value is of one party, a limit holds.
func TestManyAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		const many = 8
		p := party.Party{ID: w.id(), Kind: party.Person, Name: "Li Si"}
		ids := make([]id.ID, many)
		for i := range ids {
			ids[i] = w.id()
		}
		var made, taken, roles, renamed count
		var wg sync.WaitGroup
		for i := range many {
			wg.Go(func() {
				made.of(t, of(w.CreateParty(ctx, h.by, p)), nil)
				value := party.Identifier{ID: ids[i], Party: h.person, Type: "t", Value: "v"}
				taken.of(t, of(w.AddIdentifier(ctx, h.by, value)), &party.IdentifierTaken)
				role := party.Role{ID: ids[i], Party: h.person, Code: "member", From: int64(1 + i)}
				roles.of(t, of(w.GiveRole(ctx, h.by, role)), &party.RoleOverlaps)
				renamed.of(t, of(w.RenameParty(ctx, h.by, h.person, 1, party.Personal(fmt.Sprint(i)))), &errs.Conflict)
			})
		}
		wg.Wait()
		if made.yes != many || taken.yes != 1 || roles.yes != 1 || renamed.yes != 1 {
			t.Errorf("%d made the party, %d the identifier, %d the role, %d the name", made.yes, taken.yes, roles.yes, renamed.yes)
		}
	})
}

// count counts successes; anything but the outcome named is a failure of the test.
type count struct {
	sync.Mutex
	yes int
}

func (c *count) of(t *testing.T, err error, but *errs.Code) {
	c.Lock()
	defer c.Unlock()
	switch {
	case err == nil:
		c.yes++
	case but == nil || !errs.Is(err, *but):
		t.Error(err)
	}
}

// While changes go on, no answer is older than the last change that was finished before it was asked for.
func TestChangesShowAtOnce(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx, h := t.Context(), w.home("one")
	_, text := w.token(h.by, h.principal, time.Hour)
	li := w.person(h.by, "Li Si")
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if err := of(w.Resolve(ctx, text)); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	for range 10 {
		g := w.grant(h.by, h.principal, li)
		if a := must(w.Resolve(ctx, text))(t); !a.ActsFor(li) {
			t.Error("a grant does not show")
		}
		must(w.RevokeGrant(ctx, h.by, g.ID))(t)
		if a := must(w.Resolve(ctx, text))(t); a.ActsFor(li) {
			t.Error("a revocation does not show")
		}
	}
	close(stop)
	wg.Wait()
}

// No text but the one that was issued lets anybody in.
func FuzzResolve(f *testing.F) {
	w := newWorld(f, storetest.SQLite(f))
	h := w.home("one")
	_, text := w.token(h.by, h.principal, time.Hour)
	for _, seed := range []string{text, "", "longmen_", text + "=", text[:50] + "\x00", strings.Repeat("longmen_", 7), "longmen_" + strings.Repeat("\n", 43)} {
		f.Add(seed)
	}
	ctx := context.Background()
	f.Fuzz(func(t *testing.T, s string) {
		a, err := w.Resolve(ctx, s)
		if s == text {
			if err != nil || a.Principal != h.principal {
				t.Errorf("the token gave %+v, %v", a, err)
			}
		} else if !errs.Is(err, errs.Unauthenticated) {
			t.Errorf("%q gave %+v, %v", s, a, err)
		}
	})
}
