package arch

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// MaxLines is the longest a file that people write may be.
const MaxLines = 600

// Sizes checks the length of files.
func Sizes(files []*File) []Finding {
	var found []Finding
	for _, f := range files {
		if !f.Generated && f.Lines > MaxLines {
			found = append(found, Finding{
				File: f.Path, Rule: fmt.Sprintf("the file has %d lines, at most %d are allowed", f.Lines, MaxLines),
				Do: "split it by what its parts are about",
			})
		}
	}
	return found
}

// documented layers say in each package's doc what the package must not know.
var documented = []string{"kit", "finmath", "store", "core", "api"}

var ignorance = regexp.MustCompile(`(?i)must not know|knows nothing of`)

// Docs checks that packages say what they must not know.
func Docs(files []*File) []Finding {
	type pkg struct {
		first *File
		text  string
	}
	packages := map[string]*pkg{}
	for _, f := range files {
		if f.AST == nil || f.Test || f.Generated || !slices.Contains(documented, f.Layer()) {
			continue
		}
		p := packages[f.Dir()]
		if p == nil {
			p = &pkg{first: f}
			packages[f.Dir()] = p
		}
		if doc := f.AST.Doc; doc != nil {
			p.first = f
			p.text += strings.Join(strings.Fields(doc.Text()), " ")
		}
	}
	var found []Finding
	for dir, p := range packages {
		name := p.first.AST.Name
		if p.text == "" {
			found = append(found, p.first.finding(name.Pos(), fmt.Sprintf("package %s has no comment", dir),
				"say what it does, and in a sentence with \"must not know\" or \"knows nothing of\" what it must not know"))
		} else if !ignorance.MatchString(p.text) {
			found = append(found, p.first.finding(name.Pos(), fmt.Sprintf("the comment of package %s doesn't say what it must not know", dir),
				"add a sentence with \"must not know\" or \"knows nothing of\""))
		}
	}
	return found
}

var leftover = regexp.MustCompile(`\b(TODO|FIXME|XXX)\b`)

// Leftovers checks that no comment puts work off and no test skips itself.
func Leftovers(files []*File) []Finding {
	var found []Finding
	for _, f := range files {
		if f.Generated {
			continue
		}
		if f.AST == nil {
			found = append(found, leftWords(f, 1, string(f.Text))...)
			continue
		}
		for _, group := range f.AST.Comments {
			for _, c := range group.List {
				found = append(found, leftWords(f, f.line(c.Pos()), c.Text)...)
			}
		}
		ast.Inspect(f.AST, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				found = append(found, skips(f, call)...)
			}
			return true
		})
	}
	return found
}

func leftWords(f *File, line int, text string) []Finding {
	var found []Finding
	for row := range strings.Lines(text) {
		if w := leftover.FindString(row); w != "" {
			found = append(found, Finding{
				File: f.Path, Line: line, Rule: "a comment puts work off (" + w + ")",
				Do: "do it now, or open an issue and say what holds today",
			})
		}
		line++
	}
	return found
}

// skips finds calls that end a test early and silently.
func skips(f *File, call *ast.CallExpr) []Finding {
	sel, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return nil
	}
	var rule, do string
	switch name := x.Name + "." + sel.Sel.Name; name {
	case "t.Skip", "t.Skipf", "t.SkipNow", "b.Skip", "b.Skipf", "b.SkipNow", "f.Skip", "f.Skipf", "f.SkipNow", "tb.Skip", "tb.Skipf", "tb.SkipNow":
		rule, do = "a test skips itself ("+name+")", "let .ci/machine ask for what it needs, or put a long test under the tag soak"
	case "testing.Short":
		rule, do = "a test does less when asked to be short", "put the long part under the tag soak"
	default:
		return nil
	}
	return []Finding{f.finding(call.Pos(), rule, do)}
}
