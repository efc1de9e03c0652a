package stage

import (
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
