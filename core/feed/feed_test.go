package feed_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// number makes an id.
func number(n uint64) (i id.ID) {
	binary.BigEndian.PutUint64(i[8:], n)
	i[6], i[8] = 0x70, 0x80
	return i
}

var who = feed.Follower{Tenant: number(1), Ledger: number(2), Name: "books"}

// errOver ends a source that has no more.
var errOver = errors.New("no more events")

// events is a source of so many events, handed over a few at a time.
type events struct {
	last    uint64
	atOnce  uint64
	drained func() // called when a follower has them all
}

func (s events) Watch(ctx context.Context, from uint64, each func([]feed.Event) error) error {
	for from <= s.last {
		var list []feed.Event
		for ; from <= s.last && uint64(len(list)) < s.atOnce; from++ {
			list = append(list, feed.Event{Command: &ledger.Command{}, Result: ledger.Result{Code: ledger.Applied, Sequence: from}})
		}
		if err := each(list); err != nil {
			return err
		}
	}
	if s.drained == nil {
		return errOver
	}
	s.drained()
	<-ctx.Done()
	return ctx.Err()
}

// desk is a front with rows of its own: each event that it handled, as often as it did.
type desk struct {
	*testing.T
	*feed.Feed
	db   *store.DB
	fail func(sequence uint64) error
}

func newDesk(t *testing.T, db *store.DB) *desk {
	d := &desk{T: t, db: db}
	d.open()
	if _, err := db.Writer().ExecContext(t.Context(), "CREATE TABLE seen (sequence bigint NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) open() {
	d.Helper()
	var err error
	if d.Feed, err = feed.Open(d.Context(), d.db, clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC))); err != nil {
		d.Fatal(err)
	}
	d.Hurry()
}

func (d *desk) handle(ctx context.Context, tx *sql.Tx, e *feed.Event) error {
	if d.fail != nil {
		if err := d.fail(e.Result.Sequence); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, d.db.Rebind("INSERT INTO seen (sequence) VALUES (?)"), int64(e.Result.Sequence))
	return err
}

// follow follows until everything was handed over.
func (d *desk) follow(epoch, last, atOnce uint64) error {
	ctx, cancel := context.WithCancel(d.Context())
	defer cancel()
	return d.Follow(ctx, who, epoch, events{last, atOnce, cancel}, nil, feed.Each(d.handle))
}

// saw checks that each event up to the last was handled once.
func (d *desk) saw(last int) {
	d.Helper()
	var all, different, least, most int
	err := d.db.Reader().QueryRowContext(d.Context(),
		"SELECT count(*), count(DISTINCT sequence), coalesce(min(sequence), 1), coalesce(max(sequence), 0) FROM seen").Scan(&all, &different, &least, &most)
	if err != nil {
		d.Fatal(err)
	}
	if all != last || different != last || least != 1 || most != last {
		d.Errorf("%d rows of %d events, %d to %d; want %d, each once", all, different, least, most, last)
	}
	if c, err := d.Cursor(d.Context(), who); err != nil || c.Position != uint64(last) {
		d.Errorf("the cursor stands at %d, want %d: %v", c.Position, last, err)
	}
}

func TestEachEventIsHandledOnceAcrossStops(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		for _, last := range []uint64{0, 1, 7, 7, 500} {
			if err := d.follow(1, last, 64); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			d.saw(int(last))
			d.open()
		}
		if list, err := d.Cursors(t.Context(), who.Tenant); err != nil || len(list) != 1 || list[0].Follower != who || list[0].Problem != "" {
			t.Errorf("%+v %v", list, err)
		}
		if list, err := d.Cursors(t.Context(), number(9)); err != nil || len(list) != 0 {
			t.Error("another tenant sees it", list, err)
		}
	})
}

