package longmen_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen"
)

// A journal that was brought back to an earlier point is not served beside what tells of the past that it has lost.
func TestAJournalThatWasBroughtBack(t *testing.T) {
	b := newBooks(t, "")
	folder := b.config.Folder
	b.give(1)
	b.close()
	earlier := filepath.Join(t.TempDir(), "earlier")
	must(t, os.CopyFS(earlier, os.DirFS(folder)))
	b.open()
	b.give(2)
	b.give(3)
	b.close()
	lost, err := filepath.Glob(filepath.Join(folder, "snapshots", "*", "*"))
	must(t, err)
	back := func(name string) {
		t.Helper()
		must(t, os.RemoveAll(filepath.Join(folder, name)))
		file, err := os.ReadFile(filepath.Join(earlier, name))
		must(t, err)
		must(t, os.WriteFile(filepath.Join(folder, name), file, 0o600))
	}
	refused := func(what string) {
		t.Helper()
		db, err := longmen.Open(t.Context(), b.config)
		if err == nil {
			err = errors.Join(errors.New("it opens"), db.Close())
		}
		if !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want it to name %s", err, what)
		}
	}
	log := filepath.Join("checkpoints", b.main.ID().String()+".log")
	back("journal.db")
	refused("history.db")
	back("history.db") // as on PostgreSQL, which has both
	refused(log)
	back(log)
	b.open()
	b.give(4)
	b.give(5)
	b.close()
	// As many commands as in the past that was lost, of which only the snapshot is left.
	now, err := filepath.Glob(filepath.Join(folder, "snapshots", "*", "*"))
	must(t, err)
	old := map[string]bool{}
	for _, file := range lost {
		old[file] = true
	}
	for _, file := range now {
		if !old[file] {
			must(t, os.Remove(file))
		}
	}
	torn := filepath.Join(filepath.Dir(lost[0]), "torn.snapshot.tmp") // a kill left it
	must(t, os.WriteFile(torn, []byte("half"), 0o600))
	b.open()
	a, err := b.main.Account(t.Context(), "client")
	must(t, err)
	if a.Balance() != 1+4+5 {
		t.Errorf("client has %d", a.Balance())
	}
	if _, err := os.Stat(torn); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a kill left of a snapshot is there still: %v", err)
	}
}

func (b *books) give(amount int64) {
	b.t.Helper()
	result, err := b.main.Do(b.t.Context(), &longmen.Transfer{Debit: "bank", Credit: "client", Mode: longmen.Exact, Amount: amount})
	must(b.t, err)
	if result.Code != longmen.Applied {
		b.t.Fatal(result.Code)
	}
}
