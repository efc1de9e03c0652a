package party

import (
	"context"
	"database/sql"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Role says what a party is for the tenant, on which days. Days are day numbers, 1970-01-01 is 0; the caller knows of
// which calendar they are.
type Role struct {
	ID      id.ID
	Party   id.ID
	Code    string
	From    int64 // first day, at least 1
	Until   int64 // the first day on which it no longer holds, as given at first; 0 for no end
	Created int64 // microseconds since 1970
	Creator id.ID
	Stops   int64 // the same as Until, or the day with which the role was ended
	Ended   int64 // when somebody ended it, 0 if nobody did
	Ender   id.ID
}

// Holds says whether the party has the role on a day.
func (o *Role) Holds(day int64) bool { return o.From <= day && (o.Stops == 0 || day < o.Stops) }

var roles = record[Role]{
	what: "role", key: "id",
	from: "SELECT x.id, x.party, x.code, x.starts, x.ends, x.created, x.creator, x.stops, x.ended, x.ender FROM party_role x",
	dest: func(o *Role) []any {
		return []any{
			column{&o.ID},
			column{&o.Party},
			&o.Code, &o.From,
			until{&o.Until},
			&o.Created,
			column{&o.Creator},
			until{&o.Stops},
			&o.Ended,
			column{&o.Ender},
		}
	},
}

// Check says what is wrong with a role that is to be given.
func (o *Role) Check() error {
	return first(checkID(o.ID), checkCode("code", o.Code), checkSpan(o.From, o.Until, maxDay))
}

// GiveRole gives a party a role. The same role on the same days twice is refused. Tokens that were issued before do not
// carry it.
func (r *Registry) GiveRole(ctx context.Context, by By, o Role) (Role, error) {
	if err := first(by.check(), o.Check()); err != nil {
		return Role{}, err
	}
	defer r.cache.drop(o.Party)
	return r.giving(by, o).do(ctx, r)
}

// GiveRoleWithin does the same as part of the caller's own transaction on this database, begun with its Write. The caller
// calls Changed for the party when that has ended.
func (r *Registry) GiveRoleWithin(ctx context.Context, tx *sql.Tx, by By, o Role) (Role, error) {
	if err := first(by.check(), o.Check()); err != nil {
		return Role{}, err
	}
	return r.giving(by, o).within(ctx, r, tx)
}

// Changed says that something of a principal or a party was changed in a transaction that has ended, however it ended.
func (r *Registry) Changed(of id.ID) { r.cache.drop(of) }

func (r *Registry) giving(by By, o Role) *creation[Role] {
	return &creation[Role]{
		kind: &roles, tenant: by.Tenant, id: o.ID,
		same: func(old *Role) bool {
			return old.Party == o.Party && old.Code == o.Code && old.From == o.From && old.Until == o.Until
		},
		insert: func(q *query) error {
			if _, err := q.open(by.Tenant, o.Party); err != nil {
				return err
			}
			// A role that was ended before its first day never held.
			n, err := q.count(`SELECT count(*) FROM party_role
				WHERE tenant = ? AND party = ? AND code = ? AND starts < ? AND stops > ? AND stops > starts`,
				by.Tenant[:], o.Party[:], o.Code, endless(o.Until), o.From)
			switch {
			case err != nil:
				return err
			case n > 0:
				return RoleOverlaps.Errorf("the party has this role on some of these days; begin after it, or end it first").On("from")
			}
			if err := q.room(MaxRoles, "roles of this party",
				"SELECT count(*) FROM party_role WHERE tenant = ? AND party = ?", by.Tenant[:], o.Party[:]); err != nil {
				return err
			}
			return q.exec(`INSERT INTO party_role (tenant, id, party, code, starts, ends, stops, created, creator, ended, ender)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`, by.Tenant[:], o.ID[:], o.Party[:], o.Code, o.From,
				endless(o.Until), endless(o.Until), r.now(), by.Actor[:], none)
		},
	}
}

// Role reads a role.
func (r *Registry) Role(ctx context.Context, tenant, role id.ID) (Role, error) {
	return roles.one(ctx, r, tenant, role)
}

// RoleFilter narrows a list of roles; the zero value narrows nothing.
type RoleFilter struct {
	Party id.ID
	Code  string
	Holds int64 // only those that hold on this day, 0 for all
}

// Roles lists roles of a tenant: those of one party, or who has one.
func (r *Registry) Roles(ctx context.Context, tenant id.ID, f RoleFilter, p Page) ([]Role, error) {
	if err := checkFilter("code", f.Code); err != nil {
		return nil, err
	}
	var w where
	if !f.Party.IsZero() {
		w.of("party_role", "party", tenant, f.Party)
	}
	if f.Code != "" {
		w.and("x.code = ?", f.Code)
	}
	if f.Holds != 0 {
		w.and("x.starts <= ? AND x.stops > ?", f.Holds, f.Holds)
	}
	return roles.list(ctx, r, tenant, &w, p)
}

// EndRole ends a role before its time: the day is the first on which it no longer holds. With its first day it never
// held. The same end again changes nothing, another one is a conflict.
func (r *Registry) EndRole(ctx context.Context, by By, role id.ID, day int64) (Role, error) {
	var person id.ID
	defer func() { r.cache.drop(person) }()
	return end(ctx, r, by, &roles, role, func(q *query, o *Role) error {
		person = o.Party // known also when the outcome of the commit is not
		switch {
		case o.Ended != 0 && o.Stops == day:
			return nil
		case o.Ended != 0:
			return errs.Conflict.Errorf("the role was ended with day %d; that stays", o.Stops).On("day")
		case day < o.From || day >= endless(o.Until):
			return errs.Invalid.Errorf("is not one of the role's days").On("day")
		}
		o.Stops, o.Ended, o.Ender = day, r.now(), by.Actor
		return q.exec("UPDATE party_role SET stops = ?, ended = ?, ender = ? WHERE tenant = ? AND id = ?",
			day, o.Ended, by.Actor[:], by.Tenant[:], role[:])
	})
}
