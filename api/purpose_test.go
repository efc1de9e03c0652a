package api_test

import (
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// Nobody but the operator commands what the fronts write themselves.
func TestPurposesOfTheFronts(t *testing.T) {
	w := apitest.NewWorld(t)
	finance := w.North.Staff["finance"]
	for purpose, want := range map[string]int{"2001": 403, "3005": 403, "3999": 403, "6002": 403, "1": 200, "2000": 200, "4000": 200, "6001": 200} {
		a := w.Do("POST", "/v1/ledgers/"+w.North.Ledgers[0]+"/transfers", `{"debit":"none","credit":"nobody","amount":"1","purpose":`+purpose+`}`,
			"Authorization", "Bearer "+finance.Token, "Idempotency-Key", w.ID().String())
		if refused := a.Status == 403 && strings.Contains(string(a.Body), "purpose"); refused != (want == 403) {
			t.Errorf("purpose %s: %d %s", purpose, a.Status, a.Body)
		}
	}
}
