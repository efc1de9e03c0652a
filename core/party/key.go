package party

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// KeyChanged means that Rekey gave the rows another lookup key since this Registry was opened.
var KeyChanged = errs.Define("lookup_key_changed", http.StatusServiceUnavailable, "The lookup key was changed")

// Settings of the database itself, in party_setting.
const (
	settingLookup = "lookup" // what the lookup key makes of a fixed text
	settingTag    = "tag"    // the key of the tags of tokens
)

// mark tells a lookup key from others.
func mark(key []byte) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte("longmen/party/lookup"))
	return h.Sum(nil)
}

// setting reads one, nil if there is none.
func (q *query) setting(name, lock string) (value []byte, err error) {
	err = q.row("SELECT value FROM party_setting WHERE name = ?"+lock, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the setting %s of parties: %w", name, err)
	}
	return value, nil
}

// settle gives a setting its value unless it has one, and reads it.
func (r *Registry) settle(ctx context.Context, name string, first func() ([]byte, error)) (value []byte, err error) {
	if err = r.read(ctx, func(q *query) error { value, err = q.setting(name, ""); return err }); err != nil || value != nil || r.db.ReadOnly() {
		return value, err
	}
	made, err := first()
	if err != nil {
		return nil, err
	}
	err = r.write(ctx, func(q *query) error {
		if err := q.exec("INSERT INTO party_setting (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING", name, made); err != nil {
			return err
		}
		value, err = q.setting(name, "")
		return err
	})
	return value, err
}

// checkKey compares the key with the first one by what it makes of a fixed text.
func (r *Registry) checkKey(ctx context.Context) error {
	mine := mark(r.key)
	kept, err := r.settle(ctx, settingLookup, func() ([]byte, error) { return mine, nil })
	switch {
	case err != nil:
		return err
	case kept != nil && !hmac.Equal(kept, mine): // nil in a copy of a database that was never used
		return errors.New("the lookup key is not the one that made the rows: give that one, or no identifier will be found")
	}
	return nil
}

// tagKey reads the key of the tags of tokens, or makes it.
func (r *Registry) tagKey(ctx context.Context) ([]byte, error) {
	return r.settle(ctx, settingTag, func() ([]byte, error) {
		key := make([]byte, KeySize)
		_, err := io.ReadFull(r.random, key)
		return key, err
	})
}

// keyed refuses to make or ask for lookups with a key that is no longer the one, and keeps it so until the transaction
// ends.
func (q *query) keyed(r *Registry, lock string) error {
	kept, err := q.setting(settingLookup, lock)
	if err == nil && kept != nil && !hmac.Equal(kept, mark(r.key)) {
		err = KeyChanged.Errorf("identifiers are found by another key by now: give this node that one and start it again")
	}
	return err
}

// Rekeyed says what a new lookup key did.
type Rekeyed struct {
	Found  int              `json:"found"`            // identifiers that it finds
	Lost   int              `json:"lost"`             // those that nobody finds any more
	Missed []IdentifierName `json:"missed,omitempty"` // which those are, the first MaxMissed
}

// IdentifierName says which identifier is meant.
type IdentifierName struct {
	Tenant     id.ID `json:"tenant"`
	Party      id.ID `json:"party"`
	Identifier id.ID `json:"identifier"`
}

// MaxMissed is how many identifiers Rekeyed names.
const MaxMissed = 1_000

// Rekey gives the rows another lookup key, all of them or none: each value that is kept is read, and its lookup made anew.
// A value in a form that this program does not read stays, and is not found any more. Nothing else hangs on the key: tokens
// are known by a hash without one. A Registry that is open meanwhile refuses to look for identifiers from then on.
func Rekey(ctx context.Context, db *store.DB, key []byte) (done Rekeyed, err error) {
	if len(key) != KeySize {
		return done, fmt.Errorf("rekey parties: the lookup key has %d bytes, want %d", len(key), KeySize)
	}
	if err := migrate(ctx, db); err != nil {
		return done, err
	}
	r := &Registry{db: db, key: key}
	err = r.write(ctx, func(q *query) error {
		done = Rekeyed{}
		// The first statement of all keeps others from adding identifiers by the old key.
		if err := q.exec(`INSERT INTO party_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
			settingLookup, mark(key)); err != nil {
			return err
		}
		last := IdentifierName{}
		for more := true; more; {
			if last, more, err = q.rekey(r, last, &done); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Rekeyed{}, fmt.Errorf("rekey parties in %s: %w", db, err)
	}
	return done, nil
}

// kept is an identifier as it lies in the rows.
type kept struct {
	IdentifierName
	kind  string
	value []byte
}

var keptRows = record[kept]{dest: func(k *kept) []any {
	return []any{column{&k.Tenant}, column{&k.Identifier}, column{&k.Party}, &k.kind, &k.value}
}}

// rekeyBatch is how many identifiers are read at once.
const rekeyBatch = 1_000

// rekey makes the lookups of the identifiers after one, and says which was the last and whether there may be more.
func (q *query) rekey(r *Registry, after IdentifierName, done *Rekeyed) (IdentifierName, bool, error) {
	list, err := keptRows.scan(q, `SELECT tenant, id, party, type, value FROM party_identifier
		WHERE removed = 0 AND (tenant, id) > (?, ?) ORDER BY tenant, id LIMIT ?`, after.Tenant[:], after.Identifier[:], rekeyBatch)
	if err != nil {
		return after, false, err
	}
	for i := range list {
		k := &list[i]
		after = k.IdentifierName
		value, err := unseal(k.value)
		if errors.Is(err, errForm) {
			if done.Lost++; len(done.Missed) < MaxMissed {
				done.Missed = append(done.Missed, after)
			}
			continue
		}
		done.Found++
		if err := q.exec("UPDATE party_identifier SET lookup = ? WHERE tenant = ? AND id = ?",
			r.lookup(k.Tenant, k.kind, value), k.Tenant[:], k.Identifier[:]); err != nil {
			return after, false, err
		}
	}
	return after, len(list) == rekeyBatch, nil
}
