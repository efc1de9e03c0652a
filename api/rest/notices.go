package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/notice"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/id"
)

// Notice is something that a party was told, or is about to be told, over one channel.
type Notice struct {
	ID       CommandID `json:"id"`
	Kind     string    `json:"kind" example:"due"`
	Channel  string    `json:"channel" example:"sms"`
	Language string    `json:"language,omitempty" example:"zh"`
	Subject  string    `json:"subject,omitempty" doc:"Of a mail"`
	Body     string    `json:"body,omitempty" doc:"As it was sent. Of a secret, such as a one-time code, nothing is kept"`
	Created  Instant   `json:"created"`
	Sent     Instant   `json:"sent,omitzero" doc:"Absent until it is sent"`
}

// Preference is whether a party gets a kind of notice over a channel.
type Preference struct {
	Kind    string `json:"kind" maxLength:"32" example:"due"`
	Channel string `json:"channel" maxLength:"32" example:"sms"`
	Wanted  bool   `json:"wanted"`
	Must    bool   `json:"must,omitempty" doc:"It can't be turned off"`
}

// Preferences are all of a party's.
type Preferences struct {
	Language    string       `json:"language,omitempty" doc:"In which the party wants to be told; Chinese if absent"`
	Preferences []Preference `json:"preferences"`
}

// Simulated is a message that a simulator was given.
type Simulated struct {
	ID      CommandID `json:"id" doc:"Of the notice"`
	Address string    `json:"address"`
	Subject string    `json:"subject,omitempty"`
	Body    string    `json:"body"`
}

type (
	noticesInput struct {
		InParty
		InPage
	}
	noticesOutput struct {
		Body struct {
			Notices []Notice `json:"notices"`
			Next
		}
	}
	preferenceInput struct {
		InParty
		Body struct {
			Language    string       `json:"language,omitempty" enum:"zh,en" doc:"Unchanged if absent"`
			Preferences []Preference `json:"preferences,omitempty" maxItems:"100" doc:"Those that change"`
		} `nameHint:"NewPreferences"`
	}
	preferencesOutput struct{ Body Preferences }
	simulatedInput    struct {
		Channel string `path:"channel" maxLength:"32" doc:"sms or mail" example:"sms"`
		Limit   int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Most items of the list"`
	}
	simulatedOutput struct {
		Body struct {
			Messages []Simulated `json:"messages"`
		}
	}
)

func (s *server) notices(a huma.API) {
	huma.Register(a, own("party", right.NoticeRead, question("list-notices", partyPath+"/notices", tagNotices, "List what a party was told, newest first")),
		s.listNotices)
	huma.Register(a, own("party", right.NoticeRead, question("get-preferences", partyPath+"/preferences", tagNotices, "Tell what a party is told over which channel")),
		s.getPreferences)
	huma.Register(a, own("party", right.PartyWrite, change("set-preferences", partyPath+"/preferences", tagNotices, "Change what a party is told, and in which language",
		"What must be told can't be turned off.")), s.setPreferences)
	huma.Register(a, operator(question("list-simulated", "/v1/simulators/{channel}/messages", tagNotices,
		"List what the simulator of a channel was given since the node started, newest first")), s.listSimulated)
}

func (s *server) listNotices(ctx context.Context, in *noticesInput) (*noticesOutput, error) {
	g, page, err := s.ofParty(ctx, listOfNotices, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	list, err := g.Notices.List(ctx, tenant(ctx), id.ID(in.Party), page.After, page.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &noticesOutput{}
	out.Body.Notices = convert(list, func(n notice.Sent) Notice {
		return Notice{
			ID: CommandID(n.ID), Kind: n.Kind, Channel: n.Channel, Language: n.Language, Subject: n.Subject, Body: n.Body,
			Created: Instant(n.Created), Sent: Instant(n.At),
		}
	})
	out.Body.Next.Next = rowCursor(listOfNotices, list, page, func(n *notice.Sent) id.ID { return n.ID })
	return out, nil
}

func (s *server) getPreferences(ctx context.Context, in *InParty) (*preferencesOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	of := id.ID(in.Party)
	list, err := g.Notices.Preferences(ctx, tenant(ctx), of)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &preferencesOutput{}
	if out.Body.Language, err = g.Notices.Language(ctx, tenant(ctx), of); err != nil {
		return nil, s.problem(ctx, err)
	}
	out.Body.Preferences = convert(list, func(p notice.Preference) Preference { return Preference(p) })
	return out, nil
}

func (s *server) setPreferences(ctx context.Context, in *preferenceInput) (*preferencesOutput, error) {
	g, err := s.partyThere(ctx, in.Party)
	if err != nil {
		return nil, err
	}
	of := id.ID(in.Party)
	list := convert(in.Body.Preferences, func(p Preference) notice.Preference { return notice.Preference(p) })
	if err := g.Notices.Prefer(ctx, tenant(ctx), of, in.Body.Language, list...); err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return s.getPreferences(ctx, &in.InParty)
}

func (s *server) listSimulated(ctx context.Context, in *simulatedInput) (*simulatedOutput, error) {
	list, err := s.node.Simulated(in.Channel, in.Limit)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &simulatedOutput{}
	out.Body.Messages = convert(list, func(m notice.Message) Simulated {
		return Simulated{ID: CommandID(m.ID), Address: m.Address, Subject: m.Subject, Body: m.Body}
	})
	return out, nil
}
