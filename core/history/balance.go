package history

import (
	"context"
	"database/sql"
	"fmt"
	"sort"

	"github.com/longmen/longmen/core/ledger"
)

// Position is a moment of a ledger: just after a command.
type Position struct {
	Sequence  uint64 // 0 is before everything
	Timestamp ledger.Instant
	Date      ledger.Date
	counts
}

// Latest is the newest position that history has.
func (h *History) Latest() Position {
	r := h.reached.Load()
	return Position{r.sequence, r.timestamp, r.date, r.counts}
}

// At gives the position after a sequence. It waits until history has come so far.
func (h *History) At(ctx context.Context, sequence uint64) (Position, error) {
	if sequence == 0 {
		return Position{}, nil
	}
	if sequence > maxPosition {
		return Position{}, fmt.Errorf("sequence %d: %w", sequence, ErrAhead)
	}
	if err := h.Wait(ctx, sequence); err != nil {
		return Position{}, err
	}
	c, err := h.command(ctx, sequence)
	if err != nil {
		return Position{}, err
	}
	return Position{sequence, c.Timestamp, c.Date, c.counts}, nil
}

// AtTime gives the position after the last command whose timestamp is not after an instant, as far as history has come.
func (h *History) AtTime(ctx context.Context, instant ledger.Instant) (Position, error) {
	return h.lastWhere(ctx, func(c *command) bool { return c.Timestamp <= instant })
}

// AtDate gives the position at the end of a booking date, as far as history has come.
func (h *History) AtDate(ctx context.Context, date ledger.Date) (Position, error) {
	return h.lastWhere(ctx, func(c *command) bool { return c.Date <= date })
}

// lastWhere finds the last command of those at the beginning for which holds is true.
func (h *History) lastWhere(ctx context.Context, holds func(*command) bool) (Position, error) {
	latest := h.Latest()
	if c := (command{Timestamp: latest.Timestamp, Date: latest.Date}); latest.Sequence == 0 || holds(&c) {
		return latest, nil
	}
	var failed error
	n := sort.Search(int(latest.Sequence), func(i int) bool {
		c, err := h.command(ctx, uint64(i)+1)
		if err != nil {
			failed = firstError(failed, err)
			return true
		}
		return !holds(&c)
	})
	if failed != nil {
		return Position{}, failed
	}
	return h.At(ctx, uint64(n))
}

// Balance is what was booked on an account, lines included.
type Balance struct {
	Debits, Credits int64
}

// Net is credits minus debits.
func (b Balance) Net() int64 { return b.Credits - b.Debits }

// On is the balance counted positive on a side.
func (b Balance) On(side ledger.Side) int64 {
	if side == ledger.DebitNormal {
		return b.Debits - b.Credits
	}
	return b.Credits - b.Debits
}

// Balance gives what was booked on an account up to a position.
func (h *History) Balance(ctx context.Context, account uint32, at Position) (Balance, error) {
	b, err := h.balance(ctx, account, at)
	if err != nil {
		return b, fmt.Errorf("balance of account %d at sequence %d: %w", account, at.Sequence, err)
	}
	return b, nil
}

func (h *History) balance(ctx context.Context, account uint32, at Position) (Balance, error) {
	last, err := h.lastEntry(ctx, account, at.Entries)
	if err != nil {
		return Balance{}, err
	}
	s, err := h.holdingsAt(ctx, account, at.Changes)
	if err != nil {
		return Balance{}, err
	}
	lines, err := h.impliedAt(ctx, s, at)
	if err != nil {
		return Balance{}, err
	}
	undone, err := h.undoneSince(ctx, account, &last, at)
	if err != nil {
		return Balance{}, err
	}
	debits := last.Debits + undone
	return Balance{Debits: debits, Credits: last.Direct + lines + debits}, nil
}

// lastEntry gives an account's last entry up to a number, one without a number if there is none.
func (h *History) lastEntry(ctx context.Context, account uint32, most uint64) (e entry, err error) {
	number := h.heads.at(account)
	if number > most {
		var near int64
		found, err := h.reads.one(ctx, "SELECT entry FROM history_chain WHERE account = ? AND entry > ? ORDER BY entry LIMIT 1",
			[]any{h.owner(account), int64(most)}, &near)
		if err != nil {
			return e, err
		}
		if found {
			number = uint64(near)
		}
	}
	for number > most {
		if e, err = h.entryOf(ctx, account, number); err != nil {
			return e, err
		}
		number = e.Previous
	}
	if number == 0 {
		return entry{}, nil
	}
	return h.entryOf(ctx, account, number)
}

