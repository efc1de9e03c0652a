package collection_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/collection"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], 1_770_000_000_000<<16)
	return i.Derive(group, uint64(n))
}

var tenant, loanID, owner = uid("tenant", 1), uid("loan", 1), uid("owner", 1)

// late are loans of which one is late as of a day.
type late struct {
	today day.Date
	days  int
	loan  servicing.Loan
}

func (l *late) Get(context.Context, id.ID, id.ID) (*servicing.Loan, error) { return &l.loan, nil }

func (*late) PaidSince(context.Context, *servicing.Loan, uint32, day.Date) (int64, error) {
	return 0, nil
}

func (l *late) Standing(_ context.Context, _, _ id.ID, on day.Date) (servicing.Standing, error) {
	if on == 0 {
		on = l.today
	}
	days := max(0, l.days+int(on-l.today))
	return servicing.Standing{On: on, Days: days, Bucket: servicing.Bucket(days)}, nil
}

func (l *late) Overdue(_ context.Context, _ id.ID, on day.Date, _, _ int, _ servicing.Place, _ int) ([]servicing.Late, bool, error) {
	days := l.days + int(on-l.today)
	return []servicing.Late{{Loan: loanID, Days: days, Bucket: servicing.Bucket(days)}}, false, nil
}

func open(t testing.TB, db *store.DB, l *late) *collection.Collections {
	t.Helper()
	c, err := collection.Open(t.Context(), db, l)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A task is in the bucket of the day asked, though nobody has touched it.
func TestBucketOfTheDay(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		l := &late{today: day.Of(2026, 3, 1), days: 20}
		c := open(t, db, l)
		if _, err := c.Add(t.Context(), tenant, loanID, collection.Entry{ID: uid("e", 1), Kind: collection.Assigned, Owner: owner}); err != nil {
			t.Fatal(err)
		}
		for on, bucket := range map[day.Date]string{l.today: "M1", l.today + 11: "M2", l.today + 150: "M6+"} {
			list, _, err := c.Tasks(t.Context(), tenant, on, 0, 0, servicing.Place{}, 10)
			if err != nil || len(list) != 1 || list[0].Bucket != bucket || list[0].Owner != owner {
				t.Errorf("on %s: %+v %v, want %s", on, list, err, bucket)
			}
		}
		list, _, more, err := c.Owned(t.Context(), tenant, owner, id.ID{}, 10)
		if err != nil || more || len(list) != 1 {
			t.Errorf("of the owner: %+v %v", list, err)
		}
		if list, _, _, err = c.Owned(t.Context(), uid("tenant", 2), owner, id.ID{}, 10); err != nil || len(list) != 0 {
			t.Errorf("another tenant sees %+v %v", list, err)
		}
	})
}

// The same again changes nothing; an id stands for one thing; entries never change.
func TestEntriesAreKept(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db, &late{today: day.Of(2026, 3, 1), days: 20})
		e := collection.Entry{ID: uid("e", 1), Kind: collection.Contacted, Channel: "phone", Result: "reached"}
		for range 2 {
			if got, err := c.Add(t.Context(), tenant, loanID, e); err != nil || got.Number != 1 {
				t.Fatal(got, err)
			}
		}
		e.Result = "refused"
		if _, err := c.Add(t.Context(), tenant, loanID, e); !errs.Is(err, errs.Conflict) {
			t.Errorf("another content: %v", err)
		}
		if _, err := c.Add(t.Context(), tenant, uid("loan", 2), e); !errs.Is(err, errs.Conflict) {
			t.Errorf("another loan: %v", err)
		}
		for _, q := range []string{"UPDATE collection_entry SET number = 2", "DELETE FROM collection_entry"} {
			err := db.Write(t.Context(), func(tx *sql.Tx) error { _, err := tx.ExecContext(t.Context(), q); return err })
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", q, err)
			}
		}
	})
}

// Whoever notes something at the same time as others is heard, once, be it that he clicked twice.
func TestEntriesAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		c := open(t, db, &late{today: day.Of(2026, 3, 1), days: 20})
		var writing sync.WaitGroup
		for n := range 12 {
			writing.Go(func() {
				e := collection.Entry{ID: uid("e", n/2), Kind: collection.Contacted, Channel: "phone", Result: "reached"}
				if _, err := c.Add(t.Context(), tenant, loanID, e); err != nil {
					t.Errorf("%d: %v", n, err)
				}
			})
		}
		writing.Wait()
		if list, err := c.Entries(t.Context(), tenant, loanID, 0, 1000); err != nil || len(list) != 6 || list[5].Number != 6 {
			t.Errorf("%d entries, want 6: %v", len(list), err)
		}
	})
}

