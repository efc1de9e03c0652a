package journal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/journal"
)

func TestAppendAndRead(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		if _, found, err := p.Last(ctx, l.ledger); found || err != nil {
			t.Fatalf("an empty journal has a last group: %v %v", found, err)
		}
		if list := read(t, p.Journal, l.ledger, 1); len(list) != 0 {
			t.Fatalf("an empty journal has %d groups", len(list))
		}
		l.fill(t, p.Journal, 40)
		list := read(t, p.Journal, l.ledger, 1)
		if len(list) != 40 || list[39].Next() != l.next {
			t.Fatalf("%d groups up to %d", len(list), list[len(list)-1].Next())
		}
		last, found, err := p.Last(ctx, l.ledger)
		if err != nil || !found || !last.Equal(&list[39]) {
			t.Fatalf("last: %v %v", found, err)
		}
		for i := range list {
			for sequence := list[i].First; sequence < list[i].Next(); sequence++ {
				g, err := p.At(ctx, l.ledger, sequence)
				if err != nil || !g.Equal(&list[i]) {
					t.Fatalf("sequence %d: %v, group %d", sequence, err, g.First)
				}
				if rest := read(t, p.Journal, l.ledger, sequence); len(rest) != 40-i || !rest[0].Equal(&list[i]) {
					t.Fatalf("from %d: %d groups", sequence, len(rest))
				}
			}
		}
		s, err := p.Check(ctx, l.ledger)
		if err != nil || s.Groups != 40 || s.Next != l.next || s.Hash != l.hash || s.Epoch != 1 {
			t.Fatalf("check: %+v %v", s, err)
		}
	})
}

func TestReadingEnds(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		l.fill(t, p.Journal, 3)
		if list := read(t, p.Journal, l.ledger, l.next); len(list) != 0 {
			t.Errorf("%d groups after the end", len(list))
		}
		for _, err := range p.Read(ctx, l.ledger, l.next+1) {
			if !errors.Is(err, journal.ErrBeyondEnd) || !strings.Contains(err.Error(), fmt.Sprintf("its next is %d", l.next)) {
				t.Errorf("beyond the end: %v", err)
			}
		}
		for _, sequence := range []uint64{l.next, l.next + 1, 1 << 62} {
			if _, err := p.At(ctx, l.ledger, sequence); !errors.Is(err, journal.ErrNotFound) {
				t.Errorf("sequence %d: %v", sequence, err)
			}
		}
		for _, sequence := range []uint64{0, 1 << 63} {
			if _, err := p.At(ctx, l.ledger, sequence); err == nil || !strings.Contains(err.Error(), "want 1 to") {
				t.Errorf("sequence %d: %v", sequence, err)
			}
		}
		if _, err := p.At(ctx, id(2), 1); !errors.Is(err, journal.ErrNotFound) {
			t.Errorf("another ledger: %v", err)
		}
		n := 0
		for range p.Read(ctx, l.ledger, 1) { // whoever stops early gets nothing more
			n++
			break
		}
		if n != 1 {
			t.Errorf("%d groups", n)
		}
	})
}

// Groups up to the limit come back whole, and reading many of them needs the memory of a few.
func TestLargeGroups(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		rng := rand.New(rand.NewPCG(1, 2))
		var sizes []int
		for i := range 7 {
			b := make([]byte, []int{1, 3 << 20, 1 << 20, 3000, 70_000, 2 << 20, 3 << 20}[i])
			for k := range b {
				b[k] = byte(rng.Uint32())
			}
			if err := l.append(t.Context(), p.Journal, b, b[:1]); err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, len(b))
		}
		i := 0
		for g, err := range p.Read(t.Context(), l.ledger, 1) {
			if err != nil {
				t.Fatal(err)
			}
			if want := 91 + 4 + sizes[i] + 4 + 1; len(g.Bytes()) != want {
				t.Errorf("group %d has %d bytes, want %d", i, len(g.Bytes()), want)
			}
			i++
		}
		if i != len(sizes) {
			t.Errorf("%d groups of %d", i, len(sizes))
		}
	})
}

