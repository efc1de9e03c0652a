package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/id"
)

// later moves the clock, so that what comes is after what was.
func later(w *apitest.World) {
	w.T.Helper()
	if err := w.Clock.Advance(time.Second); err != nil {
		w.T.Fatal(err)
	}
}

// giving is a request for a role, and asks for it.
func giving(w *apitest.World, to id.ID, role string) (string, func(*apitest.Caller) *apitest.Answer) {
	own := w.ID().String()
	return own, func(c *apitest.Caller) *apitest.Answer {
		return w.As(c, http.MethodPost, "/v1/parties/"+to.String()+"/roles", `{"id":"`+own+`","role":"`+role+`","reason":"she begins on Monday"}`)
	}
}

func approve(w *apitest.World, c *apitest.Caller, proposal string) *apitest.Answer {
	return w.As(c, http.MethodPost, "/v1/proposals/"+proposal+"/approval", `{}`)
}

// rights are what somebody's token gives.
func rights(w *apitest.World, c *apitest.Caller) string {
	return string(w.As(c, http.MethodGet, "/v1/me", nil).OK().Body)
}

// A role is proposed, and given when another person says so; older tokens do not carry it.
func TestRoleTakesASecondPerson(t *testing.T) {
	w := apitest.NewWorld(t)
	administrator, compliance := w.North.Staff["administrator"], w.North.Staff["compliance"]
	wang := person(w, w.North)
	wangs := login(w, w.North, wang)
	old := token(w, w.North, wangs)
	later(w)
	own, ask := giving(w, wang, "operations")
	for range 2 {
		pending := ask(administrator)
		is(t, pending, "status", "409", "code", "approval_pending")
		if !strings.Contains(pending.At("detail"), own) {
			t.Errorf("which proposal? %s", pending.Body)
		}
	}
	shown := w.As(compliance, http.MethodGet, "/v1/proposals/"+own, nil).OK()
	is(t, shown, "action", "party-role", "subject", wang.String(), "changes.0.path", "from", "changes.0.becomes", "2026-03-01",
		"changes.1.path", "party", "changes.2.path", "rights", "changes.2.becomes.0", "party.write", "changes.3.becomes", "operations")
	is(t, w.As(administrator, http.MethodGet, "/v1/parties/"+wang.String()+"/roles", nil).OK(), "roles.0", "")
	is(t, approve(w, administrator, own), "status", "403")
	is(t, approve(w, w.North.Staff["finance"], own), "status", "403") // he decides about money
	is(t, approve(w, compliance, own).OK(), "state", "approved")
	is(t, ask(administrator).OK(), "id", own, "role", "operations", "creator", administrator.Principal.String(), "from", "2026-03-01")
	is(t, w.As(w.North.Staff["auditor"], http.MethodGet, "/v1/roles?role=operations&on=2026-03-01", nil).OK(), "roles.1.party", wang.String(), "roles.2", "")

	if strings.Contains(rights(w, old), "order.write") {
		t.Error("a token carries a role that was given after it")
	}
	fresh := token(w, w.North, wangs)
	if !strings.Contains(rights(w, fresh), "order.write") {
		t.Error("a token does not carry what was given before it")
	}
	// The end counts at once, for every token.
	is(t, w.As(administrator, http.MethodPost, "/v1/roles/"+own+"/end", `{"day":"2026-03-01"}`).OK(), "stops", "2026-03-01")
	if strings.Contains(rights(w, fresh), "order.write") {
		t.Error("a role that was ended is still there")
	}
	is(t, w.As(administrator, http.MethodPost, "/v1/roles/"+own+"/end", `{"day":"2026-04-01"}`), "status", "409", "field", "body.day")
}

