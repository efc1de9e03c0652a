package admission

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Products has the versions of products.
type Products interface {
	Get(ctx context.Context, tenant id.ID, code string, number uint64) (catalog.Version, error)
}

// Parties knows investors.
type Parties interface {
	Vouched(ctx context.Context, tenant, party id.ID) (party.Party, []party.Attestation, error)
}

// Holdings knows what an investor holds.
type Holdings interface {
	Held(ctx context.Context, tenant id.ID, ledger string, investor id.ID) ([]market.Held, error)
}

// Admission decides on bids.
type Admission struct {
	Products Products
	Parties  Parties
	Holdings Holdings
	Clock    clock.Clock

	rules    sync.Map // *rules by version
	profiles profiles
}

type version struct {
	tenant id.ID
	code   string
	number uint32
}

// rules are those of one version of a product, which never change.
type rules struct {
	*catalog.Rules
	asked   []string
	product *catalog.Product
}

// asks says whether any of some facts is asked for.
func (r *rules) asks(names ...string) bool {
	return slices.ContainsFunc(r.asked, func(fact string) bool { return slices.Contains(names, fact) })
}

func (a *Admission) rulesOf(ctx context.Context, l *market.Listing) (*rules, error) {
	v := version{l.Tenant, l.Product, l.Version}
	if known, ok := a.rules.Load(v); ok {
		return known.(*rules), nil
	}
	p, err := a.Products.Get(ctx, l.Tenant, l.Product, uint64(l.Version))
	if err != nil {
		return nil, fmt.Errorf("product of listing %s: %w", l.ID, err)
	}
	r := &rules{product: p.Product}
	if r.Rules, err = catalog.NewRules(p.Product); err != nil {
		return nil, fmt.Errorf("rules of product %s, version %d: %w", l.Product, l.Version, err)
	}
	r.asked = r.Asked()
	a.rules.Store(v, r)
	return r, nil
}

// Admit refuses a bid that the limits of the listing's product are against, with the rules that fail and their facts. A
// listing of version 0 is of no product of the catalog. held is what the investor has bid for it before.
func (a *Admission) Admit(ctx context.Context, l *market.Listing, b *market.Bid, held int64) error {
	if l.Version == 0 {
		return nil
	}
	r, err := a.rulesOf(ctx, l)
	if err != nil {
		return err
	}
	p, err := a.profile(ctx, b.Tenant, b.Investor)
	if err != nil {
		return err
	}
	if p.closed {
		return market.NotAdmitted.Errorf("the investor is closed: 投资人已销户").On("investor")
	}
	if len(r.asked) == 0 {
		return nil
	}
	f, err := a.facts(ctx, r, l, b, held)
	if err != nil {
		return err
	}
	d, err := r.Allowed(f)
	if err != nil || d.Accepted {
		return err
	}
	var said []string
	for i := range d.Failed {
		said = append(said, sayOf(&d.Failed[i]))
	}
	return market.NotAdmitted.Errorf("%s", strings.Join(said, "; ")).On("amount")
}

// Class is the class of the units that an investor gets of a listing, by which fees are taken from his lines: that of his own
// class in the listing's product.
func (a *Admission) Class(ctx context.Context, l *market.Listing, investor id.ID) (uint8, error) {
	if l.Version == 0 {
		return 0, nil
	}
	r, err := a.rulesOf(ctx, l)
	if err != nil || len(r.product.Classes()) == 0 {
		return 0, err
	}
	p, err := a.profile(ctx, l.Tenant, investor)
	if err != nil {
		return 0, err
	}
	f := catalog.Facts{}
	p.into(f, a.Clock.Now().UnixMicro())
	class, _ := f["investor.class"].(string)
	return r.product.ClassOf(class), nil
}

// sayOf tells a rule that fails, with what it asked for.
func sayOf(f *catalog.Failed) string {
	var facts []string
	for _, v := range f.Facts {
		value := v.Value
		if value == "" {
			value = "not known"
		}
		facts = append(facts, v.Fact+" = "+value)
	}
	return fmt.Sprintf("%s: %s %s (%s)", f.Rule, f.Says.Zh, f.Says.En, strings.Join(facts, ", "))
}

// facts are those that the rules ask for, as far as they are known.
func (a *Admission) facts(ctx context.Context, r *rules, l *market.Listing, b *market.Bid, held int64) (catalog.Facts, error) {
	f := catalog.Facts{
		"bid.amount": b.Amount, "bid.held_after": held + b.Amount,
		"loan.amount": l.Amount(l.Units), "loan.days": int64(l.Days), "loan.grade": l.Grade,
	}
	if r.asks("investor.kind", "investor.class", "investor.level", "investor.risk", "investor.net_assets") {
		p, err := a.profile(ctx, b.Tenant, b.Investor)
		if err != nil {
			return nil, err
		}
		p.into(f, a.Clock.Now().UnixMicro())
	}
	if r.asks("investor.invested", "investor.in_product", "investor.in_borrower") {
		return f, a.holdings(ctx, f, l, b)
	}
	return f, nil
}

// holdings counts what is outstanding of what the investor holds.
func (a *Admission) holdings(ctx context.Context, f catalog.Facts, l *market.Listing, b *market.Bid) error {
	list, err := a.Holdings.Held(ctx, b.Tenant, l.Ledger, b.Investor)
	if err != nil {
		return err
	}
	var all, product, borrower int64
	for i := range list {
		h := &list[i]
		all += h.Outstanding
		if h.Listing.Product == l.Product {
			product += h.Outstanding
		}
		if h.Listing.Borrower == l.Borrower {
			borrower += h.Outstanding
		}
	}
	f["investor.invested"], f["investor.in_product"], f["investor.in_borrower"] = all, product, borrower
	return nil
}

// Forget lets what was read of a party be read again: it has changed. Whoever reads it at this moment does not keep it.
func (a *Admission) Forget(tenant, party id.ID) { a.profiles.forget(tenant, party) }

func (a *Admission) profile(ctx context.Context, tenant, investor id.ID) (*profile, error) {
	now := a.Clock.Now()
	known, ticket := a.profiles.get(tenant, investor, now)
	if known != nil {
		return known, nil
	}
	who, attested, err := a.Parties.Vouched(ctx, tenant, investor)
	if err != nil && !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	p := &profile{read: now}
	if p.closed = err == nil && who.Closed != 0; err == nil && !p.closed {
		p.kind, p.attested = who.Kind.String(), attested
	}
	a.profiles.put(tenant, investor, p, ticket)
	return p, nil
}
