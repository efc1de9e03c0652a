package ground

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/overview"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// openMarket opens where loans are funded, with the rules by which bids are admitted.
func (g *Ground) openMarket(ctx context.Context, c *Config) (err error) {
	g.Market, err = market.New(ctx, market.Config{DB: g.DB, Plan: g.Plan, Orders: g.Orders, Clock: c.Clock, Ledgers: c.Ledgers, Noted: c.Noted, Admit: g.admission.Admit, Class: g.admission.Class})
	if err != nil {
		return err
	}
	g.admission.Products, g.admission.Parties, g.admission.Holdings, g.admission.Clock = g.Products, g.Parties, g.Market, c.Clock
	return nil
}

// openTrading opens the sale of claims on loans, and what an investor sees of all he has.
func (g *Ground) openTrading(ctx context.Context, c *Config) (err error) {
	t := &traded{ground: g, ledgers: c.Ledgers}
	g.Sales, err = sale.New(ctx, sale.Config{DB: g.DB, Plan: g.Plan, Orders: g.Orders, Ledgers: c.Ledgers, Loans: t, Now: ledgers{c}.Now, Admit: t.admit, Class: t.class, Await: g.Market.Await, Turn: g.Market.Turn, Sold: g.sold})
	g.Loans.Watch(servicing.Watching(t.changed, t.looked))
	g.Valuer = accounting.NewValuer(g.Books, ledgers{c}, Claims{g.Loans, g.Sales, g.Products, cmp.Or(c.Log, slog.New(slog.DiscardHandler))})
	g.Overview = &overview.Overview{Market: g.Market, Sales: g.Sales, Loans: g.Loans, Now: ledgers{c}.Now}
	return err
}

// sold lets the note of a trade be made.
func (g *Ground) sold(ctx context.Context, tx *sql.Tx, t *sale.Trade, at int64) error {
	return g.Papers.Sold(ctx, tx, t, at)
}

// traded shows the loans in servicing to those who sell claims on them.
type traded struct {
	ground  *Ground
	ledgers func(ctx context.Context, name string) (market.Ledger, error)
}

// While calls f with a loan as it stands, and keeps every other act of the loan waiting.
func (t *traded) While(ctx context.Context, tenant, loanID id.ID, f func(*sale.Loan) error) error {
	return t.ground.Loans.While(ctx, tenant, loanID, func(l *servicing.Loan, today day.Date) error {
		sold, err := t.loan(ctx, l, today)
		if err != nil {
			return err
		}
		return f(sold)
	})
}

func (t *traded) loan(ctx context.Context, l *servicing.Loan, today day.Date) (*sale.Loan, error) {
	p, err := t.ground.Products.Get(ctx, l.Tenant, l.Product, uint64(l.Deed.Version))
	if err != nil {
		return nil, err
	}
	on, err := t.ledgers(ctx, l.Ledger)
	if err != nil {
		return nil, err
	}
	units := uint64(0)
	if err := on.View(ctx, 0, func(e *ledger.Engine) {
		r, _ := e.Register(l.Places.Register)
		units = r.Units
	}); err != nil {
		return nil, err
	}
	state, accrued, err := l.Ahead(today, 1)
	if err != nil {
		return nil, err
	}
	now := claim.LoanOf(state, accrued[0], today, units)
	claimed, err := l.Claimed(state)
	if err != nil {
		return nil, err
	}
	if now.Outstanding -= claimed[loan.Principal]; l.Lost {
		now.State = claim.WrittenOff
	}
	return &sale.Loan{
		Loan: now, ID: l.Deed.Loan, Borrower: l.Borrower, Product: p.Product, Ledger: l.Ledger, Register: l.Places.Register,
		Fees:  receivers(&l.Places),
		Since: l.Since, Changed: l.Changed(),
	}, nil
}

// receivers are the accounts of those who get fees of sales.
func receivers(p *servicing.Places) map[catalog.Receiver]string {
	return map[catalog.Receiver]string{catalog.ToPlatform: p.Platform, catalog.ToReserve: p.Reserve, catalog.ToGuarantors: cmp.Or(p.Guarantee, p.Platform)}
}

// admit lets a buyer hold what a bidder could: what the product says of those who fund a loan holds for those who buy it.
func (t *traded) admit(ctx context.Context, tenant id.ID, l *sale.Loan, buyer id.ID, units uint64, price int64) error {
	if buyer == l.Borrower {
		return market.Own.Errorf("the buyer is the borrower of this loan").On("buyer")
	}
	of, h, err := t.holding(ctx, tenant, l, buyer)
	if of == nil || err != nil {
		return err
	}
	if h.Units+units > of.Share {
		return market.ShareReached.Errorf("one investor may hold %d units of this loan, and you hold %d already", of.Share, h.Units).On("buyer")
	}
	err = t.ground.admission.Admit(ctx, of, &market.Bid{Tenant: tenant, Investor: buyer, Amount: price}, of.Amount(h.Units))
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e.On("buyer")
	}
	return err
}

// class is that of what a buyer gets: of what he holds of the loan already, or that of his own.
func (t *traded) class(ctx context.Context, tenant id.ID, l *sale.Loan, buyer id.ID) (uint8, error) {
	of, h, err := t.holding(ctx, tenant, l, buyer)
	if err != nil || h.Units > 0 || of == nil {
		return h.Class, err
	}
	return t.ground.admission.Class(ctx, of, buyer)
}

// holding is what a buyer has of a loan, with its listing, nil if it was not funded through the market.
func (t *traded) holding(ctx context.Context, tenant id.ID, l *sale.Loan, buyer id.ID) (of *market.Listing, h ledger.HoldingState, err error) {
	on, err := t.ledgers(ctx, l.Ledger)
	if err != nil {
		return nil, h, err
	}
	if err := on.View(ctx, 0, func(e *ledger.Engine) { h, _ = e.Holding(l.Register, market.Cash(buyer)) }); err != nil {
		return nil, h, err
	}
	if of, err = t.ground.Market.ListingOfLoan(ctx, tenant, l.ID); errs.Is(err, errs.NotFound) {
		return nil, h, nil
	}
	return of, h, err
}

// change is an event of a loan after which the offers on it are looked at.
type change struct {
	of *servicing.Loan
	by *servicing.Event
}

// changed says whether the offers on a loan are looked at: after anything but an ordinary payment.
func (t *traded) changed(_ context.Context, l *servicing.Loan, e *servicing.Event, state servicing.State) ([]change, error) {
	if e.Outcome != servicing.Applied || e.Kind == servicing.Disbursed || e.Kind == servicing.Repaid && state != servicing.Closed {
		return nil, nil
	}
	return []change{{l, e}}, nil
}

// looked lets the offers on loans be looked at.
func (t *traded) looked(ctx context.Context, tx *sql.Tx, list []change) error {
	for _, c := range list {
		if err := t.ground.Sales.Changed(ctx, tx, c.of.Tenant, c.of.Deed.Loan, c.of.Ledger, c.by.ID, c.by.At); err != nil {
			return err
		}
	}
	return nil
}

// forget lets the market see what has changed of a party.
func (g *Ground) forget(tenant, party id.ID) { g.admission.Forget(tenant, party) }
