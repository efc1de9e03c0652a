package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// A live reader sees what is committed meanwhile, changes nothing, and can be backed up from.
func TestOpenLive(t *testing.T) {
	db := storetest.SQLite(t)
	path := db.Path()
	migrated(t, db)
	fill(t, db, 1, 10)
	live, err := store.OpenLive(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if !live.ReadOnly() || count(t, live) != 10 {
		t.Fatal("the reader does not see what is there, or may write")
	}
	fill(t, db, 11, 10)
	if n := count(t, live); n != 20 {
		t.Fatalf("the reader sees %d rows", n)
	}
	if _, err := live.Writer().Exec("DELETE FROM notes1"); err == nil {
		t.Fatal("the reader may delete")
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := live.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	fill(t, db, 21, 10)
	if n := count(t, db); n != 30 {
		t.Fatalf("the writer sees %d rows after the reader has gone", n)
	}
	ro, err := store.OpenReadOnly(t.Context(), copied)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, ro); n != 20 {
		t.Fatalf("the copy has %d rows", n)
	}
	if err := ro.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.OpenLive(t.Context(), filepath.Join(t.TempDir(), "none.db")); err == nil {
		t.Fatal("a file that is not there was opened")
	}
}

// What a crash has left in the log is read too.
func TestOpenLiveAfterCrash(t *testing.T) {
	db := storetest.SQLite(t)
	path := db.Path()
	migrated(t, db)
	fill(t, db, 1, 10)
	left := filepath.Join(t.TempDir(), "left.db")
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left+suffix, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	live, err := store.OpenLive(t.Context(), left)
	if err != nil {
		t.Fatal(err)
	}
	if n := count(t, live); n != 10 {
		t.Errorf("the reader sees %d rows", n)
	}
	if err := live.Close(); err != nil {
		t.Fatal(err)
	}
	if wal, err := os.Stat(left + "-wal"); err != nil || wal.Size() == 0 {
		t.Errorf("the log was removed: %v", err)
	}
}
