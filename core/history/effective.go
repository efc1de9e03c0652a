package history

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/base64"
	"fmt"
	"math/bits"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// mostShifted is how many things of another booking date one answer may take into account.
const mostShifted = 20_000

// shifted is something that counts from another date than that of its booking. Only a few stand in tables of their own;
// for all others booking order is the order of effective dates too. Each is filed by the order of size of the days
// between the dates, its class: so those that lie across a date are found without reading many others.
type shifted struct {
	effective     ledger.Date
	booked        ledger.Date
	debit, credit int64
	entry         uint64
	payout        uint64 // of a line; its amount is worked out when it is needed
	register      uint32
}

// EffectiveBalance gives what was booked on an account up to a position and counts from a date or earlier.
func (h *History) EffectiveBalance(ctx context.Context, account uint32, date ledger.Date, at Position) (Balance, error) {
	b, err := h.effectiveBalance(ctx, account, date, at)
	if err != nil {
		return b, fmt.Errorf("balance of account %d by effective date %v at sequence %d: %w", account, date, at.Sequence, err)
	}
	return b, nil
}

func (h *History) effectiveBalance(ctx context.Context, account uint32, date ledger.Date, at Position) (Balance, error) {
	booked, err := h.AtDate(ctx, date)
	if err != nil {
		return Balance{}, err
	}
	if booked.Sequence > at.Sequence {
		booked = at
	}
	b, err := h.balance(ctx, account, booked)
	if err != nil {
		return b, err
	}
	var across []shifted
	for _, class := range h.shiftClasses() {
		// Those of a class that lie across the date count from less than so many days to one side of it.
		days := ledger.Date(1) << max(class, -class)
		from, to := date-days, date
		if class < 0 {
			from, to = date, date+days
		}
		list, err := h.shifts(ctx, account, class, from, to, at)
		if err != nil {
			return b, err
		}
		for _, s := range list {
			if class > 0 && s.booked > date || class < 0 && s.booked <= date {
				across = append(across, s)
			}
		}
	}
	for _, s := range across {
		debit, credit, err := h.shiftedAmount(ctx, account, &s)
		if err != nil {
			return b, err
		}
		if s.effective > date {
			debit, credit = -debit, -credit
		}
		b.Debits += debit
		b.Credits += credit
	}
	return b, nil
}

// EffectiveTotals gives what was booked on an account up to a position and counts from dates of a period.
func (h *History) EffectiveTotals(ctx context.Context, account uint32, p Period, at Position) (Balance, error) {
	before, err := h.EffectiveBalance(ctx, account, p.First-1, at)
	if err != nil {
		return before, err
	}
	after, err := h.EffectiveBalance(ctx, account, p.Last, at)
	return Balance{after.Debits - before.Debits, after.Credits - before.Credits}, err
}

// shiftClasses lists the classes of which there is anything.
func (h *History) shiftClasses() (list []int) {
	mask := h.classes.Load()
	for mask != 0 {
		bit := bits.TrailingZeros64(mask)
		list = append(list, bit-classZero)
		mask &^= 1 << bit
	}
	return list
}

// shiftedAmount tells a shifted thing's amount by sides. A line that has its own entry is told by that.
func (h *History) shiftedAmount(ctx context.Context, account uint32, s *shifted) (debit, credit int64, err error) {
	if s.payout == 0 {
		return s.debit, s.credit, nil
	}
	l, err := h.lineOf(ctx, account, s.register, s.payout)
	if err != nil || l == nil {
		return 0, 0, err
	}
	if g := l.implied; g < 0 {
		return -g, 0, nil
	} else {
		return 0, g, nil
	}
}

// shifts lists what of a class counts from dates after one, up to another, of an account's entries and of payouts of
// the registers that it has ever held units of.
func (h *History) shifts(ctx context.Context, account uint32, class int, after, upto ledger.Date, at Position) (list []shifted, err error) {
	err = h.reads.each(ctx, `SELECT effective, entry, booked, debit, credit FROM history_shift
		WHERE owner = ? AND class = ? AND effective > ? AND effective <= ? AND entry <= ? LIMIT ?`,
		[]any{h.owner(account), class, int64(after), int64(upto), int64(at.Entries), mostShifted + 1}, func(row *sql.Rows) error {
			var effective, number, booked int64
			var s shifted
			err := row.Scan(&effective, &number, &booked, &s.debit, &s.credit)
			s.effective, s.entry, s.booked = ledger.Date(effective), uint64(number), ledger.Date(booked)
			list = append(list, s)
			return err
		})
	if err != nil {
		return nil, err
	}
	registers, err := h.registersOf(ctx, account, at)
	if err != nil {
		return nil, err
	}
	err = many(registers, func(keys []int64) error {
		query := `SELECT owner, effective, payout, booked FROM history_payout_shift
			WHERE owner IN (` + placeholders[len(keys)] + `) AND class = ? AND effective > ? AND effective <= ? AND payout <= ? LIMIT ?`
		return h.reads.each(ctx, query, anys(keys, class, int64(after), int64(upto), int64(at.Payouts), mostShifted+1), func(row *sql.Rows) error {
			var owner, effective, number, booked int64
			err := row.Scan(&owner, &effective, &number, &booked)
			list = append(list, shifted{
				effective: ledger.Date(effective), booked: ledger.Date(booked), payout: uint64(number), register: uint32(owner),
			})
			return err
		})
	})
	if err == nil && len(list) > mostShifted {
		err = fmt.Errorf("more than %d things count from another date than that of their booking: %w", mostShifted, ErrTooWide)
	}
	return list, err
}

