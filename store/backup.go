package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"
)

// backupPages is how many pages are copied between two looks at the context: 1 MiB.
const backupPages = 256

// Backup copies a SQLite database into a new file as of one instant, while it is read and written. The writer is not
// kept waiting; only the log is not used again from its start until the copy is complete, so it grows by what is
// written meanwhile. The file has its name only once it is complete and on the disk: killed before, Backup leaves
// nothing but a file of that name with .part behind it, which the next Backup to the same name removes.
//
// A PostgreSQL database is backed up with PostgreSQL's own tools.
func (db *DB) Backup(ctx context.Context, to string) error {
	if db.dialect != SQLite {
		return fmt.Errorf("back up %s: only SQLite is copied here, use pg_basebackup or pg_dump", db.name)
	}
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("back up %s: %s exists already, name a new file", db.name, to)
	}
	part := to + ".part"
	if err := db.copyTo(ctx, part); err != nil {
		return errors.Join(fmt.Errorf("back up %s: %w", db.name, err), removeDatabase(part))
	}
	if err := os.Rename(part, to); err != nil {
		return fmt.Errorf("back up %s: %w", db.name, err)
	}
	if err := syncFolder(filepath.Dir(to)); err != nil {
		return fmt.Errorf("back up %s: %w", db.name, err)
	}
	return nil
}

func (db *DB) copyTo(ctx context.Context, part string) error {
	if err := removeDatabase(part); err != nil {
		return err
	}
	if err := createFile(part); err != nil {
		return err
	}
	if err := db.copyPages(ctx, part); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// copyPages copies from within one reading transaction, so commits meanwhile neither show nor start it anew.
func (db *DB) copyPages(ctx context.Context, part string) error {
	conn, err := db.reader.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // it only returns to its pool
	tx, err := conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	var tables int
	if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	abs, err := filepath.Abs(part)
	if err != nil {
		return err
	}
	// The copy is synced as a whole at its end and thrown away if anything fails before.
	dst := url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)"}
	return conn.Raw(func(c any) error {
		source, ok := c.(interface {
			NewBackup(string) (*sqlite.Backup, error)
		})
		if !ok {
			return errors.New("the driver cannot copy")
		}
		backup, err := source.NewBackup(dst.String())
		if err != nil {
			return err
		}
		for more := true; more && err == nil; {
			if err = ctx.Err(); err == nil {
				more, err = backup.Step(backupPages)
			}
		}
		return errors.Join(err, backup.Finish())
	})
}

// removeDatabase removes a SQLite file with what may lie beside it.
func removeDatabase(path string) error {
	for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
		if err := os.Remove(path + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
