package access_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/access"
)

func TestToken(t *testing.T) {
	folder := t.TempDir()
	token, err := access.Ensure(folder)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "token")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	text, err := access.ReadToken(folder)
	if err != nil || len(text) != 43 {
		t.Fatalf("token %q, %v", text, err)
	}
	if !token.Is(text) {
		t.Error("the folder's token is refused")
	}
	for _, wrong := range []string{"", "x", text + "x", text[1:], strings.ToUpper(text)} {
		if token.Is(wrong) {
			t.Errorf("token %q is taken", wrong)
		}
	}
	again, err := access.Ensure(folder)
	if err != nil || again != token {
		t.Errorf("the second start makes another token: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := access.ReadToken(folder); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a token for all to read: %v", err)
	}
	if err := os.WriteFile(path, []byte("short\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := access.Ensure(folder); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged token: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestAddress(t *testing.T) {
	folder := t.TempDir()
	if _, err := access.ReadAddress(folder); err == nil || !strings.Contains(err.Error(), "longmen serve") {
		t.Errorf("no node: %v", err)
	}
	if err := access.WriteAddress(folder, "127.0.0.1:8080"); err != nil {
		t.Fatal(err)
	}
	if got, err := access.ReadAddress(folder); err != nil || got != "127.0.0.1:8080" {
		t.Errorf("address %q, %v", got, err)
	}
	if err := access.RemoveAddress(folder, "127.0.0.1:8081"); err != nil {
		t.Fatal(err)
	}
	if got, err := access.ReadAddress(folder); err != nil || got != "127.0.0.1:8080" {
		t.Errorf("another node removed it: %q, %v", got, err)
	}
	for range 2 {
		if err := access.RemoveAddress(folder, "127.0.0.1:8080"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := access.ReadAddress(folder); err == nil {
		t.Error("the address is still there")
	}
}
