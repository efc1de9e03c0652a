package journal_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// A copy has the original's bytes, on whatever database that is, and goes on where an earlier copying ended.
func TestCopyTo(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		from := p.again(t)
		one := newTail(id(1))
		create(t, from, id(1))
		create(t, from, id(2))
		l := journal.Ledger{ID: id(1), Name: "copied", Created: 77}
		to := onDatabase(t, storetest.SQLite(t)).again(t)
		for _, more := range []int{5, 7, 0} {
			one.fill(t, from, more)
			last := uint64(0)
			if err := from.CopyTo(t.Context(), to, l, func(next uint64) { last = next }); err != nil {
				t.Fatal(err)
			}
			original, copied := read(t, from, id(1), 1), read(t, to, id(1), 1)
			if len(copied) != len(original) || more > 0 && last != one.next {
				t.Fatalf("%d groups of %d, up to %d", len(copied), len(original), last)
			}
			for i := range original {
				if !bytes.Equal(copied[i].Bytes(), original[i].Bytes()) {
					t.Fatalf("group %d is another", i)
				}
			}
		}
		list, err := to.Ledgers(t.Context())
		if err != nil || len(list) != 1 || list[0] != l {
			t.Fatalf("ledgers of the copy: %v, %v", list, err)
		}
		if err := from.CopyTo(t.Context(), to, journal.Ledger{ID: id(2), Name: "empty"}, nil); err != nil {
			t.Fatalf("a journal without groups: %v", err)
		}
	})
}

// A copy that tells something else, or more, is not gone on with.
func TestCopyToAnotherJournal(t *testing.T) {
	from, to := onMemory().again(t), onDatabase(t, storetest.SQLite(t)).again(t)
	l := journal.Ledger{ID: id(1), Name: "name-1"}
	for _, j := range []*journal.Journal{from, to} {
		if err := j.CreateLedger(t.Context(), l); err != nil {
			t.Fatal(err)
		}
	}
	one := newTail(id(1))
	one.fill(t, from, 3)
	other := newTail(id(1))
	if err := other.append(t.Context(), to, []byte("something else")); err != nil {
		t.Fatal(err)
	}
	if err := from.CopyTo(t.Context(), to, l, nil); !errors.Is(err, journal.ErrOther) {
		t.Errorf("another beginning: %v", err)
	}
	other.fill(t, to, 20)
	if err := from.CopyTo(t.Context(), to, l, nil); !errors.Is(err, journal.ErrOther) {
		t.Errorf("a longer one: %v", err)
	}
}

// Cut short at any time, copying is taken up again.
func TestCopyToIsTakenUpAgain(t *testing.T) {
	from := onMemory().again(t)
	create(t, from, id(1))
	one := newTail(id(1))
	one.fill(t, from, 9_000)
	db, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "copy.db"))
	if err != nil {
		t.Fatal(err)
	}
	to := onDatabase(t, db).again(t)
	l := journal.Ledger{ID: id(1), Name: "name-1"}
	ctx, cancel := context.WithCancel(t.Context())
	if err := from.CopyTo(ctx, to, l, func(uint64) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("it was not cut short: %v", err)
	}
	if err := from.CopyTo(t.Context(), to, l, nil); err != nil {
		t.Fatal(err)
	}
	if n := len(read(t, to, id(1), 1)); n != 9_000 {
		t.Fatalf("%d groups", n)
	}
	if err := errors.Join(to.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
}
