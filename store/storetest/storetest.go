// Package storetest gives tests real databases: SQLite files, and a PostgreSQL server of their own that is started
// when the first test asks for it, removed when the last one has ended, and runs also for root.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { storetest.Main(m) }
//
// The package must not know what is kept in the databases.
package storetest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/longmen/longmen/store"
)

// shared is the cluster of this test binary.
var shared struct {
	sync.Mutex
	cluster *Cluster
	err     error
	managed bool // Main runs, so somebody will remove it
}

// Main runs the tests of a package, removes the shared cluster, and fails if goroutines are left over.
func Main(m *testing.M, ignore ...goleak.Option) {
	shared.Lock()
	shared.managed = true
	shared.Unlock()
	code := m.Run()
	if err := RemoveShared(); err != nil {
		fmt.Fprintln(os.Stderr, "remove the test cluster:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(ignore...); err != nil {
			fmt.Fprintln(os.Stderr, "goroutines left over:", err)
			code = 1
		}
	}
	os.Exit(code)
}

// RemoveShared removes the shared cluster, for a TestMain that has more to do than Main.
func RemoveShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil {
		return nil
	}
	err := shared.cluster.Remove()
	shared.cluster = nil
	return err
}

// Shared is the cluster of this test binary. A test that stops it or changes its settings must not be parallel to
// others and must leave it as it was, or start one of its own.
func Shared(t testing.TB) *Cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if !shared.managed {
		t.Fatal("storetest: this package needs func TestMain(m *testing.M) { storetest.Main(m) }")
	}
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = Start(context.Background())
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.cluster
}

// Own starts a cluster for one test.
func Own(t testing.TB) *Cluster {
	t.Helper()
	c, err := Start(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Remove(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// PostgresDSN makes an empty schema in the shared cluster and returns a DSN that sees nothing else.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	dsn, err := Shared(t).CreateSchema(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return dsn
}

// SQLitePath is the path of a SQLite file that does not exist yet.
func SQLitePath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "test.db")
}

// Open opens a database and closes it when the test has ended.
func Open(t testing.TB, dsn string, opts ...store.Option) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), dsn, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// SQLite opens an empty SQLite database.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, SQLitePath(t))
}

// Postgres opens an empty PostgreSQL database.
func Postgres(t testing.TB) *store.DB {
	t.Helper()
	return Open(t, PostgresDSN(t))
}

// Each runs a test on an empty database of either kind.
func Each(t *testing.T, f func(t *testing.T, db *store.DB)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { f(t, Postgres(t)) })
}
