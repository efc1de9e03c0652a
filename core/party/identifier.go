package party

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Identifier is by what a party is known outside: a type, such as the code of a document or channel, and a value. Two
// identifiers of a tenant with the same type never have the same value at once. Values are compared byte by byte, so the
// caller brings them into one spelling first.
type Identifier struct {
	ID      id.ID
	Party   id.ID
	Type    string
	Value   Personal // empty when it was removed
	Created int64    // microseconds since 1970
	Creator id.ID
	Removed int64 // when it was removed, 0 if it was not
	Remover id.ID
}

var identifiers = record[Identifier]{
	what: "identifier", key: "id",
	from: "SELECT x.id, x.party, x.type, x.value, x.created, x.creator, x.removed, x.remover FROM party_identifier x",
	dest: func(i *Identifier) []any {
		return []any{
			column{&i.ID}, column{&i.Party}, &i.Type, personal{&i.Value}, &i.Created, column{&i.Creator}, &i.Removed, column{&i.Remover},
		}
	},
}

// AddIdentifier gives a party an identifier. After it was removed, a repeat is a conflict: there is no value to compare.
func (r *Registry) AddIdentifier(ctx context.Context, by By, i Identifier) (Identifier, error) {
	if err := first(by.check(), checkID(i.ID), checkCode("type", i.Type), checkPersonal("value", i.Value, 1, MaxValue)); err != nil {
		return Identifier{}, err
	}
	c := creation[Identifier]{
		kind: &identifiers, tenant: by.Tenant, id: i.ID,
		same: func(old *Identifier) bool { return old.Party == i.Party && old.Type == i.Type && old.Value == i.Value },
		insert: func(q *query) error {
			if err := q.keyed(r, r.db.Dialect().ForShare()); err != nil {
				return err
			}
			if _, err := q.open(by.Tenant, i.Party); err != nil {
				return err
			}
			if err := q.room(MaxIdentifiers, "identifiers of this party",
				"SELECT count(*) FROM party_identifier WHERE tenant = ? AND party = ? AND removed = 0", by.Tenant[:], i.Party[:]); err != nil {
				return err
			}
			return q.exec(`INSERT INTO party_identifier (tenant, id, party, type, lookup, value, created, creator, removed, remover)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`, by.Tenant[:], i.ID[:], i.Party[:], i.Type,
				r.lookup(by.Tenant, i.Type, i.Value), seal(i.Value), r.now(), by.Actor[:], none)
		},
		taken: IdentifierTaken.Errorf("another identifier of this type has the same value; find its party instead of making another one").On("value"),
	}
	return c.do(ctx, r)
}

// none is an id's column when there is none.
var none = make([]byte, id.Size)

// Identifier reads an identifier.
func (r *Registry) Identifier(ctx context.Context, tenant, identifier id.ID) (Identifier, error) {
	return identifiers.one(ctx, r, tenant, identifier)
}

// Identifiers lists a party's identifiers, the removed ones too.
func (r *Registry) Identifiers(ctx context.Context, tenant, party id.ID, p Page) ([]Identifier, error) {
	return identifiers.list(ctx, r, tenant, new(where).of("party_identifier", "party", tenant, party), p)
}

// FindParty reads the party that has the identifier.
func (r *Registry) FindParty(ctx context.Context, tenant id.ID, kind string, value Personal) (p Party, err error) {
	if err := first(checkTenant(tenant), checkCode("type", kind), checkPersonal("value", value, 1, MaxValue)); err != nil {
		return Party{}, err
	}
	err = r.read(ctx, func(q *query) error {
		if err := q.keyed(r, ""); err != nil {
			return err
		}
		var at id.ID
		err := q.row("SELECT party FROM party_identifier WHERE tenant = ? AND type = ? AND lookup = ? AND removed = 0",
			tenant[:], kind, r.lookup(tenant, kind, value)).Scan(column{&at})
		if errors.Is(err, sql.ErrNoRows) {
			return errs.NotFound.Errorf("no party has such an identifier").On("value")
		}
		if err == nil {
			p, err = parties.get(q, tenant, at, "")
		}
		return err
	})
	return p, failed("find party", err)
}

// RemoveIdentifier takes an identifier away and erases its value; that there was one, and of which type, stays. The
// value is then free for another party. Removing it again changes nothing.
func (r *Registry) RemoveIdentifier(ctx context.Context, by By, identifier id.ID) (i Identifier, err error) {
	return end(ctx, r, by, &identifiers, identifier, func(q *query, i *Identifier) error {
		if i.Removed != 0 {
			return nil
		}
		i.Removed, i.Remover, i.Value = r.now(), by.Actor, ""
		return q.exec("UPDATE party_identifier SET removed = ?, remover = ?, lookup = ?, value = ? WHERE tenant = ? AND id = ?",
			i.Removed, by.Actor[:], bytes.Clone(none[:0]), bytes.Clone(none[:0]), by.Tenant[:], identifier[:])
	})
}

// end reads a row, keeps others from it and lets change end it.
func end[T any](ctx context.Context, r *Registry, by By, k *record[T], i id.ID, change func(*query, *T) error) (v T, err error) {
	if err := by.check(); err != nil {
		return v, err
	}
	err = r.write(ctx, func(q *query) error {
		if v, err = k.get(q, by.Tenant, i, q.locking()); err != nil {
			return err
		}
		return change(q, &v)
	})
	if err != nil {
		var none T
		return none, failed("end "+k.what, err)
	}
	return v, nil
}
