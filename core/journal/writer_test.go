package journal_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
)

// gate stops each transaction until it is let through, and tells how many groups it has.
type gate struct {
	came chan int
	pass chan journal.Fault
}

func gated() (*journal.Memory, *gate) {
	m, g := journal.NewMemory(), &gate{came: make(chan int), pass: make(chan journal.Fault)}
	m.Hook = func(step journal.Step, groups []journal.Group) journal.Fault {
		if step != journal.StepInsert {
			return journal.None
		}
		g.came <- len(groups)
		return <-g.pass
	}
	return m, g
}

func closed(t *testing.T, w *journal.Writer) {
	t.Helper()
	if err := w.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// Groups of several ledgers that arrive during one transaction go together in the next.
func TestWriterGathers(t *testing.T) {
	m, gate := gated()
	j := journal.New(m)
	w := journal.NewWriter(j)
	defer closed(t, w)
	answers := make(chan error)
	send := func(n byte) {
		l := newTail(id(n))
		create(t, j, l.ledger)
		go func() { answers <- w.Append(context.Background(), l.group(record(1))) }()
	}
	send(1)
	if n := <-gate.came; n != 1 {
		t.Fatalf("a lone group went with %d", n)
	}
	for n := byte(2); n <= 6; n++ {
		send(n)
	}
	soon(t, func() bool { return w.Waiting() == 5 })
	gate.pass <- journal.None
	if n := <-gate.came; n != 5 {
		t.Errorf("%d groups went together, want 5", n)
	}
	gate.pass <- journal.None
	for range 6 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}

func soon(t *testing.T, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for range 10_000 {
		if yes() {
			return
		}
		<-tick.C
	}
	t.Fatal("it never came")
}

func TestWriterAnswersEach(t *testing.T) {
	each(t, func(t *testing.T, p *place) {
		w := journal.NewWriter(p.Journal)
		defer closed(t, w)
		var ledgers sync.WaitGroup
		for n := byte(1); n <= 8; n++ {
			create(t, p.Journal, id(n))
			ledgers.Go(func() {
				l := newTail(id(n))
				for range 30 {
					g := l.group(l.records(int(n))...)
					if err := w.Append(t.Context(), g); err != nil {
						t.Error(err)
						return
					}
					l.follow(&g)
				}
				l.hash[0]++
				wrong := l.group([]byte("wrong"))
				if err := w.Append(t.Context(), wrong); !errors.Is(err, journal.ErrLeadLost) {
					t.Error(err)
				}
			})
		}
		ledgers.Wait()
		all, err := p.CheckAll(t.Context())
		if err != nil || len(all) != 8 {
			t.Fatal(all, err)
		}
		for _, s := range all {
			if s.Groups != 30 {
				t.Errorf("%s has %d groups", s.Ledger.Name, s.Groups)
			}
		}
	})
}

func TestWriterOneAtATime(t *testing.T) {
	m, gate := gated()
	j := journal.New(m)
	w := journal.NewWriter(j)
	a, b := newTail(id(1)), newTail(id(2))
	create(t, j, a.ledger)
	create(t, j, b.ledger)
	first, second := a.group(record(1)), b.group(record(1))
	answer := make(chan error)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { answer <- w.Append(ctx, first) }()
	<-gate.came
	if err := w.Append(t.Context(), first); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("a second group of a ledger: %v", err)
	}
	// Whoever goes while he waits has stored nothing.
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := w.Append(gone, second); !errors.Is(err, journal.ErrNotStored) || !errors.Is(err, context.Canceled) {
		t.Errorf("gone while waiting: %v", err)
	}
	if n := w.Busy(); n != 1 {
		t.Errorf("%d ledgers are busy", n)
	}
	// Whoever goes while his group is on its way does not know.
	cancel()
	if err := <-answer; !errors.Is(err, journal.ErrUnknown) {
		t.Errorf("gone while on the way: %v", err)
	}
	if err := w.Append(t.Context(), first); !errors.Is(err, journal.ErrBusy) {
		t.Errorf("the group is still on its way: %v", err)
	}
	gate.pass <- journal.None
	closed(t, w)
	if list := read(t, j, a.ledger, 1); len(list) != 1 {
		t.Errorf("%d groups", len(list))
	}
	if err := w.Append(t.Context(), second); !errors.Is(err, journal.ErrNotStored) {
		t.Errorf("after the end: %v", err)
	}
}

func TestWriterCutShort(t *testing.T) {
	m := journal.NewMemory()
	m.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
		if step == journal.StepInsert {
			return journal.LoseWrite
		}
		return journal.None
	}
	j := journal.New(m)
	w := journal.NewWriter(j)
	l := newTail(id(1))
	create(t, j, l.ledger)
	answer := make(chan error)
	go func() { answer <- w.Append(context.Background(), l.group(record(1))) }()
	soon(t, func() bool { return w.Busy() == 1 })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("close: %v", err)
	}
	if err := <-answer; !errors.Is(err, journal.ErrUnknown) {
		t.Errorf("the group that was cut short: %v", err)
	}
}
