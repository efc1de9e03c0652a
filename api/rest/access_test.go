package rest_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// endpoints are all operations of the door; each subject has its table beside its tests.
func endpoints() []apitest.Endpoint {
	return slices.Concat(ledgerEndpoints, partyEndpoints, orderEndpoints, approvalEndpoints, marketEndpoints, claimEndpoints, loanEndpoints, lossEndpoints, applicationEndpoints, jobEndpoints, productEndpoints, bookEndpoints, valuationEndpoints)
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
