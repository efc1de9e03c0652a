package rest

import (
	"bytes"
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Party is a person or an organisation.
type Party struct {
	ID      ID       `json:"id"`
	Kind    string   `json:"kind" enum:"person,organisation"`
	Name    Personal `json:"name,omitempty" doc:"Masked for who has no right to personal data"`
	Version int64    `json:"version" doc:"1 at first, one more with each change"`
	Created Instant  `json:"created"`
	Creator ID       `json:"creator" doc:"The principal that made it"`
	Closed  Instant  `json:"closed,omitzero"`
}

// Personal is text about a person: as it is for himself and for who has the right personal.read, a mask for others.
type Personal string

// personal shows text about a party to the caller, or masks it.
func personal(ctx context.Context, text party.Personal, of id.ID) Personal {
	if text == "" || holds(ctx, right.PersonalRead) || api.CallOf(ctx).Principal.MayActFor(of) {
		return Personal(string(text))
	}
	return Personal(text.String())
}

func partyOf(ctx context.Context, p *party.Party) Party {
	return Party{
		ID: ID(p.ID), Kind: partyKinds.word(p.Kind), Name: personal(ctx, p.Name, p.ID), Version: p.Version,
		Created: Instant(p.Created), Creator: ID(p.Creator), Closed: Instant(p.Closed),
	}
}

// InParty names a party in the path.
type InParty struct {
	Party CommandID `path:"party" doc:"Id of the party" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
}

type (
	partyOutput struct{ Body Party }
	newParty    struct {
		Body struct {
			ID   NewID  `json:"id" doc:"Made by the client: the same again changes nothing"`
			Kind string `json:"kind" enum:"person,organisation"`
			Name string `json:"name" minLength:"1" maxLength:"200"`
		} `nameHint:"NewParty"`
	}
	partiesInput struct {
		InPage
		Kind string `query:"kind" enum:"person,organisation" doc:"Only these"`
		Open bool   `query:"open" doc:"Only those that are not closed"`
	}
	partiesOutput struct {
		Body struct {
			Parties []Party `json:"parties" doc:"In the order of ids"`
			Next
		}
	}
)

var partyKinds = names[party.Kind]{{"person", party.Person}, {"organisation", party.Organisation}}

// The lists of this file and its neighbours.
const (
	listOfTenants = 0xc0 + iota
	listOfPartyChanges
	listOfIdentifiers
	listOfAttestations
	listOfRoles
	listOfPrincipals
	listOfGrants
	listOfTokens
)

const partyPath = "/v1/parties/{party}"

func (s *server) parties(a huma.API) {
	s.tenants(a)
	s.tokens(a)
	huma.Register(a, anybody(question("who-am-i", "/v1/me", tagParties, "Tell whose token this is and what he may do")), s.whoAmI)
	huma.Register(a, mine(right.PartyRead, question("list-parties", "/v1/parties", tagParties,
		"List the parties of the tenant; without the right, those for which one may act")), s.listParties)
	huma.Register(a, needs(right.PartyWrite, change("create-party", "/v1/parties", tagParties, "Make a party", "")), s.createParty)
	huma.Register(a, own("party", right.PartyRead, question("get-party", partyPath, tagParties, "Tell who a party is")), s.getParty)
	huma.Register(a, needs(right.PartyWrite, change("rename-party", partyPath+"/rename", tagParties, "Give a party another name", "")), s.renameParty)
	huma.Register(a, needs(right.PartyWrite, change("close-party", partyPath+"/close", tagParties, "Close a party for good",
		"Nothing is added to it any more, nobody acts for it, and whoever it stands behind is let in no more.")), s.closeParty)
	huma.Register(a, own("party", right.PartyRead, question("list-party-changes", partyPath+"/changes", tagParties, "List who made which version of a party")), s.listPartyChanges)
	s.identifiers(a)
	s.attestations(a)
	s.roles(a)
	s.principals(a)
	s.grants(a)
}

func (s *server) createParty(ctx context.Context, in *newParty) (*partyOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p, err := g.Parties.CreateParty(ctx, by(ctx), party.Party{
		ID: id.ID(in.Body.ID), Kind: partyKinds.value(in.Body.Kind, 0), Name: party.Personal(in.Body.Name),
	})
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &partyOutput{Body: partyOf(ctx, &p)}, nil
}

func (s *server) getParty(ctx context.Context, in *InParty) (*partyOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p, err := g.Parties.Party(ctx, tenant(ctx), id.ID(in.Party))
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &partyOutput{Body: partyOf(ctx, &p)}, nil
}

func (s *server) listParties(ctx context.Context, in *partiesInput) (*partiesOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfParties, &in.InPage)
	if err != nil {
		return nil, err
	}
	f := party.PartyFilter{Kind: partyKinds.value(in.Kind, 0), Open: in.Open}
	var list []party.Party
	if holds(ctx, right.PartyRead) {
		list, err = g.Parties.Parties(ctx, tenant(ctx), f, page)
	} else {
		list, err = ownParties(ctx, g.Parties, f, page)
	}
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &partiesOutput{}
	out.Body.Parties = convert(list, func(p party.Party) Party { return partyOf(ctx, &p) })
	out.Body.Next.Next = rowCursor(listOfParties, list, page, func(p *party.Party) id.ID { return p.ID })
	return out, nil
}

// ownParties lists the parties for which the caller may act.
func ownParties(ctx context.Context, g *party.Registry, f party.PartyFilter, page party.Page) (list []party.Party, err error) {
	for i := range api.CallOf(ctx).Principal.Parties() {
		if bytes.Compare(i[:], page.After[:]) <= 0 {
			continue
		}
		p, err := g.Party(ctx, tenant(ctx), i)
		if err != nil {
			return nil, err
		}
		if f.Kind != 0 && p.Kind != f.Kind || f.Open && p.Closed != 0 {
			continue
		}
		if list = append(list, p); len(list) == page.Limit {
			break
		}
	}
	return list, nil
}
