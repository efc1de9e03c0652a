package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/id"
)

// partyEndpoints are those about tenants, parties and principals. What a request ends or changes is made for it.
var partyEndpoints = slices.Concat(tenantEndpoints, tokenEndpoints, []apitest.Endpoint{
	{ID: "who-am-i"},
	{ID: "list-parties"},
	{ID: "create-party", Body: `{"id":"{id}","kind":"person","name":"Li Si"}`},
	{ID: "get-party"},
	{ID: "rename-party", Fill: someone, Body: `{"version":1,"name":"Li Wu"}`},
	{ID: "close-party", Fill: someone, Body: `{"version":1}`},
	{ID: "list-party-changes"},
	{ID: "add-identifier", Fill: someone, Body: `{"id":"{id}","type":"mobile","value":"{id}"}`},
	{ID: "list-identifiers"},
	{ID: "remove-identifier", Fill: identified, Body: `{}`},
	{ID: "find-party", Fill: identified, Body: `{"type":"mobile","value":"{value}"}`},
	{ID: "give-attestation", Body: `{"id":"{id}","about":"identity","level":"verified","source":"id-card"}`},
	{ID: "list-attestations"},
	{ID: "revoke-attestation", Fill: attested, Body: `{"reason":"expired"}`},
	{ID: "give-role", Fill: someone, Body: `{"id":"{id}","role":"auditor","reason":"new"}`},
	{ID: "list-roles"},
	{ID: "list-role-holders"},
	{ID: "end-role", Fill: employed, Body: `{"day":"2026-03-01"}`},
	{ID: "create-principal", Fill: someone, Body: `{"id":"{id}","kind":"login","name":"{id}"}`},
	{ID: "list-principals"},
	{ID: "get-principal", Fill: clients},
	{ID: "close-principal", Fill: spareLogin, Body: `{}`},
	{ID: "give-grant", Fill: spareLogin, Body: `{"id":"{id}","principal":"{principal}","reason":"new"}`},
	{ID: "list-grants"},
	{ID: "list-principal-grants", Fill: clients},
	{ID: "end-grant", Fill: granted, Body: `{}`},
})

const anID = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"

// partyBodies are the bodies of everything about tenants, parties and principals.
var partyBodies = map[string]string{
	"/v1/tenants":                           `{"name":"x","ledger":"x","zone":"UTC","clock":"simulated","start":"2026-01-01T00:00:00Z","administrator":"x","login":"x","expires":"2026-03-02T00:00:00Z"}`,
	"/v1/principals/{principal}/tokens":     `{"id":"` + anID + `","expires":"2026-03-02T00:00:00Z"}`,
	"/v1/tokens/{token}/revoke":             `{}`,
	"/v1/parties":                           `{"id":"` + anID + `","kind":"person","name":"x"}`,
	"/v1/parties/{party}/rename":            `{"version":1,"name":"x"}`,
	"/v1/parties/{party}/close":             `{"version":1}`,
	"/v1/parties/{party}/identifiers":       `{"id":"` + anID + `","type":"mobile","value":"x"}`,
	"/v1/identifiers/{identifier}/remove":   `{}`,
	"/v1/parties/find":                      `{"type":"mobile","value":"x"}`,
	"/v1/parties/{party}/attestations":      `{"id":"` + anID + `","about":"a","level":"l","source":"s","voucher":"` + anID + `","from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z"}`,
	"/v1/attestations/{attestation}/revoke": `{"reason":"x"}`,
	"/v1/parties/{party}/roles":             `{"id":"` + anID + `","role":"auditor","from":"2026-01-01","until":"2027-01-01","reason":"x"}`,
	"/v1/roles/{role}/end":                  `{"day":"2026-06-01"}`,
	"/v1/parties/{party}/principals":        `{"id":"` + anID + `","kind":"login","name":"x"}`,
	"/v1/principals/{principal}/close":      `{}`,
	"/v1/parties/{party}/grants":            `{"id":"` + anID + `","principal":"` + anID + `","from":"2026-01-01T00:00:00Z","until":"2027-01-01T00:00:00Z","reason":"x"}`,
	"/v1/grants/{grant}/end":                `{}`,
}

