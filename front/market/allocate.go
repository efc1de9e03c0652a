package market

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Allocation is what a run of the mandates came to.
type Allocation struct {
	mandate.Result
	Bids    []Bid // that were made, by piece
	Refused int   // pieces that something overtook

	told int                                         // of so many mandates it is still to be kept why they took nothing
	keep func(ctx context.Context, tx *sql.Tx) error // keeps it, or takes back what was overtaken; nil: there is nothing to keep
}

// chunk is how many bids are sent together.
const chunk = 512

// few is of how many listings it is looked up what an investor holds; of more, all that he holds is gone through.
const few = 16

// Allocate lets the open listings of a ledger be funded by mandates: it matches them as the ledger stands and sends the
// bids in their order. Caps count what an investor holds by the amounts that were bid, whatever was repaid since. The
// run names the bids: the same run again makes none twice. Why mandates took nothing is kept.
// One run at a time looks at a ledger's mandates, and only when their bids before are noted.
func (m *Market) Allocate(ctx context.Context, tenant id.ID, on string, run id.ID) (*Allocation, error) {
	a, err := m.run(ctx, tenant, on, run)
	if err != nil {
		return a, err
	}
	return a, m.keepNow(ctx, a)
}

// keepNow keeps what a run leaves to be kept in a transaction of its own, if there is anything.
func (m *Market) keepNow(ctx context.Context, a *Allocation) error {
	if a.keep == nil {
		return nil
	}
	err := m.DB.Write(ctx, func(tx *sql.Tx) error { return a.keep(ctx, tx) })
	if err == nil {
		a.told, a.keep = 0, nil
	}
	return err
}

// run is Allocate that leaves it to the caller to keep why mandates took nothing.
func (m *Market) run(ctx context.Context, tenant id.ID, on string, run id.ID) (*Allocation, error) {
	l, err := m.Ledgers(ctx, on)
	if err != nil {
		return nil, err
	}
	leave, err := m.turns.take(ctx, turn{allocating, on})
	if err != nil {
		return nil, err
	}
	defer leave()
	last, err := m.spent.take(ctx, on, l)
	if err != nil {
		return nil, err
	}
	if err := m.Await(ctx, tenant, on, last); err != nil {
		return nil, err
	}
	a, err := m.allocate(ctx, tenant, on, l, run)
	if err != nil {
		return a, err
	}
	for i := range a.Bids {
		last = max(last, a.Bids[i].Sequence)
	}
	m.spent.set(on, last)
	return a, nil
}

func (m *Market) allocate(ctx context.Context, tenant id.ID, on string, l Ledger, run id.ID) (*Allocation, error) {
	g := newGathering(m, tenant, l)
	in, err := g.gather(ctx, on)
	if err != nil {
		return nil, err
	}
	in.Allow = func(p *mandate.Piece) bool { return g.allow(ctx, p) }
	in.Tell = g.note
	in.Look = func(who id.ID) (mandate.Investor, error) { return g.investor(ctx, on, who) }
	result, err := mandate.Match(in)
	if err = errors.Join(err, g.failed); err != nil {
		return nil, err
	}
	a := &Allocation{Result: result}
	if told := g.told(result.Sold); len(told) > 0 {
		a.told, a.keep = len(told), func(ctx context.Context, tx *sql.Tx) error { return m.keepMisses(ctx, tx, g, on, told) }
	}
	if len(result.Pieces) > 0 {
		// Once there are bids no run sees again what this one has seen: why others took nothing is kept before.
		if err := m.keepNow(ctx, a); err != nil {
			return nil, err
		}
	}
	for pieces := range chunks(result.Pieces) {
		if err := g.send(ctx, a, run, pieces); err != nil {
			return a, err
		}
	}
	if wrong := slices.DeleteFunc(slices.Clone(result.Sold), func(l id.ID) bool { return !g.overtaken[l] }); len(wrong) > 0 {
		a.keep = func(ctx context.Context, tx *sql.Tx) error { return m.dropFull(ctx, tx, g, wrong) }
	}
	return a, nil
}

// gathering collects what a match depends on.
type gathering struct {
	m      *Market
	tenant id.ID
	on     Ledger
	byID   map[id.ID]*Listing
	assets map[id.ID]string           // of the investors' money
	caps   map[id.ID]*mandate.Mandate // those that have any
	failed error                      // at asking the product's rules
	misses []mandate.Miss
	untold bool // there were more
	// Of what investors hold only these listings matter; nil: all may.
	only []*Listing
	// Listings of which a piece was overtaken.
	overtaken map[id.ID]bool
	// How far the ledger was, and when.
	sequence uint64
	at       int64
}

func newGathering(m *Market, tenant id.ID, on Ledger) *gathering {
	return &gathering{m: m, tenant: tenant, on: on, byID: map[id.ID]*Listing{}, assets: map[id.ID]string{}, caps: map[id.ID]*mandate.Mandate{}, overtaken: map[id.ID]bool{}}
}

