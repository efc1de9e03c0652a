package history

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
)

// Item is what a statement shows in one line: an entry, or a line of a distribution.
type Item struct {
	Sequence  uint64
	Command   ledger.ID
	Index     uint16 // operation
	Timestamp ledger.Instant
	Date      ledger.Date // booking date
	Effective ledger.Date
	Purpose   uint32

	Kind     ledger.EntryKind
	Entry    uint64 // number in the ledger, 0 for a line without an entry of its own
	Side     ledger.Side
	Amount   int64
	Balance  int64  // credits minus debits of the account just after, where balances are told
	Other    uint32 // account on the other side, 0 when there are many
	Register uint32 // 0 for none

	// Of lines: the number of the payout in its register, 0 for a line undone by itself or a correction, and where the gross went. All
	// are negative when a distribution was undone; what is left of the gross and not in the amount could not be taken back.
	Payout    uint64
	Gross     []int64 // by tranche
	Deducted  []int64 // by tranche
	Unclaimed int64
}

// Signed is the amount as it changes credits minus debits.
func (i *Item) Signed() int64 {
	if i.Side == ledger.DebitNormal {
		return -i.Amount
	}
	return i.Amount
}

// item completes what a walker found.
func (h *History) item(ctx context.Context, b booked) (Item, error) {
	c, err := h.command(ctx, b.sequence())
	if err != nil {
		return Item{}, err
	}
	if b.line != nil {
		return lineItem(b.line, c.ID), nil
	}
	e := b.entry
	i := Item{
		Sequence: e.Sequence, Command: c.ID, Index: e.Index, Timestamp: c.Timestamp, Date: c.Date, Effective: c.effective(), Purpose: c.Purpose,
		Kind: e.Kind, Entry: e.Number, Side: e.Side, Amount: e.Amount, Balance: e.Balance, Other: e.Other, Register: e.Register,
		Payout: e.Payout,
	}
	if e.Kind != ledger.EntryLine || e.Payout == 0 {
		return i, nil
	}
	return i, h.explainLine(ctx, e, &i)
}

// explainLine adds to an explicit line what its payout implies.
func (h *History) explainLine(ctx context.Context, e *entry, i *Item) error {
	payouts, err := h.payoutsIn(ctx, e.Sequence)
	if err != nil {
		return err
	}
	for _, p := range payouts {
		if p.Register != e.Register || p.Number != e.Payout {
			continue
		}
		s, err := h.holdingsAt(ctx, e.Account, p.Changes)
		if err != nil {
			return err
		}
		c := s.inRegister(p.Register, p.Changes)
		if c == nil {
			break
		}
		l, err := h.lineWithBefore(ctx, c, p)
		if err != nil {
			return err
		}
		if l.implied != e.Derived || !l.explicit {
			return damaged("entry", h.place(e.Number), "the line is %d, its payout implies %d", e.Derived, l.implied)
		}
		i.explain(&l)
		return nil
	}
	return damaged("entry", h.place(e.Number), "there is no payout %d of register %d with this line", e.Payout, e.Register)
}

func (i *Item) explain(l *line) {
	sign := int64(1)
	if l.gross() < 0 {
		sign = -1
	}
	n := len(l.c.rows)
	both := make([]int64, 2*n)
	i.Gross, i.Deducted = both[:n:n], both[n:]
	for t := range n {
		i.Gross[t], i.Deducted[t] = l.tranches[t], sign*l.detail.Deducted[t]
	}
	i.Unclaimed = sign * l.detail.Unclaimed
}

func lineItem(l *line, command ledger.ID) Item {
	p := l.p
	i := Item{
		Sequence: p.Sequence, Command: command, Index: p.Index, Timestamp: p.head.Timestamp, Date: p.head.Date, Effective: p.head.effective(),
		Purpose: p.head.Purpose, Kind: ledger.EntryLine, Side: ledger.CreditNormal, Amount: l.implied, Register: p.Register,
		Payout: p.Number,
	}
	if i.Amount < 0 {
		i.Side, i.Amount = ledger.DebitNormal, -i.Amount
	}
	i.explain(l)
	return i
}

// prefetchCommands reads what items will need of their commands with few questions.
func (h *History) prefetchCommands(ctx context.Context, list []booked) error {
	records := make([]uint64, len(list))
	for i, b := range list {
		records[i] = b.sequence() - 1
	}
	return h.prefetch(ctx, logCommand, records)
}
