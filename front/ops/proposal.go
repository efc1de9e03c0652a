package ops

import (
	"time"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Limits of a proposal.
const (
	MaxDocument = 256 << 10 // bytes of each document
	MaxReason   = 1_000     // bytes
	MaxPage     = 1_000
	maxLife     = 90 * 24 * time.Hour
)

// State tells how far a proposal is.
type State uint8

// The states of a proposal. One that is open past its expiry is expired, though nobody has changed it.
const (
	Open State = iota + 1
	Approved
	Refused
	Withdrawn
	Expired
)

var stateNames = [...]string{"", "open", "approved", "refused", "withdrawn", "expired"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// Proposal is what one person wants and another has to approve.
type Proposal struct {
	Tenant  id.ID
	ID      id.ID // made by the proposer's client; the approval reference of commands that follow from it
	Action  string
	Subject id.ID
	Version uint64 // of the subject, as the proposer saw it
	Asset   string // of the amount; "" where no money is at stake
	Amount  int64  // minor units
	Was     []byte // JSON of the subject; empty if it is new
	Becomes []byte // JSON; empty if it ends
	Reason  string

	Proposer id.ID // principal
	Person   id.ID // behind it
	Proposed int64 // microseconds since 1970
	Expires  int64
	State    State
	Decider  id.ID // principal; none while it is open
	Decided  int64
	Why      string // of the decision
	Lapsed   string // why it was not carried out after it was approved
}

// Command is the id of a command that follows from the proposal: the same each time.
func (p *Proposal) Command(step string, n uint64) id.ID { return p.ID.Derive(step, n) }

// Rule says who may approve an action.
type Rule struct {
	Life   time.Duration // how long a proposal stays open
	Levels []Level
}

// Level lets a role approve up to an amount.
type Level struct {
	Role string
	Most map[string]int64 // by asset, minor units; an asset that is not named is not allowed
}

// allows reports whether somebody with these roles may approve so much.
func (r *Rule) allows(roles []string, asset string, amount int64) bool {
	for _, l := range r.Levels {
		for _, role := range roles {
			if role != l.Role {
				continue
			}
			if most, named := l.Most[asset]; asset == "" || named && amount <= most {
				return true
			}
		}
	}
	return false
}

func (p *Proposal) check() error {
	if err := p.ID.Check(); err != nil {
		return errs.Invalid.Errorf("proposal: id: %v", err)
	}
	switch {
	case p.Tenant.IsZero() || p.Subject.IsZero():
		return errs.Invalid.Errorf("proposal: it needs a tenant and a subject")
	case len(p.Was) > MaxDocument || len(p.Becomes) > MaxDocument:
		return errs.TooLarge.Errorf("proposal: a document has at most %d bytes", MaxDocument)
	case p.Reason == "" || len(p.Reason) > MaxReason:
		return errs.Invalid.Errorf("proposal: reason: want 1 to %d bytes", MaxReason)
	case p.Amount < 0 || p.Asset == "" && p.Amount != 0:
		return errs.Invalid.Errorf("proposal: amount: want none without an asset, and none below zero")
	}
	changes, err := Difference(p.Was, p.Becomes)
	if err == nil && len(changes) == 0 {
		err = errs.Invalid.Errorf("proposal: it changes nothing")
	}
	return err
}
