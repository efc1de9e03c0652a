package stage

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A node that does not start says why.
func TestNodeDoesNotStart(t *testing.T) {
	if _, err := Start(t.Context(), filepath.Join(t.TempDir(), "longmen"), t.TempDir()); err == nil {
		t.Error("a program that is not there was started")
	}
	ends := filepath.Join(t.TempDir(), "longmen")
	if err := os.WriteFile(ends, []byte("#!/bin/sh\necho no room\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), ends, t.TempDir()); err == nil || !strings.Contains(err.Error(), "no room") {
		t.Errorf("its last words are lost: %v", err)
	}
}

// Where the usual port is taken, the node is where it says itself.
func TestNodeAtAnotherPort(t *testing.T) {
	doors := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer doors.Close()
	program, folder := filepath.Join(t.TempDir(), "longmen"), t.TempDir()
	script := fmt.Sprintf(`#!/bin/sh
if [ "$5" = %s ]; then echo "longmen: listen on %s: address already in use"; exit 1; fi
echo secret > %s/%s
echo "longmen serves $3 on %s (documentation: %s/docs)"
exec sleep 60
`, usualAddress, usualAddress, folder, TokenFile, doors.URL, doors.URL)
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	n, err := Start(t.Context(), program, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Kill()
	if n.Base != doors.URL || n.Token != "secret" {
		t.Errorf("it is at %s, with token %q", n.Base, n.Token)
	}
}
