package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
)

// Graph is what each package imports, by import path; tests aside.
type Graph map[string][]string

// List asks the go command for the graph of all packages of the module and all they lean on.
func List(root string) (Graph, error) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	g := Graph{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return g, nil
		} else if err != nil {
			return nil, fmt.Errorf("read go list: %w", err)
		}
		g[p.ImportPath] = p.Imports
	}
}

// far lists what packages must not reach through any number of imports.
var far = []struct {
	who  []string // folders, with what lies below them
	what []string // import paths, with what lies below them
	but  []string // paths of these that are harmless, alone
	why  string
}{
	{
		who:  []string{"kit"},
		what: []string{Module + "/core", Module + "/store", Module + "/finmath", Module + "/front", Module + "/api"},
		why:  "kit has no domain",
	},
	{
		who:  []string{"finmath", "core/ledger", "core/share", "core/proof"},
		what: []string{Module + "/store", "database/sql", "net/http", "os/exec", "os/signal"},
		// Interfaces only; decimals (apd) say through them how they are stored.
		but: []string{"database/sql/driver"},
		why: "it is pure: what it does depends on its arguments alone",
	},
	{
		who:  []string{"store", "core", "finmath", "front", "api", "connector"},
		what: []string{Module + "/app", Module + "/cmd", Module + "/sim", Module + "/bench", Module + "/arch", Module + "/examples"},
		why:  "nothing imports the layers that wire, measure and test",
	},
	{
		who:  []string{"store", "core", "finmath"},
		what: []string{Module + "/front", Module + "/api", Module + "/connector", Module + "/web"},
		why:  "products, doors and outside parties lean on the middle, never the other way round",
	},
	{
		who:  []string{"store"},
		what: []string{Module + "/core", Module + "/finmath"},
		why:  "store keeps rows and knows nothing about money",
	},
}

// Reach checks the transitive rules.
func Reach(g Graph) []Finding {
	var found []Finding
	for _, rule := range far {
		for from := range g {
			dir, inside := within(from)
			if !inside || !slices.ContainsFunc(rule.who, func(w string) bool { return below(dir, w) }) {
				continue
			}
			way := g.way(from, func(p string) bool {
				return !slices.Contains(rule.but, p) && slices.ContainsFunc(rule.what, func(w string) bool { return below(p, w) })
			})
			if way == nil {
				continue
			}
			found = append(found, Finding{
				File: dir,
				Rule: fmt.Sprintf("%s reaches %s (%s); %s", dir, short(way[len(way)-1]), chain(way), rule.why),
				Do:   "break the chain: let the caller pass in what is needed",
			})
		}
	}
	return found
}

// way returns a shortest chain of imports from a package to one that matches.
func (g Graph) way(from string, match func(string) bool) []string {
	before := map[string]string{from: ""}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if at != from && match(at) {
			var way []string
			for p := at; p != ""; p = before[p] {
				way = append(way, p)
			}
			slices.Reverse(way)
			return way
		}
		for _, next := range g[at] {
			if _, seen := before[next]; !seen {
				before[next] = at
				queue = append(queue, next)
			}
		}
	}
	return nil
}

func chain(way []string) string {
	names := make([]string, len(way))
	for i, p := range way {
		names[i] = short(p)
	}
	return strings.Join(names, " -> ")
}

func short(importPath string) string {
	if dir, inside := within(importPath); inside {
		return dir
	}
	return importPath
}
