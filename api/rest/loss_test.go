package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/id"
)

// owned fills in a loan that is late, who looks after it, and the reserve that pays in the borrower's place.
func owned(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
	loan, reserve := w.LendLate(t, c.Party)
	return map[string]string{"loan": loan.String(), "reserve": reserve, "principal": t.Staff["operations"].Principal.String()}
}

var lossEndpoints = []apitest.Endpoint{
	{ID: "pay-out-loan", Body: `{"id":"{id}"}`, Fill: lent},
	{ID: "buy-loan", Body: `{"id":"{id}"}`, Fill: lent},
	{ID: "recover-loan", Body: `{"id":"{id}","amount":"100"}`, Fill: lent},
	{ID: "propose-loan-change", Body: `{"id":"{id}","kind":"deferred","rows":1,"reason":"ill"}`, Fill: lent},
	{ID: "propose-write-off", Body: `{"id":"{id}","reason":"gone"}`, Fill: owned},
	{ID: "list-waiting-payouts", Query: "ledger=main&account=reserve"},
	{ID: "serve-payouts", Body: `{"id":"{id}","ledger":"main","account":"{reserve}"}`, Fill: owned},
	{ID: "list-collection-tasks", Query: "on=2030-01-01"},
	{ID: "list-owned-tasks", Fill: owned},
	{ID: "list-collection-entries", Fill: owned},
	{ID: "add-collection-entry", Body: `{"id":"{id}","kind":"contacted","channel":"phone","result":"reached"}`, Fill: owned},
}

const lossID = `"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`

// lossBodies have all members of each body.
var lossBodies = map[string]string{
	"/v1/loans/{loan}/payouts":    `{` + lossID + `,"most":"1"}`,
	"/v1/loans/{loan}/purchases":  `{` + lossID + `,"payer":"a"}`,
	"/v1/loans/{loan}/recoveries": `{` + lossID + `,"amount":"2","costs":"1","date":"2026-01-01"}`,
	"/v1/loans/{loan}/changes": `{` + lossID + `,"kind":"restructured","reason":"x","date":"2026-01-01","amount":"1","charge":"fee","due":"2026-01-01","rows":1,
		"rate":"0.1","keep":true,"holiday":"due"}`,
	"/v1/loans/{loan}/write-offs": `{` + lossID + `,"reason":"x"}`,
	"/v1/loans/{loan}/collection": `{` + lossID + `,"kind":"contacted","owner":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","channel":"phone","result":"reached","note":"x",
		"date":"2026-01-01","amount":"1"}`,
	"/v1/payout-services": `{` + lossID + `,"ledger":"main","account":"a"}`,
}

// lossWorld has a loan that is late, and what is asked about it.
type lossWorld struct {
	*apitest.World
	t             *testing.T
	loan          id.ID
	path, reserve string
}

func newLossWorld(t *testing.T) *lossWorld {
	w := &lossWorld{World: apitest.NewWorld(t), t: t}
	w.loan, w.reserve = w.LendLate(w.North, w.North.Client.Party)
	w.path = "/v1/loans/" + w.loan.String()
	return w
}

func (w *lossWorld) staff(role, method, path, body string) *apitest.Answer {
	w.t.Helper()
	var b any
	if body != "" {
		b = body
	}
	return w.As(w.North.Staff[role], method, path, b)
}

func (w *lossWorld) post(path, format string, args ...any) *apitest.Answer {
	w.t.Helper()
	return w.staff("operations", http.MethodPost, path, fmt.Sprintf(`{"id":%q,`+format+`}`, append([]any{w.ID().String()}, args...)...))
}

func (w *lossWorld) fund(amount string) {
	w.t.Helper()
	w.Post("/v1/ledgers/main/transfers", fmt.Sprintf(`{"debit":"bank:cash","credit":%q,"amount":%q,"purpose":1}`, w.reserve, amount)).OK()
}

