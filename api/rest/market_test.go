package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/id"
)

const aListing = `{"id":"{id}","loan":"{id}","borrower":"{id}","ledger":"{ledger}","register":"loan:9","tranches":["principal"],
	"unclaimed":"platform:unclaimed","receiver":"borrower:7:cash","asset":"CNY","unit":"100","units":1000,"minimum":100,"step":50,"share":400,
	"product":"plain","grade":"a","days":360,"opens":"2026-03-01T00:00:00Z","closes":"2026-03-08T00:00:00Z"}`

const aMandate = `{"id":"{id}","ledger":"{ledger}","amount":"100000","smallest":"10000","grades":["a"],"shortest":30,"longest":720,
	"per_loan":"30000","per_borrower":"50000","per_region":"90000"}`

// enrolled gives a mandate of the caller.
func enrolled(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	own := w.ID().String()
	body := strings.NewReplacer("{id}", own, "{ledger}", t.Ledgers[0]).Replace(aMandate)
	w.As(c, http.MethodPost, "/v1/parties/"+c.Party.String()+"/mandates", body).OK()
	return map[string]string{"mandate": own}
}

// enrolledAndOpen gives a mandate of the caller, and a listing.
func enrolledAndOpen(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	words := enrolled(w, t, c)
	maps.Copy(words, open(w, t, c))
	return words
}

// open gives a listing of the tenant.
func open(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	return map[string]string{"listing": w.Listing(t, c).String()}
}

// placed gives a bid of the caller.
func placed(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	listing := w.Listing(t, c)
	a := w.As(c, http.MethodPost, fmt.Sprintf("/v1/listings/%s/bids", listing), `{"amount":"10000"}`, "Idempotency-Key", w.ID().String()).OK()
	return map[string]string{"listing": listing.String(), "bid": a.At("id")}
}

func init() {
	const some = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	good["/v1/listings"] = strings.NewReplacer("{id}", some, "{ledger}", "main", `"grade"`, `"region":"44","version":1,"partial":1,"grade"`).Replace(aListing)
	good["/v1/listings/{listing}/bids"] = `{"amount":"10000"}`
	good["/v1/parties/{party}/bids/{bid}/cancel"] = `{}`
	good["/v1/parties/{party}/mandates"] = strings.NewReplacer("{id}", some, "{ledger}", "main").Replace(aMandate)
	good["/v1/parties/{party}/mandates/{mandate}/revoke"] = `{}`
}

var marketEndpoints = []apitest.Endpoint{
	{ID: "create-listing", Body: aListing},
	{ID: "list-listings"},
	{ID: "get-listing", Fill: open},
	{ID: "place-bid", Fill: open, Body: `{"amount":"10000"}`},
	{ID: "list-bids"},
	{ID: "get-bid", Fill: placed},
	{ID: "create-mandate", Body: aMandate},
	{ID: "list-mandates"},
	{ID: "get-mandate", Fill: enrolled},
	{ID: "list-mandate-bids", Fill: enrolled},
	{ID: "get-mandate-listing", Fill: enrolledAndOpen},
	{ID: "list-mandate-drifts", Fill: enrolled},
	{ID: "revoke-mandate", Fill: enrolled, Body: `{}`},
	{ID: "cancel-bid", Fill: placed, Body: `{}`},
}

