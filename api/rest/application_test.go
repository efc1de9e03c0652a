package rest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/id"
)

// studyLoan is a small product that asks for a document and has one rule.
const studyLoan = `code: study-loan
name: {zh: 助学贷款, en: Study loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "20000.00"}
terms: [{unit: months, min: 3, max: 12, step: 3, every: 1}]
repayment: {method: equal_installment}
grades: [{code: a, rate: "0.06", max: "5000.00"}, {code: b, rate: "0.12"}]
fees:
  - {code: origination, name: {zh: 撮合服务费, en: Origination fee}, paid_by: borrower, at: disbursement, of: lent, rate: "0.02"}
documents: [{code: enrolment, name: {zh: 在读证明, en: Proof of enrolment}}]
eligibility:
  - {code: affordable, when: application.largest_due * 2 <= applicant.monthly_income, says: {zh: 收入不足, en: The income is too small}}
`

// lends puts the product in force.
func lends(w *apitest.World, t *apitest.Tenant) {
	w.T.Helper()
	if _, err := w.Ground.Products.Get(w.T.Context(), t.ID, "study-loan", 1); err == nil {
		return
	}
	p := proposeProduct(w, t, studyLoan, "2026-03-01")
	if _, err := w.Ground.Approvals.Approve(w.T.Context(), t.ID, p, t.Staff["risk"].Principal, ""); err != nil {
		w.T.Fatal(err)
	}
}

const pdfFile = "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"

// document is a body that sends a file.
func document(id, kind, content string) string {
	hash := sha256.Sum256([]byte(content))
	return `{"id":` + quoted(id) + `,"kind":` + quoted(kind) + `,"type":"application/pdf","hash":"` + hex.EncodeToString(hash[:]) + `","content":"` +
		base64.StdEncoding.EncodeToString([]byte(content)) + `"}`
}

// applies sends an application of somebody with an income.
func applies(w *apitest.World, t *apitest.Tenant, c *apitest.Caller, income string) string {
	w.T.Helper()
	lends(w, t)
	i := w.ID().String()
	w.As(c, http.MethodPost, "/v1/applications", `{"id":`+quoted(i)+`,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition",
		"facts":[{"fact":"applicant.monthly_income","value":`+quoted(income)+`}]}`).OK()
	return i
}

func sends(w *apitest.World, c *apitest.Caller, application string) string {
	w.T.Helper()
	i := w.ID().String()
	w.As(c, http.MethodPost, "/v1/applications/"+application+"/documents", document(i, "enrolment", pdfFile)).OK()
	return i
}

// applied fills in an application of the client, the same for everybody who asks about it.
func applied(complete bool) func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string {
	var of *apitest.World
	var words map[string]string
	return func(w *apitest.World, t *apitest.Tenant, c *apitest.Caller) map[string]string {
		if of != w {
			of, words = w, map[string]string{"application": applies(w, t, c, "500000"), "paper": "agreement"}
			if complete {
				words["document"] = sends(w, c, words["application"])
			}
		}
		return words
	}
}

func onStudyLoan(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	lends(w, t)
	return nil
}

var applicationEndpoints = []apitest.Endpoint{
	{ID: "submit-application", Fill: onStudyLoan, Body: `{"id":"{id}","product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition"}`},
	{ID: "list-applications", Fill: onStudyLoan},
	{ID: "get-application", Fill: applied(false)},
	{ID: "decide-application", Body: `{"id":"{id}","outcome":"declined","reason":"thin-file"}`, Fill: applied(false)},
	{ID: "ask-to-sign", Body: `{}`, Fill: applied(true)},
	{ID: "sign-application", Body: `{"id":"{id}","code":"123456"}`, Fill: applied(false)},
	{ID: "withdraw-application", Body: `{"id":"{id}"}`, Fill: applied(true)},
	{ID: "close-application", Body: `{"id":"{id}","reason":"paid-up"}`, Fill: applied(false)},
	{ID: "send-document", Body: document("{id}", "other", pdfFile), Fill: applied(false)},
	{ID: "list-documents", Fill: applied(true)},
	{ID: "get-document", Fill: applied(true)},
	{ID: "list-papers", Fill: applied(true)},
	{ID: "get-paper", Fill: applied(true)},
}

