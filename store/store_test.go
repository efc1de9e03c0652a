package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// notes is the module that the tests of this package migrate.
func notes(versions int) fstest.MapFS {
	files := fstest.MapFS{}
	for v := 1; v <= versions; v++ {
		text := fmt.Sprintf("-- +goose Up\nCREATE TABLE notes%d (id INTEGER PRIMARY KEY, text TEXT NOT NULL);\n", v)
		for _, dialect := range []string{"sqlite", "postgres"} {
			files[fmt.Sprintf("%s/%05d_notes.sql", dialect, v)] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return files
}

func migrated(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.Migrate(t.Context(), "notes", notes(1)); err != nil {
		t.Fatal(err)
	}
}

func add(t *testing.T, db *store.DB, id int, text string) {
	t.Helper()
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec(db.Rebind("INSERT INTO notes1 (id, text) VALUES (?, ?)"), id, text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *store.DB) (n int) {
	t.Helper()
	err := db.Read(t.Context(), func(tx *sql.Tx) error { return tx.QueryRow("SELECT count(*) FROM notes1").Scan(&n) })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestWriteAndRead(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		add(t, db, 1, "one")
		boom := errors.New("boom")
		err := db.Write(t.Context(), func(tx *sql.Tx) error {
			if _, err := tx.Exec(db.Rebind("INSERT INTO notes1 (id, text) VALUES (?, 'two')"), 2); err != nil {
				return err
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatalf("got %v, want the error of the function", err)
		}
		if n := count(t, db); n != 1 {
			t.Fatalf("%d rows, the refused one must not be there", n)
		}
		err = db.Write(t.Context(), func(tx *sql.Tx) error {
			_, err := tx.Exec(db.Rebind("INSERT INTO notes1 (id, text) VALUES (?, 'again')"), 1)
			return err
		})
		if !store.IsDuplicate(err) || store.OutcomeOf(err) != store.Refused {
			t.Fatalf("the same key again: %v (%v)", err, store.OutcomeOf(err))
		}
	})
}

// A write whose context ends says so, whether a statement or the commit meets it, and leaves nothing.
func TestWriteThatIsGivenUp(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		for _, atCommit := range []bool{true, false} {
			ctx, stop := context.WithCancel(t.Context())
			err := db.Write(ctx, func(tx *sql.Tx) error {
				if _, err := tx.Exec(db.Rebind("INSERT INTO notes1 (id, text) VALUES (?, 'one')"), 1); err != nil {
					return err
				}
				stop()
				for {
					if _, err := tx.Exec("SELECT 1"); errors.Is(err, sql.ErrTxDone) && atCommit {
						return nil
					} else if err != nil {
						return err
					}
				}
			})
			if !errors.Is(err, context.Canceled) || count(t, db) != 0 {
				t.Errorf("%v, %d rows", err, count(t, db))
			}
		}
	})
}

func TestReadSeesOneState(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		migrated(t, db)
		err := db.Read(t.Context(), func(tx *sql.Tx) error {
			var before, after int
			if err := tx.QueryRow("SELECT count(*) FROM notes1").Scan(&before); err != nil {
				return err
			}
			add(t, db, 1, "one")
			if err := tx.QueryRow("SELECT count(*) FROM notes1").Scan(&after); err != nil {
				return err
			}
			if before != after {
				t.Errorf("first %d rows, then %d in one reading", before, after)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

func TestMigrations(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := t.Context()
		migrated(t, db)
		migrated(t, db) // nothing to do
		if err := db.Migrate(ctx, "notes", notes(3)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Writer().Exec("INSERT INTO notes3 (id, text) VALUES (1, 'x')"); err != nil {
			t.Fatal(err)
		}
		err := db.Migrate(ctx, "notes", notes(2))
		if err == nil || !strings.Contains(err.Error(), "have version 3, this program knows up to 2") {
			t.Fatalf("an older program: %v", err)
		}
		if err := db.Migrate(ctx, "Notes; drop", notes(1)); err == nil {
			t.Fatal("a module's name was not checked")
		}
	})
}

func TestTwoProgramsMigrateAtOnce(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	failed := make(chan error)
	for range 4 {
		db := storetest.Open(t, dsn)
		go func() { failed <- db.Migrate(context.Background(), "notes", notes(3)) }()
	}
	for range 4 {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
}

func TestReadOnlyCopy(t *testing.T) {
	path := storetest.SQLitePath(t)
	db := storetest.Open(t, path)
	migrated(t, db)
	add(t, db, 1, "one")
	for _, suffix := range []string{"without log", "with log"} {
		t.Run(suffix, func(t *testing.T) {
			dir := t.TempDir()
			copied := filepath.Join(dir, "copy.db")
			if suffix == "with log" { // what somebody copies by hand while the node runs, or after it was killed
				copyFile(t, path, copied)
				copyFile(t, path+"-wal", copied+"-wal")
			} else if err := db.Backup(t.Context(), copied); err != nil {
				t.Fatal(err)
			}
			before := folder(t, dir)
			ro, err := store.OpenReadOnly(t.Context(), copied)
			if err != nil {
				t.Fatal(err)
			}
			if n := count(t, ro); n != 1 {
				t.Errorf("%d rows in the copy", n)
			}
			if err := ro.Migrate(t.Context(), "notes", notes(1)); err != nil {
				t.Error(err)
			}
			if err := ro.Migrate(t.Context(), "notes", notes(2)); err == nil {
				t.Error("an older copy passed for a new one")
			}
			if _, err := ro.Writer().Exec("DELETE FROM notes1"); err == nil {
				t.Error("the copy could be changed")
			}
			during := folder(t, dir)
			if err := ro.Close(); err != nil {
				t.Error(err)
			}
			if after := folder(t, dir); before != during || before != after {
				t.Errorf("folder was\n%s\nis then\n%s\nand then\n%s", before, during, after)
			}
		})
	}
}

func TestReadOnlyPostgres(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	migrated(t, storetest.Open(t, dsn))
	ro, err := store.OpenReadOnly(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ro.Close() }()
	if _, err := ro.Writer().Exec("DELETE FROM notes1"); err == nil {
		t.Error("a read-only database could be changed")
	}
}

// folder lists names, sizes and contents by their last change.
func folder(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, e.Name(), info.Size(), info.ModTime())
	}
	return b.String()
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, test := range []struct{ name, dsn, want string }{
		{"nothing", "", "the DSN is empty"},
		{"no folder", filepath.Join(t.TempDir(), "none", "x.db"), "no such file or directory"},
		{"no server", "postgres:///x?host=/nowhere&password=secret", "/nowhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := store.Open(t.Context(), test.dsn)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want one with %q and no password", err, test.want)
			}
		})
	}
	if _, err := store.Open(t.Context(), storetest.SQLitePath(t), store.Readers(0)); err == nil {
		t.Error("no readers were allowed")
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), text); !store.IsDamaged(err) {
		t.Errorf("a text file: %v", err)
	}
}

