package market

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// What is kept of why mandates took nothing: so many answers of a run, and of a ledger the latest.
var (
	maxTold   = 5_000
	maxMisses = 100_000
)

// Miss is why a run gave a mandate nothing of a listing.
type Miss struct {
	mandate.Miss
	Sequence uint64 // at which the ledger was when the run looked at it
	At       int64
}

// everybody stands for all mandates that were in the line then and of which no other row tells.
var everybody id.ID

// maxMissRows is how many answers are written by one statement.
const maxMissRows = 64

// note takes up why a mandate took nothing. One that is used up says so itself.
func (g *gathering) note(x mandate.Miss) {
	switch {
	case x.Bound == mandate.Amount && x.Room == 0:
	case len(g.misses) < maxTold:
		g.misses = append(g.misses, x)
	default:
		g.untold = true
	}
}

// told are a run's answers. Of those that stood behind the last piece of a listing one row tells, unless the run had more
// answers than are kept: then some of those without a row stood before it.
func (g *gathering) told(sold []id.ID) []mandate.Miss {
	list := g.misses
	for _, l := range sold {
		if !g.untold {
			list = append(list, mandate.Miss{Listing: l, Mandate: everybody, Reason: mandate.Full})
		}
	}
	return list
}

// keepMisses keeps a run's answers.
func (m *Market) keepMisses(ctx context.Context, tx *sql.Tx, g *gathering, on string, list []mandate.Miss) error {
	for some := range slices.Chunk(list, maxMissRows) {
		const row = ", (?, ?, ?, ?, ?, ?, ?, ?, ?)"
		var columns []any
		for i := range some {
			x := &some[i]
			columns = append(columns, g.tenant[:], x.Mandate[:], x.Listing[:], on, int64(x.Reason), int64(x.Bound), x.Room, int64(g.sequence), g.at)
		}
		if err := m.exec(ctx, tx, `INSERT INTO market_miss (tenant, mandate, listing, ledger, reason, bound, room, sequence, at)
			VALUES `+strings.Repeat(row, len(some))[2:]+` ON CONFLICT (tenant, mandate, listing) DO UPDATE SET
			reason = excluded.reason, bound = excluded.bound, room = excluded.room, sequence = excluded.sequence, at = excluded.at
			WHERE market_miss.sequence <= excluded.sequence`, columns...); err != nil {
			return err
		}
	}
	return m.exec(ctx, tx, `DELETE FROM market_miss WHERE tenant = ? AND ledger = ? AND sequence <= (
		SELECT sequence FROM market_miss WHERE tenant = ? AND ledger = ? ORDER BY sequence DESC LIMIT 1 OFFSET ?)`,
		g.tenant[:], on, g.tenant[:], on, maxMisses)
}

// dropFull takes back that listings were full of which a piece was overtaken: some of those without a row stood before it.
func (m *Market) dropFull(ctx context.Context, tx *sql.Tx, g *gathering, listings []id.ID) error {
	for _, l := range listings {
		if err := m.exec(ctx, tx, `DELETE FROM market_miss WHERE tenant = ? AND mandate = ? AND listing = ? AND sequence = ?`,
			g.tenant[:], everybody[:], l[:], int64(g.sequence)); err != nil {
			return err
		}
	}
	return nil
}

// missed is why a mandate took nothing of a listing, as the last run decided that kept an answer, nil if none did.
func (m *Market) missed(ctx context.Context, w *Mandate, l *Listing) (*Miss, error) {
	own, err := m.miss(ctx, w.Tenant, w.ID, l.ID)
	if err != nil {
		return nil, err
	}
	line, offered := w.line(), l.offered(0)
	if !w.Active || w.Used >= w.Amount || mandate.Unfit(&offered, &line) != 0 {
		return own, nil
	}
	all, err := m.miss(ctx, w.Tenant, everybody, l.ID)
	if err != nil || all == nil || w.Joined > all.Sequence || own != nil && own.Sequence >= all.Sequence {
		return own, err
	}
	all.Mandate = w.ID
	return all, nil
}

// miss is what was kept of why a mandate took nothing of a listing, nil if nothing was.
func (m *Market) miss(ctx context.Context, tenant, own, listing id.ID) (*Miss, error) {
	x := Miss{Miss: mandate.Miss{Mandate: own, Listing: listing}}
	err := m.DB.Reader().QueryRowContext(ctx, m.DB.Rebind(`SELECT reason, bound, room, sequence, at FROM market_miss WHERE tenant = ? AND mandate = ? AND listing = ?`),
		tenant[:], own[:], listing[:]).Scan(&x.Reason, &x.Bound, &x.Room, &x.Sequence, &x.At)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read why a mandate took nothing: %w", err)
	}
	return &x, nil
}

// Why is what a mandate took of a listing, and why so much, or why nothing.
type Why struct {
	Bids []Bid  // that it made, each with the bound that decided its size
	Miss *Miss  // of the last run that kept why it took nothing; nil: none did
	Now  Chance // if its turn came now
}

// Chance is what a mandate would get of a listing, as the ledger stands, if nobody stood before it in the line.
type Chance struct {
	Piece    *mandate.Piece // nil: nothing
	Miss     mandate.Miss   // why nothing
	Sequence uint64         // at which the ledger is
	At       int64
}

