package catalog

import (
	"fmt"
	"slices"
)

// Rules are a product's rules, compiled. They may be asked from many goroutines.
type Rules struct {
	eligibility, limits []compiled
	words               [2]*vocabulary
}

// NewRules compiles the rules of a product. They stay the same as long as the version does, so whoever decides often
// keeps them.
func NewRules(p *Product) (*Rules, error) {
	r, faults := compileAll(p)
	if len(faults) > 0 {
		return nil, faults
	}
	return r, nil
}

func compileAll(p *Product) (*Rules, Faults) {
	words, err := vocabularies()
	if err != nil {
		return nil, Faults{{Reason: err.Error()}} // the facts themselves can't be declared: a mistake of the programmer
	}
	r := &Rules{words: words}
	var a, b Faults
	r.eligibility, a = words[0].compile("eligibility", p.Eligibility)
	r.limits, b = words[1].compile("limits", p.Limits)
	return r, append(a, b...)
}

// Decision is what rules come to.
type Decision struct {
	Accepted bool     `json:"accepted"`
	Failed   []Failed `json:"failed,omitempty"`
}

// Failed is a rule that does not hold, with the facts that it asked for.
type Failed struct {
	Rule    string  `json:"rule"`
	Says    Name    `json:"says"`
	Facts   []Value `json:"facts"`
	Problem string  `json:"problem,omitempty"` // why it could not be worked out: it then does not hold
}

// Value is a fact with its value as text; without one it is not known.
type Value struct {
	Fact  string `json:"fact"`
	Value string `json:"value,omitempty"`
}

// Asks are the facts that the rules of eligibility ask for.
func (r *Rules) Asks() map[string]bool {
	asks := map[string]bool{}
	for i := range r.eligibility {
		for _, fact := range r.eligibility[i].facts {
			asks[fact] = true
		}
	}
	return asks
}

// AsksFor are the facts that a rule of eligibility asks for, in the order in which it does.
func AsksFor(r *Rule) []string {
	words, err := vocabularies()
	if err != nil {
		return nil
	}
	c, err := words[0].one(*r)
	if err != nil {
		return nil // such a rule is in no version
	}
	return c.facts
}

// Eligible decides on an application. Facts that are not declared or of another type are an error, not a decision.
func (r *Rules) Eligible(f Facts) (Decision, error) { return decide(r.words[0], r.eligibility, f) }

// Asked lists the facts that the limits ask for, sorted.
func (r *Rules) Asked() (facts []string) {
	for i := range r.limits {
		facts = append(facts, r.limits[i].facts...)
	}
	slices.Sort(facts)
	return slices.Compact(facts)
}

// Allowed decides on a bid.
func (r *Rules) Allowed(f Facts) (Decision, error) { return decide(r.words[1], r.limits, f) }

func decide(words *vocabulary, rules []compiled, f Facts) (Decision, error) {
	if err := f.check(words.facts); err != nil {
		return Decision{}, err
	}
	d := Decision{Accepted: true}
	for i := range rules {
		r := &rules[i]
		holds, problem := r.holds(f)
		if !holds {
			d.Accepted = false
			d.Failed = append(d.Failed, Failed{Rule: r.Code, Says: r.Says, Facts: r.values(f), Problem: problem})
		}
	}
	return d, nil
}

// holds asks a rule. A fact that is not known and arithmetic that has no answer fail it, they never let it pass.
func (r *compiled) holds(f Facts) (holds bool, problem string) {
	for _, name := range r.facts {
		if _, known := f[name]; !known {
			return false, name + " is not known"
		}
	}
	v, _, err := r.program.Eval(map[string]any(f))
	if err != nil {
		return false, err.Error()
	}
	holds, _ = v.Value().(bool)
	return holds, ""
}

func (r *compiled) values(f Facts) []Value {
	list := make([]Value, len(r.facts))
	for i, name := range r.facts {
		list[i].Fact = name
		if v, known := f[name]; known {
			list[i].Value = fmt.Sprint(v)
		}
	}
	return list
}
