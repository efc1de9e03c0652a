package sale

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Concerns tells whether a command may mean something here.
func Concerns(c *ledger.Command) bool {
	return c.Purpose >= PurposeHold && c.Purpose <= PurposeEnd && len(c.References) > 0 && c.References[0].Type == ReferenceSale
}

// Follow notes what a command of a tenant's ledger, by its name, means here. The caller calls it once for each
// that concerns it, in their order, in the transaction in which it also moves its cursor.
func (s *Sales) Follow(ctx context.Context, tx *sql.Tx, tenant id.ID, book string, c *ledger.Command, r *ledger.Result) error {
	if !Concerns(c) || !ours(c) {
		return nil
	}
	o, t, err := s.open(ctx, tenant, c.References[0].Value)
	if errs.Is(err, errs.NotFound) || err == nil && t.Ledger != book {
		return nil // somebody else uses the same codes
	}
	if err != nil {
		return err
	}
	applied := r.Code == ledger.Applied
	change := order.Change{
		ID: id.ID(c.ID).Derive("step "+id.ID(c.References[0].Value).String(), 0), Order: c.References[0].Value, Kind: KindCode, Version: 2,
		Act: order.Act{Actor: id.ID(c.Actor), Behalf: id.ID(c.Behalf), Role: roleSystem, Evidence: order.Evidence{Command: id.ID(c.ID), Sequence: r.Sequence}},
	}
	switch {
	case c.Purpose == PurposeHold && applied:
		change.Version, change.Transition = 1, "offer"
	case c.Purpose == PurposeHold:
		change.Version, change.Transition, change.Reason = 1, "refuse", r.Code.String()
	case !applied:
		return nil // somebody was faster
	case c.Purpose == PurposeEnd:
		change.Transition, change.Reason = "end", reasonOf(c)
	default:
		change.Transition = "sell"
		if err := s.sold(ctx, tx, o, t, c, r, &change); err != nil {
			return err
		}
	}
	change.Actor = order.ActorOf(change.Actor, change.Order)
	return s.Orders.Keep(ctx, tx, tenant, order.Happened{At: int64(r.Timestamp), Write: &change})
}

// ours says whether a command has the form in which it is written here. Somebody else may use the same codes; what he
// writes means nothing here, and holds nobody up.
func ours(c *ledger.Command) bool {
	sale := id.ID(c.References[0].Value)
	last := c.Operations[len(c.Operations)-1]
	switch c.Purpose {
	case PurposeHold:
		_, ok := last.(*ledger.HoldUnits)
		return ok && c.ID == ledger.ID(sale.Derive("hold", 0))
	case PurposeEnd:
		o, ok := last.(*ledger.Void)
		return ok && len(c.Operations) == 1 && o.Hold == mark(sale)
	}
	m, ok := last.(*ledger.Move)
	if !ok || len(c.Operations) < 2 || m.Hold != mark(sale) || m.To != market.Cash(id.ID(c.Behalf)) {
		return false
	}
	for i, o := range c.Operations[:len(c.Operations)-1] {
		t, ok := o.(*ledger.Transfer)
		if !ok || i == 0 && (t.Debit != m.To || t.Credit != m.From) || t.Debit != m.To && t.Debit != m.From {
			return false
		}
	}
	return true
}

func reasonOf(c *ledger.Command) string {
	for _, r := range c.References {
		if r.Type == referenceReason {
			return string(bytes.TrimRight(r.Value[:], "\x00"))
		}
	}
	return "unknown"
}

// sold notes what was paid, and since when the buyer has the claim.
func (s *Sales) sold(ctx context.Context, tx *sql.Tx, o *order.Order, t *Terms, c *ledger.Command, r *ledger.Result, change *order.Change) error {
	tenant := o.Tenant
	from, buyer, paid := seller(o), id.ID(c.Behalf), paidBy(c)
	for _, a := range []struct {
		code   string
		amount int64
	}{{"price", paid.Price}, {"pays", paid.Pays}, {"receives", paid.Receives}} {
		change.Amounts = append(change.Amounts, order.Amount{Code: a.code, Asset: o.Amounts[0].Asset, Amount: a.amount})
	}
	change.References = []order.Reference{{Type: ReferenceBuyer, Value: buyer}}
	trade := &Trade{
		Tenant: tenant, Sale: o.ID, Loan: t.Loan, Ledger: t.Ledger, Seller: from, Buyer: buyer, Units: t.Units, Face: paid.Face, Accrued: paid.Accrued,
		Price: paid.Price, Receives: paid.Receives, Pays: paid.Pays, Date: day.Date(r.Date.UnixDay()), Sequence: r.Sequence,
	}
	if err := s.insertTrade(ctx, tx, trade); err != nil {
		return err
	}
	if s.Sold != nil {
		if err := s.Sold(ctx, tx, trade, int64(r.Timestamp)); err != nil {
			return err
		}
	}
	_, times, _, err := s.bought(ctx, tx, tenant, t.Loan, from)
	if err != nil {
		return err
	}
	if t.Unsold {
		times = 0
	}
	_, own, _, err := s.bought(ctx, tx, tenant, t.Loan, buyer)
	if err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, s.DB.Rebind(`INSERT INTO sale_claim (tenant, loan, investor, since, times) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (tenant, loan, investor) DO UPDATE SET since = excluded.since, times = excluded.times`),
		tenant[:], t.Loan[:], buyer[:], r.Date.UnixDay(), max(times+1, own)); err != nil {
		return fmt.Errorf("keep claim: %w", err)
	}
	return nil
}

// paidBy reads a purchase's command.
func paidBy(c *ledger.Command) (q claim.Quote) {
	for i, o := range c.Operations {
		t, ok := o.(*ledger.Transfer)
		if !ok {
			continue
		}
		switch {
		case i == 0:
			q.Price, q.Pays, q.Receives = t.Amount, t.Amount, t.Amount
		case t.Debit == c.Operations[0].(*ledger.Transfer).Debit:
			q.Pays += t.Amount
		default:
			q.Receives -= t.Amount
		}
	}
	for _, r := range c.References {
		if r.Type == referenceFigures {
			q.Face, q.Accrued = int64(binary.BigEndian.Uint64(r.Value[:8])), int64(binary.BigEndian.Uint64(r.Value[8:]))
		}
	}
	return q
}
