package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// The quick handlers answer as the usual ones, to the byte. A query or another spelling of the content type leads past
// them.
func TestQuick(t *testing.T) {
	quick, usual := market(t), market(t)
	for _, address := range []string{"investor:1:cash", "bank:cash", "borrower:7:cash", "platform:fees"} {
		a, b := quick.Get(at+"/accounts/"+address+"/balance").OK(), usual.Get(at+"/accounts/"+address+"/balance?min_sequence=1").OK()
		if string(a.Body) != string(b.Body) || a.Header.Get("Content-Type") != b.Header.Get("Content-Type") {
			t.Errorf("%s: quick %s\nusual %s", address, a.Body, b.Body)
		}
	}
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for i, body := range []string{
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"100"}`,
		` { "amount" : 100 , "purpose" : 7 , "debit" : "investor:1:cash" , "credit" : "investor:2:cash" } `,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"0100"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"0"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"99999999"}`,
		`{"debit":"investor:1:cash","credit":"nobody","amount":"1"}`,
		`{"debit":"investor:1:cash","credit":"Nobody","amount":"1"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1","amount":"2"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1","mode":"exact"}`,
		`{"debit":"investor:1:cash","credit":"investor:\u0032:cash","amount":"1"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":9007199254740993}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash"}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1"`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1","purpose":4294967296}`,
		`{"debit":"investor:1:cash","credit":"investor:2:cash","amount":"1"} x`,
		`{}`, `[]`, `nonsense`,
	} {
		for range 2 { // the second time it is a repeat
			key := fmt.Sprintf("quick-%d", i)
			a := quick.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", key, "Traceparent", trace)
			b := usual.Do(http.MethodPost, at+"/transfers", body, "Idempotency-Key", key, "Traceparent", trace,
				"Content-Type", "application/json; charset=utf-8")
			if string(a.Body) != string(b.Body) || a.Status != b.Status || a.Header.Get("Content-Type") != b.Header.Get("Content-Type") {
				t.Errorf("%s: quick %d %s\nusual %d %s", body, a.Status, a.Body, b.Status, b.Body)
			}
		}
	}
	if a, b := quick.Node.Size("main"), usual.Node.Size("main"); a != b {
		t.Errorf("quick journaled %d, usual %d", a, b)
	}
}

// Bids and repayments are answered as the usual handlers do, to the byte: first the quick one, then the usual one, for
// which it is a repeat or as wrong as before.
func TestQuickActs(t *testing.T) {
	w := apitest.NewWorld(t)
	me := w.North.Client
	listing := w.Listing(w.North, me)
	loan, _ := w.Lend(w.North, me.Party)
	key, other := w.ID().String(), w.ID().String()
	bids, payments := "/v1/listings/"+listing.String()+"/bids", "/v1/loans/"+loan.String()+"/payments"
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for i, c := range []struct{ path, body string }{
		{bids, `{"amount":"20000"}`},
		{bids, ` { "amount" : 20000 } `},
		{bids, `{"amount":"0"}`},
		{bids, `{"amount":"12000"}`},
		{bids, `{"amount":"80000"}`},
		{bids, `{"amount":"-1"}`},
		{bids, `{"amount":"020000"}`},
		{bids, `{"amount":20000.0}`},
		{bids, `{"amount":"20000","amount":"10000"}`},
		{bids, `{"sum":"20000"}`},
		{bids, `{}`},
		{bids, `nonsense`},
		{"/v1/listings/" + other + "/bids", `{"amount":"20000"}`},
		{"/v1/listings/x/bids", `{"amount":"20000"}`},
		{payments, `{"id":"` + key + `","amount":"10662"}`},
		{payments, `{"amount":10662,"id":"` + key + `"}`},
		{payments, `{"id":"` + strings.ToUpper(key) + `","amount":"10662"}`},
		{payments, `{"id":"` + key + `","amount":"1"}`},
		{payments, `{"id":"` + other + `","amount":"0"}`},
		{payments, `{"id":"` + other + `","amount":"10662"}`}, // made a second time, as it seems
		{payments, `{"id":"` + other + `"}`},
		{payments, `{"id":"019599c5-8a7b-4d60-a1f2-3c4d5e6f7081","amount":"1"}`},
		{payments, `{"id":"` + other + `","id":"` + key + `","amount":"1"}`},
		{payments, `{"id":"` + key + `","amount":"10662","anyway":false}`},
		{"/v1/loans/" + other + "/payments", `{"id":"` + key + `","amount":"10662"}`},
	} {
		headers := []string{"Idempotency-Key", fmt.Sprintf("quick-%d", i), "Traceparent", trace}
		a := w.As(me, http.MethodPost, c.path, c.body, headers...)
		b := w.As(me, http.MethodPost, c.path, c.body, append(headers, "Content-Type", "application/json; charset=utf-8")...)
		if string(a.Body) != string(b.Body) || a.Status != b.Status || a.Header.Get("Content-Type") != b.Header.Get("Content-Type") {
			t.Errorf("%s: quick %d %s\nusual %d %s", c.body, a.Status, a.Body, b.Status, b.Body)
		}
	}
}
