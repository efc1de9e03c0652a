package rest

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Tenant is a customer of the platform's operator.
type Tenant struct {
	ID      ID       `json:"id"`
	Name    string   `json:"name" example:"north"`
	Ledgers []string `json:"ledgers" doc:"Names of his ledgers, sorted" example:"[\"north\"]"`
	First   string   `json:"first,omitempty" doc:"The ledger that was there first: his days follow its clock" example:"north"`
	Created Instant  `json:"created"`
	Creator ID       `json:"creator" doc:"The principal that made it"`
}

func tenantOf(t *party.Tenant) Tenant {
	return Tenant{
		ID: ID(t.ID), Name: t.Name, Ledgers: convert(t.Ledgers, func(s string) string { return s }), First: t.First,
		Created: Instant(t.Created), Creator: ID(t.Creator),
	}
}

// NewTenant is what a tenant begins with.
type NewTenant struct {
	Name          string  `json:"name" maxLength:"32" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"a-z, 0-9 and hyphen" example:"north"`
	Ledger        string  `json:"ledger,omitempty" maxLength:"32" pattern:"^[a-z0-9][a-z0-9-]*$" doc:"Name of his first ledger; his own if absent" example:"north"`
	Zone          string  `json:"zone,omitempty" maxLength:"64" doc:"Of the ledger; UTC if absent" example:"Asia/Shanghai"`
	Clock         string  `json:"clock,omitempty" enum:"real,simulated" doc:"Of the ledger; real if absent"`
	Start         Instant `json:"start,omitzero" doc:"Where a simulated clock stands at first; it has to be given then"`
	Administrator string  `json:"administrator,omitempty" maxLength:"200" doc:"Name of the person who is the first administrator; his login if absent"`
	Login         string  `json:"login,omitempty" maxLength:"64" pattern:"^[a-z0-9._-]+$" doc:"His login; administrator if absent" example:"wang.wu"`
	Expires       Instant `json:"expires,omitzero" doc:"When his token ends; in 90 days if absent"`
}

// MadeTenant is a tenant with the way in.
type MadeTenant struct {
	Tenant        Tenant `json:"tenant"`
	Administrator ID     `json:"administrator" doc:"The party that is the first administrator"`
	Principal     ID     `json:"principal" doc:"His login"`
	TokenID       ID     `json:"token_id" doc:"Names his token"`
	Token         string `json:"token,omitempty" doc:"Its text, shown this once. Absent when it was shown before: then revoke it and issue another one for the principal"`
}

// InTenant names a tenant.
type InTenant struct {
	Tenant string `path:"tenant" maxLength:"32" pattern:"^[a-z0-9_-]+$" doc:"Name of the tenant" example:"north"`
}

type (
	newTenant        struct{ Body NewTenant }
	madeTenantOutput struct{ Body MadeTenant }
	tenantOutput     struct{ Body Tenant }
	tenantsOutput    struct {
		Body struct {
			Tenants []Tenant `json:"tenants" doc:"In the order of ids"`
			Next
		}
	}
)

// firstToken is how long the token of the first administrator lasts if nothing is said.
const firstToken = 90 * 24 * time.Hour

func (s *server) tenants(a huma.API) {
	huma.Register(a, operator(change("create-tenant", "/v1/tenants", tagParties, "Make a tenant with his ledger and first administrator",
		"The same words again give the same tenant, and end what was begun; the token is shown once.")), s.createTenant)
	huma.Register(a, operator(question("list-tenants", "/v1/tenants", tagParties, "List the tenants")), s.listTenants)
	huma.Register(a, operator(question("get-tenant", "/v1/tenants/{tenant}", tagParties, "Tell who a tenant is")), s.getTenant)
}

// createTenant: all ids follow from the name, which one tenant has only. Whoever repeats the request after a failure goes
// on where it ended.
func (s *server) createTenant(ctx context.Context, in *newTenant) (*madeTenantOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	b := &in.Body
	if b.Ledger == "" {
		b.Ledger = b.Name
	}
	if b.Login == "" {
		b.Login = "administrator"
	}
	if b.Administrator == "" {
		b.Administrator = b.Login
	}
	named, err := api.KeyID(api.CallOf(ctx).Principal.ID(), "tenant:"+b.Name)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	made, err := s.found(ctx, g, id.ID(named), b)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &madeTenantOutput{Body: *made}, nil
}

