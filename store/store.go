// Package store opens the databases in which rows are kept: SQLite, embedded in the data folder, or PostgreSQL beside
// the program. It knows their dialects, checks that they keep what they promise, migrates the tables of each module,
// copies a SQLite database while it is in use, and holds the lock of a data folder.
//
// The package must not know what the rows mean: nothing about money, ledgers or parties, and no table of its own.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is one open database.
//
// SQLite has one writer: Writer is a pool of exactly one connection, and whoever holds it keeps all others waiting.
// Readers see the last commit and never wait. On PostgreSQL both are the same pool.
type DB struct {
	dialect    Dialect
	readOnly   bool
	name       string
	path       string
	writer     *sql.DB
	reader     *sql.DB
	pool       *pgxpool.Pool
	checkpoint *checkpointer
	writes     writes
}

// Option changes how a database is opened.
type Option func(*options)

type options struct {
	readers int
}

const (
	defaultReaders = 8
	maxReaders     = 256
)

// Readers sets how many connections read at once, 1 to 256; 8 if nothing is said. On PostgreSQL it is the size of the
// whole pool unless the DSN says pool_max_conns.
func Readers(n int) Option { return func(o *options) { o.readers = n } }

// Open opens a database for reading and writing: a PostgreSQL server if the DSN begins with postgres:// or
// postgresql://, otherwise the SQLite file of that path, which is made when it does not exist. It returns an error
// that names the setting when the database is not set up to keep what it commits.
func Open(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	return open(ctx, dsn, false, opts)
}

// OpenReadOnly opens a database that nobody writes, such as a copy: it takes no locks and writes nothing, not even
// beside the file. A SQLite file that is being written gives wrong answers here; copy it with Backup and open the copy.
func OpenReadOnly(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	return open(ctx, dsn, true, opts)
}

func open(ctx context.Context, dsn string, readOnly bool, opts []Option) (*DB, error) {
	o := options{readers: defaultReaders}
	for _, set := range opts {
		set(&o)
	}
	if o.readers < 1 || o.readers > maxReaders {
		return nil, fmt.Errorf("open store: %d readers, want 1 to %d", o.readers, maxReaders)
	}
	if dsn == "" {
		return nil, errors.New("open store: the DSN is empty, give the path of a SQLite file or a postgres:// URL")
	}
	switch {
	case IsPostgres(dsn):
		return openPostgres(ctx, dsn, readOnly, o)
	case readOnly:
		return openSQLiteReadOnly(ctx, dsn)
	default:
		return openSQLite(ctx, dsn, o)
	}
}

// IsPostgres says whether a DSN names a PostgreSQL server.
func IsPostgres(dsn string) bool {
	return strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
}

// Dialect tells which database it is.
func (db *DB) Dialect() Dialect { return db.dialect }

// ReadOnly tells whether it was opened with OpenReadOnly.
func (db *DB) ReadOnly() bool { return db.readOnly }

// String names the database for messages, without a password.
func (db *DB) String() string { return db.name }

// Path is the file of a SQLite database, empty for PostgreSQL.
func (db *DB) Path() string { return db.path }

// Writer is the pool for what changes rows.
func (db *DB) Writer() *sql.DB { return db.writer }

// Reader is the pool for what only reads.
func (db *DB) Reader() *sql.DB { return db.reader }

// Pool is PostgreSQL's own pool, for what database/sql cannot say; nil for SQLite.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// Rebind turns the placeholders ? of a query into those of the database.
func (db *DB) Rebind(query string) string { return db.dialect.Rebind(query) }

// Write runs f in one transaction and commits it. On SQLite those that wait for the writer together share a transaction;
// f is refused alone nevertheless. Ask OutcomeOf what an error means for the rows.
func (db *DB) Write(ctx context.Context, f func(*sql.Tx) error) error {
	if db.dialect == SQLite && !db.readOnly {
		return db.writeTogether(ctx, f)
	}
	return db.writeAlone(ctx, f)
}

func (db *DB) writeAlone(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := db.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction on %s: %w", db.name, err)
	}
	// Of what is not committed the first error is the reason; a connection that cannot roll back is dropped by database/sql.
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return withCause(ctx, err)
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit on %s: %w", db.name, &CommitError{withCause(ctx, err)})
	}
	db.Wrote(0)
	return nil
}

// withCause says of a transaction that was taken back because its context ended that it was so; database/sql does not.
func withCause(ctx context.Context, err error) error {
	if errors.Is(err, sql.ErrTxDone) && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", err, ctx.Err())
	}
	return err
}

// Read runs f in one transaction that sees one state of the database and changes nothing.
func (db *DB) Read(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := db.reader.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: db.dialect.snapshot()})
	if err != nil {
		return fmt.Errorf("begin reading %s: %w", db.name, err)
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return f(tx)
}

// Wrote says that a transaction of about this many bytes was committed outside Write, so that the write-ahead log of
// SQLite is carried into the file in time.
func (db *DB) Wrote(bytes int) {
	if db.checkpoint != nil {
		db.checkpoint.wrote(bytes)
	}
}

// Close closes all connections.
func (db *DB) Close() error {
	var err error
	if db.checkpoint != nil {
		err = db.checkpoint.close()
	}
	if db.reader != db.writer {
		err = errors.Join(err, db.reader.Close())
	}
	err = errors.Join(err, db.writer.Close())
	if db.pool != nil {
		db.pool.Close()
	}
	if err != nil {
		return fmt.Errorf("close %s: %w", db.name, err)
	}
	return nil
}

// redacted gives a DSN without its password.
func redacted(dsn string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return "postgres://…"
	}
	q := u.Query()
	q.Del("password")
	q.Del("sslpassword")
	u.RawQuery = q.Encode()
	return u.Redacted()
}
