package journal_test

import (
	"context"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/journal"
)

// atOnce tries again without waiting, a few times.
func atOnce(_ context.Context, attempt int) error {
	if attempt >= 4 {
		return errors.New("enough attempts")
	}
	return nil
}

// script makes a Memory that meets one fault after the other and then none.
func script(faults ...journal.Fault) *journal.Memory {
	m := journal.NewMemory()
	m.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
		if step != journal.StepInsert || len(faults) == 0 {
			return journal.None
		}
		f := faults[0]
		faults = faults[1:]
		return f
	}
	return m
}

func TestOutcomes(t *testing.T) {
	const fail, reject, loseWrite, loseAnswer, float = journal.Fail, journal.Reject, journal.LoseWrite, journal.LoseAnswer, journal.Float
	all := func(f journal.Fault) []journal.Fault { return []journal.Fault{f, f, f, f, f, f} }
	for _, test := range []struct {
		name   string
		faults []journal.Fault
		want   error
		rows   int
	}{
		{"none", nil, nil, 1},
		{"refused once, then free", []journal.Fault{fail}, nil, 1},
		{"answer lost, was stored", []journal.Fault{loseAnswer}, nil, 1},
		{"answer lost, was not stored", []journal.Fault{loseWrite}, nil, 1},
		{"again and again", []journal.Fault{loseWrite, fail, loseAnswer, loseAnswer}, nil, 1},
		{"never free", all(fail), journal.ErrNotStored, 0},
		{"never an answer, not stored", all(loseWrite), journal.ErrUnknown, 0},
		{"never an answer, stored", all(loseAnswer), journal.ErrUnknown, 1},
		{"unknown, then never free", append([]journal.Fault{float}, all(fail)...), journal.ErrUnknown, 0},
		{"refused for good", []journal.Fault{reject}, journal.ErrNotStored, 0},
		{"unknown, then refused for good", []journal.Fault{loseAnswer, reject}, journal.ErrUnknown, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			j := journal.New(script(test.faults...), journal.WithWait(atOnce))
			l := newTail(id(1))
			create(t, j, l.ledger)
			if err := l.append(t.Context(), j, record(1)); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			if list := read(t, j, l.ledger, 1); len(list) != test.rows {
				t.Errorf("%d rows, want %d", len(list), test.rows)
			}
		})
	}
}

// A commit may land after its client has looked and found nothing.
func TestLateCommit(t *testing.T) {
	for _, lands := range []string{"before the second attempt", "after it"} {
		t.Run(lands, func(t *testing.T) {
			m := script(journal.Float)
			j := journal.New(m, journal.WithWait(func(ctx context.Context, attempt int) error {
				if lands == "before the second attempt" {
					m.Land(func([]journal.Group) bool { return true })
				}
				return atOnce(ctx, attempt)
			}))
			l := newTail(id(1))
			create(t, j, l.ledger)
			l.fill(t, j, 1)
			m.Land(func([]journal.Group) bool { return true })
			l.fill(t, j, 1)
			if list := read(t, j, l.ledger, 1); len(list) != 2 {
				t.Errorf("%d groups", len(list))
			}
		})
	}
}

