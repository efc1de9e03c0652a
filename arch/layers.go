package arch

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// layer says what the packages of one top folder may import of this module.
type layer struct {
	// may lists top folders; "." is the library at the root. A nil list means anything that may be imported at all.
	may []string
	// stdlib forbids every other module.
	stdlib bool
	// last means that nothing of another layer imports it, but for the free layers where shared is set.
	last, shared bool
}

// layers is the house's table.
var layers = map[string]layer{
	"kit":       {may: []string{"kit"}, stdlib: true},
	"finmath":   {may: []string{"finmath", "kit"}},
	"store":     {may: []string{"store", "kit"}},
	"core":      {may: []string{"core", "finmath", "kit"}},
	"front":     {may: []string{"front", "core", "finmath", "kit", "store"}},
	"connector": {may: []string{"connector", "core", "front", "finmath", "kit"}},
	"api":       {may: []string{"api", "front", "core", "finmath", "kit"}},
	"web":       {may: []string{"web", "kit"}},
	".":         {may: []string{"core", "store", "finmath", "kit"}},
	"app":       {last: true, shared: true},
	"sim":       {last: true, shared: true},
	"bench":     {last: true, shared: true},
	"cmd":       {last: true},
	"arch":      {last: true},
	// An example is a user's program: it knows what is public.
	"examples": {may: []string{".", "api", "kit"}, last: true},
}

// owners are the packages of core that own rows and so import store, with what lies below them, and those that open
// databases for tests.
var owners = []string{"core/journal", "core/history", "core/feed", "core/node/nodetest", "core/notice", "core/order", "core/party", "core/plan"}

// Imports checks every import of the tree's Go files against the table of layers.
func Imports(files []*File) []Finding {
	var found []Finding
	for _, f := range files {
		if f.AST == nil {
			continue
		}
		if _, known := layers[f.Layer()]; !known {
			found = append(found, Finding{
				File: f.Path, Rule: fmt.Sprintf("the folder %s is in no layer", f.Layer()),
				Do: "put the package into a layer of DESIGN §2, or add the layer to arch/layers.go",
			})
			continue
		}
		for _, spec := range f.AST.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // go/parser has already refused it
			}
			if rule, do := judge(f.Dir(), f.Test, target); rule != "" {
				found = append(found, f.finding(spec.Pos(), rule, do))
			}
		}
	}
	return found
}

// judge says which rule the import breaks, if any.
func judge(dir string, test bool, target string) (rule, do string) {
	from := top(dir)
	mine := layers[from]
	to, inside := within(target)
	if !inside {
		if mine.stdlib && !test && !standard(target) {
			return fmt.Sprintf("%s imports %s, but %s knows only the standard library", dir, target, from),
				"move what needs it to another layer"
		}
		return "", ""
	}
	if top(to) == from {
		return siblings(dir, to)
	}
	if other, known := layers[top(to)]; known && other.last && (!other.shared || mine.may != nil) {
		return fmt.Sprintf("%s imports %s, and nothing imports %s", dir, to, top(to)),
			"move what both need into a layer below, or pass it in where the parts are wired"
	}
	if mine.may == nil || slices.Contains(mine.may, top(to)) {
		return "", ""
	}
	// Any test may open a real store; what it tests still may not.
	if top(to) == "store" && (test || owner(dir)) {
		return "", ""
	}
	if top(to) == "store" && from == "core" {
		return fmt.Sprintf("%s imports %s, but only %s import store", dir, to, strings.Join(owners, ", ")),
			"ask the owner of the rows, through an interface of your own; a new owner is added to arch/layers.go"
	}
	return fmt.Sprintf("%s imports %s, but %s may import only %s", dir, to, from, strings.Join(mine.may, ", ")),
		"declare an interface where it is used and let app wire the two"
}

// siblings judges imports within one layer: a connector knows no other connector.
func siblings(dir, to string) (rule, do string) {
	if top(dir) != "connector" || part(dir, 2) == part(to, 2) {
		return "", ""
	}
	return fmt.Sprintf("%s imports %s, but a connector knows no other connector", dir, to),
		"move what both need to kit or to the owner of the port"
}

// Names checks that no package is called by a word that says nothing.
func Names(files []*File) []Finding {
	empty := []string{
		"util", "utils", "common", "commons", "manager", "managers", "helper", "helpers", "base", "impl", "misc", "shared",
	}
	var found []Finding
	for _, f := range files {
		if f.AST == nil {
			continue
		}
		words := append(strings.Split(f.Dir(), "/"), strings.TrimSuffix(f.AST.Name.Name, "_test"))
		for _, w := range words {
			if slices.Contains(empty, w) {
				found = append(found, f.finding(f.AST.Name.Pos(), fmt.Sprintf("a package is called %q, which says nothing", w),
					"name it by the thing it is about"))
				break
			}
		}
	}
	return found
}

func owner(dir string) bool {
	return slices.ContainsFunc(owners, func(o string) bool { return below(dir, o) })
}

// below reports whether dir is the folder or lies in it.
func below(dir, folder string) bool {
	return dir == folder || strings.HasPrefix(dir, folder+"/")
}

// within returns the folder of a package of this module.
func within(importPath string) (dir string, inside bool) {
	if importPath == Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, Module+"/")
}

// standard reports whether the path is the standard library's: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func top(dir string) string { return part(dir, 1) }

// part returns the first n elements of a folder's path.
func part(dir string, n int) string {
	elements := strings.SplitN(dir, "/", n+1)
	return strings.Join(elements[:min(n, len(elements))], "/")
}
