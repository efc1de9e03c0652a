package market

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Follow notes what a command of the tenant's ledger means here. The caller calls it once for each, in their order, in
// the transaction in which it also moves its cursor.
func (m *Market) Follow(ctx context.Context, tx *sql.Tx, tenant id.ID, c *ledger.Command, r *ledger.Result) error {
	if c.Purpose < PurposeOpen || c.Purpose > PurposeClear || len(c.References) == 0 || c.References[0].Type != ReferenceListing {
		return nil
	}
	l, err := m.listing(ctx, tx, tenant, c.References[0].Value)
	if errs.Is(err, errs.NotFound) {
		return nil // somebody else uses the same codes
	}
	if err != nil {
		return err
	}
	n := &note{m, ctx, tx, l, c, r}
	if r.Code != ledger.Applied {
		return n.refused()
	}
	switch c.Purpose {
	case PurposeOpen:
		return n.open()
	case PurposeBid:
		return n.bid()
	case PurposeCancel:
		return n.cancel()
	case PurposeClose:
		return n.state(Closing)
	case PurposeFund:
		return n.fund()
	case PurposeReturn:
		return n.returned()
	}
	return n.fail()
}

// note is one command being noted.
type note struct {
	m   *Market
	ctx context.Context
	tx  *sql.Tx
	l   Listing
	c   *ledger.Command
	r   *ledger.Result
}

// save writes what has changed of the listing.
func (n *note) save() error {
	n.l.Sequence, n.l.Changed = n.r.Sequence, int64(n.r.Timestamp)
	return n.m.exec(n.ctx, n.tx, `UPDATE market_listing SET state = ?, sold = ?, attempts = ?, raised = ?, sequence = ?, changed = ?
		WHERE tenant = ? AND id = ?`,
		n.l.State, int64(n.l.Sold), int64(n.l.attempts), n.l.Raised, int64(n.l.Sequence), n.l.Changed, n.l.Tenant[:], n.l.ID[:])
}

func (n *note) state(s State) error {
	n.l.State = s
	return n.save()
}

// open lets mandates have their part of a listing that takes bids now.
func (n *note) open() error {
	if err := n.state(Open); err != nil {
		return err
	}
	e := n.l.event("allocate", 0, max(int64(n.r.Timestamp), n.l.Opened))
	e.Kind = AllocateKind
	return n.m.Plan.AddIn(n.ctx, n.tx, e)
}

// refused counts the attempts at settling that came to nothing, and plans the next one.
func (n *note) refused() error {
	if n.c.Purpose != PurposeFund && n.c.Purpose != PurposeReturn {
		return nil
	}
	n.l.attempts++
	if err := n.save(); err != nil {
		return err
	}
	return n.plan("again", n.l.attempts)
}

// plan lets Advance look at the listing soon.
func (n *note) plan(label string, number uint64) error {
	return n.m.Plan.AddIn(n.ctx, n.tx, n.l.event(label, number, int64(n.r.Timestamp)))
}

func (n *note) bid() error {
	issue, transfer, err := bidOf(n.c)
	if err != nil {
		return err
	}
	var mandate id.ID
	for _, r := range n.c.References {
		if r.Type == ReferenceMandate {
			mandate = r.Value
		}
	}
	own := []byte{}
	if !mandate.IsZero() {
		own = mandate[:]
	}
	if err := n.m.exec(n.ctx, n.tx, `INSERT INTO market_bid (`+bidColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
		n.l.Tenant[:], n.c.ID[:], n.l.ID[:], n.c.Behalf[:], own, int64(issue.Units), transfer.Amount, int64(n.r.Sequence), int64(n.r.Timestamp)); err != nil {
		return err
	}
	if err := n.used(mandate, transfer.Amount); err != nil {
		return err
	}
	n.l.Sold += issue.Units
	if err := n.save(); err != nil || n.l.Sold < n.l.Units {
		return err
	}
	return n.plan("full", n.r.Sequence)
}

// used counts what a mandate has in bids. One that makes a bid goes to the back of the line.
func (n *note) used(mandate id.ID, amount int64) error {
	if mandate.IsZero() {
		return nil
	}
	turn := ""
	args := []any{amount}
	if amount > 0 {
		turn, args = ", turn = ?", append(args, int64(n.r.Sequence))
	}
	return n.m.exec(n.ctx, n.tx, `UPDATE market_mandate SET used = used + ?`+turn+` WHERE tenant = ? AND id = ?`, append(args, n.l.Tenant[:], mandate[:])...)
}

// bidOf reads a bid's command.
func bidOf(c *ledger.Command) (*ledger.Issue, *ledger.Transfer, error) {
	if len(c.Operations) == 2 {
		issue, ok1 := c.Operations[0].(*ledger.Issue)
		transfer, ok2 := c.Operations[1].(*ledger.Transfer)
		if ok1 && ok2 {
			return issue, transfer, nil
		}
	}
	return nil, nil, fmt.Errorf("command %s has a bid's purpose and another form", c.ID)
}

func (n *note) cancel() error {
	for _, r := range n.c.References {
		if r.Type != ReferenceBid {
			continue
		}
		b, err := n.m.bid(n.ctx, n.tx, n.l.Tenant, r.Value)
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
	return n.save()
}

func (n *note) fund() error {
	n.l.State, n.l.Raised = Funded, n.l.Amount(n.l.Sold)
	if err := n.save(); err != nil {
		return err
	}
	return n.settled()
}

func (n *note) returned() error {
	n.l.State = Returned
	if err := n.save(); err != nil {
		return err
	}
	return n.plan("clear", 0)
}

func (n *note) fail() error {
	n.l.State = Failed
	if err := n.save(); err != nil {
		return err
	}
	// Mandates have their money back.
	const bids = `FROM market_bid b WHERE b.tenant = ? AND b.listing = ? AND b.ended = 0`
	if err := n.m.exec(n.ctx, n.tx, `UPDATE market_mandate SET used = used - (SELECT sum(b.amount) `+bids+` AND b.mandate = market_mandate.id)
		WHERE tenant = ? AND id IN (SELECT b.mandate `+bids+`)`,
		n.l.Tenant[:], n.l.ID[:], n.l.Tenant[:], n.l.Tenant[:], n.l.ID[:]); err != nil {
		return err
	}
	return n.settled()
}

// settled tells who opened the listing.
func (n *note) settled() error {
	n.m.known.Delete(key{n.l.Tenant, n.l.ID})
	if n.m.Consumer == nil {
		return nil
	}
	return n.m.Consumer.Settled(n.ctx, n.tx, &n.l)
}
