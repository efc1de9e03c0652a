package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Identifier is by what a party is known outside.
type Identifier struct {
	ID      ID       `json:"id"`
	Party   ID       `json:"party"`
	Type    string   `json:"type" example:"mobile"`
	Value   Personal `json:"value,omitempty" doc:"Masked for who has no right to personal data; absent when it was removed"`
	Created Instant  `json:"created"`
	Creator ID       `json:"creator" doc:"The principal that added it"`
	Removed Instant  `json:"removed,omitzero"`
	Remover ID       `json:"remover,omitzero"`
}

func identifierOf(ctx context.Context, i *party.Identifier) Identifier {
	return Identifier{
		ID: ID(i.ID), Party: ID(i.Party), Type: i.Type, Value: personal(ctx, i.Value, i.Party), Created: Instant(i.Created), Creator: ID(i.Creator),
		Removed: Instant(i.Removed), Remover: ID(i.Remover),
	}
}

// IdentifierValue is a type and a value. It stands in bodies alone: an address of a request is logged by many on its way.
type IdentifierValue struct {
	Type  string `json:"type" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"A code; mobile and mail are where notices go" example:"mobile"`
	Value string `json:"value" maxLength:"256" doc:"Compared byte by byte: bring it into one spelling first" example:"+8613800000000"`
}

type (
	newIdentifier struct {
		InParty
		Body struct {
			ID NewID `json:"id" doc:"Made by the client: the same again changes nothing"`
			IdentifierValue
		} `nameHint:"NewIdentifier"`
	}
	endIdentifier struct {
		Identifier CommandID `path:"identifier" doc:"Id of the identifier" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
		Body       struct{}  `nameHint:"EndIdentifier"`
	}
	findPartyInput   struct{ Body IdentifierValue }
	identifierOutput struct{ Body Identifier }
	identifiersInput struct {
		InParty
		InPage
	}
	identifiersOutput struct {
		Body struct {
			Identifiers []Identifier `json:"identifiers" doc:"In the order of ids, the removed ones too"`
			Next
		} `nameHint:"Identifiers"`
	}
)

func (s *server) identifiers(a huma.API) {
	const path = partyPath + "/identifiers"
	huma.Register(a, needs(right.PartyWrite, change("add-identifier", path, tagParties, "Give a party an identifier",
		"Two identifiers of a type never have the same value at once.")), s.addIdentifier)
	huma.Register(a, own("party", right.PartyRead, question("list-identifiers", path, tagParties, "List a party's identifiers")), s.listIdentifiers)
	huma.Register(a, needs(right.PartyWrite, change("remove-identifier", "/v1/identifiers/{identifier}/remove", tagParties,
		"Remove an identifier and erase its value", "That there was one, and of which type, stays.")), s.removeIdentifier)
	huma.Register(a, needs(right.PartyRead, change("find-party", "/v1/parties/find", tagParties, "Find the party that has an identifier",
		"It is a POST so that the value stands in no address and no log.")), s.findParty)
}

func (s *server) addIdentifier(ctx context.Context, in *newIdentifier) (*identifierOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	i, err := g.Parties.AddIdentifier(ctx, by(ctx), party.Identifier{
		ID: id.ID(in.Body.ID), Party: id.ID(in.Party), Type: in.Body.Type, Value: party.Personal(in.Body.Value),
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &identifierOutput{Body: identifierOf(ctx, &i)}, nil
}

func (s *server) listIdentifiers(ctx context.Context, in *identifiersInput) (*identifiersOutput, error) {
	g, page, err := s.ofParty(ctx, listOfIdentifiers, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Parties.Identifiers(ctx, tenant(ctx), id.ID(in.Party), page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &identifiersOutput{}
	out.Body.Identifiers = convert(list, func(i party.Identifier) Identifier { return identifierOf(ctx, &i) })
	out.Body.Next.Next = rowCursor(listOfIdentifiers, list, page, func(i *party.Identifier) id.ID { return i.ID })
	return out, nil
}

func (s *server) removeIdentifier(ctx context.Context, in *endIdentifier) (*identifierOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	i, err := g.Parties.RemoveIdentifier(ctx, by(ctx), id.ID(in.Identifier))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &identifierOutput{Body: identifierOf(ctx, &i)}, nil
}

func (s *server) findParty(ctx context.Context, in *findPartyInput) (*partyOutput, error) {
	return s.changeParty(ctx, func(r *party.Registry) (party.Party, error) {
		return r.FindParty(ctx, tenant(ctx), in.Body.Type, party.Personal(in.Body.Value))
	})
}
