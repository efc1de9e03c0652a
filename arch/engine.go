package arch

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// engines are the packages whose results must be the same on every machine and in every year: they make up the
// deterministic state machine.
var engines = []string{"core/ledger", "core/share"}

// banned imports bring a clock, chance, I/O or concurrency.
var banned = map[string]string{
	"math/rand":    "chance",
	"math/rand/v2": "chance",
	"crypto/rand":  "chance",
	"os":           "I/O",
	"io/fs":        "I/O",
	"net":          "I/O",
	"log":          "I/O",
	"log/slog":     "I/O",
	"sync":         "concurrency",
	"sync/atomic":  "concurrency",
	"context":      "concurrency",
	"reflect":      "what the compiler can't check",
	"runtime":      "the machine",
	"maphash":      "chance",
}

// calls that make two runs differ, with the reason. The calendar in package time is arithmetic and welcome.
var calls = map[string]string{
	"time.Now":          "reads the machine's clock",
	"time.Since":        "reads the machine's clock",
	"time.Until":        "reads the machine's clock",
	"time.Sleep":        "waits on the machine's clock",
	"time.After":        "waits on the machine's clock",
	"time.AfterFunc":    "waits on the machine's clock",
	"time.NewTimer":     "waits on the machine's clock",
	"time.NewTicker":    "waits on the machine's clock",
	"time.Tick":         "waits on the machine's clock",
	"time.LoadLocation": "reads the machine's time zones",
	"maps.Keys":         "follows a map, which has no order",
	"maps.Values":       "follows a map, which has no order",
	"maps.All":          "follows a map, which has no order",
	"sort.Slice":        "leaves the order of equals open",
	"sort.Sort":         "leaves the order of equals open",
	"slices.SortFunc":   "leaves the order of equals open",
}

// total is what a comment beside an unstable sort must say: where no two are equal, their order is never open.
const total = "total order"

// Typed is one package with its types.
type Typed struct {
	Dir   string
	Fset  *token.FileSet
	Files []*ast.File
	Info  *types.Info
	name  func(token.Pos) string // the file's path from the module's root
}

// LoadEngines reads the engine's packages with their types, tests aside.
func LoadEngines(root string, relative func(string) string) ([]Typed, error) {
	config := &packages.Config{
		Dir:  root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports | packages.NeedExportFile,
	}
	var typed []Typed
	for _, dir := range engines {
		loaded, err := packages.Load(config, Module+"/"+dir+"/...")
		if err != nil {
			return nil, fmt.Errorf("load %s: %w", dir, err)
		}
		for _, p := range loaded {
			if len(p.Errors) > 0 {
				return nil, fmt.Errorf("load %s: %w", p.PkgPath, p.Errors[0])
			}
			own, _ := within(p.PkgPath)
			name := func(pos token.Pos) string { return relative(p.Fset.Position(pos).Filename) }
			typed = append(typed, Typed{Dir: own, Fset: p.Fset, Files: p.Syntax, Info: p.TypesInfo, name: name})
		}
	}
	return typed, nil
}

// Deterministic checks what would let two machines differ: clocks, chance, I/O, goroutines, floats, the order of maps
// and of unstable sorts.
func Deterministic(p Typed) []Finding {
	var found []Finding
	add := func(pos token.Pos, rule, do string) {
		found = append(found, Finding{File: p.name(pos), Line: p.Fset.Position(pos).Line, Rule: "the engine is deterministic: " + rule, Do: do})
	}
	for _, file := range p.Files {
		excused := excuses(p.Fset, file)
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err == nil && banned[target] != "" {
				add(spec.Pos(), fmt.Sprintf("%s brings %s", target, banned[target]), "let the caller pass in the value")
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				add(n.Pos(), "a goroutine runs when it likes", "do it in order")
			case *ast.SelectStmt:
				add(n.Pos(), "select chooses by chance", "do it in order")
			case *ast.RangeStmt:
				if _, ok := p.Info.TypeOf(n.X).Underlying().(*types.Map); ok {
					add(n.Pos(), "a map has no order", "range over slices.Sorted(maps.Keys(m)), or keep a slice")
				}
			case *ast.CallExpr:
				p.call(n, excused, add)
			case *ast.Ident:
				if n.Name == "float64" || n.Name == "float32" {
					add(n.Pos(), n.Name+" rounds in its own way", "use integers")
				}
			}
			return true
		})
	}
	return found
}

// excuses returns what needs no judgement: the arguments of slices.Sorted, which loses the order of a map, by node, and
// the lines on or after which a comment says that an order is total.
func excuses(fset *token.FileSet, file *ast.File) func(*ast.CallExpr) bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		if strings.Contains(group.Text(), total) {
			end := fset.Position(group.End()).Line
			lines[end], lines[end+1] = true, true
		}
	}
	sorted := map[ast.Expr]bool{}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if pkg, name, ok := selected(call); ok && pkg.Name == "slices" && name == "Sorted" {
				for _, a := range call.Args {
					sorted[a] = true
				}
			}
		}
		return true
	})
	return func(call *ast.CallExpr) bool {
		_, name, _ := selected(call)
		return sorted[call] || name == "SortFunc" && lines[fset.Position(call.Pos()).Line]
	}
}

func selected(call *ast.CallExpr) (x *ast.Ident, name string, ok bool) {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil, "", false
	}
	x, ok = sel.X.(*ast.Ident)
	return x, sel.Sel.Name, ok
}

// call judges one call of a function of another package.
func (p Typed) call(n *ast.CallExpr, excused func(*ast.CallExpr) bool, add func(token.Pos, string, string)) {
	x, fn, ok := selected(n)
	if !ok {
		return
	}
	pkg, ok := p.Info.Uses[x].(*types.PkgName)
	if !ok {
		return
	}
	name := pkg.Imported().Path() + "." + fn
	reason, bad := calls[name]
	if !bad || excused(n) {
		return
	}
	do := "let the caller pass in the value"
	switch pkg.Imported().Path() {
	case "maps":
		do = "range over slices.Sorted(maps.Keys(m)), or keep a slice"
	case "sort", "slices":
		do = fmt.Sprintf("use slices.SortStableFunc, or say %q in a comment right above if no two are ever equal", total)
	}
	add(n.Pos(), name+" "+reason, do)
}
