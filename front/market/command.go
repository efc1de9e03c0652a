package market

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Purposes of the commands, as they stand in the journal.
const (
	PurposeOpen   = 3001
	PurposeBid    = 3002
	PurposeCancel = 3003
	PurposeClose  = 3004
	PurposeFund   = 3005
	PurposeReturn = 3006
	PurposeClear  = 3007
)

// Types of references.
const (
	ReferenceListing = 3001
	ReferenceBid     = 3002
	ReferenceMandate = 3003
	ReferenceBound   = 3004 // what decided the size of a mandate's bid: a mandate.Bound, in the last byte
)

// EscrowCode is the escrow's number in the chart of accounts.
const EscrowCode = 2101

func (l *Listing) command(own id.ID, purpose uint32, operations ...ledger.Operation) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(own), Purpose: purpose, References: []ledger.Reference{{Type: ReferenceListing, Value: l.ID}}, Operations: operations,
	}
}

func (l *Listing) openCommand(attempt uint64) *ledger.Command {
	return l.command(l.ID.Derive("open", attempt), PurposeOpen,
		&ledger.OpenAccount{
			Address: l.Escrow(), Asset: l.Asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: EscrowCode, Constraint: ledger.Nonnegative,
		},
		&ledger.OpenRegister{Address: l.Register, Asset: l.Asset, Cap: l.Units, Tranches: l.Tranches, Unclaimed: l.Unclaimed},
	)
}

// bidCommand issues before it moves money: of a listing that is sold out one hears that, whatever one's balance is.
func (l *Listing) bidCommand(b *Bid) *ledger.Command {
	cash := Cash(b.Investor)
	c := l.command(b.ID, PurposeBid,
		&ledger.Issue{Register: l.Register, Account: cash, Units: b.Units, Class: b.Class},
		&ledger.Transfer{Debit: cash, Credit: l.Escrow(), Mode: ledger.Exact, Amount: b.Amount},
	)
	c.Actor, c.Behalf, c.Trace = ledger.ID(b.Actor), ledger.ID(b.Investor), ledger.ID(b.Trace)
	if !b.Mandate.IsZero() {
		c.References = append(c.References, ledger.Reference{Type: ReferenceMandate, Value: b.Mandate})
		if b.Bound != 0 {
			c.References = append(c.References, ledger.Reference{Type: ReferenceBound, Value: [id.Size]byte{id.Size - 1: byte(b.Bound)}})
		}
	}
	return c
}

func (l *Listing) cancelCommand(b *Bid, actor id.ID, attempt uint64) *ledger.Command {
	c := l.command(b.ID.Derive("cancel", attempt), PurposeCancel,
		&ledger.Cancel{Register: l.Register, Account: Cash(b.Investor), Units: b.Units},
		&ledger.Transfer{Debit: l.Escrow(), Credit: Cash(b.Investor), Mode: ledger.Exact, Amount: b.Amount},
	)
	c.Actor, c.Behalf = ledger.ID(actor), ledger.ID(b.Investor)
	c.References = append(c.References, ledger.Reference{Type: ReferenceBid, Value: b.ID})
	return c
}

// closeCommand ends bidding: the escrow takes no more money, whatever is on its way.
func (l *Listing) closeCommand() *ledger.Command {
	return l.command(l.ID.Derive("close", 0), PurposeClose, &ledger.Freeze{Account: l.Escrow(), What: ledger.FreezeCredits})
}

// fundCommand and returnCommand settle the listing one way or the other. They share their ids, one for each attempt, so
// only one of them ever has an effect.
func (l *Listing) fundCommand(attempt, units uint64) *ledger.Command {
	return l.command(l.ID.Derive("settle", attempt), PurposeFund,
		&ledger.Transfer{Debit: l.Escrow(), Credit: l.Receiver, Mode: ledger.Exact, Amount: l.Amount(units)})
}

func (l *Listing) returnCommand(attempt, units uint64) *ledger.Command {
	amounts := make([]int64, len(l.Tranches))
	amounts[0] = l.Amount(units)
	return l.command(l.ID.Derive("settle", attempt), PurposeReturn,
		&ledger.Distribute{Register: l.Register, Payer: l.Escrow(), Amounts: amounts})
}

// clearCommand ends the units of a listing whose money is back.
func (l *Listing) clearCommand() *ledger.Command {
	return l.command(l.ID.Derive("clear", 0), PurposeClear, &ledger.Cancel{Register: l.Register})
}

// send sends one command. A code that is not journaled is an error.
func send(ctx context.Context, on Ledger, c *ledger.Command) (node.Answer, error) {
	if err := c.Check(); err != nil {
		return node.Answer{}, fmt.Errorf("command of purpose %d: %w", c.Purpose, err)
	}
	answers, err := on.Apply(ctx, []*ledger.Command{c})
	if err != nil {
		return node.Answer{}, err
	}
	return answers[0], answered(&answers[0])
}

func idTaken() error {
	return errs.Conflict.Errorf("the id was used for something else: make a new one").On("id")
}

// answered makes an error of a code that is not journaled.
func answered(a *node.Answer) error {
	switch {
	case a.Result.Code == ledger.Overloaded:
		return errs.Overloaded.Errorf("%s", a.Why)
	case a.Result.Code == ledger.IDConflict:
		return idTaken()
	case !a.Result.Code.Journaled():
		return invalid("id", "%s", a.Why)
	}
	return nil
}