var applicationBodies = map[string]string{
	"/v1/applications": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","borrower":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","ledger":"main","product":"study-loan",
		"amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition","region":"CN-31","facts":[{"fact":"applicant.monthly_income","value":"1"}],
		"guarantors":[{"party":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","share":1,"limit":"1"}]}`,
	"/v1/applications/{application}/decision":   `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","outcome":"accepted","grade":"a","amount":"1","reason":"x"}`,
	"/v1/applications/{application}/code":       `{}`,
	"/v1/applications/{application}/signature":  `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","code":"123456"}`,
	"/v1/applications/{application}/withdrawal": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"}`,
	"/v1/applications/{application}/closure":    `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","reason":"x"}`,
	"/v1/applications/{application}/documents":  document("019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", "other", pdfFile),
}

// An application waits for a document, is decided by the rules, and offers the first grade at which it may be lent. Its
// papers can be saved by the borrower, with their hashes.
func TestApplication(t *testing.T) {
	w := apitest.NewWorld(t)
	client := w.North.Client
	i := applies(w, w.North, client, "200000")
	path := "/v1/applications/" + i
	is(t, w.As(client, http.MethodGet, path, nil).OK(), "state", "documents", "amount", "600000", "product_version", "1")
	if a := w.As(client, http.MethodGet, path, nil); a.At("missing", 0) != "enrolment" || a.At("decision") != "" || a.At("track", 0, "state") != "documents" {
		t.Errorf("%s", a.Body)
	}
	sent := sends(w, client, i)
	a := w.As(client, http.MethodGet, path, nil).OK()
	is(t, a, "state", "offered")
	// 6,000.00 is more than is lent at grade a; at 12 % a year the installment is 533.09; 2 % of the amount is kept.
	for want, at := range map[string][]any{
		"b": {"offer", "grade"}, "53309": {"offer", "installment"}, "588000": {"offer", "payout"}, "accepted": {"decision", "outcome"}, "rules": {"decision", "by"},
		"tuition": {"purpose"}, "applied": {"track", 1, "state"}, "applicant.monthly_income": {"facts", 0, "fact"},
	} {
		if got := a.At(at...); got != want {
			t.Errorf("%v is %s, want %s", at, got, want)
		}
	}
	papers := w.As(client, http.MethodGet, path+"/papers", nil).OK()
	if papers.At("papers", 1, "digest") != a.At("contract") || papers.At("papers", 0, "kind") != "disclosure" || papers.At("papers", 1, "kind") != "agreement" || papers.At("papers", 2) != "" {
		t.Errorf("%s", papers.Body)
	}
	for n, kind := range []string{"disclosure", "agreement"} {
		file := w.As(client, http.MethodGet, path+"/papers/"+kind, nil).OK()
		hash := sha256.Sum256(file.Body)
		if !bytes.HasPrefix(file.Body, []byte("%PDF-")) || hex.EncodeToString(hash[:]) != papers.At("papers", n, "hash") ||
			file.Header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %v, %d bytes", kind, file.Header, len(file.Body))
		}
	}
	refuses(t, w.As(client, http.MethodGet, path+"/papers/annex", nil), 404, "not_found", "path.paper")
	back := w.As(client, http.MethodGet, path+"/documents/"+sent, nil).OK()
	if string(back.Body) != pdfFile || back.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%v %s", back.Header, back.Body)
	}
	listed := w.As(w.North.Staff["operations"], http.MethodGet, "/v1/applications?state=offered", nil).OK()
	if listed.At("applications", 0, "id") != i || listed.At("applications", 1) != "" {
		t.Errorf("%s", listed.Body)
	}
	if a := w.As(w.North.Other, http.MethodGet, "/v1/applications", nil).OK(); a.At("applications", 0) != "" {
		t.Errorf("another client sees it: %s", a.Body)
	}
	// Without a number nothing can be sent.
	refuses(t, w.As(client, http.MethodPost, path+"/code", `{}`), 409, "no_mobile", "")
	by := party.By{Tenant: w.North.ID, Actor: client.Principal}
	if _, err := w.Ground.Parties.AddIdentifier(t.Context(), by, party.Identifier{ID: w.ID(), Party: client.Party, Type: "mobile", Value: "13800138000"}); err != nil {
		t.Fatal(err)
	}
	asked := w.As(client, http.MethodPost, path+"/code", `{}`).OK()
	if strings.Contains(string(asked.Body), `"code"`) {
		t.Errorf("the answer has the code: %s", asked.Body)
	}
	refuses(t, w.As(client, http.MethodPost, path+"/signature", `{"id":`+quoted(w.ID().String())+`,"code":"000000"}`), 403, "sign_code", "body.code")
	change := quoted(w.ID().String())
	for range 2 {
		is(t, w.As(client, http.MethodPost, path+"/withdrawal", `{"id":`+change+`}`).OK(), "state", "withdrawn")
	}
	refuses(t, w.As(client, http.MethodPost, path+"/withdrawal", `{"id":`+quoted(w.ID().String())+`}`), 409, "order_state", "body.transition")
}

