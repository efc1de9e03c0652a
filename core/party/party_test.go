package party_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

var page = party.Page{Limit: party.MaxPage}

func TestTenants(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		one := party.Tenant{ID: w.id(), Name: "one"}
		made := must(w.CreateTenant(ctx, operator, one))(t)
		if made.Name != "one" || made.Creator != operator || made.Created != w.now() || len(made.Ledgers) != 0 {
			t.Errorf("made %+v", made)
		}
		w.later(time.Hour)
		if again := must(w.CreateTenant(ctx, operator, one))(t); again.Created != made.Created {
			t.Errorf("the same again gave %+v", again)
		}
		refused(t, "other content", of(w.CreateTenant(ctx, operator, party.Tenant{ID: one.ID, Name: "two"})), errs.Conflict, "id")
		refused(t, "name taken", of(w.CreateTenant(ctx, operator, party.Tenant{ID: w.id(), Name: "one"})), party.TenantTaken, "name")
		two := must(w.CreateTenant(ctx, operator, party.Tenant{ID: w.id(), Name: "two"}))(t)

		by := party.By{Tenant: one.ID, Actor: operator}
		if got := must(w.AddLedger(ctx, by, "main"))(t); got.First != "main" {
			t.Errorf("the first ledger is %q", got.First)
		}
		w.later(time.Second)
		must(w.AddLedger(ctx, by, "archive"))(t)
		if got := must(w.AddLedger(ctx, by, "main"))(t); !slices.Equal(got.Ledgers, []string{"archive", "main"}) || got.First != "main" {
			t.Errorf("ledgers %v, first %q", got.Ledgers, got.First)
		}
		other := party.By{Tenant: two.ID, Actor: operator}
		refused(t, "another's ledger", of(w.AddLedger(ctx, other, "main")), party.LedgerTaken, "ledger")
		refused(t, "no such tenant", of(w.AddLedger(ctx, party.By{Tenant: w.id(), Actor: operator}, "x")), errs.NotFound, "")
		if got := must(w.OwnerOfLedger(ctx, "main"))(t); got != one.ID {
			t.Errorf("main belongs to %+v", got)
		}
		if got := must(w.TenantByName(ctx, "two"))(t); got.ID != two.ID {
			t.Errorf("two is %+v", got)
		}
		refused(t, "no such name", of(w.TenantByName(ctx, "three")), errs.NotFound, "name")
		first := must(w.Tenants(ctx, party.Page{Limit: 1}))(t)
		rest := must(w.Tenants(ctx, party.Page{After: first[0].ID, Limit: 5}))(t)
		if len(first) != 1 || len(rest) != 1 || first[0].ID == rest[0].ID {
			t.Errorf("pages %v and %v", first, rest)
		}
	})
}

