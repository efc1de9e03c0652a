package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// leasePlace is where leases are kept, with a hand to move its clock.
type leasePlace struct {
	journal.LeaseStore
	pass func(d time.Duration) // moves the store's clock
}

func eachLease(t *testing.T, f func(t *testing.T, p *leasePlace)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		m := journal.NewMemory()
		now := time.Unix(1000, 0)
		m.Clock = func() time.Time { return now }
		f(t, &leasePlace{LeaseStore: m, pass: func(d time.Duration) { now = now.Add(d) }})
	})
	t.Run("postgres", func(t *testing.T) {
		db := storetest.Postgres(t)
		p := onDatabase(t, db)
		f(t, &leasePlace{LeaseStore: p.Rows().(journal.LeaseStore), pass: func(d time.Duration) {
			// The server's clock cannot be moved, so the leases are.
			if _, err := db.Writer().Exec("UPDATE lease SET expires = expires - make_interval(secs => $1)", d.Seconds()); err != nil {
				t.Fatal(err)
			}
		}})
	})
}

// machine is a holder's clock.
type machine struct{ now journal.Monotonic }

func (m *machine) read() journal.Monotonic { return m.now }

func newLease(t *testing.T, p *leasePlace, m *machine, holder byte) *journal.TimedLease {
	t.Helper()
	l, err := journal.NewTimedLease(p, id(100), id(holder), 10*time.Second, m.read)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLease(t *testing.T) {
	eachLease(t, func(t *testing.T, p *leasePlace) {
		ctx := t.Context()
		m := &machine{now: 5e9}
		a, b := newLease(t, p, m, 1), newLease(t, p, m, 2)
		if a.Valid(m.now) || !errors.Is(a.Renew(ctx), journal.ErrLeaseLost) || a.Release(ctx) != nil {
			t.Error("a lease that was never acquired")
		}
		epoch, err := a.Acquire(ctx, 6)
		if err != nil || epoch != 7 {
			t.Fatalf("acquire: %d %v", epoch, err)
		}
		if !a.Valid(m.now) || !a.Valid(m.now+journal.Monotonic(9*time.Second)-1) || a.Valid(m.now+journal.Monotonic(9*time.Second)) {
			t.Error("the term is not ten seconds less one")
		}
		_, err = b.Acquire(ctx, 0)
		if held, ok := errors.AsType[*journal.HeldError](err); !ok || held.Holder != id(1) || held.Epoch != 7 || held.Left <= 0 || held.Left > 10*time.Second {
			t.Fatalf("a second holder: %v", err)
		}
		p.pass(6 * time.Second)
		m.now += 6e9
		if err := a.Renew(ctx); err != nil || !a.Valid(m.now+8.9e9) {
			t.Fatalf("renew: %v", err)
		}
		p.pass(11 * time.Second)
		m.now += 11e9
		if a.Valid(m.now) {
			t.Error("valid beyond its term")
		}
		if err := a.Renew(ctx); err != nil || !a.Valid(m.now) {
			t.Errorf("renewing late, with nobody else in between: %v", err)
		}
		p.pass(11 * time.Second)
		m.now += 11e9
		epoch, err = b.Acquire(ctx, 0)
		if err != nil || epoch != 8 {
			t.Fatalf("take over: %d %v", epoch, err)
		}
		if err := a.Renew(ctx); !errors.Is(err, journal.ErrLeaseLost) || a.Valid(m.now) {
			t.Errorf("renewing a lost lease: %v", err)
		}
		if err := a.Release(ctx); err != nil || !b.Valid(m.now) {
			t.Errorf("releasing a lost lease: %v", err)
		}
		if err := b.Release(ctx); err != nil || b.Valid(m.now) {
			t.Errorf("release: %v", err)
		}
		if epoch, err = a.Acquire(ctx, 100); err != nil || epoch != 101 {
			t.Errorf("after the release: %d %v", epoch, err)
		}
	})
}

// A term is counted from before its request was sent, however long the answer takes.
func TestLeaseCountsFromTheRequest(t *testing.T) {
	m := &machine{now: 1}
	mem := journal.NewMemory()
	mem.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
		m.now += 4e9 // every request takes four seconds
		return journal.None
	}
	a := newLease(t, &leasePlace{LeaseStore: mem}, m, 1)
	sent := m.now
	if _, err := a.Acquire(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	if !a.Valid(m.now) || a.Valid(sent+9e9) {
		t.Error("the term does not begin with the request")
	}
	sent = m.now
	if err := a.Renew(t.Context()); err != nil || !a.Valid(sent+9e9-1) || a.Valid(sent+9e9) {
		t.Errorf("renewed: %v", err)
	}
	mem.Hook = func(journal.Step, []journal.Group) journal.Fault { return journal.Fail }
	if err := a.Renew(t.Context()); err == nil || errors.Is(err, journal.ErrLeaseLost) || !a.Valid(m.now) {
		t.Errorf("a renewal without an answer ends the term: %v", err)
	}
	if err := a.Release(t.Context()); err == nil || a.Valid(m.now) {
		t.Errorf("valid after a release without an answer: %v", err)
	}
}

func TestLeaseRefuses(t *testing.T) {
	mem := journal.NewMemory()
	for _, test := range []struct {
		key, holder [16]byte
		term        time.Duration
	}{{id(1), id(2), time.Second}, {id(1), id(2), time.Hour}, {[16]byte{}, id(2), time.Minute}, {id(1), [16]byte{}, time.Minute}} {
		if _, err := journal.NewTimedLease(mem, test.key, test.holder, test.term, journal.Now); err == nil {
			t.Errorf("%v was taken", test)
		}
	}
	if _, err := onDatabase(t, storetest.SQLite(t)).NewLease(id(1), id(2), time.Minute); err == nil {
		t.Error("a lease on SQLite's clock")
	}
}

func TestFolderLease(t *testing.T) {
	dir := t.TempDir()
	folder, err := store.LockFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	var l journal.Lease = journal.NewFolderLease(folder)
	if l.Valid(0) || !errors.Is(l.Renew(t.Context()), journal.ErrLeaseLost) {
		t.Error("held before it was acquired")
	}
	epoch, err := l.Acquire(t.Context(), 4)
	if err != nil || epoch != 5 || !l.Valid(journal.Now()) || l.Renew(t.Context()) != nil {
		t.Errorf("acquire: %d %v", epoch, err)
	}
	if err := l.Release(t.Context()); err != nil || l.Valid(journal.Now()) {
		t.Errorf("release: %v", err)
	}
	if err := folder.Unlock(); err != nil {
		t.Error(err)
	}
}

// childClock answers each line with the time of its clock.
func childClock() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(int64(journal.Now()))
	}
}

// A process that was stopped sees, the moment it goes on, how long that was.
func TestClockRunsWhileStopped(t *testing.T) {
	c := newChild(t, "clock:")
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.start(t)
	ask := func() int64 {
		if _, err := io.WriteString(in, "?\n"); err != nil {
			t.Fatal(err)
		}
		n, err := strconv.ParseInt(strings.TrimSpace(c.line(t)), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := ask()
	if err := c.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped := journal.Now()
	<-time.After(50 * time.Millisecond) // the clock itself is what is tested
	woken := journal.Now()
	if err := c.cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if after := ask(); after-before < int64(woken-stopped) {
		t.Errorf("stopped for %v, the clock moved by %v", time.Duration(woken-stopped), time.Duration(after-before))
	}
}
