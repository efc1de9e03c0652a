package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestOutcomeOf(t *testing.T) {
	server := func(severity, code string) error {
		return fmt.Errorf("wrapped: %w", &pgconn.PgError{SeverityUnlocalized: severity, Code: code})
	}
	for _, test := range []struct {
		name string
		err  error
		want store.Outcome
	}{
		{"none", nil, store.Done},
		{"a key is there", server("ERROR", "23505"), store.Refused},
		{"deadlock", server("ERROR", "40P01"), store.TryAgain},
		{"disk full", server("ERROR", "53100"), store.TryAgain},
		{"lock timeout", server("ERROR", "55P03"), store.TryAgain},
		{"read-only server", server("ERROR", "25006"), store.TryAgain},
		{"server stops", server("FATAL", "57P01"), store.Unknown},
		{"server crashed", server("FATAL", "57P02"), store.Unknown},
		{"statement completion unknown", server("ERROR", "40003"), store.Unknown},
		{"connection failure", server("ERROR", "08006"), store.Unknown},
		{"no connection", &pgconn.ConnectError{}, store.TryAgain},
		{"connection lost", errors.New("unexpected EOF"), store.Unknown},
		{"out of time", context.DeadlineExceeded, store.Unknown},
		{"bad connection before", driver.ErrBadConn, store.TryAgain},
		{"bad connection in commit", &store.CommitError{Err: driver.ErrBadConn}, store.Unknown},
	} {
		if got := store.OutcomeOf(test.err); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}

func TestFullDisk(t *testing.T) {
	db := storetest.SQLite(t)
	migrated(t, db)
	if _, err := db.Writer().Exec("PRAGMA max_page_count = 10"); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.Exec("INSERT INTO notes1 (id, text) VALUES (1, hex(zeroblob(100000)))")
		return err
	})
	if store.OutcomeOf(err) != store.TryAgain {
		t.Errorf("%v: %v", err, store.OutcomeOf(err))
	}
}

// The log must not grow while somebody writes all the time, or every start after a crash reads all of it: it is used
// again from its start, sooner on a machine that has nothing else to do.
func TestLogStaysShort(t *testing.T) {
	db := storetest.SQLite(t)
	migrated(t, db)
	var log, written int64
	for i := range 400 {
		fill(t, db, i*1000, 1000)
		info, err := os.Stat(db.Path() + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		log, written = info.Size(), int64(i+1)<<20
		if written >= 60<<20 && log < written/2 {
			break
		}
	}
	if log >= written/2 {
		t.Errorf("the log has %d MiB after %d MiB were written", log>>20, written>>20)
	}
	if err := db.CheckpointError(); err != nil {
		t.Error(err)
	}
}

func TestClusterSurvives(t *testing.T) {
	c := storetest.Shared(t)
	dsn, err := c.CreateDatabase(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db := storetest.Open(t, dsn)
	migrated(t, db)
	for i, end := range []func() error{c.Kill, c.Stop, c.Kill} {
		add(t, db, i, "note")
		if err := end(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		if err := db.Pool().Ping(ctx); err == nil {
			t.Error("a stopped server answers")
		}
		cancel()
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		db.Pool().Reset() // the sessions of the old server
		if n := count(t, db); n != i+1 {
			t.Errorf("%d rows, want %d", n, i+1)
		}
	}
}

// A commit that somebody cancels while it waits for a standby is reported as done, with a warning.
func TestWarningIsNoticed(t *testing.T) {
	db := storetest.Postgres(t)
	conn, err := db.Pool().Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(t.Context(), "DO $$ BEGIN RAISE WARNING 'careful'; END $$"); err != nil {
		t.Fatal(err)
	}
	if got := store.TakeWarning(conn.Conn()); got != "careful" {
		t.Errorf("got %q", got)
	}
	if got := store.TakeWarning(conn.Conn()); got != "" {
		t.Errorf("again: %q", got)
	}
}
