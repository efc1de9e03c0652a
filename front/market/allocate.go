package market

import (
	"context"
	"slices"
	"strings"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/id"
)

// Allocation is what a run of the mandates came to.
type Allocation struct {
	mandate.Result
	Bids    []Bid // that were made, by piece
	Refused int   // pieces that something overtook
}

// chunk is how many bids are sent together.
const chunk = 512

// Allocate lets the open listings of a ledger be funded by mandates: it matches them as the ledger stands and sends the
// bids in their order. Caps count what an investor holds by the amounts that were bid, whatever was repaid since. The
// run names the bids: the same run again makes none twice. Of the mandates asked about it is told why they took nothing.
func (m *Market) Allocate(ctx context.Context, tenant id.ID, on string, run id.ID, asked ...id.ID) (*Allocation, error) {
	l, err := m.Ledgers(ctx, on)
	if err != nil {
		return nil, err
	}
	g := &gathering{m: m, tenant: tenant, on: l, byRegister: map[string]*Listing{}, byID: map[id.ID]*Listing{}}
	in, err := g.gather(ctx, on)
	if err != nil {
		return nil, err
	}
	in.Asked = asked
	result, err := mandate.Match(in)
	if err != nil {
		return nil, err
	}
	a := &Allocation{Result: result}
	for pieces := range slices.Chunk(result.Pieces, chunk) {
		if err := g.send(ctx, a, run, pieces); err != nil {
			return a, err
		}
	}
	return a, nil
}

// gathering collects what a match depends on.
type gathering struct {
	m          *Market
	tenant     id.ID
	on         Ledger
	byRegister map[string]*Listing
	byID       map[id.ID]*Listing
}

func (g *gathering) gather(ctx context.Context, name string) (*mandate.Input, error) {
	all, err := g.m.listings(ctx, g.m.DB.Reader(), "tenant = ? AND ledger = ? ORDER BY opened, id", g.tenant[:], name)
	if err != nil {
		return nil, err
	}
	in := &mandate.Input{}
	for i := range all {
		l := &all[i]
		g.byRegister[l.Register], g.byID[l.ID] = l, l
		if l.State != Open && l.State != Opening {
			continue
		}
		f, err := g.m.look(ctx, g.on, l, "")
		if err != nil {
			return nil, err
		}
		if f.there && !f.frozen && l.Opened <= f.now && f.now < l.Closes && f.units < l.Units {
			in.Listings = append(in.Listings, mandate.Listing{
				ID: l.ID, Borrower: l.Borrower, Grade: l.Grade, Region: l.Region, Days: l.Days, Left: l.Amount(l.Units - f.units),
				Minimum: l.Amount(l.Minimum), Step: l.Amount(l.Step), Share: l.Amount(l.Share),
			})
		}
	}
	line, err := g.m.mandates(ctx, g.m.DB.Reader(), "tenant = ? AND ledger = ? AND active = 1 ORDER BY turn, id LIMIT ?", g.tenant[:], name, mandate.MaxMandates)
	if err != nil {
		return nil, err
	}
	seen := map[id.ID]bool{}
	for i := range line {
		in.Mandates = append(in.Mandates, line[i].line())
		if who := line[i].Investor; !seen[who] {
			seen[who] = true
			v, err := g.investor(ctx, who)
			if err != nil {
				return nil, err
			}
			in.Investors = append(in.Investors, v)
		}
	}
	return in, nil
}

// investor reads what somebody has. Mandates know a loan by its listing.
func (g *gathering) investor(ctx context.Context, who id.ID) (mandate.Investor, error) {
	v := mandate.Investor{ID: who, Loans: map[id.ID]int64{}, Borrowers: map[id.ID]int64{}, Regions: map[string]int64{}}
	err := g.on.View(ctx, 0, func(e *ledger.Engine) {
		a, there := e.Account(Cash(who))
		if !there || a.NoDebits {
			return
		}
		v.Cash = max(a.Available(), 0)
		held, _, _ := e.Holdings(a.Address, "", ledger.MaxRegisters)
		for i := range held {
			if l := g.byRegister[held[i].Register]; l != nil {
				amount := l.Amount(held[i].Units)
				v.Loans[l.ID] += amount
				v.Borrowers[l.Borrower] += amount
				v.Regions[l.Region] += amount
			}
		}
	})
	return v, err
}

// send makes bids of pieces, in their order. While they are under way nobody named in them bids on the same listing.
func (g *gathering) send(ctx context.Context, a *Allocation, run id.ID, pieces []mandate.Piece) error {
	release, err := g.turns(ctx, pieces)
	if err != nil {
		return err
	}
	defer release()
	var bids []Bid
	var commands []*ledger.Command
	for i := range pieces {
		p, l := &pieces[i], g.byID[pieces[i].Listing]
		b := Bid{
			Tenant: g.tenant, ID: run.Derive(p.Mandate.String()+p.Listing.String(), 0), Listing: p.Listing, Investor: p.Investor, Mandate: p.Mandate,
			Amount: p.Amount, Units: uint64(p.Amount / l.Unit),
		}
		if g.m.admit(ctx, g.on, l, &b) != nil {
			a.Refused++
			continue
		}
		bids, commands = append(bids, b), append(commands, l.bidCommand(&b))
	}
	if len(commands) == 0 {
		return nil
	}
	answers, err := g.on.Apply(ctx, commands)
	if err != nil {
		return err
	}
	for i := range answers {
		if r := &answers[i].Result; r.Code == ledger.Applied {
			bids[i].Sequence, bids[i].At = r.Sequence, int64(r.Timestamp)
			g.m.recent.add(bids[i])
			a.Bids = append(a.Bids, bids[i])
		} else {
			a.Refused++
		}
	}
	return nil
}

// turns takes all turns that pieces need, always in the same order, so that two runs never wait for each other.
func (g *gathering) turns(ctx context.Context, pieces []mandate.Piece) (release func(), err error) {
	var names []turn
	for i := range pieces {
		names = append(names, turn{g.byID[pieces[i].Listing].Register, Cash(pieces[i].Investor)})
	}
	slices.SortFunc(names, func(a, b turn) int {
		if c := strings.Compare(a.register, b.register); c != 0 {
			return c
		}
		return strings.Compare(a.account, b.account)
	})
	var taken []func()
	release = func() {
		for _, leave := range taken {
			leave()
		}
	}
	for _, name := range slices.Compact(names) {
		leave, err := g.m.turns.take(ctx, name)
		if err != nil {
			release()
			return nil, err
		}
		taken = append(taken, leave)
	}
	return release, nil
}
