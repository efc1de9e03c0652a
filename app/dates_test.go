package app

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
)

// dated is a study loan that follows holidays, bears a penalty of 0.1 % a day, and lets the payer's instant count until
// 17:00.
var dated = studyLoan + `business_days: {calendar: HOME, rule: following}
lateness: {date: initiated, cut_off: "17:00"}
penalties: [{code: late, kind: daily, rate: "0.001"}]
`

// propose lets one person propose and another one approve.
func (l *lender) propose(by party.By, path string, body map[string]any) {
	l.Helper()
	body["id"], body["reason"] = l.World.ID().String(), "new"
	l.As(l.staff, http.MethodPost, path, body).OK()
	l.As(l.World.Caller(by, "risk"+body["id"].(string)[24:], "risk"), http.MethodPost, "/v1/proposals/"+body["id"].(string)+"/approval", `{}`).OK()
}

// TestDates shows in the served program, in the ledger's zone, that a holiday that becomes known moves what is due on it,
// and that a payment counts from the day on which it was made, until the cut-off.
func TestDates(t *testing.T) {
	w, by := whole(t)
	l := newLender(t, w, by, "2026-03-30", 2)
	l.propose(by, "/v1/products", map[string]any{"file": dated, "effective": "2026-03-30"})
	i := l.apply("200000")
	l.send(i)
	l.await(i, "offered")
	l.sign(i)
	l.await(i, "listed")
	l.bid(i, 300_000, 300_000)
	loan := "/v1/loans/" + l.await(i, "repaying").At("loan")
	first := l.As(l.borrower, http.MethodGet, loan, nil).OK().At("rows", 0, "due")
	day, err := time.Parse(time.DateOnly, first)
	l.must(err)
	next := day.AddDate(0, 0, 1).Format(time.DateOnly)
	l.propose(by, "/v1/calendars", map[string]any{"file": fmt.Sprintf("code: HOME\nname: {zh: 假日, en: Holidays}\nholidays: [%s]\n", first)})
	moved := l.As(l.borrower, http.MethodGet, loan, nil).OK()
	if moved.At("rows", 0, "due") != next || moved.At("rows", 0, "agreed") != first {
		t.Errorf("the holiday moves nothing: %s", moved.Body)
	}
	l.Post(mainLedger+"/transfers", fmt.Sprintf(`{"debit":"bank","credit":%q,"amount":"100000","purpose":1}`, market.Cash(l.borrower.Party))).OK()
	// Credited on the day after at noon, in Shanghai.
	l.Post(mainLedger+"/clock", fmt.Sprintf(`{"to":"%sT04:00:00Z"}`, day.AddDate(0, 0, 2).Format(time.DateOnly))).OK()
	late := l.As(l.staff, http.MethodGet, "/v1/overdue-loans?on="+day.AddDate(0, 0, 2).Format(time.DateOnly), nil).OK()
	if late.At("loans", 0, "due") != next || late.At("loans", 0, "days") != "1" {
		t.Errorf("%s", late.Body)
	}
	pay := func(at, amount string) (date, penalty string) {
		t.Helper()
		e := l.As(l.staff, http.MethodPost, loan+"/payments", fmt.Sprintf(`{"id":%q,"amount":%q,"paid_at":"%sT%s+08:00"}`, w.ID(), amount, next, at)).OK()
		if e.At("outcome") != "applied" {
			t.Fatalf("%s", e.Body)
		}
		return e.At("date"), e.At("split", "penalty")
	}
	if date, penalty := pay("16:59:59", "53309"); date != next || penalty != "0" {
		t.Errorf("paid before the cut-off it counts from %s, with a penalty of %s", date, penalty)
	}
	if got := l.As(l.borrower, http.MethodGet, loan, nil).OK(); got.At("bucket") != "M0" || got.At("due", "total") != "0" {
		t.Errorf("paid in time it is late: %s", got.Body)
	}
	events := l.As(l.borrower, http.MethodGet, loan+"/events", nil).OK()
	l.As(l.staff, http.MethodPost, loan+"/reversals", fmt.Sprintf(`{"id":%q,"event":%q}`, w.ID(), events.At("events", 1, "id"))).OK()
	if date, penalty := pay("17:00:01", "53362"); !strings.HasPrefix(date, day.AddDate(0, 0, 2).Format(time.DateOnly)) || penalty != "53" {
		t.Errorf("paid after the cut-off it counts from %s, with a penalty of %s", date, penalty)
	}
}