func TestParties(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		p := party.Party{ID: w.id(), Kind: party.Organisation, Name: "Li & Co"}
		made := must(w.CreateParty(ctx, h.by, p))(t)
		if made.Version != 1 || made.Name != p.Name || made.Creator != operator || made.Closed != 0 {
			t.Errorf("made %+v", made)
		}
		if again := must(w.CreateParty(ctx, h.by, p))(t); again != made {
			t.Errorf("the same again gave %+v", again)
		}
		p.Kind = party.Person
		refused(t, "other content", of(w.CreateParty(ctx, h.by, p)), errs.Conflict, "id")

		w.later(time.Minute)
		clerk := party.By{Tenant: h.by.Tenant, Actor: h.principal}
		renamed := must(w.RenameParty(ctx, clerk, p.ID, 1, "Li and Sons"))(t)
		if renamed.Version != 2 || renamed.Name != "Li and Sons" {
			t.Errorf("renamed %+v", renamed)
		}
		if again := must(w.RenameParty(ctx, clerk, p.ID, 1, "Li and Sons"))(t); again != renamed {
			t.Errorf("the same again gave %+v", again)
		}
		err := of(w.RenameParty(ctx, clerk, p.ID, 1, "Li"))
		refused(t, "stale", err, errs.Conflict, "version")
		if !strings.Contains(err.Error(), "version 2") {
			t.Errorf("%v does not name the present version", err)
		}
		refused(t, "somebody else's repeat", of(w.RenameParty(ctx, h.by, p.ID, 1, "Li and Sons")), errs.Conflict, "version")

		closed := must(w.CloseParty(ctx, clerk, p.ID, 2))(t)
		if again := must(w.CloseParty(ctx, clerk, p.ID, 2))(t); again != closed || closed.Closed != w.now() {
			t.Errorf("closed %+v, then %+v", closed, again)
		}
		refused(t, "rename a closed one", of(w.RenameParty(ctx, clerk, p.ID, 3, "Li")), party.PartyClosed, "")
		changes := must(w.PartyChanges(ctx, h.by.Tenant, p.ID, 0, 10))(t)
		want := []party.Change{
			{Version: 1, What: party.Created, At: made.Created, Actor: operator},
			{Version: 2, What: party.Renamed, At: w.now(), Actor: h.principal},
			{Version: 3, What: party.Closed, At: w.now(), Actor: h.principal},
		}
		if !slices.Equal(changes, want) {
			t.Errorf("changes %v, want %v", changes, want)
		}
		if list := must(w.Parties(ctx, h.by.Tenant, party.PartyFilter{Kind: party.Organisation}, page))(t); len(list) != 1 || list[0] != closed {
			t.Errorf("organisations %+v", list)
		}
		if list := must(w.Parties(ctx, h.by.Tenant, party.PartyFilter{Open: true}, page))(t); len(list) != 1 || list[0].ID != h.person {
			t.Errorf("open parties %+v", list)
		}
		for what, err := range map[string]error{
			"identifier":  of(w.AddIdentifier(ctx, clerk, party.Identifier{ID: w.id(), Party: p.ID, Type: "t", Value: "v"})),
			"attestation": of(w.Attest(ctx, clerk, attestation(w, p.ID))),
			"role":        of(w.GiveRole(ctx, clerk, party.Role{ID: w.id(), Party: p.ID, Code: "c", From: 1})),
			"principal":   of(w.CreatePrincipal(ctx, clerk, party.Principal{ID: w.id(), Kind: "k", Name: "n", Person: p.ID})),
			"grant":       of(w.Grant(ctx, clerk, party.Grant{ID: w.id(), Principal: h.principal, Party: p.ID, From: 1})),
		} {
			refused(t, what+" of a closed party", err, party.PartyClosed, "")
		}
	})
}

func attestation(w *world, of id.ID) party.Attestation {
	return party.Attestation{ID: w.id(), Party: of, About: "identity", Level: "l2", Source: "registry", From: w.now()}
}

