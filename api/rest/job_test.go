package rest_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/kit/id"
)

const plannedTransfer = `{"due":"2026-04-01T00:00:00Z","operations":[{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]}`

// job plans something in north's ledger.
func job(w *apitest.World, _ *apitest.Tenant, _ *apitest.Caller) map[string]string {
	return map[string]string{"job": w.Post("/v1/ledgers/main/jobs", plannedTransfer).OK().At("id")}
}

var jobEndpoints = []apitest.Endpoint{
	{ID: "list-jobs"},
	{ID: "get-job", Fill: job},
	{ID: "retry-job", Fill: job},
	{ID: "cancel-job", Fill: job},
	{ID: "plan-command", Body: plannedTransfer},
	{ID: "list-notices"},
	{ID: "get-preferences"},
	{ID: "set-preferences", Body: `{"language":"en"}`},
	{ID: "list-simulated", Fill: thing("channel", "sms")},
}

func TestJobs(t *testing.T) {
	w := apitest.NewWorld(t)
	staff, south := w.North.Staff["administrator"], w.South.Staff["administrator"]
	var ids []string
	for range 3 {
		ids = append(ids, job(w, w.North, nil)["job"])
	}
	first := w.Do("POST", "/v1/ledgers/main/jobs", plannedTransfer, "Idempotency-Key", "mine").OK().At("id")
	if again := w.Do("POST", "/v1/ledgers/main/jobs", plannedTransfer, "Idempotency-Key", "mine").OK().At("id"); again != first {
		t.Error("the same key planned another one")
	}
	changed := strings.Replace(plannedTransfer, "04-01", "04-02", 1)
	if a := w.Do("POST", "/v1/ledgers/main/jobs", changed, "Idempotency-Key", "mine"); a.Status != http.StatusConflict {
		t.Errorf("the same key with other content: %d %s", a.Status, a.Body)
	}
	var page struct {
		Jobs []struct{ ID, State string }
		Next string
	}
	seen, cursor := 0, ""
	for pages := 0; pages == 0 || cursor != ""; pages++ {
		page.Next = ""
		w.As(staff, "GET", "/v1/jobs?state=waiting&limit=3&cursor="+cursor, nil).OK().Into(&page)
		seen, cursor = seen+len(page.Jobs), page.Next
	}
	if seen != 4 {
		t.Errorf("%d jobs, want 4", seen)
	}
	w.As(south, "GET", "/v1/jobs", nil).OK().Into(&page)
	if len(page.Jobs) != 0 {
		t.Errorf("another tenant sees %v", page.Jobs)
	}
	w.As(staff, "POST", "/v1/jobs/"+ids[0]+"/cancel", nil).OK()
	detail := w.As(staff, "GET", "/v1/jobs/"+ids[0], nil).OK()
	if detail.At("actor") != staff.Principal.String() {
		t.Errorf("%s", detail.Body)
	}
	if detail.At("state") != "cancelled" || !strings.Contains(detail.At("why"), "cancelled") {
		t.Errorf("%s", detail.Body)
	}
	if a := w.As(staff, "POST", "/v1/jobs/"+ids[0]+"/retry", nil); a.Status != http.StatusConflict {
		t.Errorf("what was cancelled was retried: %d", a.Status)
	}
}

// A job tells the commands that name it, at most 50 of them, and whether there are more.
func TestWhatAJobCaused(t *testing.T) {
	w := apitest.NewWorld(t)
	planned := job(w, w.North, nil)["job"]
	for n := range 51 {
		w.Post("/v1/ledgers/main/transfers", fmt.Sprintf(`{"debit":"bank:cash","credit":"investor:1:cash","amount":"1","references":[{"type":61441,"value":%q}]}`, planned)).OK()
		if n < 49 {
			continue
		}
		var detail struct {
			Commands []struct{ Sequence uint64 }
			More     bool
		}
		w.As(w.North.Staff["administrator"], "GET", "/v1/jobs/"+planned, nil).OK().Into(&detail)
		if len(detail.Commands) != 50 || detail.More != (n == 50) || detail.Commands[0].Sequence >= detail.Commands[49].Sequence {
			t.Errorf("after %d: %+v", n+1, detail)
		}
	}
}

