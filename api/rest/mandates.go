package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Wishes are what an investor wants of the loans that his mandate funds.
type Wishes struct {
	Smallest    Amount   `json:"smallest,omitempty" doc:"No piece is smaller"`
	Grades      []string `json:"grades,omitempty" maxItems:"64" doc:"Only these; absent: all"`
	Shortest    int      `json:"shortest,omitempty" minimum:"0" doc:"Days until the last payment, at least"`
	Longest     int      `json:"longest,omitempty" minimum:"0" doc:"At most; 0: any"`
	PerLoan     Amount   `json:"per_loan,omitempty" doc:"Most that he holds of one loan, bids included; 0: no cap"`
	PerBorrower Amount   `json:"per_borrower,omitempty" doc:"Most of one borrower"`
	PerRegion   Amount   `json:"per_region,omitempty" doc:"Most in one region"`
}

// Mandate is an investor's standing order to invest.
type Mandate struct {
	ID       ID     `json:"id"`
	Investor ID     `json:"investor"`
	Ledger   string `json:"ledger" example:"main"`
	Amount   Amount `json:"amount" doc:"To be invested in all"`
	Used     Amount `json:"used" doc:"In bids that stand or were funded"`
	Turn     uint64 `json:"turn" doc:"Place in the line: the sequence at which it joined it; after each bid it goes to the back"`
	Active   bool   `json:"active"`
	Wishes
}

func mandateOf(m market.Mandate) Mandate {
	w := &m.Wishes
	return Mandate{
		ID: ID(m.ID), Investor: ID(m.Investor), Ledger: m.Ledger, Amount: Amount(m.Amount), Used: Amount(m.Used), Turn: m.Turn, Active: m.Active,
		Wishes: Wishes{
			Smallest: Amount(w.Smallest), Grades: w.Grades, Shortest: w.Shortest, Longest: w.Longest,
			PerLoan: Amount(w.PerLoan), PerBorrower: Amount(w.PerBorrower), PerRegion: Amount(w.PerRegion),
		},
	}
}

type (
	mandateOutput struct{ Body Mandate }
	newMandate    struct {
		InParty
		Body struct {
			ID     NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Ledger string `json:"ledger" maxLength:"32"`
			Amount Amount `json:"amount"`
			Wishes
		} `nameHint:"NewMandate"`
	}
	// InMandate names a mandate of a party in the path.
	InMandate struct {
		InParty
		Mandate CommandID `path:"mandate" doc:"Id of the mandate" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
	}
	revokeInput struct {
		InMandate
		Body struct{} `nameHint:"RevokeMandate"`
	}
	mandatesInput struct {
		InParty
		InPage
	}
	mandatesOutput struct {
		Body struct {
			Mandates []Mandate `json:"mandates" doc:"In the order of ids"`
			Next
		}
	}
)

const mandatesPath = partyPath + "/mandates"

func (s *server) mandates(a huma.API) {
	huma.Register(a, oneself("party", change("create-mandate", mandatesPath, tagMarket, "Let loans be funded by a standing order",
		"It joins the back of the line. Each loan that opens is offered along the line.")), s.createMandate)
	huma.Register(a, own("party", right.OrderRead, question("list-mandates", mandatesPath, tagMarket, "List an investor's standing orders")), s.listMandates)
	huma.Register(a, own("party", right.OrderRead, question("get-mandate", mandatesPath+"/{mandate}", tagMarket, "Tell about a standing order")), s.getMandate)
	s.mandateReasons(a)
	huma.Register(a, own("party", right.OrderWrite, change("revoke-mandate", mandatesPath+"/{mandate}/revoke", tagMarket,
		"End a standing order; its bids stand", "")), s.revokeMandate)
}

func (s *server) createMandate(ctx context.Context, in *newMandate) (*mandateOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if !api.CallOf(ctx).Principal.Reaches(b.Ledger) {
		return nil, s.problem(ctx, errs.NotFound.Errorf("there is no ledger %q", b.Ledger).On("body.ledger"))
	}
	m, err := g.Market.Enrol(ctx, market.Mandate{
		Tenant: tenant(ctx), ID: id.ID(b.ID), Ledger: b.Ledger, Investor: id.ID(in.Party), Amount: int64(b.Amount),
		Wishes: market.Wishes{
			Smallest: int64(b.Smallest), Grades: b.Grades, Shortest: b.Shortest, Longest: b.Longest,
			PerLoan: int64(b.PerLoan), PerBorrower: int64(b.PerBorrower), PerRegion: int64(b.PerRegion),
		},
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &mandateOutput{Body: mandateOf(m)}, nil
}

// investorsMandate finds a mandate of the party in the path.
func (s *server) investorsMandate(ctx context.Context, in *InMandate) (*market.Market, market.Mandate, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, market.Mandate{}, err
	}
	m, err := g.Market.Mandate(ctx, tenant(ctx), id.ID(in.Mandate))
	if errs.Is(err, errs.NotFound) || err == nil && m.Investor != id.ID(in.Party) {
		err = errs.NotFound.Errorf("there is no such mandate of this party").On("path.mandate")
	}
	if err != nil {
		return nil, market.Mandate{}, s.problem(ctx, err)
	}
	return g.Market, m, nil
}

func (s *server) getMandate(ctx context.Context, in *InMandate) (*mandateOutput, error) {
	_, m, err := s.investorsMandate(ctx, in)
	if err != nil {
		return nil, err
	}
	return &mandateOutput{Body: mandateOf(m)}, nil
}

func (s *server) revokeMandate(ctx context.Context, in *revokeInput) (*mandateOutput, error) {
	on, m, err := s.investorsMandate(ctx, &in.InMandate)
	if err != nil {
		return nil, err
	}
	if m, err = on.Revoke(ctx, tenant(ctx), m.ID); err != nil {
		return nil, s.problem(ctx, err)
	}
	return &mandateOutput{Body: mandateOf(m)}, nil
}

func (s *server) listMandates(ctx context.Context, in *mandatesInput) (*mandatesOutput, error) {
	g, page, err := s.ofParty(ctx, listOfMandates, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Market.Mandates(ctx, tenant(ctx), id.ID(in.Party), page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &mandatesOutput{}
	out.Body.Mandates = convert(list, mandateOf)
	out.Body.Next.Next = rowCursor(listOfMandates, list, page, func(m *market.Mandate) id.ID { return m.ID })
	return out, nil
}
