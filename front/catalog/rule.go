package catalog

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
)

// Bounds of rules. There are no loops, so a rule's cost is known when it is read.
const (
	maxRules = 50
	MaxCost  = 1_000 // in units of CEL: a comparison of numbers is one
)

var vocabularies = sync.OnceValues(func() (v [2]*vocabulary, err error) {
	if v[0], err = newVocabulary(applicationFacts); err == nil {
		v[1], err = newVocabulary(bidFacts)
	}
	return v, err
})

// compiled is a rule that can be asked.
type compiled struct {
	Rule
	program cel.Program
	facts   []string // it asks for
}

// compile compiles rules over a vocabulary.
func (v *vocabulary) compile(list string, rules []Rule) ([]compiled, Faults) {
	c, seen := &checker{}, map[string]bool{}
	c.want(len(rules) <= maxRules, list, "%d rules, at most %d", len(rules), maxRules)
	var all []compiled
	for i, r := range rules {
		c.code(at(list, i, "code"), r.Code, seen)
		c.name(at(list, i, "says"), r.Says)
		one, err := v.one(r)
		if c.want(err == nil, at(list, i, "when"), "%v", err) {
			all = append(all, one)
		}
	}
	return all, c.faults
}

func (v *vocabulary) one(r Rule) (compiled, error) {
	tree, issues := v.env.Compile(r.When)
	if issues.Err() != nil {
		return compiled{}, explain(issues)
	}
	if tree.OutputType() != cel.BoolType {
		return compiled{}, fmt.Errorf("a rule is true or false, and this is of the type %s", tree.OutputType())
	}
	w := &walker{facts: v.facts, tree: tree.NativeRep(), seen: map[string]bool{}}
	if w.visit(w.tree.Expr()); w.err != nil {
		return compiled{}, w.err
	}
	if len(w.asks) == 0 {
		return compiled{}, errors.New("it asks for no fact, so it is always the same")
	}
	estimate, err := v.env.EstimateCost(tree, sizes{})
	if err != nil {
		return compiled{}, err
	}
	if estimate.Max > MaxCost {
		return compiled{}, fmt.Errorf("it may cost %d, at most %d is allowed: divide it into several rules", estimate.Max, uint64(MaxCost))
	}
	program, err := v.env.Program(tree, cel.EvalOptions(cel.OptOptimize))
	return compiled{Rule: r, program: program, facts: w.asks}, err
}

// explain gives the first thing that CEL has to say, on one line and with where it is in the expression.
func explain(issues *cel.Issues) error {
	first := issues.Errors()[0]
	text, _, _ := strings.Cut(first.Message, "\n")
	if strings.Contains(text, "no matching overload") && strings.Contains(text, "double") && strings.Contains(text, "int") {
		text += "; money is whole minor units and never meets a double: multiply and divide by whole numbers, as in amount * 8 / 10"
	}
	return fmt.Errorf("at %d:%d: %s", first.Location.Line(), first.Location.Column()+1, text)
}

// sizes tells CEL how long facts may be.
type sizes struct{}

func (sizes) EstimateSize(cost.AstNode) *cost.SizeEstimate {
	return &cost.SizeEstimate{Min: 0, Max: maxTextFact}
}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

// walker finds the facts that an expression asks for and refuses money that meets a double.
type walker struct {
	facts map[string]Fact
	tree  *ast.AST
	asks  []string
	seen  map[string]bool
	err   error
}

// visit goes through an expression and reports whether money is in its value: that of a fact, or what was made of one.
// A truth has none: it only follows from a comparison.
func (w *walker) visit(e ast.Expr) (money bool) {
	kind := w.tree.GetType(e.ID())
	if hasDyn(kind) && w.err == nil {
		w.err = errors.New("the type of a part is not known when it is read: mix no types in a list, and use no dyn()")
	}
	double := kind.Kind() == types.DoubleKind
	parts := 0
	look := func(x ast.Expr) {
		money = w.visit(x) || money
		double = double || w.tree.GetType(x.ID()).Kind() == types.DoubleKind
		parts++
	}
	switch e.Kind() {
	case ast.IdentKind:
		return w.ask(e.AsIdent())
	case ast.CallKind:
		if e.AsCall().IsMemberFunction() {
			look(e.AsCall().Target())
		}
		for _, x := range e.AsCall().Args() {
			look(x)
		}
	case ast.ListKind:
		for _, x := range e.AsList().Elements() {
			look(x)
		}
	case ast.LiteralKind:
	default:
		if w.err == nil {
			w.err = errors.New("only facts, literals, lists and calls of functions are allowed")
		}
	}
	if money && double && parts > 0 && w.err == nil {
		w.err = errors.New("money meets a double here; money is whole minor units: multiply and divide by whole numbers, as in amount * 8 / 10")
	}
	return money && kind.Kind() != types.BoolKind
}

func (w *walker) ask(name string) (money bool) {
	f, known := w.facts[name]
	if !known {
		if w.err == nil {
			w.err = fmt.Errorf("%s is no fact", name)
		}
		return false
	}
	if !w.seen[name] {
		w.seen[name], w.asks = true, append(w.asks, name)
	}
	return f.Kind == MoneyFact
}

func hasDyn(t *types.Type) bool {
	if t.Kind() == types.DynKind || t.Kind() == types.TypeParamKind || t.Kind() == types.TypeKind {
		return true
	}
	for _, p := range t.Parameters() {
		if hasDyn(p) {
			return true
		}
	}
	return false
}

// checkRules compiles all rules to see that they can be.
func (p *Product) checkRules() Faults {
	_, faults := compileAll(p)
	return faults
}