// entryOf reads an entry and makes sure that it is the account's.
func (h *History) entryOf(ctx context.Context, account uint32, number uint64) (entry, error) {
	e, err := h.entry(ctx, number)
	if err == nil && (e.Account != account || e.Previous >= number) {
		err = damaged("entry", h.place(number), "account %d and previous entry %d, want account %d", e.Account, e.Previous, account)
	}
	return e, err
}

// impliedAt adds up what payouts up to a position imply for an account.
func (h *History) impliedAt(ctx context.Context, s *holdings, at Position) (int64, error) {
	active, sum := s.at(at.Changes)
	registers := make([]uint32, len(active))
	for i, c := range active {
		registers[i] = c.Register
	}
	nos, err := h.payoutsAt(ctx, registers, at.Payouts)
	if err != nil {
		return 0, err
	}
	// Payouts before the last change of a holding don't matter to it.
	var need []uint64
	for i, c := range active {
		if nos[i] > c.Payouts {
			need = append(need, nos[i])
		}
	}
	payouts, err := h.payoutsOf(ctx, need)
	if err != nil {
		return 0, err
	}
	for i, c := range active {
		var p *payout
		if nos[i] > c.Payouts {
			p, payouts = payouts[0], payouts[1:]
		}
		implied, err := h.impliedBy(ctx, c, p)
		if err != nil {
			return 0, err
		}
		sum += implied
	}
	return sum, nil
}

// impliedBy is what payouts of a holding's register up to one, nil for none since its last change, imply for its account.
func (h *History) impliedBy(ctx context.Context, c *change, p *payout) (sum int64, err error) {
	if p == nil || p.Number <= c.Number {
		return c.implied(), nil
	}
	segment, err := h.segmentFor(ctx, c, p)
	if err != nil {
		return 0, err
	}
	sum = -c.Taken
	for t := range c.rows {
		paid := c.paidAt(t, p, segment)
		sum += paid - c.deductedAt(t, p, paid)
	}
	return sum, nil
}

// segmentFor gives the bits of a holding, and makes sure that payout and holding belong together.
func (h *History) segmentFor(ctx context.Context, c *change, p *payout) ([]byte, error) {
	if p.Register != c.Register || c.Holder >= p.Holders || len(p.tranches) != len(c.rows) {
		return nil, damaged("payout", h.place(p.no), "register %d with %d holders and %d tranches, want register %d, holder %d and %d tranches",
			p.Register, p.Holders, len(p.tranches), c.Register, c.Holder, len(c.rows))
	}
	return h.segment(ctx, p, c.Holder)
}

// undoneSince adds up the lines that were taken back from an account after its last entry. They are debits; all other
// debits have entries.
func (h *History) undoneSince(ctx context.Context, account uint32, last *entry, at Position) (sum int64, err error) {
	from := Position{}
	if last.Number > 0 {
		if from, err = h.At(ctx, last.Sequence-1); err != nil {
			return 0, err
		}
	}
	undoing, err := h.undoing(ctx, from.Payouts, at.Payouts)
	if err != nil {
		return 0, err
	}
	for _, u := range undoing {
		line, err := h.lineOf(ctx, account, u.register, u.no)
		if err != nil {
			return 0, err
		}
		if line != nil && line.p.After >= last.Number {
			sum -= line.implied
		}
	}
	return sum, nil
}

type undoing struct {
	no       uint64
	register uint32
}

// undoing lists the payouts that undo, after one and up to another.
func (h *History) undoing(ctx context.Context, after, upto uint64) (list []undoing, err error) {
	if after >= upto {
		return nil, nil
	}
	err = h.reads.each(ctx, "SELECT place, register FROM history_undo WHERE place > ? AND place <= ? ORDER BY place",
		[]any{h.place(after), h.place(upto)}, func(row *sql.Rows) error {
			var place, register int64
			err := row.Scan(&place, &register)
			list = append(list, undoing{uint64(place & maxPosition), uint32(register)})
			return err
		})
	return list, err
}
