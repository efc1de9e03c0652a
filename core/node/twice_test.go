package node

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
)

// A clock that was set back while the node was closed lets no command happen twice.
func TestASetBackClockLetsNothingHappenTwice(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b.close()
	b.clock = clock.NewManual(noon)
	b.open()
	l := b.ledger("main")
	b.prepare(l, 2)
	c := b.command(transfer(0, 1, 50))
	b.apply(l, c)
	b.close()
	late := clock.NewManual(noon.Add(-time.Minute))
	b.clock = late
	b.open()
	if err := late.Set(noon); err != nil {
		t.Fatal(err)
	}
	l = b.ledger("main")
	if a := b.apply(l, c)[0]; !a.Repeated {
		t.Errorf("got %+v", a)
	}
	if got := balance(t, l, "a:1"); got != 50 {
		t.Errorf("a:1 has %d, want 50", got)
	}
}

// What memory forgets of while a command waits for its place is not taken for new.
func TestWhatWasForgottenMeanwhileIsNotNew(t *testing.T) {
	now := clock.NewManual(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	b := &bench{t: t, clock: now}
	j := journal.New(journal.NewMemory())
	own := b.command().ID
	listed := journal.Ledger{ID: own, Name: "main", Created: now.Now().UnixMicro()}
	if err := j.CreateLedger(t.Context(), listed); err != nil {
		t.Fatal(err)
	}
	d, err := Drive(t.Context(), Config{
		Journal: j, Epoch: 1, Projects: &memories{by: map[[16]byte]*memory{}}, Folder: t.TempDir(), Clock: now, Log: slog.New(slog.DiscardHandler),
	}, own, listed, &ledger.OpenLedger{Ledger: own, Zone: "UTC", Clock: ledger.SimulatedClock})
	if err != nil {
		t.Fatal(err)
	}
	d.l.recent = newRecent(recentIDs, recentTime, now.Now().Add(-time.Hour)) // as after a restart
	d.l.since.Store(d.l.recent.since.UnixNano())
	submit := func(c *ledger.Command) *Waiting {
		t.Helper()
		w, err := d.Submit(t.Context(), []*ledger.Command{c})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	step := func() {
		t.Helper()
		if _, err := d.Append(); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Apply(); err != nil {
			t.Fatal(err)
		}
	}
	c := b.command(&ledger.OpenAsset{Code: "CNY", Scale: 2})
	first, second := submit(c), submit(b.command(&ledger.Advance{To: 1}))
	again := submit(c) // needs the next group: the clock moves before it
	step()
	// Hours pass.
	d.l.recent = newRecent(recentIDs, recentTime, now.Now().Add(time.Hour))
	d.l.since.Store(d.l.recent.since.UnixNano())
	step()
	for _, w := range []*Waiting{first, second} {
		if a, ok, err := w.Answers(t.Context()); !ok || err != nil || a[0].Result.Code != ledger.Applied {
			t.Fatalf("got %+v, %v, %v", a, ok, err)
		}
	}
	if a, ok, err := again.Answers(t.Context()); ok || !errors.Is(err, ErrOutcomeUnknown) {
		t.Errorf("got %+v, %v, %v", a, ok, err)
	}
	again = submit(c)
	step()
	if a, _, err := again.Answers(t.Context()); err != nil || !a[0].Repeated {
		t.Errorf("asked again: %+v, %v", a, err)
	}
}
