package party

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// migrations hold the tables of this package for each dialect.
//
//go:embed migrations
var migrations embed.FS

// KeySize is the number of bytes of a lookup key.
const KeySize = 32

const (
	defaultStale = 5 * time.Second
	maxStale     = time.Minute
	defaultCache = 65_536
	maxCache     = 1 << 20
)

// Options are what a Registry needs beside its rows.
type Options struct {
	Clock  clock.Clock
	Random io.Reader // of the tokens; it must be fit for secrets
	// LookupKey finds identifiers again. It has KeySize bytes, is the same for all nodes of a database and lies outside
	// of it. Another one than at the first opening is refused.
	LookupKey []byte
	// Stale is how long another node's changes may stay unseen by Resolve, at most a minute. A token in use is read again
	// about that often. 0 stands for 5 seconds, on SQLite, where there is no other node, for a minute.
	Stale time.Duration
	// Cache is how many tokens Resolve keeps in memory, 0 stands for 65,536.
	Cache int
	// Changed is called after something that is vouched for a party was changed here, or the party was closed; it may be
	// nil.
	Changed func(tenant, party id.ID)
}

func (o *Options) check(d store.Dialect) error {
	if o.Stale == 0 {
		o.Stale = defaultStale
		if d == store.SQLite {
			o.Stale = maxStale
		}
	}
	if o.Cache == 0 {
		o.Cache = defaultCache
	}
	switch {
	case o.Clock == nil:
		return errors.New("open parties: no clock")
	case o.Random == nil:
		return errors.New("open parties: no random source")
	case len(o.LookupKey) != KeySize:
		return fmt.Errorf("open parties: the lookup key has %d bytes, want %d", len(o.LookupKey), KeySize)
	case o.Stale < 0 || o.Stale > maxStale:
		return fmt.Errorf("open parties: changes may stay unseen for %v, want up to %v", o.Stale, maxStale)
	case o.Cache < 0 || o.Cache > maxCache:
		return fmt.Errorf("open parties: a cache of %d tokens, want up to %d", o.Cache, maxCache)
	}
	return nil
}

// Registry holds tenants, parties and principals; a program has one for a database. It is safe for use by several
// goroutines, needs no closing, and leaves the database to its caller.
type Registry struct {
	db     *store.DB
	clock  clock.Clock
	random io.Reader
	key    []byte // of lookups
	tag    []byte // key of the tags of tokens; none in a copy that was never used
	cache  *cache
	told   func(tenant, party id.ID)
	owners sync.Map // of ledgers, by name
}

// Open brings the tables up to date and checks that the lookup key is the one that made the rows.
func Open(ctx context.Context, db *store.DB, o Options) (*Registry, error) {
	if err := o.check(db.Dialect()); err != nil {
		return nil, err
	}
	if err := migrate(ctx, db); err != nil {
		return nil, err
	}
	r := &Registry{db: db, clock: o.Clock, random: o.Random, key: bytes.Clone(o.LookupKey), cache: newCache(o.Cache, o.Stale), told: o.Changed}
	if r.told == nil {
		r.told = func(id.ID, id.ID) {}
	}
	err := r.checkKey(ctx)
	if err == nil {
		r.tag, err = r.tagKey(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open parties in %s: %w", db, err)
	}
	return r, nil
}

func migrate(ctx context.Context, db *store.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	return db.Migrate(ctx, "party", files)
}

// now is the present instant in microseconds.
func (r *Registry) now() int64 { return r.clock.Now().UnixMicro() }
