package rest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/id"
)

func productFile(t testing.TB, name string) string {
	t.Helper()
	file, err := catalog.ShippedFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}

// onShelf puts consumer-loan in force in the tenant, if it is not there yet.
func onShelf(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	w.T.Helper()
	if _, err := w.Ground.Products.Get(w.T.Context(), t.ID, "consumer-loan", 1); err != nil {
		p := proposeProduct(w, t, productFile(w.T, "consumer-loan"), "2026-03-01")
		if _, err := w.Ground.Approvals.Approve(w.T.Context(), t.ID, p, t.Staff["risk"].Principal, ""); err != nil {
			w.T.Fatal(err)
		}
	}
	return map[string]string{"product": "consumer-loan"}
}

// proposeProduct lets somebody of operations propose.
func proposeProduct(w *apitest.World, t *apitest.Tenant, file, effective string) id.ID {
	w.T.Helper()
	proposal := w.ID()
	w.As(t.Staff["operations"], http.MethodPost, "/v1/products", map[string]any{
		"id": proposal.String(), "file": file, "effective": effective, "reason": "cheaper",
	}).OK()
	return proposal
}

var productEndpoints = []apitest.Endpoint{
	{ID: "list-products", Fill: onShelf},
	{ID: "get-product", Fill: onShelf},
	{ID: "list-product-versions", Fill: onShelf},
	{ID: "get-product-file", Fill: onShelf},
	{ID: "get-product-schema"},
	{ID: "simulate-product", Fill: onShelf, Body: `{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-01"}`},
	{ID: "decide-product", Fill: onShelf, Body: `{"facts":[{"fact":"applicant.age","value":"32"}]}`},
	{ID: "propose-product", Fill: func(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
		return map[string]string{"file": quoted(productFile(w.T, "bullet-loan"))}
	}, Body: `{"id":"{id}","file":{file},"effective":"2026-03-01","reason":"new"}`},
}

