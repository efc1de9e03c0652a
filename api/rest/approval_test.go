package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/id"
)

// propose lets a principal propose to change a fee.
func propose(w *apitest.World, t *apitest.Tenant, who id.ID, amount int64) string {
	w.T.Helper()
	p, err := w.Ground.Approvals.Propose(w.T.Context(), ops.Proposal{
		Tenant: t.ID, ID: w.ID(), Action: apitest.Action, Subject: w.ID(), Version: 3, Asset: "CNY", Amount: amount,
		Was: []byte(`{"rate":"0.01"}`), Becomes: []byte(`{"rate":"0.02","from":"2026-04-01"}`), Reason: "costs", Proposer: who,
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return p.ID.String()
}

func proposedBy(role string) func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string {
	return func(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
		if role != "" {
			c = t.Staff[role]
		}
		return map[string]string{"proposal": propose(w, t, c.Principal, 500)}
	}
}

var approvalEndpoints = []apitest.Endpoint{
	{ID: "list-proposals"},
	{ID: "get-proposal", Fill: proposedBy("")},
	{ID: "approve-proposal", Fill: proposedBy(""), Body: `{}`},
	{ID: "refuse-proposal", Fill: proposedBy(""), Body: `{"why":"too much"}`},
	{ID: "withdraw-proposal", Fill: proposedBy("operations"), Body: `{}`, Only: "operations"},
}

var approvalBodies = map[string]string{
	"/v1/proposals/{proposal}/approval":   `{"why":"fine"}`,
	"/v1/proposals/{proposal}/refusal":    `{"why":"no"}`,
	"/v1/proposals/{proposal}/withdrawal": `{"why":"a mistake"}`,
}

func TestApprovals(t *testing.T) {
	w := apitest.NewWorld(t)
	operations, finance := w.North.Staff["operations"], w.North.Staff["finance"]
	// A second login of the same person.
	by := party.By{Tenant: w.North.ID, Actor: operations.Principal}
	phone := party.Principal{ID: w.ID(), Kind: "login", Name: "operations.phone", Person: operations.Party}
	if _, err := w.Ground.Parties.CreatePrincipal(t.Context(), by, phone); err != nil {
		t.Fatal(err)
	}
	_, secret, err := w.Ground.Parties.IssueToken(t.Context(), by, party.Token{ID: w.ID(), Principal: phone.ID, Expires: w.Clock.Now().UnixMicro() + 3_600_000_000})
	if err != nil {
		t.Fatal(err)
	}
	onPhone := &apitest.Caller{Token: secret.Text()}

	at := "/v1/proposals/" + propose(w, w.North, operations.Principal, 500)
	is(t, w.As(finance, http.MethodGet, at, nil).OK(), "state", "open", "action", apitest.Action, "amount", "500", "version", "3",
		"changes.0.path", "from", "changes.0.becomes", "2026-04-01", "changes.0.was", "", "changes.1.path", "rate", "changes.1.was", "0.01")
	for _, own := range []*apitest.Caller{operations, onPhone} {
		is(t, w.As(own, http.MethodPost, at+"/approval", `{}`), "status", "403", "code", "forbidden")
		is(t, w.As(own, http.MethodPost, at+"/refusal", `{"why":"no"}`), "status", "403", "code", "forbidden")
	}
	is(t, w.As(w.North.Staff["auditor"], http.MethodPost, at+"/approval", `{}`), "status", "403")
	is(t, w.As(finance, http.MethodPost, at+"/approval", `{"why":"fine"}`).OK(), "state", "approved", "why", "fine", "decider", finance.Principal.String())
	is(t, w.As(finance, http.MethodPost, at+"/approval", `{"why":"fine"}`).OK(), "state", "approved") // again
	is(t, w.As(w.North.Staff["risk"], http.MethodPost, at+"/refusal", `{"why":"late"}`), "status", "409", "code", "conflict")

	if err := w.Clock.Advance(time.Second); err != nil { // lists go by ids, which go by time
		t.Fatal(err)
	}
	over := "/v1/proposals/" + propose(w, w.North, operations.Principal, 1_000_001)
	is(t, w.As(finance, http.MethodPost, over+"/approval", `{}`), "status", "403", "code", "forbidden")
	is(t, w.As(onPhone, http.MethodPost, over+"/withdrawal", `{"why":"a mistake"}`).OK(), "state", "withdrawn", "why", "a mistake")

	list := w.As(finance, http.MethodGet, "/v1/proposals?limit=1", nil).OK()
	is(t, list, "proposals.0.state", "withdrawn", "proposals.1", "")
	is(t, w.As(finance, http.MethodGet, "/v1/proposals?limit=1&cursor="+list.At("next"), nil).OK(), "proposals.0.state", "approved", "proposals.1", "")
	is(t, w.As(finance, http.MethodGet, "/v1/proposals?state=open", nil).OK(), "proposals.0", "")
}
