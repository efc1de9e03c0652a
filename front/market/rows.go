package market

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// querier is a transaction or a pool.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

const listingColumns = "tenant, id, ledger, loan, borrower, terms, opened, closes, partial, state, sold, attempts, raised, sequence, changed"

// insertListing reports whether the listing was not there before.
func (m *Market) insertListing(ctx context.Context, tx *sql.Tx, l *Listing) (bool, error) {
	terms, err := json.Marshal(&l.Terms)
	if err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, m.DB.Rebind(`INSERT INTO market_listing (`+listingColumns+`, register)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, ?, ?) ON CONFLICT (tenant, id) DO NOTHING`),
		l.Tenant[:], l.ID[:], l.Ledger, l.Loan[:], l.Borrower[:], string(terms), l.Opened, l.Closes, int64(l.Partial), l.State, l.Changed, l.Register)
	if err != nil {
		return false, fmt.Errorf("keep listing %s: %w", l.ID, err)
	}
	n, err := res.RowsAffected()
	if err != nil || n == 1 {
		return n == 1, err
	}
	there, err := m.listing(ctx, tx, l.Tenant, l.ID)
	if err != nil {
		return false, err
	}
	if there.Ledger != l.Ledger || there.Loan != l.Loan || there.Borrower != l.Borrower || !reflect.DeepEqual(there.Terms, l.Terms) ||
		there.Opened != l.Opened || there.Closes != l.Closes || there.Partial != l.Partial {
		return false, errs.Conflict.Errorf("there is a listing %s with other terms", l.ID)
	}
	return false, nil
}

func (m *Market) exec(ctx context.Context, tx *sql.Tx, query string, args ...any) error {
	if _, err := tx.ExecContext(ctx, m.DB.Rebind(query), args...); err != nil {
		return fmt.Errorf("write market rows: %w", err)
	}
	return nil
}

// Listing gives a listing as its row has it.
func (m *Market) Listing(ctx context.Context, tenant, listing id.ID) (Listing, error) {
	return m.listing(ctx, m.DB.Reader(), tenant, listing)
}

// Remembered gives a listing, from memory if nothing more happens to it.
func (m *Market) Remembered(ctx context.Context, tenant, listing id.ID) (*Listing, error) {
	if l, ok := m.known.get(key{tenant, listing}); ok && l.Over() {
		return l, nil
	}
	l, err := m.Listing(ctx, tenant, listing)
	if err == nil && l.Over() {
		m.known.put(key{tenant, listing}, &l)
	}
	return &l, err
}

func (m *Market) listing(ctx context.Context, q querier, tenant, listing id.ID) (Listing, error) {
	list, err := m.listings(ctx, q, "tenant = ? AND id = ?", tenant[:], listing[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no listing %s", listing)
	}
	if err != nil {
		return Listing{}, err
	}
	return list[0], nil
}

// Listings gives a tenant's listings of a state, or all for "", by id after one: at most limit, 1 to MaxPage.
func (m *Market) Listings(ctx context.Context, tenant id.ID, state State, after id.ID, limit int) ([]Listing, error) {
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit", "%d, want 1 to %d", limit, MaxPage)
	}
	if state == "" {
		return m.listings(ctx, m.DB.Reader(), "tenant = ? AND id > ? ORDER BY id LIMIT ?", tenant[:], after[:], limit)
	}
	return m.listings(ctx, m.DB.Reader(), "tenant = ? AND state = ? AND id > ? ORDER BY id LIMIT ?", tenant[:], state, after[:], limit)
}

