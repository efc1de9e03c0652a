package overview

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/portfolio"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Loans knows the loans that were paid out.
type Loans interface {
	Get(ctx context.Context, tenant, loan id.ID) (*servicing.Loan, error)
	Takeovers(ctx context.Context, tenant id.ID, ledger, account string) ([]servicing.Takeover, error)
}

// Overview gathers from the open modules.
type Overview struct {
	Market *market.Market
	Sales  *sale.Sales
	Loans  Loans
	Now    func(ctx context.Context, ledger string) (time.Time, error) // its instant, in its zone

	kept kept
}

// Portfolio is what an investor has in a ledger.
func (o *Overview) Portfolio(ctx context.Context, tenant id.ID, on string, investor id.ID) (*portfolio.Portfolio, error) {
	now, err := o.Now(ctx, on)
	if err != nil {
		return nil, err
	}
	g := &gathering{o, ctx, tenant, on, investor, now.Location(), day.Date(ledger.DateOf(now).UnixDay()), map[id.ID]*portfolio.Holding{}}
	in := portfolio.Input{On: g.today}
	if in.InBids, err = g.bids(); err != nil {
		return nil, err
	}
	if err := g.trades(); err != nil {
		return nil, err
	}
	if err := g.takeovers(); err != nil {
		return nil, err
	}
	if err := g.others(); err != nil {
		return nil, err
	}
	if in.Cash, err = g.ledger(); err != nil {
		return nil, err
	}
	for _, h := range g.holdings {
		slices.SortFunc(h.Changes, func(a, b portfolio.Change) int { return int(int64(a.Sequence) - int64(b.Sequence)) })
		in.Holdings = append(in.Holdings, *h)
	}
	slices.SortFunc(in.Holdings, func(a, b portfolio.Holding) int { return slices.Compare(a.Loan.ID[:], b.Loan.ID[:]) })
	return portfolio.Of(&in)
}

// gathering is one portfolio under way.
type gathering struct {
	*Overview
	ctx      context.Context
	tenant   id.ID
	on       string
	investor id.ID
	zone     *time.Location
	today    day.Date
	holdings map[id.ID]*portfolio.Holding // by loan
}

// date is the day of an instant.
func (g *gathering) date(micros int64) day.Date {
	return day.Date(ledger.DateOf(time.UnixMicro(micros).In(g.zone)).UnixDay())
}

// holding is what the investor has, or had, of the loan behind a listing.
func (g *gathering) holding(l *market.Listing) (*portfolio.Holding, error) {
	if h := g.holdings[l.Loan]; h != nil {
		return h, nil
	}
	figures, err := g.figures(g.ctx, l, g.today)
	if err != nil {
		return nil, err
	}
	h := &portfolio.Holding{Loan: figures}
	g.holdings[l.Loan] = h
	return h, nil
}

// ahead works out the figures of loans that are not kept, as many at a time as there are processors: on a new day those that
// are overdue, or of which something falls due.
func (g *gathering) ahead(list []*market.Listing) error {
	workers := min(runtime.GOMAXPROCS(0), len(list))
	errs := make([]error, workers)
	var next atomic.Int64
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			for n := next.Add(1); n <= int64(len(list)) && errs[w] == nil; n = next.Add(1) {
				_, errs[w] = g.figures(g.ctx, list[n-1], g.today)
			}
		})
	}
	working.Wait()
	return errors.Join(errs...)
}

// bids notes what was paid for bids that were funded, and sums up those that are open.
func (g *gathering) bids() (open int64, err error) {
	listings := map[id.ID]*market.Listing{}
	for after := (id.ID{}); ; {
		list, err := g.Market.Stakes(g.ctx, g.tenant, g.investor, after, market.MaxPage)
		if err != nil {
			return 0, err
		}
		var funded []*market.Listing
		for i := range list {
			l := listings[list[i].Listing]
			if l != nil {
				continue
			}
			if l, err = g.Market.Remembered(g.ctx, g.tenant, list[i].Listing); err != nil {
				return 0, err
			}
			if listings[l.ID] = l; l.Ledger == g.on && l.State == market.Funded {
				funded = append(funded, l)
			}
		}
		if err := g.ahead(funded); err != nil {
			return 0, err
		}
		for i := range list {
			b := &list[i]
			after = b.ID
			l := listings[b.Listing]
			switch {
			case b.Ended != 0 || l.Ledger != g.on || l.State == market.Returned || l.State == market.Failed:
			case l.State == market.Funded:
				h, err := g.holding(l)
				if err != nil {
					return 0, err
				}
				h.Changes = append(h.Changes, portfolio.Change{Date: g.date(b.At), Sequence: b.Sequence, Units: int64(b.Units), Money: -b.Amount})
			default:
				open += b.Amount
			}
		}
		if len(list) < market.MaxPage {
			return open, nil
		}
	}
}

