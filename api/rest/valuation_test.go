package rest_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/kit/id"
)

// basisOfMarket is the platform's: whose units and payouts are its own is filled in.
const basisOfMarket = `{"asset":"CNY","own":["OWN"],
	"interest":{"debit":"books:receivable","credit":"books:interest"},"fees":{"debit":"books:receivable","credit":"books:fees"},
	"fees_tax":{"debit":"books:receivable","credit":"books:tax-to-come"},"received_tax":{"debit":"books:fee-tax","credit":"books:tax"},
	"impairment":{"debit":"books:loss","credit":"books:allowance"},"tax_ppm":60000,
	"rates":[{"bucket":"M0","ppm":10000},{"bucket":"M3","ppm":400000}]}`

var chartThatValues = strings.Replace(chartOfMarket, `"accounts"`, `"valuation":`+basisOfMarket+`,"accounts"`, 1)

// valued has a valuation in which nothing was to be booked.
func valued(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	w.T.Helper()
	chartedBy(w, t, chartThatValues)
	day, err := ledger.ParseDate("2026-03-01")
	if err != nil {
		w.T.Fatal(err)
	}
	x, err := w.Ground.Valuer.Value(w.T.Context(), t.ID, accounting.Asked{ID: w.ID(), Ledger: t.Ledgers[0], On: day})
	if err != nil || x.Outcome != "applied" {
		w.T.Fatal(x, err)
	}
	return map[string]string{"valuation": x.ID.String()}
}

var valuationEndpoints = []apitest.Endpoint{
	{ID: "value-book", Body: `{"id":"{id}","on":"2026-03-01"}`, Fill: valued},
	{ID: "list-valuations", Fill: valued},
	{ID: "get-valuation", Fill: valued},
	{ID: "list-valuation-lines", Fill: valued, Query: "bucket=M0"},
}

// A loan that is late, held by the platform: it is valued, paid out from the reserve and valued again.
func TestValuation(t *testing.T) {
	w := apitest.NewWorld(t)
	loan, reserve := w.LendLate(w.North, w.North.Client.Party)
	name := hex.EncodeToString(loan[:])
	for _, a := range []string{"receivable", "fee-tax", "loss", "interest", "fees", "tax-to-come", "tax", "allowance"} {
		w.Post("/v1/ledgers/main/accounts", fmt.Sprintf(`{"address":"books:%s","asset":"CNY","side":"credit","type":"income","code":4001,"constraint":"unbounded"}`, a)).OK()
	}
	finance, path := w.North.Staff["finance"], "/v1/ledgers/main/valuations"
	value := func(made id.ID) *apitest.Answer {
		t.Helper()
		return w.As(finance, http.MethodPost, path, fmt.Sprintf(`{"id":%q,"on":"2026-03-01"}`, made))
	}
	refuses(t, value(w.ID()), 409, "valuation_basis_missing", "")
	chartedBy(w, w.North, strings.Replace(chartThatValues, `"OWN"`, fmt.Sprintf(`"funder:%s:cash",%q`, name, reserve), 1))
	chart := w.As(finance, http.MethodGet, "/v1/charts/2026-03-01", nil).OK()
	if chart.At("valuation", "tax_ppm") != "60000" || chart.At("valuation", "impairment", "credit") != "books:allowance" || chart.At("valuation", "rates", 1, "bucket") != "M3" {
		t.Errorf("%s", chart.Body)
	}
	first := w.ID()
	var x struct {
		ID, Outcome string
		Sequence    uint64
		Sums        []struct{ Bucket, Interest, Exposed, Impaired string }
		Entries     []struct{ Name, Debit, Credit, Target, Booked string }
	}
	for range 2 { // the same again
		value(first).OK().Into(&x)
		// Three installments are due, 12.00 + 11.05 + 10.10, and 8 of 28 days of 9.13 have accrued.
		if x.Outcome != "applied" || x.Sequence == 0 || len(x.Sums) != 1 || x.Sums[0].Bucket != "M3" || x.Sums[0].Exposed != "120000" || x.Sums[0].Impaired != "48000" {
			t.Errorf("%+v", x)
		}
	}
	sum := x.Sums[0].Interest
	if got := w.Get("/v1/ledgers/main/accounts/books:interest/balance").OK().At("balance"); got != sum || x.Entries[0].Target != sum {
		t.Errorf("interest is %s in the account, %s in the sum, %s in the entry", got, sum, x.Entries[0].Target)
	}
	second := w.ID()
	value(second).OK().Into(&x)
	if x.Entries[0].Booked != sum {
		t.Errorf("the same instant again: %+v", x)
	}
	refuses(t, w.As(finance, http.MethodPost, path, fmt.Sprintf(`{"id":%q,"on":"2026-03-02"}`, w.ID())), 400, "invalid", "body.on")
	refuses(t, w.As(finance, http.MethodPost, path, fmt.Sprintf(`{"id":%q,"on":"2026-02-28"}`, first)), 409, "conflict", "body.id")

	var list struct {
		Valuations []struct {
			ID       string
			Sequence uint64
		}
		Next string
	}
	w.As(finance, http.MethodGet, path+"?limit=1", nil).OK().Into(&list)
	if len(list.Valuations) != 1 || list.Valuations[0].ID != second.String() || list.Valuations[0].Sequence != 0 {
		t.Errorf("%+v", list)
	}
	w.As(finance, http.MethodGet, path+"?limit=1&cursor="+list.Next, nil).OK().Into(&list)
	if len(list.Valuations) != 1 || list.Valuations[0].ID != first.String() {
		t.Errorf("%+v", list)
	}
	at := path + "/" + first.String()
	is(t, w.As(finance, http.MethodGet, at, nil), "id", first.String(), "outcome", "applied")
	lines := w.As(finance, http.MethodGet, at+"/lines?limit=1&bucket=M3", nil).OK()
	if lines.At("lines", 0, "claim") != loan.String() || lines.At("lines", 0, "interest") != sum || lines.At("lines", 0, "tax", "received") != "0" {
		t.Errorf("%s", lines.Body)
	}
	if rest := w.As(finance, http.MethodGet, at+"/lines?limit=1&cursor="+lines.At("next"), nil).OK(); rest.At("lines", 0, "claim") != "" {
		t.Errorf("%s", rest.Body)
	}
}