// Why tells what a mandate took of a listing. What a run has decided is told as it was decided; Now is worked out anew.
func (m *Market) Why(ctx context.Context, tenant, own, listing id.ID) (*Why, error) {
	w, err := m.Mandate(ctx, tenant, own)
	if err != nil {
		return nil, err
	}
	l, err := m.Listing(ctx, tenant, listing)
	if errs.Is(err, errs.NotFound) {
		err = errs.NotFound.Errorf("there is no listing %s", listing).On("listing")
	}
	if err == nil && l.Ledger != w.Ledger {
		err = invalid("listing", "it is open on ledger %s, and the mandate is for ledger %s", l.Ledger, w.Ledger)
	}
	if err != nil {
		return nil, err
	}
	y := &Why{}
	if y.Bids, err = m.bids(ctx, m.DB.Reader(), bidsOfMandate+" AND listing = ? ORDER BY sequence LIMIT ?", tenant[:], own[:], listing[:], MaxPage); err != nil {
		return nil, err
	}
	if len(y.Bids) == 0 {
		if y.Miss, err = m.missed(ctx, &w, &l); err != nil {
			return nil, err
		}
	}
	y.Now, err = m.chance(ctx, &w, &l)
	return y, err
}

func (m *Market) chance(ctx context.Context, w *Mandate, l *Listing) (c Chance, err error) {
	g, v, err := m.onlooker(ctx, w)
	if err != nil {
		return c, err
	}
	g.byID[l.ID] = l
	f, err := m.look(ctx, g.on, l, "")
	if err != nil {
		return c, err
	}
	c.Sequence, c.At = g.sequence, g.at
	left := l.Units - min(f.units, l.Units)
	none := mandate.Reason(0)
	switch {
	case !w.Active:
		none = mandate.Revoked
	case left == 0:
		none = mandate.Full
	case !f.takes(l):
		none = mandate.Closed
	}
	line, offered := w.line(), l.offered(left)
	if unfit := mandate.Unfit(&offered, &line); unfit != 0 { // what holds for ever is told first
		none = unfit
	}
	if none != 0 {
		c.Miss = mandate.Miss{Mandate: w.ID, Listing: l.ID, Reason: none}
		return c, nil
	}
	r, err := mandate.Match(&mandate.Input{
		Listings: []mandate.Listing{offered}, Mandates: []mandate.Mandate{line}, Investors: []mandate.Investor{v},
		Allow: func(p *mandate.Piece) bool { return g.allow(ctx, p) },
		Tell:  func(x mandate.Miss) { c.Miss = x },
	})
	if err = errors.Join(err, g.failed); err != nil {
		return c, err
	}
	if len(r.Pieces) > 0 {
		c.Piece = &r.Pieces[0]
	}
	return c, nil
}

// onlooker looks at a mandate's investor as the ledger stands.
func (m *Market) onlooker(ctx context.Context, w *Mandate) (*gathering, mandate.Investor, error) {
	on, err := m.Ledgers(ctx, w.Ledger)
	if err != nil {
		return nil, mandate.Investor{}, err
	}
	g := newGathering(m, w.Tenant, on)
	if g.sequence, g.at, err = g.now(ctx); err != nil {
		return nil, mandate.Investor{}, err
	}
	v, err := g.investor(ctx, w.Ledger, w.Investor)
	return g, v, err
}

// Drift is a cap of a mandate that its investor has outgrown, with the loan, the borrower or the region.
type Drift struct {
	mandate.Drift
	Loan, Listing, Borrower id.ID
	Region                  string
}

// Drifts lists the caps of a mandate that its investor has outgrown by now.
func (m *Market) Drifts(ctx context.Context, tenant, own id.ID) (list []Drift, err error) {
	w, err := m.Mandate(ctx, tenant, own)
	if err != nil {
		return nil, err
	}
	_, v, err := m.onlooker(ctx, &w)
	if err != nil {
		return nil, err
	}
	line := w.line()
	for _, d := range mandate.Drifts(&line, &v) {
		x := Drift{Drift: d}
		switch d.Cap {
		case mandate.PerLoan: // mandates know a loan by its listing
			if x.Listing, err = id.Parse(d.Of); err != nil {
				return nil, err
			}
			l, err := m.remembered(ctx, tenant, x.Listing)
			if err != nil {
				return nil, err
			}
			x.Loan = l.Loan
		case mandate.PerBorrower:
			if x.Borrower, err = id.Parse(d.Of); err != nil {
				return nil, err
			}
		default:
			x.Region = d.Of
		}
		list = append(list, x)
	}
	return list, nil
}

// bidsOfMandate is by the index of those bids that a mandate made.
const bidsOfMandate = "tenant = ? AND length(mandate) > 0 AND mandate = ?"

// MandateBids lists the bids that a mandate made, in the order in which they came, after one.
func (m *Market) MandateBids(ctx context.Context, tenant, own, after id.ID, limit int) ([]Bid, error) {
	if limit < 1 || limit > MaxPage {
		return nil, invalid("limit", "%d, want 1 to %d", limit, MaxPage)
	}
	return m.bids(ctx, m.DB.Reader(), bidsOfMandate+afterBid, tenant[:], own[:], tenant[:], after[:], after[:], limit)
}