// trades notes what was paid and got for claims.
func (g *gathering) trades() error {
	for after := uint64(0); ; {
		list, err := g.Sales.Trades(g.ctx, g.tenant, g.on, g.investor, after, sale.MaxPage)
		if err != nil {
			return err
		}
		for i := range list {
			t := &list[i]
			after = t.Sequence
			h, err := g.holdingOf(t.Loan)
			if err != nil {
				return err
			}
			c := portfolio.Change{Date: t.Date, Sequence: t.Sequence, Units: int64(t.Units), Money: -t.Pays}
			if t.Seller == g.investor {
				c.Units, c.Money = -c.Units, t.Receives
			}
			h.Changes = append(h.Changes, c)
		}
		if len(list) < sale.MaxPage {
			return nil
		}
	}
}

// takeovers notes what was paid and got when a loan was taken over by who paid for the borrower.
func (g *gathering) takeovers() error {
	list, err := g.Loans.Takeovers(g.ctx, g.tenant, g.on, market.Cash(g.investor))
	if err != nil {
		return err
	}
	for _, t := range list {
		h, err := g.holdingOf(t.Loan)
		if err != nil {
			return err
		}
		h.Changes = append(h.Changes, portfolio.Change{Date: t.Date, Sequence: t.Sequence, Units: t.Units, Money: t.Money})
	}
	return nil
}

// holdingOf is what the investor has, or had, of a loan.
func (g *gathering) holdingOf(loan id.ID) (*portfolio.Holding, error) {
	l, err := g.Market.ListingOfLoan(g.ctx, g.tenant, loan)
	if errs.Is(err, errs.NotFound) {
		l, err = g.unlisted(loan)
	}
	if err != nil {
		return nil, err
	}
	return g.holding(l)
}

// others finds what came to the investor in another way, such as the claim on a loan that he has paid out.
func (g *gathering) others() error {
	list, err := g.Market.Held(g.ctx, g.tenant, g.on, g.investor)
	if err != nil {
		return err
	}
	for i := range list {
		if l := list[i].Listing; g.holdings[l.Loan] == nil {
			l, err := g.Market.Remembered(g.ctx, g.tenant, l.ID)
			if err == nil && l.State == market.Funded {
				_, err = g.holding(l)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// unlisted stands for the listing of a loan that was not funded through the market.
func (g *gathering) unlisted(loan id.ID) (*market.Listing, error) {
	l, err := g.Loans.Get(g.ctx, g.tenant, loan)
	if err != nil {
		return nil, err
	}
	return &market.Listing{Tenant: g.tenant, Loan: loan, Borrower: l.Borrower, Ledger: l.Ledger, Terms: market.Terms{Register: l.Places.Register}}, nil
}

// ledger reads the investor's account and his holdings as they are now.
func (g *gathering) ledger() (cash int64, err error) {
	on, err := g.Market.Ledgers(g.ctx, g.on)
	if err != nil {
		return 0, err
	}
	byRegister := map[string]*portfolio.Holding{}
	for _, h := range g.holdings {
		byRegister[h.Loan.Register] = h
	}
	err = on.View(g.ctx, 0, func(e *ledger.Engine) {
		account := market.Cash(g.investor)
		a, _ := e.Account(account)
		cash = a.Balance()
		for register, h := range byRegister {
			r, _ := e.Register(register)
			h.Of = r.Units
			now, ok := e.Holding(register, account)
			if !ok {
				continue
			}
			h.Units, h.Class = now.Units, now.Class
			for t := range now.Rows {
				if t == 0 {
					h.Principal = now.Rows[t].Paid
				} else {
					h.Other += now.Rows[t].Paid
				}
			}
		}
	})
	return cash, err
}