func TestIdentifiers(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h, other := t.Context(), w.home("one"), w.home("two")
		i := party.Identifier{ID: w.id(), Party: h.person, Type: "national-id", Value: "11010519491231002X"}
		made := must(w.AddIdentifier(ctx, h.by, i))(t)
		if again := must(w.AddIdentifier(ctx, h.by, i))(t); again != made || made.Value != i.Value {
			t.Errorf("made %+v, then %+v", made, again)
		}
		li := w.person(h.by, "Li Si")
		for _, p := range []id.ID{li, h.person} {
			err := of(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: p, Type: i.Type, Value: i.Value}))
			refused(t, "the same value again", err, party.IdentifierTaken, "value")
			if strings.Contains(err.Error(), string(i.Value)) {
				t.Errorf("%v holds the value", err)
			}
		}
		must(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: li, Type: "phone", Value: i.Value}))(t)
		must(w.AddIdentifier(ctx, other.by, party.Identifier{ID: w.id(), Party: other.person, Type: i.Type, Value: i.Value}))(t)
		for by, want := range map[party.By]id.ID{h.by: h.person, other.by: other.person} {
			if got := must(w.FindParty(ctx, by.Tenant, i.Type, i.Value))(t); got.ID != want {
				t.Errorf("found %v, want %v", got.ID, want)
			}
		}
		refused(t, "another spelling", of(w.FindParty(ctx, h.by.Tenant, i.Type, "11010519491231002x")), errs.NotFound, "value")

		removed := must(w.RemoveIdentifier(ctx, h.by, i.ID))(t)
		w.later(time.Second)
		if again := must(w.RemoveIdentifier(ctx, h.by, i.ID))(t); again != removed || removed.Value != "" || removed.Removed == 0 {
			t.Errorf("removed %+v, then %+v", removed, again)
		}
		refused(t, "a removed one", of(w.FindParty(ctx, h.by.Tenant, i.Type, i.Value)), errs.NotFound, "value")
		must(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: li, Type: i.Type, Value: i.Value}))(t)
		if list := must(w.Identifiers(ctx, h.by.Tenant, h.person, page))(t); len(list) != 1 || list[0] != removed {
			t.Errorf("identifiers %+v", list)
		}
		var kept int
		err := w.db.Reader().QueryRowContext(ctx, w.db.Rebind("SELECT length(value) + length(lookup) FROM party_identifier WHERE tenant = ? AND id = ?"),
			h.by.Tenant[:], i.ID[:]).Scan(&kept)
		if err != nil || kept != 0 {
			t.Errorf("%d bytes of a removed identifier are kept, %v", kept, err)
		}
	})
}

// Many parties are read at once, in the order in which they are named, with what they are known by now.
func TestProfiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h, other := t.Context(), w.home("one"), w.home("two")
		var named []id.ID
		for n := range 250 {
			p := w.person(h.by, party.Personal(fmt.Sprintf("Person %d", n)))
			if n%100 == 7 {
				gone := must(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: p, Type: "phone", Value: party.Personal(fmt.Sprint("old", n))}))(t)
				must(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: p, Type: "phone", Value: party.Personal(fmt.Sprint("new", n))}))(t)
				must(w.RemoveIdentifier(ctx, h.by, gone.ID))(t)
			}
			named = append(named, p)
		}
		slices.Reverse(named)
		named = append(named, named[0]) // twice
		list := must(w.Profiles(ctx, h.by.Tenant, named))(t)
		if len(list) != len(named) {
			t.Fatalf("%d of %d", len(list), len(named))
		}
		for i, p := range list {
			n := 249 - i%250
			if p.ID != named[i] || p.Name != party.Personal(fmt.Sprintf("Person %d", n)) {
				t.Fatalf("place %d has %+v", i, p)
			}
			if want := n%100 == 7; want != (len(p.Identifiers) == 1) || want && p.Identifiers[0].Value != party.Personal(fmt.Sprint("new", n)) {
				t.Errorf("%s is known by %+v", p.Name, p.Identifiers)
			}
		}
		refused(t, "another tenant's", of(w.Profiles(ctx, h.by.Tenant, []id.ID{h.person, other.person})), errs.NotFound, "")
		if none := must(w.Profiles(ctx, h.by.Tenant, nil))(t); len(none) != 0 {
			t.Errorf("of nobody: %+v", none)
		}
	})
}

