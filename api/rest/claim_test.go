package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/id"
)

const aClaim = `{"id":"{id}","loan":"{loan}","units":400,"price":"0.985"}`

// claimed gives a loan that the caller holds.
func claimed(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	return map[string]string{"loan": w.Claim(t, c).String()}
}

// offered gives a claim that the caller offers.
func offered(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	words := claimed(w, t, c)
	words["sale"] = w.ID().String()
	body := strings.NewReplacer("{id}", words["sale"], "{loan}", words["loan"]).Replace(aClaim)
	w.As(c, http.MethodPost, "/v1/parties/"+c.Party.String()+"/claim-sales", body).OK()
	return words
}

// noted gives a claim that the caller has sold, with its note.
func noted(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	loan, sale := w.Sell(t, c, w.Caller(party.By{Tenant: t.ID, Actor: t.Client.Principal}, "buyer-"+w.ID().String()[24:]))
	return map[string]string{"loan": loan.String(), "sale": sale.String()}
}

func init() {
	const some = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	maps.Copy(good, map[string]string{
		"/v1/parties/{party}/claim-sales": strings.NewReplacer("{id}", some, "{loan}", some).Replace(aClaim),
		"/v1/claim-sales/{sale}/purchase": `{"pays":"1"}`,
		"/v1/claim-sales/{sale}/cancel":   `{}`,
	})
}

var claimEndpoints = []apitest.Endpoint{
	{ID: "quote-claim", Fill: claimed, Query: "units=400&price=1"},
	{ID: "offer-claim", Fill: claimed, Body: aClaim},
	{ID: "list-party-claim-sales", Fill: offered},
	{ID: "list-claim-trades"},
	{ID: "list-claim-sales"},
	{ID: "get-claim-sale", Fill: offered},
	{ID: "buy-claim", Fill: offered, Body: `{"pays":"1"}`},
	{ID: "cancel-claim-sale", Fill: offered, Body: `{}`},
	{ID: "list-claim-notes", Fill: lent},
	{ID: "get-claim-note", Fill: noted},
	{ID: "get-portfolio", Fill: claimed},
	{ID: "list-holder-payments", Fill: claimed},
}

// An investor offers a part of his claim, another one buys it, and both see what they have.
func TestClaims(t *testing.T) {
	w := apitest.NewWorld(t)
	me, other := w.North.Client, w.North.Other
	loan := w.Claim(w.North, me, other)
	mine, theirs := "/v1/parties/"+me.Party.String(), "/v1/parties/"+other.Party.String()
	get := func(c *apitest.Caller, path string) *apitest.Answer { return w.As(c, http.MethodGet, path, nil) }

	// On the first day no interest is borne: 400 of 1,200 units of 1,200.00 at 0.985.
	is(t, get(me, mine+"/loans/"+loan.String()+"/quote?units=400&price=0.985").OK(), "face", "40000", "clean", "39400", "accrued", "0", "price", "39400", "pays", "39400", "against", "")
	is(t, get(me, mine+"/loans/"+loan.String()+"/quote?units=50&price=1").OK(), "against", "piece_too_small", "pays", "0")

	own := w.ID().String()
	body := strings.NewReplacer("{id}", own, "{loan}", loan.String()).Replace(aClaim)
	is(t, w.As(me, http.MethodPost, mine+"/claim-sales", body).OK(), "state", "offered", "units", "400", "of", "1200", "asked", "39400", "seller", me.Party.String())
	is(t, w.As(me, http.MethodPost, mine+"/claim-sales", strings.Replace(body, `"units":400`, `"units":500`, 1)), "status", "409", "code", "conflict")
	seen := w.Follow(w.North, 0)

	sale, list := "/v1/claim-sales/"+own, "/v1/claim-sales?loan="+loan.String()
	is(t, get(other, list).OK(), "sales.0.id", own, "sales.0.seller", "", "sales.1", "")
	is(t, get(me, list).OK(), "sales.0.seller", me.Party.String())
	is(t, get(other, "/v1/claim-sales?loan=x"), "status", "400", "field", "query.loan")
	is(t, get(other, sale).OK(), "state", "offered", "now.pays", "39400", "now.receives", "39400")
	is(t, get(w.South.Client, sale), "status", "404")

	buy := func(c *apitest.Caller, pays, key string) *apitest.Answer {
		return w.As(c, http.MethodPost, sale+"/purchase", fmt.Sprintf(`{"pays":%q}`, pays), "Idempotency-Key", key)
	}
	is(t, buy(other, "39399", "low"), "status", "409", "code", "claim_price_changed", "field", "body.pays")
	is(t, buy(me, "39400", "own"), "status", "409", "code", "claim_own")
	bought := buy(other, "39400", "buy").OK()
	is(t, bought, "price", "39400", "pays", "39400")
	is(t, buy(other, "39400", "buy").OK(), "sequence", bought.At("sequence"))
	is(t, buy(other, "39400", "late"), "status", "409", "code", "claim_sale_over", "field", "path.sale")
	is(t, w.As(me, http.MethodPost, sale+"/cancel", `{}`), "status", "409", "code", "claim_sale_over")
	w.Follow(w.North, seen)

	is(t, get(other, sale).OK(), "state", "sold", "now", "")
	is(t, get(other, list).OK(), "sales.0", "")
	is(t, get(me, mine+"/claim-sales").OK(), "sales.0.state", "sold")
	is(t, get(me, mine+"/claim-trades").OK(), "trades.0.side", "sold", "trades.0.money", "39400", "trades.0.fees", "0", "trades.1", "")
	is(t, get(other, theirs+"/claim-trades?ledger=main").OK(), "trades.0.side", "bought", "trades.0.units", "400")
	is(t, get(other, theirs+"/claim-trades?ledger=other"), "status", "404", "field", "query.ledger")

	is(t, get(other, theirs+"/portfolio").OK(), "cash", "60600", "invested", "40000", "paid", "39400", "claims.0.units", "400", "claims.0.of", "1200",
		"expected.0.date", "2026-04-01", "expected.11.date", "2027-03-01", "no_rate", "nothing was invested before today")
	is(t, get(other, mine+"/portfolio"), "status", "404", "field", "path.party")
}

