package decision

import (
	"context"
	"fmt"
	"maps"
	"strconv"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/application"
)

// subject is an application with what is known of it.
type subject struct {
	*application.Application
	asks  map[string]bool // what the rules ask for: only that is looked up
	facts catalog.Facts   // that are the same at all grades
	born  day.Date        // of the applicant, 0 if it is not known
}

// look gathers what is known.
func (j *Judge) look(ctx context.Context, a *application.Application, asks map[string]bool) (*subject, error) {
	facts, err := catalog.ReadFacts(a.Facts, catalog.ApplicationFacts())
	if err != nil {
		return nil, err
	}
	s := &subject{Application: a, asks: asks, facts: facts}
	facts["application.amount"] = a.Asked
	for name, text := range map[string]string{"application.purpose": a.Purpose, "applicant.region": a.Region} {
		if text != "" {
			facts[name] = text
		}
	}
	for _, look := range []func(context.Context, *subject) error{j.person, j.owes, j.product} {
		if err := look(ctx, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// at are the facts at the grade of an offer.
func (s *subject) at(o *application.Offer) catalog.Facts {
	facts := maps.Clone(s.facts)
	facts["application.days"] = int64(o.Days)
	facts["application.rows"] = int64(o.Rows)
	facts["application.grade"] = o.Grade
	facts["application.largest_due"] = o.Largest
	if s.born != 0 {
		facts["applicant.age"] = int64(years(s.born, o.Start))
	}
	return facts
}

// words are the facts that the rules ask for, as text.
func (s *subject) words(facts catalog.Facts) map[string]string {
	list := map[string]string{}
	for name, v := range facts {
		if s.asks[name] {
			list[name] = fmt.Sprint(v)
		}
	}
	return list
}

// person adds what is known of the applicant.
func (j *Judge) person(ctx context.Context, s *subject) error {
	p, err := j.Parties.Party(ctx, s.Tenant, s.Borrower)
	if err != nil {
		return err
	}
	s.facts["applicant.kind"] = p.Kind.String()
	if s.asks["applicant.level"] {
		list, err := j.Parties.Attestations(ctx, s.Tenant, party.AttestationFilter{
			Party: s.Borrower, About: Identity, Holds: j.Clock.Now().UnixMicro(),
		}, party.Page{Limit: party.MaxPage})
		if err != nil {
			return err
		}
		level := int64(0)
		for _, x := range list {
			if n, err := strconv.ParseInt(x.Level, 10, 64); err == nil {
				level = max(level, n)
			}
		}
		s.facts["applicant.level"] = level
	}
	if !s.asks["applicant.age"] {
		return nil
	}
	list, err := j.Parties.Identifiers(ctx, s.Tenant, s.Borrower, party.Page{Limit: party.MaxPage})
	if err != nil {
		return err
	}
	for _, x := range list {
		if born, ok := bornOn(string(x.Value)); ok && x.Type == IDCard && x.Removed == 0 {
			s.born = born
		}
	}
	return nil
}

// bornOn reads the date of birth from the number of an identity card.
func bornOn(number string) (day.Date, bool) {
	if len(number) != 18 {
		return 0, false
	}
	d, err := day.Parse(number[6:10] + "-" + number[10:12] + "-" + number[12:14])
	return d, err == nil
}

// years is how old somebody is on a day.
func years(born, on day.Date) int {
	y, m, d := on.Civil()
	by, bm, bd := born.Civil()
	n := y - by
	if m < bm || m == bm && d < bd {
		n--
	}
	return n
}

// owes adds what the applicant owes, and what he is about to.
func (j *Judge) owes(ctx context.Context, s *subject) error {
	if !s.asks["portfolio.borrower_loans"] && !s.asks["portfolio.borrower_outstanding"] && !s.asks["applicant.overdue_days"] && !s.asks["applicant.defaults"] {
		return nil
	}
	o, err := j.Loans.OwedBy(ctx, s.Tenant, s.Borrower)
	if err != nil {
		return err
	}
	open, err := j.Applications.UnderWay(ctx, s.Tenant, s.Borrower)
	if err != nil {
		return err
	}
	for _, x := range open {
		if x.ID != s.ID && x.Offer != nil {
			o.Loans, o.Principal = o.Loans+1, o.Principal+x.Offer.Amount
		}
	}
	defaults, err := j.Applications.Defaults(ctx, s.Tenant, s.Borrower)
	if err != nil {
		return err
	}
	s.facts["portfolio.borrower_loans"], s.facts["portfolio.borrower_outstanding"] = int64(o.Loans), o.Principal
	s.facts["applicant.overdue_days"], s.facts["applicant.defaults"] = int64(o.Days), int64(defaults)
	return nil
}

// product adds what all loans of the product come to.
func (j *Judge) product(ctx context.Context, s *subject) error {
	if !s.asks["portfolio.product_outstanding"] {
		return nil
	}
	sum, err := j.Loans.OwedOn(ctx, s.Tenant, s.Product)
	s.facts["portfolio.product_outstanding"] = sum
	return err
}
