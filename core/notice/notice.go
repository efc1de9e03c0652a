package notice

import (
	"encoding/json"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Limits of a notice.
const (
	MaxData = 3 << 10 // bytes of JSON for the template
	MaxText = 8 << 10 // bytes of a body
	MaxPage = 1_000
	maxCode = 32
)

// Kind is what fronts say of a kind of notice.
type Kind struct {
	Channels []string // over which it goes unless the party wants otherwise
	Must     bool     // the party can't turn it off
	Secret   bool     // text and data are not kept once it is sent
}

// Notice is something to tell, before it is divided over channels.
type Notice struct {
	Tenant id.ID
	ID     id.ID // made by the caller: telling it again changes nothing
	Ledger string
	At     int64 // of the ledger's clock, microseconds since 1970, now or before: what is told later is planned, and told then
	Party  id.ID
	Kind   string
	Data   json.RawMessage // for the template: an object
	// Reachable leaves out the channels on which the party has no address; else such a notice is stuck until it has one.
	Reachable bool
}

// Sent is a notice on one channel, as the outbox has it.
type Sent struct {
	Tenant, ID    id.ID
	Party         id.ID
	Kind, Channel string
	Data          json.RawMessage
	Subject, Body string
	Language      string
	Created       int64
	At            int64 // 0 until it is sent
}

// Message is what a channel sends.
type Message struct {
	ID            id.ID // the same when it is sent again
	Address       string
	Subject, Body string
}

func (n *Notice) check() error {
	if n.Tenant.IsZero() || n.Party.IsZero() {
		return errs.Invalid.Errorf("notice: it needs a tenant and a party")
	}
	if err := n.ID.Check(); err != nil {
		return errs.Invalid.Errorf("notice: id: %v", err)
	}
	var object map[string]any
	if len(n.Data) > MaxData || json.Unmarshal(n.Data, &object) != nil {
		return errs.Invalid.Errorf("notice: data: want a JSON object of at most %d bytes", MaxData)
	}
	return nil
}
