package store

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
)

// OpenLive opens a SQLite file to read it while another process may write it. It changes nothing in the database and
// keeps nobody waiting, but it may leave an empty log and its index beside the file, as any reader of such a file does.
// Of PostgreSQL it is the same as OpenReadOnly.
func OpenLive(ctx context.Context, dsn string, opts ...Option) (*DB, error) {
	if IsPostgres(dsn) {
		return OpenReadOnly(ctx, dsn, opts...)
	}
	o := options{readers: 2}
	for _, set := range opts {
		set(&o)
	}
	if o.readers < 1 || o.readers > maxReaders {
		return nil, fmt.Errorf("open %s for reading: %d readers, want 1 to %d", dsn, o.readers, maxReaders)
	}
	lockByDescription()
	abs, err := filepath.Abs(dsn)
	if err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", dsn, err)
	}
	if _, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", abs, err)
	}
	pool, err := sqlitePool(abs, url.Values{"mode": {"ro"}}, readerPragmas, o.readers, keepLog)
	if err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", abs, err)
	}
	db := &DB{dialect: SQLite, name: abs, path: abs, readOnly: true, writer: pool, reader: pool}
	var tables int
	if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s for reading: %w", abs, err), db.Close())
	}
	return db, nil
}