// An investor bids by his own login, for himself, and sees where he stands in the order.
func TestBids(t *testing.T) {
	w := apitest.NewWorld(t)
	me, other := w.North.Client, w.North.Other
	listing := w.Listing(w.North, me, other)
	path := fmt.Sprintf("/v1/listings/%s/bids", listing)
	bid := func(c *apitest.Caller, amount, key string) *apitest.Answer {
		return w.As(c, http.MethodPost, path, fmt.Sprintf(`{"amount":%q}`, amount), "Idempotency-Key", key)
	}
	is(t, w.As(me, http.MethodGet, "/v1/me", nil).OK(), "money.0.ledger", "main", "money.0.asset", "CNY", "money.0.scale", "2", "money.1", "")
	first := bid(me, "20000", "first").OK()
	if again := bid(me, "20000", "first").OK(); again.At("sequence") != first.At("sequence") || again.At("id") != first.At("id") {
		t.Errorf("the same again: %s, first %s", again.Body, first.Body)
	}
	later := bid(other, "30000", "first").OK() // his key is another one
	for _, c := range []struct {
		amount, code, field string
		status              int
	}{
		{"5000", "invalid", "body.amount", 400},
		{"12000", "invalid", "body.amount", 400},
		{"0", "invalid", "body.amount", 400},
		{"-1", "invalid", "body.amount", 400},
		{"25000", "market_share", "body.amount", 409},
		{"80000", "market_sold_out", "body.amount", 409},
	} {
		if a := bid(me, c.amount, "bad-"+c.amount); a.Status != c.status || a.At("code") != c.code || a.At("field") != c.field {
			t.Errorf("%s: %d %s", c.amount, a.Status, a.Body)
		}
	}
	if a := w.As(w.South.Client, http.MethodPost, path, `{"amount":"10000"}`, "Idempotency-Key", "south"); a.Status != http.StatusNotFound {
		t.Errorf("of another tenant: %d %s", a.Status, a.Body)
	}
	if a := w.As(me, http.MethodPost, path, `{"amount":"10000"}`, "Idempotency-Key", "x", "Longmen-Party", other.Party.String()); a.Status != http.StatusForbidden {
		t.Errorf("for another party: %d %s", a.Status, a.Body)
	}
	second := w.Login(party.By{Tenant: w.North.ID, Actor: me.Principal}, me.Party, "second")
	refuses(t, w.As(second, http.MethodPost, path, `{"amount":"10000"}`, "Idempotency-Key", "x"), 422, "no_party", "header.Longmen-Party")
	// The operator spends nobody's money.
	for _, of := range []id.ID{me.Party, w.ID()} {
		refuses(t, w.Do(http.MethodPost, path, `{"amount":"10000"}`, "Idempotency-Key", "x", "Longmen-Tenant", "north", "Longmen-Party", of.String()), 403, "forbidden", "")
	}
	refuses(t, w.Do(http.MethodGet, "/v1/listings", nil), 400, "invalid", "header.Longmen-Tenant")
	mine := "/v1/parties/" + me.Party.String() + "/bids"
	seen := w.Follow(w.North, 0)
	list := w.As(me, http.MethodGet, mine, nil).OK()
	if list.At("bids", 0, "id") != first.At("id") || list.At("bids", 1, "id") != "" {
		t.Errorf("my bids: %s", list.Body)
	}
	if a := w.As(me, http.MethodGet, mine+"/"+later.At("id"), nil); a.Status != http.StatusNotFound {
		t.Errorf("another's bid as mine: %d %s", a.Status, a.Body)
	}
	cancelled := w.As(me, http.MethodPost, mine+"/"+first.At("id")+"/cancel", `{}`).OK()
	if cancelled.At("ended") == "" {
		t.Errorf("cancelled: %s", cancelled.Body)
	}
	w.Follow(w.North, seen)
	about := w.As(other, http.MethodGet, "/v1/listings/"+listing.String(), nil).OK()
	if about.At("sold") != "30000" || about.At("state") != "open" {
		t.Errorf("the listing: %s", about.Body)
	}
	// They are orders too, each investor's own.
	is(t, w.As(me, http.MethodGet, "/v1/orders?kind=bid", nil).OK(), "orders.0.id", first.At("id"), "orders.0.state", "cancelled", "orders.0.ended", "true",
		"orders.0.amounts.0.amount", "20000", "orders.0.parties.0.part", "investor", "orders.1", "")
	is(t, w.As(me, http.MethodGet, "/v1/orders/"+first.At("id")+"/steps", nil).OK(), "steps.0.to", "placed", "steps.0.sequence", first.At("sequence"),
		"steps.1.transition", "cancel", "steps.1.sequence", cancelled.At("ended"))
	is(t, w.As(me, http.MethodGet, "/v1/orders/"+later.At("id"), nil), "status", "404", "field", "path.order")
}

