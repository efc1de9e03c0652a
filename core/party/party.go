package party

import (
	"context"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Kind tells people from organisations.
type Kind uint8

// The kinds of parties.
const (
	Person Kind = iota + 1
	Organisation
)

func (k Kind) String() string {
	switch k {
	case Person:
		return "person"
	case Organisation:
		return "organisation"
	default:
		return "no kind"
	}
}

// Party is a person or an organisation.
type Party struct {
	ID      id.ID
	Kind    Kind
	Name    Personal
	Version int64 // 1 at first, one more with each change
	Created int64 // microseconds since 1970
	Creator id.ID
	Closed  int64 // when it was closed, 0 if it is not
}

// What says what a version of a party changed.
type What uint8

// What can change.
const (
	Created What = iota + 1
	Renamed
	Closed
)

func (w What) String() string {
	switch w {
	case Created:
		return "created"
	case Renamed:
		return "renamed"
	case Closed:
		return "closed"
	default:
		return "nothing"
	}
}

// Change says who made a version of a party, and when.
type Change struct {
	Version int64
	What    What
	At      int64
	Actor   id.ID
}

var parties = record[Party]{
	what: "party", key: "id",
	from: "SELECT x.id, x.kind, x.name, x.version, x.created, x.creator, x.closed FROM party_party x",
	dest: func(p *Party) []any {
		return []any{column{&p.ID}, &p.Kind, personal{&p.Name}, &p.Version, &p.Created, column{&p.Creator}, &p.Closed}
	},
}

// open reads a party that is not closed and keeps it so until the transaction ends.
func (q *query) open(tenant, i id.ID) (Party, error) {
	p, err := parties.get(q, tenant, i, q.locking())
	if err == nil && p.Closed != 0 {
		err = PartyClosed.Errorf("the party %s is closed; nothing is added to it", i)
	}
	return p, err
}

// CreateParty makes a party. A repeat is compared with what the party is by then: after another name was given, it is a
// conflict.
func (r *Registry) CreateParty(ctx context.Context, by By, p Party) (Party, error) {
	if err := first(by.check(), checkID(p.ID), checkPersonal("name", p.Name, 1, MaxName)); err != nil {
		return Party{}, err
	}
	if p.Kind != Person && p.Kind != Organisation {
		return Party{}, errs.Invalid.Errorf("is none of person, organisation").On("kind")
	}
	c := creation[Party]{
		kind: &parties, tenant: by.Tenant, id: p.ID,
		same: func(old *Party) bool { return old.Kind == p.Kind && old.Name == p.Name },
		insert: func(q *query) error {
			if _, err := tenants.get(q, by.Tenant, by.Tenant, ""); err != nil {
				return err
			}
			now := r.now()
			err := q.exec("INSERT INTO party_party (tenant, id, kind, name, version, created, creator, closed) VALUES (?, ?, ?, ?, 1, ?, ?, 0)",
				by.Tenant[:], p.ID[:], p.Kind, seal(p.Name), now, by.Actor[:])
			return first(err, q.changed(by, p.ID, Change{1, Created, now, by.Actor}))
		},
	}
	return c.do(ctx, r)
}

// Party reads a party.
func (r *Registry) Party(ctx context.Context, tenant, party id.ID) (Party, error) {
	return parties.one(ctx, r, tenant, party)
}

// PartyFilter narrows a list of parties; the zero value narrows nothing.
type PartyFilter struct {
	Kind Kind
	Open bool // only those that are not closed
}

// Parties lists a tenant's parties.
func (r *Registry) Parties(ctx context.Context, tenant id.ID, f PartyFilter, p Page) ([]Party, error) {
	var w where
	if f.Kind != 0 {
		w.and("x.kind = ?", f.Kind)
	}
	if f.Open {
		w.and("x.closed = 0")
	}
	return parties.list(ctx, r, tenant, &w, p)
}

// RenameParty gives a party another name. The version is the one that the caller saw.
func (r *Registry) RenameParty(ctx context.Context, by By, party id.ID, version int64, name Personal) (Party, error) {
	if err := checkPersonal("name", name, 1, MaxName); err != nil {
		return Party{}, err
	}
	return r.changeParty(ctx, by, party, version, Renamed, func(p *Party, _ int64) { p.Name = name })
}

// CloseParty ends a party for good: nothing is added to it, nobody acts for it, and the principals behind which it
// stands get no more access. The version is the one that the caller saw.
func (r *Registry) CloseParty(ctx context.Context, by By, party id.ID, version int64) (Party, error) {
	defer r.cache.clear()
	defer r.told(by.Tenant, party)
	return r.changeParty(ctx, by, party, version, Closed, func(p *Party, now int64) { p.Closed = now })
}

// changeParty makes the next version. A repeat by the same actor that comes after its own success finds it done.
func (r *Registry) changeParty(ctx context.Context, by By, party id.ID, version int64, what What, change func(*Party, int64)) (p Party, err error) {
	if err := by.check(); err != nil {
		return Party{}, err
	}
	err = r.write(ctx, func(q *query) error {
		if p, err = parties.get(q, by.Tenant, party, q.locking()); err != nil {
			return err
		}
		if p.Version == version+1 {
			if done, err := q.repeated(by, &p, what, change); done || err != nil {
				return err
			}
		}
		switch {
		case p.Version != version:
			return errs.Conflict.Errorf("the party has version %d, not %d; read it and decide again", p.Version, version).On("version")
		case p.Closed != 0:
			return PartyClosed.Errorf("the party %s is closed; it does not change any more", party)
		}
		now := r.now()
		change(&p, now)
		p.Version++
		err := q.exec("UPDATE party_party SET name = ?, version = ?, closed = ? WHERE tenant = ? AND id = ?",
			seal(p.Name), p.Version, p.Closed, by.Tenant[:], party[:])
		return first(err, q.changed(by, party, Change{p.Version, what, now, by.Actor}))
	})
	if err != nil {
		return Party{}, failed("change party", err)
	}
	return p, nil
}

// repeated says whether the newest version of a party is this very change.
func (q *query) repeated(by By, p *Party, what What, change func(*Party, int64)) (bool, error) {
	var last Change
	err := q.row("SELECT what, at, actor FROM party_change WHERE tenant = ? AND party = ? AND version = ?",
		by.Tenant[:], p.ID[:], p.Version).Scan(&last.What, &last.At, column{&last.Actor})
	again := *p
	change(&again, last.At)
	return last.What == what && last.Actor == by.Actor && again == *p, err
}

func (q *query) changed(by By, party id.ID, c Change) error {
	return q.exec("INSERT INTO party_change (tenant, party, version, what, at, actor) VALUES (?, ?, ?, ?, ?, ?)",
		by.Tenant[:], party[:], c.Version, c.What, c.At, c.Actor[:])
}

// PartyChanges lists who made which version of a party, after a version.
func (r *Registry) PartyChanges(ctx context.Context, tenant, party id.ID, after int64, limit int) (list []Change, err error) {
	if err := first(checkTenant(tenant), Page{Limit: limit}.check()); err != nil {
		return nil, err
	}
	changes := record[Change]{dest: func(c *Change) []any { return []any{&c.Version, &c.What, &c.At, column{&c.Actor}} }}
	err = r.read(ctx, func(q *query) error {
		if _, err := parties.get(q, tenant, party, ""); err != nil {
			return err
		}
		list, err = changes.scan(q, "SELECT version, what, at, actor FROM party_change WHERE tenant = ? AND party = ? AND version > ? ORDER BY version LIMIT ?",
			tenant[:], party[:], after, limit)
		return err
	})
	return list, failed("list changes of party", err)
}