// byOperator is the operator in a tenant.
func byOperator(t *apitest.Tenant) party.By {
	return party.By{Tenant: t.ID, Actor: id.ID(access.Operator)}
}

// done gives what has to succeed.
func done[T any](v T, err error) func(w *apitest.World) T {
	return func(w *apitest.World) T {
		w.T.Helper()
		if err != nil {
			w.T.Fatal(err)
		}
		return v
	}
}

// Things that are made for one request each.

func person(w *apitest.World, t *apitest.Tenant) id.ID {
	w.T.Helper()
	p := party.Party{ID: w.ID(), Kind: party.Person, Name: "Li Si"}
	return done(w.Ground.Parties.CreateParty(w.T.Context(), byOperator(t), p))(w).ID
}

func login(w *apitest.World, t *apitest.Tenant, of id.ID) id.ID {
	w.T.Helper()
	p := party.Principal{ID: w.ID(), Kind: "login", Name: w.ID().String(), Person: of}
	return done(w.Ground.Parties.CreatePrincipal(w.T.Context(), byOperator(t), p))(w).ID
}

func someone(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	return map[string]string{"party": person(w, t).String()}
}

func identified(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	i := party.Identifier{ID: w.ID(), Party: person(w, t), Type: "mobile", Value: party.Personal(w.ID().String())}
	done(w.Ground.Parties.AddIdentifier(w.T.Context(), byOperator(t), i))(w)
	return map[string]string{"identifier": i.ID.String(), "value": string(i.Value)}
}

func attested(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	a := party.Attestation{ID: w.ID(), Party: c.Party, About: "identity", Level: "verified", Source: "id-card", From: 1}
	done(w.Ground.Parties.Attest(w.T.Context(), byOperator(t), a))(w)
	return map[string]string{"attestation": a.ID.String()}
}

func employed(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	o := party.Role{ID: w.ID(), Party: person(w, t), Code: "auditor", From: 1}
	done(w.Ground.Parties.GiveRole(w.T.Context(), byOperator(t), o))(w)
	return map[string]string{"role": o.ID.String()}
}

func spareLogin(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	return map[string]string{"principal": login(w, t, person(w, t)).String()}
}

func granted(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	g := party.Grant{ID: w.ID(), Principal: login(w, t, person(w, t)), Party: c.Party, From: 1}
	done(w.Ground.Parties.Grant(w.T.Context(), byOperator(t), g))(w)
	return map[string]string{"grant": g.ID.String()}
}

// pages reads a list to its end and gives a member of each item.
func pages(w *apitest.World, c *apitest.Caller, path, list, member string, limit int) (all []string) {
	w.T.Helper()
	cursor := ""
	for range 100 {
		a := w.As(c, http.MethodGet, fmt.Sprintf("%s?limit=%d&cursor=%s", path, limit, cursor), nil).OK()
		n := 0
		for ; a.At(list, n, member) != ""; n++ {
			all = append(all, a.At(list, n, member))
		}
		if cursor = a.At("next"); cursor == "" {
			return all
		}
		if n != limit {
			w.T.Errorf("%s: a page of %d, want %d, and a next", path, n, limit)
		}
	}
	w.T.Fatalf("%s: no end", path)
	return nil
}

