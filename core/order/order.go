package order

import (
	"encoding/json"

	"github.com/longmen/longmen/kit/id"
)

// Order is an order as it stands after one of its steps.
type Order struct {
	Tenant  id.ID
	ID      id.ID
	Kind    string
	State   string
	Version uint32 // number of steps, 1 when it was just opened
	// Place is the number of the event that opened it. Lists are sorted by it.
	Place      uint64
	Parties    []Party         // sorted by part, then party; never changed
	Amounts    []Amount        // sorted by code
	References []Reference     // sorted by type, then value
	Attributes json.RawMessage // canonical
	// Instants in microseconds since 1970, never decreasing from event to event of a tenant.
	Created   int64
	Changed   int64
	CreatedBy id.ID // principals
	ChangedBy id.ID
}

// Party is somebody with a part in an order.
type Party struct {
	Part  string `json:"part"`
	Party id.ID  `json:"party"`
}

// Amount is one of an order's amounts, in minor units of its asset.
type Amount struct {
	Code   string `json:"code"`
	Asset  string `json:"asset"`
	Amount int64  `json:"amount"`
}

// Reference points to another order, a command of a ledger, or anything else that its type, a code of the front, says.
type Reference struct {
	Type  uint16
	Value [16]byte
}

// Evidence names the command of a ledger that stands behind a step. All of it may be absent; a ledger or a sequence
// needs a command.
type Evidence struct {
	Ledger   id.ID
	Command  id.ID
	Sequence uint64 // 0 as long as it is not known
}

// Act says who does something and on what it rests.
type Act struct {
	Actor    id.ID  // the principal
	Behalf   id.ID  // the party it is done for, if any
	Role     string // in which the actor does it; that he has it is for the caller to check
	Reason   string // a code, if there is one
	Approval id.ID  // reference of the approval, if there is one
	Evidence Evidence
}

// Write is what is done to an order: New or Change.
type Write interface {
	prepare(k *Kinds) (*write, error)
}

// New opens an order.
type New struct {
	ID   id.ID // UUIDv7 made by the first client
	Kind string
	Act
	Parties    []Party // 1 to 16
	Amounts    []Amount
	References []Reference
	Attributes json.RawMessage
}

// Change takes an order through one transition.
type Change struct {
	ID         id.ID     // of this change, UUIDv7 made by the first client
	Order      id.ID     // the order
	Kind       string    // of the order; "": whatever it is
	Having     Reference // that the order has; none: whatever it has
	Version    uint32    // that the caller has seen
	Transition string
	Act
	// Amounts replace those of the same code and are added otherwise.
	Amounts []Amount
	// References are added.
	References []Reference
	// Attributes replace the document; nil leaves it.
	Attributes json.RawMessage
}

// Result is what a write led to. It is the same however often the write is repeated.
type Result struct {
	Order  Order  // as the write left it
	Number uint64 // of the event
	// Repeated says that the write had been done before.
	Repeated bool
}

// Step is one change of an order, complete and for ever. By its number it is an event.
type Step struct {
	Tenant  id.ID
	Number  uint64 // 1, 2, 3… within the tenant, in the order of commits
	Order   id.ID
	Kind    string
	Version uint32 // of the order after it
	ID      id.ID  // of the change; the order's own for the first
	// Transition and From are empty for the first step.
	Transition string
	From, To   string
	At         int64 // microseconds since 1970
	Act
	Parties []Party // of the order, which never change; Steps gives them with the first step only
	// What follows is as the step left it, nil for what it did not touch.
	Amounts    []Amount
	References []Reference
	Attributes json.RawMessage
}

// write is a Write that was checked and brought into canonical form.
type write struct {
	id         id.ID
	order      id.ID
	opens      bool
	kind       *machine // nil for a change
	of         string   // kind of the order that is changed, "" for any
	having     Reference
	at         int64 // when it happened, if it is told afterwards
	kinds      *Kinds
	version    uint32
	transition string
	act        Act
	parties    []Party
	amounts    []Amount
	references []Reference
	attributes []byte
	hash       [32]byte
}
