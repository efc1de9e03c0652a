package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Grant says that a principal may act for a party.
type Grant struct {
	ID        ID      `json:"id" doc:"Also of the proposal behind it, if there was one"`
	Principal ID      `json:"principal"`
	Party     ID      `json:"party"`
	From      Instant `json:"from"`
	Until     Instant `json:"until,omitzero" doc:"The first instant at which it no longer holds; absent for no end"`
	Created   Instant `json:"created"`
	Creator   ID      `json:"creator" doc:"The principal that gave or proposed it"`
	Ended     Instant `json:"ended,omitzero" doc:"When it was ended before its time"`
	Ender     ID      `json:"ender,omitzero"`
}

func grantOf(g *party.Grant) Grant {
	return Grant{
		ID: ID(g.ID), Principal: ID(g.Principal), Party: ID(g.Party), From: Instant(g.From), Until: Instant(g.Until), Created: Instant(g.Created),
		Creator: ID(g.Creator), Ended: Instant(g.Revoked), Ender: ID(g.Revoker),
	}
}

type (
	newGrant struct {
		InParty
		Body struct {
			ID        NewID     `json:"id" doc:"Made by the client; also of the proposal, if it takes one: the same again gives what came of it"`
			Principal CommandID `json:"principal" doc:"That is to act for the party"`
			From      Instant   `json:"from,omitzero" doc:"The instant in its id if absent"`
			Until     Instant   `json:"until,omitzero" doc:"The first instant at which it no longer holds"`
			Reason    string    `json:"reason,omitempty" maxLength:"1000" doc:"For the person who decides; needed when it takes one"`
		} `nameHint:"NewGrant"`
	}
	endGrant struct {
		Grant CommandID `path:"grant" doc:"Id of the grant" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
		Body  struct{}  `nameHint:"EndGrant"`
	}
	grantOutput struct{ Body Grant }
	grantsInput struct {
		InParty
		InPage
		Holds bool `query:"holds" doc:"Only those that hold now"`
	}
	grantsToInput struct {
		InPrincipal
		InPage
		Holds bool `query:"holds" doc:"Only those that hold now"`
	}
	grantsOutput struct {
		Body struct {
			Grants []Grant `json:"grants" doc:"In the order of ids"`
			Next
		} `nameHint:"Grants"`
	}
)

func (s *server) grants(a huma.API) {
	const path = partyPath + "/grants"
	huma.Register(a, own("party", right.PrincipalWrite, change("give-grant", path, tagParties, "Let a principal act for a party",
		"The party's own person does it at once, and so does the operator. For everybody else's party it is proposed, and another person of compliance or risk "+
			"approves it: until then the answer is 409 `approval_pending`. Unless the party gave it, tokens that were issued before do not carry it.")), s.giveGrant)
	huma.Register(a, own("party", right.PartyRead, question("list-grants", path, tagParties, "List who may act for a party")), s.listGrants)
	huma.Register(a, needs(right.PrincipalRead, question("list-principal-grants", principalPath+"/grants", tagParties, "List for whom a principal may act")), s.listGrantsTo)
	huma.Register(a, mine(right.PrincipalWrite, change("end-grant", "/v1/grants/{grant}/end", tagParties, "End a grant",
		"The party's own person may, and the principal that has it. It counts at once, for every token.")), s.endGrant)
}

func (s *server) giveGrant(ctx context.Context, in *newGrant) (*grantOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	made, err := g.Authority.Grant(ctx, who(ctx), party.Grant{
		ID: id.ID(b.ID), Principal: id.ID(b.Principal), Party: id.ID(in.Party), From: since(b.From, b.ID), Until: int64(b.Until),
	}, b.Reason)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &grantOutput{Body: grantOf(&made)}, nil
}

func (s *server) endGrant(ctx context.Context, in *endGrant) (*grantOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	ended, err := g.Authority.EndGrant(ctx, who(ctx), id.ID(in.Grant))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "grant", "path.grant"))
	}
	return &grantOutput{Body: grantOf(&ended)}, nil
}

func (s *server) listGrants(ctx context.Context, in *grantsInput) (*grantsOutput, error) {
	g, page, err := s.ofParty(ctx, listOfGrants, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	return s.findGrants(ctx, g, party.GrantFilter{Party: id.ID(in.Party)}, in.Holds, page)
}

func (s *server) listGrantsTo(ctx context.Context, in *grantsToInput) (*grantsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfGrants, &in.InPage)
	if err != nil {
		return nil, err
	}
	if _, err := g.Parties.Principal(ctx, tenant(ctx), id.ID(in.Principal)); err != nil {
		return nil, s.problem(ctx, err)
	}
	return s.findGrants(ctx, g, party.GrantFilter{Principal: id.ID(in.Principal)}, in.Holds, page)
}

func (s *server) findGrants(ctx context.Context, g *ground.Ground, f party.GrantFilter, holds bool, page party.Page) (*grantsOutput, error) {
	if holds {
		f.Holds = g.Clock.Now().UnixMicro()
	}
	list, err := g.Parties.Grants(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &grantsOutput{}
	out.Body.Grants = convert(list, func(g party.Grant) Grant { return grantOf(&g) })
	out.Body.Next.Next = rowCursor(listOfGrants, list, page, func(g *party.Grant) id.ID { return g.ID })
	return out, nil
}
