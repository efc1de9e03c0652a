package sim

import (
	"fmt"
	"strings"

	"github.com/longmen/longmen/core/ledger"
)

// step is one thing that happens in a story. A story can be told again with some of its steps left out.
type step struct {
	kind    stepKind
	node    int
	command *ledger.Command
	targets map[int]ledger.ID // by operation: the command that a reversal names, by its id
	fault   fault             // of an append
	size    int               // of a group
	wait    ledger.Instant    // of a tick
	stale   bool              // start from the newest snapshot rather than from the first row
}

type stepKind uint8

const (
	submit   stepKind = iota // a request reaches a node
	flush                    // the node makes a group of what waits and appends it
	crash                    // the node is gone with everything in its memory
	lead                     // the node catches up and takes the lead
	tick                     // time passes
	snapshot                 // the node begins a snapshot, one section a flush
)

// fault is what goes wrong in an append.
type fault uint8

const (
	none        fault = iota
	lost              // the outcome is unknown to the node; the row is not there
	kept              // the outcome is unknown to the node; the row is there
	crashBefore       // the node dies before the row is there
	crashAfter        // the node dies when the row is there, before it applied any of it
	crashWithin       // the node dies when it has applied and answered half of it
)

var faultNames = [...]string{
	"", ", the row is lost and the outcome unknown", ", the row is kept but the outcome unknown",
	", crash before the row is kept", ", crash when the row is kept", ", crash when half is answered",
}

func (s *step) String() string {
	name := string(rune('A' + s.node))
	switch s.kind {
	case submit:
		return fmt.Sprintf("%s gets %s", name, s.describe())
	case flush:
		return fmt.Sprintf("%s appends a group of at most %d%s", name, s.size, faultNames[s.fault])
	case crash:
		return name + " crashes"
	case lead:
		from := ""
		if s.stale {
			from = " from the newest snapshot"
		}
		return fmt.Sprintf("%s takes the lead%s%s", name, from, faultNames[s.fault])
	case tick:
		return fmt.Sprintf("%d µs pass", s.wait)
	}
	return name + " begins a snapshot"
}

// describe shows a command with the names of what its reversals undo.
func (s *step) describe() string {
	var b strings.Builder
	fmt.Fprintf(&b, "command %s", short(s.command.ID))
	for i, op := range s.command.Operations {
		text := strings.TrimPrefix(fmt.Sprintf("%+v", op), "&")
		if target, is := s.targets[i]; is {
			text += " of " + short(target)
		}
		fmt.Fprintf(&b, "\n      %d %s %s", i, op.Kind(), text)
	}
	return b.String()
}

// short is enough of an id to tell it from the others of a story.
func short(id ledger.ID) string { return id.String()[24:] }
