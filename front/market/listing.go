package market

import (
	"encoding/hex"

	"github.com/longmen/longmen/kit/id"
)

// State is how far a listing is.
type State string

// The states.
const (
	Opening  State = "opening"  // the ledger does not have it yet
	Open     State = "open"     // takes bids
	Closing  State = "closing"  // takes no more bids, the end is under way
	Funded   State = "funded"   // the money is the receiver's, the units are the bidders'
	Returned State = "returned" // the money is back, the units are about to end
	Failed   State = "failed"
)

// Terms are what never changes of a listing.
type Terms struct {
	Asset     string   `json:"asset"`
	Register  string   `json:"register"` // of the loan; opened here
	Tranches  []string `json:"tranches"` // of the register
	Unclaimed string   `json:"unclaimed"`
	Receiver  string   `json:"receiver"` // gets the money when it is funded
	Unit      int64    `json:"unit"`     // minor units of one unit
	Units     uint64   `json:"units"`    // that are for sale
	Minimum   uint64   `json:"minimum"`  // units of the smallest bid, unless it is all that is left
	Step      uint64   `json:"step"`     // units by which bids grow
	Share     uint64   `json:"share"`    // most units of one investor
	Product   string   `json:"product"`
	Version   uint32   `json:"version"`
	Grade     string   `json:"grade"`
	Region    string   `json:"region,omitempty"`
	Days      int      `json:"days"` // from the start until the last payment
}

// Listing is a loan that is, or was, open for funding.
type Listing struct {
	Tenant   id.ID
	ID       id.ID // made by who opens it
	Ledger   string
	Loan     id.ID
	Borrower id.ID
	Terms
	Opened  int64 // microseconds since 1970, by the ledger's clock
	Closes  int64
	Partial uint64 // least units with which it is funded at the end; 0: all of them

	// What follows from the journal.
	State    State
	Sold     uint64
	Raised   int64 // minor units, once it is funded
	Sequence uint64
	Changed  int64
	attempts uint64
	touched  bool // by a batch, which is to write it
}

// Escrow is the account in which the bidders' money lies.
func (l *Listing) Escrow() string { return "listing:" + hex.EncodeToString(l.ID[:]) + ":escrow" }

// Cash is the account of an investor's money.
func Cash(party id.ID) string { return "party:" + hex.EncodeToString(party[:]) + ":cash" }

// Amount is what so many units cost.
func (l *Listing) Amount(units uint64) int64 { return int64(units) * l.Unit }

// Over says whether nothing more happens to the listing.
func (l *Listing) Over() bool { return l.State == Funded || l.State == Failed }

func (l *Listing) check() error {
	for _, i := range []struct {
		field string
		id    id.ID
	}{{"tenant", l.Tenant}, {"id", l.ID}, {"loan", l.Loan}, {"borrower", l.Borrower}} {
		if err := i.id.Check(); err != nil {
			return invalid(i.field, "%v", err)
		}
	}
	for _, s := range []struct {
		field, text string
		most        int
	}{
		{"ledger", l.Ledger, MaxName},
		{"asset", l.Asset, MaxCode},
		{"register", l.Register, MaxAddress},
		{"unclaimed", l.Unclaimed, MaxAddress},
		{"receiver", l.Receiver, MaxAddress},
		{"product", l.Product, MaxName},
		{"grade", l.Grade, MaxCode},
	} {
		if s.text == "" || len(s.text) > s.most {
			return invalid(s.field, "%d characters, want 1 to %d", len(s.text), s.most)
		}
	}
	return l.checkFigures()
}

func (l *Listing) checkFigures() error {
	switch {
	case len(l.Region) > MaxCode:
		return invalid("region", "%d characters, at most %d", len(l.Region), MaxCode)
	case len(l.Tranches) < 1 || len(l.Tranches) > MaxTranches:
		return invalid("tranches", "%d, want 1 to %d", len(l.Tranches), MaxTranches)
	case l.Unit < 1 || l.Unit > MaxAmount:
		return invalid("unit", "%d, want 1 to %d", l.Unit, int64(MaxAmount))
	case l.Units < 1 || l.Units > MaxUnits || int64(l.Units) > MaxAmount/l.Unit:
		return invalid("units", "%d of %d, want at least one, and %d or less in all", l.Units, l.Unit, int64(MaxAmount))
	case l.Step < 1 || l.Step > l.Units:
		return invalid("step", "%d, want 1 to %d", l.Step, l.Units)
	case l.Minimum < 1 || l.Minimum > uint64(MaxAmount/l.Unit) || l.Minimum%l.Step != 0:
		return invalid("minimum", "%d of %d, want a multiple of the step %d, and %d or less in all", l.Minimum, l.Unit, l.Step, int64(MaxAmount))
	case l.Share < 1 || l.Share > l.Units:
		return invalid("share", "%d, want 1 to %d", l.Share, l.Units)
	case l.Partial > l.Units:
		return invalid("partial", "%d, want 0 to %d", l.Partial, l.Units)
	case l.Days < 1:
		return invalid("days", "%d, want 1 or more", l.Days)
	case l.Closes <= l.Opened || l.Opened < 0:
		return invalid("closes", "it must be after the opening")
	}
	return nil
}