var valuationBodies = map[string]string{
	"/v1/charts": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","chart":{"from":"2026-01-01","accounts":[{"code":1001,"gl":"1002.01","name":{"zh":"x","en":"x"}}],
		"valuation":` + basisOfMarket + `},"reason":"x"}`,
	"/valuations": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","on":"2026-03-01"}`,
}

func TestBadValuationQueries(t *testing.T) {
	const none = "/valuations/019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	badQueries(t, []badQuery{
		{at + "/valuations?cursor=x", 400, "query.cursor"},
		{at + "/valuations?limit=0", 400, "query.limit"},
		{at + "/valuations/x", 400, "path.valuation"},
		{at + none, 404, ""},
		{at + none + "/lines", 404, ""},
		{at + none + "/lines?cursor=AgE", 400, "query.cursor"},
		{at + none + "/lines?limit=1001", 400, "query.limit"},
		{at + none + "/lines?bucket=" + strings.Repeat("a", 17), 400, "query.bucket"},
	})
}

// chartedBy gives the tenant a chart, if he has none.
func chartedBy(w *apitest.World, t *apitest.Tenant, document string) {
	w.T.Helper()
	ctx, books, finance := w.T.Context(), w.Ground.Books, t.Staff["finance"]
	list, err := books.Charts(ctx, t.ID, 0, 1)
	if err != nil {
		w.T.Fatal(err)
	}
	if len(list) == 1 {
		return
	}
	chart, err := accounting.ReadChart([]byte(strings.Replace(document, "OWN", "platform:own", 1)))
	if err != nil {
		w.T.Fatal(err)
	}
	p, err := books.ProposeChart(ctx, w.Ground.Approvals, accounting.Draft{Tenant: t.ID, Proposal: w.ID(), Proposer: finance.Principal, Reason: "first"}, chart)
	if err != nil {
		w.T.Fatal(err)
	}
	colleague := w.Caller(party.By{Tenant: t.ID, Actor: finance.Principal}, "colleague", "finance")
	if _, err := w.Ground.Approvals.Approve(ctx, t.ID, p.ID, colleague.Principal, ""); err != nil {
		w.T.Fatal(err)
	}
}