func TestWhoGivesRolesAtOnce(t *testing.T) {
	w := apitest.NewWorld(t)
	administrator := w.North.Staff["administrator"]
	for _, c := range []struct {
		role string
		code string
	}{
		{"auditor", ""},                    // only reads what an administrator reads
		{"partner", ""},                    //
		{"operations", "approval_pending"}, // more than he may
		{"administrator", "role_overlaps"}, // his own; there is nothing to decide yet
		{"compliance", "approval_pending"}, //
	} {
		_, ask := giving(w, administrator.Party, c.role)
		if c.role == "administrator" {
			own, again := giving(w, administrator.Party, c.role)
			is(t, again(administrator), "code", "approval_pending")
			is(t, approve(w, w.North.Staff["risk"], own), "status", "409", "code", c.code)
			continue
		}
		is(t, ask(administrator), "code", c.code)
	}
	// For somebody else not even what he may himself.
	_, ask := giving(w, w.North.Client.Party, "auditor")
	is(t, ask(administrator), "code", "approval_pending")
	// The operator has nobody to ask.
	own := w.ID().String()
	body := `{"id":"` + own + `","role":"risk","from":"2026-03-01","until":"2026-06-01"}`
	w.Tenant = "north"
	is(t, w.Post("/v1/parties/"+w.North.Other.Party.String()+"/roles", body).OK(), "role", "risk", "until", "2026-06-01", "stops", "2026-06-01")
	is(t, w.Post("/v1/parties/"+w.North.Other.Party.String()+"/roles", body).OK(), "id", own)
	w.Tenant = ""
	// What is wrong is said before anybody is asked to decide.
	at := "/v1/parties/" + w.North.Client.Party.String() + "/roles"
	for body, field := range map[string]string{
		`{"id":"` + w.ID().String() + `","role":"risk"}`:                                                       "body.reason",
		`{"id":"` + w.ID().String() + `","role":"risk","reason":"` + strings.Repeat("龙", 400) + `"}`:           "body.reason",
		`{"id":"` + w.ID().String() + `","role":"borrower","reason":"x"}`:                                      "body.role",
		`{"id":"` + w.ID().String() + `","role":"risk","reason":"x","from":"2026-03-02","until":"2026-03-02"}`: "body.until",
	} {
		is(t, w.As(administrator, http.MethodPost, at, body), "status", "400", "field", field)
	}
	is(t, w.As(administrator, http.MethodPost, "/v1/parties/"+w.South.Client.Party.String()+"/roles", `{"id":"`+w.ID().String()+`","role":"risk","reason":"x"}`), "status", "404")
}

// Nobody decides about what he gains, with whichever of his logins, and with a token that is older than his roles nothing.
func TestNobodyDecidesForHimself(t *testing.T) {
	w := apitest.NewWorld(t)
	administrator, compliance, risk := w.North.Staff["administrator"], w.North.Staff["compliance"], w.North.Staff["risk"]
	phone := token(w, w.North, login(w, w.North, compliance.Party))
	later(w)
	own, ask := giving(w, compliance.Party, "finance")
	is(t, ask(administrator), "code", "approval_pending")
	is(t, approve(w, compliance, own), "status", "403", "code", "forbidden")
	is(t, approve(w, phone, own), "status", "403", "code", "forbidden")
	is(t, approve(w, risk, own).OK(), "state", "approved")

	// The token of before decides nothing any more: it would do so by a role that it does not carry.
	other, ask := giving(w, w.North.Client.Party, "auditor")
	is(t, ask(administrator), "code", "approval_pending")
	refused := approve(w, compliance, other)
	is(t, refused, "status", "403", "code", "forbidden")
	if !strings.Contains(refused.At("detail"), "older than your role finance") {
		t.Errorf("why? %s", refused.Body)
	}
	is(t, approve(w, token(w, w.North, compliance.Principal), other).OK(), "state", "approved")

	// What was refused stays so: the same again tells it.
	no, ask := giving(w, w.North.Other.Party, "auditor")
	is(t, ask(administrator), "code", "approval_pending")
	is(t, w.As(risk, http.MethodPost, "/v1/proposals/"+no+"/refusal", `{"why":"who is that"}`).OK(), "state", "refused")
	is(t, ask(administrator), "status", "409", "code", "conflict", "field", "body.id")

	// Who lost the right to propose meanwhile, has proposed nothing.
	last, ask := giving(w, w.North.Other.Party, "auditor")
	is(t, ask(administrator), "code", "approval_pending")
	roles := w.As(risk, http.MethodGet, "/v1/parties/"+administrator.Party.String()+"/roles", nil).OK()
	w.Tenant = "north"
	w.Post("/v1/roles/"+roles.At("roles", 0, "id")+"/end", `{"day":"2026-03-01"}`).OK()
	w.Tenant = ""
	is(t, approve(w, risk, last), "status", "409", "code", "conflict")
}

