package decision

import (
	"context"
	"fmt"
	"sync"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Codes of reasons.
const (
	Rules   = "rules"         // at least one does not hold
	Unknown = "unknown-facts" // nothing that is known speaks against it, but something is not known
)

// Codes of what is known of a party.
const (
	Identity = "identity" // an attestation's subject; its level is a number
	IDCard   = "id-card"  // an identifier's type: 居民身份证, 18 characters
)

// Parties are who applicants are.
type Parties interface {
	Party(ctx context.Context, tenant, party id.ID) (party.Party, error)
	Identifiers(ctx context.Context, tenant, party id.ID, p party.Page) ([]party.Identifier, error)
	Attestations(ctx context.Context, tenant id.ID, f party.AttestationFilter, p party.Page) ([]party.Attestation, error)
}

// Loans are what applicants owe.
type Loans interface {
	OwedBy(ctx context.Context, tenant, borrower id.ID) (servicing.Owed, error)
	OwedOn(ctx context.Context, tenant id.ID, product string) (int64, error)
}

// Applications are those of which nothing was paid out yet, and those that ended badly.
type Applications interface {
	UnderWay(ctx context.Context, tenant, borrower id.ID) ([]*application.Application, error)
	Defaults(ctx context.Context, tenant, borrower id.ID) (int, error)
}

// Judge decides by the rules of products.
type Judge struct {
	Parties      Parties
	Loans        Loans
	Applications Applications
	Clock        clock.Clock

	compiled sync.Map // *catalog.Rules by version
}

type version struct {
	tenant  id.ID
	product string
	number  uint32
}

func (j *Judge) rules(a *application.Application, p *catalog.Product) (*catalog.Rules, error) {
	key := version{a.Tenant, a.Product, a.Words.Version}
	if r, ok := j.compiled.Load(key); ok {
		return r.(*catalog.Rules), nil
	}
	r, err := catalog.NewRules(p)
	if err != nil {
		return nil, fmt.Errorf("rules of the product %s: %w", p.Code, err)
	}
	j.compiled.Store(key, r)
	return r, nil
}

// Decide tries the product's grades in their order and takes the first at which all rules hold. If there is none, a
// person decides where only something unknown stands in the way; else it is declined.
func (j *Judge) Decide(ctx context.Context, a *application.Application, p *catalog.Product, quote application.Quoter) (application.Decision, error) {
	rules, err := j.rules(a, p)
	if err != nil {
		return application.Decision{}, err
	}
	known, err := j.look(ctx, a, rules.Asks())
	if err != nil {
		return application.Decision{}, err
	}
	best := application.Decision{Verdict: application.Decline, Reason: Rules}
	for i := range p.Grades {
		grade := p.Grades[i].Code
		o, err := quote(grade)
		if f := errs.Of(err); f != nil && f.Code == errs.Invalid && (f.Field == "amount" || f.Field == "term") {
			continue // more than is lent at this grade, or it costs too much there
		}
		if err != nil {
			return application.Decision{}, err
		}
		facts := known.at(o)
		d, err := rules.Eligible(facts)
		if err != nil {
			return application.Decision{}, err
		}
		x := application.Decision{Grade: grade, Amount: a.Asked, Known: known.words(facts)}
		if d.Accepted {
			x.Verdict = application.Accept
			return x, nil
		}
		x.Verdict, x.Reason = verdict(d.Failed)
		for _, f := range d.Failed {
			x.Failed = append(x.Failed, f.Rule)
		}
		if best.Verdict != application.Refer {
			best = x
		}
	}
	return best, nil
}

// verdict tells rules that say no from those that could not be worked out.
func verdict(failed []catalog.Failed) (application.Verdict, string) {
	for _, f := range failed {
		if f.Problem == "" {
			return application.Decline, Rules
		}
	}
	return application.Refer, Unknown
}
