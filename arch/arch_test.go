package arch

import (
	"path/filepath"
	"sync"
	"testing"
)

const root = ".."

var tree = sync.OnceValues(func() ([]*File, error) { return Load(root) })

// TestHouse applies the rules to the tree as it is.
func TestHouse(t *testing.T) {
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []struct {
		name  string
		check func([]*File) []Finding
	}{
		{"imports follow the table of layers", Imports},
		{"package names say something", Names},
		{"core and store use no product words", Words},
		{"files are short", Sizes},
		{"packages say what they must not know", Docs},
		{"nothing is put off or skipped", Leftovers},
	} {
		t.Run(rule.name, func(t *testing.T) { report(t, rule.check(files)) })
	}
}

func TestHouseReach(t *testing.T) {
	graph, err := List(root)
	if err != nil {
		t.Fatal(err)
	}
	report(t, Reach(graph))
}

func TestHouseEngine(t *testing.T) {
	base, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := LoadEngines(root, func(name string) string {
		rel, err := filepath.Rel(base, name)
		if err != nil {
			return name
		}
		return filepath.ToSlash(rel)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range typed {
		report(t, Deterministic(p))
	}
}

// The tree that the rules read must be the real one: a walk that finds nothing would pass every rule.
func TestTheTreeIsRead(t *testing.T) {
	files, err := tree()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		seen[f.Path] = true
	}
	for _, want := range []string{"arch/arch_test.go", "kit/id/id.go", "kit/id/id_test.go"} {
		if !seen[want] {
			t.Errorf("%s was not read", want)
		}
	}
	if len(ProductWords()) < 60 {
		t.Errorf("only %d product words were read from words.txt", len(ProductWords()))
	}
}

func report(t *testing.T, found []Finding) {
	t.Helper()
	if len(found) > 0 {
		t.Errorf("%d findings:%s", len(found), Report(found))
	}
}
