package party

import (
	"context"
	"database/sql"

	"github.com/longmen/longmen/kit/id"
)

// Grant says that a principal may act for a party, since when and until when. Nobody acts for a party without one, not
// even the person for himself.
type Grant struct {
	ID        id.ID
	Principal id.ID
	Party     id.ID
	From      int64 // microseconds since 1970
	Until     int64 // the first instant at which it no longer holds, 0 for no end
	Created   int64
	Creator   id.ID // who granted it
	Revoked   int64 // when it was revoked, 0 if it was not
	Revoker   id.ID
}

// Holds says whether the grant holds at an instant.
func (g *Grant) Holds(at int64) bool {
	return g.From <= at && (g.Until == 0 || at < g.Until) && (g.Revoked == 0 || at < g.Revoked)
}

var grants = record[Grant]{
	what: "grant", key: "id",
	from: "SELECT x.id, x.principal, x.party, x.starts, x.ends, x.created, x.creator, x.revoked, x.revoker FROM party_grant x",
	dest: func(g *Grant) []any {
		return []any{
			column{&g.ID},
			column{&g.Principal},
			column{&g.Party},
			&g.From,
			until{&g.Until},
			&g.Created,
			column{&g.Creator},
			&g.Revoked,
			column{&g.Revoker},
		}
	},
}

// Check says what is wrong with a grant that is to be given.
func (g *Grant) Check() error { return first(checkID(g.ID), checkSpan(g.From, g.Until, maxInstant)) }

// Grant lets a principal act for a party. Several grants for one party add up. One that a principal of the party itself
// gives counts for every token; one that somebody else gives counts for tokens that are issued after it.
func (r *Registry) Grant(ctx context.Context, by By, g Grant) (Grant, error) {
	if err := first(by.check(), g.Check()); err != nil {
		return Grant{}, err
	}
	defer r.cache.drop(g.Principal)
	return r.granting(by, g).do(ctx, r)
}

// GrantWithin does the same as part of the caller's own transaction on this database, begun with its Write. The caller
// calls Changed for the principal when that has ended.
func (r *Registry) GrantWithin(ctx context.Context, tx *sql.Tx, by By, g Grant) (Grant, error) {
	if err := first(by.check(), g.Check()); err != nil {
		return Grant{}, err
	}
	return r.granting(by, g).within(ctx, r, tx)
}

func (r *Registry) granting(by By, g Grant) *creation[Grant] {
	return &creation[Grant]{
		kind: &grants, tenant: by.Tenant, id: g.ID,
		same: func(old *Grant) bool {
			return old.Principal == g.Principal && old.Party == g.Party && old.From == g.From && old.Until == g.Until
		},
		insert: func(q *query) error {
			if err := q.active(by.Tenant, g.Principal); err != nil {
				return err
			}
			if _, err := q.open(by.Tenant, g.Party); err != nil {
				return err
			}
			now := r.now()
			if err := q.room(MaxGrants, "grants of this principal",
				"SELECT count(*) FROM party_grant WHERE tenant = ? AND principal = ? AND revoked = 0 AND ends > ?",
				by.Tenant[:], g.Principal[:], now); err != nil {
				return err
			}
			return q.exec(`INSERT INTO party_grant (tenant, id, principal, party, starts, ends, created, creator, revoked, revoker)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?)`, by.Tenant[:], g.ID[:], g.Principal[:], g.Party[:], g.From,
				endless(g.Until), now, by.Actor[:], none)
		},
	}
}

// GrantByID reads a grant.
func (r *Registry) GrantByID(ctx context.Context, tenant, grant id.ID) (Grant, error) {
	return grants.one(ctx, r, tenant, grant)
}

// GrantFilter narrows a list of grants; the zero value narrows nothing.
type GrantFilter struct {
	Principal id.ID
	Party     id.ID
	Holds     int64 // only those that hold at this instant, 0 for all
}

// Grants lists grants of a tenant: those of one principal, or those for one party.
func (r *Registry) Grants(ctx context.Context, tenant id.ID, f GrantFilter, p Page) ([]Grant, error) {
	var w where
	if !f.Principal.IsZero() {
		w.of("party_grant", "principal", tenant, f.Principal)
	}
	if !f.Party.IsZero() {
		w.of("party_grant", "party", tenant, f.Party)
	}
	if f.Holds != 0 {
		w.and("x.starts <= ? AND x.ends > ? AND (x.revoked = 0 OR x.revoked > ?)", f.Holds, f.Holds, f.Holds)
	}
	return grants.list(ctx, r, tenant, &w, p)
}

// RevokeGrant ends a grant now. Revoking it again changes nothing.
func (r *Registry) RevokeGrant(ctx context.Context, by By, grant id.ID) (Grant, error) {
	var principal id.ID
	defer func() { r.cache.drop(principal) }()
	return end(ctx, r, by, &grants, grant, func(q *query, g *Grant) error {
		principal = g.Principal // known also when the outcome of the commit is not
		if g.Revoked != 0 {
			return nil
		}
		g.Revoked, g.Revoker = r.now(), by.Actor
		return q.exec("UPDATE party_grant SET revoked = ?, revoker = ? WHERE tenant = ? AND id = ?",
			g.Revoked, by.Actor[:], by.Tenant[:], grant[:])
	})
}