// found makes the ledger first: what is wrong with it is told before there is a tenant without one.
func (s *server) found(ctx context.Context, g *ground.Ground, tenant id.ID, b *NewTenant) (*MadeTenant, error) {
	if err := free(ctx, g.Parties, tenant, b); err != nil {
		return nil, err
	}
	n := api.NewLedger{Name: b.Ledger, Zone: b.Zone, Clock: ledger.RealClock, Start: ledger.Instant(b.Start)}
	if n.Zone == "" {
		n.Zone = "UTC"
	}
	if b.Clock != "" {
		n.Clock = clockKinds.value(b.Clock, 0)
	}
	if n.Clock == ledger.SimulatedClock && n.Start == 0 {
		return nil, errs.Invalid.Errorf("is missing: say where the simulated clock stands at first").On("body.start")
	}
	if _, err := s.node.CreateLedger(ctx, n); err != nil {
		return nil, err
	}
	by := party.By{Tenant: tenant, Actor: api.CallOf(ctx).Principal.Principal}
	if _, err := g.Parties.CreateTenant(ctx, by.Actor, party.Tenant{ID: tenant, Name: b.Name}); err != nil {
		return nil, inBodyOf(err, "", "body.")
	}
	t, err := g.Parties.AddLedger(ctx, by, b.Ledger)
	if err != nil {
		return nil, inBodyOf(err, "", "body.")
	}
	return administrator(ctx, g, by, &t, b)
}

// free says whether the names can be had.
func free(ctx context.Context, g *party.Registry, tenant id.ID, b *NewTenant) error {
	switch t, err := g.TenantByName(ctx, b.Name); {
	case err == nil && t.ID != tenant:
		return party.TenantTaken.Errorf("another tenant has this name; choose another one").On("body.name")
	case err != nil && !errs.Is(err, errs.NotFound):
		return err
	}
	field := "body.ledger"
	if b.Ledger == b.Name {
		field = "body.name"
	}
	switch owner, err := g.OwnerOfLedger(ctx, b.Ledger); {
	case err == nil && owner != tenant:
		return party.LedgerTaken.Errorf("another tenant has a ledger of this name; choose another one").On(field)
	case err != nil && !errs.Is(err, errs.NotFound):
		return err
	}
	return nil
}

// administrator makes the first one: the person, his role, his login and a token for it.
func administrator(ctx context.Context, g *ground.Ground, by party.By, t *party.Tenant, b *NewTenant) (*MadeTenant, error) {
	part := func(label string) id.ID { return t.ID.Derive("first administrator "+label, 0) }
	person, principal, token := part("party"), part("principal"), part("token")
	_, err := g.Parties.CreateParty(ctx, by, party.Party{ID: person, Kind: party.Person, Name: party.Personal(b.Administrator)})
	if err != nil {
		return nil, of("body.administrator", err)
	}
	_, err = g.Parties.GiveRole(ctx, by, party.Role{ID: part("role"), Party: person, Code: "administrator", From: t.Created / microsOfDay})
	if err != nil {
		return nil, err
	}
	if _, err = g.Parties.CreatePrincipal(ctx, by, party.Principal{ID: principal, Kind: "login", Name: b.Login, Person: person}); err != nil {
		return nil, of("body.login", err)
	}
	if _, err = g.Parties.Grant(ctx, by, party.Grant{ID: part("grant"), Principal: principal, Party: person, From: t.Created}); err != nil {
		return nil, err
	}
	made := &MadeTenant{Tenant: tenantOf(t), Administrator: ID(person), Principal: ID(principal), TokenID: ID(token)}
	expires := int64(b.Expires)
	if expires == 0 {
		expires = g.Clock.Now().Add(firstToken).UnixMicro()
	}
	_, secret, err := g.Parties.IssueToken(ctx, by, party.Token{ID: token, Principal: principal, Expires: expires})
	switch {
	case errs.Is(err, party.TokenShown):
		return made, nil
	case err != nil:
		return nil, inBodyOf(err, "", "body.")
	}
	made.Token = secret.Text()
	return made, nil
}

// of says which member of the body an outcome is about.
func of(field string, err error) error {
	if errs.Is(err, errs.Internal) {
		return err
	}
	return errs.Of(err).On(field)
}

func (s *server) listTenants(ctx context.Context, in *InPage) (*tenantsOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	page, err := s.rows(ctx, listOfTenants, in)
	if err != nil {
		return nil, err
	}
	list, err := g.Parties.Tenants(ctx, page)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	out := &tenantsOutput{}
	out.Body.Tenants = convert(list, func(t party.Tenant) Tenant { return tenantOf(&t) })
	out.Body.Next.Next = rowCursor(listOfTenants, list, page, func(t *party.Tenant) id.ID { return t.ID })
	return out, nil
}

func (s *server) getTenant(ctx context.Context, in *InTenant) (*tenantOutput, error) {
	g, err := s.ground(ctx)
	if err != nil {
		return nil, err
	}
	t, err := g.Parties.TenantByName(ctx, in.Tenant)
	if err != nil {
		return nil, s.problem(ctx, err)
	}
	return &tenantOutput{Body: tenantOf(&t)}, nil
}
