package ground

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/id"
)

// Claims are the platform's parts of loans, as the books value them.
type Claims struct {
	Loans    *servicing.Servicing
	Sales    *sale.Sales // nil: claims are not sold
	Products *catalog.Catalog
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

// traded are the fees that the platform got of the sales of a loan's claims until a day.
func (c Claims) traded(ctx context.Context, l *servicing.Loan, on day.Date) (fees servicing.Fees, err error) {
	var product *catalog.Product
	to := receivers(&l.Places)
	err = c.Sales.EachTrade(ctx, l.Tenant, l.Deed.Loan, on, func(t *sale.Trade) error {
		if product == nil {
			v, err := c.Products.Get(ctx, l.Tenant, l.Product, uint64(l.Deed.Version))
			if err != nil {
				return err
			}
			product = v.Product
		}
		list, err := t.Charged(product)
		if err != nil {
			return err
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