func TestAttestations(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		bank := must(w.CreateParty(ctx, h.by, party.Party{ID: w.id(), Kind: party.Organisation, Name: "Li"}))(t).ID
		a := attestation(w, h.person)
		a.Voucher, a.Until = bank, w.now()+time.Hour.Microseconds()
		made := must(w.Attest(ctx, h.by, a))(t)
		if again := must(w.Attest(ctx, h.by, a))(t); again != made || made.Creator != operator {
			t.Errorf("made %+v, then %+v", made, again)
		}
		changed := a
		changed.Level = "l3"
		refused(t, "an edit", of(w.Attest(ctx, h.by, changed)), errs.Conflict, "id")
		unknown := attestation(w, h.person)
		unknown.Voucher = w.id()
		refused(t, "an unknown voucher", of(w.Attest(ctx, h.by, unknown)), errs.NotFound, "")
		endless := must(w.Attest(ctx, h.by, attestation(w, h.person)))(t)

		w.later(time.Minute)
		revoked := must(w.RevokeAttestation(ctx, h.by, endless.ID, "mistake"))(t)
		if again := must(w.RevokeAttestation(ctx, h.by, endless.ID, "mistake"))(t); again != revoked {
			t.Errorf("revoked %+v, then %+v", revoked, again)
		}
		refused(t, "another reason", of(w.RevokeAttestation(ctx, h.by, endless.ID, "fraud")), errs.Conflict, "reason")
		for _, c := range []struct {
			at   int64
			want []party.Attestation
		}{
			{a.From - 1, nil},
			{a.From, []party.Attestation{made, revoked}},
			{w.now() - 1, []party.Attestation{made, revoked}},
			{w.now(), []party.Attestation{made}},
			{a.Until - 1, []party.Attestation{made}},
			{a.Until, nil},
			{0, []party.Attestation{made, revoked}},
		} {
			got := must(w.Attestations(ctx, h.by.Tenant, party.AttestationFilter{Party: h.person, About: "identity", Holds: c.at}, page))(t)
			slices.SortFunc(got, func(x, y party.Attestation) int { return int(y.Until>>1 - x.Until>>1) })
			if !slices.Equal(got, c.want) {
				t.Errorf("at %d hold %+v, want %+v", c.at, got, c.want)
			}
			for _, a := range got {
				if c.at != 0 && !a.Holds(c.at) {
					t.Errorf("%+v does not hold at %d by its own word", a, c.at)
				}
			}
		}
		who, all, err := w.Vouched(ctx, h.by.Tenant, h.person)
		want := must(w.Attestations(ctx, h.by.Tenant, party.AttestationFilter{Party: h.person}, page))(t)
		if err != nil || who != must(w.Party(ctx, h.by.Tenant, h.person))(t) || len(all) < 2 || !slices.Equal(all, want) {
			t.Errorf("%+v with %+v, %v, want %+v", who, all, err, want)
		}
		_, _, err = w.Vouched(ctx, h.by.Tenant, w.id())
		refused(t, "an unknown party", err, errs.NotFound, "")
		for _, statement := range []string{
			"UPDATE party_attestation SET level = 'l9'", "DELETE FROM party_attestation",
			"UPDATE party_revocation SET reason = 'none'", "DELETE FROM party_revocation",
		} {
			if _, err := w.db.Writer().ExecContext(ctx, statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

func TestRoles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		give := func(from, until int64) (party.Role, error) {
			return w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: "member", From: from, Until: until})
		}
		first := must(give(100, 200))(t)
		for _, days := range [][2]int64{{100, 200}, {50, 101}, {199, 0}, {1, 0}, {150, 160}} {
			refused(t, fmt.Sprint(days), of(give(days[0], days[1])), party.RoleOverlaps, "from")
		}
		must(give(50, 100))(t)
		must(give(200, 0))(t)
		refused(t, "an end outside", of(w.EndRole(ctx, h.by, first.ID, 200)), errs.Invalid, "day")
		ended := must(w.EndRole(ctx, h.by, first.ID, 150))(t)
		if again := must(w.EndRole(ctx, h.by, first.ID, 150))(t); again != ended || ended.Stops != 150 || ended.Until != 200 {
			t.Errorf("ended %+v, then %+v", ended, again)
		}
		refused(t, "another end", of(w.EndRole(ctx, h.by, first.ID, 140)), errs.Conflict, "day")
		again := must(w.GiveRole(ctx, h.by, party.Role{ID: first.ID, Party: h.person, Code: "member", From: 100, Until: 200}))(t)
		if again != ended {
			t.Errorf("the same again gave %+v", again)
		}
		must(give(150, 200))(t)
		for day, want := range map[int64]int{49: 0, 50: 1, 99: 1, 100: 1, 149: 1, 150: 1, 199: 1, 200: 1, 20_000: 1} {
			if list := must(w.Roles(ctx, h.by.Tenant, party.RoleFilter{Party: h.person, Code: "member", Holds: day}, page))(t); len(list) != want {
				t.Errorf("on day %d the party has %d roles, want %d", day, len(list), want)
			}
		}
		never := must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: "auditor", From: 10}))(t)
		must(w.EndRole(ctx, h.by, never.ID, 10))(t)
		must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: "auditor", From: 5}))(t)
		if list := must(w.Roles(ctx, h.by.Tenant, party.RoleFilter{Code: "auditor", Holds: 10}, page))(t); len(list) != 1 {
			t.Errorf("auditors %+v", list)
		}
	})
}