// What a payment brings a holder is told with the arithmetic of his share.
func TestHolderPayments(t *testing.T) {
	w := apitest.NewWorld(t)
	me := w.North.Client
	loan := w.Claim(w.North, me)
	w.As(w.North.Staff["operations"], http.MethodPost, "/v1/loans/"+loan.String()+"/payments", `{"id":`+quoted(w.ID().String())+`,"amount":"10662"}`).OK()
	a := w.As(me, http.MethodGet, "/v1/parties/"+me.Party.String()+"/loans/"+loan.String()+"/payments", nil).OK()
	is(t, a, "payments.0.amount", "10662", "payments.0.shares.0.tranche", "principal", "payments.0.shares.0.all", "9462", "payments.0.shares.0.units", "1200",
		"payments.0.shares.0.of", "1200", "payments.0.shares.0.exact", "9462.000000", "payments.0.shares.1.got", "1200", "payments.1", "")
}

// What is wrong with an offer is named, and what its product says stands against it.
func TestClaimsRefused(t *testing.T) {
	w := apitest.NewWorld(t)
	me := w.North.Client
	loan := w.Claim(w.North, me)
	for _, c := range []struct {
		units, price, code, field, detail string
		status                            int
	}{
		{"1201", "1", "claim_not_for_sale", "body.units", "too_many_units", 409},
		{"400", "0.9", "claim_not_for_sale", "body.price", "price_too_low", 409},
		{"400", "1.03", "claim_not_for_sale", "body.price", "price_too_high", 409},
		{"1150", "1", "claim_not_for_sale", "body.units", "rest_too_small", 409},
		{"400", "1.0000000000001", "invalid", "body.price", "", 400},
	} {
		body := fmt.Sprintf(`{"id":%q,"loan":%q,"units":%s,"price":%q}`, w.ID(), loan, c.units, c.price)
		a := w.As(me, http.MethodPost, "/v1/parties/"+me.Party.String()+"/claim-sales", body)
		is(t, a, "status", fmt.Sprint(c.status), "code", c.code, "field", c.field)
		if !strings.Contains(a.At("detail"), c.detail) {
			t.Errorf("%s", a.Body)
		}
	}
	none := w.ID()
	body := fmt.Sprintf(`{"id":%q,"loan":%q,"units":400,"price":"1"}`, w.ID(), none)
	is(t, w.As(me, http.MethodPost, "/v1/parties/"+me.Party.String()+"/claim-sales", body), "status", "404")
	found, err := w.Ground.Sales.Trades(t.Context(), w.North.ID, "main", me.Party, 0, sale.MaxPage)
	if err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
	if _, err := w.Ground.Sales.Get(t.Context(), w.North.ID, id.ID(none)); err == nil {
		t.Error("there is a sale that nobody made")
	}
}
