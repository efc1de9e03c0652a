package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// A clock whose way takes longer than one answer may is asked for again under the same key, and one is told meanwhile
// where it stands.
func TestAdvanceWaitsForAClockOnItsWay(t *testing.T) {
	var asked atomic.Int32
	keys := make(chan string, 10)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `{"name":"main","now":"2026-03-09T00:00:00.000000Z"}`)
			return
		}
		keys <- r.Header.Get("Idempotency-Key")
		if asked.Add(1) < 3 {
			time.Sleep(tellEvery)
			w.WriteHeader(http.StatusGatewayTimeout)
			fmt.Fprint(w, `{"code":"outcome_unknown","detail":"the clock is still on its way"}`)
			return
		}
		fmt.Fprint(w, `{"code":"applied","sequence":7,"timestamp":"2026-04-01T00:00:00.000000Z"}`)
	}))
	defer node.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out, told bytes.Buffer
	code := run(t.Context(), []string{"ledger", "advance", "2026-04-01T00:00:00Z", "--address", node.URL, "--token-file", token}, strings.NewReader(""), &out, &told)
	if code != 0 || !strings.Contains(out.String(), "applied") {
		t.Fatalf("%d\n%s%s", code, out.String(), told.String())
	}
	first := <-keys
	if first == "" || first != <-keys || first != <-keys {
		t.Error("the key changes between the requests")
	}
	if want := "the way to 2026-04-01T00:00:00Z has the key " + first + "\nthe clock of ledger main stands at 2026-03-09T00:00:00.000000Z, on its way to 2026-04-01T00:00:00Z\n"; !strings.HasPrefix(told.String(), want) {
		t.Errorf("told %q, want %q", told.String(), want)
	}
}