func TestPrincipals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		second := w.principal(h.by, "zhang.mobile", h.person)
		li := w.principal(h.by, "li", w.person(h.by, "Li Si"))
		firm := must(w.CreateParty(ctx, h.by, party.Party{ID: w.id(), Kind: party.Organisation, Name: "Li"}))(t).ID
		apiKey := w.principal(h.by, "partner-key", firm)
		spare := w.principal(h.by, "partner-key-2", firm)
		for _, c := range []struct {
			a, b id.ID
			want party.Sameness
		}{
			{h.principal, h.principal, party.SamePerson},
			{h.principal, second, party.SamePerson},
			{h.principal, li, party.DifferentPeople},
			{h.principal, apiKey, party.UnknownPerson},
			{apiKey, spare, party.SamePerson},
		} {
			for _, ab := range [][2]id.ID{{c.a, c.b}, {c.b, c.a}} {
				if got := must(w.Compare(ctx, h.by.Tenant, ab[0], ab[1]))(t); got != c.want {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		}
		refused(t, "name taken", of(w.CreatePrincipal(ctx, h.by, party.Principal{ID: w.id(), Kind: "k", Name: "li", Person: h.person})),
			party.PrincipalTaken, "name")
		if got := must(w.PrincipalByName(ctx, h.by.Tenant, "li"))(t); got.ID != li {
			t.Errorf("li is %+v", got)
		}
		closed := must(w.ClosePrincipal(ctx, h.by, second))(t)
		w.later(time.Second)
		if again := must(w.ClosePrincipal(ctx, h.by, second))(t); again != closed || closed.Closer != operator {
			t.Errorf("closed %+v, then %+v", closed, again)
		}
		if got := must(w.Compare(ctx, h.by.Tenant, h.principal, second))(t); got != party.SamePerson {
			t.Errorf("a closed principal is %v", got)
		}
		list := must(w.Principals(ctx, h.by.Tenant, party.PrincipalFilter{Person: h.person, Kind: "login", Open: true}, page))(t)
		if len(list) != 1 || list[0].ID != h.principal {
			t.Errorf("principals %+v", list)
		}
		refused(t, "grant to a closed one", of(w.Grant(ctx, h.by, party.Grant{ID: w.id(), Principal: second, Party: firm, From: 1})),
			party.PrincipalClosed, "")
		_, _, err := w.IssueToken(ctx, h.by, party.Token{ID: w.id(), Principal: second, Expires: w.now() + 1})
		refused(t, "token for a closed one", err, party.PrincipalClosed, "")
	})
}

