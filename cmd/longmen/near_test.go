package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/access"
)

// The operator's token may do everything: it is shown to the folder's own node and on this machine, and nowhere else.
func TestTokenStaysNear(t *testing.T) {
	folder := t.TempDir()
	if _, err := access.Ensure(folder); err != nil {
		t.Fatal(err)
	}
	if err := access.WriteAddress(folder, "192.0.2.7:8080"); err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string]bool{
		"192.0.2.7:8080": true, "http://192.0.2.7:8080/": true, "localhost:1": true, "127.0.0.2:1": true, "http://[::1]:1": true,
		"192.0.2.7:8081": false, "192.0.2.8:8080": false, "http://127.0.0.1@192.0.2.8": false, "localhost.example:1": false, "https://node.example": false,
	} {
		if near(folder, address) != want {
			t.Errorf("%s is near: %v", address, !want)
		}
	}
	for _, words := range []string{"ledger list", "bench bids"} {
		out, failed := cli(t, folder, append(strings.Fields(words), "--address", "node.example:1")...)
		if !failed || !strings.Contains(out, "$LONGMEN_TOKEN") || !strings.Contains(out, "--token-file") {
			t.Errorf("%s: %s", words, out)
		}
	}
}

// Whoever named the address himself is not told to start a node on his folder.
func TestNoNodeThere(t *testing.T) {
	node := httptest.NewServer(http.NotFoundHandler())
	node.Close()
	out, failed := cli(t, t.TempDir(), "ledger", "list", "--address", node.URL, "--token-file", "/dev/null")
	if !failed || !strings.Contains(out, "no node answers on "+node.URL) || strings.Contains(out, "longmen serve") {
		t.Error(out)
	}
}
