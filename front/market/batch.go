package market

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Batch notes commands that come together, in one transaction: each listing is read and written once, and bids many at
// a time.
type Batch struct {
	m        *Market
	ctx      context.Context
	tx       *sql.Tx
	tenant   id.ID
	book     string             // the ledger's name
	listings map[id.ID]*Listing // nil for what is no listing
	changed  []*Listing
	bids     []any // columns of those that have no row yet
	orders   []order.Happened
}

// maxBidRows is how many bids are written by one statement.
const maxBidRows = 64

// Batch begins to note commands of a tenant's ledger, by its name, in the transaction in which the caller also moves his cursor. He
// hands over each command once, in their order, and saves.
func (m *Market) Batch(ctx context.Context, tx *sql.Tx, tenant id.ID, book string) *Batch {
	return &Batch{m: m, ctx: ctx, tx: tx, tenant: tenant, book: book, listings: map[id.ID]*Listing{}}
}

// Follow notes what one command means here.
func (m *Market) Follow(ctx context.Context, tx *sql.Tx, tenant id.ID, book string, c *ledger.Command, r *ledger.Result) error {
	b := m.Batch(ctx, tx, tenant, book)
	if err := b.Note(c, r); err != nil {
		return err
	}
	return b.Save()
}

// listing finds a listing of the ledger, nil if somebody else uses the same codes.
func (b *Batch) listing(own id.ID) (*Listing, error) {
	if l, known := b.listings[own]; known {
		return l, nil
	}
	l, err := b.m.listing(b.ctx, b.tx, b.tenant, own)
	switch {
	case errs.Is(err, errs.NotFound):
		b.listings[own] = nil
	case err != nil:
		return nil, err
	case l.Ledger != b.book:
		b.listings[own] = nil
	default:
		b.listings[own] = &l
	}
	return b.listings[own], nil
}

// touch keeps in mind that a listing is to be written.
func (b *Batch) touch(l *Listing) {
	if !l.touched {
		l.touched = true
		b.changed = append(b.changed, l)
	}
}

// bid keeps a bid in mind.
func (b *Batch) bid(columns ...any) error {
	if b.bids = append(b.bids, columns...); len(b.bids) < maxBidRows*len(columns) {
		return nil
	}
	return b.saveBids()
}

// saveBids writes the bids that have no row yet: before anybody reads them.
func (b *Batch) saveBids() error {
	const row = ", (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"
	n := len(b.bids) / strings.Count(row, "?")
	if n == 0 {
		return nil
	}
	// An id is one ledger's own. Who bids under the same one on another ledger too has no row of that, and stops nobody.
	err := b.m.exec(b.ctx, b.tx, `INSERT INTO market_bid (`+bidColumns+`) VALUES `+strings.Repeat(row, n)[2:]+` ON CONFLICT (tenant, id) DO NOTHING`, b.bids...)
	b.bids = b.bids[:0]
	return err
}

// Save writes what was noted.
func (b *Batch) Save() error {
	if err := b.saveBids(); err != nil {
		return err
	}
	for _, l := range b.changed {
		l.touched = false
		if err := b.m.exec(b.ctx, b.tx, `UPDATE market_listing SET state = ?, sold = ?, attempts = ?, raised = ?, sequence = ?, changed = ?
			WHERE tenant = ? AND id = ?`,
			l.State, int64(l.Sold), int64(l.attempts), l.Raised, int64(l.Sequence), l.Changed, l.Tenant[:], l.ID[:]); err != nil {
			return fmt.Errorf("listing %s: %w", l.ID, err)
		}
	}
	b.changed = b.changed[:0]
	if len(b.orders) == 0 {
		return nil
	}
	writes := b.orders
	b.orders = nil
	return b.m.Orders.Keep(b.ctx, b.tx, b.tenant, writes...)
}
