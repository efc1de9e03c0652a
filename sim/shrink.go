package sim

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/longmen/longmen/core/ledger"
)

// fixed steps at the start open the ledger and what the story is about.
const fixed = 2

// shrink leaves out steps, then operations, as long as the story still fails, and returns what is left.
func shrink(steps []*step, failure *Failure, chronicle bool) ([]*step, *Failure) {
	kind := kindOf(failure)
	try := func(shorter []*step) bool {
		_, f := tell(shorter, chronicle)
		if f == nil || kindOf(f) != kind {
			return false
		}
		steps, failure = shorter, f
		return true
	}
	if !try(steps) {
		return steps, failure // it fails only when directed: what the director did between steps matters
	}
	for size := len(steps); size > 0; size /= 2 {
		for at := len(steps); at > fixed; {
			from := max(fixed, at-size)
			try(append(append([]*step{}, steps[:from]...), steps[at:]...))
			at = from
		}
	}
	for i := len(steps) - 1; i >= fixed; i-- {
		shrinkStep(steps, i, try)
	}
	return steps, failure
}

var particulars = regexp.MustCompile(`[0-9a-f-]*[0-9][0-9a-f-]*`)

// kindOf is what a failure says without the names and numbers of its story: shortened, it must still say that.
func kindOf(f *Failure) string {
	what, _, _ := strings.Cut(f.What, "\n")
	what, _, _ = strings.Cut(what, "the engine says")
	return particulars.ReplaceAllString(what[:min(len(what), 100)], "#")
}

// shrinkStep makes one step simpler: a fault that does not matter, an operation that does not matter. The last
// operation goes first, since marks name operations by their place.
func shrinkStep(steps []*step, i int, try func([]*step) bool) {
	with := func(s *step) []*step {
		changed := append([]*step{}, steps...)
		changed[i] = s
		return changed
	}
	current := steps[i]
	if current.fault != none {
		s := *current
		s.fault = none
		if try(with(&s)) {
			current = &s
		}
	}
	if current.kind != submit {
		return
	}
	for op := len(current.command.Operations) - 1; op >= 0 && len(current.command.Operations) > 1; op-- {
		c := *current.command
		c.Operations = append(append([]ledger.Operation{}, c.Operations[:op]...), c.Operations[op+1:]...)
		s := *current
		s.command = &c
		s.targets = map[int]ledger.ID{}
		for at, target := range current.targets {
			if at < op {
				s.targets[at] = target
			} else if at > op {
				s.targets[at-1] = target
			}
		}
		if try(with(&s)) {
			current = &s
		}
	}
}

// printStory writes the steps for a person.
func printStory(w io.Writer, steps []*step) {
	for i, s := range steps {
		fmt.Fprintf(w, "%4d  %s\n", i, s)
	}
}
