package rest

import (
	"context"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/id"
)

// PartyChange says who made a version of a party, and when.
type PartyChange struct {
	Version int64   `json:"version"`
	What    string  `json:"what" enum:"created,renamed,closed"`
	At      Instant `json:"at"`
	Actor   ID      `json:"actor" doc:"The principal"`
}

type (
	newName struct {
		InParty
		Body struct {
			Version int64  `json:"version" minimum:"1" maximum:"9007199254740991" doc:"Of the party, as the caller saw it"`
			Name    string `json:"name" minLength:"1" maxLength:"200"`
		} `nameHint:"NewPartyName"`
	}
	endParty struct {
		InParty
		Body struct {
			Version int64 `json:"version" minimum:"1" maximum:"9007199254740991" doc:"Of the party, as the caller saw it"`
		} `nameHint:"EndParty"`
	}
	changesInput struct {
		InParty
		InPage
	}
	changesOutput struct {
		Body struct {
			Changes []PartyChange `json:"changes" doc:"Oldest first"`
			Next
		} `nameHint:"PartyChanges"`
	}
)

func (s *server) renameParty(ctx context.Context, in *newName) (*partyOutput, error) {
	return s.changeParty(ctx, func(r *party.Registry) (party.Party, error) {
		return r.RenameParty(ctx, by(ctx), id.ID(in.Party), in.Body.Version, party.Personal(in.Body.Name))
	})
}

func (s *server) closeParty(ctx context.Context, in *endParty) (*partyOutput, error) {
	return s.changeParty(ctx, func(r *party.Registry) (party.Party, error) {
		return r.CloseParty(ctx, by(ctx), id.ID(in.Party), in.Body.Version)
	})
}

func (s *server) changeParty(ctx context.Context, change func(*party.Registry) (party.Party, error)) (*partyOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	p, err := change(g.Parties)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &partyOutput{Body: partyOf(ctx, &p)}, nil
}

func (s *server) listPartyChanges(ctx context.Context, in *changesInput) (*changesOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	after, err := s.number(ctx, listOfPartyChanges, in.Cursor)
	if err != nil {
		return nil, err
	}
	list, err := g.Parties.PartyChanges(ctx, tenant(ctx), id.ID(in.Party), int64(after), in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &changesOutput{}
	out.Body.Changes = convert(list, func(c party.Change) PartyChange {
		return PartyChange{Version: c.Version, What: c.What.String(), At: Instant(c.At), Actor: ID(c.Actor)}
	})
	if len(list) == in.Limit {
		out.Body.Next.Next = numberCursor(listOfPartyChanges, uint64(list[len(list)-1].Version))
	}
	return out, nil
}

// ofParty reads which part of a list of a party's rows is wanted, once the party is known to be the tenant's: the access
// rule knows it by its name alone.
func (s *server) ofParty(ctx context.Context, list byte, named CommandID, in *InPage) (*ground.Ground, party.Page, error) {
	page, err := s.rows(ctx, list, in)
	if err != nil {
		return nil, page, err
	}
	g, err := s.partyThere(ctx, named)
	return g, page, err
}

// partyThere finds the party in the path. Whose it is was checked by its name alone: of another tenant there is none here.
func (s *server) partyThere(ctx context.Context, named CommandID) (*ground.Ground, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := g.Parties.Party(ctx, tenant(ctx), id.ID(named)); err != nil {
		return nil, s.problem(ctx, err)
	}
	return g, nil
}