// A promise that is told again on a later day is the same, though nobody could make it then.
func TestAPromiseAgain(t *testing.T) {
	l := &late{today: day.Of(2026, 3, 1), days: 20}
	c := open(t, storetest.SQLite(t), l)
	e := collection.Entry{ID: uid("e", 1), Kind: collection.Promised, Date: l.today, Amount: 5}
	for range 2 {
		if got, err := c.Add(t.Context(), tenant, loanID, e); err != nil || got.Number != 1 || got.On != day.Of(2026, 3, 1) {
			t.Errorf("%+v %v", got, err)
		}
		l.today++
	}
	e.ID = uid("e", 2)
	if _, err := c.Add(t.Context(), tenant, loanID, e); !errs.Is(err, errs.Invalid) || errs.Of(err).Field != "date" {
		t.Errorf("a new one: %v", err)
	}
}

// A loan takes so many entries and no more; a dispute can be resolved all the same.
func TestADisputeAtTheEnd(t *testing.T) {
	const most = 10_000
	db := storetest.SQLite(t)
	c := open(t, db, &late{today: day.Of(2026, 3, 1), days: 20})
	if err := db.Write(t.Context(), func(tx *sql.Tx) error {
		body := `{"kind":"contacted","on":20513,"events":1,"channel":"phone","result":"reached"}`
		for n := 1; n < most; n++ {
			own := uid("there", n)
			if _, err := tx.ExecContext(t.Context(), "INSERT INTO collection_entry (tenant, loan, number, id, body) VALUES (?, ?, ?, ?, ?)", tenant[:], loanID[:], n, own[:], body); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for n, kind := range []collection.Kind{collection.Disputed, collection.Resolved, collection.Disputed} {
		_, err := c.Add(t.Context(), tenant, loanID, collection.Entry{ID: uid("e", n), Kind: kind, Note: "so"})
		if wrong := err != nil; wrong != (n == 2) || wrong && !errs.Is(err, errs.Conflict) {
			t.Errorf("%s: %v", kind, err)
		}
		if disputed, err := c.Disputed(t.Context(), tenant, loanID); err != nil || disputed != (n == 0) {
			t.Errorf("after %s it is in dispute: %v %v", kind, disputed, err)
		}
	}
}

// In whatever order things are noted, a dispute stops everything but its end, and a loan that is not late takes nothing
// else.
func TestAnyOrder(t *testing.T) {
	l := &late{today: day.Of(2026, 3, 1)}
	c := open(t, storetest.SQLite(t), l)
	loans, n := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		loans++
		on, disputed, entries := uid("loan", loans), false, 0
		for range rapid.IntRange(1, 20).Draw(r, "entries") {
			n++
			l.days = rapid.SampledFrom([]int{0, 5}).Draw(r, "days")
			e := rapid.SampledFrom([]collection.Entry{
				{Kind: collection.Assigned, Owner: owner},
				{Kind: collection.Contacted, Channel: "visit", Result: "reached"},
				{Kind: collection.Promised, Date: l.today + 3, Amount: 5},
				{Kind: collection.Disputed, Note: "no"},
				{Kind: collection.Resolved, Note: "yes"},
			}).Draw(r, "entry")
			e.ID = uid("any", n)
			want := l.days > 0 && !disputed
			switch e.Kind {
			case collection.Disputed:
				want = !disputed
			case collection.Resolved:
				want = disputed
			}
			_, err := c.Add(context.Background(), tenant, on, e)
			if (err == nil) != want {
				r.Fatalf("%s, disputed %v, %d days late: %v", e.Kind, disputed, l.days, err)
			}
			if err == nil {
				entries++
				disputed = e.Kind == collection.Disputed || disputed && e.Kind != collection.Resolved
			}
		}
		list, err := c.Entries(context.Background(), tenant, on, 0, 1000)
		if err != nil || len(list) != entries || !slices.IsSortedFunc(list, func(a, b collection.Entry) int { return int(a.Number) - int(b.Number) }) {
			r.Fatalf("%d entries, want %d: %v", len(list), entries, err)
		}
	})
}
