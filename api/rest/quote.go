package rest

import (
	"context"
	"fmt"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
)

// Quote is what a loan would be if everybody pays on time.
type Quote struct {
	Product  string       `json:"product"`
	Version  uint64       `json:"version"`
	Asset    string       `json:"asset" example:"CNY"`
	Schedule []QuoteRow   `json:"schedule"`
	Flows    []QuoteFlow  `json:"flows" doc:"Of all parties, by date; on each date they sum to zero"`
	Totals   []QuoteTotal `json:"totals"`
	Cost     *AllInCost   `json:"all_in_cost,omitempty" doc:"Absent where no rate exists"`
}

// QuoteRow is a row of the schedule.
type QuoteRow struct {
	N         int    `json:"n"`
	Due       string `json:"due" format:"date"`
	Principal Amount `json:"principal"`
	Interest  Amount `json:"interest"`
	Fee       Amount `json:"fee"`
	Total     Amount `json:"total"`
	Balance   Amount `json:"balance" doc:"Principal after it"`
}

// QuoteFlow is what a party receives on a date; below zero it pays.
type QuoteFlow struct {
	Date   string `json:"date" format:"date"`
	Party  string `json:"party" enum:"borrower,investors,platform,reserve,guarantors"`
	Amount Amount `json:"amount"`
	For    string `json:"for" doc:"principal, interest, or the code of a fee"`
}

// QuoteTotal is what a party receives in all, with the tax that is contained in it.
type QuoteTotal struct {
	Party  string `json:"party" enum:"borrower,investors,platform,reserve,guarantors"`
	Amount Amount `json:"amount"`
	Tax    Amount `json:"tax,omitempty"`
}

// AllInCost is what the loan costs the borrower with all fees, in percent a year with 4 digits.
type AllInCost struct {
	Effective string `json:"effective_percent" example:"12.6825"`
	Nominal   string `json:"nominal_percent" example:"12.0000"`
	Paid      Amount `json:"paid" doc:"More paid than received"`
}

// Term is how long a loan is to last.
type Term struct {
	N    int    `json:"n" minimum:"1" maximum:"10000"`
	Unit string `json:"unit" enum:"days,weeks,months"`
}

// Fact is something that is known, by its name.
type Fact struct {
	Fact  string `json:"fact" maxLength:"64" example:"applicant.age"`
	Value string `json:"value" maxLength:"64" doc:"Money in minor units, everything as it is written in JSON; texts without quotes" example:"32"`
}

// Eligibility is what rules come to.
type Eligibility struct {
	Product  string       `json:"product"`
	Version  uint64       `json:"version"`
	Accepted bool         `json:"accepted"`
	Failed   []FailedRule `json:"failed" doc:"The rules that do not hold"`
}

// FailedRule is a rule that does not hold, with the facts that it asked for.
type FailedRule struct {
	Rule    string     `json:"rule"`
	Says    Words      `json:"says"`
	Facts   []RuleFact `json:"facts"`
	Problem string     `json:"problem,omitempty" doc:"Why it could not be worked out; it then does not hold"`
}

// RuleFact is a fact that a rule asked for.
type RuleFact struct {
	Fact  string `json:"fact"`
	Value string `json:"value,omitempty" doc:"Absent if it is not known"`
}

type (
	simulationInput struct {
		InProduct
		Body struct {
			Amount Amount `json:"amount" doc:"What is lent"`
			Term   Term   `json:"term"`
			Grade  string `json:"grade" minLength:"1" maxLength:"32" doc:"Code of the grade" example:"a"`
			Start  Date   `json:"start" doc:"When it is paid out"`
			Class  string `json:"class,omitempty" maxLength:"32" doc:"Class of the investors"`
		} `nameHint:"Simulation"`
	}
	quoteOutput   struct{ Body Quote }
	decidingInput struct {
		InProduct
		Body struct {
			Facts []Fact `json:"facts" maxItems:"100" doc:"What is not here is not known"`
		} `nameHint:"Facts"`
	}
	decidedOutput struct{ Body Eligibility }
)

