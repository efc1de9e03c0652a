package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// guaranteedLoan is the study loan with guarantors, one after the other.
var guaranteedLoan = strings.NewReplacer("study-loan", "guaranteed-loan", "documents: [{code: enrolment, name: {zh: 在读证明, en: Proof of enrolment}}]\n", "").Replace(studyLoan) +
	"losses: {order: [guarantors], installment_after: 1}\n"

// A borrower names two guarantors. Each sees what he signs, and no more of the borrower; nobody else sees anything.
func TestGuarantorsAtTheDoors(t *testing.T) {
	w := apitest.NewWorld(t)
	w.Shelf(w.North, "guaranteed-loan", guaranteedLoan)
	lends(w, w.North)
	client, other, stranger := w.North.Client, w.North.Other, w.North.Staff["finance"]
	apply := func(product, guarantors string) *apitest.Answer {
		return w.As(client, http.MethodPost, "/v1/applications", fmt.Sprintf(`{"id":%q,"product":%q,"amount":"600000","term":{"n":12,"unit":"months"},"purpose":"tuition",
			"facts":[{"fact":"applicant.monthly_income","value":"500000"}],"guarantors":%s}`, w.ID(), product, guarantors))
	}
	for field, wrong := range map[string]string{
		"body.guarantors[0].party": fmt.Sprintf(`[{"party":%q}]`, client.Party),
		"body.guarantors[1].party": fmt.Sprintf(`[{"party":%q},{"party":%q}]`, other.Party, w.South.Client.Party),
		"body.guarantors[0].share": fmt.Sprintf(`[{"party":%q,"share":10}]`, other.Party),
		"body.guarantors[0].limit": fmt.Sprintf(`[{"party":%q,"limit":"-1"}]`, other.Party),
	} {
		refuses(t, apply("guaranteed-loan", wrong), 400, "invalid", field)
	}
	refuses(t, apply("study-loan", fmt.Sprintf(`[{"party":%q}]`, other.Party)), 400, "invalid", "body.guarantors")

	a := apply("guaranteed-loan", fmt.Sprintf(`[{"party":%q,"limit":"500000"},{"party":%q}]`, other.Party, w.North.Staff["risk"].Party)).OK()
	path := "/v1/applications/" + a.At("id")
	is(t, a, "state", "offered", "guarantors.0.party", other.Party.String(), "guarantors.0.limit", "500000", "guarantors.0.signed", "", "guarantors.1.limit", "")
	refuses(t, w.As(client, http.MethodPost, path+"/code", `{}`), 409, "guarantors_unsigned", "")

	seen := w.As(other, http.MethodGet, path, nil).OK()
	is(t, seen, "state", "offered", "facts.0", "", "decision", "", "offer.amount", "600000")
	if strings.Contains(string(seen.Body), "monthly_income") {
		t.Errorf("a guarantor sees what the borrower states: %s", seen.Body)
	}
	is(t, w.As(client, http.MethodGet, path, nil).OK(), "facts.0.fact", "applicant.monthly_income")
	is(t, w.As(other, http.MethodGet, "/v1/applications?as=guarantor", nil).OK(), "applications.0.id", a.At("id"))
	is(t, w.As(other, http.MethodGet, "/v1/applications", nil).OK(), "applications.0", "")
	is(t, w.As(client, http.MethodGet, "/v1/applications?as=guarantor", nil).OK(), "applications.0", "")
	is(t, w.As(other, http.MethodGet, "/v1/applications?as=lender", nil), "status", "400")
	papers := w.As(other, http.MethodGet, path+"/papers", nil).OK()
	is(t, papers, "papers.0.kind", "agreement", "papers.1", "")
	w.As(other, http.MethodGet, path+"/papers/agreement", nil).OK()
	for _, at := range []string{path + "/papers/disclosure", path + "/documents"} {
		is(t, w.As(other, http.MethodGet, at, nil), "status", "404")
	}
	is(t, w.As(other, http.MethodGet, "/v1/orders/"+a.At("id"), nil), "status", "404")
	is(t, w.As(other, http.MethodPost, path+"/withdrawal", `{"id":`+quoted(w.ID().String())+`}`), "status", "404")
	refuses(t, w.As(other, http.MethodPost, path+"/code", `{}`), 409, "no_mobile", "")
	is(t, w.As(stranger, http.MethodPost, path+"/code", `{}`), "status", "404")
	is(t, w.As(w.South.Client, http.MethodGet, path, nil), "status", "404")
}