// What the rules can't decide a person does, never on his own application; what they decline says why.
func TestApplicationDecisions(t *testing.T) {
	w := apitest.NewWorld(t)
	client, risk := w.North.Client, w.North.Staff["risk"]
	poor := applies(w, w.North, client, "90000")
	sends(w, client, poor)
	a := w.As(client, http.MethodGet, "/v1/applications/"+poor, nil).OK()
	is(t, a, "state", "refused")
	if a.At("decision", "reason") != "rules" || a.At("decision", "failed", 0, "says", "en") != "The income is too small" ||
		a.At("decision", "failed", 0, "facts", 1, "value") != "90000" {
		t.Errorf("%s", a.Body)
	}
	unknown := func(c *apitest.Caller) string {
		i := w.ID().String()
		w.As(c, http.MethodPost, "/v1/applications", `{"id":`+quoted(i)+`,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition"}`).OK()
		sends(w, c, i)
		return "/v1/applications/" + i
	}
	path := unknown(client)
	a = w.As(risk, http.MethodGet, path, nil).OK()
	is(t, a, "state", "review")
	if a.At("decision", "outcome") != "referred" || a.At("decision", "failed", 0, "problem") != "applicant.monthly_income is not known" {
		t.Errorf("%s", a.Body)
	}
	decide := func(c *apitest.Caller, path, words string) *apitest.Answer {
		return w.As(c, http.MethodPost, path+"/decision", `{"id":`+quoted(w.ID().String())+`,`+words+`}`)
	}
	refuses(t, decide(risk, path, `"outcome":"accepted","grade":"z"`), 400, "invalid", "body.grade")
	refuses(t, decide(risk, path, `"outcome":"accepted","grade":"b","amount":"600100"`), 400, "invalid", "body.amount")
	refuses(t, decide(risk, path, `"outcome":"declined"`), 400, "invalid", "body.reason")
	refuses(t, decide(risk, path, `"outcome":"declined","reason":"No!"`), 400, "invalid", "body.reason")
	refuses(t, decide(risk, unknown(risk), `"outcome":"accepted","grade":"b"`), 403, "forbidden", "")
	own := quoted(w.ID().String())
	body := `{"id":` + own + `,"outcome":"accepted","grade":"a","amount":"500000"}`
	for range 2 {
		a = w.As(risk, http.MethodPost, path+"/decision", body).OK()
	}
	is(t, a, "state", "offered")
	if a.At("offer", "amount") != "500000" || a.At("offer", "grade") != "a" || a.At("decision", "by") != "officer" {
		t.Errorf("%s", a.Body)
	}
	refuses(t, w.As(risk, http.MethodPost, path+"/decision", strings.Replace(body, "500000", "400000", 1)), 409, "order_id_taken", "body.id")
}

// What is neither settled nor written off is not closed; nobody closes his own, and nobody another tenant's.
func TestApplicationsThatAreNotClosed(t *testing.T) {
	w := apitest.NewWorld(t)
	operations := w.North.Staff["operations"]
	i := applies(w, w.North, w.North.Client, "200000")
	sends(w, w.North.Client, i)
	closes := func(c *apitest.Caller, i, reason string) *apitest.Answer {
		return w.As(c, http.MethodPost, "/v1/applications/"+i+"/closure", `{"id":`+quoted(w.ID().String())+`,"reason":`+quoted(reason)+`}`)
	}
	refuses(t, closes(operations, i, "paid-up"), 409, "order_state", "")
	refuses(t, closes(operations, i, "Paid up"), 400, "invalid", "body.reason")
	refuses(t, closes(operations, i, strings.Repeat("x", 33)), 400, "invalid", "body.reason")
	refuses(t, closes(operations, w.ID().String(), "paid-up"), 404, "not_found", "path.application")
	refuses(t, closes(operations, applies(w, w.North, operations, "200000"), "paid-up"), 403, "forbidden", "")
	refuses(t, closes(w.North.Client, i, "paid-up"), 403, "forbidden", "")
	refuses(t, closes(w.North.Staff["risk"], i, "paid-up"), 403, "forbidden", "")
	refuses(t, closes(w.South.Staff["operations"], i, "paid-up"), 404, "not_found", "path.application")
	is(t, w.As(operations, http.MethodGet, "/v1/applications/"+i, nil).OK(), "state", "offered")
}

