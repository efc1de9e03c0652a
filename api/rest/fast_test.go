package rest_test

import (
	"fmt"
	"net/http"
	"testing"
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