// Who acts for a party says its own person. For everybody else's it takes a second person, and a token that is later.
func TestGrants(t *testing.T) {
	w := apitest.NewWorld(t)
	administrator, client, other := w.North.Staff["administrator"], w.North.Client, w.North.Other
	at := "/v1/parties/" + client.Party.String() + "/grants"
	acts := func(c *apitest.Caller) int {
		return w.As(c, http.MethodGet, "/v1/me", nil, "Longmen-Party", client.Party.String()).Status
	}
	give := func(by *apitest.Caller, to id.ID, own string) *apitest.Answer {
		return w.As(by, http.MethodPost, at, `{"id":"`+own+`","principal":"`+to.String()+`","until":"2026-04-01T00:00:00Z","reason":"asked by phone"}`)
	}
	later(w)
	own := w.ID().String()
	is(t, give(client, other.Principal, own).OK(), "party", client.Party.String(), "principal", other.Principal.String(), "until", "2026-04-01T00:00:00.000000Z")
	if acts(other) != http.StatusOK {
		t.Error("a party lets somebody act, and his token does not")
	}
	// He does not pass it on, nor end what others have.
	is(t, give(other, w.North.Staff["auditor"].Principal, w.ID().String()), "status", "403", "code", "forbidden")
	is(t, w.As(other, http.MethodPost, "/v1/grants/"+client.Grant.String()+"/end", `{}`), "status", "404")
	// He may give it up.
	w.As(other, http.MethodPost, "/v1/grants/"+own+"/end", `{}`).OK()
	if acts(other) != http.StatusForbidden {
		t.Error("what was given up is still there")
	}

	desk := person(w, w.North)
	desks := login(w, w.North, desk)
	old := token(w, w.North, desks)
	later(w)
	own = w.ID().String()
	is(t, give(administrator, desks, own), "status", "409", "code", "approval_pending")
	is(t, approve(w, w.North.Staff["operations"], own), "status", "403")
	is(t, w.As(w.North.Staff["risk"], http.MethodGet, "/v1/proposals/"+own, nil).OK(), "action", "party-grant", "subject", client.Party.String())
	is(t, approve(w, w.North.Staff["risk"], own).OK(), "state", "approved")
	is(t, give(administrator, desks, own).OK(), "id", own)
	if acts(old) != http.StatusForbidden {
		t.Error("a token acts for a party that somebody else gave it after its issue")
	}
	fresh := token(w, w.North, desks)
	if acts(fresh) != http.StatusOK {
		t.Error("a token does not act for whom it was granted before")
	}
	is(t, w.As(administrator, http.MethodGet, "/v1/principals/"+desks.String()+"/grants?holds=true", nil).OK(), "grants.0.id", own, "grants.1", "")
	is(t, w.As(client, http.MethodGet, at+"?holds=true", nil).OK(), "grants.1.id", own, "grants.2", "")
	// An administrator makes no token that acts for a client, with whichever login.
	issue := func(to id.ID) *apitest.Answer {
		return w.As(administrator, http.MethodPost, "/v1/principals/"+to.String()+"/tokens", `{"id":"`+w.ID().String()+`","expires":"2026-03-02T00:00:00Z"}`)
	}
	is(t, issue(desks), "status", "403", "code", "forbidden")
	is(t, issue(login(w, w.North, client.Party)), "status", "403", "code", "forbidden")
	w.As(client, http.MethodPost, "/v1/grants/"+own+"/end", `{}`).OK()
	if acts(fresh) != http.StatusForbidden {
		t.Error("what the party ended is still there")
	}
	// Who would gain does not decide, with whichever of his logins.
	risk := w.North.Staff["risk"]
	own = w.ID().String()
	is(t, give(administrator, login(w, w.North, risk.Party), own), "code", "approval_pending")
	is(t, approve(w, risk, own), "status", "403", "code", "forbidden")
	for body, field := range map[string]string{
		`{"id":"` + w.ID().String() + `","principal":"` + desks.String() + `"}`:                                                                           "body.reason",
		`{"id":"` + w.ID().String() + `","principal":"` + desks.String() + `","reason":"x","from":"2026-03-01T00:00:00Z","until":"2026-03-01T00:00:00Z"}`: "body.until",
	} {
		is(t, w.As(administrator, http.MethodPost, at, body), "status", "400", "field", field)
	}
}

// Who decides is known by his token, so nobody issues it for him, though he had every right himself.
func TestNobodyIssuesADecidersToken(t *testing.T) {
	w := apitest.NewWorld(t)
	both := w.Caller(byOperator(w.North), "both", "administrator", "operations")
	issue := func(to id.ID) *apitest.Answer {
		return w.As(both, http.MethodPost, "/v1/principals/"+to.String()+"/tokens", `{"id":"`+w.ID().String()+`","expires":"2026-03-02T00:00:00Z"}`)
	}
	is(t, issue(w.North.Staff["operations"].Principal), "status", "403", "code", "forbidden")
	issue(login(w, w.North, both.Party)).OK() // his own
	// A grant to come counts as well.
	auditor := login(w, w.North, w.North.Staff["auditor"].Party)
	issue(auditor).OK()
	is(t, issue(w.North.Staff["auditor"].Principal), "status", "403", "code", "forbidden") // who acts for himself with it
	g := party.Grant{ID: w.ID(), Principal: auditor, Party: w.North.Client.Party, From: w.Clock.Now().UnixMicro() + 1_000_000}
	done(w.Ground.Parties.Grant(t.Context(), byOperator(w.North), g))(w)
	is(t, issue(auditor), "status", "403", "code", "forbidden")
	// And a role to come.
	staff := w.Caller(byOperator(w.North), "trainee", "auditor")
	trainee := login(w, w.North, staff.Party)
	issue(trainee).OK()
	o := party.Role{ID: w.ID(), Party: staff.Party, Code: "finance", From: w.Clock.Now().Unix()/86400 + 30}
	done(w.Ground.Parties.GiveRole(t.Context(), byOperator(w.North), o))(w)
	is(t, issue(trainee), "status", "403", "code", "forbidden")
}
