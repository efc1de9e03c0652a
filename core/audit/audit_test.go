package audit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/longmen/longmen/core/audit"
	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
)

func TestMain(m *testing.M) {
	code := m.Run()
	err := goleak.Find()
	if bookFolder != "" {
		err = errors.Join(err, os.RemoveAll(bookFolder))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// verify audits a book as it lies there.
func verify(t testing.TB, b *book, set func(*audit.Options)) (*audit.Report, error) {
	t.Helper()
	ctx := context.Background()
	db, err := store.OpenReadOnly(ctx, b.path("journal.db"))
	if err != nil {
		return nil, err
	}
	j, err := journal.Open(ctx, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	o := audit.Options{
		Journal: j, Files: audit.Files{Checkpoints: b.path("checkpoints"), Keys: b.path("keys"), Snapshots: b.path("snapshots")},
	}
	var past *store.DB
	if _, err := os.Stat(b.path("history.db")); err == nil {
		if past, err = store.OpenReadOnly(ctx, b.path("history.db")); err != nil {
			return nil, errors.Join(err, j.Close(), db.Close())
		}
		o.History = func(ctx context.Context, l ledger.ID) (*history.Comparison, error) {
			return history.Compare(ctx, past, l)
		}
	}
	if set != nil {
		set(&o)
	}
	r, err := audit.Verify(ctx, o)
	if past != nil {
		err = errors.Join(err, past.Close())
	}
	return r, errors.Join(err, j.Close(), db.Close())
}

func show(t testing.TB, r *audit.Report) string {
	t.Helper()
	text, err := json.MarshalIndent(findings(r), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestSoundBook(t *testing.T) {
	b := copyBook(t)
	r, err := verify(t, b, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Sound || !r.Truth || len(r.Ledgers) != 2 {
		t.Fatalf("a sound book was found wrong:\n%s", show(t, r))
	}
	for _, l := range r.Ledgers {
		if l.History == nil || *l.History != l.Commands || l.Commands != b.sizes[l.Name] || l.Covered != l.Commands || len(l.Snapshots) != 2 {
			t.Errorf("ledger %s was not compared as a whole: %+v", l.Name, l)
		}
	}
	entries, err := os.ReadDir(b.folder)
	if err != nil || len(entries) != 5 {
		t.Fatalf("verify has left something behind: %v, %v", entries, err)
	}
}
