package market

import (
	"bytes"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Concerns tells whether a command may mean something here.
func Concerns(c *ledger.Command) bool {
	return c.Purpose >= PurposeOpen && c.Purpose <= PurposeClear && len(c.References) > 0 && c.References[0].Type == ReferenceListing
}

// Note notes what a command means here.
func (b *Batch) Note(c *ledger.Command, r *ledger.Result) error {
	if !Concerns(c) {
		return nil
	}
	l, err := b.listing(c.References[0].Value)
	if err != nil || l == nil {
		return err
	}
	n := &note{b, l, c, r}
	if r.Code != ledger.Applied {
		return n.refused()
	}
	if !n.ours() {
		return nil
	}
	switch c.Purpose {
	case PurposeOpen:
		return n.open()
	case PurposeBid:
		return n.bid()
	case PurposeCancel:
		return n.cancel()
	case PurposeClose:
		n.state(Closing)
		return nil
	case PurposeFund:
		n.l.Raised = n.l.Amount(n.l.Sold)
		n.state(Funded)
		return n.settled()
	case PurposeReturn:
		n.state(Returned)
		return n.plan("clear", 0)
	}
	return n.fail()
}

// note is one command being noted.
type note struct {
	*Batch
	l *Listing
	c *ledger.Command
	r *ledger.Result
}

// save keeps in mind that the listing has changed.
func (n *note) save() {
	n.l.Sequence, n.l.Changed = n.r.Sequence, int64(n.r.Timestamp)
	n.touch(n.l)
}

func (n *note) state(s State) {
	n.l.State = s
	n.save()
}

// open lets mandates have their part of a listing that takes bids now.
func (n *note) open() error {
	n.state(Open)
	e := n.l.event("allocate", 0, max(int64(n.r.Timestamp), n.l.Opened))
	e.Kind = AllocateKind
	return n.m.Plan.AddIn(n.ctx, n.tx, e)
}

// refused counts the attempts at opening and settling that came to nothing, and plans the next one. A listing whose names
// are somebody else's has failed.
func (n *note) refused() error {
	opening, settling := n.l.ID.Derive("open", n.l.attempts), n.l.ID.Derive("settle", n.l.attempts)
	if n.c.ID != ledger.ID(opening) && n.c.ID != ledger.ID(settling) {
		return nil
	}
	n.l.attempts++
	n.save()
	switch {
	case n.c.ID == ledger.ID(settling):
	case n.r.Code == ledger.AccountExists || n.r.Code == ledger.RegisterExists:
		return n.fail()
	default:
		return nil // its event is tried again
	}
	return n.plan("again", n.l.attempts)
}

// plan lets Advance look at the listing soon.
func (n *note) plan(label string, number uint64) error {
	return n.m.Plan.AddIn(n.ctx, n.tx, n.l.event(label, number, int64(n.r.Timestamp)))
}

func (n *note) bid() error {
	units := n.c.Operations[0].(*ledger.Issue).Units
	amount := n.l.Amount(units)
	var mandate id.ID
	bound := byte(0)
	for _, r := range n.c.References {
		switch r.Type {
		case ReferenceMandate:
			mandate = r.Value
		case ReferenceBound:
			bound = r.Value[id.Size-1]
		}
	}
	own := []byte{}
	if !mandate.IsZero() {
		own = mandate[:]
	}
	if len(own) == 0 || !decides(bound) {
		bound = 0 // somebody else's
	}
	if err := n.Batch.bid(n.l.Tenant[:], n.c.ID[:], n.l.ID[:], n.c.Behalf[:], own, int64(bound), int64(units), amount,
		int64(n.r.Sequence), int64(n.r.Timestamp)); err != nil {
		return err
	}
	if err := n.used(mandate, amount); err != nil {
		return err
	}
	n.l.Sold += units
	n.save()
	if n.l.Sold < n.l.Units {
		return nil
	}
	return n.plan("full", n.r.Sequence)
}

// decides says whether there is such a bound.
func decides(bound byte) bool { return mandate.Bound(bound) <= mandate.PerRegion }

// used counts what a mandate has in bids. One that makes a bid goes to the back of the line.
func (n *note) used(mandate id.ID, amount int64) error {
	if mandate.IsZero() {
		return nil
	}
	place := backAgain
	if amount > 0 {
		place = "turn = ?"
	}
	return n.m.exec(n.ctx, n.tx, `UPDATE market_mandate SET used = used + ?, `+place+` WHERE tenant = ? AND id = ?`,
		amount, int64(n.r.Sequence), n.l.Tenant[:], mandate[:])
}

// backAgain lets a mandate that was used up join the line anew: what passed it meanwhile it did not find full.
const backAgain = "joined = CASE WHEN used >= amount THEN ? ELSE joined END"

// ours says whether a command has the form in which it is written here. Somebody else may use the same codes; what he
// writes means nothing here, and holds nobody up.
func (n *note) ours() bool {
	first, l, behalf := n.c.Operations[0], n.l, id.ID(n.c.Behalf)
	switch n.c.Purpose {
	case PurposeOpen:
		return n.same(l.openCommand(0))
	case PurposeBid:
		o, ok := first.(*ledger.Issue)
		return ok && n.same(l.bidCommand(&Bid{Investor: behalf, Units: o.Units, Amount: l.Amount(o.Units), Class: o.Class}))
	case PurposeCancel:
		o, ok := first.(*ledger.Cancel)
		return ok && n.same(l.cancelCommand(&Bid{Investor: behalf, Units: o.Units, Amount: l.Amount(o.Units)}, id.ID{}, 0))
	case PurposeClose:
		return n.same(l.closeCommand())
	case PurposeFund:
		return l.Sold > 0 && n.same(l.fundCommand(0, l.Sold))
	case PurposeReturn:
		return n.same(l.returnCommand(0, l.Sold))
	}
	return n.same(l.clearCommand())
}

// same says whether the command does the same as another one.
func (n *note) same(other *ledger.Command) bool {
	does := func(c *ledger.Command) []byte {
		return ledger.AppendCommand(nil, &ledger.Command{Operations: c.Operations})
	}
	return bytes.Equal(does(n.c), does(other))
}

func (n *note) cancel() error {
	if err := n.saveBids(); err != nil {
		return err
	}
	for _, r := range n.c.References {
		if r.Type != ReferenceBid {
			continue
		}
		b, err := n.m.bid(n.ctx, n.tx, n.l.Tenant, r.Value)
		if errs.Is(err, errs.NotFound) || err == nil && (b.Ended != 0 || b.Listing != n.l.ID || b.Units != n.c.Operations[0].(*ledger.Cancel).Units) {
			continue
		}
		if err != nil {
			return err
		}
		if err := n.m.exec(n.ctx, n.tx, `UPDATE market_bid SET ended = ? WHERE tenant = ? AND id = ?`, int64(n.r.Sequence), n.l.Tenant[:], b.ID[:]); err != nil {
			return err
		}
		if err := n.used(b.Mandate, -b.Amount); err != nil {
			return err
		}
		n.l.Sold -= b.Units
	}
	n.save()
	return nil
}

func (n *note) fail() error {
	n.state(Failed)
	if err := n.saveBids(); err != nil {
		return err
	}
	// Mandates have their money back.
	const bids = `FROM market_bid b WHERE b.tenant = ? AND b.listing = ? AND b.ended = 0`
	if err := n.m.exec(n.ctx, n.tx, `UPDATE market_mandate SET used = used - (SELECT sum(b.amount) `+bids+` AND b.mandate = market_mandate.id), `+backAgain+`
		WHERE tenant = ? AND id IN (SELECT b.mandate `+bids+`)`,
		n.l.Tenant[:], n.l.ID[:], int64(n.r.Sequence), n.l.Tenant[:], n.l.Tenant[:], n.l.ID[:]); err != nil {
		return err
	}
	return n.settled()
}

// settled tells who opened the listing.
func (n *note) settled() error {
	n.m.known.drop(key{n.l.Tenant, n.l.ID})
	if n.m.Consumer == nil {
		return nil
	}
	if err := n.Save(); err != nil {
		return err
	}
	return n.m.Consumer.Settled(n.ctx, n.tx, n.l)
}
