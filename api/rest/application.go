package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Application is what somebody asked to be lent, as it stands.
type Application struct {
	ID       ID                `json:"id"`
	Borrower ID                `json:"borrower"`
	State    string            `json:"state" enum:"documents,applied,review,offered,signed,listed,funded,repaying,settled,written-off,closed,refused,withdrawn,expired,unfunded"`
	Version  uint32            `json:"version" doc:"How many steps it has"`
	Ledger   string            `json:"ledger" example:"main"`
	Product  string            `json:"product" example:"consumer-loan"`
	Terms    uint32            `json:"product_version" doc:"In force when it was applied for, and for ever"`
	Asset    string            `json:"asset" example:"CNY"`
	Amount   Amount            `json:"amount" doc:"Asked for"`
	Raised   Amount            `json:"raised,omitzero" doc:"Once it is funded"`
	Term     Term              `json:"term"`
	Purpose  string            `json:"purpose"`
	Region   string            `json:"region,omitempty"`
	Facts    []Fact            `json:"facts" doc:"As they were stated; for a guarantor, none"`
	Missing  []string          `json:"missing,omitempty" doc:"Documents that are waited for"`
	Decision *LendingDecision  `json:"decision,omitempty"`
	Offer    *LoanOffer        `json:"offer,omitempty"`
	Contract string            `json:"contract,omitempty" doc:"SHA-256 of the agreement's text, which is what is signed"`
	Pledges  []LoanGuarantor   `json:"guarantors,omitempty" doc:"They pay when the borrower does not; they sign before he does"`
	Listing  ID                `json:"listing,omitzero" doc:"Where it is, or was, open for bids"`
	Loan     ID                `json:"loan,omitzero" doc:"Once it is paid out"`
	Payout   *int64            `json:"payout_seconds,omitempty" doc:"From the application to the payout"`
	Track    []ApplicationStay `json:"track" doc:"Where it was, and how long: where it waited"`
	Created  Instant           `json:"created" doc:"By the clock of the ledger"`
	Changed  Instant           `json:"changed"`
}

// LoanGuarantor is one who pays for a borrower when he does not.
type LoanGuarantor struct {
	Party  ID      `json:"party"`
	Share  int64   `json:"share,omitempty" doc:"Where the product lets each pay his share: in proportion to it"`
	Limit  Amount  `json:"limit,omitzero" doc:"Most that he has paid and not got back; none if absent"`
	Signed Instant `json:"signed,omitzero" doc:"When he signed the agreement"`
}

// NewGuarantor is one whom an applicant names.
type NewGuarantor struct {
	Party CommandID `json:"party" doc:"Not the borrower"`
	Share int64     `json:"share,omitempty" minimum:"0" maximum:"1000000" doc:"Where the product lets each pay his share, and only there"`
	Limit Amount    `json:"limit,omitzero" doc:"Most that he has paid and not got back; none if absent"`
}

// LendingDecision is what was decided, and why.
type LendingDecision struct {
	Outcome string       `json:"outcome" enum:"accepted,referred,declined"`
	By      string       `json:"by" enum:"rules,officer"`
	Reason  string       `json:"reason,omitempty" doc:"A code" example:"unknown-facts"`
	Failed  []FailedRule `json:"failed" doc:"The product's rules that did not hold"`
}

// LoanOffer is what a borrower is offered: what it costs in all stands in it.
type LoanOffer struct {
	Amount      Amount  `json:"amount"`
	Grade       string  `json:"grade" example:"a"`
	Rate        string  `json:"rate" doc:"Of interest, a year" example:"0.12"`
	Rows        int     `json:"rows" doc:"How many installments"`
	Installment Amount  `json:"installment" doc:"The first"`
	Payout      Amount  `json:"payout" doc:"What the fees leave"`
	Interest    Amount  `json:"interest" doc:"In all"`
	Fees        Amount  `json:"fees" doc:"In all"`
	AllIn       string  `json:"all_in" doc:"Yearly cost of everything that is received and paid, by simple interest" example:"0.151234"`
	Effective   string  `json:"effective" doc:"The same compounded" example:"0.162345"`
	Start       Date    `json:"start" doc:"If it were paid out on this day"`
	Expires     Instant `json:"expires"`
}

