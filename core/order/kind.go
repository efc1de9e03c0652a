package order

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Kind declares one kind of order: its states and how one follows from another. All words are codes of the front that
// declares it.
type Kind struct {
	Code  string
	Title string // for drawings, at most 100 bytes of one line
	// By are the roles that may open an order of the kind.
	By []string
	// First is the state of a new order.
	First string
	// States are all states, in the order in which a drawing shows them.
	States []string
	// Ends are the states after which nothing more happens.
	Ends []string
	// Transitions are all ways from state to state.
	Transitions []Transition
}

// Transition is a way from any of some states to one state, which may be the same.
type Transition struct {
	Name string
	From []string
	To   string
	By   []string // the roles that may do it
	// Reason says that a reason code must be given.
	Reason bool
}

// Kinds is a registry of kinds that were found to be sound. It never changes.
type Kinds struct {
	sorted []*machine
	byCode map[string]*machine
}

// machine is a kind, ready to be asked.
type machine struct {
	Kind
	transitions map[string]*Transition
}

// NewKinds checks kinds and makes a registry of them. The error lists all that is wrong.
func NewKinds(kinds ...Kind) (*Kinds, error) {
	if len(kinds) > MaxKinds {
		return nil, fmt.Errorf("register kinds: %d kinds, at most %d", len(kinds), MaxKinds)
	}
	r := &Kinds{byCode: make(map[string]*machine, len(kinds))}
	var problems []error
	for _, k := range kinds {
		if r.byCode[k.Code] != nil {
			problems = append(problems, fmt.Errorf("kind %q is declared twice: give each kind a code of its own", k.Code))
			continue
		}
		m := newMachine(k)
		for _, p := range m.problems() {
			problems = append(problems, fmt.Errorf("kind %.40q: %s", k.Code, p))
		}
		r.byCode[k.Code] = m
		r.sorted = append(r.sorted, m)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("register kinds: %w", errors.Join(problems...))
	}
	slices.SortFunc(r.sorted, func(a, b *machine) int { return strings.Compare(a.Code, b.Code) })
	return r, nil
}

// newMachine copies a declaration, so that its owner's slices may change.
func newMachine(k Kind) *machine {
	k.By, k.States, k.Ends = slices.Clone(k.By), slices.Clone(k.States), slices.Clone(k.Ends)
	k.Transitions = slices.Clone(k.Transitions)
	m := &machine{Kind: k, transitions: make(map[string]*Transition, len(k.Transitions))}
	for i := range k.Transitions {
		t := &k.Transitions[i]
		t.From, t.By = slices.Clone(t.From), slices.Clone(t.By)
		m.transitions[t.Name] = t
	}
	return m
}

// Codes lists the kinds' codes, sorted.
func (r *Kinds) Codes() []string {
	codes := make([]string, len(r.sorted))
	for i, m := range r.sorted {
		codes[i] = m.Code
	}
	return codes
}

// Kind returns a copy of a declaration.
func (r *Kinds) Kind(code string) (Kind, bool) {
	m := r.byCode[code]
	if m == nil {
		return Kind{}, false
	}
	return newMachine(m.Kind).Kind, true
}

// Ended says whether nothing more happens to an order of this kind in this state.
func (r *Kinds) Ended(kind, state string) bool {
	m := r.byCode[kind]
	return m != nil && slices.Contains(m.Ends, state)
}

// Open lists the transitions that an order of this kind and state allows, to one who has any of these roles.
func (r *Kinds) Open(kind, state string, roles ...string) []Transition {
	m := r.byCode[kind]
	if m == nil {
		return nil
	}
	var open []Transition
	for _, t := range newMachine(m.Kind).Transitions {
		may := slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(t.By, role) })
		if may && slices.Contains(t.From, state) {
			open = append(open, t)
		}
	}
	return open
}

