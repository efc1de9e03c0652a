package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Nobody knows whether something was done when the answer does not come. Whoever says the same again has to know under which
// key or id it was sent: then it is done once.
func TestAgainWithWhatWasSent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "command.json")
	if err := os.WriteFile(file, []byte(`{"operations":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "own.json")
	if err := os.WriteFile(own, []byte(`{"id":"`+someLoan+`","operations":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LONGMEN_TOKEN", "secret")
	for words, flag := range map[string]string{
		"ledger transfer bank:cash investor:1:cash 5.00":               "--key",
		"ledger command " + file:                                       "--key",
		"ledger command " + own:                                        "--key",
		"ledger advance 2026-04-01T00:00:00Z":                          "--key",
		"loan sign " + someLoan + " 123456":                            "--id",
		"loan reverse " + someLoan + " " + anID:                        "--id",
		"loan note " + someLoan + " contacted":                         "--id",
		"loan serve reserve":                                           "--id",
		"loan write-off " + someLoan + " --reason gone":                "--id",
		"market bid place " + anID + " 100.00 --scale 2":               "--key",
		"market sale buy " + anID + " 100.00 --scale 2":                "--key",
		"market sale offer " + anID + " 4 1 --scale 2 --party " + anID: "--id",
		"market mandate give 100.00 --scale 2 --party " + anID:         "--id",
		"party create --name Wu":                                       "--id",
		"book value 2026-03-31":                                        "--id",
		"token revoke " + anID:                                         "", // has no id: it is revoked, once or twice
	} {
		for how, fail := range map[string]http.HandlerFunc{
			"cut": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"503": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			"unknown": func(w http.ResponseWriter, _ *http.Request) {
				problem(w, http.StatusInternalServerError, "outcome_unknown")
			},
			"not JSON": func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
			"refused":  func(w http.ResponseWriter, _ *http.Request) { problem(w, http.StatusConflict, "exceeds_credits") },
		} {
			for _, asJSON := range []bool{false, true} {
				sent := make(chan string, 10) // a request may be sent again when the connection is cut
				node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodGet {
						fmt.Fprint(w, `{"scale":2}`)
						return
					}
					var body struct{ ID string }
					_ = json.NewDecoder(r.Body).Decode(&body)
					sent <- r.Header.Get("Idempotency-Key") + body.ID
					fail(w, r)
				}))
				var out, told strings.Builder
				line := append(strings.Fields(words), "--address", node.URL)
				if asJSON {
					line = append(line, "--json")
				}
				code := run(t.Context(), line, strings.NewReader(""), &out, &told)
				want := "it may have been done: say the same again with " + flag + " " + <-sent + "\n"
				node.Close()
				if hinted := strings.HasSuffix(told.String(), want); code == 0 || hinted != (flag != "" && how != "refused") || !hinted && strings.Contains(told.String(), "say the same again") {
					t.Errorf("%s, %s, JSON %v: %d %s%s, want %s", words, how, asJSON, code, out.String(), told.String(), want)
				}
			}
		}
	}
}

func problem(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"code":%q,"detail":"so it is"}`, code)
}
