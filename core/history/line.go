package history

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/core/ledger"
)

// line is what a payout gave to one holding, or took back from it.
type line struct {
	p        *payout
	c        *change
	tranches [ledger.MaxTranches]int64
	detail   ledger.LineDetail
	implied  int64 // what is credited if it has no entry of its own
	explicit bool  // it has one
}

// gross is the sum of the tranches.
func (l *line) gross() (sum int64) {
	for _, t := range l.tranches {
		sum += t
	}
	return sum
}

// deducted is the sum of what was deducted.
func (l *line) deducted() (sum int64) {
	for _, d := range l.detail.Deducted {
		sum += d
	}
	return sum
}

// line works out what a payout gave to a holding: the difference of what it had been paid after and before. before is
// the register's payout before p, needed only if p is not the first since the change.
func (h *History) line(ctx context.Context, c *change, p, before *payout) (l line, err error) {
	l = line{p: p, c: c}
	after, err := h.segmentFor(ctx, c, p)
	if err != nil {
		return l, err
	}
	var earlier []byte
	if l.needs(c, p) {
		if before == nil || before.no != p.Previous || before.Number != p.Number-1 {
			return l, damaged("payout", h.place(p.no), "the payout before it is not number %d of its register", p.Number-1)
		}
		if earlier, err = h.segmentFor(ctx, c, before); err != nil {
			return l, err
		}
	} else {
		before = nil
	}
	var taken [ledger.MaxTranches]int64
	for t := range c.rows {
		paid, was := c.paidAt(t, p, after), c.paidAt(t, before, earlier)
		l.tranches[t], taken[t] = paid-was, c.deductedAt(t, p, paid)-c.deductedAt(t, before, was)
		l.implied += l.tranches[t] - taken[t]
	}
	if p.Explicit > 0 && l.gross() != 0 {
		l.detail, l.explicit, err = h.detail(ctx, p, c.Holder)
	}
	for t := range c.rows {
		l.detail.Deducted[t] += taken[t]
	}
	return l, err
}

// needs tells whether the payout before is needed.
func (*line) needs(c *change, p *payout) bool { return p.Number-1 > c.Number }

// lineWithBefore works out a line and reads what it needs.
func (h *History) lineWithBefore(ctx context.Context, c *change, p *payout) (l line, err error) {
	var before *payout
	if l.needs(c, p) {
		if before, err = h.payout(ctx, p.Previous); err != nil {
			return l, err
		}
	}
	return h.line(ctx, c, p, before)
}

// lineOf gives an account's line of a payout if it has no entry of its own, nil if it has, or if there is none.
func (h *History) lineOf(ctx context.Context, account, register uint32, no uint64) (*line, error) {
	p, err := h.payout(ctx, no)
	if err != nil {
		return nil, err
	}
	s, err := h.holdingsAt(ctx, account, p.Changes)
	if err != nil {
		return nil, err
	}
	c := s.inRegister(register, p.Changes)
	if c == nil {
		return nil, nil
	}
	l, err := h.lineWithBefore(ctx, c, p)
	if err != nil || l.explicit || l.gross() == 0 {
		return nil, err
	}
	return &l, nil
}

// Line is what one holder got in a distribution: Gross by tranche, less what was deducted by tranche, less what went
// to the unclaimed account, is what his own account got, Net; SetOff of it went on at once to pay his debts. In an undoing
// all are negative, and what is Missing could not be taken back.
type Line struct {
	Holder    uint32
	Account   uint32
	Class     uint8
	Units     uint64
	Gross     []int64
	Deducted  []int64
	Unclaimed int64
	Net       int64
	SetOff    int64
	Missing   int64
	Entry     uint64 // number of its own entry, 0 if it has none
}

// Distribution is a payout with what everybody may know of it.
type Distribution struct {
	Sequence  uint64
	Index     uint16
	Timestamp ledger.Instant
	Register  uint32
	Payer     uint32
	Number    uint64 // in the register
	Holders   uint32
	Undoes    uint64 // sequence of the distribution that it undoes, 0 for none
	Undone    uint16 // its operation
	Amount    int64
	Explicit  uint32 // lines that have an entry of their own
	Tranches  []ledger.TrancheResult
}

func (p *payout) distribution() Distribution {
	d := Distribution{
		Sequence: p.Sequence, Index: p.Index, Timestamp: p.head.Timestamp, Register: p.Register, Payer: p.Payer, Number: p.Number, Holders: p.Holders,
		Undoes: p.Undoes, Undone: p.Undone, Amount: p.Amount, Explicit: p.Explicit,
	}
	for i := range p.tranches {
		t := &p.tranches[i]
		d.Tranches = append(d.Tranches, ledger.TrancheResult{Amount: t.Amount, Units: t.Units, Q: t.Q, Rem: t.Rem, Cut: t.Cut})
	}
	return d
}

// Distributions lists what a command paid out, or undid.
func (h *History) Distributions(ctx context.Context, sequence uint64) ([]Distribution, error) {
	payouts, err := h.payoutsIn(ctx, sequence)
	if err != nil {
		return nil, fmt.Errorf("distributions of the command at sequence %d: %w", sequence, err)
	}
	list := make([]Distribution, len(payouts))
	for i, p := range payouts {
		list[i] = p.distribution()
	}
	return list, nil
}

