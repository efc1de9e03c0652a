package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// On a real node: a tenant is made, his administrator works with his token, and the same words again change nothing.
func TestTenant(t *testing.T) {
	folder := serve(t)
	file := filepath.Join(t.TempDir(), "token")
	words := []string{"tenant", "create", "north", "--zone", "Asia/Shanghai", "--clock", "simulated", "--start", "2026-01-01T00:00:00Z", "--administrator", "Wang Wu"}
	out, failed := cli(t, folder, append(words, "--save-token", file)...)
	if failed || strings.Contains(out, "longmen_") || !strings.Contains(out, "in "+file) {
		t.Fatal(out)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("token file: %v %v", info, err)
	}
	if out, failed = cli(t, folder, append(words, "--save-token", file)...); !failed || !strings.Contains(out, "exists") {
		t.Errorf("the file was written over: %s", out)
	}
	if out, failed = cli(t, folder, words...); failed || !strings.Contains(out, "was shown before: longmen token issue") {
		t.Errorf("the same again: %s", out)
	}
	other := filepath.Join(t.TempDir(), "other")
	if out, failed = cli(t, folder, append(words, "--save-token", other)...); failed {
		t.Errorf("the same again: %s", out)
	}
	if _, err := os.Stat(other); err == nil {
		t.Error("an empty token file is left")
	}
	if out, failed = cli(t, folder, "ledger", "list", "--token-file", file); failed || !strings.Contains(out, "north  simulated") {
		t.Errorf("his ledgers: %s", out)
	}
	if out, failed = cli(t, folder, "tenant", "list", "--token-file", file); !failed || !strings.Contains(out, "forbidden") {
		t.Errorf("he lists tenants: %s", out)
	}
	if out, failed = cli(t, folder, "tenant", "list"); failed || !regexp.MustCompile(`north +north +north`).MatchString(out) {
		t.Errorf("tenants: %s", out)
	}
	if out, failed = cli(t, folder, "tenant", "show", "north"); failed || !strings.Contains(out, "first    north") {
		t.Errorf("tenant: %s", out)
	}
	if out, failed = cli(t, folder, "tenant", "create", "west", "--zone", "Mars"); !failed || !strings.Contains(out, "zone") {
		t.Errorf("a wrong zone: %s", out)
	}
}