// A second login of the borrower, which has no grant for him but his role, is his all the same; and a program with the
// role decides nothing.
func TestNobodyIsHisOwnOfficer(t *testing.T) {
	w := apitest.NewWorld(t)
	risk, operations := w.North.Staff["risk"], w.North.Staff["operations"]
	by := party.By{Tenant: w.North.ID, Actor: operations.Principal}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	second := w.Login(by, operations.Party, "operations.second")
	lends(w, w.North)
	body := func(of id.ID, fact string) string {
		return `{"id":` + quoted(w.ID().String()) + `,"borrower":` + quoted(of.String()) + `,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition",
			"facts":[{"fact":` + quoted(fact) + `,"value":"700"}]}`
	}
	refuses(t, w.As(second, http.MethodPost, "/v1/applications", body(operations.Party, "applicant.score")), 403, "forbidden", "body.facts.applicant.score")
	w.As(second, http.MethodPost, "/v1/applications", body(risk.Party, "applicant.score")).OK()

	waits := func(c *apitest.Caller) string {
		i := w.ID().String()
		w.As(c, http.MethodPost, "/v1/applications", `{"id":`+quoted(i)+`,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition"}`).OK()
		sends(w, c, i)
		return "/v1/applications/" + i + "/decision"
	}
	verdict := func() string {
		return `{"id":` + quoted(w.ID().String()) + `,"outcome":"accepted","grade":"a","amount":"500000"}`
	}
	refuses(t, w.As(second, http.MethodPost, waits(operations), verdict()), 403, "forbidden", "")

	// By one login he acts for a firm, by the other he would be its officer.
	owned, agent := w.ID(), w.Login(by, risk.Party, "risk.second")
	_, err := w.Ground.Parties.CreateParty(t.Context(), by, party.Party{ID: owned, Kind: party.Organisation, Name: "Risky Ltd"})
	must(err)
	_, err = w.Ground.Parties.Grant(t.Context(), by, party.Grant{ID: w.ID(), Principal: agent.Principal, Party: owned, From: 1})
	must(err)
	applied := w.ID().String()
	w.As(operations, http.MethodPost, "/v1/applications", `{"id":`+quoted(applied)+`,"borrower":`+quoted(owned.String())+`,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition"}`).OK()
	sends(w, operations, applied)
	is(t, w.As(operations, http.MethodGet, "/v1/applications/"+applied, nil).OK(), "state", "review")
	refuses(t, w.As(risk, http.MethodPost, "/v1/applications/"+applied+"/decision", verdict()), 403, "forbidden", "")

	firm := w.ID()
	_, err = w.Ground.Parties.CreateParty(t.Context(), by, party.Party{ID: firm, Kind: party.Organisation, Name: "Scoring Ltd"})
	must(err)
	for _, role := range []string{"risk", "finance"} {
		_, err = w.Ground.Parties.GiveRole(t.Context(), by, party.Role{ID: w.ID(), Party: firm, Code: role, From: ground.Day(w.Clock)})
		must(err)
	}
	scorer := w.Login(by, firm, "scorer")
	path := waits(w.North.Client)
	refuses(t, w.As(scorer, http.MethodPost, path, verdict()), 403, "forbidden", "")
	w.As(risk, http.MethodPost, path, verdict()).OK()
	refuses(t, w.As(scorer, http.MethodPost, "/v1/ledgers/main/valuations", `{"id":`+quoted(w.ID().String())+`,"on":"2026-03-01"}`), 403, "forbidden", "")
}