// payoutsIn reads the payouts of a command.
func (h *History) payoutsIn(ctx context.Context, sequence uint64) ([]*payout, error) {
	before, after, err := h.around(ctx, sequence)
	if err != nil {
		return nil, err
	}
	var nos []uint64
	for no := before.Payouts + 1; no <= after.Payouts; no++ {
		nos = append(nos, no)
	}
	return h.payoutsOf(ctx, nos)
}

// around gives the positions before and after a command.
func (h *History) around(ctx context.Context, sequence uint64) (before, after Position, err error) {
	if sequence == 0 {
		return before, after, ErrNotFound
	}
	if after, err = h.At(ctx, sequence); err != nil {
		return before, after, err
	}
	before, err = h.At(ctx, sequence-1)
	return before, after, err
}

// Lines lists the lines of a distribution by holder number from one on, those of zero left out, at most limit. register
// and number name the distribution. next is the holder number to go on with, 0 at the end.
func (h *History) Lines(ctx context.Context, d Distribution, from uint32, limit int) (list []Line, next uint32, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, 0, fmt.Errorf("limit: %d, want 1 to %d", limit, MaxPage)
	}
	payouts, err := h.payoutsIn(ctx, d.Sequence)
	if err != nil {
		return nil, 0, err
	}
	for _, p := range payouts {
		if p.Register == d.Register && p.Number == d.Number {
			return h.lines(ctx, p, from, limit)
		}
	}
	return nil, 0, fmt.Errorf("payout %d of register %d at sequence %d: %w", d.Number, d.Register, d.Sequence, ErrNotFound)
}

func (h *History) lines(ctx context.Context, p *payout, from uint32, limit int) (list []Line, next uint32, err error) {
	entries, err := h.lineEntries(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	setOffs, err := h.setOffs(ctx, p)
	if err != nil {
		return nil, 0, err
	}
	for from < p.Holders {
		n := min(uint32(limit-len(list)), p.Holders-from)
		err := h.eachLine(ctx, p, from, n, func(account uint32, l *line) error {
			v := h.publicLine(account, l, entries)
			for _, e := range setOffs[account] {
				v.SetOff -= e.signed()
			}
			list = append(list, v)
			return nil
		})
		if err != nil {
			return nil, 0, err
		}
		if from += n; len(list) == limit {
			break
		}
	}
	if from >= p.Holders {
		from = 0
	}
	return list, from, nil
}

func (h *History) publicLine(account uint32, l *line, entries map[uint32]entry) Line {
	n := len(l.c.rows)
	v := Line{
		Holder: l.c.Holder, Account: account, Class: l.c.Class, Units: l.c.Units,
		Gross: append([]int64(nil), l.tranches[:n]...), Deducted: make([]int64, n), Net: l.implied,
	}
	sign := int64(1)
	if l.gross() < 0 {
		sign = -1
	}
	for t := range n {
		v.Deducted[t] = sign * l.detail.Deducted[t]
	}
	if !l.explicit {
		return v
	}
	e := entries[account]
	v.Entry, v.Unclaimed = e.Number, sign*l.detail.Unclaimed
	rest := l.gross() - sign*l.deducted() - v.Unclaimed
	v.Net = e.signed()
	v.Missing = rest - v.Net
	return v
}

// setOffs reads what the lines of a payout paid of debts, or what is owed again, by the account that owes.
func (h *History) setOffs(ctx context.Context, p *payout) (map[uint32][]entry, error) {
	if !p.setOff {
		return nil, nil
	}
	before, after, err := h.around(ctx, p.Sequence)
	if err != nil {
		return nil, err
	}
	side := ledger.DebitNormal
	if p.Undoes != 0 {
		side = ledger.CreditNormal
	}
	found := map[uint32][]entry{}
	err = h.scanEntries(ctx, before.Entries, after.Entries, func(number uint64, record []byte) {
		e := decodeEntry(number, record)
		if e.Kind == ledger.EntrySetOff && e.Side == side && e.Register == p.Register && e.Payout == p.Number {
			found[e.Account] = append(found[e.Account], e)
		}
	})
	return found, err
}

// lineEntries reads the entries of a payout's explicit lines, by account.
func (h *History) lineEntries(ctx context.Context, p *payout) (map[uint32]entry, error) {
	if p.Explicit == 0 {
		return nil, nil
	}
	after, err := h.command(ctx, p.Sequence)
	if err != nil {
		return nil, err
	}
	found := make(map[uint32]entry, p.Explicit)
	err = h.scanEntries(ctx, p.After, after.Entries, func(number uint64, record []byte) {
		if len(found) == int(p.Explicit) || ledger.EntryKind(record[86]) != ledger.EntryLine {
			return
		}
		if e := decodeEntry(number, record); e.Register == p.Register && e.Payout == p.Number {
			found[e.Account] = e
		}
	})
	return found, err
}
