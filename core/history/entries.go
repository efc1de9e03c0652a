package history

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// MaxPage is the most items of one answer.
const MaxPage = 1000

// Query asks for what was booked on an account.
type Query struct {
	Account     uint32
	OldestFirst bool
	From        ledger.Instant // not before it; 0 for no bound
	Until       ledger.Instant // before it; 0 for no bound
	Purpose     uint32         // only of commands with this code; 0 for all
	Reference   *ledger.Reference
	At          uint64 // sequence up to which to look, 0 for the newest; a cursor keeps it
	Limit       int    // items, 1 to MaxPage
	Cursor      string // Next of the page before, of the same question

	statement bool // the items of a statement
}

// Page is one answer. It may have fewer items than the limit, even none, and still a Next: when a filter matches
// rarely, only so much is looked at for one page.
type Page struct {
	Items []Item
	Next  string // empty at the end
	At    Position
}

// ErrCursor means that a cursor is not one that this question was answered with.
var ErrCursor = errors.New("the cursor does not belong to this question")

// Entries lists what was booked on an account, newest first unless the query says otherwise, each with the balance just
// after it.
func (h *History) Entries(ctx context.Context, q Query) (Page, error) {
	page, err := h.entries(ctx, &q)
	if err != nil {
		return Page{}, fmt.Errorf("entries of account %d: %w", q.Account, err)
	}
	return page, nil
}

func (h *History) entries(ctx context.Context, q *Query) (Page, error) {
	if q.Limit < 1 || q.Limit > MaxPage {
		return Page{}, fmt.Errorf("limit: %d, want 1 to %d", q.Limit, MaxPage)
	}
	c, err := h.resume(ctx, q)
	if err != nil {
		return Page{}, err
	}
	page := Page{At: c.at}
	if c.from.Sequence >= c.until.Sequence {
		return page, nil
	}
	if q.Reference != nil {
		return h.referred(ctx, q, c)
	}
	items, next, err := h.page(ctx, q, &c, q.Limit)
	if err != nil {
		return Page{}, err
	}
	page.Items, page.Next = items, next
	return page, nil
}

// page walks between the bounds of a cursor. next is where to go on, empty at the end.
func (h *History) page(ctx context.Context, q *Query, c *cursor, limit int) (items []Item, next string, err error) {
	w := h.newWalker(q.Account, c.from, c.until, !q.OldestFirst)
	w.after, w.to = c.bounds(q, w.to)
	r := running{h: h, w: w, balance: c.balance, known: c.known}
	items, more, err := r.collect(ctx, limit, q.Purpose)
	if err == nil && more {
		next = c.next(q, r.goOn, r.goOnAt, &r.balance)
	}
	return items, next, err
}

// cursor is where a page begins.
type cursor struct {
	at      Position // of the whole question
	from    Position
	until   Position
	begun   bool
	last    spot   // what the page before ended with
	lastAt  uint64 // its sequence
	balance int64  // of the account after the next item, or before it when oldest come first
	known   bool
}

// resume reads the bounds of a query and its cursor.
func (h *History) resume(ctx context.Context, q *Query) (c cursor, err error) {
	at := q.At
	if q.Cursor != "" {
		if c, at, err = h.readCursor(q); err != nil {
			return c, err
		}
	}
	if at == 0 {
		c.at = h.Latest()
	} else if c.at, err = h.At(ctx, at); err != nil {
		return c, err
	}
	c.until = c.at
	if q.Until != 0 {
		until, err := h.AtTime(ctx, q.Until-1)
		if err != nil {
			return c, err
		}
		if until.Sequence < c.until.Sequence {
			c.until = until
		}
	}
	if q.From != 0 {
		if c.from, err = h.AtTime(ctx, q.From-1); err != nil {
			return c, err
		}
	}
	if !c.begun {
		return c, nil
	}
	// The page before tells how far it came, so the bounds can be moved there.
	if q.OldestFirst {
		from, err := h.At(ctx, c.lastAt-1)
		if err == nil && from.Sequence > c.from.Sequence {
			c.from = from
		}
		return c, err
	}
	until, err := h.At(ctx, c.lastAt)
	if err == nil && until.Sequence < c.until.Sequence {
		c.until = until
	}
	return c, err
}

