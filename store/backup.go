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
	p, err := db.pin(ctx)
	if err != nil {
		return fmt.Errorf("back up %s: %w", db.name, err)
	}
	defer p.release()
	return p.backup(ctx, to)
}

// Copy is a database and the new file into which it is copied.
type Copy struct {
	From *DB
	To   string
}

// mostPins is how often BackupTogether looks for an instant. One attempt takes less time than a commit.
const mostPins = 1_000

// BackupTogether does what Backup does for two databases as of the same instant: nothing is committed to the first one
// between the instant of its copy and that of the second one's.
func BackupTogether(ctx context.Context, first, second Copy) error {
	for range mostPins {
		a, b, same, err := pinTogether(ctx, first.From, second.From)
		if err != nil {
			return fmt.Errorf("back up %s with %s: %w", first.From.name, second.From.name, err)
		}
		if same {
			err = errors.Join(a.backup(ctx, first.To), b.backup(ctx, second.To))
		}
		a.release()
		b.release()
		if same || err != nil {
			return err
		}
	}
	return fmt.Errorf("back up %s with %s: the first one is written without a pause, try again when less is going on", first.From.name, second.From.name)
}

// pinTogether pins both, and says whether the first was left alone meanwhile.
func pinTogether(ctx context.Context, first, second *DB) (a, b *pinned, same bool, err error) {
	watch, err := first.reader.Conn(ctx)
	if err != nil {
		return nil, nil, false, err
	}
	defer func() { _ = watch.Close() }() // it only returns to its pool
	before, err := version(ctx, watch)
	if err != nil {
		return nil, nil, false, err
	}
	if a, err = first.pin(ctx); err != nil {
		return nil, nil, false, err
	}
	if b, err = second.pin(ctx); err != nil {
		a.release()
		return nil, nil, false, err
	}
	after, err := version(ctx, watch)
	if err != nil {
		a.release()
		b.release()
		return nil, nil, false, err
	}
	return a, b, before == after, nil
}

// version changes with every commit of another connection.
func version(ctx context.Context, conn *sql.Conn) (v int64, err error) {
	err = conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&v)
	return v, err
}

// pinned is one instant of a database: commits after it neither show nor disturb.
type pinned struct {
	db   *DB
	conn *sql.Conn
	tx   *sql.Tx
}

func (db *DB) pin(ctx context.Context) (*pinned, error) {
	if db.dialect != SQLite {
		return nil, errors.New("only SQLite is copied here, use pg_basebackup or pg_dump")
	}
	conn, err := db.reader.Conn(ctx)
	if err != nil {
		return nil, err
	}
	p := &pinned{db: db, conn: conn}
	if p.tx, err = conn.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var tables int
	if err := p.tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		p.release()
		return nil, err
	}
	return p, nil
}

// release ends the reading; nothing was written, and the connection only returns to its pool.
func (p *pinned) release() {
	_ = p.tx.Rollback()
	_ = p.conn.Close()
}

func (p *pinned) backup(ctx context.Context, to string) error {
	if _, err := os.Lstat(to); err == nil {
		return fmt.Errorf("back up %s: %s exists already, name a new file", p.db.name, to)
	}
	part := to + ".part"
	if err := p.copyTo(ctx, part); err != nil {
		return errors.Join(fmt.Errorf("back up %s: %w", p.db.name, err), removeDatabase(part))
	}
	if err := errors.Join(os.Rename(part, to), syncFolder(filepath.Dir(to))); err != nil {
		return fmt.Errorf("back up %s: %w", p.db.name, err)
	}
	return nil
}

func (p *pinned) copyTo(ctx context.Context, part string) error {
	if err := removeDatabase(part); err != nil {
		return err
	}
	if err := createFile(part); err != nil {
		return err
	}
	if err := p.copyPages(ctx, part); err != nil {
		return err
	}
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (p *pinned) copyPages(ctx context.Context, part string) error {
	abs, err := filepath.Abs(part)
	if err != nil {
		return err
	}
	// The copy is synced as a whole at its end and thrown away if anything fails before.
	dst := url.URL{Scheme: "file", Path: abs, RawQuery: "_pragma=journal_mode(OFF)&_pragma=synchronous(OFF)"}
	return p.conn.Raw(func(c any) error {
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
