package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Principal is a login or a key, behind which a party stands for good.
type Principal struct {
	ID      ID      `json:"id"`
	Kind    string  `json:"kind" example:"login"`
	Name    string  `json:"name" example:"zhang.san"`
	Party   ID      `json:"party" doc:"That stands behind it"`
	Created Instant `json:"created"`
	Creator ID      `json:"creator" doc:"The principal that made it"`
	Closed  Instant `json:"closed,omitzero" doc:"Since then its tokens let nobody in"`
	Closer  ID      `json:"closer,omitzero"`
}

func principalOf(p *party.Principal) Principal {
	return Principal{
		ID: ID(p.ID), Kind: p.Kind, Name: p.Name, Party: ID(p.Person), Created: Instant(p.Created), Creator: ID(p.Creator),
		Closed: Instant(p.Closed), Closer: ID(p.Closer),
	}
}

type (
	newPrincipal struct {
		InParty
		Body struct {
			ID   NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Kind string `json:"kind" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"A code" example:"login"`
			Name string `json:"name" maxLength:"64" pattern:"^[a-z0-9._-]+$" doc:"Of one principal of the tenant only; no personal data" example:"zhang.san"`
		} `nameHint:"NewPrincipal"`
	}
	endPrincipal struct {
		InPrincipal
		Body struct{} `nameHint:"EndPrincipal"`
	}
	principalOutput struct{ Body Principal }
	principalsInput struct {
		InPage
		Party CommandID `query:"party" doc:"Only those behind which this party stands"`
		Kind  string    `query:"kind" maxLength:"32" doc:"Only these" example:"login"`
		Open  bool      `query:"open" doc:"Only those that are not closed"`
	}
	principalsOutput struct {
		Body struct {
			Principals []Principal `json:"principals" doc:"In the order of ids"`
			Next
		} `nameHint:"Principals"`
	}
)

const principalPath = "/v1/principals/{principal}"

func (s *server) principals(a huma.API) {
	huma.Register(a, needs(right.PrincipalWrite, change("create-principal", partyPath+"/principals", tagParties, "Make a login or a key of a party",
		"It may do nothing for anybody yet: grants say for whom it acts, tokens let it in.")), s.createPrincipal)
	huma.Register(a, needs(right.PrincipalRead, question("list-principals", "/v1/principals", tagParties, "List the principals of the tenant")), s.listPrincipals)
	huma.Register(a, needs(right.PrincipalRead, question("get-principal", principalPath, tagParties, "Tell what a principal is")), s.getPrincipal)
	huma.Register(a, needs(right.PrincipalWrite, change("close-principal", principalPath+"/close", tagParties, "Close a principal for good",
		"Its tokens let nobody in any more.")), s.closePrincipal)
}

func (s *server) createPrincipal(ctx context.Context, in *newPrincipal) (*principalOutput, error) {
	return s.principal(ctx, func(r *party.Registry) (party.Principal, error) {
		return r.CreatePrincipal(ctx, by(ctx), party.Principal{ID: id.ID(in.Body.ID), Kind: in.Body.Kind, Name: in.Body.Name, Person: id.ID(in.Party)})
	})
}

func (s *server) getPrincipal(ctx context.Context, in *InPrincipal) (*principalOutput, error) {
	return s.principal(ctx, func(r *party.Registry) (party.Principal, error) {
		return r.Principal(ctx, tenant(ctx), id.ID(in.Principal))
	})
}

func (s *server) closePrincipal(ctx context.Context, in *endPrincipal) (*principalOutput, error) {
	return s.principal(ctx, func(r *party.Registry) (party.Principal, error) {
		return r.ClosePrincipal(ctx, by(ctx), id.ID(in.Principal))
	})
}

// principal answers with the principal of which something was asked.
func (s *server) principal(ctx context.Context, f func(*party.Registry) (party.Principal, error)) (*principalOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p, err := f(g.Parties)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &principalOutput{Body: principalOf(&p)}, nil
}

func (s *server) listPrincipals(ctx context.Context, in *principalsInput) (*principalsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfPrincipals, &in.InPage)
	if err != nil {
		return nil, err
	}
	f := party.PrincipalFilter{Person: id.ID(in.Party), Kind: in.Kind, Open: in.Open}
	list, err := g.Parties.Principals(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "query."))
	}
	out := &principalsOutput{}
	out.Body.Principals = convert(list, func(p party.Principal) Principal { return principalOf(&p) })
	out.Body.Next.Next = rowCursor(listOfPrincipals, list, page, func(p *party.Principal) id.ID { return p.ID })
	return out, nil
}