// problems says all that is wrong with a declaration: first what is misspelt, then, if nothing is, what can't be
// walked.
func (m *machine) problems() []string {
	if found := m.misspelt(); len(found) > 0 {
		return found
	}
	var found []string
	reached, ending := m.reached(), m.ending()
	for _, s := range m.States {
		end := slices.Contains(m.Ends, s)
		out := m.out(s)
		if !reached[s] {
			found = append(found, fmt.Sprintf("state %q can't be reached from %q: add a transition to it, or remove it", s, m.First))
		}
		switch {
		case end && out != "":
			found = append(found, fmt.Sprintf("state %q is an end and has the way out %q: remove one of them", s, out))
		case !end && out == "":
			found = append(found, fmt.Sprintf("state %q has no way out: add a transition from it, or make it an end", s))
		case !end && !ending[s]:
			found = append(found, fmt.Sprintf("state %q never comes to an end: add a way from it that does", s))
		}
	}
	return found
}

func (m *machine) misspelt() []string {
	var found []string
	say := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }
	codes := func(what string, list []string, most int) {
		if len(list) < 1 || len(list) > most {
			say("%s: %d named, want 1 to %d", what, len(list), most)
			return
		}
		for i, c := range list {
			if !validCode(c) {
				say("%s: %.40q is no code: use 1 to %d characters of a-z, 0-9, _ and -", what, c, MaxCode)
			}
			if slices.Contains(list[:i], c) {
				say("%s: %q is named twice", what, c)
			}
		}
	}
	known := func(what, state string) {
		if !slices.Contains(m.States, state) {
			say("%s: %.40q is not among the states", what, state)
		}
	}
	if !validCode(m.Code) {
		say("the code must have 1 to %d characters of a-z, 0-9, _ and -", MaxCode)
	}
	if len(m.Title) > maxTitle || strings.ContainsFunc(m.Title, func(r rune) bool { return r < ' ' || r == '"' }) {
		say("the title must be one line of at most %d bytes without quotation marks", maxTitle)
	}
	codes("by", m.By, maxRoles)
	codes("states", m.States, maxStates)
	codes("ends", m.Ends, maxStates)
	known("first", m.First)
	for _, s := range m.Ends {
		known("ends", s)
	}
	if len(m.Transitions) > maxMoves {
		say("%d transitions, at most %d", len(m.Transitions), maxMoves)
		return found
	}
	names := map[string]bool{}
	for _, t := range m.Transitions {
		what := fmt.Sprintf("transition %.40q", t.Name)
		if !validCode(t.Name) {
			say("%s: the name must have 1 to %d characters of a-z, 0-9, _ and -", what, MaxCode)
		}
		if names[t.Name] {
			say("%s is declared twice: name all its states in from, or give it another name", what)
		}
		names[t.Name] = true
		codes(what+": from", t.From, maxStates)
		codes(what+": by", t.By, maxRoles)
		for _, s := range t.From {
			known(what+": from", s)
		}
		known(what+": to", t.To)
	}
	return found
}

// out names a transition that leads out of a state, if any.
func (m *machine) out(state string) string {
	for _, t := range m.Transitions {
		if slices.Contains(t.From, state) {
			return t.Name
		}
	}
	return ""
}

// reached are the states that an order can come to.
func (m *machine) reached() map[string]bool {
	reached := map[string]bool{m.First: true}
	for grew := true; grew; {
		grew = false
		for _, t := range m.Transitions {
			if !reached[t.To] && slices.ContainsFunc(t.From, func(s string) bool { return reached[s] }) {
				reached[t.To], grew = true, true
			}
		}
	}
	return reached
}

// ending are the states from which an order can come to an end.
func (m *machine) ending() map[string]bool {
	ending := map[string]bool{}
	for _, s := range m.Ends {
		ending[s] = true
	}
	for grew := true; grew; {
		grew = false
		for _, t := range m.Transitions {
			for _, s := range t.From {
				if ending[t.To] && !ending[s] {
					ending[s], grew = true, true
				}
			}
		}
	}
	return ending
}
