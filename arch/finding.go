package arch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Finding is one breach of a rule.
type Finding struct {
	File string // path from the module's root
	Line int    // 0 if the file as a whole is meant
	Rule string // the rule that is broken, and how
	Do   string // what to do about it
}

// String gives file:line, rule and remedy.
func (f Finding) String() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	return fmt.Sprintf("%s: %s; %s", where, f.Rule, f.Do)
}

// Report lists findings by place, one a line.
func Report(findings []Finding) string {
	sorted := slices.SortedFunc(slices.Values(findings), func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Rule, b.Rule))
	})
	var b strings.Builder
	for _, f := range sorted {
		b.WriteString("\n  " + f.String())
	}
	return b.String()
}
