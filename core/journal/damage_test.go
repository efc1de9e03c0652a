package journal_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// change alters the rows of a ledger as somebody could who has the database's password.
func change(t testing.TB, p *place, ledger [16]byte, f func([]journal.Row) []journal.Row) {
	t.Helper()
	if p.mem != nil {
		p.mem.Damage(ledger, f)
		return
	}
	rows := f(rowsOf(t, p, ledger))
	unlock := []string{"DROP TRIGGER IF EXISTS journal_keeps", "DROP TRIGGER IF EXISTS journal_stays"}
	if p.db.Dialect() == store.Postgres {
		unlock = []string{"DROP TRIGGER IF EXISTS journal_keeps ON journal"}
	}
	for _, s := range unlock {
		if _, err := p.db.Writer().Exec(s); err != nil {
			t.Fatal(err)
		}
	}
	key := any(ledger[:])
	if p.db.Dialect() == store.Postgres {
		key = ledger
	}
	if _, err := p.db.Writer().Exec(p.db.Rebind("DELETE FROM journal WHERE ledger = ?"), key); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if _, err := p.db.Writer().Exec(p.db.Rebind(`INSERT INTO journal (ledger, sequence, epoch, count, hash, bytes) VALUES (?, ?, ?, ?, ?, ?)`),
			key, int64(r.Sequence), int64(r.Epoch), int64(r.Count), r.Hash[:], r.Bytes); err != nil {
			t.Fatal(err)
		}
	}
}

func rowsOf(t testing.TB, p *place, ledger [16]byte) []journal.Row {
	t.Helper()
	var rows []journal.Row
	for g, err := range p.Read(t.Context(), ledger, 1) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, journal.Row{
			Ledger: ledger, Sequence: g.First, Epoch: g.Epoch, Count: g.Count, Hash: g.Hash, Bytes: slices.Clone(g.Bytes()),
		})
	}
	return rows
}

// forge makes a row's hash fit its bytes, as somebody careful would.
func forge(r *journal.Row) { r.Hash = sha256.Sum256(r.Bytes) }

// The table of what can happen to rows. Each journal has 12 groups of one record each, so row i holds sequence i+1; the
// row with index 6 is the one that suffers.
var damages = []struct {
	name     string
	change   func(rows []journal.Row) []journal.Row
	sequence uint64
	what     string
}{
	{"a bit of the bytes", func(r []journal.Row) []journal.Row { r[6].Bytes[95] ^= 1; return r }, 7, "do not have the hash"},
	{"a bit of the hash", func(r []journal.Row) []journal.Row { r[6].Hash[3] ^= 1; return r }, 7, "do not have the hash"},
	{"bytes cut", func(r []journal.Row) []journal.Row { r[6].Bytes = r[6].Bytes[:40]; return r }, 7, "do not have the hash"},
	{"bytes cut, hash made to fit", func(r []journal.Row) []journal.Row {
		r[6].Bytes = r[6].Bytes[:100]
		forge(&r[6])
		return r
	}, 7, "its bytes are no group"},
	{"a record changed, hash made to fit", func(r []journal.Row) []journal.Row {
		r[6].Bytes[95] ^= 1
		forge(&r[6])
		return r
	}, 8, "another hash than the one before"},
	{"epoch beside the bytes", func(r []journal.Row) []journal.Row { r[6].Epoch = 9; return r }, 7, "epoch or count beside"},
	{"count beside the bytes", func(r []journal.Row) []journal.Row { r[6].Count = 2; return r }, 7, "epoch or count beside"},
	{"deleted", func(r []journal.Row) []journal.Row { return slices.Delete(r, 6, 7) }, 7, "rows are missing, the next one begins at sequence 8"},
	{"two deleted", func(r []journal.Row) []journal.Row { return slices.Delete(r, 6, 8) }, 7, "rows are missing, the next one begins at sequence 9"},
	{"the first deleted", func(r []journal.Row) []journal.Row { return r[1:] }, 1, "rows are missing, the next one begins at sequence 2"},
	{"swapped", func(r []journal.Row) []journal.Row {
		r[6].Bytes, r[7].Bytes, r[6].Hash, r[7].Hash = r[7].Bytes, r[6].Bytes, r[7].Hash, r[6].Hash
		return r
	}, 7, "its bytes are those of sequence 8"},
	{"one over another", func(r []journal.Row) []journal.Row {
		r[6].Bytes, r[6].Hash = r[5].Bytes, r[5].Hash
		return r
	}, 7, "its bytes are those of sequence 6"},
	{"duplicated at the end", func(r []journal.Row) []journal.Row {
		double := r[11]
		double.Sequence = 13
		return append(r, double)
	}, 13, "its bytes are those of sequence 12"},
	{"of another ledger", func(r []journal.Row) []journal.Row {
		r[6].Bytes[18] ^= 2
		forge(&r[6])
		return r
	}, 7, "its bytes are of ledger"},
}