func (m *Market) listings(ctx context.Context, q querier, where string, args ...any) (list []Listing, err error) {
	rows, err := q.QueryContext(ctx, m.DB.Rebind("SELECT "+listingColumns+" FROM market_listing WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read listings: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var l Listing
		var tenant, own, loan, borrower []byte
		var terms string
		if err := rows.Scan(&tenant, &own, &l.Ledger, &loan, &borrower, &terms, &l.Opened, &l.Closes, &l.Partial, &l.State, &l.Sold,
			&l.attempts, &l.Raised, &l.Sequence, &l.Changed); err != nil {
			return nil, fmt.Errorf("read listings: %w", err)
		}
		copy(l.Tenant[:], tenant)
		copy(l.ID[:], own)
		copy(l.Loan[:], loan)
		copy(l.Borrower[:], borrower)
		if err := json.Unmarshal([]byte(terms), &l.Terms); err != nil {
			return nil, fmt.Errorf("terms of listing %s: %w", l.ID, err)
		}
		list = append(list, l)
	}
	return list, rows.Err()
}

// openListings are those of a ledger that may take bids, in the order in which they are offered. What is said of them is
// read elsewhere: of a thousand that open together each lets all of them be looked at.
func (m *Market) openListings(ctx context.Context, tenant id.ID, ledger string) (list []id.ID, err error) {
	rows, err := m.DB.Reader().QueryContext(ctx, m.DB.Rebind("SELECT id FROM market_listing WHERE tenant = ? AND state IN (?, ?) AND ledger = ? ORDER BY opened, id"),
		tenant[:], Open, Opening, ledger)
	if err != nil {
		return nil, fmt.Errorf("read open listings: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var own []byte
		if err := rows.Scan(&own); err != nil {
			return nil, fmt.Errorf("read open listings: %w", err)
		}
		list = append(list, id.ID(own))
	}
	return list, rows.Err()
}

const bidColumns = "tenant, id, listing, investor, mandate, bound, units, amount, sequence, at, ended"

// BidFilter says whose bids, or on which listing; one of both is given.
type BidFilter struct {
	Investor id.ID
	Listing  id.ID
}

// afterBid goes on after a bid, or begins anew: as they came, and by their ids where two ledgers have one sequence.
const afterBid = ` AND (sequence, id) > (coalesce((SELECT sequence FROM market_bid WHERE tenant = ? AND id = ?), 0), ?) ORDER BY sequence, id LIMIT ?`

// Bids lists bids in the order in which they came, after one: at most limit, 1 to MaxPage.
func (m *Market) Bids(ctx context.Context, tenant id.ID, f BidFilter, after id.ID, limit int) ([]Bid, error) {
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit", "%d, want 1 to %d", limit, MaxPage)
	}
	where, args := "tenant = ?", []any{tenant[:]}
	if f.Investor.IsZero() && f.Listing.IsZero() {
		return nil, invalid("listing", "say whose bids or on which listing")
	}
	if !f.Investor.IsZero() {
		where, args = where+" AND investor = ?", append(args, f.Investor[:])
	}
	if !f.Listing.IsZero() {
		where, args = where+" AND listing = ?", append(args, f.Listing[:])
	}
	return m.bids(ctx, m.DB.Reader(), where+afterBid, append(args, tenant[:], after[:], after[:], limit)...)
}

// Stake is what an overview needs of a bid.
type Stake struct {
	ID       id.ID
	Listing  id.ID
	Units    uint64
	Amount   int64
	Sequence uint64
	At       int64
	Ended    uint64
}

// Stakes lists an investor's bids with little of each, in their order, after one.
func (m *Market) Stakes(ctx context.Context, tenant, investor, after id.ID, limit int) (list []Stake, err error) {
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit", "%d, want 1 to %d", limit, MaxPage)
	}
	rows, err := m.DB.Reader().QueryContext(ctx, m.DB.Rebind(`SELECT id, listing, units, amount, sequence, at, ended FROM market_bid
		WHERE tenant = ? AND investor = ?`+afterBid), tenant[:], investor[:], tenant[:], after[:], after[:], limit)
	if err != nil {
		return nil, fmt.Errorf("read bids: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var own, listing sql.RawBytes
	for rows.Next() {
		var s Stake
		if err := rows.Scan(&own, &listing, &s.Units, &s.Amount, &s.Sequence, &s.At, &s.Ended); err != nil {
			return nil, fmt.Errorf("read bids: %w", err)
		}
		copy(s.ID[:], own)
		copy(s.Listing[:], listing)
		list = append(list, s)
	}
	return list, rows.Err()
}

// Bid gives a bid as its row has it, or as it was answered while the row is not there yet.
func (m *Market) Bid(ctx context.Context, tenant, bid id.ID) (Bid, error) {
	b, err := m.bid(ctx, m.DB.Reader(), tenant, bid)
	if errs.Is(err, errs.NotFound) {
		if just, ok := m.recent.get(key{tenant, bid}); ok {
			return just, nil
		}
	}
	return b, err
}

func (m *Market) bid(ctx context.Context, q querier, tenant, bid id.ID) (Bid, error) {
	list, err := m.bids(ctx, q, "tenant = ? AND id = ?", tenant[:], bid[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no bid %s", bid)
	}
	if err != nil {
		return Bid{}, err
	}
	return list[0], nil
}

func (m *Market) bids(ctx context.Context, q querier, where string, args ...any) (list []Bid, err error) {
	rows, err := q.QueryContext(ctx, m.DB.Rebind("SELECT "+bidColumns+" FROM market_bid WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read bids: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var b Bid
		var tenant, own, listing, investor, mandate []byte
		if err := rows.Scan(&tenant, &own, &listing, &investor, &mandate, &b.Bound, &b.Units, &b.Amount, &b.Sequence, &b.At, &b.Ended); err != nil {
			return nil, fmt.Errorf("read bids: %w", err)
		}
		copy(b.Tenant[:], tenant)
		copy(b.ID[:], own)
		copy(b.Listing[:], listing)
		copy(b.Investor[:], investor)
		copy(b.Mandate[:], mandate)
		list = append(list, b)
	}
	return list, rows.Err()
}
