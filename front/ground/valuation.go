package ground

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/accounting"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// Claims are the platform's parts of loans, as the books value them.
type Claims struct{ Loans *servicing.Servicing }

// Lines gives what the accounts of a basis have of each loan to a function.
func (c Claims) Lines(ctx context.Context, tenant id.ID, name string, b *accounting.Basis, on ledger.Date, f func(*accounting.Line) error) error {
	owner := servicing.Owner{Ledger: name, Asset: b.Asset, Accounts: b.Own, Tax: b.TaxPart()}
	return c.Loans.EachOwned(ctx, tenant, owner, day.Date(on.UnixDay()), func(o *servicing.Owned) error {
		return f(&accounting.Line{
			Claim: o.Loan, Bucket: o.Bucket, Interest: o.Interest, Fees: o.Fees, Received: o.Received, Exposed: o.Principal + o.Claims,
			Tax: &accounting.Tax{Fees: o.FeesTax, Received: o.ReceivedTax},
		})
	})
}