// allow asks the product's rules about a piece, as the ledger stands before the run. Of a listing whose product isn't
// there nobody gets anything; others go on.
func (g *gathering) allow(ctx context.Context, p *mandate.Piece) bool {
	l := g.byID[p.Listing]
	if g.failed != nil || g.assets[p.Investor] != l.Asset {
		return false
	}
	if g.m.Admit == nil {
		return true
	}
	f, err := g.m.look(ctx, g.on, l, Cash(p.Investor))
	if err == nil {
		err = g.m.Admit(ctx, l, g.bid(id.ID{}, p), l.Amount(f.held))
	}
	if !errs.Is(err, NotAdmitted) && !errs.Is(err, errs.NotFound) {
		g.failed = err
	}
	return err == nil
}

// bid is a piece as a bid.
func (g *gathering) bid(run id.ID, p *mandate.Piece) *Bid {
	l := g.byID[p.Listing]
	return &Bid{
		Tenant: g.tenant, ID: run.Derive(p.Mandate.String()+p.Listing.String(), 0), Listing: p.Listing, Investor: p.Investor, Mandate: p.Mandate,
		Bound: p.Bound, Amount: p.Amount, Units: uint64(p.Amount / l.Unit),
	}
}

func (g *gathering) gather(ctx context.Context, name string) (*mandate.Input, error) {
	open, err := g.m.openListings(ctx, g.tenant, name)
	if err != nil {
		return nil, err
	}
	if g.sequence, g.at, err = g.now(ctx); err != nil {
		return nil, err
	}
	listings := make([]*Listing, len(open))
	for i, own := range open {
		if listings[i], err = g.m.remembered(ctx, g.tenant, own); err != nil {
			return nil, err
		}
		g.byID[own] = listings[i]
	}
	in := &mandate.Input{}
	var offered []*Listing
	err = g.on.View(ctx, 0, func(e *ledger.Engine) {
		for _, l := range listings {
			if l.checkFigures() != nil {
				continue // it was opened before there was a bound: who would match it would match nothing
			}
			if f := g.m.figures(e, l, ""); f.takes(l) && f.units < l.Units {
				in.Listings, offered = append(in.Listings, l.offered(l.Units-f.units)), append(offered, l)
			}
		}
	})
	if err != nil || len(in.Listings) == 0 {
		return in, err
	}
	line, err := g.m.mandates(ctx, g.m.DB.Reader(), "tenant = ? AND ledger = ? AND active = 1 ORDER BY turn, id LIMIT ?", g.tenant[:], name, mandate.MaxMandates)
	if err != nil {
		return nil, err
	}
	in.Mandates = make([]mandate.Mandate, len(line))
	for i := range line {
		in.Mandates[i] = line[i].line()
		if m := &in.Mandates[i]; m.PerLoan > 0 || m.PerBorrower > 0 || m.PerRegion > 0 {
			g.caps[m.ID] = m
		}
	}
	wide := func(m mandate.Mandate) bool { return m.PerBorrower > 0 || m.PerRegion > 0 }
	if len(offered) <= few && !slices.ContainsFunc(in.Mandates, wide) {
		g.only = offered
	}
	return in, nil
}

// takes says whether a listing takes bids.
func (f *figures) takes(l *Listing) bool {
	return f.there && !f.frozen && l.Opened <= f.now && f.now < l.Closes
}

// offered is a listing as it is offered to mandates, with so many units left.
func (l *Listing) offered(left uint64) mandate.Listing {
	return mandate.Listing{
		ID: l.ID, Borrower: l.Borrower, Grade: l.Grade, Region: l.Region, Days: l.Days, Left: l.Amount(left),
		Minimum: l.Amount(l.Minimum), Step: l.Amount(l.Step), Share: l.Amount(l.Share),
	}
}

// now says how far the ledger is, and when that is by its clock.
func (g *gathering) now(ctx context.Context) (sequence uint64, at int64, err error) {
	err = g.on.View(ctx, 0, func(e *ledger.Engine) {
		sequence, at = e.Sequence(), int64(e.Now())
		if e.Clock() == ledger.RealClock {
			at = max(at, g.m.Clock.Now().UnixMicro())
		}
	})
	return sequence, at, err
}

// investor reads what somebody has, up to what a match counts to. Mandates know a loan by its listing.
func (g *gathering) investor(ctx context.Context, name string, who id.ID) (mandate.Investor, error) {
	v := mandate.Investor{ID: who, Loans: map[id.ID]int64{}, Borrowers: map[id.ID]int64{}, Regions: map[string]int64{}}
	var held []ledger.HoldingState
	err := g.on.View(ctx, 0, func(e *ledger.Engine) {
		a, there := e.Account(Cash(who))
		if !there || a.NoDebits {
			return
		}
		v.Cash, g.assets[who] = min(max(a.Available(), 0), MaxAmount), a.Asset
		if g.only == nil {
			held, _, _ = e.Holdings(a.Address, "", ledger.MaxRegisters)
		}
		for _, l := range g.only {
			if h, ok := e.Holding(l.Register, a.Address); ok {
				held = append(held, h)
			}
		}
	})
	if err != nil {
		return v, err
	}
	for i := range held {
		l, err := g.m.ownerOf(ctx, g.tenant, name, held[i].Register)
		if errs.Is(err, errs.NotFound) {
			continue // another front's register
		}
		if err != nil {
			return v, err
		}
		amount := l.Amount(min(held[i].Units, l.Units))
		v.Loans[l.ID] = min(v.Loans[l.ID]+amount, MaxAmount)
		v.Borrowers[l.Borrower] = min(v.Borrowers[l.Borrower]+amount, MaxAmount)
		v.Regions[l.Region] = min(v.Regions[l.Region]+amount, MaxAmount)
	}
	return v, nil
}

