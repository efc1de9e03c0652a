package access

import (
	"context"
	"strings"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/right"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Operator is the principal who has the folder's token.
var Operator = ledger.ID([]byte("longmen/operator"))

// Callers finds out who calls.
type Callers struct {
	Token  Token
	Ground func() (*ground.Ground, error) // an error until it is open
}

// Names of the headers, as the fields of errors say them.
const (
	fieldTenant = "header.Longmen-Tenant"
	fieldParty  = "header.Longmen-Party"
)

// Caller fills in who calls.
func (a *Callers) Caller(ctx context.Context, c api.Credentials, to *api.Principal) error {
	if a.Token.Is(c.Token) {
		return a.operator(ctx, c, to)
	}
	if !strings.HasPrefix(c.Token, party.TokenPrefix) {
		return errs.Unauthenticated.Errorf("there is no such token; send one that was issued here, or the one in the data folder")
	}
	if c.Tenant != "" {
		return errs.Forbidden.Errorf("only the operator names a tenant; yours follows from your token").On(fieldTenant)
	}
	g, err := a.Ground()
	if err != nil {
		return err
	}
	if to.Access, err = g.Parties.Resolve(ctx, c.Token); err != nil {
		return err
	}
	for code := range to.Roles(ground.Day(g.Clock)) {
		to.Rights |= right.Role(code)
	}
	if c.Party != "" {
		return actFor(to, c.Party)
	}
	if to.ActsFor(to.Person) {
		to.Party = to.Person
	}
	return nil
}

// operator lets the operator in, into a tenant if he names one.
func (a *Callers) operator(ctx context.Context, c api.Credentials, to *api.Principal) error {
	to.Operator, to.Rights = true, right.Every
	to.Principal, to.Kind, to.Name = id.ID(Operator), "operator", "operator"
	if c.Tenant == "" && c.Party == "" {
		return nil
	}
	if c.Tenant == "" {
		return errs.Invalid.Errorf("is missing: the operator says in which tenant he acts for a party").On(fieldTenant)
	}
	g, err := a.Ground()
	if err != nil {
		return err
	}
	t, err := g.Parties.TenantByName(ctx, c.Tenant)
	if err != nil {
		return errs.Of(err).On(fieldTenant)
	}
	to.Tenant, to.TenantName, to.Ledgers = t.ID, t.Name, t.Ledgers
	if c.Party == "" {
		return nil
	}
	return actFor(to, c.Party)
}

// actFor notes the party that the request names.
func actFor(to *api.Principal, text string) error {
	named, err := id.Parse(text)
	if err != nil {
		return errs.Invalid.Errorf("is no id of a party").On(fieldParty)
	}
	if !to.MayActFor(named) {
		return errs.Forbidden.Errorf("is a party for which you may not act; it takes a grant").On(fieldParty)
	}
	to.Party = named
	return nil
}
