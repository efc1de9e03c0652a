package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// lent fills in a loan of the client, and a payment of it.
func lent(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	loan, event := w.Lend(t, c.Party)
	return map[string]string{"loan": loan.String(), "event": event.String()}
}

var loanEndpoints = []apitest.Endpoint{
	{ID: "get-loan", Fill: lent},
	{ID: "list-loan-events", Fill: lent},
	{ID: "get-payoff", Fill: lent},
	{ID: "repay-loan", Body: `{"id":"{id}","amount":"10000"}`, Fill: lent},
	{ID: "reverse-loan-event", Body: `{"id":"{id}","event":"{event}"}`, Fill: lent},
	{ID: "list-overdue-loans", Query: "on=2030-01-01"},
	{ID: "export-overdue-loans", Query: "on=2030-01-01"},
	{ID: "list-suspected-payments"},
}

func refuses(t *testing.T, a *apitest.Answer, status int, code, field string) {
	t.Helper()
	if a.Status != status || a.At("code") != code || a.At("errors", 0, "location") != field && a.At("field") != field {
		t.Errorf("got %d %s, want %d %s on %q", a.Status, a.Body, status, code, field)
	}
}

// A borrower pays an installment of one loan, by mistake twice, and closes another; staff see who is overdue.
func TestLoan(t *testing.T) {
	w := apitest.NewWorld(t)
	loan, _ := w.Lend(w.North, w.North.Client.Party)
	path := "/v1/loans/" + loan.String()
	type event struct {
		ID, Outcome, Amount string
		Split               struct{ Interest, Principal, Total string }
		Sequence            uint64
	}
	pay := func(body string) (e event) {
		t.Helper()
		w.As(w.North.Client, http.MethodPost, path+"/payments", body).OK().Into(&e)
		return e
	}
	first := w.ID().String()
	e := pay(`{"id":` + quoted(first) + `,"amount":"10662"}`)
	if e.Outcome != "applied" || e.Split.Interest != "1200" || e.Split.Principal != "9462" || e.Sequence == 0 {
		t.Errorf("the payment: %+v", e)
	}
	if again := pay(`{"id":` + quoted(first) + `,"amount":"10662"}`); again != e {
		t.Errorf("asked again: %+v, before %+v", again, e)
	}
	refuses(t, w.As(w.North.Client, http.MethodPost, path+"/payments", `{"id":`+quoted(first)+`,"amount":"1"}`), 409, "lending_id_taken", "body.id")
	if e := pay(`{"id":` + quoted(w.ID().String()) + `,"amount":"10662"}`); e.Outcome != "suspected" || e.Amount != "" {
		t.Errorf("the second payment: %+v", e)
	}
	is(t, w.As(w.North.Client, http.MethodGet, "/v1/orders?kind=repayment", nil).OK(), "orders.0.state", "suspected", "orders.0.amounts.0.code", "offered",
		"orders.0.amounts.1", "", "orders.1.id", first, "orders.1.state", "counted", "orders.1.amounts.1.amount", "10662", "orders.2", "")
	var seconds struct {
		Payments []struct {
			Loan, Borrower string
			Event          struct{ ID, Asked string }
		}
		Next string
	}
	w.As(w.North.Staff["risk"], http.MethodGet, "/v1/suspected-payments?limit=1", nil).OK().Into(&seconds)
	if len(seconds.Payments) != 1 || seconds.Next != "" || seconds.Payments[0].Loan != loan.String() || seconds.Payments[0].Borrower != w.North.Client.Party.String() || seconds.Payments[0].Event.Asked != "10662" {
		t.Errorf("suspected: %+v", seconds)
	}
	var stands struct {
		State, Bucket string
		Outstanding   struct{ Principal, Total string }
		Rows          []struct{ Paid struct{ Total string } }
	}
	w.As(w.North.Client, http.MethodGet, path, nil).OK().Into(&stands)
	if stands.State != "active" || stands.Bucket != "M0" || stands.Outstanding.Principal != "110538" || len(stands.Rows) != 12 || stands.Rows[0].Paid.Total != "10662" {
		t.Errorf("the loan: %+v", stands)
	}
	var events struct {
		Events []event
		Next   string
	}
	w.As(w.North.Client, http.MethodGet, path+"/events?limit=2", nil).OK().Into(&events)
	if len(events.Events) != 2 || events.Next == "" {
		t.Errorf("the first page of events: %+v", events)
	}
	w.As(w.North.Client, http.MethodGet, path+"/events?limit=50&cursor="+events.Next, nil).OK().Into(&events)
	if len(events.Events) != 1 {
		t.Errorf("the rest: %+v", events)
	}
	if e := pay(`{"id":` + quoted(w.ID().String()) + `,"amount":"10662"}`); e.Outcome != "suspected" {
		t.Errorf("the third payment: %+v", e)
	}
	w.As(w.North.Staff["risk"], http.MethodGet, "/v1/suspected-payments?limit=1", nil).OK().Into(&seconds)
	newest := seconds.Payments[0]
	w.As(w.North.Staff["risk"], http.MethodGet, "/v1/suspected-payments?limit=1&cursor="+seconds.Next, nil).OK().Into(&seconds)
	if len(seconds.Payments) != 1 || seconds.Payments[0] == newest {
		t.Errorf("the second page: %+v", seconds)
	}
	loan, _ = w.Lend(w.North, w.North.Client.Party)
	path = "/v1/loans/" + loan.String()
	var quote struct{ Split struct{ Total string } }
	w.As(w.North.Client, http.MethodGet, path+"/payoff", nil).OK().Into(&quote)
	if quote.Split.Total != "120000" {
		t.Errorf("on its first day it takes %s to close the loan", quote.Split.Total)
	}
	if e := pay(`{"id":` + quoted(w.ID().String()) + `,"amount":"120000","settle":true}`); e.Outcome != "applied" {
		t.Errorf("closing: %+v", e)
	}
	w.As(w.North.Client, http.MethodGet, path, nil).OK().Into(&stands)
	if stands.State != "closed" {
		t.Errorf("after closing it is %s", stands.State)
	}
	var late struct {
		Loans []struct{ Loan, Bucket string }
	}
	other, _ := w.Lend(w.North, w.North.Other.Party)
	w.As(w.North.Staff["risk"], http.MethodGet, "/v1/overdue-loans?on=2027-12-31", nil).OK().Into(&late)
	if len(late.Loans) != 2 || late.Loans[0].Loan != other.String() || late.Loans[0].Bucket != "M6+" {
		t.Errorf("overdue: %+v", late)
	}
	all := w.As(w.North.Staff["risk"], http.MethodGet, "/v1/overdue-loans/export?on=2027-12-31&from=31", nil).OK()
	lines := strings.Split(strings.TrimSpace(string(all.Body)), "\n")
	if lines[0] != "loan,borrower,product,due,days,bucket,principal" || len(lines) != 1+len(late.Loans) || !strings.HasPrefix(lines[1], other.String()+",") {
		t.Errorf("the export: %q", lines)
	}
	for _, list := range []string{"overdue-loans", "collection-tasks", "overdue-loans/export"} {
		refuses(t, w.As(w.North.Staff["risk"], http.MethodGet, "/v1/"+list+"?on=2020-01-01", nil), 400, "invalid", "query.on")
	}
}

