package ground

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/kit/logging"
)

// Claims are the platform's parts of loans, as the books value them.
type Claims struct {
	Loans    *servicing.Servicing
	Sales    *sale.Sales // nil: claims are not sold
	Products *catalog.Catalog
	Log      *slog.Logger
}

// Lines gives what the accounts of a basis have of each loan to a function.
func (c Claims) Lines(ctx context.Context, tenant id.ID, name string, b *accounting.Basis, on ledger.Date, f func(*accounting.Line) error) error {
	owner := servicing.Owner{Ledger: name, Asset: b.Asset, Accounts: b.Own, Tax: b.TaxPart()}
	if c.Sales != nil {
		if err := c.Sales.Current(ctx, tenant, name); err != nil {
			return err
		}
		owner.Traded = c.traded
	}
	return c.Loans.EachOwned(ctx, tenant, owner, day.Date(on.UnixDay()), func(o *servicing.Owned) error {
		return f(&accounting.Line{
			Claim: o.Loan, Bucket: o.Bucket, Interest: o.Interest, Fees: o.Fees, Received: o.Received, Exposed: o.Principal + o.Claims,
			Tax: &accounting.Tax{Fees: o.FeesTax, Received: o.ReceivedTax},
		})
	})
}

// traded are the fees that the platform got of the sales of loans' claims until a day. The loans are in the order of their ids.
func (c Claims) traded(ctx context.Context, loans []*servicing.Loan, on day.Date) (map[id.ID]servicing.Fees, error) {
	first, last := loans[0], loans[len(loans)-1]
	sold, err := c.Sales.Traded(ctx, first.Tenant, first.Deed.Loan, last.Deed.Loan, on)
	if err != nil || len(sold) == 0 {
		return nil, err
	}
	fees := map[id.ID]servicing.Fees{}
	for _, l := range loans {
		if !slices.Contains(sold, l.Deed.Loan) {
			continue
		}
		if fees[l.Deed.Loan], err = c.feesOf(ctx, l, on); err != nil {
			return nil, fmt.Errorf("loan %s: %w", l.Deed.Loan, err)
		}
	}
	return fees, nil
}

// feesOf are the fees that the platform got of the sales of a loan's claims. One sale that is not by the product keeps nobody from valuing: it is left
// out, and the log names it.
func (c Claims) feesOf(ctx context.Context, l *servicing.Loan, on day.Date) (fees servicing.Fees, err error) {
	product, err := c.Products.Get(ctx, l.Tenant, l.Product, uint64(l.Deed.Version))
	if err != nil {
		return fees, err
	}
	to := receivers(&l.Places)
	err = c.Sales.EachTrade(ctx, l.Tenant, l.Deed.Loan, on, func(t *sale.Trade) error {
		list, err := t.Charged(product.Product)
		if err != nil {
			c.Log.Warn("a sale's fees are not in the books' tax", logging.Ledger, t.Ledger, logging.ID, t.Sale, logging.Sequence, t.Sequence, logging.Error, err)
			return nil
		}
		for _, x := range list {
			if err := charged(&fees, &x, func(r catalog.Receiver) bool { return to[r] == l.Places.Platform }); err != nil {
				return err
			}
		}
		return nil
	})
	return fees, err
}

// charged adds the platform's parts of a fee.
func charged(fees *servicing.Fees, c *catalog.Charged, ours func(catalog.Receiver) bool) error {
	parts, err := catalog.Divide(c.Amount, c.Fee.Shares, catalog.ToPlatform)
	if err != nil {
		return err
	}
	tax, err := c.Fee.TaxPart()
	if err != nil {
		return err
	}
	for _, p := range parts {
		if !ours(p.To) {
			continue
		}
		fees.Amount += p.Amount
		if c.Fee.Tax != nil {
			fees.Taxed.Add(p.Amount, tax)
		}
	}
	return nil
}
