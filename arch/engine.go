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

// excuse begins the comment, on the line or right above it, that says why something is deterministic all the same.
// Imports have no excuse.
const excuse = "deterministic: "

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
	for _, file := range p.Files {
		excused := excuses(p.Fset, file)
		add := func(pos token.Pos, rule, do string) {
			line := p.Fset.Position(pos).Line
			if excused[line] {
				return
			}
			found = append(found, Finding{
				File: p.name(pos), Line: line, Rule: "the engine is deterministic: " + rule,
				Do: do + fmt.Sprintf(", or say why it is no matter in a comment right above that begins with %q", excuse),
			})
		}
		for _, spec := range file.Imports {
			target, err := strconv.Unquote(spec.Path.Value)
			if err == nil && banned[target] != "" {
				found = append(found, Finding{
					File: p.name(spec.Pos()), Line: p.Fset.Position(spec.Pos()).Line,
					Rule: fmt.Sprintf("the engine is deterministic: %s brings %s", target, banned[target]), Do: "let the caller pass in the value",
				})
			}
		}
		sorted := map[ast.Expr]bool{} // what slices.Sorted takes loses the order of a map
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
				p.call(n, sorted, add)
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

// excuses returns the lines that a comment excuses: its own last one and the next.
func excuses(fset *token.FileSet, file *ast.File) map[int]bool {
	lines := map[int]bool{}
	for _, group := range file.Comments {
		if strings.Contains(group.Text(), excuse) {
			end := fset.Position(group.End()).Line
			lines[end], lines[end+1] = true, true
		}
	}
	return lines
}

// call judges one call of a function of another package. An outer call is seen before the calls in its arguments.
func (p Typed) call(n *ast.CallExpr, sorted map[ast.Expr]bool, add func(token.Pos, string, string)) {
	sel, ok := n.Fun.(*ast.SelectorExpr)
	if !ok {
		return
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return
	}
	pkg, ok := p.Info.Uses[x].(*types.PkgName)
	if !ok {
		return
	}
	name := pkg.Imported().Path() + "." + sel.Sel.Name
	if name == "slices.Sorted" {
		for _, a := range n.Args {
			sorted[a] = true
		}
	}
	reason, bad := calls[name]
	if !bad || sorted[n] {
		return
	}
	do := "let the caller pass in the value"
	switch pkg.Imported().Path() {
	case "maps":
		do = "range over slices.Sorted(maps.Keys(m)), or keep a slice"
	case "sort", "slices":
		do = "use slices.SortStableFunc"
	}
	add(n.Pos(), name+" "+reason, do)
}
