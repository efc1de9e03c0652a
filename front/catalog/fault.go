package catalog

import (
	"fmt"
	"strings"

	"github.com/longmen/longmen/kit/errs"
)

// Fault is one thing that is wrong with a product or a calendar.
type Fault struct {
	Line   int    `json:"line,omitempty"` // of the file; 0 if it comes from none
	Field  string `json:"field"`          // as in fees[0].rate; empty for the whole
	Reason string `json:"reason"`
}

func (f Fault) String() string {
	var b strings.Builder
	if f.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", f.Line)
	}
	if f.Field != "" {
		b.WriteString(f.Field + ": ")
	}
	return b.String() + f.Reason
}

// Faults is why a product is refused, in the order of the file.
type Faults []Fault

// maxFaults bounds what is listed; who has more begins with these.
const maxFaults = 50

// Error lists them, one a line.
func (l Faults) Error() string {
	lines := make([]string, len(l))
	for i, f := range l {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// refusal is the error of a door: the first fault with its field in what was read, and how many more there are.
func (l Faults) refusal(of string) error {
	text := l[0].Reason
	if l[0].Line > 0 {
		text = fmt.Sprintf("line %d: %s", l[0].Line, text)
	}
	if n := len(l) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	field := of
	if l[0].Field != "" {
		field += "." + l[0].Field
	}
	return errs.Invalid.Errorf("%s", text).On(field).Because(l)
}
