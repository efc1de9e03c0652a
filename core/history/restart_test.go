package history

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// reopen closes histories and opens them anew. What they have not got goes with them.
func (w *world) reopen(t complaint) {
	for i, h := range w.histories {
		if err := h.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
		w.histories[i] = must(Open(w.t.Context(), h.db, w.id, w, Options{Cache: 1 << 20, sizes: &h.sizes}))
	}
}

// replay gives histories all that has ever happened, again.
func (w *world) replay() {
	e, fx := ledger.NewEngine(), ledger.Effects{}
	for i := range w.groups {
		w.apply(&w.groups[i], e, &fx, false, w.histories)
	}
}

// A history that is closed and opened, and told again what it knows, goes on as if nothing had been.
func TestGoesOnAfterRestart(t *testing.T) {
	each(t, func(t *testing.T, dbs []*store.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			w := newWorld(t, rapid.Uint64().Draw(rt, "seed"), dbs...)
			defer w.close()
			for range rapid.IntRange(1, 3).Draw(rt, "restarts") {
				for range rapid.IntRange(1, 15).Draw(rt, "steps") {
					w.step()
				}
				w.reopen(rt)
				w.replay()
			}
			w.step()
			w.check(rt)
		})
	})
}

func TestRefusesWhatDoesNotFollow(t *testing.T) {
	h := must(Open(t.Context(), storetest.SQLite(t), ledger.ID{1}, nil, Options{}))
	f := newFeeder(h, 3, 0)
	f.send(f.batch())
	for _, c := range []struct {
		name string
		do   func(b *Batch)
	}{
		{"a group that leaves a gap", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 2, Timestamp: f.at, Date: ledger.DateOf(f.at.Time())})
		}},
		{"a group of an earlier instant", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 1, Timestamp: 5, Date: ledger.DateOf(f.at.Time())})
		}},
		{"a group of an earlier date", func(b *Batch) { b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Date: 1}) }},
		{"a command that leaves a gap", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Date: ledger.DateOf(f.at.Time())})
			b.Add(f.record, &ledger.Result{Sequence: f.sequence + 2}, f.result, &ledger.Effects{})
		}},
		{"an entry that leaves a gap", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Date: ledger.DateOf(f.at.Time())})
			b.Add(f.record, &ledger.Result{Sequence: f.sequence + 1}, f.result, &ledger.Effects{Entries: []ledger.Entry{{Number: 77}}})
		}},
		{"an account that leaves a gap", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Date: ledger.DateOf(f.at.Time())})
			b.Add(f.record, &ledger.Result{Sequence: f.sequence + 1}, f.result, &ledger.Effects{Accounts: []ledger.AccountOpened{{Number: 9}}})
		}},
		{"a record without a command", func(b *Batch) {
			b.Begin(Group{First: f.sequence + 1, Timestamp: f.at, Date: ledger.DateOf(f.at.Time())})
			b.Add([]byte{1, 0, 0, 0, 1}, &ledger.Result{Sequence: f.sequence + 1}, f.result, &ledger.Effects{})
		}},
	} {
		b := h.Batch()
		before := h.produced
		c.do(b)
		b.End()
		if err := h.Append(t.Context(), b); err == nil {
			t.Errorf("%s was taken", c.name)
		}
		h.produced = before
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Append(t.Context(), &Batch{h: h, to: 1}); !errors.Is(err, ErrClosed) {
		t.Errorf("append after the end: %v", err)
	}
	if err := h.Wait(t.Context(), f.sequence+1); !errors.Is(err, ErrClosed) {
		t.Errorf("wait after the end: %v", err)
	}
}

// Whoever opened history last projects; one that had it before stops and has written nothing more.
func TestStopsWhenAnotherProgramProjects(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one := must(Open(t.Context(), db, ledger.ID{1}, nil, Options{}))
		f := newFeeder(one, 3, 0)
		if err := one.Wait(t.Context(), f.sequence); err != nil {
			t.Fatal(err)
		}
		two := must(Open(t.Context(), db, ledger.ID{1}, nil, Options{}))
		b := f.batch()
		f.transfer(b, 1, 2)
		f.send(b)
		if err := one.Wait(t.Context(), f.sequence); !errors.Is(err, ErrMoved) {
			t.Errorf("the first got %v", err)
		}
		if err := one.Close(); !errors.Is(err, ErrMoved) {
			t.Errorf("the first closed with %v", err)
		}
		f.h, f.sequence, f.entries = two, f.sequence-1, 0
		f.heads, f.ordinals, f.balances = make([]uint64, 4), make([]uint64, 4), make([]int64, 4)
		b = f.batch()
		f.transfer(b, 1, 2)
		f.send(b)
		if err := two.Wait(t.Context(), f.sequence); err != nil {
			t.Errorf("the second got %v", err)
		}
		if err := two.Close(); err != nil {
			t.Error(err)
		}
	})
}

