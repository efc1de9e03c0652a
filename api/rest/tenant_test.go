package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

var tenantEndpoints = []apitest.Endpoint{
	{ID: "create-tenant", Body: `{"name":"east"}`},
	{ID: "list-tenants"},
	{ID: "get-tenant", Fill: thing("tenant", "north")},
}

const east = `{"name":"east","zone":"Asia/Shanghai","clock":"simulated","start":"2026-03-01T00:00:00Z","administrator":"Wang Wu","login":"wang.wu"}`

func TestTenant(t *testing.T) {
	w := apitest.NewWorld(t)
	made := w.Post("/v1/tenants", east).OK()
	is(t, made, "tenant.name", "east", "tenant.first", "east")
	token := made.At("token")
	again := w.Post("/v1/tenants", east).OK()
	if again.At("token") != "" || again.At("token_id") != made.At("token_id") || again.At("tenant", "id") != made.At("tenant", "id") {
		t.Errorf("the same again gave %s after %s", again.Body, made.Body)
	}
	me := w.Do(http.MethodGet, "/v1/me", nil, "Authorization", "Bearer "+token).OK()
	is(t, me, "tenant", "east", "name", "wang.wu", "party", made.At("administrator"))
	if !strings.Contains(string(me.Body), `"role.write"`) {
		t.Errorf("he is no administrator: %s", me.Body)
	}
	if l := w.Do(http.MethodGet, "/v1/ledgers", nil, "Authorization", "Bearer "+token).OK(); l.At("ledgers", 0, "name") != "east" || l.At("ledgers", 1) != "" {
		t.Errorf("his ledgers are %s", l.Body)
	}
	// Without a name of his own the first administrator is called by his login, and without that by what he is.
	for body, name := range map[string]string{`{"name":"plain","login":"wang.wu"}`: "wang.wu", `{"name":"bare"}`: "administrator"} {
		made := w.Post("/v1/tenants", body).OK()
		is(t, w.Do(http.MethodGet, "/v1/parties/"+made.At("administrator"), nil, "Authorization", "Bearer "+made.At("token")).OK(), "name", name)
	}
	is(t, w.Get("/v1/tenants/east").OK(), "first", "east", "id", made.At("tenant", "id"))
	if w.Get("/v1/tenants/nobody").Status != http.StatusNotFound {
		t.Error("there is a tenant nobody")
	}
	for _, c := range []struct {
		body   string
		status int
		field  string
	}{
		{`{"name":"north"}`, http.StatusConflict, "body.name"},
		{`{"name":"west","ledger":"main"}`, http.StatusConflict, "body.ledger"},
		{`{"name":"other"}`, http.StatusConflict, "body.name"}, // south has a ledger of that name
		{`{"name":"west","zone":"Mars"}`, http.StatusBadRequest, "body.zone"},
		{`{"name":"west","clock":"simulated"}`, http.StatusBadRequest, "body.start"},
		{strings.Replace(east, "Wang Wu", "Zhao Liu", 1), http.StatusConflict, "body.administrator"},
		{strings.Replace(east, "wang.wu", "zhao.liu", 1), http.StatusConflict, "body.login"},
	} {
		a := w.Post("/v1/tenants", c.body)
		if a.Status != c.status || a.At("field") != c.field {
			t.Errorf("%s: %d %s", c.body, a.Status, a.Body)
		}
	}
	if w.Get("/v1/tenants/west").Status != http.StatusNotFound {
		t.Error("a refused tenant is there")
	}
	if list := w.Get("/v1/tenants?limit=2").OK(); list.At("next") == "" || w.Get("/v1/tenants?limit=2&cursor="+list.At("next")).OK().At("tenants", 0) == "" {
		t.Errorf("pages: %s", list.Body)
	}
	if log := w.Log.String(); strings.Contains(log, "Wang Wu") || strings.Contains(log, token) {
		t.Errorf("the log knows too much: %s", log)
	}
}

// A tenant whose making was cut off anywhere is ended by the same request, and is the same tenant.
func TestTenantCutOff(t *testing.T) {
	for _, table := range []string{"party_tenant", "party_ledger", "party_party", "party_role", "party_principal", "party_grant", "party_token"} {
		t.Run(table, func(t *testing.T) {
			w := apitest.NewWorld(t)
			run := func(statement string) {
				if _, err := w.Ground.DB.Writer().ExecContext(t.Context(), statement); err != nil {
					t.Fatal(err)
				}
			}
			run("CREATE TRIGGER cut BEFORE INSERT ON " + table + " BEGIN SELECT RAISE(ABORT, 'cut off'); END")
			if a := w.Post("/v1/tenants", east); a.Status != http.StatusInternalServerError {
				t.Fatalf("not cut off: %d %s", a.Status, a.Body)
			}
			run("DROP TRIGGER cut")
			again := w.Post("/v1/tenants", east).OK()
			is(t, again, "tenant.name", "east", "tenant.first", "east")
			me := w.Do(http.MethodGet, "/v1/me", nil, "Authorization", "Bearer "+again.At("token")).OK()
			is(t, me, "party", again.At("administrator"), "tenant", "east")
		})
	}
}
