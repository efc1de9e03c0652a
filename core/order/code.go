package order

import (
	"fmt"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// The bounds of what an order may hold and a caller may ask.
const (
	MaxCode       = 32          // characters of a code
	MaxParties    = 16          // of an order, each with its part
	MaxAmounts    = 16          // of an order, by code
	MaxReferences = 8           // of an order
	MaxAttributes = 8 << 10     // bytes of the canonical document
	MaxAmount     = 1e18        // minor units, either sign
	MaxBatch      = 1000        // orders opened and changed by one call
	MaxPage       = 1000        // orders, steps or events of one answer
	MaxSteps      = 10_000      // of one order
	MaxKinds      = 256         // of a registry
	maxStates     = 64          // of a kind
	maxMoves      = 256         // transitions of a kind
	maxRoles      = 32          // that one transition names
	maxInstant    = 1<<62 - 1   // microseconds
	maxPlace      = 1<<63 - 1   // what a row can count to
	maxVersion    = MaxSteps    // the first step has version 1
	maxAsset      = 12          // characters of an asset's code
	maxTitle      = 100         // bytes of a kind's title
	looked        = 4096        // orders looked at for one page when filters are combined
	groupSize     = 256         // writes committed together, unless one call has more
	maxWaiting    = 8 * MaxPage // calls that may wait to be committed
)

// The outcomes that a caller must tell apart, beside errs.Invalid, NotFound, Forbidden, TooLarge and Overloaded.
var (
	// IDTaken means that the id stands for something else already.
	IDTaken = errs.Define("order_id_taken", 409, "The id was used for something else")
	// Stale means that the order was changed since the caller saw it.
	Stale = errs.Define("order_stale", 409, "The order has changed since")
	// WrongState means that the order's state does not allow the transition.
	WrongState = errs.Define("order_state", 409, "The order's state does not allow this")
	// Moved means that another one has moved a follower's position.
	Moved = errs.Define("order_follower_moved", 409, "The follower's position is another one")
)

func invalid(field, format string, args ...any) error {
	return errs.Invalid.Errorf(format, args...).On(field)
}

// checkCode allows 1 to 32 of a-z, 0-9, underscore and hyphen.
func checkCode(field, s string) error {
	if !validCode(s) {
		return invalid(field, "%.40q is no code: use 1 to %d characters of a-z, 0-9, _ and -", s, MaxCode)
	}
	return nil
}

// CheckReason refuses what no reason is, for who must know before he takes an order through a transition.
func CheckReason(s string) error { return checkCode("reason", s) }

func validCode(s string) bool {
	if s == "" || len(s) > MaxCode {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// checkAsset allows what the ledger allows: 1 to 12 of A-Z, 0-9 and hyphen, a letter first.
func checkAsset(field, s string) error {
	ok := s != "" && len(s) <= maxAsset && s[0] >= 'A' && s[0] <= 'Z'
	for i := range len(s) {
		c := s[i]
		ok = ok && (c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-')
	}
	if !ok {
		return invalid(field, "%.40q is no asset: use 1 to %d characters of A-Z, 0-9 and hyphen, a letter first", s, maxAsset)
	}
	return nil
}

// checkID wants a UUID of version 7.
func checkID(field string, i id.ID) error {
	if i.IsZero() {
		return invalid(field, "it is missing: give a UUID of version 7")
	}
	if err := i.Check(); err != nil {
		return invalid(field, "%v", err)
	}
	return nil
}

// checkAnyID also takes none.
func checkAnyID(field string, i id.ID) error {
	if i.IsZero() {
		return nil
	}
	return checkID(field, i)
}

func at(list string, i int, field string) string {
	if field == "" {
		return fmt.Sprintf("%s[%d]", list, i)
	}
	return fmt.Sprintf("%s[%d].%s", list, i, field)
}
