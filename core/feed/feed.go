package feed

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// MaxName bounds a follower's name.
const MaxName = 32

// Event is a command as the journal has it, with its result. A refused one is an event too: look at the result's code.
type Event struct {
	Command *ledger.Command
	Result  ledger.Result
}

// Source is where a ledger's events come from.
type Source interface {
	// Watch calls with the events from a sequence on, in order and without gaps, and waits for more, until the context
	// ends or the function returns an error.
	Watch(ctx context.Context, from uint64, each func([]Event) error) error
}

// Handler writes what an event means to the follower. It writes through the transaction alone. It may see an event
// again whose transaction was taken back.
type Handler func(ctx context.Context, tx *sql.Tx, e *Event) error

// Batch is a handler of events that come together, in their order. When it fails, fewer of them are tried, down to one.
type Batch func(ctx context.Context, tx *sql.Tx, list []Event) error

// Each handles events one by one.
func Each(handle Handler) Batch {
	return func(ctx context.Context, tx *sql.Tx, list []Event) error {
		for i := range list {
			if err := handle(ctx, tx, &list[i]); err != nil {
				return &failedError{i, list[i].Result.Sequence, err}
			}
		}
		return nil
	}
}

// Interest tells whether an event means anything to a follower; nil: all do. It may be asked again.
type Interest func(e *Event) bool

// Follower names who follows which ledger. The name is a code: a-z, 0-9, - and _.
type Follower struct {
	Tenant id.ID
	Ledger id.ID
	Name   string
}

// Cursor is how far a follower is.
type Cursor struct {
	Follower
	Position uint64 // sequence up to which every event was handled or means nothing
	Attempts int    // at the next one, that failed
	Problem  string // of the last of them
	Changed  int64  // by the machine's clock, microseconds since 1970
}

// ErrLeadLost means that another node follows now.
var ErrLeadLost = errors.New("another node follows the ledger now")

// Waits after failures: 1 s, doubled each time up to a minute.
const (
	firstWait  = time.Second
	longWait   = time.Minute
	maxProblem = 500 // characters that are kept of an error
)

// What comes within a breath shares a transaction: each one costs the disk a sync, which those wait for who write the
// journal. Whoever is far behind takes no breath.
const (
	breath = 20 * time.Millisecond
	behind = 256                    // events at once
	stride = 200 * time.Millisecond // how long the cursor may stand behind events that mean nothing
)

// Feed is the cursors in one database, that of the followers' rows.
type Feed struct {
	db    *store.DB
	clock clock.Clock
	wait  func(failures int) time.Duration
	rest  time.Duration // between two transactions

	mu   sync.Mutex
	runs map[Follower]*run // that follow here
}

// Open brings the tables up to date.
func Open(ctx context.Context, db *store.DB, c clock.Clock) (*Feed, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "feed", files); err != nil {
		return nil, err
	}
	wait := func(failures int) time.Duration { return min(firstWait<<min(failures, 10), longWait) }
	return &Feed{db: db, clock: c, wait: wait, rest: breath, runs: map[Follower]*run{}}, nil
}

// All lists the cursors in a database of which nobody knows whether it has any, such as a copy.
func All(ctx context.Context, db *store.DB) ([]Cursor, error) {
	query := "SELECT count(*) FROM sqlite_schema WHERE name = 'feed_cursor'"
	if db.Dialect() == store.Postgres {
		query = "SELECT count(to_regclass('feed_cursor'))"
	}
	var tables int
	if err := db.Reader().QueryRowContext(ctx, query).Scan(&tables); err != nil || tables == 0 {
		return nil, err
	}
	return (&Feed{db: db}).find(ctx, "1 = 1 ORDER BY tenant, ledger, name")
}

const columns = "tenant, ledger, name, position, attempts, problem, changed"

// Cursors lists how far a tenant's followers are, by ledger and name.
func (f *Feed) Cursors(ctx context.Context, tenant id.ID) ([]Cursor, error) {
	return f.find(ctx, "tenant = ? ORDER BY ledger, name", tenant[:])
}

// Cursor tells how far a follower is; one that never followed stands at 0.
func (f *Feed) Cursor(ctx context.Context, who Follower) (Cursor, error) {
	list, err := f.find(ctx, "tenant = ? AND ledger = ? AND name = ?", who.Tenant[:], who.Ledger[:], who.Name)
	if err != nil || len(list) == 0 {
		return Cursor{Follower: who}, err
	}
	return list[0], nil
}

// Passed tells up to which sequence a follower has handled what means something to him, in so far as it is known here: if he
// follows here, his cursor may stand behind it for a moment.
func (f *Feed) Passed(ctx context.Context, who Follower) (uint64, error) {
	f.mu.Lock()
	r := f.runs[who]
	f.mu.Unlock()
	if r != nil {
		return r.passed.Load(), nil
	}
	c, err := f.Cursor(ctx, who)
	return c.Position, err
}

func (f *Feed) remember(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs[r.who] = r
}

func (f *Feed) forget(r *run) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.runs[r.who] == r {
		delete(f.runs, r.who)
	}
}

func (f *Feed) find(ctx context.Context, where string, args ...any) (list []Cursor, err error) {
	rows, err := f.db.Reader().QueryContext(ctx, f.db.Rebind("SELECT "+columns+" FROM feed_cursor WHERE "+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read cursors: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var c Cursor
		var tenant, own []byte
		if err := rows.Scan(&tenant, &own, &c.Name, &c.Position, &c.Attempts, &c.Problem, &c.Changed); err != nil {
			return nil, fmt.Errorf("read cursors: %w", err)
		}
		copy(c.Tenant[:], tenant)
		copy(c.Ledger[:], own)
		list = append(list, c)
	}
	return list, rows.Err()
}

func (who *Follower) check() error {
	if who.Tenant.IsZero() || who.Ledger.IsZero() {
		return errs.Invalid.Errorf("follower: it needs a tenant and a ledger")
	}
	for i := range len(who.Name) {
		if c := who.Name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return badName(who.Name)
		}
	}
	if who.Name == "" || len(who.Name) > MaxName {
		return badName(who.Name)
	}
	return nil
}

func badName(name string) error {
	return errs.Invalid.Errorf("follower's name %.40q: want 1 to %d characters a-z, 0-9, - and _", name, MaxName).On("name")
}
