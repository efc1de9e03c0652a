package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
)

// ErrTooManyLines means that distributions have more lines than can be undone or corrected by one command.
var ErrTooManyLines = errors.New("the distributions have too many lines to be undone or corrected at once: reverse them line by line, or use more commands")

// Past gives what the command at a sequence did, as the leader attaches it to a command that undoes it: nil if there is
// no such applied command. For a ReverseLine, only the distribution and the holder that it names; for a Correct, the
// distribution with all who had units then, as far as there are no more than it takes; nil or else: all. It waits until
// history has come so far.
func (h *History) Past(ctx context.Context, sequence uint64, of ledger.Operation) (*ledger.Past, error) {
	if sequence == 0 || sequence > maxPosition {
		return nil, nil
	}
	c, err := h.Command(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("past of sequence %d: %w", sequence, err)
	}
	if c.Result.Code != ledger.Applied {
		return nil, nil
	}
	p, err := h.past(ctx, &c, of)
	if err != nil {
		return nil, fmt.Errorf("past of sequence %d: %w", sequence, err)
	}
	return p, nil
}

func (h *History) past(ctx context.Context, c *Command, of ledger.Operation) (*ledger.Past, error) {
	past, only := &ledger.Past{}, onlyOne(of)
	for _, op := range c.Command.Operations {
		past.Foreign = past.Foreign || op.Kind().Foreign()
	}
	if past.Foreign && only == nil {
		return past, nil
	}
	payouts, err := h.payoutsIn(ctx, c.Sequence)
	if err != nil {
		return nil, err
	}
	for _, p := range payouts {
		if only != nil && p.Index != *only || p.Undoes != 0 {
			continue
		}
		d, err := h.pastDistribution(ctx, c, p, of)
		if err != nil {
			return nil, err
		}
		past.Distributions = append(past.Distributions, d)
	}
	if only == nil {
		past.Movements, err = h.movements(ctx, c.Sequence)
	}
	return past, err
}

// onlyOne is the place of the only distribution that an operation asks for, nil if it asks for the whole command.
func onlyOne(of ledger.Operation) *uint16 {
	switch o := of.(type) {
	case *ledger.ReverseLine:
		return &o.Index
	case *ledger.Correct:
		return &o.Index
	}
	return nil
}

// movements lists transfers and posts of a command: each has two entries, the debit first.
func (h *History) movements(ctx context.Context, sequence uint64) (list []ledger.PastMovement, err error) {
	before, after, err := h.around(ctx, sequence)
	if err != nil {
		return nil, err
	}
	var debit entry
	err = h.scanEntries(ctx, before.Entries, after.Entries, func(number uint64, record []byte) {
		e := decodeEntry(number, record)
		if e.Kind != ledger.EntryTransfer && e.Kind != ledger.EntryPost {
			return
		}
		if e.Side == ledger.DebitNormal {
			debit = e
			return
		}
		list = append(list, ledger.PastMovement{Index: e.Index, Debit: debit.Account, Credit: e.Account, Amount: e.Amount})
	})
	return list, err
}

func (h *History) pastDistribution(ctx context.Context, c *Command, p *payout, of ledger.Operation) (ledger.PastDistribution, error) {
	d := ledger.PastDistribution{Sequence: p.Sequence, Index: p.Index, Register: p.Register, Payer: p.Payer}
	for i := range p.tranches {
		t := &p.tranches[i]
		d.Tranches = append(d.Tranches, ledger.PastTranche{Amount: t.Amount, Units: t.Units, Q: t.Q})
	}
	op, ok := c.Command.Operations[p.Index].(*ledger.Distribute)
	if !ok {
		return d, damaged("payout", h.place(p.no), "operation %d is not a distribution", p.Index)
	}
	deducting, err := h.deducting(op)
	if err != nil {
		return d, err
	}
	setOffs, err := h.setOffs(ctx, p)
	if err != nil {
		return d, err
	}
	add := func(account uint32, l *line) error {
		v := pastLine(l, op, deducting)
		for _, e := range setOffs[account] {
			v.SetOffs = append(v.SetOffs, ledger.PastSetOff{Cover: e.Other, Amount: e.Amount})
		}
		d.Lines = append(d.Lines, v)
		if len(d.Lines)*leastPastLine > ledger.MaxPast {
			return ErrTooManyLines
		}
		return nil
	}
	switch o := of.(type) {
	case *ledger.ReverseLine:
		return d, h.oneLine(ctx, p, o.Account, add)
	case *ledger.Correct:
		err = h.holdersOf(ctx, p, add)
		d.Lines = d.Lines[:min(len(d.Lines), ledger.MaxCorrected+1)]
		return d, err
	}
	return d, h.eachLine(ctx, p, 0, p.Holders, add)
}

// holdersOf calls add for all who had units, until there are more than a correction takes.
func (h *History) holdersOf(ctx context.Context, p *payout, add func(uint32, *line) error) error {
	const portion = 1000
	count := 0
	for from := uint32(0); from < p.Holders && count <= ledger.MaxCorrected; from += portion {
		err := h.eachHolder(ctx, p, from, min(portion, p.Holders-from), func(account uint32, l *line) error {
			count++
			return add(account, l)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// leastPastLine is the least number of bytes that a line takes in an attachment.
const leastPastLine = 4

// oneLine calls add for the line of one account, if it had one.
func (h *History) oneLine(ctx context.Context, p *payout, address string, add func(uint32, *line) error) error {
	account, err := h.accountByAddress(address)
	if err != nil || account == 0 {
		return err
	}
	s, err := h.holdingsAt(ctx, account, p.Changes)
	if err != nil {
		return err
	}
	c := s.inRegister(p.Register, p.Changes)
	if c == nil {
		return nil
	}
	l, err := h.lineWithBefore(ctx, c, p)
	if err != nil || l.gross() == 0 {
		return err
	}
	return add(account, &l)
}

// deducting gives the number of the account of each deduction of a distribution.
func (h *History) deducting(op *ledger.Distribute) ([]uint32, error) {
	if len(op.Deductions) == 0 {
		return nil, nil
	}
	accounts := make([]uint32, len(op.Deductions))
	for i := range op.Deductions {
		var err error
		if accounts[i], err = h.accountByAddress(op.Deductions[i].Account); err != nil {
			return nil, err
		}
	}
	return accounts, nil
}

// pastLine tells a line as the engine needs it. A deduction that took nothing from it still changed the rest that the
// holding keeps, so it is told too.
func pastLine(l *line, op *ledger.Distribute, accounts []uint32) ledger.PastLine {
	v := ledger.PastLine{
		Holder: l.c.Holder, Units: l.c.Units, Unclaimed: l.explicit && l.detail.Unclaimed != 0,
		Gross: append([]int64(nil), l.tranches[:len(l.c.rows)]...),
	}
	for i := range op.Deductions {
		d := &op.Deductions[i]
		if d.Class == l.c.Class && l.tranches[d.Tranche] != 0 {
			v.Deducted = append(v.Deducted, ledger.PastDeducted{
				Tranche: d.Tranche, Rate: d.Rate, Account: accounts[i], Amount: l.detail.Deducted[d.Tranche],
			})
		}
	}
	return v
}

// ResolveWith tells how account numbers are found by address: the engine knows. It is called once, before Past.
func (h *History) ResolveWith(number func(address string) uint32) { h.resolve.Store(&number) }

func (h *History) accountByAddress(address string) (uint32, error) {
	f := h.resolve.Load()
	if f == nil {
		return 0, errors.New("nobody has told how accounts are found by address")
	}
	return (*f)(address), nil
}