// ApplicationStay is how long an application was in a state.
type ApplicationStay struct {
	State   string  `json:"state"`
	Since   Instant `json:"since"`
	Seconds int64   `json:"seconds" doc:"Of the last one until now"`
	Reason  string  `json:"reason,omitempty" doc:"A code: why it came there"`
}

// InApplication names an application in the path.
type InApplication struct {
	Application CommandID `path:"application" doc:"Id of the application" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	applicationOutput struct{ Body Application }
	newApplication    struct {
		Body struct {
			ID       NewID     `json:"id" doc:"Made by the client: the same again changes nothing"`
			Borrower CommandID `json:"borrower,omitzero" doc:"The party for which one acts if absent; another one with the right alone"`
			Ledger   string    `json:"ledger,omitempty" maxLength:"32" doc:"The tenant's first if absent"`
			Product  string    `json:"product" minLength:"1" maxLength:"64" example:"consumer-loan"`
			Amount   Amount    `json:"amount"`
			Term     Term      `json:"term"`
			Purpose  string    `json:"purpose" minLength:"1" maxLength:"64" doc:"As it is to stand in the contract"`
			Region   string    `json:"region,omitempty" maxLength:"32" doc:"Code of the region" example:"CN-31"`
			Facts    []Fact    `json:"facts,omitempty" maxItems:"40" doc:"What the applicant states; some only somebody with the right states"`

			Guarantors []NewGuarantor `json:"guarantors,omitempty" maxItems:"5" doc:"In the order in which they pay, if the product lets one pay after the other"`
		} `nameHint:"NewApplication"`
	}
	applicationsInput struct {
		InPage
		State string `query:"state" enum:"documents,applied,review,offered,signed,listed,funded,repaying,settled,written-off,closed,refused,withdrawn,expired,unfunded" doc:"Only these"`
		As    string `query:"as" enum:"borrower,guarantor" default:"borrower" doc:"What the party is in them"`
		Party string `query:"party" maxLength:"36" doc:"Only those of this party; without the right for all, the party for which one acts if it is absent"`
	}
	// ApplicationItem is an application of the list.
	ApplicationItem struct {
		ID       ID      `json:"id"`
		Borrower ID      `json:"borrower"`
		State    string  `json:"state"`
		Product  string  `json:"product"`
		Asset    string  `json:"asset"`
		Amount   Amount  `json:"amount"`
		Term     Term    `json:"term"`
		Created  Instant `json:"created"`
		Changed  Instant `json:"changed"`
	}
	applicationsOutput struct {
		Body struct {
			Applications []ApplicationItem `json:"applications" doc:"Newest first; a page may be short, even empty, and have a next"`
			Next
		}
	}
)

const (
	applicationsPath = "/v1/applications"
	applicationPath  = applicationsPath + "/{application}"
)

func (s *server) applications(a huma.API) {
	submit := acts(right.OrderWrite, change("submit-application", applicationsPath, tagLending, "Apply for a loan",
		"What the rules of the product allow goes straight through: the answer has the decision, and the offer with what it costs in all. "+
			"It waits in the state documents while something is missing that the product asks for."))
	submit.Errors = append(submit.Errors, http.StatusUnprocessableEntity)
	huma.Register(a, submit, s.submitApplication)
	huma.Register(a, mine(right.OrderRead, question("list-applications", applicationsPath, tagLending,
		"List applications; without the right, those of a party of one's own")), s.listApplications)
	huma.Register(a, mine(right.OrderRead, question("get-application", applicationPath, tagLending,
		"Show an application: decision, offer, where it waited, and how long it took until it was paid out")), s.getApplication)
	s.applicationActs(a)
	s.applicationPapers(a)
}

// application finds an application that the caller may see: of a party for which he acts, or any with the right.
func (s *server) application(ctx context.Context, in *InApplication, r ...right.Right) (*ground.Ground, *application.Application, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, nil, err
	}
	a, err := g.Applications.Get(ctx, tenant(ctx), id.ID(in.Application))
	if errs.Is(err, errs.NotFound) || err == nil && !api.CallOf(ctx).Principal.ActsFor(a.Borrower) &&
		!slices.ContainsFunc(r, func(r right.Right) bool { return holds(ctx, r) }) {
		err = errs.NotFound.Errorf("there is no such application, or it is not yours").On("path.application")
	}
	if err != nil {
		return nil, nil, s.problem(ctx, err)
	}
	return g, a, nil
}

func (s *server) submitApplication(ctx context.Context, in *newApplication) (*applicationOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b, p := &in.Body, &api.CallOf(ctx).Principal
	n := application.New{
		ID: id.ID(b.ID), Borrower: id.ID(b.Borrower), Ledger: b.Ledger, Product: b.Product, Amount: int64(b.Amount), Term: b.Term.N, Unit: catalog.Unit(b.Term.Unit),
		Purpose: b.Purpose, Region: b.Region,
	}
	if n.Borrower.IsZero() {
		n.Borrower = p.Party
	}
	if n.Facts, err = factsOf(b.Facts); err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	if err := s.applies(ctx, g, &n); err != nil {
		return nil, s.problem(ctx, err)
	}
	if n.Guarantors, err = s.guarantors(ctx, g, b.Guarantors); err != nil {
		return nil, s.problem(ctx, err)
	}
	if n.Ledger == "" {
		if n.Ledger, err = firstLedger(ctx, g); err != nil {
			return nil, s.problem(ctx, err)
		}
	}
	a, err := g.Applications.Submit(ctx, tenant(ctx), n)
	return s.shownApplication(ctx, g, a, inBodyOf(err, "", "body."))
}

// guarantors are those whom an applicant names. They are people and organisations of the tenant.
func (s *server) guarantors(ctx context.Context, g *ground.Ground, named []NewGuarantor) (list []agreement.Guarantor, err error) {
	for i, x := range named {
		who, err := g.Parties.Party(ctx, tenant(ctx), id.ID(x.Party))
		if errs.Is(err, errs.NotFound) || err == nil && who.Closed != 0 {
			err = errs.Invalid.Errorf("there is no such party, or it is closed").On(fmt.Sprintf("body.guarantors[%d].party", i))
		}
		if err != nil {
			return nil, err
		}
		list = append(list, agreement.Guarantor{Party: id.ID(x.Party), Share: x.Share, Limit: int64(x.Limit)})
	}
	return list, nil
}

// applies checks for whom somebody applies, and in which role.
func (s *server) applies(ctx context.Context, g *ground.Ground, n *application.New) error {
	p := &api.CallOf(ctx).Principal
	n.Act = order.Act{Actor: by(ctx).Actor, Behalf: n.Borrower, Role: application.Officer}
	switch {
	case n.Borrower.IsZero():
		return noParty.Errorf("name one in Longmen-Party, or the borrower").On("body.borrower")
	case p.ActsFor(n.Borrower):
		n.Act.Role = application.Borrower
	case !holds(ctx, right.OrderWrite):
		return errs.Forbidden.Errorf("you may not act for this party").On("body.borrower")
	case p.Person == n.Borrower: // also by a login that has no grant for him: about himself nobody states what officers do
		n.Act.Role = application.Borrower
	case !p.Operator: // nor about whom he acts for by another login
		acts, err := g.ActsFor(ctx, tenant(ctx), by(ctx).Actor, n.Borrower)
		if err != nil {
			return err
		}
		if acts {
			n.Act.Role = application.Borrower
		}
	}
	if n.Ledger != "" && !p.Reaches(n.Ledger) {
		return errs.Invalid.Errorf("there is no such ledger").On("body.ledger")
	}
	who, err := g.Parties.Party(ctx, tenant(ctx), n.Borrower)
	switch {
	case errs.Is(err, errs.NotFound), err == nil && who.Closed != 0:
		return errs.Invalid.Errorf("there is no such party, or it is closed").On("body.borrower")
	}
	return err
}

// factsOf reads facts, each of which is stated once.
func factsOf(list []Fact) (map[string]string, error) {
	facts := map[string]string{}
	for _, f := range list {
		if _, twice := facts[f.Fact]; twice {
			return nil, errs.Invalid.Errorf("%s is stated twice", f.Fact).On("facts")
		}
		facts[f.Fact] = f.Value
	}
	return facts, nil
}

func firstLedger(ctx context.Context, g *ground.Ground) (string, error) {
	t, err := g.Parties.Tenant(ctx, tenant(ctx))
	if err == nil && t.First == "" {
		err = errs.Conflict.Errorf("the tenant has no ledger yet")
	}
	return t.First, err
}

// shownApplication answers with an application, or says why it is as it was.
func (s *server) shownApplication(ctx context.Context, g *ground.Ground, a *application.Application, err error) (*applicationOutput, error) {
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out, err := s.applicationOf(ctx, g, a)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &applicationOutput{Body: *out}, nil
}

func (s *server) getApplication(ctx context.Context, in *InApplication) (*applicationOutput, error) {
	g, a, _, err := s.signing(ctx, in, right.OrderRead)
	if err != nil {
		return nil, err
	}
	return s.shownApplication(ctx, g, a, nil)
}

func (s *server) listApplications(ctx context.Context, in *applicationsInput) (*applicationsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	f := order.Filter{State: in.State}
	of, err := s.concerned(ctx, in.Party)
	switch {
	case err != nil:
		return nil, err
	case in.As == application.Guarantor && of.IsZero():
		return nil, s.fault(ctx, errs.Invalid, "query.party", "name the guarantor")
	case in.As == application.Guarantor:
		f.Reference = order.Reference{Type: application.ReferenceGuarantor, Value: of}
	default:
		f.Party = of
	}
	page := order.Page{Size: in.Limit, Newest: true}
	if page.Cursor, err = s.sequence(ctx, listOfApplications, in.Cursor); err != nil {
		return nil, err
	}
	list, found, err := g.Applications.List(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &applicationsOutput{}
	out.Body.Applications = convert(list, func(a *application.Application) ApplicationItem {
		return ApplicationItem{
			ID: ID(a.ID), Borrower: ID(a.Borrower), State: a.State, Product: a.Product, Asset: a.Asset, Amount: Amount(a.Asked), Term: Term{a.Term, string(a.Unit)},
			Created: Instant(a.Created), Changed: Instant(a.Changed),
		}
	})
	if found.More {
		out.Body.Next.Next = numberCursor(listOfApplications, found.Cursor)
	}
	return out, nil
}

// applicationOf gathers all that is shown of an application.
func (s *server) applicationOf(ctx context.Context, g *ground.Ground, a *application.Application) (*Application, error) {
	v, err := g.Products.Get(ctx, a.Tenant, a.Product, uint64(a.Words.Version))
	if err != nil {
		return nil, err
	}
	steps, err := g.Applications.Steps(ctx, a)
	if err != nil {
		return nil, err
	}
	now, err := g.Applications.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return nil, err
	}
	out := &Application{
		ID: ID(a.ID), Borrower: ID(a.Borrower), State: a.State, Version: a.Order.Version, Ledger: a.Ledger, Product: a.Product, Terms: a.Words.Version,
		Asset: a.Asset, Amount: Amount(a.Asked), Raised: Amount(a.Raised), Term: Term{a.Term, string(a.Unit)}, Purpose: a.Purpose, Region: a.Region,
		Facts: statedFacts(a.Facts), Contract: a.Contract, Offer: offerOf(a.Offer), Decision: decisionOf(a, v.Product, steps),
		Created: Instant(a.Created), Changed: Instant(a.Changed),
	}
	stays, payout := application.Track(steps, now.UnixMicro())
	for i, x := range stays {
		stay := ApplicationStay{State: x.State, Since: Instant(x.Since), Seconds: x.Seconds, Reason: steps[i].Reason}
		if out.Track = append(out.Track, stay); x.State == application.Listed {
			out.Listing = ID(a.ID)
		}
	}
	if payout >= 0 {
		out.Loan, out.Payout = ID(a.Loan()), &payout
	}
	if a.State == application.Documents {
		if out.Missing, err = g.Papers.Missing(ctx, a, v.Product); err != nil {
			return nil, err
		}
	}
	for _, x := range a.Guarantors {
		at, err := g.Applications.SignedAt(ctx, a, x.Party)
		if err != nil {
			return nil, err
		}
		out.Pledges = append(out.Pledges, LoanGuarantor{Party: ID(x.Party), Share: x.Share, Limit: Amount(x.Limit), Signed: Instant(at)})
	}
	if !holds(ctx, right.OrderRead) && !holds(ctx, right.OrderWrite) && !holds(ctx, right.LoanDecide) && !api.CallOf(ctx).Principal.ActsFor(a.Borrower) {
		out.forGuarantor()
	}
	return out, nil
}

// forGuarantor leaves out what the borrower states of himself, and what was made of it.
func (a *Application) forGuarantor() {
	a.Facts, a.Decision, a.Missing = []Fact{}, nil, nil
	for i := range a.Track {
		a.Track[i].Reason = ""
	}
}

func statedFacts(facts map[string]string) []Fact {
	list := []Fact{}
	for name, value := range facts {
		list = append(list, Fact{name, value})
	}
	slices.SortFunc(list, func(a, b Fact) int { return strings.Compare(a.Fact, b.Fact) })
	return list
}

func offerOf(o *application.Offer) *LoanOffer {
	if o == nil {
		return nil
	}
	return &LoanOffer{
		Amount: Amount(o.Amount), Grade: o.Grade, Rate: o.Rate, Rows: o.Rows, Installment: Amount(o.Installment), Payout: Amount(o.Payout), Interest: Amount(o.Interest),
		Fees: Amount(o.Fees), AllIn: o.AllIn, Effective: o.Effective, Start: dateOf(o.Start), Expires: Instant(o.Expires),
	}
}

var verdicts = names[application.Verdict]{{"accepted", application.Accept}, {"referred", application.Refer}, {"declined", application.Decline}}

// decisionOf tells what was decided from the steps, with what the rules that failed say.
func decisionOf(a *application.Application, p *catalog.Product, steps []order.Step) *LendingDecision {
	d := &LendingDecision{Failed: []FailedRule{}}
	for i := range steps {
		verdict := application.VerdictOf(&steps[i])
		if verdict == 0 {
			continue
		}
		d.Outcome = verdicts.word(verdict)
		d.By, d.Reason = "rules", steps[i].Reason
		if steps[i].Role == application.Officer {
			d.By = "officer"
		}
	}
	if d.Outcome == "" {
		return nil
	}
	for _, code := range a.Failed {
		i := slices.IndexFunc(p.Eligibility, func(r catalog.Rule) bool { return r.Code == code })
		if i < 0 {
			continue
		}
		rule := FailedRule{Rule: code, Says: Words(p.Eligibility[i].Says), Facts: []RuleFact{}}
		for _, fact := range catalog.AsksFor(&p.Eligibility[i]) {
			value, known := a.Known[fact]
			if rule.Facts = append(rule.Facts, RuleFact{fact, value}); !known {
				rule.Problem = fact + " is not known"
			}
		}
		d.Failed = append(d.Failed, rule)
	}
	return d
}
