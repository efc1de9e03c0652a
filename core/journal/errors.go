package journal

import (
	"errors"
	"fmt"
)

// The errors of Append.
var (
	// ErrLeadLost means that somebody else leads: there is a row that is not the caller's. He stops for good; only
	// with a higher epoch, after reading what is there, may he append again.
	ErrLeadLost = errors.New("the lead is lost")
	// ErrUnknown means that the group may be durable or not, and that there is no time left to find out. Appending
	// the same bytes again, or reading, tells.
	ErrUnknown = errors.New("the outcome is not known")
	// ErrNotStored means that the group was not made durable and will not be.
	ErrNotStored = errors.New("nothing was stored")
	// ErrNotNext means that a group does not begin where its ledger's journal ends, though nobody else wrote to it: a
	// mistake of the caller, or a journal that has lost its end.
	ErrNotNext = errors.New("the group does not follow the journal's last one")
	// ErrStopped means that the journal met something after which it must not go on in this process.
	ErrStopped = errors.New("the journal has stopped")
	// ErrBusy means that a group of the same ledger is still being appended.
	ErrBusy = errors.New("a group of this ledger is being appended")
)

// The errors of reading and of the list of ledgers.
var (
	// ErrNotFound means that no group has the sequence.
	ErrNotFound = errors.New("no such sequence")
	// ErrBeyondEnd means that reading was to begin after the end of the journal.
	ErrBeyondEnd = errors.New("the journal ends before that")
	// ErrLedgerExists means that a ledger has this id or this name already.
	ErrLedgerExists = errors.New("the ledger exists")
	// ErrNoLedger means that a journal was to begin for a ledger that is not on the list.
	ErrNoLedger = errors.New("the ledger is not on the list")
)

// DamageError names the first row that is not as it was written.
type DamageError struct {
	Ledger   [16]byte
	Sequence uint64 // where the row begins, or the first one that is missing
	What     string
	Err      error
	Bytes    []byte // what stands in the row, when that is not what its hash says
}

// Error names ledger, sequence and what is wrong.
func (e *DamageError) Error() string {
	s := fmt.Sprintf("journal of ledger %s is damaged at sequence %d: %s", name(e.Ledger), e.Sequence, e.What)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// appendError says which group an error of Append is about.
func appendError(g *Group, kind error, format string, args ...any) error {
	return fmt.Errorf("append group %d of ledger %s: %w: %w", g.First, name(g.Ledger), kind, fmt.Errorf(format, args...))
}
