package arch

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

// source makes one file of a tree that doesn't exist.
func source(t *testing.T, path, text string) *File {
	t.Helper()
	f, err := Parse(path, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// check wants one finding with all these words, or none if there are no words.
func check(t *testing.T, found []Finding, says ...string) {
	t.Helper()
	if len(says) == 0 {
		if len(found) > 0 {
			t.Errorf("found what is no breach:%s", Report(found))
		}
		return
	}
	if len(found) != 1 {
		t.Errorf("found %d breaches, want one with %q:%s", len(found), says, Report(found))
		return
	}
	for _, s := range says {
		if !strings.Contains(found[0].String(), s) {
			t.Errorf("finding %q lacks %q", found[0], s)
		}
	}
}

func TestImports(t *testing.T) {
	for _, c := range []struct {
		file, target string
		says         []string // nil: allowed
	}{
		{"kit/id/id.go", "fmt", nil},
		{"kit/id/id.go", "longmen/kit/clock", nil},
		{"kit/id/id.go", "golang.org/x/sync/errgroup", []string{"kit/id/id.go:2", "only the standard library"}},
		{"kit/id/id_test.go", "pgregory.net/rapid", nil},
		{"kit/id/id.go", "longmen/finmath", []string{"kit may import only kit"}},
		{"finmath/money.go", "longmen/kit/id", nil},
		{"finmath/money.go", "longmen/core/ledger", []string{"finmath may import only finmath, kit"}},
		{"store/store.go", "longmen/core/ledger", []string{"store may import only store, kit"}},
		{"store/store.go", "longmen/finmath", []string{"store may import only store, kit"}},
		{"store/sqlite/open.go", "longmen/store", nil},
		{"core/ledger/engine.go", "longmen/core/share", nil},
		{"core/ledger/engine.go", "longmen/store", []string{"only core/journal, core/history"}},
		{"core/ledger/engine_test.go", "longmen/store", nil},
		{"core/ledger/engine.go", "longmen/api", []string{"core may import only"}},
		{"core/ledger/engine_test.go", "longmen/api", []string{"core may import only"}},
		{"core/ledger/engine_test.go", "longmen/sim", []string{"nothing imports sim"}},
		{"core/journal/row.go", "longmen/store", nil},
		{"core/journal/sqlite/row.go", "longmen/store/sqlite", nil},
		{"core/journals/row.go", "longmen/store", []string{"only core/journal"}},
		{"core/history/row.go", "longmen/front/market", []string{"core may import only"}},
		{"front/market/listing.go", "longmen/store", nil},
		{"front/market/listing.go", "longmen/api", []string{"front may import only"}},
		{"front/market/listing.go", "longmen/app", []string{"nothing imports app"}},
		{"connector/alipay/pay.go", "longmen/core/payment", nil},
		{"connector/alipay/pay.go", "longmen/store", []string{"connector may import only"}},
		{"connector/alipay/pay.go", "longmen/connector/wechat", []string{"knows no other connector"}},
		{"connector/alipay/pay.go", "longmen/connector/alipay/file", nil},
		{"api/rest/door.go", "longmen/core/ledger", nil},
		{"api/rest/door.go", "longmen/front/market", nil},
		{"api/rest/door.go", "longmen/store", []string{"api may import only"}},
		{"api/rest/door.go", "longmen/cmd/longmen", []string{"nothing imports cmd"}},
		{"longmen.go", "longmen/core/ledger", nil},
		{"longmen.go", "longmen/store", nil},
		{"longmen.go", "longmen/api", []string{". may import only core, store, finmath, kit"}},
		{"longmen.go", "longmen/app", []string{"nothing imports app"}},
		{"api/rest/door.go", "longmen", []string{"api may import only"}},
		{"cmd/longmen/main.go", "longmen/app", nil},
		{"cmd/longmen/main.go", "longmen/sim", nil},
		{"app/wire.go", "longmen/store", nil},
		{"app/wire.go", "longmen/cmd/longmen", []string{"nothing imports cmd"}},
		{"sim/run.go", "longmen/arch", []string{"nothing imports arch"}},
		{"examples/first/main.go", "longmen", nil},
		{"examples/first/main.go", "longmen/api/ledgerv1", nil},
		{"examples/first/main.go", "longmen/core/ledger", []string{"examples may import only ., api, kit"}},
		{"app/wire.go", "longmen/examples/first", []string{"nothing imports examples"}},
		{"platform/x.go", "fmt", []string{"the folder platform is in no layer"}},
	} {
		target := c.target
		if target == "longmen" || strings.HasPrefix(target, "longmen/") {
			target = Module + strings.TrimPrefix(target, "longmen")
		}
		f := source(t, c.file, fmt.Sprintf("package x\nimport _ %q\n", target))
		t.Run(c.file+" imports "+c.target, func(t *testing.T) {
			check(t, Imports([]*File{f}), c.says...)
		})
	}
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		name  string
		graph string // a>b: a imports b
		says  []string
	}{
		{"the engine alone", "core/ledger>core/share core/share>fmt", nil},
		{"the engine over two steps", "core/ledger>core/past core/past>store store>database/sql", []string{"core/ledger reaches store", "core/ledger -> core/past -> store"}},
		{"the engine over another module", "core/share>example.com/x example.com/x>net/http", []string{"core/share reaches net/http", "example.com/x", "pure"}},
		{"a circle ends", "core/ledger>core/a core/a>core/b core/b>core/a", nil},
		{"the journal may", "core/journal>store store>database/sql", nil},
		{"the middle and a front", "core/order>kit/x kit/x>fmt core/order>front/market", []string{"core/order reaches front/market"}},
		{"store and money", "store>core/ledger", []string{"knows nothing about money"}},
		{"kit and a domain", "kit/id>kit/x kit/x>finmath", []string{"kit"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := Graph{}
			for edge := range strings.FieldsSeq(c.graph) {
				from, to, _ := strings.Cut(edge, ">")
				for _, p := range []*string{&from, &to} {
					if _, ours := layers[top(*p)]; ours {
						*p = Module + "/" + *p
					}
				}
				g[from] = append(g[from], to)
			}
			found := Reach(g)
			if c.name == "kit and a domain" {
				found = slices.DeleteFunc(found, func(f Finding) bool { return f.File == "kit/x" })
			}
			check(t, found, c.says...)
		})
	}
}

func TestNames(t *testing.T) {
	for path, bad := range map[string]bool{
		"core/share/share.go":  false,
		"core/util/x.go":       true,
		"core/helpers/x.go":    true,
		"store/common/sql.go":  true,
		"api/base/base.go":     true,
		"core/journal/impl.go": false,
		"core/manager/x/x.go":  true,
		"core/database/x.go":   false,
	} {
		var says []string
		if bad {
			says = []string{path, "says nothing", "name it"}
		}
		check(t, Names([]*File{source(t, path, "package x")}), says...)
	}
	check(t, Names([]*File{source(t, "core/x/x_test.go", "package util_test")}), "util")
}

func TestSplit(t *testing.T) {
	for name, want := range map[string]string{
		"loan":          "loan",
		"loanBook":      "loan book",
		"newLoan2":      "new loan",
		"HTTPServer":    "http server",
		"KYCState":      "kyc state",
		"allKYCs":       "all kycs",
		"KYCsOpen":      "kycs open",
		"snake_case_ID": "snake case id",
		"reloaned":      "reloaned",
		"UserIDsSeen":   "user ids seen",
		"A":             "a",
		"_":             "",
		"日本Loan":        "日本 loan",
	} {
		if got := strings.Join(Split(name), " "); got != want {
			t.Errorf("Split(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct {
		path, text string
		says       []string
	}{
		{"core/x/x.go", "package x\ntype LoanBook struct{}", []string{"core/x/x.go:2", "LoanBook", `"loan"`, "move the code to front"}},
		{"core/x/x.go", "package x\nfunc f(allPenalties int) {}", []string{"allPenalties", `"penalty"`}},
		{"core/x/x.go", "package x\ntype t struct{ kycState int }", []string{"kycState"}},
		{"core/x/x.go", "package x\nimport investor \"io\"", []string{"investor"}},
		{"core/x/x_test.go", "package x\nvar borrowers int", []string{`"borrower"`}},
		{"core/x/x.go", "package x\n// A\n// lender's money.\nvar a int", []string{"core/x/x.go:3", "comment", "lender"}},
		{"core/x/x.go", "package x\nvar loanable, maker2x, reloan int", []string{"maker2x"}},
		{"core/x/x.go", "package x\nvar a = b.Loan", nil},
		{"core/x/x.go", "package x\nvar a = loan.b", []string{"the name loan"}},
		{"core/x/x.go", "package x\nvar a = `loan`", nil},
		{"core/x/x.go", "// Code generated by x. DO NOT EDIT.\n\npackage x\nvar loan int", nil},
		{"core/repayment/x.go", "package x", []string{"the path", "repayment"}},
		{"store/x/1.sql", "create table a (\n  loan_id int\n);", []string{"store/x/1.sql:2", "SQL"}},
		{"front/x/x.go", "package x\nvar loan int", nil},
		{"finmath/x.go", "package x\nvar installment int", nil},
	} {
		check(t, Words([]*File{source(t, c.path, c.text)}), c.says...)
	}
}

func TestSizes(t *testing.T) {
	long := "package x\n" + strings.Repeat("\n", MaxLines)
	check(t, Sizes([]*File{source(t, "front/x.go", long)}), "front/x.go", "601 lines", "split it")
	check(t, Sizes([]*File{source(t, "front/x.go", long[:len(long)-1])}))
	check(t, Sizes([]*File{source(t, "front/x.go", "// Code generated by x. DO NOT EDIT.\n\n"+long)}))
}

func TestDocs(t *testing.T) {
	const says = "must not know"
	for _, c := range []struct {
		name  string
		files map[string]string
		says  []string
	}{
		{"said", map[string]string{"core/x/x.go": "// Package x is. It must not know y.\npackage x"}, nil},
		{"said across lines", map[string]string{"core/x/x.go": "// Package x is. It must\n// not know y.\npackage x"}, nil},
		{"said in other words", map[string]string{"kit/x/x.go": "// Package x knows nothing of y.\npackage x"}, nil},
		{"said in another file", map[string]string{"api/x/a.go": "package x", "api/x/doc.go": "// Package x must not know y.\npackage x"}, nil},
		{"not said", map[string]string{"store/x/x.go": "// Package x is.\npackage x"}, []string{"store/x/x.go:2", "store/x doesn't say", says}},
		{"no comment", map[string]string{"core/x/x.go": "package x"}, []string{"core/x has no comment", says}},
		{"said in a test only", map[string]string{"core/x/x.go": "package x", "core/x/x_test.go": "// It must not know y.\npackage x"}, []string{"no comment"}},
		{"generated", map[string]string{"api/x/x.go": "// Code generated by x. DO NOT EDIT.\n\npackage x"}, nil},
		{"another layer", map[string]string{"front/x/x.go": "package x"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var files []*File
			for path, text := range c.files {
				files = append(files, source(t, path, text))
			}
			check(t, Docs(files), c.says...)
		})
	}
}

func TestLeftovers(t *testing.T) {
	for _, c := range []struct {
		path, text string
		says       []string
	}{
		{"x/x.go", "package x\n// T" + "ODO: later", []string{"x/x.go:2", "puts work off"}},
		{"x/x.go", "package x\n/* a\nF" + "IXME b */", []string{"x/x.go:3"}},
		{"x/x.sql", "select 1;\n-- T" + "ODO", []string{"x/x.sql:2"}},
		{"x/x.go", "package x\n// A todo list.\nvar TODOS = \"TODO\"", nil},
		{"x/x_test.go", "package x\nfunc T(t *testing.T) { t.Skip() }", []string{"x/x_test.go:2", "skips itself", "tag soak"}},
		{"x/x_test.go", "package x\nfunc B(b *testing.B) { b.Skipf(``) }", []string{"b.Skipf"}},
		{"x/x_test.go", "package x\nfunc T(t *testing.T) { if testing.Short() { return } }", []string{"asked to be short"}},
		{"x/x.go", "package x\nfunc f() { reader.Skip() }", nil},
		{"x/x.pb.go", "// Code generated by x. DO NOT EDIT.\n\npackage x\n// T" + "ODO", nil},
	} {
		check(t, Leftovers([]*File{source(t, c.path, c.text)}), c.says...)
	}
}

func TestDeterministic(t *testing.T) {
	for _, c := range []struct {
		body string
		says []string
	}{
		{`func f(m []int) { for range m {}; slices.Sort(m) }`, nil},
		{`func f(m map[int]int) { for range m {} }`, []string{"x.go:7", "a map has no order"}},
		{`type set map[int]bool; func f(m set) { for k := range m { _ = k } }`, []string{"a map has no order"}},
		{`func f(m map[int]int) { for range maps.Keys(m) {} }`, []string{"maps.Keys follows a map", "slices.Sorted"}},
		{`func f(m map[int]int) { for range slices.Sorted(maps.Keys(m)) {} }`, nil},
		{`func f() { go f() }`, []string{"goroutine"}},
		{`func f(c chan int) { select { case <-c: default: } }`, []string{"select"}},
		{`var a float64`, []string{"float64"}},
		{`func f(m []int) { sort.Slice(m, nil) }`, []string{"sort.Slice", "slices.SortStableFunc"}},
		{`func f(m []int) { slices.SortFunc(m, nil) }`, []string{"slices.SortFunc"}},
		{`func f(m []int) { slices.SortStableFunc(m, nil) }`, nil},
		{"func f(m []int) {\n// It is\n// deterministic: no two are equal.\nslices.SortFunc(m, nil) }", nil},
		{"// deterministic: the comment is too far away.\nfunc f(m []int) {\nslices.SortFunc(m, nil) }", []string{"slices.SortFunc"}},
		{"func f() {\ngo f() // deterministic: nobody reads what it does.\n}", nil},
		{`var a = time.Unix(1, 0)`, nil},
		{`var a = time.Now()`, []string{"time.Now reads the machine's clock", "pass in"}},
	} {
		t.Run(c.body, func(t *testing.T) {
			text := "package x\n\nimport (\"maps\"; \"slices\"; \"sort\"; \"time\")\n\nvar _, _, _, _ = maps.Clone[map[int]int], slices.Max[[]int], sort.Ints, time.UTC\n\n" + c.body
			check(t, Deterministic(typed(t, text)), c.says...)
		})
	}
	for _, path := range []string{"math/rand/v2", "os", "net", "sync"} {
		check(t, Deterministic(typed(t, "package x\nimport _ \""+path+"\"")), "x.go:2", path+" brings")
	}
}

// typed checks the types of one file.
func typed(t *testing.T, text string) Typed {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(fset, "gc", nil)}
	if _, err := config.Check("x", fset, []*ast.File{file}, info); err != nil {
		t.Fatal(err)
	}
	name := func(pos token.Pos) string { return fset.Position(pos).Filename }
	return Typed{Fset: fset, Files: []*ast.File{file}, Info: info, name: name}
}
