package party

import (
	"context"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Attestation says that somebody vouches for something about a party: for what, on which level, found out by which
// source, since when and until when. It is never edited.
type Attestation struct {
	ID      id.ID
	Party   id.ID
	About   string // code of what is vouched for
	Level   string // code
	Source  string // code of where it comes from
	Voucher id.ID  // party that vouches for it, none when the source says it all
	From    int64  // microseconds since 1970
	Until   int64  // the first instant at which it no longer holds, 0 for no end
	Created int64
	Creator id.ID
	Revoked Revocation // zero if it was not
}

// Revocation says that an attestation no longer holds, from At on.
type Revocation struct {
	At     int64
	Actor  id.ID
	Reason string // code
}

// Holds says whether the attestation holds at an instant.
func (a *Attestation) Holds(at int64) bool {
	return a.From <= at && (a.Until == 0 || at < a.Until) && (a.Revoked.At == 0 || at < a.Revoked.At)
}

var attestations = record[Attestation]{
	what: "attestation", key: "id",
	from: `SELECT x.id, x.party, x.about, x.level, x.source, x.voucher, x.starts, x.ends, x.created, x.creator,
		coalesce(v.at, 0), v.actor, coalesce(v.reason, '')
		FROM party_attestation x LEFT JOIN party_revocation v ON v.tenant = x.tenant AND v.attestation = x.id`,
	dest: func(a *Attestation) []any {
		return []any{
			column{&a.ID},
			column{&a.Party},
			&a.About, &a.Level, &a.Source,
			column{&a.Voucher},
			&a.From,
			until{&a.Until},
			&a.Created,
			column{&a.Creator},
			&a.Revoked.At,
			column{&a.Revoked.Actor},
			&a.Revoked.Reason,
		}
	},
}

// Attest adds an attestation to a party.
func (r *Registry) Attest(ctx context.Context, by By, a Attestation) (Attestation, error) {
	if err := first(by.check(), checkID(a.ID), checkCode("about", a.About), checkCode("level", a.Level),
		checkCode("source", a.Source), checkSpan(a.From, a.Until, maxInstant)); err != nil {
		return Attestation{}, err
	}
	c := creation[Attestation]{
		kind: &attestations, tenant: by.Tenant, id: a.ID,
		same: func(old *Attestation) bool {
			return old.Party == a.Party && old.About == a.About && old.Level == a.Level && old.Source == a.Source &&
				old.Voucher == a.Voucher && old.From == a.From && old.Until == a.Until
		},
		insert: func(q *query) error {
			if _, err := q.open(by.Tenant, a.Party); err != nil {
				return err
			}
			if !a.Voucher.IsZero() {
				if _, err := parties.get(q, by.Tenant, a.Voucher, ""); err != nil {
					return err
				}
			}
			if err := q.room(MaxAttestations, "attestations of this party",
				"SELECT count(*) FROM party_attestation WHERE tenant = ? AND party = ?", by.Tenant[:], a.Party[:]); err != nil {
				return err
			}
			return q.exec(`INSERT INTO party_attestation (tenant, id, party, about, level, source, voucher, starts, ends, created, creator)
				VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, by.Tenant[:], a.ID[:], a.Party[:], a.About, a.Level, a.Source,
				a.Voucher[:], a.From, endless(a.Until), r.now(), by.Actor[:])
		},
	}
	defer r.told(by.Tenant, a.Party)
	return c.do(ctx, r)
}

// Attestation reads an attestation.
func (r *Registry) Attestation(ctx context.Context, tenant, attestation id.ID) (Attestation, error) {
	return attestations.one(ctx, r, tenant, attestation)
}

// AttestationFilter narrows a list of a party's attestations.
type AttestationFilter struct {
	Party id.ID
	About string // empty for all
	Holds int64  // only those that hold at this instant, 0 for all
}

// Attestations lists a party's attestations, those that no longer hold too.
func (r *Registry) Attestations(ctx context.Context, tenant id.ID, f AttestationFilter, p Page) ([]Attestation, error) {
	if err := checkFilter("about", f.About); err != nil {
		return nil, err
	}
	w := new(where).of("party_attestation", "party", tenant, f.Party)
	if f.About != "" {
		w.and("x.about = ?", f.About)
	}
	if f.Holds != 0 {
		w.and("x.starts <= ? AND x.ends > ? AND (v.at IS NULL OR v.at > ?)", f.Holds, f.Holds, f.Holds)
	}
	return attestations.list(ctx, r, tenant, w, p)
}

// Vouched reads a party with all its attestations, those that no longer hold too, as they are at one instant.
func (r *Registry) Vouched(ctx context.Context, tenant, party id.ID) (p Party, list []Attestation, err error) {
	if err := checkTenant(tenant); err != nil {
		return p, nil, err
	}
	err = r.read(ctx, func(q *query) error {
		if p, err = parties.get(q, tenant, party, ""); err != nil {
			return err
		}
		w, start := new(where).of("party_attestation", "party", tenant, party), id.ID{}
		args := append([]any{tenant[:], start[:]}, w.args...)
		list, err = attestations.scan(q, attestations.page(w), append(args, MaxAttestations)...)
		return err
	})
	return p, list, failed("read what is vouched for", err)
}

// RevokeAttestation says that an attestation no longer holds from now on. A second revocation with the same reason
// changes nothing, one with another reason is a conflict.
func (r *Registry) RevokeAttestation(ctx context.Context, by By, attestation id.ID, reason string) (a Attestation, err error) {
	if err := first(by.check(), checkCode("reason", reason)); err != nil {
		return Attestation{}, err
	}
	revoke := func(q *query) error {
		if a, err = attestations.get(q, by.Tenant, attestation, ""); err != nil {
			return err
		}
		if a.Revoked.At != 0 {
			if a.Revoked.Reason != reason {
				return errs.Conflict.Errorf("the attestation was revoked for another reason; that stays").On("reason")
			}
			return nil
		}
		a.Revoked = Revocation{r.now(), by.Actor, reason}
		return q.exec("INSERT INTO party_revocation (tenant, attestation, reason, at, actor) VALUES (?, ?, ?, ?, ?)",
			by.Tenant[:], attestation[:], reason, a.Revoked.At, by.Actor[:])
	}
	defer func() { r.told(by.Tenant, a.Party) }()
	if err = r.write(ctx, revoke); store.IsDuplicate(err) {
		err = r.write(ctx, revoke) // somebody was faster, and now the row is seen
	}
	if err != nil {
		return Attestation{}, failed("revoke attestation", err)
	}
	return a, nil
}