func TestAnEventThatFailsHoldsUpNothingBeforeIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		failures := 0
		d.fail = func(sequence uint64) error {
			if sequence != 40 || failures == 3 {
				return nil
			}
			if failures++; failures == 3 {
				c, err := d.Cursor(t.Context(), who)
				if err != nil || c.Position != 39 || c.Attempts == 0 || !strings.Contains(c.Problem, "sequence 40: the shelf is full") {
					t.Errorf("%+v %v", c, err)
				}
			}
			return errors.New("the shelf is full")
		}
		if err := d.follow(1, 100, 64); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		d.saw(100)
		if failures != 3 {
			t.Errorf("%d failures, want 3", failures)
		}
		if c, err := d.Cursor(t.Context(), who); err != nil || c.Problem != "" || c.Attempts != 0 {
			t.Errorf("what was mended is still told: %+v %v", c, err)
		}
	})
}

// A node that was replaced writes nothing any more, not even what it had begun.
func TestAReplacedNodeMovesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		taken := false
		source := events{last: 10, atOnce: 5}
		err := d.Follow(t.Context(), who, 1, watch(func(ctx context.Context, from uint64, each func([]feed.Event) error) error {
			return source.Watch(ctx, from, func(list []feed.Event) error {
				if list[0].Result.Sequence == 6 && !taken {
					taken = true
					if err := d.follow(2, 7, 5); !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
				}
				return each(list)
			})
		}), nil, feed.Each(d.handle))
		if !errors.Is(err, feed.ErrLeadLost) {
			t.Errorf("the node that was replaced: %v", err)
		}
		d.saw(7)
		if err := d.follow(1, 10, 5); !errors.Is(err, feed.ErrLeadLost) {
			t.Errorf("an old lead follows again: %v", err)
		}
		d.saw(7)
	})
}

type watch func(ctx context.Context, from uint64, each func([]feed.Event) error) error

func (w watch) Watch(ctx context.Context, from uint64, each func([]feed.Event) error) error {
	return w(ctx, from, each)
}

// Whatever fails, wherever it stops, and however events come together: each is handled once.
func TestFollowersAsAProperty(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		total := uint64(0)
		rapid.Check(t, func(rt *rapid.T) {
			total += rapid.Uint64Range(0, 30).Draw(rt, "more")
			failing := map[uint64]int{}
			for range rapid.IntRange(0, 3).Draw(rt, "failures") {
				failing[total-min(total, rapid.Uint64Range(0, 30).Draw(rt, "back"))]++
			}
			d.fail = func(sequence uint64) error {
				if failing[sequence]--; failing[sequence] >= 0 {
					return fmt.Errorf("%d fails", sequence)
				}
				return nil
			}
			if err := d.follow(1, total, rapid.Uint64Range(1, 9).Draw(rt, "at once")); !errors.Is(err, context.Canceled) {
				rt.Fatal(err)
			}
			d.saw(int(total))
		})
	})
}

func TestASourceWithGapsIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tries := 0
		err := d.Follow(ctx, who, 1, watch(func(_ context.Context, from uint64, each func([]feed.Event) error) error {
			if tries++; tries == 3 {
				cancel()
			}
			return each([]feed.Event{{Result: ledger.Result{Sequence: from + 1}}})
		}), nil, feed.Each(d.handle))
		if !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		d.saw(0)
	})
}

func TestFollowersThatAreNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		for _, bad := range []feed.Follower{
			{Ledger: number(2), Name: "a"},
			{Tenant: number(1), Name: "a"},
			{Tenant: number(1), Ledger: number(2)},
			{Tenant: number(1), Ledger: number(2), Name: "A"},
			{Tenant: number(1), Ledger: number(2), Name: strings.Repeat("a", feed.MaxName+1)},
		} {
			if err := d.Follow(t.Context(), bad, 1, events{}, nil, feed.Each(d.handle)); !errs.Is(err, errs.Invalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// A batch that does not say which event is to blame is tried with fewer and fewer, so that nothing before it waits.
func TestABatchThatFailsIsTriedWithFewer(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		alone := 0
		err := d.Follow(ctx, who, 1, events{100, 64, cancel}, nil, func(ctx context.Context, tx *sql.Tx, list []feed.Event) error {
			for i := range list {
				if list[i].Result.Sequence != 40 || alone == 3 {
					if err := d.handle(ctx, tx, &list[i]); err != nil {
						return err
					}
					continue
				}
				if len(list) == 1 {
					alone++
				}
				return errors.New("something of these")
			}
			return nil
		})
		if !errors.Is(err, context.Canceled) || alone != 3 {
			t.Errorf("%v; event 40 was tried alone %d times", err, alone)
		}
		d.saw(100)
	})
}