// A commit that lands after somebody else has taken the lead does nothing, and its sender learns it.
func TestLateCommitAfterTheLeadChanged(t *testing.T) {
	m := script(journal.None, journal.Float)
	enough := func(context.Context, int) error { return errors.New("enough attempts") }
	a, b := journal.New(m, journal.WithWait(enough)), journal.New(m)
	create(t, a, id(1))
	l, err := lead(t.Context(), a, id(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.append(t.Context(), a, record(2)); !errors.Is(err, journal.ErrUnknown) {
		t.Fatalf("the commit without an answer: %v", err)
	}
	if _, err := lead(t.Context(), b, id(1)); err != nil {
		t.Fatal(err)
	}
	m.Land(func([]journal.Group) bool { return true })
	if err := l.append(t.Context(), a, record(2)); !errors.Is(err, journal.ErrLeadLost) {
		t.Errorf("the same bytes again: %v", err)
	}
	if list := read(t, b, id(1), 1); len(list) != 2 || list[1].Epoch != 2 {
		t.Errorf("%d groups", len(list))
	}
}

func TestReadingMayFailToo(t *testing.T) {
	m := journal.NewMemory()
	j := journal.New(m, journal.WithWait(atOnce))
	l := newTail(id(1))
	create(t, j, l.ledger)
	l.fill(t, j, 2)
	broken := journal.StepBefore
	m.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
		if step == broken {
			return journal.Fail
		}
		return journal.None
	}
	if _, _, err := j.Last(t.Context(), l.ledger); err == nil {
		t.Error("the last group was read over a broken connection")
	}
	stale := newTail(l.ledger)
	if err := stale.append(t.Context(), j, []byte("other")); !errors.Is(err, journal.ErrNotStored) {
		t.Errorf("a group that was refused while nothing could be read: %v", err)
	}
	broken = journal.StepPage
	if _, err := j.Check(t.Context(), l.ledger); err == nil {
		t.Error("rows were read over a broken connection")
	}
	// What is there but not known to be durable is no success.
	broken = journal.StepConfirm
	again := newTail(l.ledger)
	if err := again.append(t.Context(), j, again.records(2)...); err == nil {
		t.Error("a row that may be lost counted as durable")
	}
	m.Hook = nil
	again = newTail(l.ledger)
	if err := again.append(t.Context(), j, again.records(2)...); err != nil {
		t.Error(err)
	}
}

// world is one ledger on a Memory with faults, and what its users know.
type world struct {
	m     *journal.Memory
	nodes []*node
	acked map[uint64][32]byte
}

type node struct {
	j    *journal.Journal
	tail *tail // nil while it does not lead
	open *journal.Group
}

// Whatever goes wrong, in whatever order: what was acknowledged is there, and nothing is there twice.
func TestFaults(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{m: journal.NewMemory(), acked: map[uint64][32]byte{}}
		for range 2 {
			w.nodes = append(w.nodes, &node{j: journal.New(w.m, journal.WithWait(atOnce))})
		}
		create(t, w.nodes[0].j, id(1))
		faults := rapid.SampledFrom([]journal.Fault{
			journal.None, journal.None, journal.None, journal.Fail, journal.LoseWrite, journal.LoseAnswer, journal.Float,
		})
		w.m.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
			f := faults.Draw(rt, "fault")
			if step != journal.StepInsert && f != journal.Fail {
				return journal.None
			}
			return f
		}
		for range rapid.IntRange(5, 60).Draw(rt, "steps") {
			w.step(rt)
		}
		w.m.Hook = nil
		w.m.Land(func([]journal.Group) bool { return rapid.Bool().Draw(rt, "lands") })
		w.check(rt)
	})
}

func (w *world) step(t *rapid.T) {
	n := rapid.SampledFrom(w.nodes).Draw(t, "node")
	switch action := rapid.IntRange(0, 9).Draw(t, "action"); {
	case action == 0:
		w.m.Land(func([]journal.Group) bool { return rapid.Bool().Draw(t, "lands") })
	case action == 1: // the process dies and starts again
		n.j, n.tail, n.open = journal.New(w.m, journal.WithWait(atOnce)), nil, nil
	case n.tail == nil || action == 2:
		l, err := lead(t.Context(), n.j, id(1))
		n.open = nil
		if n.tail = l; err != nil {
			n.tail = nil // unclear leads are read again
		}
	default:
		w.append(t, n)
	}
}

// append sends a group; one without an answer is sent again with the same bytes.
func (w *world) append(t *rapid.T, n *node) {
	if n.open == nil {
		g := n.tail.group(n.tail.records(rapid.IntRange(1, 3).Draw(t, "records"))...)
		n.open = &g
	}
	errs := n.j.Append(t.Context(), *n.open)
	switch {
	case errs == nil:
		w.acked[n.open.First] = n.open.Hash
		n.tail.follow(n.open)
		n.open = nil
	case errors.Is(errs[0], journal.ErrUnknown):
	case errors.Is(errs[0], journal.ErrNotStored):
		n.open = nil
	case errors.Is(errs[0], journal.ErrLeadLost):
		n.tail, n.open = nil, nil
	default:
		t.Fatalf("append: %v", errs[0])
	}
}

func (w *world) check(t *rapid.T) {
	there := map[uint64][32]byte{}
	for g, err := range w.nodes[0].j.Read(t.Context(), id(1), 1) {
		if err != nil {
			t.Fatal(err)
		}
		there[g.First] = g.Hash
		for sequence, b := range g.Records() {
			if !isRecord(sequence, b) {
				t.Fatalf("sequence %d has the record %x", sequence, b)
			}
		}
	}
	for first, hash := range w.acked {
		if there[first] != hash {
			t.Fatalf("the group acknowledged at sequence %d is not there", first)
		}
	}
}