// While the database is away history waits; nothing is lost and nothing is written twice.
func TestWaitsForTheDatabase(t *testing.T) {
	cluster := storetest.Own(t)
	db := storetest.Open(t, must(cluster.CreateDatabase(t.Context())))
	h := must(Open(t.Context(), db, ledger.ID{1}, nil, Options{}))
	f := newFeeder(h, 3, 0)
	for range 3 {
		if err := cluster.Stop(); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			b := f.batch()
			f.transfer(b, 1, 2)
			f.send(b)
		}
		if err := cluster.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := h.Wait(t.Context(), f.sequence); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := h.Balance(t.Context(), 2, h.Latest()); err != nil || b.Net() != f.balances[2] {
		t.Errorf("balance %v, want %d (%v)", b, f.balances[2], err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	h := must(Open(t.Context(), storetest.SQLite(t), ledger.ID{1}, nil, Options{}))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Wait(ctx, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
	if _, err := h.At(ctx, 5); !errors.Is(err, context.Canceled) {
		t.Errorf("at: %v", err)
	}
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// A batch more than the queue holds waits until there is room, or its context ends.
func TestQueueIsBounded(t *testing.T) {
	cluster := storetest.Own(t)
	db := storetest.Open(t, must(cluster.CreateDatabase(t.Context())))
	h := must(Open(t.Context(), db, ledger.ID{1}, nil, Options{Queue: 10_000}))
	f := newFeeder(h, 3, 0)
	if err := h.Wait(t.Context(), f.sequence); err != nil {
		t.Fatal(err)
	}
	if err := cluster.Stop(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var err error
	for n := 0; err == nil && n < 1000; n++ {
		b := f.batch()
		f.transfer(b, 1, 2)
		b.End()
		err = h.Append(ctx, b)
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("append to a full queue: %v", err)
	}
	if err := cluster.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = h.Close() // the batch that found no room is missing, and the rest may be given up
}

// Ids that crowd one millisecond are found like others.
func TestFindsIDsOfOneMillisecond(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		h := must(Open(t.Context(), db, ledger.ID{1}, nil, Options{}))
		f := newFeeder(h, 3, 0)
		var ids []ledger.ID
		first := f.sequence + 1
		for range 6 {
			f.at -= 100
			b := f.batch()
			for range 250 {
				f.transfer(b, 1, 2)
				ids = append(ids, ledger.ID(f.record[6:22]))
			}
			f.send(b)
			if err := h.Wait(t.Context(), f.sequence); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range ids {
			if got, err := h.Find(t.Context(), id); err != nil || got != first+uint64(i) {
				t.Fatalf("id %d is at %d, want %d (%v)", i, got, first+uint64(i), err)
			}
		}
		other := ids[5]
		other[15]++
		if got, err := h.Find(t.Context(), other); err != nil || got != 0 {
			t.Errorf("an unknown id is at %d (%v)", got, err)
		}
		// What the journal holds is told, whatever it is: an id that was used twice is that of its first command.
		b := f.batch()
		f.sequence++
		f.fx.Entries = f.fx.Entries[:0]
		b.Add(f.record, &ledger.Result{Sequence: f.sequence}, f.result, &f.fx)
		Hashes(b, make([][32]byte, 1+f.sequence%2))
		f.send(b)
		if err := h.Wait(t.Context(), f.sequence); err != nil {
			t.Fatal(err)
		}
		if got, err := h.Find(t.Context(), ids[len(ids)-1]); err != nil || got != f.sequence-1 {
			t.Fatalf("an id of two commands is at %d, want %d (%v)", got, f.sequence-1, err)
		}
		var rows int
		if err := db.Reader().QueryRow("SELECT count(*) FROM history_crowd").Scan(&rows); err != nil || rows == 0 {
			t.Errorf("%d rows of a crowd (%v)", rows, err)
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A register of more holders than one segment has.
func TestManyHolders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, 1, db)
		defer w.close()
		const holders = 2*segmentSize + 900
		for i := 0; i < holders; i += 1000 {
			var open, issue []ledger.Operation
			for j := i; j < min(i+1000, holders); j++ {
				address := fmt.Sprintf("h:%d", j)
				open = append(open, &ledger.OpenAccount{Address: address, Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2001, Constraint: ledger.Nonnegative})
				issue = append(issue, &ledger.Issue{Register: "r:1", Account: address, Units: 1 + w.r.Uint64N(9)})
			}
			w.group(w.command(open...), w.command(issue...))
		}
		for range 3 {
			w.group(w.command(&ledger.Distribute{Register: "r:1", Payer: "bank", Amounts: []int64{1 + w.r.Int64N(holders), w.r.Int64N(3 * holders)}}))
			w.group(w.command(&ledger.Move{Register: "r:1", From: "h:5000", To: "h:1", Units: 1}))
		}
		h := w.first()
		if err := h.Wait(t.Context(), w.position()); err != nil {
			t.Fatal(err)
		}
		for _, j := range []int{0, 1, 4095, 4096, 5000, 8191, 8192, holders - 1} {
			n := w.engine.Number(fmt.Sprintf("h:%d", j))
			for _, s := range []uint64{w.position(), w.position() - 1, w.position() - 3} {
				got, err := h.Balance(t.Context(), n, must(h.At(t.Context(), s)))
				if want := w.m.balance(n, s); err != nil || got != want {
					t.Errorf("holder %d at %d: %+v, want %+v (%v)", j, s, got, want, err)
				}
			}
		}
		w.checkLines(t, h)
		for s := w.position() - 5; s <= w.position(); s++ {
			past := w.askPast(s, nil)
			if past != nil && !past.Foreign && len(past.Distributions[0].Lines) != len(w.m.commands[s-1].payouts[0].lines) {
				t.Errorf("past of %d has %d lines, want %d", s, len(past.Distributions[0].Lines), len(w.m.commands[s-1].payouts[0].lines))
			}
		}
	})
}

// Whatever bytes of a row are flipped: history says that it is damaged, or it gives the right answer.
func TestNoticesDamage(t *testing.T) {
	db := storetest.SQLite(t)
	w := newWorld(t, 7, db)
	for range 60 {
		w.step()
	}
	if err := w.first().Close(); err != nil {
		t.Fatal(err)
	}
	found := 0
	for i := range tables {
		for _, column := range tables[i].blobs {
			if i == tableID || i == tableCrowd || i == tableReference {
				continue // plain keys; the replay tells
			}
			found += w.damage(t, db, i, column)
		}
	}
	if found < 10 {
		t.Errorf("only %d flipped bits were noticed", found)
	}
}

// damage flips a bit of some rows of a table, one at a time, and counts how often that was noticed.
func (w *world) damage(t *testing.T, db *store.DB, table int, column string) (found int) {
	name, key := tables[table].name, tables[table].ints
	for range 6 {
		where, args := "1 = 1", []any{}
		row := map[string]int64{}
		query := "SELECT " + joined(key) + ", " + column + " FROM " + name + " WHERE length(" + column + ") > 0 ORDER BY random() LIMIT 1"
		values, data := make([]int64, len(key)), []byte(nil)
		to := make([]any, 0, len(key)+1)
		for i := range values {
			to = append(to, &values[i])
		}
		if err := db.Reader().QueryRow(query).Scan(append(to, &data)...); err != nil {
			return found // no rows
		}
		for i, k := range key {
			row[k] = values[i]
			where += " AND " + k + " = ?"
			args = append(args, values[i])
		}
		flipped := bytes.Clone(data)
		flipped[rand.IntN(len(flipped))] ^= 1 << rand.IntN(8)
		set := func(b []byte) {
			must(db.Writer().Exec("UPDATE "+name+" SET "+column+" = ? WHERE "+where, append([]any{b}, args...)...))
		}
		set(flipped)
		if w.noticed(t, db) {
			found++
		}
		set(data)
	}
	return found
}

func joined(list []string) string {
	b := bytes.NewBuffer(nil)
	for i, s := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(s)
	}
	return b.String()
}

// noticed opens history and checks everything: it must be right, or end with ErrDamaged.
func (w *world) noticed(t *testing.T, db *store.DB) (noticed bool) {
	h, err := Open(t.Context(), db, w.id, w, Options{sizes: &smallSizes})
	if err != nil {
		if !errors.Is(err, ErrDamaged) {
			t.Fatalf("open: %v", err)
		}
		return true
	}
	defer func() {
		_ = h.Close()
		if r := recover(); r != nil {
			if err, ok := r.(error); !ok || !errors.Is(err, ErrDamaged) {
				panic(r)
			}
			noticed = true
		}
	}()
	before := w.histories
	w.histories = []*History{h}
	defer func() { w.histories = before }()
	w.check(damaging{t})
	return false
}

// damaging is a complaint that lets complaints about damage pass.
type damaging struct{ t *testing.T }

func (d damaging) Fatalf(format string, args ...any) {
	for _, a := range args {
		if err, ok := a.(error); ok && errors.Is(err, ErrDamaged) {
			panic(err)
		}
	}
	d.t.Fatalf(format, args...)
}

func TestCursorsBelongToTheirQuestion(t *testing.T) {
	w := newWorld(t, 3, storetest.SQLite(t))
	defer w.close()
	for range 20 {
		w.step()
	}
	h := w.first()
	if err := h.Wait(t.Context(), w.position()); err != nil {
		t.Fatal(err)
	}
	q := Query{Account: 1, Limit: 1}
	page := must(h.Entries(t.Context(), q))
	if page.Next == "" {
		t.Fatal("there is only one page")
	}
	for name, change := range map[string]func(*Query){
		"another account":  func(q *Query) { q.Account = 2 },
		"another order":    func(q *Query) { q.OldestFirst = true },
		"another purpose":  func(q *Query) { q.Purpose = 3 },
		"another position": func(q *Query) { q.At = 2 },
		"another bound":    func(q *Query) { q.From = 1 },
		"a reference":      func(q *Query) { q.Reference = &ledger.Reference{Type: 1} },
		"other bytes":      func(q *Query) { q.Cursor = q.Cursor[:9] + "-" + q.Cursor[10:] },
		"no cursor at all": func(q *Query) { q.Cursor = "?" },
	} {
		other := q
		other.Cursor = page.Next
		change(&other)
		if _, err := h.Entries(t.Context(), other); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor with %s: %v", name, err)
		}
	}
	// A sequence that is yet to come is not waited for.
	c, _, err := decodeCursor(&Query{Account: 1, Limit: 1, Cursor: page.Next})
	if err != nil {
		t.Fatal(err)
	}
	c.at.Sequence = w.position() + 1
	q.Cursor = c.next(&q, c.last, c.lastAt, &c.balance)
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := h.Entries(soon, q); !errors.Is(err, ErrCursor) {
		t.Errorf("cursor of a sequence to come: %v", err)
	}
	days := EffectiveQuery{Account: 1, Limit: 1, Period: Period{First: 1, Last: 2}}
	m := effectiveMerge{q: &days, at: c.at, lastAt: 1}
	days.Cursor = m.cursor()
	if _, err := h.EffectiveEntries(soon, days); !errors.Is(err, ErrCursor) {
		t.Errorf("cursor by effective date of a sequence to come: %v", err)
	}
	for _, limit := range []int{0, -1, MaxPage + 1} {
		if _, err := h.Entries(t.Context(), Query{Account: 1, Limit: limit}); err == nil {
			t.Errorf("a page of %d was given", limit)
		}
	}
}

func FuzzCursor(f *testing.F) {
	f.Add([]byte("x"), uint32(1))
	q := Query{Account: 1}
	c := cursor{at: Position{Sequence: 9}}
	f.Add([]byte(c.next(&q, spot{3, 4}, 5, new(int64))), uint32(1))
	f.Fuzz(func(t *testing.T, b []byte, account uint32) {
		q := Query{Account: account, Cursor: string(b)}
		c, at, err := decodeCursor(&q)
		if err != nil {
			return
		}
		balance := &c.balance
		if !c.known {
			balance = nil
		}
		c.at.Sequence = at
		if again := c.next(&q, c.last, c.lastAt, balance); again != q.Cursor {
			t.Errorf("%q was read as the cursor %q", q.Cursor, again)
		}
	})
}

func FuzzPayout(f *testing.F) {
	f.Add([]byte{}, []byte{}, uint64(1))
	f.Fuzz(func(t *testing.T, head, ahead []byte, place uint64) {
		if len(head) >= 4 {
			binary.LittleEndian.PutUint32(head, checksum(int64(place), head[4:], ahead))
		}
		p, err := decodePayout(int64(place), head, ahead)
		if err != nil {
			return
		}
		h := &History{}
		if _, err := h.segment(t.Context(), p, 0); err != nil {
			return
		}
		for holder := range min(p.Holders, 10) {
			for i := range p.tranches {
				p.aheadOf(i, holder, p.ahead)
			}
		}
	})
}
