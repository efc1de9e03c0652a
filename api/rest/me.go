package rest

import (
	"context"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/right"
)

// Purse is in which asset a party has its money in a ledger.
type Purse struct {
	Ledger string `json:"ledger" example:"main"`
	Asset  string `json:"asset" example:"CNY"`
	Scale  uint8  `json:"scale" doc:"Digits after the point, by which amounts are written for people" example:"2"`
}

type (
	me struct {
		Principal ID       `json:"principal"`
		Kind      string   `json:"kind" doc:"Of the principal" example:"login"`
		Name      string   `json:"name" doc:"Of the principal" example:"zhang.san"`
		Operator  bool     `json:"operator,omitempty" doc:"He has the token of the node's data folder"`
		Tenant    string   `json:"tenant,omitempty" doc:"Name of the tenant" example:"north"`
		Party     ID       `json:"party,omitzero" doc:"For which he acts in this request"`
		Rights    []string `json:"rights" example:"[\"party.read\"]"`
		Money     []Purse  `json:"money,omitempty" doc:"Where that party has its cash account"`
	}
	meOutput struct{ Body me }
)

func (s *server) whoAmI(ctx context.Context, _ *struct{}) (*meOutput, error) {
	p := &api.CallOf(ctx).Principal
	out := &meOutput{Body: me{
		Principal: ID(p.Principal), Kind: p.Kind, Name: p.Name, Operator: p.Operator, Tenant: p.TenantName, Party: ID(p.Party), Rights: []string{},
	}}
	for r := range right.All() {
		if p.Rights.Has(r) {
			out.Body.Rights = append(out.Body.Rights, r.String())
		}
	}
	var err error
	out.Body.Money, err = s.money(ctx, p)
	return out, err
}

// money tells in which asset the party for which somebody acts has its money, by ledger.
func (s *server) money(ctx context.Context, p *api.Principal) (list []Purse, err error) {
	if p.Party.IsZero() {
		return nil, nil
	}
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	t, err := g.Parties.Tenant(ctx, p.Tenant)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	state, cash := make([]ledger.AccountState, 1), []string{market.Cash(p.Party)}
	for _, name := range t.Ledgers {
		if _, err := s.node.Balances(ctx, name, cash, 0, state); err != nil {
			return nil, s.problem(ctx, err)
		}
		if state[0].Number != 0 {
			list = append(list, Purse{name, state[0].Asset, state[0].Scale})
		}
	}
	return list, nil
}