// Every field that is wrong is named.
func TestApplicationRefuses(t *testing.T) {
	w := apitest.NewWorld(t)
	lends(w, w.North)
	client := w.North.Client
	body := func(change string) string {
		whole := `{"id":` + quoted(w.ID().String()) + `,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition"}`
		was, becomes, _ := strings.Cut(change, " -> ")
		if !strings.Contains(whole, was) {
			t.Fatalf("%s is not in %s", was, whole)
		}
		return strings.Replace(whole, was, becomes, 1)
	}
	for change, want := range map[string]struct {
		status      int
		code, field string
	}{
		`"study-loan" -> "none"`:                                {400, "invalid", "body.product"},
		`"600000" -> "600001"`:                                  {400, "invalid", "body.amount"},
		`"600000" -> "-1"`:                                      {400, "invalid", "body.amount"},
		`"n":12 -> "n":5`:                                       {400, "invalid", "body.term"},
		`"tuition" -> "a\nb"`:                                   {400, "invalid", "body.purpose"},
		`"tuition" -> "x","region":" x"`:                        {400, "invalid", "body.region"},
		`"tuition" -> "x","ledger":"other"`:                     {400, "invalid", "body.ledger"},
		`"tuition" -> "x","ledger":"none"`:                      {400, "invalid", "body.ledger"},
		`"tuition" -> "x","borrower":"` + w.ID().String() + `"`: {403, "forbidden", "body.borrower"},

		`"tuition" -> "x","facts":[{"fact":"applicant.level","value":"3"}]`:            {400, "invalid", "body.facts.applicant.level"},
		`"tuition" -> "x","facts":[{"fact":"applicant.score","value":"700"}]`:          {403, "forbidden", "body.facts.applicant.score"},
		`"tuition" -> "x","facts":[{"fact":"applicant.monthly_income","value":"a"}]`:   {400, "invalid", "body.facts.applicant.monthly_income"},
		`"tuition" -> "x","facts":[{"fact":"a","value":"a"},{"fact":"a","value":"b"}]`: {400, "invalid", "body.facts"},
	} {
		t.Run(change, func(t *testing.T) {
			refuses(t, w.As(client, http.MethodPost, "/v1/applications", body(change)), want.status, want.code, want.field)
		})
	}
	// An officer states more, and applies for others, who must be there.
	officer := w.North.Staff["operations"]
	with := `"tuition" -> "x","borrower":"` + client.Party.String() + `","facts":[{"fact":"applicant.score","value":"700"}]`
	is(t, w.As(officer, http.MethodPost, "/v1/applications", body(with)).OK(), "borrower", client.Party.String())
	refuses(t, w.As(officer, http.MethodPost, "/v1/applications", body(`"tuition" -> "x","borrower":"`+w.ID().String()+`"`)), 400, "invalid", "body.borrower")
	if a := w.As(client, http.MethodGet, "/v1/applications", nil).OK(); a.At("applications", 1) != "" {
		t.Errorf("something that was refused is there: %s", a.Body)
	}
	i := applies(w, w.North, client, "1")
	good := document(w.ID().String(), "enrolment", pdfFile)
	for change, want := range map[string]struct {
		status int
		field  string
	}{
		`"enrolment" -> "selfie"`:            {400, "body.kind"},
		`"application/pdf" -> "image/png"`:   {400, "body.content"},
		`"application/pdf" -> "text/html"`:   {400, "body.type"},
		`"hash":" -> "hash":"00`:             {400, "body.hash"},
		`"content":"JVBE -> "content":"JVBF`: {400, "body.hash"},
		`"content":" -> "content":"*`:        {400, "body.content"},
	} {
		was, becomes, _ := strings.Cut(change, " -> ")
		a := w.As(client, http.MethodPost, "/v1/applications/"+i+"/documents", strings.Replace(good, was, becomes, 1))
		if a.Status != want.status || a.At("field") != want.field {
			t.Errorf("%s: %d %s", change, a.Status, a.Body)
		}
	}
	for range 2 {
		w.As(client, http.MethodPost, "/v1/applications/"+i+"/documents", good).OK()
	}
	refuses(t, w.As(client, http.MethodPost, "/v1/applications/"+i+"/documents", strings.Replace(good, `"enrolment"`, `"other"`, 1)), 409, "order_id_taken", "body.id")
}
