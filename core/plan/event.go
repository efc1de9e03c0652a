package plan

import (
	"bytes"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Limits of an event.
const (
	MaxContent = 4 << 10 // bytes of what a handler needs to know
	MaxLedger  = 64
	MaxKind    = 32
	MaxPage    = 1_000
	maxProblem = 500 // characters that are kept of an error
)

// State tells how far an event is.
type State uint8

// The states of an event.
const (
	Waiting   State = iota + 1 // for its instant, or for the next attempt
	Done                       // handled to its end
	Stuck                      // failed for good: a person retries or cancels it
	Cancelled                  // will not happen
)

var stateNames = [...]string{"", "waiting", "done", "stuck", "cancelled"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// ParseState reads a state's name.
func ParseState(name string) (State, error) {
	for s, n := range stateNames {
		if s > 0 && n == name {
			return State(s), nil
		}
	}
	return 0, errs.Invalid.Errorf("state %q: want waiting, done, stuck or cancelled", name)
}

// Event is what has to happen.
type Event struct {
	Tenant  id.ID
	ID      id.ID // made by who plans it: planning it again changes nothing
	Ledger  string
	Due     int64  // microseconds since 1970, by the ledger's clock
	Kind    string // names the handler: a-z, 0-9, - and _
	Subject id.ID  // what it is about
	Content []byte // for the handler

	State    State
	Attempts int
	Again    int64  // not before this instant of the machine's clock, microseconds since 1970
	Problem  string // of the last attempt
	Changed  int64  // by the machine's clock, microseconds since 1970
	Actor    id.ID  // principal that retried or cancelled it last
}

// Command is the id of a command that the event causes: the same each time, another for each step and number.
func (e *Event) Command(step string, n uint64) id.ID { return e.ID.Derive(step, n) }

// check refuses what no event may be.
func (e *Event) check() error {
	if e.Tenant.IsZero() {
		return errs.Invalid.Errorf("planned event: it needs a tenant")
	}
	if err := e.ID.Check(); err != nil {
		return errs.Invalid.Errorf("planned event: id: %v", err)
	}
	if e.Ledger == "" || len(e.Ledger) > MaxLedger {
		return errs.Invalid.Errorf("planned event: the ledger's name has 1 to %d characters", MaxLedger)
	}
	if !isCode(e.Kind) {
		return errs.Invalid.Errorf("planned event: kind %q: want 1 to %d characters a-z, 0-9, - and _", e.Kind, MaxKind)
	}
	if len(e.Content) > MaxContent {
		return errs.Invalid.Errorf("planned event: content of %d bytes, at most %d", len(e.Content), MaxContent)
	}
	return nil
}

func isCode(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != "" && len(s) <= MaxKind
}

// same reports whether two events ask for the same.
func (e *Event) same(o *Event) bool {
	return e.Ledger == o.Ledger && e.Due == o.Due && e.Kind == o.Kind && e.Subject == o.Subject && bytes.Equal(e.Content, o.Content)
}
