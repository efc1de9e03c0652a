package app

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
)

// guaranteed is a study loan that a guarantor pays from the first day past due on, and that may be written off.
var guaranteed = studyLoan + "losses: {order: [guarantors, reserve], installment_after: 1, write_off_after: 30}\n"

// signAs has a code sent to somebody and signs with it.
func (l *lender) signAs(c *apitest.Caller, application string) *apitest.Answer {
	l.Helper()
	before := len(l.texts())
	l.As(c, http.MethodPost, "/v1/applications/"+application+"/code", `{}`).OK()
	for deadline := time.Now().Add(30 * time.Second); len(l.texts()) == before; pause() {
		if time.Now().After(deadline) {
			l.Fatal("no code comes")
		}
	}
	return l.As(c, http.MethodPost, "/v1/applications/"+application+"/signature", fmt.Sprintf(`{"id":%q,"code":%q}`, l.World.ID(), sixDigits.FindString(l.texts()[0])))
}

// TestGuarantorPays walks a guarantor's way through the served program: named, signed, called upon for an installment,
// repaid by the borrower; and what is written off stands in the books.
func TestGuarantorPays(t *testing.T) {
	w, by := whole(t)
	l := newLender(t, w, by, "2026-03-30", 2)
	l.propose(by, "/v1/products", map[string]any{"file": guaranteed, "effective": "2026-03-30"})
	li := w.Caller(by, "guarantor")
	_, err := w.Ground.Parties.AddIdentifier(t.Context(), by, party.Identifier{ID: w.ID(), Party: li.Party, Type: "mobile", Value: "13900139000"})
	l.must(err)
	i := w.ID().String()
	l.As(l.borrower, http.MethodPost, "/v1/applications", fmt.Sprintf(`{"id":%q,"product":"study-loan","amount":"600000","term":{"n":12,"unit":"months"},
		"purpose":"tuition","facts":[{"fact":"applicant.monthly_income","value":"200000"}],"guarantors":[{"party":%q,"limit":"50000"}]}`, i, li.Party)).OK()
	l.send(i)
	l.await(i, "offered")
	if a := l.As(l.borrower, http.MethodPost, "/v1/applications/"+i+"/code", `{}`); a.Status != http.StatusConflict || a.At("code") != "guarantors_unsigned" {
		t.Errorf("the borrower signs first: %d %s", a.Status, a.Body)
	}
	l.signAs(li, i).OK()
	if a := l.application(i); a.At("guarantors", 0, "signed") == "" || a.At("state") != "offered" {
		t.Errorf("%s", a.Body)
	}
	l.signAs(l.borrower, i).OK()
	l.await(i, "listed")
	papers := l.As(li, http.MethodGet, "/v1/applications/"+i+"/papers", nil).OK()
	if papers.At("papers", 1, "kind") != "signed" || papers.At("papers", 1, "signatures", 1, "role") != "guarantor" || papers.At("papers", 1, "signatures", 1, "name") != "Zhang guarantor" {
		t.Errorf("%s", papers.Body)
	}
	l.bid(i, 300_000, 300_000)
	loan := "/v1/loans/" + l.await(i, "repaying").At("loan")
	due := l.As(l.borrower, http.MethodGet, loan, nil).OK().At("rows", 0, "due")
	day, err := time.Parse(time.DateOnly, due)
	l.must(err)
	w.Post(mainLedger+"/transfers", fmt.Sprintf(`{"debit":"bank","credit":%q,"amount":"100000","purpose":1}`, market.Cash(li.Party))).OK()
	w.Post(mainLedger+"/clock", fmt.Sprintf(`{"to":"%sT04:00:00Z"}`, day.AddDate(0, 0, 2).Format(time.DateOnly))).OK()

	// Of 533.09 the guarantor pays his limit, the reserve has 60.00 and pays the rest.
	before := l.cash(l.investors[0])
	e := l.As(l.staff, http.MethodPost, loan+"/payouts", fmt.Sprintf(`{"id":%q}`, w.ID())).OK()
	if e.At("outcome") != "applied" || e.At("payers", 0, "account") != market.Cash(li.Party) || e.At("payers", 0, "split", "total") != "50000" || e.At("payers", 1, "split", "total") != "3309" {
		t.Fatalf("%s", e.Body)
	}
	if l.cash(li) != "50000" || l.balance("platform:cny:reserve") != "2691" || l.cash(l.investors[0]) == before {
		t.Errorf("the guarantor has %s, the reserve %s, the investors %s", l.cash(li), l.balance("platform:cny:reserve"), l.cash(l.investors[0]))
	}
	if a := l.As(l.borrower, http.MethodGet, loan, nil).OK(); a.At("claims", 0, "account") != market.Cash(li.Party) || a.At("claims", 0, "split", "total") != "50000" {
		t.Errorf("%s", a.Body)
	}
	// What the borrower pays then is theirs.
	l.As(l.borrower, http.MethodPost, loan+"/payments", fmt.Sprintf(`{"id":%q,"amount":"53309"}`, w.ID())).OK()
	if l.cash(li) != "100000" || l.balance("platform:cny:reserve") != "6000" {
		t.Errorf("paid back the guarantor has %s, the reserve %s", l.cash(li), l.balance("platform:cny:reserve"))
	}
	l.writtenOff(by, loan, day)
}

// writtenOff waits until a loan may be given up, and looks for it in the books.
func (l *lender) writtenOff(by party.By, loan string, first time.Time) {
	l.Helper()
	l.Post(mainLedger+"/clock", fmt.Sprintf(`{"to":"%sT04:00:00Z"}`, first.AddDate(0, 3, 0).Format(time.DateOnly))).OK()
	l.propose(by, loan+"/write-offs", map[string]any{})
	for deadline := time.Now().Add(30 * time.Second); l.As(l.borrower, http.MethodGet, loan, nil).OK().At("state") != "written-off"; pause() {
		if time.Now().After(deadline) {
			l.Fatal("the loan is not written off")
		}
	}
	lost := l.balance("platform:cny:lost")
	if len(lost) != len("550000") || strings.HasPrefix(lost, "-") || l.balance("platform:cny:contra") != lost {
		l.Errorf("the books count %s as lost, and %s on the other side", lost, l.balance("platform:cny:contra"))
	}
}