func (c *cursor) bounds(q *Query, to spot) (spot, spot) {
	if !c.begun {
		return spot{}, to
	}
	if q.OldestFirst {
		return c.last, to
	}
	return spot{}, c.last
}

const cursorSize = 1 + 8 + 8 + 8 + 8 + 8

// A cursor lies within a walk, whose balance it tells, or between whole commands.
const (
	cursorWithin = iota + 1
	cursorWhole
)

// next encodes where the next page begins. It is bound to the question by a checksum.
func (c *cursor) next(q *Query, last spot, sequence uint64, balance *int64) string {
	b := make([]byte, 0, cursorSize+sealSize)
	kind, known := uint8(cursorWhole), int64(0)
	if balance != nil {
		kind, known = cursorWithin, *balance
	}
	b = append(b, kind)
	for _, v := range [...]uint64{c.at.Sequence, last.entry, last.payout, sequence, uint64(known)} {
		b = le.AppendUint64(b, v)
	}
	return base64.RawURLEncoding.EncodeToString(le.AppendUint32(b, checksum(0, b, q.bytes())))
}

// bytes are what makes two queries different questions.
func (q *Query) bytes() []byte {
	b := le.AppendUint32(nil, q.Account)
	b = le.AppendUint64(b, uint64(q.From))
	b = le.AppendUint64(b, uint64(q.Until))
	b = le.AppendUint32(b, q.Purpose)
	if q.OldestFirst {
		b = append(b, 1)
	}
	if q.statement {
		b = append(b, 3)
	}
	if q.Reference != nil {
		b = append(le.AppendUint16(append(b, 2), q.Reference.Type), q.Reference.Value[:]...)
	}
	return b
}

// readCursor reads where the page before ended. Whoever names a sequence that is yet to come has made the cursor himself.
func (h *History) readCursor(q *Query) (c cursor, at uint64, err error) {
	if c, at, err = decodeCursor(q); err == nil && at > h.Position() {
		err = ErrCursor
	}
	return c, at, err
}

func decodeCursor(q *Query) (c cursor, at uint64, err error) {
	b, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil || len(b) != cursorSize+sealSize || b[0] < cursorWithin || b[0] > cursorWhole ||
		le.Uint32(b[cursorSize:]) != checksum(0, b[:cursorSize], q.bytes()) {
		return c, 0, ErrCursor
	}
	v := func(i int) uint64 { return le.Uint64(b[1+8*i:]) }
	c.begun, c.known = true, b[0] == cursorWithin
	at, c.last, c.lastAt, c.balance = v(0), spot{v(1), v(2)}, v(3), int64(v(4))
	if at == 0 || q.At != 0 && q.At != at || c.lastAt == 0 || c.lastAt > at {
		return c, 0, ErrCursor
	}
	return c, at, nil
}

// running follows the balance along a walk.
type running struct {
	h       *History
	w       *walker
	balance int64 // after the next item, or before it when oldest come first
	known   bool
	goOn    spot // bound of the rest
	goOnAt  uint64
}

// collect walks until there are enough items that match, or enough was looked at.
func (r *running) collect(ctx context.Context, limit int, purpose uint32) (items []Item, more bool, err error) {
	if err := r.w.start(ctx); err != nil {
		return nil, false, err
	}
	for len(items) < limit {
		list, s, err := r.take(ctx, limit-len(items))
		if err != nil {
			return nil, false, err
		}
		if items, err = r.appendItems(ctx, items, list, purpose); err != nil || s == stepEnd {
			return items, false, err
		}
		if s == stepPause {
			r.goOn, r.goOnAt = r.w.goOn, r.w.goOnAt
			return items, true, r.find(ctx, nil)
		}
	}
	return items, true, nil
}

// take takes the next n things, fewer at the end or when enough was looked at.
func (r *running) take(ctx context.Context, n int) (list []booked, s step, err error) {
	for len(list) < n {
		b, s, err := r.w.next(ctx)
		if err != nil || s != stepOne {
			return list, s, err
		}
		list = append(list, b)
	}
	return list, stepOne, nil
}

