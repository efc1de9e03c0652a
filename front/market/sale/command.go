package sale

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Purposes of the commands.
const (
	PurposeHold     = 3011
	PurposePurchase = 3012
	PurposeEnd      = 3013
)

// Types of references.
const (
	ReferenceSale    = 3011
	ReferenceBuyer   = 3012
	referenceReason  = 3013 // a code of at most 16 bytes
	referenceFigures = 3014 // face and interest of a purchase, 8 bytes each
)

func command(own, sale id.ID, purpose uint32, operations ...ledger.Operation) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(own), Purpose: purpose, References: []ledger.Reference{{Type: ReferenceSale, Value: sale}}, Operations: operations,
	}
}

// mark names the hold of an order's units.
func mark(sale id.ID) ledger.Mark { return ledger.Mark{Command: ledger.ID(sale.Derive("hold", 0))} }

// hold lets the ledger hold the units of an order. The order follows the journal.
func (s *Sales) hold(ctx context.Context, o *order.Order) (ledger.Result, error) {
	t, err := TermsOf(o)
	if err != nil {
		return ledger.Result{}, err
	}
	return s.send(ctx, t.Ledger, command(o.ID.Derive("hold", 0), o.ID, PurposeHold,
		&ledger.HoldUnits{Register: t.Register, Account: market.Cash(seller(o)), Units: t.Units}))
}

// held lets the ledger hold the units of an order of which it is not known here that it did.
func (s *Sales) held(ctx context.Context, o *order.Order) error {
	if o.State != Opening {
		return nil
	}
	_, err := s.hold(ctx, o)
	return err
}

// purchase moves the money and then the units, out of the hold: one command.
func purchase(b *Purchase, o *order.Order, t *Terms, l *Loan, q *claim.Quote, class uint8) (*ledger.Command, error) {
	from, to := market.Cash(b.Buyer), market.Cash(seller(o))
	operations := []ledger.Operation{&ledger.Transfer{Debit: from, Credit: to, Mode: ledger.Exact, Amount: q.Price}}
	for _, side := range []struct {
		pays string
		fees []catalog.Charged
	}{{from, q.Buyer}, {to, q.Seller}} {
		paid, err := l.fees(side.pays, side.fees)
		if err != nil {
			return nil, err
		}
		operations = append(operations, paid...)
	}
	operations = append(operations, &ledger.Move{Register: t.Register, From: to, To: from, Units: t.Units, Class: class, Hold: mark(o.ID)})
	c := command(b.ID, o.ID, PurposePurchase, operations...)
	c.Actor, c.Behalf = ledger.ID(b.Actor), ledger.ID(b.Buyer)
	figures := ledger.Reference{Type: referenceFigures}
	binary.BigEndian.PutUint64(figures.Value[:8], uint64(q.Face))
	binary.BigEndian.PutUint64(figures.Value[8:], uint64(q.Accrued))
	c.References = append(c.References, figures)
	return c, nil
}

// fees moves fees to those who get them by the product.
func (l *Loan) fees(from string, list []catalog.Charged) (operations []ledger.Operation, err error) {
	for _, f := range list {
		parts, err := catalog.Divide(f.Amount, f.Fee.Shares, catalog.ToPlatform)
		if err != nil {
			return nil, fmt.Errorf("fee %s: %w", f.Fee.Code, err)
		}
		for _, part := range parts {
			if part.Amount > 0 {
				operations = append(operations, &ledger.Transfer{Debit: from, Credit: l.Fees[part.To], Mode: ledger.Exact, Amount: part.Amount})
			}
		}
	}
	return operations, nil
}

// end voids the hold. The reason stands in the journal, so that whoever follows it knows.
func (s *Sales) end(ctx context.Context, o *order.Order, reason string) (ledger.Result, error) {
	t, err := TermsOf(o)
	if err != nil {
		return ledger.Result{}, err
	}
	// What is not held yet would be held after its end.
	if err := s.held(ctx, o); err != nil {
		return ledger.Result{}, err
	}
	c := command(o.ID.Derive("end", 0), o.ID, PurposeEnd, &ledger.Void{Hold: mark(o.ID)})
	var code [16]byte
	copy(code[:], reason)
	c.References = append(c.References, ledger.Reference{Type: referenceReason, Value: code})
	r, err := s.send(ctx, t.Ledger, c)
	if errs.Is(err, errs.Conflict) {
		// It was asked for before, for another reason: nothing is held any more, be it that it was sold even before that.
		held, look := s.holds(ctx, t.Ledger, o.ID)
		if look != nil || !held {
			return ledger.Result{Code: ledger.HoldNotFound}, look
		}
	}
	return r, err
}

// holds says whether the ledger holds the units of an order.
func (s *Sales) holds(ctx context.Context, name string, sale id.ID) (there bool, err error) {
	on, err := s.Ledgers(ctx, name)
	if err != nil {
		return false, err
	}
	err = on.View(ctx, 0, func(e *ledger.Engine) { _, there = e.Hold(mark(sale)) })
	return there, err
}

// send sends one command. A refusal of the ledger is a result.
func (s *Sales) send(ctx context.Context, name string, c *ledger.Command) (ledger.Result, error) {
	on, err := s.Ledgers(ctx, name)
	if err != nil {
		return ledger.Result{}, err
	}
	if err := c.Check(); err != nil {
		return ledger.Result{}, fmt.Errorf("command of purpose %d: %w", c.Purpose, err)
	}
	answers, err := on.Apply(ctx, []*ledger.Command{c})
	if err != nil {
		return ledger.Result{}, err
	}
	r := answers[0].Result
	switch {
	case r.Code.Journaled():
		return r, nil
	case r.Code == ledger.IDConflict:
		return r, errs.Conflict.Errorf("the id was used for something else: make a new one").On("id")
	case r.Code == ledger.Overloaded:
		return r, errs.Overloaded.Errorf("%s", answers[0].Why)
	}
	return r, errs.Invalid.Errorf("%s", answers[0].Why).On("id")
}
