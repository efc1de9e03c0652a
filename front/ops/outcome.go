package ops

import (
	"net/http"

	"github.com/longmen/longmen/kit/errs"
)

// Pending means that a proposal was made, and that another person decides.
var Pending = errs.Define("approval_pending", http.StatusConflict, "Another person has to approve it first")

// Outcome is what a proposal says to whoever asks for the same again: nothing once it was approved, else why it has not
// happened.
func (p *Proposal) Outcome() error {
	switch {
	case p.Lapsed != "":
		return errs.Conflict.Errorf("the proposal %s was approved and could not be carried out: %s", p.ID, p.Lapsed).On("id")
	case p.State == Approved:
		return nil
	case p.State == Open:
		return Pending.Errorf("it is proposed as %s, and another person has to approve that; the same request then gives what came of it", p.ID)
	default:
		return errs.Conflict.Errorf("the proposal %s is %s; ask with a new id if it is still wanted", p.ID, p.State).On("id")
	}
}