// appendItems adds those that match, each with its balance.
func (r *running) appendItems(ctx context.Context, items []Item, list []booked, purpose uint32) ([]Item, error) {
	if len(list) == 0 {
		return items, nil
	}
	if err := r.find(ctx, list); err != nil {
		return nil, err
	}
	if err := r.h.prefetchCommands(ctx, list); err != nil {
		return nil, err
	}
	items = slices.Grow(items, len(list))
	for _, b := range list {
		i, err := r.h.item(ctx, b)
		if err != nil {
			return nil, err
		}
		if !r.w.down {
			r.balance += b.amount()
		}
		i.Balance = r.balance
		if b.entry != nil && b.entry.Balance != r.balance {
			return nil, damaged("entry", r.h.place(b.entry.Number), "the balance after it is %d, what was booked gives %d", b.entry.Balance, r.balance)
		}
		if r.w.down {
			r.balance -= b.amount()
		}
		r.goOn, r.goOnAt = b.spot(), b.sequence()
		if purpose == 0 || i.Purpose == purpose {
			items = append(items, i)
		}
	}
	return items, nil
}

// find finds the balance to begin with. The first entry tells it, if there is one among the things booked; otherwise
// all holdings have to be asked.
func (r *running) find(ctx context.Context, list []booked) error {
	if r.known {
		return nil
	}
	r.known = true
	moved := int64(0)
	for _, b := range list {
		if b.entry == nil {
			moved += b.amount()
			continue
		}
		if r.w.down {
			r.balance = b.entry.Balance + moved
		} else {
			r.balance = b.entry.Balance - b.amount() - moved
		}
		return nil
	}
	at := r.w.asked
	b, err := r.h.balance(ctx, r.w.account, at)
	r.balance = b.Net()
	return err
}

// mostReferred is how many commands are looked at for one page.
const mostReferred = 100

// referred answers a query for a reference: the index tells the commands, and each is looked at by itself.
func (h *History) referred(ctx context.Context, q *Query, c cursor) (page Page, err error) {
	page.At = c.at
	after, upto := c.from.Sequence, c.until.Sequence
	if c.begun { // the rest of the command with which the page before ended, then the others
		if page.Items, page.Next, err = h.bookedBy(ctx, q, c, c.lastAt, page.Items); err != nil || page.Next != "" {
			return page, err
		}
		if q.OldestFirst {
			after = c.lastAt
		} else {
			upto = c.lastAt - 1
		}
	}
	sequences, err := h.referring(ctx, *q.Reference, after, upto, mostReferred, !q.OldestFirst)
	if err != nil {
		return page, err
	}
	c.begun, c.known = false, false
	for _, s := range sequences {
		if page.Items, page.Next, err = h.bookedBy(ctx, q, c, s, page.Items); err != nil || page.Next != "" {
			return page, err
		}
	}
	if len(sequences) == mostReferred {
		page.Next, err = h.afterCommand(ctx, q, c, sequences[mostReferred-1])
	}
	return page, err
}

// bookedBy adds what one command booked on an account. next is where to go on when the page is full.
func (h *History) bookedBy(ctx context.Context, q *Query, c cursor, sequence uint64, items []Item) (_ []Item, next string, err error) {
	if c.from, c.until, err = h.around(ctx, sequence); err != nil {
		return items, "", err
	}
	if len(items) == q.Limit {
		next, err = h.beforeCommand(q, &c)
		return items, next, err
	}
	more, next, err := h.page(ctx, q, &c, q.Limit-len(items))
	return append(items, more...), next, err
}

// beforeCommand encodes that a page goes on with a whole command.
func (h *History) beforeCommand(q *Query, c *cursor) (string, error) {
	if q.OldestFirst {
		return c.next(q, spot{c.from.Entries, c.from.Payouts}, c.until.Sequence, nil), nil
	}
	return c.next(q, spot{c.until.Entries, c.until.Payouts + 1}, c.until.Sequence, nil), nil
}

// afterCommand encodes that a page ended with a whole command.
func (h *History) afterCommand(ctx context.Context, q *Query, c cursor, sequence uint64) (string, error) {
	before, after, err := h.around(ctx, sequence)
	if q.OldestFirst {
		return c.next(q, spot{after.Entries, after.Payouts}, sequence, nil), err
	}
	return c.next(q, spot{before.Entries, before.Payouts + 1}, sequence, nil), err
}