func TestDamageIsNamed(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		for i, d := range damages {
			t.Run(d.name, func(t *testing.T) {
				l := newTail(id(byte(i + 1)))
				create(t, p.Journal, l.ledger)
				for range 12 {
					if err := l.append(t.Context(), p.Journal, record(l.next)); err != nil {
						t.Fatal(err)
					}
				}
				change(t, p, l.ledger, d.change)
				s, err := p.Check(t.Context(), l.ledger)
				expectDamage(t, err, l.ledger, d.sequence, d.what)
				if s.Next != d.sequence {
					t.Errorf("good up to %d, want %d", s.Next, d.sequence)
				}
				expectNoMore(t, p, l.ledger, d.sequence)
			})
		}
	})
}

// expectNoMore reads from every sequence up to the damage, and never gets past it.
func expectNoMore(t testing.TB, p *place, ledger [16]byte, damaged uint64) {
	t.Helper()
	for from := uint64(1); from < damaged; from++ {
		for g, err := range p.Read(t.Context(), ledger, from) {
			if err == nil && g.First >= damaged {
				t.Errorf("from %d: the group at %d was read", from, g.First)
			}
		}
	}
}

func expectDamage(t testing.TB, err error, ledger [16]byte, sequence uint64, what string) {
	t.Helper()
	d, ok := errors.AsType[*journal.DamageError](err)
	if !ok || d.Ledger != ledger || d.Sequence != sequence || !strings.Contains(d.Error(), what) {
		t.Errorf("got %v, want damage at sequence %d: %s", err, sequence, what)
	}
}

// A row inside another one's range is not passed over, also not between two pages.
func TestOverlap(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		for range 4 {
			if err := l.append(t.Context(), p.Journal, l.records(3)...); err != nil {
				t.Fatal(err)
			}
		}
		change(t, p, l.ledger, func(r []journal.Row) []journal.Row {
			double := r[1]
			double.Sequence = 6
			return slices.Insert(r, 2, double)
		})
		_, err := p.Check(t.Context(), l.ledger)
		expectDamage(t, err, l.ledger, 6, "the row before it goes on to sequence 6")
		_, err = p.At(t.Context(), l.ledger, 6)
		if _, ok := errors.AsType[*journal.DamageError](err); !ok {
			t.Errorf("sequence 6: %v", err)
		}
	})
}

func TestOverlapBetweenPages(t *testing.T) {
	p := onMemory()
	l := newTail(id(1))
	create(t, p.Journal, l.ledger)
	large := make([]byte, 1<<20)
	for range 4 { // three of these groups are a page
		if err := l.append(t.Context(), p.Journal, large, large, large); err != nil {
			t.Fatal(err)
		}
	}
	change(t, p, l.ledger, func(r []journal.Row) []journal.Row {
		double := r[1]
		double.Sequence = 8
		return slices.Insert(r, 3, double)
	})
	_, err := p.Check(t.Context(), l.ledger)
	expectDamage(t, err, l.ledger, 8, "the row before it goes on to sequence 9")
}

// Rows cut off at the end leave a journal that is right in itself. This is the stated limit of what the chain proves.
func TestCutEndIsNotSeen(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		l.fill(t, p.Journal, 5)
		change(t, p, l.ledger, func(r []journal.Row) []journal.Row { return r[:3] })
		if s, err := p.Check(t.Context(), l.ledger); err != nil || s.Groups != 3 {
			t.Errorf("%+v %v", s, err)
		}
		// The leader notices: his next group does not follow what is there.
		if err := l.append(t.Context(), p.Journal, record(l.next)); !errors.Is(err, journal.ErrNotNext) {
			t.Errorf("append after the cut: %v", err)
		}
	})
}

func TestRowsOfNoLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := onDatabase(t, db)
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		l.fill(t, p.Journal, 2)
		if _, err := db.Writer().Exec("DELETE FROM ledger"); err != nil {
			t.Fatal(err)
		}
		_, err := p.CheckAll(t.Context())
		expectDamage(t, err, l.ledger, 1, "the ledger is not on the list")
	})
}

func TestRowsCannotBeChanged(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		p := onDatabase(t, db)
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		l.fill(t, p.Journal, 2)
		for _, s := range []string{"UPDATE journal SET epoch = 2", "DELETE FROM journal"} {
			if _, err := db.Writer().Exec(s); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", s, err)
			}
		}
		read(t, p.Journal, l.ledger, 1)
	})
}

// copyOf is a SQLite journal with a hundred groups, as bytes.
func copyOf(t *testing.T) (file []byte, groups []journal.Group) {
	t.Helper()
	p := onDatabase(t, storetest.SQLite(t))
	l := newTail(id(1))
	create(t, p.Journal, l.ledger)
	for i := range 100 {
		if err := l.append(t.Context(), p.Journal, l.records(1+i%40)...); err != nil {
			t.Fatal(err)
		}
	}
	to := filepath.Join(t.TempDir(), "copy.db")
	if err := p.db.Backup(t.Context(), to); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	return file, read(t, p.Journal, l.ledger, 1)
}

// Any byte of the file may change: what is read is then still what was written, or an error.
func TestDamagedFile(t *testing.T) {
	file, groups := copyOf(t)
	rng := rand.New(rand.NewPCG(3, 4))
	dir := t.TempDir()
	detected := 0
	for i := range 250 {
		b := slices.Clone(file)
		switch {
		case i%8 == 7: // cut
			b = b[:rng.IntN(len(b))]
		case i%8 == 6: // a page that was not written
			page := rng.IntN(len(b)/4096) * 4096
			clear(b[page : page+4096])
		default:
			b[rng.IntN(len(b))] ^= byte(1 + rng.IntN(255))
		}
		path := filepath.Join(dir, "copy.db")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		err := readDamaged(t, path, groups)
		if err != nil {
			detected++
		}
	}
	if detected < 125 {
		t.Errorf("%d damages of 250 were detected", detected)
	}
}

func readDamaged(t *testing.T, path string, groups []journal.Group) error {
	t.Helper()
	ctx := context.Background()
	db, err := store.OpenReadOnly(ctx, path)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	j, err := journal.Open(ctx, db)
	if err != nil {
		return err
	}
	defer func() { _ = j.Close() }()
	n := 0
	for g, err := range j.Read(ctx, id(1), 1) {
		if err != nil {
			if _, ok := errors.AsType[*journal.DamageError](err); !ok {
				t.Errorf("damage without a name: %v", err)
			}
			return err
		}
		if n >= len(groups) || !bytes.Equal(g.Bytes(), groups[n].Bytes()) {
			t.Errorf("group %d is not what was written", n)
		}
		n++
	}
	if n < len(groups) {
		return journal.ErrBeyondEnd // a page of the index that holds the end; only a checkpoint shows this
	}
	return nil
}

// A copy is checked without changing anything, with no server and under no lock.
func TestCheckCopy(t *testing.T) {
	file, groups := copyOf(t)
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, file, 0o400); err != nil {
		t.Fatal(err)
	}
	db, err := store.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	j, err := journal.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = j.Close() }()
	all, err := j.CheckAll(t.Context())
	if err != nil || len(all) != 1 || all[0].Groups != uint64(len(groups)) || all[0].Hash != groups[len(groups)-1].Hash {
		t.Errorf("%+v %v", all, err)
	}
	l := newTail(id(1))
	l.follow(&groups[len(groups)-1])
	if err := l.append(t.Context(), j, record(l.next)); !errors.Is(err, journal.ErrNotStored) {
		t.Errorf("append to a copy: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after, file) {
		t.Errorf("the copy has changed: %v", err)
	}
}