// What is of another tenant is not found, under any name.
func TestAnotherTenant(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h, other := t.Context(), w.home("one"), w.home("two")
		ident := must(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: h.person, Type: "t", Value: "v"}))(t)
		att := must(w.Attest(ctx, h.by, attestation(w, h.person)))(t)
		role := must(w.GiveRole(ctx, h.by, party.Role{ID: w.id(), Party: h.person, Code: "c", From: 1}))(t)
		grant := w.grant(h.by, h.principal, h.person)
		token, text := w.token(h.by, h.principal, time.Hour)
		by := other.by
		_, _, issue := w.IssueToken(ctx, by, party.Token{ID: w.id(), Principal: h.principal, Expires: w.now() + 1})
		voucher := attestation(w, other.person)
		voucher.Voucher = h.person
		for what, err := range map[string]error{
			"read party":             of(w.Party(ctx, by.Tenant, h.person)),
			"rename party":           of(w.RenameParty(ctx, by, h.person, 1, "x")),
			"close party":            of(w.CloseParty(ctx, by, h.person, 1)),
			"changes":                of(w.PartyChanges(ctx, by.Tenant, h.person, 0, 1)),
			"add identifier":         of(w.AddIdentifier(ctx, by, party.Identifier{ID: w.id(), Party: h.person, Type: "t", Value: "w"})),
			"read identifier":        of(w.Identifier(ctx, by.Tenant, ident.ID)),
			"remove identifier":      of(w.RemoveIdentifier(ctx, by, ident.ID)),
			"find party":             of(w.FindParty(ctx, by.Tenant, "t", "v")),
			"attest":                 of(w.Attest(ctx, by, attestation(w, h.person))),
			"another's voucher":      of(w.Attest(ctx, by, voucher)),
			"read attestation":       of(w.Attestation(ctx, by.Tenant, att.ID)),
			"revoke attestation":     of(w.RevokeAttestation(ctx, by, att.ID, "r")),
			"give role":              of(w.GiveRole(ctx, by, party.Role{ID: w.id(), Party: h.person, Code: "c", From: 1})),
			"read role":              of(w.Role(ctx, by.Tenant, role.ID)),
			"end role":               of(w.EndRole(ctx, by, role.ID, 2)),
			"create principal":       of(w.CreatePrincipal(ctx, by, party.Principal{ID: w.id(), Kind: "k", Name: "n", Person: h.person})),
			"read principal":         of(w.Principal(ctx, by.Tenant, h.principal)),
			"close principal":        of(w.ClosePrincipal(ctx, by, h.principal)),
			"compare principals":     of(w.Compare(ctx, by.Tenant, other.principal, h.principal)),
			"grant to its principal": of(w.Grant(ctx, by, party.Grant{ID: w.id(), Principal: h.principal, Party: other.person, From: 1})),
			"grant for its party":    of(w.Grant(ctx, by, party.Grant{ID: w.id(), Principal: other.principal, Party: h.person, From: 1})),
			"read grant":             of(w.GrantByID(ctx, by.Tenant, grant.ID)),
			"revoke grant":           of(w.RevokeGrant(ctx, by, grant.ID)),
			"issue token":            issue,
			"read token":             of(w.Token(ctx, by.Tenant, token.ID)),
			"revoke token":           of(w.RevokeToken(ctx, by, token.ID)),
		} {
			refused(t, what, err, errs.NotFound, "")
		}
		for what, n := range map[string]int{
			"parties":      len(must(w.Parties(ctx, by.Tenant, party.PartyFilter{}, page))(t)) - 1, // its own
			"identifiers":  len(must(w.Identifiers(ctx, by.Tenant, h.person, page))(t)),
			"attestations": len(must(w.Attestations(ctx, by.Tenant, party.AttestationFilter{Party: h.person}, page))(t)),
			"roles":        len(must(w.Roles(ctx, by.Tenant, party.RoleFilter{}, page))(t)),
			"principals":   len(must(w.Principals(ctx, by.Tenant, party.PrincipalFilter{Person: h.person}, page))(t)),
			"grants":       len(must(w.Grants(ctx, by.Tenant, party.GrantFilter{}, page))(t)),
			"tokens":       len(must(w.Tokens(ctx, by.Tenant, h.principal, page))(t)),
		} {
			if n != 0 {
				t.Errorf("%d %s of another tenant are listed", n, what)
			}
		}
		a := must(w.Resolve(ctx, text))(t)
		if a.Tenant != h.by.Tenant || !a.ActsFor(h.person) || a.ActsFor(other.person) {
			t.Errorf("the attempts changed the access to %+v", a)
		}
		// The same ids may be made in another tenant; they are other rows.
		must(w.CreateParty(ctx, by, party.Party{ID: h.person, Kind: party.Organisation, Name: "Li"}))(t)
		if p := must(w.Party(ctx, h.by.Tenant, h.person))(t); p.Kind != party.Person {
			t.Errorf("another tenant changed %+v", p)
		}
	})
}