// registersOf lists the keys of all registers in which an account has held units up to a position.
func (h *History) registersOf(ctx context.Context, account uint32, at Position) ([]int64, error) {
	seen := map[uint32]bool{}
	for changes := at.Changes; ; {
		s, err := h.holdingsAt(ctx, account, changes)
		if err != nil {
			return nil, err
		}
		for i := range s.start {
			seen[s.start[i].Register] = true
		}
		for i := range s.events {
			seen[s.events[i].Register] = true
		}
		if s.from == 0 {
			break
		}
		changes = s.from - 1
	}
	keys := make([]int64, 0, len(seen))
	for r := range seen { // sorted below
		keys = append(keys, h.owner(r))
	}
	slices.Sort(keys)
	return keys, nil
}

// EffectiveQuery asks for what counts from dates of a period.
type EffectiveQuery struct {
	Account uint32
	Period  Period
	At      uint64 // sequence up to which to look, 0 for the newest; a cursor keeps it
	Limit   int    // items, 1 to MaxPage
	Cursor  string
}

// EffectiveEntries lists what was booked on an account up to a sequence and counts from dates of a period, by effective
// date and in the order of booking within a date. Balances are not told, since they follow the order of booking.
func (h *History) EffectiveEntries(ctx context.Context, q EffectiveQuery) (Page, error) {
	page, err := h.effectiveEntries(ctx, &q)
	if err != nil {
		return Page{}, fmt.Errorf("entries of account %d by effective date: %w", q.Account, err)
	}
	return page, nil
}

func (h *History) effectiveEntries(ctx context.Context, q *EffectiveQuery) (page Page, err error) {
	if q.Limit < 1 || q.Limit > MaxPage {
		return page, fmt.Errorf("limit: %d, want 1 to %d", q.Limit, MaxPage)
	}
	if q.Period.Last < q.Period.First {
		return page, fmt.Errorf("the period ends before it begins")
	}
	m := effectiveMerge{h: h, q: q}
	if err := m.resume(ctx); err != nil {
		return page, err
	}
	page.At = m.at
	if err := m.start(ctx); err != nil {
		return page, err
	}
	for len(page.Items) < q.Limit {
		b, date, s, err := m.next(ctx)
		if err != nil {
			return page, err
		}
		if s == stepEnd {
			return page, nil
		}
		if s == stepPause {
			page.Next = m.cursor()
			return page, nil
		}
		i, err := h.item(ctx, b)
		if err != nil {
			return page, err
		}
		i.Balance = 0
		page.Items = append(page.Items, i)
		m.date, m.last, m.lastAt = date, b.spot(), b.sequence()
	}
	page.Next = m.cursor()
	return page, nil
}

// effectiveMerge merges what counts from the date of its booking, which a walk finds, with what does not.
type effectiveMerge struct {
	h       *History
	q       *EffectiveQuery
	at      Position
	date    ledger.Date // what was answered last counts from
	last    spot
	lastAt  uint64
	w       *walker
	ahead   *booked
	ended   bool
	shifted []shiftedSpot
}

type shiftedSpot struct {
	date ledger.Date
	spot spot
	b    booked
}

func (m *effectiveMerge) resume(ctx context.Context) error {
	at := m.q.At
	if m.q.Cursor != "" {
		b, err := base64.RawURLEncoding.DecodeString(m.q.Cursor)
		if err != nil || len(b) != effectiveCursorSize+sealSize || le.Uint32(b[effectiveCursorSize:]) != checksum(1, b[:effectiveCursorSize], m.q.bytes()) {
			return ErrCursor
		}
		at, m.date = le.Uint64(b), ledger.Date(le.Uint64(b[8:]))
		m.last, m.lastAt = spot{le.Uint64(b[16:]), le.Uint64(b[24:])}, le.Uint64(b[32:])
		if at == 0 || at > m.h.Position() || m.q.At != 0 && m.q.At != at || m.date != 0 && (m.lastAt == 0 || m.lastAt > at) {
			return ErrCursor
		}
	}
	if at == 0 {
		m.at = m.h.Latest()
		return nil
	}
	var err error
	m.at, err = m.h.At(ctx, at)
	return err
}

const effectiveCursorSize = 5 * 8

func (q *EffectiveQuery) bytes() []byte {
	b := le.AppendUint32(nil, q.Account)
	return le.AppendUint32(le.AppendUint32(b, uint32(q.Period.First)), uint32(q.Period.Last))
}

