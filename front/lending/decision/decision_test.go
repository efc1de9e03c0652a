package decision_test

import (
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/decision"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func uid(n int) (i id.ID) {
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive("test", uint64(n))
}

// world is what is known of one applicant.
type world struct {
	identifiers  []party.Identifier
	attestations []party.Attestation
	owed         servicing.Owed
	product      int64
	open         []*application.Application
	defaults     int
	looked       map[string]int
}

func (w *world) Party(context.Context, id.ID, id.ID) (party.Party, error) {
	return party.Party{Kind: party.Person}, nil
}

func (w *world) Identifiers(context.Context, id.ID, id.ID, party.Page) ([]party.Identifier, error) {
	w.looked["identifiers"]++
	return w.identifiers, nil
}

func (w *world) Attestations(_ context.Context, _ id.ID, f party.AttestationFilter, _ party.Page) (list []party.Attestation, err error) {
	w.looked["attestations"]++
	for _, a := range w.attestations {
		if a.About == f.About && a.Holds(f.Holds) {
			list = append(list, a)
		}
	}
	return list, nil
}

func (w *world) OwedBy(context.Context, id.ID, id.ID) (servicing.Owed, error) {
	w.looked["owed"]++
	return w.owed, nil
}

func (w *world) OwedOn(context.Context, id.ID, string) (int64, error) {
	w.looked["product"]++
	return w.product, nil
}

func (w *world) UnderWay(context.Context, id.ID, id.ID) ([]*application.Application, error) {
	return w.open, nil
}

func (w *world) Defaults(context.Context, id.ID, id.ID) (int, error) { return w.defaults, nil }

