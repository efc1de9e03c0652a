package rest_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// endpoints are all operations of the door; each subject has its table beside its tests.
func endpoints() []apitest.Endpoint {
	return slices.Concat(ledgerEndpoints, partyEndpoints, orderEndpoints, approvalEndpoints, marketEndpoints, claimEndpoints, loanEndpoints, lossEndpoints, applicationEndpoints, jobEndpoints, productEndpoints, calendarEndpoints, bookEndpoints, valuationEndpoints)
}

// Every endpoint is asked by everybody: see World.Access.
func TestWhoMayUseWhat(t *testing.T) {
	w, doc := apitest.NewWorld(t), described()
	for _, e := range endpoints() {
		t.Run(e.ID, func(t *testing.T) { w.Access(t, doc, e) })
	}
}

func TestEveryEndpointIsInATable(t *testing.T) {
	var tried []string
	for _, e := range endpoints() {
		tried = append(tried, e.ID)
	}
	slices.Sort(tried)
	for _, op := range apitest.Operations(described()) {
		if !slices.Contains(tried, op) {
			t.Errorf("operation %s is in no table: nobody knows who may use it", op)
		}
	}
	if len(tried) != len(slices.Compact(slices.Clone(tried))) {
		t.Errorf("an operation is there twice: %v", tried)
	}
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// What is not there and what is not one's own are told in the same words.
func TestNothingIsToldOfWhatThereIs(t *testing.T) {
	w := apitest.NewWorld(t)
	me, other := w.North.Client, w.North.Other
	application := applies(w, w.North, me, "200000")
	for what, path := range map[string]string{
		"loan":        "/v1/loans/" + w.Claim(w.North, me).String(),
		"order":       "/v1/orders/" + application,
		"application": "/v1/applications/" + application,
		"bid":         "/v1/parties/" + other.Party.String() + "/bids/" + placed(w, w.North, me)["bid"],
		"grant":       "/v1/grants/" + me.Grant.String() + "/end",
	} {
		at := strings.LastIndex(strings.TrimSuffix(path, "/end"), "/")
		none := path[:at+1] + w.ID().String() + strings.TrimPrefix(path[at+1:], path[at+1:at+37])
		method, body := http.MethodGet, any(nil)
		if what == "grant" {
			method, body = http.MethodPost, "{}"
		}
		theirs, nobodys := w.As(other, method, path, body), w.As(other, method, none, body)
		refuses(t, theirs, 404, "not_found", "path."+what)
		if theirs.At("detail") != nobodys.At("detail") || theirs.At("field") != nobodys.At("field") || nobodys.Status != theirs.Status {
			t.Errorf("%s: %s, but %s", what, theirs.Body, nobodys.Body)
		}
	}
}