// An investor gives a mandate, which funds what opens, and revokes it.
func TestMandates(t *testing.T) {
	w := apitest.NewWorld(t)
	me := w.North.Client
	own, at := enrolled(w, w.North, me)["mandate"], "/v1/parties/"+me.Party.String()+"/mandates"
	listing := w.Listing(w.North, me)
	made, err := w.Ground.Market.Allocate(t.Context(), w.North.ID, "main", w.ID())
	if err != nil || len(made.Bids) != 1 || made.Bids[0].Listing != listing || made.Bids[0].Amount != 300_00 {
		t.Errorf("%+v %v", made, err)
	}
	w.Follow(w.North, 0)
	if a := w.As(me, http.MethodGet, at+"/"+own, nil).OK(); a.At("used") != "30000" || a.At("per_loan") != "30000" || a.At("active") != "true" {
		t.Errorf("%s", a.Body)
	}
	if a := w.As(me, http.MethodPost, at+"/"+own+"/revoke", `{}`).OK(); a.At("active") != "false" {
		t.Errorf("%s", a.Body)
	}
	if a := w.As(me, http.MethodGet, at, nil).OK(); a.At("mandates", 0, "id") != own || a.At("mandates", 1, "id") != "" {
		t.Errorf("%s", a.Body)
	}
	if a := w.As(w.North.Other, http.MethodGet, "/v1/parties/"+w.North.Other.Party.String()+"/mandates/"+own, nil); a.Status != http.StatusNotFound {
		t.Errorf("another's mandate as mine: %d %s", a.Status, a.Body)
	}
	for field, change := range map[string][2]string{
		"body.amount": {`"amount":"100000"`, `"amount":"0"`}, "body.longest": {`"longest":720`, `"longest":3`},
		"body.smallest": {`"smallest":"10000"`, `"smallest":"-1"`}, "body.per_loan": {`"per_loan":"30000"`, `"per_loan":"-1"`},
	} {
		body := strings.NewReplacer("{id}", w.ID().String(), "{ledger}", "main").Replace(strings.Replace(aMandate, change[0], change[1], 1))
		if a := w.As(me, http.MethodPost, at, body); a.Status != http.StatusBadRequest || a.At("field") != field {
			t.Errorf("%s: %d %s", field, a.Status, a.Body)
		}
	}
}

// An investor sees what decided each bid of his mandate, why it took nothing of a loan when its turn came, what would be now,
// and where he has outgrown its caps since. Nobody else does without the right.
func TestWhyOfAMandate(t *testing.T) {
	w := apitest.NewWorld(t)
	me, other := w.North.Client, w.North.Other
	mine, theirs := enrolled(w, w.North, me)["mandate"], enrolled(w, w.North, other)["mandate"]
	at := "/v1/parties/" + me.Party.String() + "/mandates/" + mine
	listing := w.Listing(w.North, me).String() // the other one has no money yet
	began := w.As(me, http.MethodGet, at+"/listings/"+listing, nil).OK()
	is(t, began, "bids.0", "", "missed", "", "now.amount", "30000", "now.bound", "per_loan", "now.reason", "")
	if _, err := w.Ground.Market.Allocate(t.Context(), w.North.ID, "main", w.ID()); err != nil {
		t.Fatal(err)
	}
	seen := w.Follow(w.North, 0)
	is(t, w.As(me, http.MethodGet, at+"/bids", nil).OK(), "bids.0.listing", listing, "bids.0.amount", "30000", "bids.0.bound", "per_loan", "bids.0.mandate", mine, "bids.1", "", "next", "")
	is(t, w.As(me, http.MethodGet, at+"/listings/"+listing, nil).OK(), "bids.0.bound", "per_loan", "missed", "", "now.amount", "0", "now.reason", "too_small",
		"now.bound", "per_loan", "now.room", "0")
	is(t, w.As(me, http.MethodGet, at+"/drifts", nil).OK(), "drifts.0", "")

	// What the run decided of the other one stays, though he has money now.
	elsewhere := "/v1/parties/" + other.Party.String() + "/mandates/" + theirs
	w.Listing(w.North, other)
	is(t, w.As(other, http.MethodGet, elsewhere+"/listings/"+listing, nil).OK(), "bids.0", "", "missed.reason", "too_small", "missed.bound", "cash",
		"missed.sequence", began.At("now", "sequence"), "missed.at", "2026-03-01T00:00:00.000000Z", "now.amount", "30000", "now.bound", "per_loan")

	// He bids himself, beyond the cap of his mandate.
	w.As(me, http.MethodPost, "/v1/listings/"+listing+"/bids", `{"amount":"10000"}`, "Idempotency-Key", "more").OK()
	w.Follow(w.North, seen)
	drifts := w.As(w.North.Staff["operations"], http.MethodGet, at+"/drifts", nil).OK()
	is(t, drifts, "drifts.0.cap", "per_loan", "drifts.0.listing", listing, "drifts.0.held", "40000", "drifts.0.most", "30000", "drifts.1", "")
	is(t, w.As(me, http.MethodGet, "/v1/listings/"+listing, nil).OK(), "loan", drifts.At("drifts", 0, "loan"))

	for _, path := range []string{"/bids", "/drifts", "/listings/" + listing} {
		is(t, w.As(other, http.MethodGet, at+path, nil), "status", "404", "field", "path.party")
		is(t, w.As(other, http.MethodGet, "/v1/parties/"+other.Party.String()+"/mandates/"+mine+path, nil), "status", "404", "field", "path.mandate")
		is(t, w.As(w.South.Staff["operations"], http.MethodGet, at+path, nil), "status", "404", "field", "path.mandate")
		is(t, w.As(me, http.MethodGet, "/v1/parties/"+me.Party.String()+"/mandates/x"+path, nil), "status", "400", "field", "path.mandate")
	}
	is(t, w.As(me, http.MethodGet, at+"/listings/"+w.ID().String(), nil), "status", "404", "field", "path.listing")
	is(t, w.As(me, http.MethodGet, at+"/listings/x", nil), "status", "400", "field", "path.listing")
	is(t, w.As(me, http.MethodGet, at+"/bids?limit=1001", nil), "status", "400", "field", "query.limit")
	is(t, w.As(me, http.MethodGet, at+"/bids?cursor=x", nil), "status", "400", "field", "query.cursor")
	south := w.South.Client
	abroad := "/v1/parties/" + south.Party.String() + "/mandates/" + enrolled(w, w.South, south)["mandate"]
	is(t, w.As(south, http.MethodGet, abroad+"/listings/"+listing, nil), "status", "404", "field", "path.listing")
}