// TestProducts walks a product's way: proposed by one person, approved by another, in force on its day, read by who may
// see it, and replaced.
func TestProducts(t *testing.T) {
	w := apitest.NewWorld(t)
	north, ctx := w.North, t.Context()
	ops, risk, client := north.Staff["operations"], north.Staff["risk"], north.Client
	file := productFile(t, "consumer-loan")
	proposal := proposeProduct(w, north, file, "2026-03-02")
	body := map[string]any{"id": proposal.String(), "file": file, "effective": "2026-03-02", "reason": "cheaper"}
	is(t, w.As(ops, http.MethodPost, "/v1/products", body).OK(), "id", proposal.String(), "action", "product-version", "state", "open")
	body["reason"] = "other"
	is(t, w.As(ops, http.MethodPost, "/v1/products", body), "status", "409")
	if _, err := w.Ground.Approvals.Approve(ctx, north.ID, proposal, ops.Principal, ""); err == nil {
		t.Error("who proposed it approves it")
	}
	if _, err := w.Ground.Approvals.Approve(ctx, north.ID, proposal, north.Staff["administrator"].Principal, ""); err == nil {
		t.Error("an administrator approves it")
	}
	is(t, w.As(risk, http.MethodGet, "/v1/products/consumer-loan?version=1", nil), "status", "404")
	if _, err := w.Ground.Approvals.Approve(ctx, north.ID, proposal, risk.Principal, ""); err != nil {
		t.Fatal(err)
	}

	listed := w.As(risk, http.MethodGet, "/v1/products", nil).OK()
	if listed.At("products", 0, "current") != "" || listed.At("products", 0, "next", "effective") != "2026-03-02" || listed.At("products", 0, "next", "approver") != risk.Principal.String() {
		t.Errorf("%s", listed.Body)
	}
	for _, hidden := range []string{"", "?version=1", "?on=2026-03-02"} {
		is(t, w.As(client, http.MethodGet, "/v1/products/consumer-loan"+hidden, nil), "status", "404")
	}
	if a := w.As(client, http.MethodGet, "/v1/products", nil).OK(); a.At("products", 0, "code") != "" {
		t.Errorf("a client sees what is not in force yet: %s", a.Body)
	}

	is(t, w.As(w.South.Staff["risk"], http.MethodGet, "/v1/products/consumer-loan?version=1", nil), "status", "404")
	if err := w.Clock.Advance(24 * time.Hour); err != nil {
		t.Fatal(err)
	}
	by := party.By{Tenant: north.ID, Actor: ops.Principal} // tokens last a day
	client, ops = w.Caller(by, "a-client"), w.Caller(by, "a-clerk", "operations")
	north.Staff["operations"] = ops
	got := w.As(client, http.MethodGet, "/v1/products/consumer-loan", nil).OK()
	is(t, got, "code", "consumer-loan", "version", "1", "effective", "2026-03-02", "offered", "true")
	if got.At("product", "asset", "code") != "CNY" || got.At("approver") != "" {
		t.Errorf("%s", got.Body)
	}
	text := w.As(client, http.MethodGet, "/v1/products/consumer-loan/file", nil).OK()
	if p, err := catalog.Read(text.Body); err != nil || p.Code != "consumer-loan" || text.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("%v %s", err, text.Body)
	}

	quote := w.As(client, http.MethodPost, "/v1/products/consumer-loan/simulation", `{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-02"}`).OK()
	if quote.At("schedule", 11, "balance") != "0" || quote.At("schedule", 12, "n") != "" || quote.At("all_in_cost", "effective_percent") == "" || quote.At("flows", 0, "party") == "" {
		t.Errorf("%s", quote.Body)
	}
	for field, wrong := range map[string]string{
		"body.amount": `{"amount":"1","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-02"}`,
		"body.term":   `{"amount":"1000000","term":{"n":7,"unit":"days"},"grade":"a","start":"2026-03-02"}`,
		"body.grade":  `{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"zz","start":"2026-03-02"}`,
		"body.class":  `{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-02","class":"none"}`,
	} {
		is(t, w.As(client, http.MethodPost, "/v1/products/consumer-loan/simulation", wrong), "status", "400", "field", field)
	}
	decision := w.As(client, http.MethodPost, "/v1/products/consumer-loan/decision", `{"facts":[{"fact":"applicant.age","value":"17"}]}`).OK()
	if decision.At("accepted") != "false" || decision.At("failed", 0, "rule") == "" {
		t.Errorf("%s", decision.Body)
	}
	for field, wrong := range map[string]string{
		"body.facts[0]":      `{"facts":[{"fact":"applicant.shoes","value":"17"}]}`,
		"body.facts[1]":      `{"facts":[{"fact":"applicant.kind","value":"person"},{"fact":"applicant.age","value":"old"}]}`,
		"body.facts[1].fact": `{"facts":[{"fact":"applicant.age","value":"17"},{"fact":"applicant.age","value":"18"}]}`,
	} {
		is(t, w.As(client, http.MethodPost, "/v1/products/consumer-loan/decision", wrong), "status", "400", "field", field)
	}

	withdrawn := strings.Replace(file, "asset:", "offered: false\nasset:", 1)
	second := proposeProduct(w, north, withdrawn, "2026-03-02")
	if _, err := w.Ground.Approvals.Approve(ctx, north.ID, second, risk.Principal, ""); err != nil {
		t.Fatal(err)
	}
	is(t, w.As(client, http.MethodGet, "/v1/products/consumer-loan", nil), "status", "404")
	is(t, w.As(client, http.MethodGet, "/v1/products/consumer-loan?version=1", nil).OK(), "version", "1") // his contract's
	if a := w.As(client, http.MethodGet, "/v1/products/consumer-loan/versions", nil).OK(); a.At("versions", 0, "version") != "1" || a.At("versions", 1, "version") != "" {
		t.Errorf("%s", a.Body)
	}
	page := w.As(ops, http.MethodGet, "/v1/products/consumer-loan/versions?limit=1", nil).OK()
	if page.At("versions", 0, "version") != "2" {
		t.Errorf("%s", page.Body)
	}
	page = w.As(ops, http.MethodGet, "/v1/products/consumer-loan/versions?limit=1&cursor="+page.At("next"), nil).OK()
	if page.At("versions", 0, "version") != "1" {
		t.Errorf("%s", page.Body)
	}
}

