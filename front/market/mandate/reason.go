package mandate

import (
	"fmt"
	"slices"

	"github.com/longmen/longmen/kit/id"
)

// Bound says what made a piece as large as it is, or left too little room for one. Of several that are equal the first
// of this list is named.
type Bound uint8

// The bounds.
const (
	Left    Bound = iota + 1 // what was left of the listing
	Amount                   // what the mandate still had to invest
	Cash                     // the investor's cash
	Share                    // the listing's most of one investor
	PerLoan                  // the mandate's caps
	PerBorrower
	PerRegion
)

// Reason says why a mandate took nothing of a listing.
type Reason uint8

// The reasons. The first that holds is named: those that hold for ever come first.
const (
	Own        Reason = iota + 1 // the investor is the borrower
	Grade                        // not among the mandate's grades
	Term                         // shorter or longer than the mandate wants
	Full                         // the listing was sold before the mandate's turn came
	TooSmall                     // the bound leaves less than the smallest piece of mandate or listing
	NotAllowed                   // the product's rules are against it
	// What no run says, since it does not come to them.
	Revoked // the mandate was revoked
	Closed  // the listing takes no bids
)

var (
	boundNames  = [...]string{"", "left", "amount", "cash", "share", "per_loan", "per_borrower", "per_region"}
	reasonNames = [...]string{"", "own", "grade", "term", "full", "too_small", "not_allowed", "revoked", "closed"}
)

// Unfit says which of their terms, which never change, keep a mandate from a listing; 0: none.
func Unfit(l *Listing, m *Mandate) Reason {
	switch {
	case m.Investor == l.Borrower:
		return Own
	case len(m.Grades) > 0 && !slices.Contains(m.Grades, l.Grade):
		return Grade
	case l.Days < m.Shortest || m.Longest > 0 && l.Days > m.Longest:
		return Term
	}
	return 0
}

// String is the bound's code.
func (b Bound) String() string { return name(boundNames[:], int(b)) }

// String is the reason's code.
func (r Reason) String() string { return name(reasonNames[:], int(r)) }

func name(names []string, n int) string {
	if n < len(names) {
		return names[n]
	}
	return fmt.Sprintf("unknown(%d)", n)
}

// Piece is what a mandate takes of a listing.
type Piece struct {
	Listing  id.ID
	Mandate  id.ID
	Investor id.ID
	Amount   int64
	Bound    Bound // what its size comes from
	Place    int   // in the line when the listing was offered, the front is 0
}

// Miss is a mandate that took nothing of a listing.
type Miss struct {
	Listing id.ID
	Mandate id.ID
	Reason  Reason
	// Of TooSmall: what left so little room, and the room.
	Bound Bound
	Room  int64
}

// Drift is a cap that an investor has outgrown since.
type Drift struct {
	Mandate id.ID
	Cap     Bound
	Of      string // the loan, borrower or region
	Held    int64
	Most    int64
}

// fieldOf names a field of the input in a refusal.
func fieldOf(list string, i int, field string) string {
	return fmt.Sprintf("%s[%d].%s", list, i, field)
}