// send makes bids of pieces, in their order. While they are under way nobody named in them bids on any listing.
func (g *gathering) send(ctx context.Context, a *Allocation, run id.ID, pieces []mandate.Piece) error {
	release, pieces, err := g.turns(ctx, a, pieces)
	if err != nil {
		return err
	}
	defer release()
	var bids []Bid
	ahead := map[id.ID]uint64{} // units of the pieces before, by listing
	var commands []*ledger.Command
	for i := range pieces {
		l, b := g.byID[pieces[i].Listing], g.bid(run, &pieces[i])
		err := g.m.admit(ctx, g.on, l, b, ahead[l.ID])
		if err == nil {
			err = g.capped(ctx, l, b)
		}
		if overtaken(err) {
			a.Refused++
			g.overtaken[l.ID] = true
			continue
		} else if err != nil {
			return err
		}
		ahead[l.ID] += b.Units
		bids, commands = append(bids, *b), append(commands, l.bidCommand(b))
	}
	if len(commands) == 0 {
		return nil
	}
	answers, err := g.on.Apply(ctx, commands)
	if err != nil {
		return err
	}
	var failed error
	for i := range answers {
		r := &answers[i].Result
		switch err := answered(&answers[i]); {
		case err == nil && r.Code == ledger.Applied:
			bids[i].Sequence, bids[i].At = r.Sequence, int64(r.Timestamp)
			g.m.remember(bids[i])
			a.Bids = append(a.Bids, bids[i])
		case err == nil, errs.Is(err, errs.Conflict): // of the same run, which was tried before: that piece stands
			a.Refused++
			g.overtaken[bids[i].Listing] = true
		default:
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// capped refuses a piece that is above its mandate's caps by now: the investor may have bid or bought since he was looked at.
func (g *gathering) capped(ctx context.Context, l *Listing, b *Bid) error {
	m, caps := g.caps[b.Mandate]
	if !caps {
		return nil
	}
	v, err := g.investor(ctx, l.Ledger, b.Investor)
	if err != nil {
		return err
	}
	after := mandate.Investor{
		Loans: map[id.ID]int64{l.ID: v.Loans[l.ID] + b.Amount}, Borrowers: map[id.ID]int64{l.Borrower: v.Borrowers[l.Borrower] + b.Amount},
		Regions: map[string]int64{l.Region: v.Regions[l.Region] + b.Amount},
	}
	if len(mandate.Drifts(m, &after)) > 0 {
		return ShareReached.Errorf("above the mandate's caps").On("amount")
	}
	return nil
}

// overtaken says whether a piece can't be had any more. Everything else that fails is no answer to a mandate.
func overtaken(err error) bool {
	for _, code := range []errs.Code{Closed, SoldOut, ShareReached, NotAdmitted, errs.Invalid} {
		if errs.Is(err, code) {
			return true
		}
	}
	return false
}

// chunks cuts pieces into what is sent together. An investor is in a chunk only once, so that rules and caps see his piece
// before.
func chunks(list []mandate.Piece) iter.Seq[[]mandate.Piece] {
	return func(yield func([]mandate.Piece) bool) {
		for len(list) > 0 {
			n, seen := 0, map[id.ID]bool{}
			for n < min(len(list), chunk) && !seen[list[n].Investor] {
				seen[list[n].Investor] = true
				n++
			}
			if !yield(list[:n:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// turns takes all turns that pieces need. Pieces for which too many wait are left out.
func (g *gathering) turns(ctx context.Context, a *Allocation, pieces []mandate.Piece) (release func(), rest []mandate.Piece, err error) {
	for {
		var names []turn
		for i := range pieces {
			names = append(names, turnsOf(g.byID[pieces[i].Listing], pieces[i].Investor)...)
		}
		release, full, err := g.m.turns.takeAll(ctx, names)
		if !errs.Is(err, errs.Overloaded) {
			return release, pieces, err
		}
		before := len(pieces)
		pieces = slices.DeleteFunc(slices.Clone(pieces), func(p mandate.Piece) bool {
			out := slices.Contains(turnsOf(g.byID[p.Listing], p.Investor), full)
			g.overtaken[p.Listing] = g.overtaken[p.Listing] || out
			return out
		})
		a.Refused += before - len(pieces)
	}
}