func TestPages(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx, h := t.Context(), w.home("one")
		want := []id.ID{h.person}
		for range 6 {
			want = append(want, w.person(h.by, "Li"))
		}
		slices.SortFunc(want, func(a, b id.ID) int { return bytes.Compare(a[:], b[:]) })
		var got []id.ID
		for p := (party.Page{Limit: 3}); ; {
			list := must(w.Parties(ctx, h.by.Tenant, party.PartyFilter{Kind: party.Person}, p))(t)
			for _, one := range list {
				got = append(got, one.ID)
			}
			if len(list) < p.Limit {
				break
			}
			p.After = list[len(list)-1].ID
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages gave %v, want %v", got, want)
		}
		for _, limit := range []int{-1, 0, party.MaxPage + 1} {
			refused(t, "limit", of(w.Parties(ctx, h.by.Tenant, party.PartyFilter{}, party.Page{Limit: limit})), errs.Invalid, "limit")
		}
	})
}

func TestRefusedInput(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx, h := t.Context(), w.home("one")
	create := func(change func(*party.By, *party.Party)) error {
		by, p := h.by, party.Party{ID: w.id(), Kind: party.Person, Name: "name"}
		change(&by, &p)
		return of(w.CreateParty(ctx, by, p))
	}
	attest := func(change func(*party.Attestation)) error {
		a := attestation(w, h.person)
		change(&a)
		return of(w.Attest(ctx, h.by, a))
	}
	token := func(expires int64) error {
		_, _, err := w.IssueToken(ctx, h.by, party.Token{ID: w.id(), Principal: h.principal, Expires: expires})
		return err
	}
	for _, c := range []struct {
		what, field string
		err         error
	}{
		{"no tenant", "tenant", create(func(by *party.By, _ *party.Party) { by.Tenant = id.ID{} })},
		{"no actor", "actor", create(func(by *party.By, _ *party.Party) { by.Actor = id.ID{} })},
		{"no id", "id", create(func(_ *party.By, p *party.Party) { p.ID = id.ID{} })},
		{"no kind", "kind", create(func(_ *party.By, p *party.Party) { p.Kind = 0 })},
		{"unknown kind", "kind", create(func(_ *party.By, p *party.Party) { p.Kind = 3 })},
		{"long name", "name", create(func(_ *party.By, p *party.Party) { p.Name = party.Personal(strings.Repeat("x", party.MaxName+1)) })},
		{"blank around", "name", create(func(_ *party.By, p *party.Party) { p.Name = " x" })},
		{"control character", "name", create(func(_ *party.By, p *party.Party) { p.Name = "a\nb" })},
		{"no name", "name", create(func(_ *party.By, p *party.Party) { p.Name = "" })},
		{"no other name", "name", of(w.RenameParty(ctx, h.by, h.person, 1, ""))},
		{"not UTF-8", "name", create(func(_ *party.By, p *party.Party) { p.Name = "\xff" })},
		{"no code", "about", attest(func(a *party.Attestation) { a.About = "" })},
		{"upper case", "level", attest(func(a *party.Attestation) { a.Level = "L2" })},
		{"long code", "source", attest(func(a *party.Attestation) { a.Source = strings.Repeat("x", party.MaxCode+1) })},
		{"no beginning", "from", attest(func(a *party.Attestation) { a.From = 0 })},
		{"ends first", "until", attest(func(a *party.Attestation) { a.Until = a.From })},
		{"after all time", "until", attest(func(a *party.Attestation) { a.Until = 1 << 62 })},
		{"no value", "value", of(w.AddIdentifier(ctx, h.by, party.Identifier{ID: w.id(), Party: h.person, Type: "t"}))},
		{"ledger with a dot", "ledger", of(w.AddLedger(ctx, h.by, "a.b"))},
		{"a mail address", "name", of(w.CreatePrincipal(ctx, h.by, party.Principal{ID: w.id(), Kind: "k", Name: "a@b", Person: h.person}))},
		{"no such code", "code", of(w.Roles(ctx, h.by.Tenant, party.RoleFilter{Code: "A"}, page))},
		{"no such kind of principal", "kind", of(w.Principals(ctx, h.by.Tenant, party.PrincipalFilter{Kind: "\x00"}, page))},
		{"no such subject", "about", of(w.Attestations(ctx, h.by.Tenant, party.AttestationFilter{About: "a b"}, page))},
		{"no such login", "name", of(w.PrincipalByName(ctx, h.by.Tenant, "\x00"))},
		{"no such tenant name", "name", of(w.TenantByName(ctx, ""))},
		{"no such ledger name", "name", of(w.OwnerOfLedger(ctx, "A"))},
		{"a token of the past", "expires", token(w.now())},
		{"a token for ever", "expires", token(w.now() + party.MaxTokenLife + 1)},
	} {
		refused(t, c.what, c.err, errs.Invalid, c.field)
	}
}