// Lists go on where they ended, whatever comes in between, each row once.
func TestPagesOfParties(t *testing.T) {
	w := apitest.NewWorld(t)
	auditor, c := w.North.Staff["auditor"], w.North.Client
	at := "/v1/parties/" + c.Party.String()
	for range 5 { // in one instant with the tokens, which carry it
		i := party.Identifier{ID: w.ID(), Party: c.Party, Type: "card", Value: party.Personal(w.ID().String())}
		done(w.Ground.Parties.AddIdentifier(t.Context(), byOperator(w.North), i))(w)
		attested(w, w.North, c)
		granted(w, w.North, c)
		login(w, w.North, c.Party)
		token(w, w.North, c.Principal)
		p := done(w.Ground.Parties.Party(t.Context(), w.North.ID, c.Party))(w)
		done(w.Ground.Parties.RenameParty(t.Context(), byOperator(w.North), c.Party, p.Version, party.Personal(fmt.Sprint("Li ", p.Version))))(w)
	}
	// Who has no right to all lists those for which he acts.
	if got := pages(w, c, "/v1/parties", "parties", "id", 1); !slices.Equal(got, []string{c.Party.String()}) {
		t.Errorf("the client's parties: %v", got)
	}
	firm := done(w.Ground.Parties.CreateParty(t.Context(), byOperator(w.North), party.Party{ID: w.ID(), Kind: party.Organisation, Name: "Datong"}))(w)
	g := party.Grant{ID: w.ID(), Principal: c.Principal, Party: firm.ID, From: 1}
	done(w.Ground.Parties.Grant(t.Context(), byOperator(w.North), g))(w)
	want := []string{c.Party.String(), firm.ID.String()}
	slices.Sort(want)
	if got := pages(w, c, "/v1/parties", "parties", "id", 1); !slices.Equal(got, want) {
		t.Errorf("the client's parties: %v, want %v", got, want)
	}
	is(t, w.As(c, http.MethodGet, "/v1/parties?kind=organisation", nil).OK(), "parties.0.name", "Datong", "parties.1", "")
	later(w)
	for code := range maps.Keys(w.North.Staff) {
		o := party.Role{ID: w.ID(), Party: c.Party, Code: code, From: 1}
		done(w.Ground.Parties.GiveRole(t.Context(), byOperator(w.North), o))(w)
	}
	for _, l := range []struct {
		path, list, member string
		want               int // 0: as many as a large page has
	}{
		{"/v1/parties", "parties", "id", 0},
		{"/v1/principals", "principals", "id", 0},
		{"/v1/roles", "roles", "id", 16},
		{at + "/identifiers", "identifiers", "id", 5},
		{at + "/attestations", "attestations", "id", 5},
		{at + "/grants", "grants", "id", 6},
		{at + "/roles", "roles", "id", 8},
		{at + "/changes", "changes", "version", 6},
		{"/v1/principals/" + c.Principal.String() + "/tokens", "tokens", "id", 6},
		{"/v1/principals/" + c.Principal.String() + "/grants", "grants", "id", 2},
	} {
		all := pages(w, auditor, l.path, l.list, l.member, 1000)
		if l.want != 0 && len(all) != l.want || len(all) == 0 || !slices.IsSorted(all) {
			t.Errorf("%s: %d items, want %d: %v", l.path, len(all), l.want, all)
		}
		for _, limit := range []int{1, 2, 5} {
			if got := pages(w, auditor, l.path, l.list, l.member, limit); !slices.Equal(got, all) {
				t.Errorf("%s in pages of %d: %v, want %v", l.path, limit, got, all)
			}
		}
		is(t, w.As(auditor, http.MethodGet, l.path+"?cursor=AgE", nil), "status", "400", "field", "query.cursor")
	}
	is(t, w.As(auditor, http.MethodGet, "/v1/parties?kind=organisation&open=true", nil).OK(), "parties.0.name", "Datong", "parties.1", "")
}

// token issues a token of a principal as the operator.
func token(w *apitest.World, t *apitest.Tenant, principal id.ID) *apitest.Caller {
	w.T.Helper()
	made := party.Token{ID: w.ID(), Principal: principal, Expires: w.Clock.Now().Add(time.Hour).UnixMicro()}
	_, secret, err := w.Ground.Parties.IssueToken(w.T.Context(), byOperator(t), made)
	if err != nil {
		w.T.Fatal(err)
	}
	return &apitest.Caller{Principal: principal, TokenID: made.ID, Token: secret.Text()}
}

