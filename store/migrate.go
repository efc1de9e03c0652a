package store

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"regexp"

	"github.com/pressly/goose/v3"
)

var moduleName = regexp.MustCompile(`^[a-z]{1,32}$`)

// Migrate brings the tables of one module up to date. The module gives its own files, sqlite/*.sql and
// postgres/*.sql in goose's form; which of them have run stands in the table <module>_version, so modules neither
// order nor know one another. A read-only database is only checked.
func (db *DB) Migrate(ctx context.Context, module string, files fs.FS) (err error) {
	if !moduleName.MatchString(module) {
		return fmt.Errorf("migrate %q: a module's name has 1 to 32 letters a-z", module)
	}
	dir, err := fs.Sub(files, db.dialect.String())
	if err != nil {
		return fmt.Errorf("migrate %s: %w", module, err)
	}
	dialect := goose.DialectSQLite3
	if db.dialect == Postgres {
		dialect = goose.DialectPostgres
	}
	provider, err := goose.NewProvider(dialect, db.writer, dir,
		goose.WithTableName(module+"_version"), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate %s: %w", module, err)
	}
	target := newest(provider.ListSources())
	if db.readOnly {
		return db.checkVersion(ctx, module, target)
	}
	unlock, err := db.lockMigrations(ctx, module)
	if err != nil {
		return fmt.Errorf("migrate %s: %w", module, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	current, err := provider.GetDBVersion(ctx)
	if err != nil {
		return fmt.Errorf("migrate %s: read version: %w", module, err)
	}
	if current > target {
		return db.tooNew(module, current, target)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate %s: %w", module, err)
	}
	return nil
}

func newest(sources []*goose.Source) int64 {
	var v int64
	for _, s := range sources {
		v = max(v, s.Version)
	}
	return v
}

// checkVersion reads the version without writing, as goose would.
func (db *DB) checkVersion(ctx context.Context, module string, target int64) error {
	var current int64
	err := db.reader.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM "+module+"_version").Scan(&current)
	switch {
	case err != nil:
		return fmt.Errorf("read version of %s in %s: %w", module, db.name, err)
	case current > target:
		return db.tooNew(module, current, target)
	case current < target:
		return fmt.Errorf("tables of %s in %s have version %d, this program needs %d: open them once with this program to bring them up to date",
			module, db.name, current, target)
	}
	return nil
}

func (db *DB) tooNew(module string, current, target int64) error {
	return fmt.Errorf("tables of %s in %s have version %d, this program knows up to %d: use the newer program that made them",
		module, db.name, current, target)
}

// lockMigrations keeps two programs from migrating one PostgreSQL database at once. SQLite's folder has one owner.
func (db *DB) lockMigrations(ctx context.Context, module string) (func() error, error) {
	if db.dialect != Postgres {
		return func() error { return nil }, nil
	}
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte("longmen migrates " + module)) // a hash cannot fail
	key := int64(h.Sum64())
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", key); err != nil {
		conn.Release()
		return nil, fmt.Errorf("wait for another program that migrates: %w", err)
	}
	return func() error {
		defer conn.Release()
		if _, err := conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", key); err != nil {
			return fmt.Errorf("let others migrate: %w", err)
		}
		return nil
	}, nil
}