func TestFileIsPrivate(t *testing.T) {
	db := storetest.SQLite(t)
	migrated(t, db)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(db.Path() + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v %v", suffix, info, err)
		}
	}
}

func TestServerThatForgetsIsRefused(t *testing.T) {
	for _, setting := range []string{"synchronous_commit=off", "synchronous_commit=local", "synchronous_commit=remote_write"} {
		name, _, _ := strings.Cut(setting, "=")
		_, err := store.Open(t.Context(), storetest.PostgresDSN(t)+"&"+setting)
		if err == nil || !strings.Contains(err.Error(), "setting "+name+" is") || !strings.Contains(err.Error(), "set synchronous_commit = on") {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

func TestRebind(t *testing.T) {
	for _, test := range []struct{ query, want string }{
		{"SELECT 1", "SELECT 1"},
		{"SELECT ? WHERE a = ?", "SELECT $1 WHERE a = $2"},
		{`SELECT '?', "?", 'it''s ?', ?`, `SELECT '?', "?", 'it''s ?', $1`},
		{"VALUES (" + store.List(3) + ")", "VALUES ($1, $2, $3)"},
	} {
		if got := store.Postgres.Rebind(test.query); got != test.want {
			t.Errorf("%s: got %s, want %s", test.query, got, test.want)
		}
		if got := store.SQLite.Rebind(test.query); got != test.query {
			t.Errorf("%s: SQLite's became %s", test.query, got)
		}
	}
}