// A product that gives its installment, or the principal of each row, is proposed, simulated and written like any other.
func TestGivenProducts(t *testing.T) {
	w := apitest.NewWorld(t)
	north := w.North
	for name, c := range map[string]struct {
		body string
		rows []string // total of the first rows
		last int
	}{
		"salary-loan": {`{"amount":"130000","term":{"n":24,"unit":"months"},"grade":"b","start":"2026-03-02"}`, []string{"10000", "10000"}, 16},
		"crop-loan":   {`{"amount":"1200000","term":{"n":12,"unit":"months"},"grade":"farmer","start":"2026-03-02"}`, []string{"18148", "18148", "857951", "365326"}, 4},
	} {
		file, err := os.ReadFile(filepath.Join("..", "..", "front", "catalog", "testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		proposal := proposeProduct(w, north, string(file), "2026-03-01")
		if _, err := w.Ground.Approvals.Approve(t.Context(), north.ID, proposal, north.Staff["risk"].Principal, ""); err != nil {
			t.Fatal(err)
		}
		path := "/v1/products/" + name
		quote := w.As(north.Client, http.MethodPost, path+"/simulation", c.body).OK()
		for i, total := range c.rows {
			if got := quote.At("schedule", i, "total"); got != total {
				t.Errorf("%s, row %d is %s, want %s", name, i+1, got, total)
			}
		}
		if quote.At("schedule", c.last-1, "balance") != "0" || quote.At("schedule", c.last, "n") != "" {
			t.Errorf("%s does not end with row %d: %s", name, c.last, quote.Body)
		}
		if p, err := catalog.Read(w.As(north.Client, http.MethodGet, path+"/file", nil).OK().Body); err != nil || p.Code != name {
			t.Errorf("%v %v", p, err)
		}
	}
}

// What is wrong with a file is told with its line and field, all of it.
func TestBadProducts(t *testing.T) {
	w := apitest.NewWorld(t)
	file := productFile(t, "consumer-loan")
	for _, c := range []struct{ file, effective, reason, field, says string }{
		{"code: [", "2026-03-01", "x", "body.file", "line 1"},
		{strings.Replace(file, "code: consumer-loan", "code: Consumer Loan", 1), "2026-03-01", "x", "body.file.code", "line "},
		{"code: x\nname: 7\n", "2026-03-01", "x", "body.file.", "line "},
		{strings.Replace(file, "method: equal_installment", "method: fixed_installment\n  installment: {share: \"0.001\"}", 1), "2026-03-01", "x", "body.file.repayment.installment", "such a row repays nothing"},
		{file, "2026-02-27", "x", "body.effective", "lies before"},
		{file, "2500-01-01", "x", "body.effective", "lies after"},
		{file, "2026-03-01", strings.Repeat("贵", 400), "body.reason", "1000 bytes"},
	} {
		a := w.As(w.North.Staff["operations"], http.MethodPost, "/v1/products", map[string]any{
			"id": w.ID().String(), "file": c.file, "effective": c.effective, "reason": c.reason,
		})
		if a.Status != http.StatusBadRequest || !strings.HasPrefix(a.At("field"), c.field) || !strings.Contains(a.At("detail"), c.says) {
			t.Errorf("want 400 that names %s and says %q: %d %s", c.field, c.says, a.Status, a.Body)
		}
	}
	a := w.As(w.North.Staff["operations"], http.MethodPost, "/v1/products", map[string]any{
		"id": w.ID().String(), "file": "code: Bad Code\nname: 7\n", "effective": "2026-03-01", "reason": "x",
	})
	if a.At("errors", 1, "field") == "" || !strings.HasPrefix(a.At("errors", 1, "detail"), "line ") {
		t.Errorf("only one fault is told: %s", a.Body)
	}
}

var productBodies = map[string]string{
	"/v1/products":                      `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","file":"code: x","effective":"2026-03-01","reason":"x"}`,
	"/v1/products/{product}/simulation": `{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-01","class":"x"}`,
	"/v1/products/{product}/decision":   `{"facts":[{"fact":"applicant.age","value":"32"}]}`,
}

func TestBadProductQueries(t *testing.T) {
	badQueries(t, []badQuery{
		{"/v1/products?limit=0", 400, "query.limit"},
		{"/v1/products?cursor=x", 400, "query.cursor"},
		{"/v1/products/" + strings.Repeat("a", 65), 400, "path.product"},
		{"/v1/products/none", 404, ""},
		{"/v1/products/none?on=2026-02-30", 400, "query.on"},
		{"/v1/products/none?version=0", 400, "query.version"},
		{"/v1/products/none?version=1&on=2026-03-01", 400, "query.version"},
		{"/v1/products/none/file?version=x", 400, "query.version"},
		{"/v1/products/none/versions?cursor=x", 400, "query.cursor"},
		{"/v1/product-schema?x=1", 400, "query.x"},
	})
}

// badQuery is a question that is refused.
type badQuery struct {
	path   string
	status int
	field  string
}

func badQueries(t *testing.T, list []badQuery) {
	w := apitest.NewWorld(t)
	w.Tenant = "north"
	for _, c := range list {
		if a := w.Get(c.path); a.Status != c.status || a.At("field") != c.field {
			t.Errorf("%s: want %d that names %q, got %d: %s", c.path, c.status, c.field, a.Status, a.Body)
		}
	}
}
