package sim

import (
	"fmt"
	"strings"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// step is one thing that happens in a story. A story can be told again with some of its steps left out.
type step struct {
	kind    stepKind
	machine int
	command *ledger.Command
	other   *ledger.Command   // what if the command were this one
	targets map[int]ledger.ID // by operation: the command that a reversal names, by its id
	fault   fault             // of an append
	size    int               // lead: how many commands history has lost
	wait    ledger.Instant    // of a tick; lead: how far the machine's clock is off
}

type stepKind uint8

const (
	submit   stepKind = iota // a request reaches a machine
	conflict                 // one whose id was used for another content
	future                   // one whose id is from the future
	flush                    // the program makes a group of what waits and appends it
	apply                    // the program applies what it has appended
	whatIf                   // two commands that differ in one word are applied to copies
	crash                    // the program is gone with everything in its memory
	lead                     // a machine starts the program, which takes the lead
	tick                     // time passes
	snapshot                 // the program begins a snapshot, and writes a section whenever it has applied
	land                     // what was afloat in the store is decided
)

// fault is what goes wrong in an append.
type fault uint8

const (
	none          fault = iota
	failed              // nothing is stored, and the program knows
	rejected            // nothing is stored or ever will be, and the program stops
	lost                // nothing is stored, and the program does not know
	kept                // the row is stored, but the program does not know
	afloat              // it is decided later
	lostOvertaken       // the other machine takes the lead before the next attempt
	keptOvertaken
	afloatOvertaken
	crashBefore // the program dies before the row is stored
	crashAfter  // when it is stored, before any of it is applied
	crashAfloat // when it is afloat
	crashWithin // when one command of it is applied
)

var faults = [...]struct {
	text  string
	store journal.Fault
}{
	none:            {"", journal.None},
	failed:          {"; the first attempt fails", journal.Fail},
	rejected:        {"; the store refuses", journal.Reject},
	lost:            {"; the row and the answer are lost", journal.LoseWrite},
	kept:            {"; the answer is lost", journal.LoseAnswer},
	afloat:          {"; the row is afloat", journal.Float},
	lostOvertaken:   {"; the row and the answer are lost and the other machine takes the lead", journal.LoseWrite},
	keptOvertaken:   {"; the answer is lost and the other machine takes the lead", journal.LoseAnswer},
	afloatOvertaken: {"; the row is afloat and the other machine takes the lead", journal.Float},
	crashBefore:     {"; crash before the row is stored", journal.LoseWrite},
	crashAfter:      {"; crash when the row is stored", journal.LoseAnswer},
	crashAfloat:     {"; crash when the row is afloat", journal.Float},
	crashWithin:     {"; crash when one command is applied", journal.None},
}

func (f fault) overtaken() bool { return f >= lostOvertaken && f <= afloatOvertaken }

func (f fault) deadly() bool { return f >= crashBefore && f <= crashAfloat }

func (s *step) String() string {
	name := string(rune('A' + s.machine))
	switch s.kind {
	case submit:
		return fmt.Sprintf("%s gets %s", name, s.describe())
	case conflict:
		return fmt.Sprintf("%s gets another content under the id of %s", name, short(s.command.ID))
	case future:
		return fmt.Sprintf("%s gets command %s of the future", name, short(s.command.ID))
	case flush:
		return name + " appends a group" + faults[s.fault].text
	case apply:
		return name + " applies what it has appended" + faults[s.fault].text
	case whatIf:
		return fmt.Sprintf("what if %s\n      were %s", s.describe(), (&step{command: s.other}).describe())
	case crash:
		return name + " crashes"
	case lead:
		return fmt.Sprintf("%s starts and takes the lead, its clock %d µs off, its history %d commands short%s", name, s.wait, s.size,
			faults[s.fault].text)
	case tick:
		return fmt.Sprintf("%d µs pass", s.wait)
	case land:
		return fmt.Sprintf("what is afloat is stored if it still fits: %v", s.size > 0)
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
