package journal

import (
	"context"
	"embed"
	"io/fs"

	"github.com/longmen/longmen/store"
)

// migrations hold the tables of this package for each dialect.
//
//go:embed migrations
var migrations embed.FS

// openRows brings the tables up to date and gives the Store for the kind of database.
func openRows(ctx context.Context, db *store.DB) (Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, "journal", files); err != nil {
		return nil, err
	}
	if db.Dialect() == store.Postgres {
		return &postgresRows{db: db, pool: db.Pool()}, nil
	}
	return openSQLiteRows(ctx, db)
}
