package history

import (
	"context"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

// Statement is an account's statement of a period of booking dates: what it began with, what was booked, what it ended
// with. Opening + credits − debits = closing, and each item's balance is the one before it plus or minus its amount.
type Statement struct {
	Account  uint32
	First    ledger.Date // of the period
	Last     ledger.Date
	Through  Position // last command of the period so far
	Final    bool     // the period is over: the same question gets the same bytes for ever
	Opening  Balance
	Closing  Balance
	Turnover Balance // booked within the period
	Items    []Item  // oldest first
	Next     string  // cursor of the next page of items, empty at the end
}

// Period is a stretch of booking dates, both ends included.
type Period struct{ First, Last ledger.Date }

// Day is the period of one date.
func Day(d ledger.Date) Period { return Period{d, d} }

// Month is a calendar month.
func Month(year int, month time.Month) Period {
	return Period{
		First: ledger.DateOf(time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)),
		Last:  ledger.DateOf(time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)),
	}
}

// StatementQuery asks for a statement. Today is a date before which nothing can be booked any more, if the caller knows
// one; history itself takes a period for over when something was booked after it.
type StatementQuery struct {
	Account uint32
	Period  Period
	Today   ledger.Date
	Limit   int // items, 1 to MaxPage
	Cursor  string
}

// Statement gives an account's statement, its items by pages.
func (h *History) Statement(ctx context.Context, q StatementQuery) (Statement, error) {
	s, err := h.statement(ctx, &q)
	if err != nil {
		return s, fmt.Errorf("statement of account %d from %v to %v: %w", q.Account, q.Period.First, q.Period.Last, err)
	}
	return s, nil
}

func (h *History) statement(ctx context.Context, q *StatementQuery) (s Statement, err error) {
	if q.Period.Last < q.Period.First {
		return s, fmt.Errorf("the period ends before it begins")
	}
	if q.Limit < 1 || q.Limit > MaxPage {
		return s, fmt.Errorf("limit: %d, want 1 to %d", q.Limit, MaxPage)
	}
	latest := h.Latest()
	s = Statement{Account: q.Account, First: q.Period.First, Last: q.Period.Last}
	s.Final = latest.Date > q.Period.Last || q.Today > q.Period.Last
	// The items' question: from a position to the last of the period, or, while that is not over, to where it stands.
	items := Query{
		Account: q.Account, OldestFirst: true, Limit: q.Limit, Cursor: q.Cursor,
		From: ledger.Instant(q.Period.First), Until: ledger.Instant(q.Period.Last), statement: true,
	}
	c, err := h.resumePeriod(ctx, &items, q.Period)
	if err != nil {
		return s, err
	}
	from, err := h.AtDate(ctx, q.Period.First-1)
	if err != nil {
		return s, err
	}
	s.Through = c.until
	if s.Opening, err = h.balance(ctx, q.Account, from); err != nil {
		return s, err
	}
	if s.Closing, err = h.balance(ctx, q.Account, s.Through); err != nil {
		return s, err
	}
	s.Turnover = Balance{s.Closing.Debits - s.Opening.Debits, s.Closing.Credits - s.Opening.Credits}
	if c.from.Sequence >= c.until.Sequence {
		return s, nil
	}
	if !c.begun {
		c.balance, c.known = s.Opening.Net(), true
	}
	s.Items, s.Next, err = h.page(ctx, &items, &c, q.Limit)
	if err == nil && s.Next == "" && len(s.Items) > 0 && s.Items[len(s.Items)-1].Balance != s.Closing.Net() {
		err = fmt.Errorf("the items end with %d, the closing balance is %d: %w", s.Items[len(s.Items)-1].Balance, s.Closing.Net(), ErrDamaged)
	}
	return s, err
}

// resumePeriod reads the bounds of a period and a cursor within it.
func (h *History) resumePeriod(ctx context.Context, q *Query, period Period) (c cursor, err error) {
	at := uint64(0)
	if q.Cursor != "" {
		if c, at, err = h.readCursor(q); err != nil {
			return c, err
		}
	}
	if at == 0 {
		c.at, err = h.AtDate(ctx, period.Last)
	} else {
		c.at, err = h.At(ctx, at)
	}
	if err != nil {
		return c, err
	}
	c.until = c.at
	if c.begun {
		c.from, err = h.At(ctx, c.lastAt-1)
	} else {
		c.from, err = h.AtDate(ctx, period.First-1)
	}
	return c, err
}
