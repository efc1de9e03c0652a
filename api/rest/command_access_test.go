package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/right"
)

// Whoever may send commands may not send all of them: the engine's behaviour is the operator's, a clock is of those who
// run the planned events, and what the sequencer writes is nobody's.
func TestWhoMayCommandWhat(t *testing.T) {
	w := apitest.NewWorld(t)
	type row struct {
		operation string
		operator  bool        // the operator's alone
		needs     right.Right // of everybody else
		nobody    bool
	}
	for name, r := range map[string]row{
		"upgrade":     {operation: `{"upgrade":{"version":1}}`, operator: true},
		"advance":     {operation: `{"advance":{"to":"2026-03-02T00:00:00Z"}}`, needs: right.JobRetry},
		"open asset":  {operation: `{"open_asset":{"code":"JPY","scale":0}}`, needs: right.LedgerWrite},
		"transfer":    {operation: `{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}`, needs: right.LedgerWrite},
		"reverse":     {operation: `{"reverse":{"sequence":999999,"mode":"refuse"}}`, needs: right.LedgerWrite},
		"open ledger": {operation: `{"open_ledger":{"ledger":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","zone":"UTC","clock":"real","start":"2026-03-02T00:00:00Z"}}`, nobody: true},
		"lead":        {operation: `{"lead":{"epoch":9,"node":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"}}`, nobody: true},
		"pulse":       {operation: `{"pulse":{"limit":1}}`, nobody: true},
	} {
		callers := map[string]*apitest.Caller{"client": w.North.Client}
		for _, role := range right.Roles() {
			callers[role] = w.North.Staff[role]
		}
		callers["operator"] = &apitest.Caller{Token: w.Token}
		for who, c := range callers {
			rights := right.Role(who)
			if who == "operator" {
				rights = right.Every
			}
			full := `{"operations":[` + r.operation + `]}`
			batch := fmt.Sprintf(`{"commands":[{"id":"%s","operations":[{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]},`+
				`{"id":"%s","operations":[%s]}]}`, w.ID(), w.ID(), r.operation)
			for path, body := range map[string]string{"commands": full, "batches": batch} {
				key := w.ID().String()
				if path == "batches" {
					key = ""
				}
				a := w.As(c, http.MethodPost, "/v1/ledgers/main/"+path, body, "Idempotency-Key", key)
				t.Run(name+"/"+path+"/"+who, func(t *testing.T) {
					let := rights.Has(right.LedgerWrite) && (!r.operator || who == "operator") && rights.Has(r.needs)
					switch {
					case r.nobody && a.Status != http.StatusForbidden && !strings.Contains(string(a.Body), "malformed"):
						t.Errorf("status %d: %s", a.Status, a.Body)
					case r.nobody:
					case let && !strings.Contains(string(a.Body), `"sequence":`):
						t.Errorf("status %d, want an answer of the ledger: %s", a.Status, a.Body)
					case !let && a.Status != http.StatusForbidden:
						t.Errorf("status %d, want 403: %s", a.Status, a.Body)
					}
				})
			}
		}
	}
}

// References by which the platform knows again what it did are set by nobody else; the operator carries over what was.
func TestReferencesOfThePlatform(t *testing.T) {
	w := apitest.NewWorld(t)
	service, operator := w.North.Staff["service"], &apitest.Caller{Token: w.Token}
	const value = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	body := func(kind int) string {
		return fmt.Sprintf(`{"references":[{"type":4,"value":%q},{"type":%d,"value":%q}],"operations":[{"transfer":{"debit":"bank:cash","credit":"investor:1:cash","amount":"1"}}]}`, value, kind, value)
	}
	send := func(c *apitest.Caller, path, text string) *apitest.Answer {
		return w.As(c, http.MethodPost, "/v1/ledgers/main/"+path, text, "Idempotency-Key", w.ID().String())
	}
	send(service, "commands", body(plan.FirstReference-1)).OK()
	send(operator, "commands", body(plan.Reference)).OK()
	for _, kind := range []int{plan.FirstReference, plan.Reference, 65535} {
		refuses(t, send(service, "commands", body(kind)), 403, "forbidden", "body.references[1].type")
	}
	due := `{"due":"2026-03-02T00:00:00Z",` + body(plan.Reference)[1:]
	refuses(t, send(service, "jobs", due), 403, "forbidden", "body.references[1].type")
	whole := strings.Replace(body(plan.Reference), "{", `{"id":"`+w.ID().String()+`",`, 1)
	refuses(t, w.As(service, http.MethodPost, "/v1/ledgers/main/batches", `{"commands":[`+whole+`]}`), 403, "forbidden", "body.commands[0].references[1].type")
}
