package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"sync"

	"modernc.org/sqlite"
)

// Settings of every connection that may write. fullfsync matters on macOS only, where a plain fsync keeps nothing.
var writerPragmas = []string{
	"busy_timeout(5000)",
	"journal_mode(WAL)",
	"synchronous(FULL)",
	"fullfsync(1)",
	"checkpoint_fullfsync(1)",
	"foreign_keys(1)",
	"trusted_schema(0)",
	"wal_autocheckpoint(16384)",
	"journal_size_limit(67108864)",
	"temp_store(MEMORY)", // what a savepoint may have to bring back: a file for each would cost as much as the write itself
}

var readerPragmas = []string{
	"busy_timeout(5000)",
	"query_only(1)",
	"trusted_schema(0)",
}

// promises are the settings without which a commit could be lost, as they read back.
var promises = []struct{ pragma, want, advice string }{
	{"journal_mode", "wal", "the write-ahead log needs a local file system that can share memory: move the data folder to a local disk"},
	{"synchronous", "2", "every commit must reach the disk: remove whatever sets another value"},
	{"fullfsync", "1", "every commit must reach the disk: remove whatever sets another value"},
}

// lockByDescription makes SQLite's locks belong to the open file instead of to the process, so that closing another
// handle of the same file, as a reader of the folder may do, does not drop them. Where the kernel cannot, the classic
// locks stay.
var lockByDescription = sync.OnceFunc(func() { _, _ = sqlite.OFDLocking(true) })

func openSQLite(ctx context.Context, path string, o options) (*DB, error) {
	lockByDescription()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if err := createFile(abs); err != nil {
		return nil, fmt.Errorf("open %s: %w", abs, err)
	}
	db := &DB{dialect: SQLite, name: abs, path: abs, writes: writes{turn: make(chan struct{}, 1)}}
	if db.writer, err = sqlitePool(abs, url.Values{"_txlock": {"immediate"}}, writerPragmas, 1, checkPromises); err != nil {
		return nil, fmt.Errorf("open %s: %w", abs, err)
	}
	if db.reader, err = sqlitePool(abs, nil, readerPragmas, o.readers, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", abs, err), db.writer.Close())
	}
	if err := errors.Join(db.writer.PingContext(ctx), db.reader.PingContext(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", abs, err), db.Close())
	}
	if db.checkpoint, err = newCheckpointer(abs); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", abs, err), db.Close())
	}
	return db, nil
}

// openSQLiteReadOnly reads a file that nobody writes. Without a log beside it the file is complete; SQLite may then
// take it for immutable. With a log, its one connection
// keeps the index of the log in its own memory and takes no locks.
func openSQLiteReadOnly(ctx context.Context, path string) (*DB, error) {
	lockByDescription()
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	if _, err := os.Stat(abs); err != nil {
		return nil, fmt.Errorf("open %s for reading: %w", abs, err)
	}
	query := url.Values{"mode": {"ro"}, "immutable": {"1"}}
	pragmas := []string{"query_only(1)", "trusted_schema(0)", "cell_size_check(1)"}
	if log, err := os.Stat(abs + "-wal"); err == nil && log.Size() > 0 {
		query = url.Values{"mode": {"ro"}, "vfs": {"unix-none"}}
		pragmas = append([]string{"locking_mode(EXCLUSIVE)"}, pragmas...)
	}
	pool, err := sqlitePool(abs, query, pragmas, 1, keepLog)
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

// keepLog keeps SQLite from removing the log when the last connection closes, as it does where it may write.
func keepLog(_ context.Context, conn driver.Conn) error {
	c, ok := conn.(sqlite.FileControl)
	if !ok {
		return errors.New("the driver cannot keep the log")
	}
	_, err := c.FileControlPersistWAL("main", 1)
	return err
}

// createFile makes an empty file that only its owner can read, and makes sure that its name survives a crash.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), syncFolder(filepath.Dir(path)))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sqlitePool opens at most n connections and keeps them, each looked over by check before its first use.
func sqlitePool(path string, query url.Values, pragmas []string, n int, check func(context.Context, driver.Conn) error) (*sql.DB, error) {
	values := url.Values{"_pragma": pragmas}
	for k, v := range query {
		values[k] = v
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: values.Encode()}
	base, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(&connector{Connector: base, check: check})
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
	return pool, nil
}

// connector looks at every new connection before it is used.
type connector struct {
	driver.Connector
	check func(context.Context, driver.Conn) error
}

// Connect opens one connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	if c.check != nil {
		if err := c.check(ctx, conn); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return keepStatements(conn)
}

// checkPromises reads the settings back, since SQLite ignores a setting that it cannot honour.
func checkPromises(ctx context.Context, conn driver.Conn) error {
	for _, p := range promises {
		got, err := readPragma(ctx, conn, p.pragma)
		if err != nil {
			return fmt.Errorf("read setting %s: %w", p.pragma, err)
		}
		if got != p.want {
			return fmt.Errorf("setting %s is %q, it must be %q: %s", p.pragma, got, p.want, p.advice)
		}
	}
	return nil
}

func readPragma(ctx context.Context, conn driver.Conn, name string) (string, error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return "", errors.New("the driver cannot be asked")
	}
	rows, err := q.QueryContext(ctx, "PRAGMA "+name, nil)
	if err != nil {
		return "", err
	}
	value := make([]driver.Value, len(rows.Columns()))
	err = rows.Next(value)
	if errors.Is(err, io.EOF) || err == nil && len(value) == 0 {
		err = errors.New("there is no such setting")
	}
	if err := errors.Join(err, rows.Close()); err != nil {
		return "", err
	}
	return fmt.Sprint(value[0]), nil
}