// Names and identifiers are shown to the party itself and to who has the right, and to nobody else, wherever they stand;
// they are in no log.
func TestMasks(t *testing.T) {
	w := apitest.NewWorld(t)
	c := w.North.Client
	const number, mask = "+8613800000000", "[personal]"
	at := "/v1/parties/" + c.Party.String()
	added := w.As(w.North.Staff["service"], http.MethodPost, at+"/identifiers", `{"id":"`+w.ID().String()+`","type":"mobile","value":"`+number+`"}`).OK()
	is(t, added, "value", mask) // not even to who added it
	for _, x := range []struct {
		who  *apitest.Caller
		name string
	}{
		{w.North.Staff["finance"], mask}, {w.North.Staff["service"], mask}, {w.North.Staff["auditor"], "Zhang client"}, {c, "Zhang client"},
	} {
		value := number
		if x.name == mask {
			value = mask
		}
		is(t, w.As(x.who, http.MethodGet, at, nil).OK(), "name", x.name)
		is(t, w.As(x.who, http.MethodGet, at+"/identifiers", nil).OK(), "identifiers.0.value", value, "identifiers.0.type", "mobile")
		list := string(w.As(x.who, http.MethodGet, "/v1/parties?limit=1000", nil).OK().Body)
		if strings.Contains(list, "Zhang client") == (x.name == mask) {
			t.Errorf("the list of parties: %s", list)
		}
		if x.who == c {
			continue
		}
		found := w.As(x.who, http.MethodPost, "/v1/parties/find", `{"type":"mobile","value":"`+number+`"}`).OK()
		is(t, found, "id", c.Party.String(), "name", x.name)
	}
	is(t, w.As(w.South.Staff["auditor"], http.MethodPost, "/v1/parties/find", `{"type":"mobile","value":"`+number+`"}`),
		"status", "404", "field", "body.value")
	taken := w.As(w.North.Staff["operations"], http.MethodPost, "/v1/parties/"+w.North.Other.Party.String()+"/identifiers",
		`{"id":"`+w.ID().String()+`","type":"mobile","value":"`+number+`"}`)
	is(t, taken, "status", "409", "code", "identifier_taken", "field", "body.value")
	is(t, w.As(w.North.Staff["operations"], http.MethodPost, "/v1/identifiers/"+added.At("id")+"/remove", `{}`).OK(), "value", "", "type", "mobile")
	is(t, w.As(w.North.Staff["auditor"], http.MethodPost, "/v1/parties/find", `{"type":"mobile","value":"`+number+`"}`), "status", "404")
	if text := w.Log.String() + string(taken.Body); strings.Contains(text, number) || strings.Contains(text, "Zhang") {
		t.Errorf("told to nobody in particular: %s", text)
	}
}

