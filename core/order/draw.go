package order

import (
	"fmt"
	"slices"
	"strings"
)

// Text draws a declared kind as lines for people. The second result is false if there is no such kind.
func (r *Kinds) Text(code string) (string, bool) {
	m := r.byCode[code]
	if m == nil {
		return "", false
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", m.heading())
	fmt.Fprintf(&b, "  begins in %s, opened by %s\n", m.First, strings.Join(m.By, ", "))
	for _, s := range m.States {
		if slices.Contains(m.Ends, s) {
			fmt.Fprintf(&b, "  %s (end)\n", s)
			continue
		}
		fmt.Fprintf(&b, "  %s\n", s)
		for _, t := range m.Transitions {
			if slices.Contains(t.From, s) {
				fmt.Fprintf(&b, "    %s -> %s by %s\n", t.Name, t.To, t.terms(", with a reason"))
			}
		}
	}
	return b.String(), true
}

// Mermaid draws a declared kind as a state diagram in Mermaid's language. States stand under names of their own making,
// since not every code is a name there.
func (r *Kinds) Mermaid(code string) (string, bool) {
	m := r.byCode[code]
	if m == nil {
		return "", false
	}
	name := make(map[string]string, len(m.States))
	var b strings.Builder
	fmt.Fprintf(&b, "---\ntitle: \"%s\"\n---\nstateDiagram-v2\n", m.heading())
	for i, s := range m.States {
		name[s] = fmt.Sprintf("s%d", i+1)
		fmt.Fprintf(&b, "    state \"%s\" as %s\n", s, name[s])
	}
	fmt.Fprintf(&b, "    [*] --> %s : %s\n", name[m.First], strings.Join(m.By, ", "))
	for _, s := range m.States {
		for _, t := range m.Transitions {
			if slices.Contains(t.From, s) {
				fmt.Fprintf(&b, "    %s --> %s : %s (%s)\n", name[s], name[t.To], t.Name, t.terms(", with a reason"))
			}
		}
		if slices.Contains(m.Ends, s) {
			fmt.Fprintf(&b, "    %s --> [*]\n", name[s])
		}
	}
	return b.String(), true
}

func (m *machine) heading() string {
	if m.Title == "" {
		return m.Code
	}
	return m.Code + " " + m.Title
}

// terms says who may do it, and what else it takes.
func (t *Transition) terms(reason string) string {
	s := strings.Join(t.By, ", ")
	if t.Reason {
		s += reason
	}
	return s
}
