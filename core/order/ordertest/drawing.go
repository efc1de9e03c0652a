// Package ordertest checks what pages show of kinds of orders.
//
// The package must not know what a kind means.
package ordertest

import (
	"os"
	"regexp"
	"testing"

	"github.com/longmen/longmen/core/order"
)

// Drawing wants the page at a path to show a kind as it is declared. With LONGMEN_GOLDEN=1 it draws an older drawing of it
// anew.
func Drawing(t testing.TB, path string, kind order.Kind) {
	t.Helper()
	kinds, err := order.NewKinds(kind)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	drawn, _ := kinds.Mermaid(kind.Code)
	want := []byte("```mermaid\n" + drawn + "```\n")
	block := regexp.MustCompile("(?s)```mermaid\n---\ntitle: \"" + kind.Code + " .*?\n```\n")
	switch there := block.Find(page); {
	case string(there) == string(want):
	case there != nil && os.Getenv("LONGMEN_GOLDEN") == "1":
		if err := os.WriteFile(path, block.ReplaceAllLiteral(page, want), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not show\n%s\nset LONGMEN_GOLDEN=1 to draw it anew", path, want)
	}
}
