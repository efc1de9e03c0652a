package rest

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/authority"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Role says what a party is for the tenant. Its days are those of UTC.
type Role struct {
	ID      ID      `json:"id" doc:"Also of the proposal behind it, if there was one"`
	Party   ID      `json:"party"`
	Role    string  `json:"role" example:"operations"`
	From    Date    `json:"from" doc:"The first day"`
	Until   Date    `json:"until,omitzero" doc:"The first day on which it no longer holds, as it was given; absent for no end"`
	Stops   Date    `json:"stops,omitzero" doc:"The same, or the day with which it was ended"`
	Created Instant `json:"created"`
	Creator ID      `json:"creator" doc:"The principal that gave or proposed it"`
	Ended   Instant `json:"ended,omitzero" doc:"When somebody ended it"`
	Ender   ID      `json:"ender,omitzero"`
}

// RoleCode is one of the roles that the program knows.
type RoleCode string

// Schema lists them.
func (RoleCode) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString, Description: "What each may do stands in docs/access.md.", Examples: []any{"operations"}}
	for _, code := range right.Roles() {
		s.Enum = append(s.Enum, code)
	}
	return s
}

// Dates of the rows are days since 1970, 0 for none.
func rowDate(day int64) Date {
	if day == 0 {
		return 0
	}
	return Date(ledger.DateOfUnixDay(int32(day)))
}

func rowDay(d Date) int64 { return int64(dayOf(d)) }

func roleOf(o *party.Role) Role {
	return Role{
		ID: ID(o.ID), Party: ID(o.Party), Role: o.Code, From: rowDate(o.From), Until: rowDate(o.Until), Stops: rowDate(o.Stops),
		Created: Instant(o.Created), Creator: ID(o.Creator), Ended: Instant(o.Ended), Ender: ID(o.Ender),
	}
}

type (
	newRole struct {
		InParty
		Body struct {
			ID     NewID    `json:"id" doc:"Made by the client; also of the proposal, if it takes one: the same again gives what came of it"`
			Role   RoleCode `json:"role"`
			From   Date     `json:"from,omitzero" doc:"The first day; the day in its id if absent"`
			Until  Date     `json:"until,omitzero" doc:"The first day on which it no longer holds"`
			Reason string   `json:"reason,omitempty" maxLength:"1000" doc:"For the person who decides; needed when it takes one"`
		} `nameHint:"NewRole"`
	}
	endRole struct {
		Role CommandID `path:"role" doc:"Id of the role" example:"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"`
		Body struct {
			Day Date `json:"day" doc:"The first day on which it no longer holds; with its first day it never held"`
		} `nameHint:"EndRole"`
	}
	roleOutput struct{ Body Role }
	rolesInput struct {
		InParty
		InPage
		On DateParam `query:"on" doc:"Only those that hold on this day"`
	}
	roleHoldersInput struct {
		InPage
		Role string    `query:"role" maxLength:"32" doc:"Only this role" example:"operations"`
		On   DateParam `query:"on" doc:"Only those that hold on this day"`
	}
	rolesOutput struct {
		Body struct {
			Roles []Role `json:"roles" doc:"In the order of ids"`
			Next
		} `nameHint:"Roles"`
	}
)

func (s *server) roles(a huma.API) {
	const path = partyPath + "/roles"
	huma.Register(a, needs(right.RoleWrite, change("give-role", path, tagParties, "Give a party a role",
		"It is proposed, and another person of compliance or risk approves it: until then the answer is 409 `approval_pending`. "+
			"At once it is done by the operator, and by who gives himself what lets him only read what he may read already. "+
			"Tokens that were issued before do not carry it.")), s.giveRole)
	huma.Register(a, own("party", right.PartyRead, question("list-roles", path, tagParties, "List a party's roles")), s.listRoles)
	huma.Register(a, needs(right.PartyRead, question("list-role-holders", "/v1/roles", tagParties, "List who has which role")), s.listRoleHolders)
	huma.Register(a, needs(right.RoleWrite, change("end-role", "/v1/roles/{role}/end", tagParties, "End a role before its time",
		"It counts at once, for every token.")), s.endRole)
}

// who is the caller as the one who makes somebody more than he is.
func who(ctx context.Context) *authority.Who {
	p := &api.CallOf(ctx).Principal
	return &authority.Who{By: p.By(), Person: p.Person, Rights: p.Rights, Operator: p.Operator, ActsFor: p.ActsFor}
}

func (s *server) giveRole(ctx context.Context, in *newRole) (*roleOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	o := party.Role{ID: id.ID(b.ID), Party: id.ID(in.Party), Code: string(b.Role), From: rowDay(b.From), Until: rowDay(b.Until)}
	if b.From == 0 {
		o.From = id.ID(b.ID).Micros() / microsOfDay
	}
	o, err = g.Authority.GiveRole(ctx, who(ctx), o, b.Reason)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &roleOutput{Body: roleOf(&o)}, nil
}

func (s *server) listRoles(ctx context.Context, in *rolesInput) (*rolesOutput, error) {
	g, page, err := s.ofParty(ctx, listOfRoles, in.Party, &in.InPage)
	if err != nil {
		return nil, err
	}
	return s.findRoles(ctx, g, party.RoleFilter{Party: id.ID(in.Party), Holds: rowDay(in.On.Date)}, page)
}

func (s *server) listRoleHolders(ctx context.Context, in *roleHoldersInput) (*rolesOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfRoles, &in.InPage)
	if err != nil {
		return nil, err
	}
	return s.findRoles(ctx, g, party.RoleFilter{Code: in.Role, Holds: rowDay(in.On.Date)}, page)
}

func (s *server) findRoles(ctx context.Context, g *ground.Ground, f party.RoleFilter, page party.Page) (*rolesOutput, error) {
	list, err := g.Parties.Roles(ctx, tenant(ctx), f, page)
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "code", "query.role"))
	}
	out := &rolesOutput{}
	out.Body.Roles = convert(list, func(o party.Role) Role { return roleOf(&o) })
	out.Body.Next.Next = rowCursor(listOfRoles, list, page, func(o *party.Role) id.ID { return o.ID })
	return out, nil
}

func (s *server) endRole(ctx context.Context, in *endRole) (*roleOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	o, err := g.Parties.EndRole(ctx, by(ctx), id.ID(in.Role), rowDay(in.Body.Day))
	if err != nil {
		return nil, s.problem(ctx, inBodyOf(err, "", "body."))
	}
	return &roleOutput{Body: roleOf(&o)}, nil
}

// whole refuses a token that does not carry a role which the person behind it has: who decides does so by all his roles.
func whole(ctx context.Context, g *ground.Ground) error {
	p, day := &api.CallOf(ctx).Principal, ground.Day(g.Clock)
	carried := map[string]bool{}
	for code := range p.Roles(day) {
		carried[code] = true
	}
	list, err := g.Parties.Roles(ctx, p.Tenant, party.RoleFilter{Party: p.Person, Holds: day}, party.Page{Limit: party.MaxRoles})
	if err != nil {
		return err
	}
	for i := range list {
		if code := list[i].Code; !carried[code] {
			return errs.Forbidden.Errorf("your token is older than your role %s: decide with one that was issued since", code)
		}
	}
	return nil
}