// One transaction serves many ledgers, and a group that is refused keeps none of the others from being durable.
func TestSeveralLedgers(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		tails := make([]*tail, 5)
		groups := make([]journal.Group, len(tails))
		for i := range tails {
			tails[i] = newTail(id(byte(9 - i)))
			if i != 4 { // the last one is not on the list
				create(t, p.Journal, tails[i].ledger)
			}
		}
		for range 3 {
			for i, l := range tails[:4] {
				groups[i] = l.group(l.records(2)...)
			}
			if errs := p.Append(ctx, groups[:4]...); errs != nil {
				t.Fatal(errs)
			}
			for i, l := range tails[:4] {
				l.follow(&groups[i])
			}
		}
		for i, l := range tails {
			groups[i] = l.group(record(l.next))
		}
		wrong := *tails[2]
		wrong.hash[0]++
		groups[2] = wrong.group(record(wrong.next))
		gap := *tails[3]
		gap.next += 5
		groups[3] = gap.group(record(gap.next))
		errs := p.Append(ctx, groups...)
		for i, want := range []error{nil, nil, journal.ErrLeadLost, journal.ErrNotNext, journal.ErrNoLedger} {
			if errs == nil || !errors.Is(errs[i], want) {
				t.Errorf("group %d: %v, want %v", i, errs[i], want)
			}
		}
		for i, l := range tails[:4] {
			want := 3
			if i < 2 {
				want = 4
			}
			if list := read(t, p.Journal, l.ledger, 1); len(list) != want {
				t.Errorf("ledger %d has %d groups, want %d", i, len(list), want)
			}
		}
		if all, err := p.CheckAll(ctx); err != nil || len(all) != 4 || all[0].Ledger.Name != "ledger-6" {
			t.Errorf("check: %v %v", all, err)
		}
	})
}

// Appending the same bytes again changes nothing and is a success, however often and by whomever.
func TestAppendAgain(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		l.fill(t, p.Journal, 2)
		g := l.group(record(l.next))
		for range 2 {
			if errs := p.Append(t.Context(), g); errs != nil {
				t.Fatal(errs)
			}
			if errs := p.again(t).Append(t.Context(), g); errs != nil {
				t.Fatal(errs)
			}
		}
		l.follow(&g)
		l.fill(t, p.Journal, 2)
		if errs := p.Append(t.Context(), g); errs != nil {
			t.Fatalf("after others followed: %v", errs)
		}
		if list := read(t, p.Journal, l.ledger, 1); len(list) != 5 {
			t.Errorf("%d groups", len(list))
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		l := newTail(id(1))
		create(t, p.Journal, l.ledger)
		if errs := p.Append(ctx, journal.Group{}); errs == nil || !errors.Is(errs[0], journal.ErrNotStored) {
			t.Errorf("no group: %v", errs)
		}
		g := l.group(record(1))
		if errs := p.Append(ctx, g, g); errs == nil || errs[0] != nil || !errors.Is(errs[1], journal.ErrNotStored) {
			t.Errorf("two of one ledger: %v", errs)
		}
		if errs := p.Append(ctx, make([]journal.Group, journal.MaxAppend+1)...); errs == nil || errs[0] == nil {
			t.Error("too many groups were taken")
		}
		later := newTail(id(2))
		later.next, later.hash = 5, [32]byte{1}
		create(t, p.Journal, later.ledger)
		if err := later.append(ctx, p.Journal, record(5)); !errors.Is(err, journal.ErrNotNext) {
			t.Errorf("into the middle of nothing: %v", err)
		}
		if errs := p.Append(ctx); errs != nil {
			t.Errorf("nothing at all: %v", errs)
		}
	})
}

func TestLedgers(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		ctx := t.Context()
		for _, l := range []journal.Ledger{{ID: id(2), Name: "b", Created: 5}, {ID: id(1), Name: "a-0", Created: -6}} {
			for range 2 { // again changes nothing
				if err := p.CreateLedger(ctx, l); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, l := range []journal.Ledger{{ID: id(2), Name: "c"}, {ID: id(3), Name: "b"}} {
			if err := p.CreateLedger(ctx, l); !errors.Is(err, journal.ErrLedgerExists) {
				t.Errorf("%v: %v", l, err)
			}
		}
		for _, l := range []journal.Ledger{{Name: "c"}, {ID: id(3)}, {ID: id(3), Name: "Upper"}, {ID: id(3), Name: strings.Repeat("x", 65)}} {
			if err := p.CreateLedger(ctx, l); err == nil {
				t.Errorf("%v was created", l)
			}
		}
		list, err := p.Ledgers(ctx)
		if err != nil || len(list) != 2 || list[0] != (journal.Ledger{ID: id(1), Name: "a-0", Created: -6}) || list[1].Name != "b" {
			t.Errorf("list: %v %v", list, err)
		}
	})
}
