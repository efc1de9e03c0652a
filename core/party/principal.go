package party

import (
	"context"
	"database/sql"
	"errors"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Principal is a login or a key. A party stands behind it from the beginning and for good, so that two principals of one
// person are known to be one.
type Principal struct {
	ID      id.ID
	Kind    string // code
	Name    string // of one principal of the tenant only, not a person's data
	Person  id.ID  // the party that stands behind it
	Created int64  // microseconds since 1970
	Creator id.ID
	Closed  int64 // when it was closed, 0 if it is not
	Closer  id.ID
}

var principals = record[Principal]{
	what: "principal", key: "id",
	from: "SELECT x.id, x.kind, x.name, x.person, x.created, x.creator, x.closed, x.closer FROM party_principal x",
	dest: func(p *Principal) []any {
		return []any{
			column{&p.ID}, &p.Kind, &p.Name, column{&p.Person}, &p.Created, column{&p.Creator}, &p.Closed, column{&p.Closer},
		}
	},
}

// active reads a principal that is not closed and keeps it so until the transaction ends.
func (q *query) active(tenant, i id.ID) error {
	p, err := principals.get(q, tenant, i, q.locking())
	if err == nil && p.Closed != 0 {
		err = PrincipalClosed.Errorf("the principal %s is closed; make another one", i)
	}
	return err
}

// CreatePrincipal makes a principal. It may do nothing yet: grants say for whom it acts, tokens let it in.
func (r *Registry) CreatePrincipal(ctx context.Context, by By, p Principal) (Principal, error) {
	if err := first(by.check(), checkID(p.ID), checkCode("kind", p.Kind), checkText("name", p.Name, MaxLogin, lowerLogin)); err != nil {
		return Principal{}, err
	}
	c := creation[Principal]{
		kind: &principals, tenant: by.Tenant, id: p.ID,
		same: func(old *Principal) bool { return old.Kind == p.Kind && old.Name == p.Name && old.Person == p.Person },
		insert: func(q *query) error {
			if _, err := q.open(by.Tenant, p.Person); err != nil {
				return err
			}
			if err := q.room(MaxPrincipals, "principals of this party",
				"SELECT count(*) FROM party_principal WHERE tenant = ? AND person = ? AND closed = 0", by.Tenant[:], p.Person[:]); err != nil {
				return err
			}
			return q.exec(`INSERT INTO party_principal (tenant, id, kind, name, person, created, creator, closed, closer)
				VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?)`, by.Tenant[:], p.ID[:], p.Kind, p.Name, p.Person[:], r.now(), by.Actor[:], none)
		},
		taken: PrincipalTaken.Errorf("another principal has this name, perhaps a closed one; choose another name").On("name"),
	}
	return c.do(ctx, r)
}

// Principal reads a principal.
func (r *Registry) Principal(ctx context.Context, tenant, principal id.ID) (Principal, error) {
	return principals.one(ctx, r, tenant, principal)
}

// PrincipalByName reads the principal of that name.
func (r *Registry) PrincipalByName(ctx context.Context, tenant id.ID, name string) (p Principal, err error) {
	if err := first(checkTenant(tenant), checkText("name", name, MaxLogin, lowerLogin)); err != nil {
		return p, err
	}
	err = r.read(ctx, func(q *query) error {
		err := q.row(principals.from+" WHERE x.tenant = ? AND x.name = ?", tenant[:], name).Scan(principals.dest(&p)...)
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("no principal has this name").On("name")
		}
		return err
	})
	return p, failed("find principal", err)
}

// PrincipalFilter narrows a list of principals; the zero value narrows nothing.
type PrincipalFilter struct {
	Person id.ID
	Kind   string
	Open   bool // only those that are not closed
}

// Principals lists a tenant's principals.
func (r *Registry) Principals(ctx context.Context, tenant id.ID, f PrincipalFilter, p Page) ([]Principal, error) {
	if err := checkFilter("kind", f.Kind); err != nil {
		return nil, err
	}
	var w where
	if !f.Person.IsZero() {
		w.of("party_principal", "person", tenant, f.Person)
	}
	if f.Kind != "" {
		w.and("x.kind = ?", f.Kind)
	}
	if f.Open {
		w.and("x.closed = 0")
	}
	return principals.list(ctx, r, tenant, &w, p)
}

// ClosePrincipal ends a principal for good; its tokens let nobody in any more. Closing it again changes nothing.
func (r *Registry) ClosePrincipal(ctx context.Context, by By, principal id.ID) (Principal, error) {
	defer r.cache.drop(principal)
	return end(ctx, r, by, &principals, principal, func(q *query, p *Principal) error {
		if p.Closed != 0 {
			return nil
		}
		p.Closed, p.Closer = r.now(), by.Actor
		return q.exec("UPDATE party_principal SET closed = ?, closer = ? WHERE tenant = ? AND id = ?",
			p.Closed, by.Actor[:], by.Tenant[:], principal[:])
	})
}

// Sameness says whether one person stands behind two principals.
type Sameness uint8

// The answers. Only DifferentPeople lets one of the two judge what the other one did.
const (
	SamePerson      Sameness = iota + 1 // one party stands behind both
	DifferentPeople                     // two people stand behind them
	UnknownPerson                       // an organisation stands behind one of them, and who used it cannot be told
)

func (s Sameness) String() string {
	switch s {
	case SamePerson:
		return "same person"
	case DifferentPeople:
		return "different people"
	case UnknownPerson:
		return "unknown person"
	default:
		return "no answer"
	}
}

// Compare tells whether two principals of a tenant are one person. Closed ones count as well.
func (r *Registry) Compare(ctx context.Context, tenant, a, b id.ID) (s Sameness, err error) {
	if err := checkTenant(tenant); err != nil {
		return 0, err
	}
	err = r.read(ctx, func(q *query) error {
		one, err := behind(q, tenant, a)
		if err != nil {
			return err
		}
		other, err := behind(q, tenant, b)
		if err != nil {
			return err
		}
		switch {
		case one.ID == other.ID:
			s = SamePerson
		case one.Kind == Person && other.Kind == Person:
			s = DifferentPeople
		default:
			s = UnknownPerson
		}
		return nil
	})
	return s, failed("compare principals", err)
}

// behind reads the party that stands behind a principal.
func behind(q *query, tenant, principal id.ID) (Party, error) {
	p, err := principals.get(q, tenant, principal, "")
	if err != nil {
		return Party{}, err
	}
	return parties.get(q, tenant, p.Person, "")
}
