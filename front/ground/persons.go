package ground

import (
	"context"

	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// persons tells who stands behind a principal, to those who compare people.
type persons struct {
	parties *party.Registry
	clock   clock.Clock
}

// Person gives the person behind a principal, the zero id if there is nobody who could be told from others.
func (g *Ground) Person(ctx context.Context, tenant, principal id.ID) (id.ID, error) {
	person, _, err := g.persons.Person(ctx, tenant, principal)
	return person, err
}

// ActsFor says whether the person behind a principal may act for a party now, by whichever of his principals.
func (g *Ground) ActsFor(ctx context.Context, tenant, principal, of id.ID) (bool, error) {
	person, err := g.Person(ctx, tenant, principal)
	if err != nil || person.IsZero() {
		return false, err
	}
	return g.persons.ActsFor(ctx, tenant, person, of)
}

// Day is the day on which roles are looked at: that of UTC, so that it is the same everywhere.
func Day(c clock.Clock) int64 { return c.Now().Unix() / (24 * 3600) }

// Person gives the person and his roles of today. Behind a closed principal, and behind one of an organisation, stands
// nobody who could be told from others.
func (p *persons) Person(ctx context.Context, tenant, principal id.ID) (person id.ID, roles []string, err error) {
	found, err := p.parties.Principal(ctx, tenant, principal)
	if err != nil || found.Closed != 0 {
		return id.ID{}, nil, err
	}
	behind, err := p.parties.Party(ctx, tenant, found.Person)
	if err != nil || behind.Kind != party.Person || behind.Closed != 0 {
		return id.ID{}, nil, err
	}
	list, err := p.parties.Roles(ctx, tenant, party.RoleFilter{Party: behind.ID, Holds: Day(p.clock)}, party.Page{Limit: party.MaxRoles})
	if err != nil {
		return id.ID{}, nil, err
	}
	for _, r := range list {
		roles = append(roles, r.Code)
	}
	return behind.ID, roles, nil
}

// ActsFor looks at the grants for a party that hold now. A closed principal acts for nobody.
func (p *persons) ActsFor(ctx context.Context, tenant, person, of id.ID) (bool, error) {
	f := party.GrantFilter{Party: of, Holds: p.clock.Now().UnixMicro()}
	for page := (party.Page{Limit: party.MaxPage}); ; {
		list, err := p.parties.Grants(ctx, tenant, f, page)
		if err != nil {
			return false, err
		}
		for i := range list {
			behind, err := p.parties.Principal(ctx, tenant, list[i].Principal)
			if err != nil || behind.Person == person && behind.Closed == 0 {
				return err == nil, err
			}
			page.After = list[i].ID
		}
		if len(list) < page.Limit {
			return false, nil
		}
	}
}