func TestTooMany(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx, h := t.Context(), w.home("one")
	var last party.Identifier
	for n := range party.MaxIdentifiers {
		last = must(w.AddIdentifier(ctx, h.by, party.Identifier{
			ID: w.id(), Party: h.person, Type: "t", Value: party.Personal(fmt.Sprint(n)),
		}))(t)
	}
	more := party.Identifier{ID: w.id(), Party: h.person, Type: "t", Value: "more"}
	refused(t, "one more", of(w.AddIdentifier(ctx, h.by, more)), party.TooMany, "")
	must(w.RemoveIdentifier(ctx, h.by, last.ID))(t)
	must(w.AddIdentifier(ctx, h.by, more))(t)
}

func TestPersonalDataIsMasked(t *testing.T) {
	const secret = "Zhang San"
	p := party.Party{Name: secret}
	var out bytes.Buffer
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&out, nil)), slog.New(slog.NewJSONHandler(&out, nil))} {
		log.Info("party", "party", p, "pointer", &p, "name", p.Name)
	}
	fmt.Fprintf(&out, "%v %+v %#v %s %q %x %d", p, p, p, p.Name, p.Name, p.Name, p.Name)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(text)
	if got := out.String(); strings.Contains(got, "Zhang") || strings.Contains(got, fmt.Sprintf("%x", "Zhang")) || !strings.Contains(got, "[personal]") {
		t.Errorf("printed %s", got)
	}
}

func TestAnotherLookupKeyIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		o := party.Options{Clock: w.clock, Random: bytes.NewReader(nil), LookupKey: bytes.Repeat([]byte{8}, party.KeySize)}
		if _, err := party.Open(t.Context(), w.db, o); err == nil || !strings.Contains(err.Error(), "lookup key") {
			t.Errorf("another key: %v", err)
		}
		o.LookupKey = o.LookupKey[1:]
		if _, err := party.Open(t.Context(), w.db, o); err == nil || !strings.Contains(err.Error(), "31 bytes") {
			t.Errorf("a short key: %v", err)
		}
	})
}
