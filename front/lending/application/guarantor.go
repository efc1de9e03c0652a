package application

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Guarantor is the role in which one acts who pays for the borrower when he does not. He is no party of the order, whose
// parties see all that the borrower states: a reference names him.
const Guarantor = "guarantor"

// ReferenceGuarantor is the type of the references that name guarantors.
const ReferenceGuarantor = 2002

// Bounds of guarantors.
const (
	MaxGuarantors = 5
	maxShare      = 1_000_000
	maxLimit      = 9_000_000_000_000_000
)

// Unsigned means that those who guarantee a loan have not all signed: the borrower signs last.
var Unsigned = errs.Define("guarantors_unsigned", http.StatusConflict, "The guarantors have not all signed")

// guarantors fixes who guarantees, each by his cash account, as the product wants it.
func (n *New) guarantors(p *catalog.Product) ([]agreement.Guarantor, error) {
	refuse := func(i int, field, format string, args ...any) ([]agreement.Guarantor, error) {
		return nil, errs.Invalid.Errorf(format, args...).On(fmt.Sprintf("guarantors[%d].%s", i, field))
	}
	switch {
	case len(n.Guarantors) == 0:
		return nil, nil
	case len(n.Guarantors) > MaxGuarantors:
		return nil, errs.Invalid.Errorf("%d, at most %d", len(n.Guarantors), MaxGuarantors).On("guarantors")
	case !slices.Contains(p.Losses.Order, catalog.GuarantorsPay):
		return nil, errs.Invalid.Errorf("the product has no guarantors").On("guarantors")
	}
	list := slices.Clone(n.Guarantors)
	for i := range list {
		g := &list[i]
		err := g.Party.Check()
		switch {
		case err != nil:
			return refuse(i, "party", "%v", err)
		case g.Party == n.Borrower:
			return refuse(i, "party", "nobody guarantees his own loan")
		case slices.ContainsFunc(list[:i], func(o agreement.Guarantor) bool { return o.Party == g.Party }):
			return refuse(i, "party", "he stands here twice")
		case p.Losses.Guarantors == catalog.InShares && (g.Share < 1 || g.Share > maxShare):
			return refuse(i, "share", "each pays his share: want 1 to %d", maxShare)
		case p.Losses.Guarantors != catalog.InShares && g.Share != 0:
			return refuse(i, "share", "one pays after the other, in this order: want none")
		case g.Limit < 0 || g.Limit > maxLimit:
			return refuse(i, "limit", "want 0 to %d", int64(maxLimit))
		}
		g.Account = market.Cash(g.Party)
	}
	return list, nil
}

// references name the guarantors.
func references(list []agreement.Guarantor) (refs []order.Reference) {
	for _, g := range list {
		refs = append(refs, order.Reference{Type: ReferenceGuarantor, Value: g.Party})
	}
	return refs
}

// Guarantees says whether a party guarantees the loan.
func (a *Application) Guarantees(of id.ID) bool {
	return slices.ContainsFunc(a.Guarantors, func(g agreement.Guarantor) bool { return g.Party == of })
}

// SignedAt is when a party signed the agreement as it was offered, 0 if it did not.
func (d *Desk) SignedAt(ctx context.Context, a *Application, of id.ID) (int64, error) {
	if a.Contract == "" {
		return 0, nil
	}
	digest, err := a.Digest()
	if err != nil {
		return 0, err
	}
	s, err := d.Signer.Signature(ctx, a.Tenant, a.ID, of)
	if err != nil || s.Hash != digest {
		return 0, err
	}
	return s.At, nil
}

// may refuses who has nothing to sign, and the borrower as long as somebody of the guarantors has not signed: what he
// signs is what all have agreed to.
func (d *Desk) may(ctx context.Context, a *Application, of id.ID) error {
	if of != a.Borrower {
		if !a.Guarantees(of) {
			return errs.Forbidden.Errorf("this party has nothing to sign here")
		}
		return nil
	}
	left := 0
	for _, g := range a.Guarantors {
		at, err := d.SignedAt(ctx, a, g.Party)
		if err != nil {
			return err
		}
		if at == 0 {
			left++
		}
	}
	if left > 0 {
		return Unsigned.Errorf("%d of %d guarantors sign first", left, len(a.Guarantors))
	}
	return nil
}
