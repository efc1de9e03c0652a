package rest_test

import (
	"net/http"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

const chartOfMarket = `{"from":"2026-01-01","accounts":[
	{"code":1001,"gl":"1002.01","name":{"zh":"银行存款","en":"Cash at bank"}},
	{"code":2001,"gl":"2241.01","name":{"zh":"投资人资金","en":"Money of investors"}},
	{"code":2002,"gl":"2241.02","name":{"zh":"借款人资金","en":"Money of borrowers"}},
	{"code":2003,"gl":"2241.03","name":{"zh":"待领资金","en":"Unclaimed money"}},
	{"code":4001,"gl":"6021","name":{"zh":"手续费收入","en":"Fee income"}}]}`

// charted gives the tenant a chart, if he has none.
func charted(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	w.T.Helper()
	chartedBy(w, t, chartThatValues)
	return map[string]string{"date": "2026-03-01"}
}

var bookEndpoints = []apitest.Endpoint{
	{ID: "list-charts"},
	{ID: "get-chart", Fill: charted},
	{ID: "propose-chart", Body: `{"id":"{id}","chart":{"from":"2026-04-01","accounts":[{"code":1001,"gl":"1002.01","name":{"zh":"银","en":"Cash"}}]},"reason":"x"}`},
	{ID: "list-periods"},
	{ID: "propose-closing", Body: `{"id":"{id}","through":"2026-02-28","reason":"month end"}`},
	{ID: "list-corrections"},
	{ID: "export-book", Fill: charted, Query: "from=2026-03-01&until=2026-03-31&format=csv"},
}

// What one person of finance proposes, another one approves; documents that could not hold are refused at once.
func TestBooksAreProposed(t *testing.T) {
	w := apitest.NewWorld(t)
	north := w.North
	finance := north.Staff["finance"]
	proposal := w.ID().String()
	for range 2 {
		a := w.As(finance, http.MethodPost, "/v1/charts", `{"id":"`+proposal+`","reason":"first","chart":`+chartOfMarket+`}`).OK()
		is(t, a, "id", proposal, "action", "accounting-chart", "state", "open")
	}
	is(t, w.As(finance, http.MethodPost, "/v1/charts", `{"id":"`+proposal+`","reason":"other","chart":`+chartOfMarket+`}`), "status", "409")
	is(t, w.As(finance, http.MethodPost, "/v1/charts", `{"id":"`+w.ID().String()+`","reason":"x","chart":{"from":"2026-01-01","accounts":[
		{"code":1,"gl":"a","name":{"zh":"x","en":"x"}},{"code":1,"gl":"b","name":{"zh":"x","en":"x"}}]}}`), "status", "400", "field", "body.chart.accounts[1].code")
	is(t, w.As(finance, http.MethodPost, "/v1/ledgers/main/periods", `{"id":"`+w.ID().String()+`","through":"2026-03-01","reason":"x"}`),
		"status", "409", "field", "body.through") // that day is not over
	charted(w, north, nil)
	is(t, w.As(finance, http.MethodPost, "/v1/charts", `{"id":"`+w.ID().String()+`","reason":"x","chart":`+chartOfMarket+`}`),
		"status", "409", "field", "body.chart.from") // figures that were told stay
	chart := w.As(finance, http.MethodGet, "/v1/charts/2026-03-01", nil).OK()
	if chart.At("from") != "2026-01-01" || chart.At("accounts", 1, "gl") != "2241.01" || chart.At("accounts", 5, "gl") != "" {
		t.Errorf("%s", chart.Body)
	}
}

var bookBodies = map[string]string{
	"/periods": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","through":"2026-02-28","reason":"x"}`,
}

func TestBadBookQueries(t *testing.T) {
	badQueries(t, []badQuery{
		{"/v1/charts?cursor=x", 400, "query.cursor"},
		{"/v1/charts/2026-02-30", 400, "path.date"},
		{"/v1/charts/2026-03-01", 404, ""},
		{at + "/corrections?from=x", 400, "query.from"},
		{at + "/corrections?until=x", 400, "query.until"},
		{at + "/corrections?limit=0", 400, "query.limit"},
		{at + "/corrections?cursor=x", 400, "query.cursor"},
		{at + "/export?from=2026-01-01", 400, "query.until"},
		{at + "/export?from=2026-01-02&until=2026-01-01", 400, "query.until"},
		{at + "/export?from=2024-01-01&until=2026-01-01", 400, "query.until"},
		{at + "/export?from=2026-01-01&until=2026-01-02&format=xls", 400, "query.format"},
		{at + "/export?from=2026-01-01&until=2026-01-02&sequence=99999", 404, "query.sequence"},
	})
}