// Of what means nothing to a follower he sees nothing, and no transaction is made for it: the cursor comes after it when it
// moves for something else, or after a moment.
func TestEventsThatMeanNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		asked := map[uint64]bool{}
		third := func(e *feed.Event) bool {
			asked[e.Result.Sequence] = true
			return e.Result.Sequence%3 == 0
		}
		failures := 0
		d.fail = func(sequence uint64) error {
			if sequence%3 != 0 {
				t.Errorf("event %d is handled", sequence)
			}
			if sequence != 60 || failures == 3 {
				return nil
			}
			if failures++; failures == 3 {
				if c, err := d.Cursor(t.Context(), who); err != nil || c.Position != 59 || c.Attempts == 0 {
					t.Errorf("it stands before the event that fails, at 59: %+v %v", c, err)
				}
			}
			return errors.New("the shelf is full")
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		err := d.Follow(ctx, who, 1, events{100, 7, func() {
			if n, err := d.Passed(t.Context(), who); err != nil || n != 100 {
				t.Errorf("what means something was handled up to %d, want 100: %v", n, err)
			}
			for began := time.Now(); ; time.Sleep(time.Millisecond) {
				if c, err := d.Cursor(t.Context(), who); err != nil || c.Position == 100 || time.Since(began) > 10*time.Second {
					cancel()
					return
				}
			}
		}}, third, feed.Each(d.handle))
		if !errors.Is(err, context.Canceled) || failures != 3 || len(asked) != 100 {
			t.Errorf("%v; %d failures, want 3; asked of %d events", err, failures, len(asked))
		}
		var all, different int
		if err := db.Reader().QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT sequence) FROM seen").Scan(&all, &different); err != nil || all != 33 || different != 33 {
			t.Errorf("%d rows of %d events, want 33, each once: %v", all, different, err)
		}
		if n, err := d.Passed(t.Context(), who); err != nil || n != 100 {
			t.Errorf("of one who follows no more it is where his cursor stands: %d, want 100: %v", n, err)
		}
		if c, err := d.Cursor(t.Context(), who); err != nil || c.Position != 100 {
			t.Errorf("the cursor stands at %d when nothing comes any more, want 100: %v", c.Position, err)
		}
	})
}

// A cursor that has stayed behind hands over again only what was not handled.
func TestStopsAmongWhatMeansNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		last := uint64(0)
		rapid.Check(t, func(rt *rapid.T) {
			last += rapid.Uint64Range(0, 30).Draw(rt, "more")
			failing := map[uint64]int{}
			for range rapid.IntRange(0, 3).Draw(rt, "failures") {
				failing[last-min(last, rapid.Uint64Range(0, 30).Draw(rt, "back"))]++
			}
			d.fail = func(sequence uint64) error {
				if failing[sequence]--; failing[sequence] >= 0 {
					return fmt.Errorf("%d fails", sequence)
				}
				return nil
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			err := d.Follow(ctx, who, 1, events{last, rapid.Uint64Range(1, 9).Draw(rt, "at once"), cancel},
				func(e *feed.Event) bool { return e.Result.Sequence%3 == 0 }, feed.Each(d.handle))
			if !errors.Is(err, context.Canceled) {
				rt.Fatal(err)
			}
			var all, different, others int
			err = db.Reader().QueryRowContext(t.Context(), "SELECT count(*), count(DISTINCT sequence), coalesce(sum(CASE WHEN sequence % 3 = 0 THEN 0 ELSE 1 END), 0) FROM seen").Scan(&all, &different, &others)
			if want := int(last / 3); err != nil || all != want || different != want || others != 0 {
				rt.Fatalf("%d rows of %d events, %d of them that mean nothing; want %d, each once: %v", all, different, others, want, err)
			}
		})
	})
}