func (m *effectiveMerge) cursor() string {
	b := make([]byte, 0, effectiveCursorSize+sealSize)
	for _, v := range [...]uint64{m.at.Sequence, uint64(m.date), m.last.entry, m.last.payout, m.lastAt} {
		b = le.AppendUint64(b, v)
	}
	return base64.RawURLEncoding.EncodeToString(le.AppendUint32(b, checksum(1, b, m.q.bytes())))
}

// start places the walk after what was answered already, and collects what does not count from its booking.
func (m *effectiveMerge) start(ctx context.Context) error {
	h, first := m.h, max(m.q.Period.First, m.date)
	from, err := h.AtDate(ctx, first-1)
	if err != nil {
		return err
	}
	until, err := h.AtDate(ctx, m.q.Period.Last)
	if err != nil {
		return err
	}
	if until.Sequence > m.at.Sequence {
		until = m.at
	}
	after := spot{}
	if m.date != 0 && m.lastAt > from.Sequence {
		// What was answered last was booked on its date, or later: then all of the date was answered.
		end, err := h.AtDate(ctx, m.date)
		if err != nil {
			return err
		}
		if m.lastAt > end.Sequence {
			from = end
		} else if from, err = h.At(ctx, m.lastAt-1); err != nil {
			return err
		} else {
			after = m.last
		}
	}
	if m.ended = from.Sequence >= until.Sequence; !m.ended {
		m.w = h.newWalker(m.q.Account, from, until, false)
		m.w.after = after
		if err := m.w.start(ctx); err != nil {
			return err
		}
	}
	return m.collect(ctx, first-1)
}

func (m *effectiveMerge) collect(ctx context.Context, after ledger.Date) error {
	total := 0
	for _, class := range m.h.shiftClasses() {
		list, err := m.h.shifts(ctx, m.q.Account, class, after, m.q.Period.Last, m.at)
		if err != nil {
			return err
		}
		if total += len(list); total > mostShifted {
			return fmt.Errorf("more than %d things count from another date than that of their booking: %w", mostShifted, ErrTooWide)
		}
		for _, s := range list {
			x, err := m.h.shiftedSpot(ctx, m.q.Account, &s)
			if err != nil {
				return err
			}
			done := m.date != 0 && (x.date < m.date || x.date == m.date && !m.last.less(x.spot))
			if x.b != (booked{}) && !done {
				m.shifted = append(m.shifted, x)
			}
		}
	}
	slices.SortFunc(m.shifted, func(a, b shiftedSpot) int {
		return cmp.Or(cmp.Compare(a.date, b.date), cmp.Compare(a.spot.entry, b.spot.entry), cmp.Compare(a.spot.payout, b.spot.payout))
	})
	return nil
}

// shiftedSpot reads a shifted thing; nothing is booked by a line that has its own entry.
func (h *History) shiftedSpot(ctx context.Context, account uint32, s *shifted) (x shiftedSpot, err error) {
	x.date = s.effective
	if s.payout == 0 {
		e, err := h.entryOf(ctx, account, s.entry)
		x.b = booked{entry: &e}
		x.spot = x.b.spot()
		return x, err
	}
	l, err := h.lineOf(ctx, account, s.register, s.payout)
	if err == nil && l != nil {
		x.b = booked{line: l}
		x.spot = x.b.spot()
	}
	return x, err
}

// next gives the next thing with the date from which it counts.
func (m *effectiveMerge) next(ctx context.Context) (b booked, date ledger.Date, s step, err error) {
	for m.ahead == nil && !m.ended {
		b, s, err := m.w.next(ctx)
		switch {
		case err != nil:
			return b, 0, stepEnd, err
		case s == stepPause:
			return m.pause(ctx, b)
		case s == stepEnd:
			m.ended = true
		case !b.shifted():
			m.ahead = &b
		}
	}
	if m.ahead != nil {
		c, err := m.h.command(ctx, m.ahead.sequence())
		if err != nil {
			return b, 0, stepEnd, err
		}
		date = c.Date
	}
	if len(m.shifted) > 0 {
		x := m.shifted[0]
		if m.ahead == nil || x.date < date || x.date == date && x.spot.less(m.ahead.spot()) {
			m.shifted = m.shifted[1:]
			return x.b, x.date, stepOne, nil
		}
	}
	if m.ahead == nil {
		return b, 0, stepEnd, nil
	}
	b, m.ahead = *m.ahead, nil
	return b, date, stepOne, nil
}

// pause ends a page because enough was looked at: b is where the walk will go on. What comes before it is answered
// first.
func (m *effectiveMerge) pause(ctx context.Context, b booked) (booked, ledger.Date, step, error) {
	c, err := m.h.command(ctx, b.sequence())
	if err != nil {
		return b, 0, stepEnd, err
	}
	if len(m.shifted) > 0 {
		if x := m.shifted[0]; x.date < c.Date || x.date == c.Date && x.spot.less(b.spot()) {
			m.shifted = m.shifted[1:]
			return x.b, x.date, stepOne, nil
		}
	}
	m.date, m.last, m.lastAt = c.Date, m.w.goOn, m.w.goOnAt
	return b, 0, stepPause, nil
}