// decide asks one rule of a product with the grades a, up to 500.00, and b.
func (w *world) decide(t *testing.T, rule string, change func(*application.Application)) application.Decision {
	t.Helper()
	w.looked = map[string]int{}
	j := &decision.Judge{Parties: w, Loans: w, Applications: w, Clock: clock.NewManual(noon)}
	p := &catalog.Product{Code: "loan", Grades: []catalog.Grade{{Code: "a", Max: 500_00}, {Code: "b"}}, Eligibility: []catalog.Rule{
		{Code: "rule", When: rule, Says: catalog.Name{Zh: "否", En: "no"}},
	}}
	a := &application.Application{Order: order.Order{Tenant: uid(1), ID: uid(2)}, Borrower: uid(3), Asked: 400_00}
	a.Purpose, a.Region = "study", "CN-31"
	if change != nil {
		change(a)
	}
	d, err := j.Decide(t.Context(), a, p, func(grade string) (*application.Offer, error) {
		if grade == "a" && a.Asked > 500_00 {
			return nil, errs.Invalid.Errorf("too much at this grade").On("amount")
		}
		if grade == "a" && a.Term == 1 {
			return nil, errs.Invalid.Errorf("it costs more than can be told").On("term")
		}
		return &application.Offer{Grade: grade, Rows: 12, Days: 365, Largest: 40_00, Start: day.Of(2026, 3, 2)}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDecide(t *testing.T) {
	card := func(number string) []party.Identifier {
		return []party.Identifier{{Type: "mobile", Value: "13800138000"}, {Type: decision.IDCard, Value: party.Personal(number)}}
	}
	stated := func(facts ...string) func(*application.Application) {
		return func(a *application.Application) {
			a.Facts = map[string]string{}
			for i := 0; i < len(facts); i += 2 {
				a.Facts[facts[i]] = facts[i+1]
			}
		}
	}
	for name, c := range map[string]struct {
		world  world
		change func(*application.Application)
		rule   string
		want   application.Verdict
		grade  string
		known  string
	}{
		"the first grade":                {rule: "application.amount <= 40000", want: application.Accept, grade: "a", known: "application.amount=40000"},
		"a grade that lends more":        {change: func(a *application.Application) { a.Asked = 600_00 }, rule: "application.amount > 0", want: application.Accept, grade: "b", known: "application.amount=60000"},
		"a grade that costs less":        {change: func(a *application.Application) { a.Term = 1 }, rule: "application.amount > 0", want: application.Accept, grade: "b", known: "application.amount=40000"},
		"the first that the rule allows": {rule: `application.grade == "b"`, want: application.Accept, grade: "b", known: "application.grade=b"},
		"none":                           {rule: "application.rows > 12", want: application.Decline, known: "application.rows=12"},
		"something is not known":         {rule: "applicant.score > 600", want: application.Refer},
		"at one grade only":              {rule: `application.grade == "a" && applicant.score > 600`, want: application.Refer, known: "application.grade=a"},
		"what is stated":                 {change: stated("applicant.score", "700"), rule: "applicant.score > 600", want: application.Accept, grade: "a", known: "applicant.score=700"},
		"purpose and region":             {rule: `application.purpose == "study" && applicant.region == "CN-31" && applicant.kind == "person"`, want: application.Accept, grade: "a"},
		"18 on this day":                 {world: world{identifiers: card("110101200803021234")}, rule: "applicant.age >= 18", want: application.Accept, grade: "a", known: "applicant.age=18"},
		"18 tomorrow":                    {world: world{identifiers: card("110101200803031234")}, rule: "applicant.age >= 18", want: application.Decline, known: "applicant.age=17"},
		"the card, not what is said":     {world: world{identifiers: card("110101200803031234")}, change: stated("applicant.age", "30"), rule: "applicant.age >= 18", want: application.Decline, known: "applicant.age=17"},
		"no card":                        {world: world{identifiers: card("1101012008030")}, rule: "applicant.age >= 18", want: application.Refer},
		"the highest level that holds": {
			world: world{attestations: []party.Attestation{
				{About: decision.Identity, Level: "2"}, {About: decision.Identity, Level: "3", Until: 1}, {About: decision.Identity, Level: "high"}, {About: "income", Level: "9"},
			}},
			rule: "applicant.level == 2", want: application.Accept, grade: "a", known: "applicant.level=2",
		},
		"nobody vouches": {rule: "applicant.level >= 1", want: application.Decline, known: "applicant.level=0"},
		"what is owed, and about to be": {
			world: world{owed: servicing.Owed{Loans: 1, Principal: 100_00, Days: 3}, open: []*application.Application{
				{Order: order.Order{ID: uid(2)}, Words: application.Words{Offer: &application.Offer{Amount: 1}}},
				{Order: order.Order{ID: uid(9)}, Words: application.Words{Offer: &application.Offer{Amount: 50_00}}},
				{Order: order.Order{ID: uid(8)}},
			}},
			rule: "portfolio.borrower_outstanding == 15000 && portfolio.borrower_loans == 2 && applicant.overdue_days == 3 && applicant.defaults == 0",
			want: application.Accept, grade: "a",
		},
		"the product's loans": {world: world{product: 7}, rule: "portfolio.product_outstanding == 7", want: application.Accept, grade: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			d := c.world.decide(t, c.rule, c.change)
			if d.Verdict != c.want || c.want == application.Accept && d.Grade != c.grade {
				t.Errorf("decided %d at %s, want %d at %s: %+v", d.Verdict, d.Grade, c.want, c.grade, d)
			}
			reason := map[application.Verdict]string{application.Refer: decision.Unknown, application.Decline: decision.Rules}[c.want]
			if d.Reason != reason || (c.want == application.Accept) != (len(d.Failed) == 0) {
				t.Errorf("reason %q, failed %v", d.Reason, d.Failed)
			}
			var known []string
			for _, name := range slices.Sorted(maps.Keys(d.Known)) {
				known = append(known, name+"="+d.Known[name])
			}
			if got := strings.Join(known, " "); c.known != "" && got != c.known {
				t.Errorf("known is %s, want %s", got, c.known)
			}
			for what := range c.world.looked {
				asks := map[string]string{"identifiers": "applicant.age", "attestations": "applicant.level", "product": "product_outstanding", "owed": "borrower_"}[what]
				if !strings.Contains(c.rule, asks) {
					t.Errorf("%s were looked up for nothing", what)
				}
			}
		})
	}
}