// Every field that is wrong is named, and nothing has changed.
func TestLoanRefuses(t *testing.T) {
	w := apitest.NewWorld(t)
	loan, event := w.Lend(w.North, w.North.Client.Party)
	path := "/v1/loans/" + loan.String()
	i := quoted(w.ID().String())
	size := w.Node.Size(w.North.Ledgers[0])
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code, field              string
		staff                    bool
	}{
		{"no amount", "POST", "/payments", `{"id":` + i + `,"amount":"0"}`, 400, "invalid", "body.amount", false},
		{"too much", "POST", "/payments", `{"id":` + i + `,"amount":"10000000000000001"}`, 400, "invalid", "body.amount", false},
		{"an id of another kind", "POST", "/payments", `{"id":"x","amount":"1"}`, 400, "invalid", "body.id", false},
		{"another date without the right", "POST", "/payments", `{"id":` + i + `,"amount":"1","date":"2026-01-01"}`, 403, "forbidden", "body.date", false},
		{"a date ahead", "POST", "/payments", `{"id":` + i + `,"amount":"1","date":"2999-01-01"}`, 400, "invalid", "body.date", true},
		{"a date before the loan", "POST", "/payments", `{"id":` + i + `,"amount":"1","date":"1999-01-01"}`, 400, "invalid", "body.date", true},
		{"too little to close it", "POST", "/payments", `{"id":` + i + `,"amount":"1","settle":true}`, 400, "invalid", "body.amount", false},
		{"a field that is not there", "POST", "/payments", `{"id":` + i + `,"amount":"1","x":1}`, 400, "invalid", "body.x", false},
		{"more than there is", "POST", "/payments", `{"id":` + i + `,"amount":"130000","anyway":true}`, 409, "lending_refused", "", false},
		{"a payout that can't be reversed", "POST", "/reversals", `{"id":` + quoted(w.ID().String()) + `,"event":` + quoted(event.String()) + `}`, 409, "loan_state", "body.event", true},
		{"an event that is not there", "POST", "/reversals", `{"id":` + quoted(w.ID().String()) + `,"event":` + quoted(w.ID().String()) + `}`, 404, "not_found", "body.event", true},
		{"a day before the first", "GET", "?on=1999-01-01", "", 400, "invalid", "query.on", false},
		{"a strange cursor", "GET", "/events?cursor=AAAA", "", 400, "invalid_cursor", "query.cursor", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			caller := w.North.Client
			if c.staff {
				caller = w.North.Staff["operations"]
			}
			var body any
			if c.body != "" {
				body = c.body
			}
			refuses(t, w.As(caller, c.method, path+c.path, body), c.status, c.code, c.field)
		})
	}
	if now := w.Node.Size(w.North.Ledgers[0]); now > size+1 {
		t.Errorf("%d commands were journaled; only one was refused there", now-size)
	}
}
