package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/id"
)

// errand opens an order in which a caller has a part.
func errand(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) order.Order {
	w.T.Helper()
	r, err := w.Ground.Orders.Create(w.T.Context(), t.ID, order.New{
		ID: w.ID(), Kind: "errand", Act: order.Act{Actor: c.Principal, Behalf: c.Party, Role: "client"},
		Parties: []order.Party{{Part: "asker", Party: c.Party}}, Amounts: []order.Amount{{Code: "price", Asset: "CNY", Amount: 250}},
		References: []order.Reference{{Type: 7, Value: id.ID{15: 42}}}, Attributes: []byte(`{"what":"milk"}`),
	})
	if err != nil {
		w.T.Fatal(err)
	}
	return r.Order
}

func errandOf(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	return map[string]string{"order": errand(w, t, c).ID.String()}
}

var orderEndpoints = []apitest.Endpoint{
	{ID: "list-orders"},
	{ID: "get-order", Fill: errandOf},
	{ID: "list-steps", Fill: errandOf},
	{ID: "list-order-kinds"},
	{ID: "get-order-kind", Fill: thing("kind", "errand")},
}

func TestOrders(t *testing.T) {
	w := apitest.NewWorld(t)
	client, other, staff := w.North.Client, w.North.Other, w.North.Staff["operations"]
	mine, theirs := errand(w, w.North, client), errand(w, w.North, other)
	_, err := w.Ground.Orders.Change(t.Context(), w.North.ID, order.Change{
		ID: w.ID(), Order: mine.ID, Version: 1, Transition: "drop", Act: order.Act{Actor: client.Principal, Behalf: client.Party, Role: "client", Reason: "no-need"},
	})
	if err != nil {
		t.Fatal(err)
	}
	get := func(c *apitest.Caller, path string) *apitest.Answer { return w.As(c, http.MethodGet, path, nil) }
	is(t, get(client, "/v1/orders/"+mine.ID.String()).OK(), "kind", "errand", "state", "dropped", "ended", "true", "version", "2",
		"parties.0.part", "asker", "amounts.0.amount", "250", "references.0.type", "7", "attributes.what", "milk")
	is(t, get(client, "/v1/orders/"+mine.ID.String()+"/steps").OK(), "steps.0.to", "asked", "steps.0.amounts.0.code", "price",
		"steps.1.transition", "drop", "steps.1.reason", "no-need", "steps.1.behalf", client.Party.String(), "steps.2", "")
	first := get(client, "/v1/orders/"+mine.ID.String()+"/steps?limit=1").OK()
	is(t, get(client, "/v1/orders/"+mine.ID.String()+"/steps?limit=1&cursor="+first.At("next")).OK(), "steps.0.transition", "drop", "next", "")

	// Without the right one sees one's own only, whatever one asks for.
	is(t, get(client, "/v1/orders").OK(), "orders.0.id", mine.ID.String(), "orders.1", "")
	is(t, get(client, "/v1/orders?party="+client.Party.String()).OK(), "orders.0.id", mine.ID.String(), "orders.1", "")
	is(t, get(client, "/v1/orders?party="+other.Party.String()), "status", "403", "field", "query.party")
	is(t, get(client, "/v1/orders?party=x"), "status", "400", "field", "query.party")
	is(t, get(client, "/v1/orders/"+theirs.ID.String()), "status", "404", "field", "path.order")

	list := get(staff, "/v1/orders?limit=1").OK()
	is(t, list, "orders.0.id", theirs.ID.String(), "orders.1", "")
	is(t, get(staff, "/v1/orders?limit=1&cursor="+list.At("next")).OK(), "orders.0.id", mine.ID.String())
	is(t, get(staff, "/v1/orders?order=oldest&limit=1").OK(), "orders.0.id", mine.ID.String())
	is(t, get(staff, "/v1/orders?state=asked&kind=errand&part=asker&party="+other.Party.String()).OK(), "orders.0.id", theirs.ID.String(), "orders.1", "")
	is(t, get(staff, "/v1/orders?part=asker"), "status", "400")

	kind := get(client, "/v1/order-kinds/errand").OK()
	is(t, kind, "first", "asked", "transitions.1.reason", "true", "ends.0", "done")
	if drawing := kind.At("drawing"); !strings.Contains(drawing, "stateDiagram-v2") || !strings.Contains(drawing, "drop") {
		t.Errorf("the drawing is %q", drawing)
	}
	is(t, get(client, "/v1/order-kinds").OK(), "kinds.0.code", "bid", "kinds.2.code", "errand", "kinds.1.drawing", "")
	is(t, get(client, "/v1/order-kinds/nothing"), "status", "404", "field", "path.kind")
}