func TestJobsThatAreNone(t *testing.T) {
	w := apitest.NewWorld(t)
	for body, field := range map[string]string{
		`{"operations":[]}`: "body", `{}`: "body",
		`{"due":"2026-04-01T00:00:00Z","operations":[{"advance":{"to":"2026-04-01T00:00:00Z"}}]}`:                         "body.operations[0]",
		`{"due":"2026-04-01T00:00:00Z","operations":[{"transfer":{"debit":"A","credit":"b","amount":"1"}}]}`:              "body.operations",
		`{"due":"2026-04-01T00:00:00Z","operations":[{"transfer":{"debit":"a","credit":"b","amount":"1"}}],"other":true}`: "body",
	} {
		a := w.Post("/v1/ledgers/main/jobs", body)
		if a.Status != http.StatusBadRequest || !strings.Contains(string(a.Body), `"field":"`+field) {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	for _, query := range []string{"state=sleeping", "limit=0", "limit=1001", "cursor=abc", "cursor=" + w.ID().String()} {
		if a := w.Do("GET", "/v1/jobs?"+query, nil, "Longmen-Tenant", "north"); a.Status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", query, a.Status, a.Body)
		}
	}
}

func TestNoticesAndPreferences(t *testing.T) {
	w := apitest.NewWorld(t)
	me, path := w.North.Client, "/v1/parties/"+w.North.Client.Party.String()
	tell := func(n int) {
		err := w.Ground.DB.Write(t.Context(), func(tx *sql.Tx) error {
			return w.Ground.Notices.Tell(t.Context(), tx, notice.Notice{
				Tenant: w.North.ID, ID: w.ID(), Ledger: "main", Party: me.Party, Kind: "due",
				Data: fmt.Appendf(nil, `{"loan":"LM-%d","amount":{"asset":"CNY","minor":"100","scale":2},"date":"2026-03-01"}`, n),
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tell(1)
	w.As(me, "POST", path+"/preferences", `{"language":"en","preferences":[{"kind":"due","channel":"sms","wanted":false}]}`).OK()
	tell(2)
	var list struct {
		Notices []struct{ Kind, Channel string }
	}
	w.As(me, "GET", path+"/notices", nil).OK().Into(&list)
	if len(list.Notices) != 3 { // two channels, then one
		t.Errorf("%+v", list)
	}
	var said struct {
		Language    string
		Preferences []struct {
			Kind, Channel string
			Wanted, Must  bool
		}
	}
	w.As(me, "GET", path+"/preferences", nil).OK().Into(&said)
	off := 0
	for _, p := range said.Preferences {
		if !p.Wanted {
			off++
		}
	}
	if said.Language != "en" || len(said.Preferences) != 16 || off != 1 {
		t.Errorf("%+v", said)
	}
	for body, status := range map[string]int{
		`{"language":"fr"}`: 400, `{"preferences":[{"kind":"due","channel":"mail","wanted":true}]}`: 400,
		`{"preferences":[{"kind":"code","channel":"sms","wanted":false}]}`: 403, `{"preferences":[{"kind":"x","channel":"sms","wanted":true}]}`: 400,
	} {
		if a := w.As(me, "POST", path+"/preferences", body); a.Status != status {
			t.Errorf("%s: %d %s", body, a.Status, a.Body)
		}
	}
	refuses(t, w.As(me, "POST", path+"/preferences", `{"language":"zh","preferences":[{"kind":"due","channel":"sms","wanted":true},{"kind":"code","channel":"sms","wanted":false}]}`),
		403, "forbidden", "body.preferences[1]")
	if a := w.As(me, "GET", path+"/preferences", nil).OK(); a.At("language") != "en" || strings.Count(string(a.Body), `"wanted":false`) != 1 {
		t.Errorf("half of it is kept: %s", a.Body)
	}
	if a := w.As(w.North.Other, "GET", path+"/notices", nil); a.Status != http.StatusNotFound {
		t.Errorf("another client reads them: %d", a.Status)
	}
	if err := w.Node.Box.Send(t.Context(), notice.Message{ID: id.ID(w.ID()), Address: "13800138000", Body: "hello"}); err != nil {
		t.Fatal(err)
	}
	if a := w.Get("/v1/simulators/sms/messages").OK(); a.At("messages", 0, "body") != "hello" {
		t.Errorf("%s", a.Body)
	}
	if a := w.Get("/v1/simulators/fax/messages"); a.Status != http.StatusNotFound {
		t.Errorf("%d", a.Status)
	}
}