// Whatever field of a listing is bad is named, and nothing is opened.
func TestBadListings(t *testing.T) {
	w := apitest.NewWorld(t)
	for field, change := range map[string][2]string{
		"body.units": {`"units":1000`, `"units":0`}, "body.unit": {`"unit":"100"`, `"unit":"0"`}, "body.step": {`"step":50`, `"step":0`},
		"body.minimum": {`"minimum":100`, `"minimum":75`}, "body.share": {`"share":400`, `"share":2000`}, "body.register": {`"loan:9"`, `""`},
		"body.closes": {`2026-03-08`, `2026-02-08`}, "body.grade": {`"grade":"a"`, `"grade":""`}, "body.product": {`"plain"`, `""`},
		"body.tranches": {`["principal"]`, `[]`}, "body.days": {`"days":360`, `"days":0`}, "body.asset": {`"CNY"`, `""`},
		"body.receiver": {`"borrower:7:cash"`, `""`}, "body.unclaimed": {`"platform:unclaimed"`, `""`},
	} {
		body := strings.NewReplacer("{id}", w.ID().String(), "{ledger}", "main").Replace(strings.Replace(aListing, change[0], change[1], 1))
		a := w.Do(http.MethodPost, "/v1/listings", body, "Longmen-Tenant", "north")
		if a.Status != http.StatusBadRequest || a.At("field") != field {
			t.Errorf("%s: %d %s", field, a.Status, a.Body)
		}
	}
	// What it names has to be there, and its register must not.
	for _, c := range []struct{ from, to, code, field string }{
		{`"grade"`, `"version":7,"grade"`, "listing_not_backed", "body.version"},
		{`"grade"`, `"version":0,"grade"`, "listing_not_backed", "body.version"},
		{`"loan:9"`, `"listing:7"`, "conflict", "body.register"},
	} {
		body := strings.NewReplacer("{id}", w.ID().String(), "{ledger}", "main").Replace(strings.Replace(aListing, c.from, c.to, 1))
		is(t, w.Do(http.MethodPost, "/v1/listings", body, "Longmen-Tenant", "north"), "code", c.code, "field", c.field)
	}
	is(t, w.Do(http.MethodPost, "/v1/listings", strings.NewReplacer("{id}", w.ID().String(), "{ledger}", "other").Replace(aListing), "Longmen-Tenant", "north"), "status", "404", "field", "body.ledger")
	if a := w.Do(http.MethodGet, "/v1/listings", nil, "Longmen-Tenant", "north").OK(); a.At("listings", 0, "id") != "" {
		t.Errorf("something was opened: %s", a.Body)
	}
}