// approve lets a proposal of operations happen, as a served node would.
func (w *lossWorld) approve(proposal string) {
	w.t.Helper()
	w.staff("risk", http.MethodPost, "/v1/proposals/"+proposal+"/approval", `{}`).OK()
	events, err := w.Ground.Plan.List(w.t.Context(), w.North.ID, plan.Waiting, plan.Place{}, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range events {
		if e := &events[i]; e.Kind == "loan-act" {
			if _, err := w.Ground.Loans.Acts(w.Ground.Plan, w.Ground.Approvals)(w.t.Context(), e); err != nil {
				w.t.Error(err)
			}
		}
	}
}

// A loan is late: the reserve pays an installment as far as it can, the rest waits; the loan is restructured and written
// off by two persons, and something is recovered.
func TestLosses(t *testing.T) {
	w := newLossWorld(t)
	type event struct {
		Outcome, Amount, Payer, Costs string
		Waits                         []struct{ Account, Amount string }
	}
	w.fund("30000")
	var e event
	w.post(w.path+"/payouts", `"most":"31985"`).OK().Into(&e)
	if e.Outcome != "applied" || e.Amount != "30000" || len(e.Waits) != 1 || e.Waits[0].Amount != "1985" || e.Payer != w.reserve {
		t.Errorf("the payout: %+v", e)
	}
	var line struct {
		Waiting []struct{ Loan, Due, Amount string }
		Next    string
	}
	w.staff("finance", http.MethodGet, "/v1/waiting-payouts?limit=1&ledger=main&account="+w.reserve, "").OK().Into(&line)
	if len(line.Waiting) != 1 || line.Waiting[0].Amount != "1985" {
		t.Errorf("waiting: %+v", line)
	}
	w.fund("1984")
	var served struct{ Events []event }
	w.post("/v1/payout-services", `"ledger":"main","account":%q`, w.reserve).OK().Into(&served)
	if len(served.Events) != 1 || served.Events[0].Amount != "1984" {
		t.Errorf("served: %+v", served)
	}
	w.fund("1")
	w.post("/v1/payout-services", `"ledger":"main","account":%q`, w.reserve).OK()
	var stands struct {
		State       string
		Outstanding struct{ Total string }
		Claims      []struct{ Split struct{ Total string } }
		Waits       []any
	}
	w.staff("risk", http.MethodGet, w.path, "").OK().Into(&stands)
	if len(stands.Claims) != 1 || stands.Claims[0].Split.Total != "31985" || len(stands.Waits) != 0 {
		t.Errorf("after it was served: %+v", stands)
	}
	var p struct{ ID, State string }
	w.post(w.path+"/changes", `"kind":"restructured","due":"2026-05-15","rows":24,"rate":"0.06","reason":"lost the job"`).OK().Into(&p)
	if p.State != "open" {
		t.Errorf("the proposal: %+v", p)
	}
	if a := w.staff("operations", http.MethodPost, "/v1/proposals/"+p.ID+"/approval", `{}`); a.Status != http.StatusForbidden {
		t.Errorf("who proposed decides: %d %s", a.Status, a.Body)
	}
	w.approve(p.ID)
	w.staff("risk", http.MethodGet, w.path, "").OK().Into(&stands)
	if stands.State != "restructured" {
		t.Errorf("approved: %+v", stands)
	}
	w.post(w.path+"/write-offs", `"reason":"gone"`).OK().Into(&p)
	w.approve(p.ID)
	w.staff("risk", http.MethodGet, w.path, "").OK().Into(&stands)
	if stands.State != "written-off" {
		t.Errorf("given up: %+v", stands)
	}
	refuses(t, w.post(w.path+"/payments", `"amount":"1"`), 409, "loan_state", "")
	w.post(w.path+"/recoveries", `"amount":"40000","costs":"5000"`).OK().Into(&e)
	if e.Outcome != "applied" || e.Amount != "35000" || e.Costs != "5000" {
		t.Errorf("recovered: %+v", e)
	}
	stands.Claims = nil
	w.staff("risk", http.MethodGet, w.path, "").OK().Into(&stands)
	if len(stands.Claims) != 0 {
		t.Errorf("the reserve is still owed %+v", stands.Claims)
	}
}

// What a change of another kind would say is refused, not passed over: who sent it expects it to count.
func TestMembersOfAChange(t *testing.T) {
	w := newLossWorld(t)
	members := map[string]string{"amount": `"1"`, "charge": `"penalty"`, "due": `"2026-05-15"`, "rows": "2", "rate": `"0.06"`, "keep": "true", "holiday": `"due"`}
	for kind, takes := range map[string][]string{
		"charged": {"amount", "charge", "due"}, "deferred": {"rows", "holiday"}, "rescheduled": {"due", "rows"}, "repriced": {"rate", "keep"},
		"restructured": {"due", "rows", "rate"},
	} {
		good := `"kind":"` + kind + `","reason":"x"`
		for _, name := range takes {
			good += `,"` + name + `":` + members[name]
		}
		w.post(w.path+"/changes", good).OK()
		for name, value := range members {
			if !slices.Contains(takes, name) {
				refuses(t, w.post(w.path+"/changes", good+`,"`+name+`":`+value), 400, "invalid", "body."+name)
			}
		}
	}
}

// Whoever writes an account wrongly is told: nothing waits for the money of nobody.
func TestPayoutServiceOfNobody(t *testing.T) {
	w := newLossWorld(t)
	refuses(t, w.post("/v1/payout-services", `"ledger":"main","account":"nobody"`), 404, "not_found", "body.account")
	refuses(t, w.post("/v1/payout-services", `"ledger":"other","account":%q`, w.reserve), 404, "not_found", "body.ledger")
}

// The reserve takes a loan over.
func TestBuyLoan(t *testing.T) {
	w := newLossWorld(t)
	refuses(t, w.post(w.path+"/purchases", `"payer":"bank:cash"`), 400, "invalid", "body.payer")
	refuses(t, w.post(w.path+"/purchases", `"payer":""`), 409, "loan_state", "")
	w.fund("200000")
	var e struct {
		Outcome, Amount, Payer string
		Units                  uint64
	}
	w.post(w.path+"/purchases", `"payer":""`).OK().Into(&e)
	if e.Outcome != "applied" || e.Units != 1200 || e.Payer != w.reserve {
		t.Errorf("bought: %+v", e)
	}
}

// A loan that is late is a task of the bucket of the day: it gets an owner, is called, promises, and rests while it is
// disputed.
func TestCollection(t *testing.T) {
	w := newLossWorld(t)
	owner := w.North.Staff["operations"].Principal.String()
	w.post(w.path+"/collection", `"kind":"assigned","owner":%q`, owner).OK()
	w.post(w.path+"/collection", `"kind":"contacted","channel":"phone","result":"reached","note":"asks for time"`).OK()
	w.post(w.path+"/collection", `"kind":"promised","date":"2026-03-10","amount":"10000"`).OK()
	type task struct {
		Loan, Bucket, Owner string
		Disputed            bool
		Contacts            int
		Promise             *struct{ State, Amount string }
	}
	tasks := func(path string) (list []task) {
		t.Helper()
		var out struct{ Tasks []task }
		w.staff("risk", http.MethodGet, path, "").OK().Into(&out)
		return out.Tasks
	}
	list := tasks("/v1/collection-tasks?on=2026-03-01")
	if len(list) != 1 || list[0].Bucket != "M3" || list[0].Owner != owner || list[0].Contacts != 1 || list[0].Promise.State != "open" {
		t.Errorf("tasks: %+v", list)
	}
	if list := tasks("/v1/collection-tasks?on=2026-03-11"); len(list) != 1 || list[0].Promise.State != "broken" {
		t.Errorf("after the date: %+v", list)
	}
	w.As(w.North.Client, http.MethodPost, w.path+"/payments", fmt.Sprintf(`{"id":%q,"amount":"10000"}`, w.ID())).OK()
	if list := tasks("/v1/principals/" + owner + "/collection-tasks"); len(list) != 1 || list[0].Promise.State != "kept" {
		t.Errorf("after the payment: %+v", list)
	}
	refuses(t, w.post(w.path+"/collection", `"kind":"disputed"`), 400, "invalid", "body.note")
	w.post(w.path+"/collection", `"kind":"disputed","note":"says that he has paid"`).OK()
	refuses(t, w.post(w.path+"/collection", `"kind":"contacted","channel":"phone","result":"reached"`), 409, "collection_disputed", "body.kind")
	if list := tasks("/v1/collection-tasks?on=2026-03-01"); !list[0].Disputed {
		t.Errorf("it is in dispute: %+v", list)
	}
	w.post(w.path+"/collection", `"kind":"resolved","note":"he has not"`).OK()
	w.post(w.path+"/collection", `"kind":"contacted","channel":"visit","result":"refused"`).OK()
	var log struct {
		Entries []struct{ Kind string }
		Next    string
	}
	w.staff("auditor", http.MethodGet, w.path+"/collection?limit=4", "").OK().Into(&log)
	if len(log.Entries) != 4 || log.Next == "" {
		t.Errorf("the log: %+v", log)
	}
	w.staff("auditor", http.MethodGet, w.path+"/collection?limit=4&cursor="+log.Next, "").OK().Into(&log)
	if len(log.Entries) != 2 {
		t.Errorf("the rest: %+v", log)
	}
	for _, c := range []struct{ body, field string }{
		{`"kind":"assigned"`, "body.owner"},
		{`"kind":"assigned","owner":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`, "body.owner"},
		{`"kind":"contacted","channel":"phone"`, "body.result"},
		{`"kind":"contacted","result":"reached"`, "body.channel"},
		{`"kind":"promised","amount":"1"`, "body.date"},
		{`"kind":"promised","amount":"1","date":"2026-02-28"`, "body.date"},
		{`"kind":"promised","date":"2026-03-10"`, "body.amount"},
		{`"kind":"contacted","channel":"phone","result":"reached","amount":"1"`, "body.amount"},
	} {
		a := w.post(w.path+"/collection", c.body)
		if a.Status != 400 && a.Status != 404 || a.At("errors", 0, "location") != c.field && a.At("field") != c.field {
			t.Errorf("%s: %d %s, want %s", c.body, a.Status, a.Body, c.field)
		}
	}
	fresh, _ := w.Lend(w.North, w.North.Other.Party)
	refuses(t, w.post("/v1/loans/"+fresh.String()+"/collection", `"kind":"contacted","channel":"phone","result":"reached"`), 409, "conflict", "body.kind")
}
