package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
)

const holidays = "code: CN\nname: {zh: 节假日, en: Holidays}\nholidays: [2026-04-01..2026-04-03]\nworkdays: [2026-04-04]\n"

// proposeCalendar lets somebody of operations propose.
func proposeCalendar(w *apitest.World, t *apitest.Tenant, file string) string {
	w.T.Helper()
	i := w.ID().String()
	w.As(t.Staff["operations"], http.MethodPost, "/v1/calendars", map[string]any{"id": i, "file": file, "reason": "new"}).OK()
	return i
}

// onWall keeps a calendar in the tenant, if it is not there yet.
func onWall(w *apitest.World, t *apitest.Tenant, _ *apitest.Caller) map[string]string {
	w.T.Helper()
	if _, err := w.Ground.Products.Calendar(w.T.Context(), t.ID, "CN", 0); err != nil {
		w.As(t.Staff["risk"], http.MethodPost, "/v1/proposals/"+proposeCalendar(w, t, holidays)+"/approval", `{}`).OK()
	}
	return map[string]string{"calendar": "CN"}
}

var calendarEndpoints = []apitest.Endpoint{
	{ID: "list-calendars", Fill: onWall},
	{ID: "get-calendar", Fill: onWall},
	{ID: "get-calendar-file", Fill: onWall},
	{ID: "propose-calendar", Fill: func(*apitest.World, *apitest.Tenant, *apitest.Caller) map[string]string {
		return map[string]string{"file": quoted(strings.Replace(holidays, "CN", "HK", 1))}
	}, Body: `{"id":"{id}","file":{file},"reason":"new"}`},
}

var calendarBodies = map[string]string{
	"/v1/calendars": `{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","file":"code: x","reason":"x"}`,
}

// A calendar is proposed by one person and approved by another; from then on quotes follow it.
func TestCalendars(t *testing.T) {
	w := apitest.NewWorld(t)
	onShelf(w, w.North, nil)
	quote := func() string {
		t.Helper()
		return w.As(w.North.Client, http.MethodPost, "/v1/products/consumer-loan/simulation",
			`{"amount":"1000000","term":{"n":12,"unit":"months"},"grade":"a","start":"2026-03-02"}`).OK().At("schedule", 0, "due")
	}
	if due := quote(); due != "2026-04-02" {
		t.Errorf("without holidays it is due on %s", due)
	}
	client, ops, risk := w.North.Client, w.North.Staff["operations"], w.North.Staff["risk"]
	i := proposeCalendar(w, w.North, holidays)
	refuses(t, w.As(ops, http.MethodPost, "/v1/proposals/"+i+"/approval", `{}`), 403, "forbidden", "")
	is(t, w.As(client, http.MethodGet, "/v1/calendars/CN", nil), "status", "404")
	w.As(risk, http.MethodPost, "/v1/proposals/"+i+"/approval", `{}`).OK()
	if due := quote(); due != "2026-04-04" { // the Saturday on which people work
		t.Errorf("with holidays it is due on %s", due)
	}
	got := w.As(client, http.MethodGet, "/v1/calendars/CN", nil).OK()
	is(t, got, "code", "CN", "version", "1")
	if got.At("holidays", 0) != "2026-04-01..2026-04-03" || got.At("workdays", 0) != "2026-04-04" || got.At("approver") != "" {
		t.Errorf("%s", got.Body)
	}
	is(t, w.As(risk, http.MethodGet, "/v1/calendars/CN", nil).OK(), "approver", risk.Principal.String())
	file := w.As(client, http.MethodGet, "/v1/calendars/CN/file", nil).OK()
	if c, err := catalog.ReadCalendar(file.Body); err != nil || c.Code != "CN" {
		t.Errorf("%v %s", err, file.Body)
	}
	is(t, w.As(w.South.Client, http.MethodGet, "/v1/calendars/CN", nil), "status", "404")
	for _, code := range []string{"AA", "BB"} {
		i := proposeCalendar(w, w.North, strings.Replace(holidays, "CN", code, 1))
		w.As(risk, http.MethodPost, "/v1/proposals/"+i+"/approval", `{}`).OK()
	}
	page := w.As(client, http.MethodGet, "/v1/calendars?limit=2", nil).OK()
	if page.At("calendars", 1, "code") != "BB" || w.As(client, http.MethodGet, "/v1/calendars?limit=2&cursor="+page.At("next"), nil).OK().At("calendars", 0, "code") != "CN" {
		t.Errorf("%s", page.Body)
	}
	for _, c := range []struct{ file, field, says string }{
		{"code: [", "body.file", "line 1"},
		{strings.Replace(holidays, "2026-04-04", "2026-04-31", 1), "body.file.workdays[0]", "line 4"},
		{holidays + "weekend: [sunday]\n", "body.file.weekend", "line 5"},
	} {
		a := w.As(ops, http.MethodPost, "/v1/calendars", map[string]any{"id": w.ID().String(), "file": c.file, "reason": "x"})
		if a.Status != http.StatusBadRequest || a.At("field") != c.field || !strings.Contains(a.At("detail"), c.says) {
			t.Errorf("want 400 that names %s and says %q: %d %s", c.field, c.says, a.Status, a.Body)
		}
	}
}

func TestBadCalendarQueries(t *testing.T) {
	badQueries(t, []badQuery{
		{"/v1/calendars?limit=0", 400, "query.limit"},
		{"/v1/calendars?cursor=x", 400, "query.cursor"},
		{"/v1/calendars/" + strings.Repeat("a", 17), 400, "path.calendar"},
		{"/v1/calendars/none", 404, ""},
		{"/v1/calendars/none?version=0", 400, "query.version"},
		{"/v1/calendars/none/file?version=x", 400, "query.version"},
	})
}

// Only who has the right says when a payment was made; everybody sees what was said.
func TestInstantsOfAPayment(t *testing.T) {
	w := apitest.NewWorld(t)
	loan, _ := w.LendLate(w.North, w.North.Client.Party)
	path := "/v1/loans/" + loan.String() + "/payments"
	for _, field := range []string{"paid_at", "received_at"} {
		refuses(t, w.As(w.North.Client, http.MethodPost, path, `{"id":`+quoted(w.ID().String())+`,"amount":"1","`+field+`":"2026-02-01T00:00:00Z"}`), 403, "forbidden", "body."+field)
	}
	clerk := w.Caller(party.By{Tenant: w.North.ID, Actor: w.North.Client.Principal}, "clerk", "operations")
	refuses(t, w.As(clerk, http.MethodPost, path, `{"id":`+quoted(w.ID().String())+`,"amount":"1","paid_at":"2046-02-01T00:00:00Z"}`), 400, "invalid", "body.paid_at")
	e := w.As(clerk, http.MethodPost, path, `{"id":`+quoted(w.ID().String())+`,"amount":"100","paid_at":"2026-02-01T15:59:00Z","received_at":"2026-02-02T16:00:00+08:00"}`).OK()
	is(t, e, "outcome", "applied", "date", "2026-02-02", "paid_at", "2026-02-01T15:59:00.000000Z", "received_at", "2026-02-02T08:00:00.000000Z")
}