// A party has a name. It is renamed and closed by the version that was seen, each with who did it.
func TestPartyChanges(t *testing.T) {
	w := apitest.NewWorld(t)
	operations, compliance := w.North.Staff["operations"], w.North.Staff["compliance"]
	p := w.ID().String()
	is(t, w.As(operations, http.MethodPost, "/v1/parties", `{"id":"`+p+`","kind":"person","name":""}`), "status", "400", "field", "body.name")
	is(t, w.As(operations, http.MethodPost, "/v1/parties", `{"id":"`+p+`","kind":"person"}`), "status", "400", "field", "body.name")
	w.As(operations, http.MethodPost, "/v1/parties", `{"id":"`+p+`","kind":"person","name":"Li Si"}`).OK()
	at := "/v1/parties/" + p
	is(t, w.As(compliance, http.MethodPost, at+"/rename", `{"version":1,"name":""}`), "status", "400", "field", "body.name")
	is(t, w.As(compliance, http.MethodPost, at+"/rename", `{"version":1,"name":"Li Wu"}`).OK(), "version", "2", "name", "Li Wu")
	is(t, w.As(compliance, http.MethodPost, at+"/rename", `{"version":1,"name":"Li Wu"}`).OK(), "version", "2") // again
	is(t, w.As(operations, http.MethodPost, at+"/rename", `{"version":1,"name":"Li Liu"}`), "status", "409", "field", "body.version")
	is(t, w.As(operations, http.MethodPost, at+"/rename", `{"version":2,"name":" "}`), "status", "400", "field", "body.name")
	is(t, w.As(operations, http.MethodPost, at+"/close", `{"version":2}`).OK(), "version", "3", "closed", "2026-03-01T08:00:00.000000Z")
	is(t, w.As(operations, http.MethodPost, at+"/principals", `{"id":"`+anID+`","kind":"login","name":"li"}`), "status", "403")
	is(t, w.As(w.North.Staff["administrator"], http.MethodPost, at+"/principals", `{"id":"`+anID+`","kind":"login","name":"li"}`), "code", "party_closed")
	is(t, w.As(compliance, http.MethodGet, at+"/changes", nil).OK(), "changes.0.what", "created", "changes.0.actor", operations.Principal.String(),
		"changes.1.what", "renamed", "changes.1.actor", compliance.Principal.String(), "changes.2.what", "closed", "changes.2.version", "3", "changes.3", "")
}

// Somebody vouches, with a level, a source and an end; a revocation stands beside it.
func TestAttestations(t *testing.T) {
	w := apitest.NewWorld(t)
	risk, compliance := w.North.Staff["risk"], w.North.Staff["compliance"]
	at := "/v1/parties/" + w.North.Client.Party.String() + "/attestations"
	body := `{"id":"` + w.ID().String() + `","about":"identity","level":"verified","source":"id-card","voucher":"` + w.North.Other.Party.String() +
		`","until":"2026-03-01T09:00:00Z"}`
	given := w.As(risk, http.MethodPost, at, body).OK()
	is(t, given, "voucher", w.North.Other.Party.String(), "from", "2026-03-01T08:00:00.000000Z", "until", "2026-03-01T09:00:00.000000Z", "creator", risk.Principal.String())
	is(t, w.As(compliance, http.MethodPost, at, body).OK(), "creator", risk.Principal.String()) // the same again
	is(t, w.As(risk, http.MethodPost, at, strings.Replace(body, "verified", "seen", 1)), "status", "409", "field", "body.id")
	is(t, w.As(risk, http.MethodPost, at, `{"id":"`+w.ID().String()+`","about":"a","level":"l","source":"s","until":"2026-03-01T08:00:00Z"}`), "status", "400", "field", "body.until")
	is(t, w.As(risk, http.MethodPost, "/v1/parties/"+risk.Party.String()+"/attestations", strings.Replace(body, given.At("id"), w.ID().String(), 1)),
		"status", "403", "field", "path.party")
	is(t, w.As(risk, http.MethodPost, at, `{"id":"`+w.ID().String()+`","about":"income","level":"l","source":"s","voucher":"`+w.South.Client.Party.String()+`"}`), "status", "404")
	is(t, w.As(w.North.Client, http.MethodGet, at+"?holds=true&about=identity", nil).OK(), "attestations.0.id", given.At("id"), "attestations.1", "")
	is(t, w.As(risk, http.MethodGet, at+"?about=A", nil), "status", "400", "field", "query.about")
	revoke := "/v1/attestations/" + given.At("id") + "/revoke"
	is(t, w.As(compliance, http.MethodPost, revoke, `{"reason":"lost"}`).OK(), "reason", "lost", "revoker", compliance.Principal.String())
	is(t, w.As(risk, http.MethodPost, revoke, `{"reason":"stolen"}`), "status", "409", "field", "body.reason")
	is(t, w.As(risk, http.MethodGet, at+"?holds=true", nil).OK(), "attestations.0", "")
	is(t, w.As(risk, http.MethodGet, at, nil).OK(), "attestations.0.reason", "lost")
}
