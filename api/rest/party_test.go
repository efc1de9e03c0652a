package rest_test

import (
	"slices"

	"github.com/longmen/longmen/api/apitest"
)

// partyEndpoints are those about tenants, parties and principals.
var partyEndpoints = slices.Concat(tenantEndpoints, tokenEndpoints, []apitest.Endpoint{
	{ID: "who-am-i"},
	{ID: "list-parties"},
	{ID: "create-party", Body: `{"id":"{id}","kind":"person","name":"Li Si"}`},
	{ID: "get-party"},
})

// partyBodies are the bodies of everything about tenants, parties and principals.
var partyBodies = map[string]string{
	"/v1/tenants":                       `{"name":"x","ledger":"x","zone":"UTC","clock":"simulated","start":"2026-01-01T00:00:00Z","administrator":"x","login":"x","expires":"2026-03-02T00:00:00Z"}`,
	"/v1/principals/{principal}/tokens": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","expires":"2026-03-02T00:00:00Z"}`,
	"/v1/tokens/{token}/revoke":         `{}`,
	"/v1/parties":                       `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","kind":"person","name":"x"}`,
}
