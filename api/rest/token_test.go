package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// clients fills in the principal and the token of the client.
func clients(_ *apitest.World, _ *apitest.Tenant, c *apitest.Caller) map[string]string {
	return map[string]string{"principal": c.Principal.String()}
}

// spare issues a token of the client that can be revoked.
func spare(w *apitest.World, _ *apitest.Tenant, c *apitest.Caller) map[string]string {
	a := w.Do(http.MethodPost, "/v1/principals/"+c.Principal.String()+"/tokens", `{"id":"`+w.ID().String()+`","expires":"2026-03-02T00:00:00Z"}`,
		"Longmen-Tenant", "north").OK()
	return map[string]string{"token": a.At("id")}
}

// auditors fills in a principal whose token lets nobody do what an administrator may not: it acts for no party.
func auditors(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	return map[string]string{"principal": login(w, t, t.Staff["auditor"].Party).String()}
}

var tokenEndpoints = []apitest.Endpoint{
	{ID: "issue-token", Fill: auditors, Body: `{"id":"{id}","expires":"2026-03-02T00:00:00Z"}`},
	{ID: "list-tokens", Fill: clients},
	{ID: "revoke-token", Fill: spare, Body: `{}`},
}

// An administrator lets others in, but nobody who may do what he may not himself.
func TestTokenIsNoLadder(t *testing.T) {
	w := apitest.NewWorld(t)
	administrator := w.North.Staff["administrator"]
	issue := func(to *apitest.Caller) *apitest.Answer {
		return w.As(administrator, http.MethodPost, "/v1/principals/"+to.Principal.String()+"/tokens",
			`{"id":"`+w.ID().String()+`","expires":"2026-03-02T00:00:00Z"}`)
	}
	for role, to := range w.North.Staff {
		want := http.StatusForbidden
		if role == "administrator" { // the others may do less, or as much, but act for themselves as well
			want = http.StatusOK
		}
		if a := issue(to); a.Status != want {
			t.Errorf("a token of %s: %d %s", role, a.Status, a.Body)
		}
	}
	// A client lets him in, and lets him out again.
	client := w.North.Client
	is(t, issue(client), "status", "403", "code", "forbidden")
	grant := `{"id":"` + w.ID().String() + `","principal":"` + administrator.Principal.String() + `"}`
	let := w.As(client, http.MethodPost, "/v1/parties/"+client.Party.String()+"/grants", grant).OK()
	made := issue(client).OK()
	w.As(client, http.MethodPost, "/v1/grants/"+let.At("id")+"/end", `{}`).OK()
	is(t, issue(client), "status", "403", "code", "forbidden")
	token := made.At("token")
	is(t, w.Do(http.MethodGet, "/v1/me", nil, "Authorization", "Bearer "+token).OK(), "principal", w.North.Client.Principal.String())
	if list := w.As(administrator, http.MethodGet, "/v1/principals/"+w.North.Client.Principal.String()+"/tokens", nil).OK(); strings.Contains(string(list.Body), "longmen_") {
		t.Errorf("the list shows texts: %s", list.Body)
	}
	w.As(administrator, http.MethodPost, "/v1/tokens/"+made.At("id")+"/revoke", `{}`).OK()
	is(t, w.Do(http.MethodGet, "/v1/me", nil, "Authorization", "Bearer "+token), "code", "token_revoked")
	if strings.Contains(w.Log.String(), token) {
		t.Error("the log has the token")
	}
}