func (s *server) simulateProduct(ctx context.Context, in *simulationInput) (*quoteOutput, error) {
	f, v, err := s.productVersion(ctx, &in.InProduct)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if b.Amount < 1 || b.Amount > Amount(amount.Max) {
		return nil, s.fault(ctx, errs.Invalid, "body.amount", fmt.Sprintf("want 1 to %d minor units", int64(amount.Max)))
	}
	application := &catalog.Application{
		Amount: int64(b.Amount), Term: catalog.Duration{N: b.Term.N, Unit: catalog.Unit(b.Term.Unit)}, Grade: b.Grade, Start: dayOf(b.Start),
	}
	if application.Holidays, application.Workdays, err = f.Products.Days(ctx, f.tenant, v.Product.Days.Calendar); err != nil {
		return nil, s.problem(ctx, err)
	}
	sim, err := catalog.Simulate(v.Product, application, b.Class)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &quoteOutput{Body: quoteOf(&v, sim)}, nil
}

func quoteOf(v *catalog.Version, sim *catalog.Simulation) Quote {
	q := Quote{Product: v.Code, Version: v.Number, Asset: v.Product.Asset.Code}
	q.Schedule = convert(sim.Schedule, func(r catalog.SimulatedRow) QuoteRow {
		return QuoteRow{
			N: r.N, Due: r.Due, Principal: Amount(r.Principal), Interest: Amount(r.Interest), Fee: Amount(r.Fee), Total: Amount(r.Total), Balance: Amount(r.Balance),
		}
	})
	q.Flows = convert(sim.Flows, func(f catalog.Flow) QuoteFlow {
		return QuoteFlow{Date: f.Date, Party: f.Party, Amount: Amount(f.Amount), For: f.For}
	})
	q.Totals = convert(sim.Totals, func(t catalog.Total) QuoteTotal {
		return QuoteTotal{Party: t.Party, Amount: Amount(t.Amount), Tax: Amount(t.Tax)}
	})
	if sim.Cost != nil {
		q.Cost = &AllInCost{Effective: sim.Cost.Effective, Nominal: sim.Cost.Nominal, Paid: Amount(sim.Cost.Paid)}
	}
	return q
}

func (s *server) decideProduct(ctx context.Context, in *decidingInput) (*decidedOutput, error) {
	_, v, err := s.productVersion(ctx, &in.InProduct)
	if err != nil {
		return nil, err
	}
	facts, err := s.facts(ctx, in.Body.Facts)
	if err != nil {
		return nil, err
	}
	rules, err := catalog.NewRules(v.Product)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	d, err := rules.Eligible(facts)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &decidedOutput{Body: Eligibility{Product: v.Code, Version: v.Number, Accepted: d.Accepted}}
	out.Body.Failed = convert(d.Failed, func(f catalog.Failed) FailedRule {
		return FailedRule{
			Rule: f.Rule, Says: Words(f.Says), Problem: f.Problem, Facts: convert(f.Facts, func(v catalog.Value) RuleFact { return RuleFact(v) }),
		}
	})
	return out, nil
}

// facts reads facts, each at its place of the list.
func (s *server) facts(ctx context.Context, list []Fact) (catalog.Facts, error) {
	facts, declared := catalog.Facts{}, catalog.ApplicationFacts()
	for i, f := range list {
		at := fmt.Sprintf("body.facts[%d]", i)
		if _, twice := facts[f.Fact]; twice {
			return nil, s.fault(ctx, errs.Invalid, at+".fact", "is there already")
		}
		one, err := catalog.ReadFacts(map[string]string{f.Fact: f.Value}, declared)
		if err != nil {
			return nil, s.problem(ctx, inBodyOf(err, "facts."+f.Fact, at))
		}
		facts[f.Fact] = one[f.Fact]
	}
	return facts, nil
}
