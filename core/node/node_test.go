package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// memory is a past kept in maps: what a node needs of history, at its simplest.
type memory struct {
	mu      sync.Mutex
	at      uint64
	ids     map[ledger.ID]uint64
	records map[uint64][]byte
	results map[uint64]ledger.Result
	reached chan struct{}
	forget  bool // keep nothing, for benchmarks
	broken  error
	undone  func() (*ledger.Past, error) // what is told of any command, if it is set
}

func newMemory() *memory {
	return &memory{
		ids: map[ledger.ID]uint64{}, records: map[uint64][]byte{}, results: map[uint64]ledger.Result{}, reached: make(chan struct{}),
	}
}

func (m *memory) Begin(*journal.Header) {}

func (m *memory) Command(record []byte, res *ledger.Result, _ *ledger.Effects) {
	if m.forget {
		return
	}
	r, _ := ledger.DecodeRecord(record)
	c, _ := ledger.DecodeCommand(r.Command)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids[c.ID], m.records[res.Sequence], m.results[res.Sequence] = res.Sequence, append([]byte(nil), record...), *res
	m.at = res.Sequence
}

func (m *memory) End([32]byte, uint16, ledger.ClockKind) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(m.reached)
	m.reached = make(chan struct{})
	return m.broken
}

func (m *memory) Position() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at
}

func (m *memory) Close() error { return nil }

func (m *memory) Find(_ context.Context, id ledger.ID) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[id], nil
}

func (m *memory) Recorded(ctx context.Context, seq uint64) ([]byte, ledger.Result, error) {
	for {
		m.mu.Lock()
		record, res, wait := m.records[seq], m.results[seq], m.reached
		m.mu.Unlock()
		if record != nil {
			return record, res, nil
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, res, ctx.Err()
		}
	}
}

func (m *memory) Past(context.Context, uint64, ledger.Operation) (*ledger.Past, error) {
	if m.undone != nil {
		return m.undone()
	}
	return nil, nil
}

// memories gives each ledger the past it had, also after the node was closed.
type memories struct {
	by   map[[16]byte]*memory
	open func() // called first, if it is set
}

func (m *memories) Open(_ context.Context, l journal.Ledger) (Projection, Past, error) {
	if m.open != nil {
		m.open()
	}
	if m.by[l.ID] == nil {
		m.by[l.ID] = newMemory()
	}
	return m.by[l.ID], m.by[l.ID], nil
}

type always struct{ journal.Lease }

func (always) Valid(journal.Monotonic) bool { return true }

// bench is a node over a journal, that can be closed and opened again.
type bench struct {
	t      testing.TB
	folder string
	clock  clock.Clock
	j      *journal.Journal
	pasts  *memories
	writer *journal.Writer
	node   *Node
}

func newBench(t testing.TB, j *journal.Journal) *bench {
	b := &bench{t: t, folder: t.TempDir(), clock: clock.Real{}, j: j, pasts: &memories{by: map[[16]byte]*memory{}}}
	b.open()
	t.Cleanup(b.close)
	return b
}

func (b *bench) open() {
	b.t.Helper()
	b.writer = journal.NewWriter(b.j)
	var err error
	b.node, err = Open(context.Background(), Config{
		Journal: b.j, Writer: b.writer, Lease: always{}, Epoch: 1, Projects: b.pasts, Folder: b.folder,
		Clock: b.clock, Random: rand.Reader, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) close() {
	b.t.Helper()
	if err := b.node.Close(); err != nil {
		b.t.Error(err)
	}
	if err := b.writer.Close(context.Background()); err != nil {
		b.t.Error(err)
	}
}

func (b *bench) ledger(name string) *Ledger {
	b.t.Helper()
	l, err := b.node.Create(context.Background(), New{Name: name, Zone: "Asia/Shanghai", Clock: ledger.RealClock})
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

func (b *bench) command(ops ...ledger.Operation) *ledger.Command {
	i, err := id.New(b.clock, rand.Reader)
	if err != nil {
		b.t.Fatal(err)
	}
	return &ledger.Command{ID: ledger.ID(i), Operations: ops}
}

func (b *bench) apply(l *Ledger, cmds ...*ledger.Command) []Answer {
	b.t.Helper()
	answers, err := l.Apply(context.Background(), cmds)
	if err != nil {
		b.t.Fatal(err)
	}
	return answers
}

func (b *bench) prepare(l *Ledger, accounts int) {
	b.t.Helper()
	cmds := []*ledger.Command{b.command(&ledger.OpenAsset{Code: "CNY", Scale: 2})}
	for i := range accounts {
		cmds = append(cmds, b.command(&ledger.OpenAccount{
			Address: fmt.Sprintf("a:%d", i), Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 1, Constraint: ledger.Unbounded,
		}))
	}
	for len(cmds) > 0 {
		n := min(len(cmds), MaxBatch)
		for _, a := range b.apply(l, cmds[:n]...) {
			if a.Result.Code != ledger.Applied {
				b.t.Fatal(a.Result.Code, a.Why)
			}
		}
		cmds = cmds[n:]
	}
}

func transfer(i, j int, amount int64) *ledger.Transfer {
	return &ledger.Transfer{Debit: fmt.Sprintf("a:%d", i), Credit: fmt.Sprintf("a:%d", j), Mode: ledger.Exact, Amount: amount}
}

func balance(t testing.TB, l *Ledger, address string) (balance int64) {
	t.Helper()
	err := l.View(context.Background(), 0, func(e *ledger.Engine) {
		a, ok := e.Account(address)
		if !ok {
			t.Errorf("no account %s", address)
		}
		balance = a.Balance()
	})
	if err != nil {
		t.Fatal(err)
	}
	return balance
}

// A repeated command is answered with its first result, also after the node was closed and opened; other content under
// the same id is a conflict.
func TestRepeatIsAnsweredWithTheFirstResult(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	b.prepare(l, 3)
	c := b.command(transfer(0, 1, 50))
	first := b.apply(l, c)[0]
	again := b.apply(l, c, c)
	for _, a := range again {
		if !a.Repeated || a.Result.Sequence != first.Result.Sequence || a.Result.Timestamp != first.Result.Timestamp {
			t.Fatalf("repeat got %+v, first was %+v", a, first)
		}
	}
	other := *c
	other.Operations = []ledger.Operation{transfer(0, 1, 51)}
	if a := b.apply(l, &other)[0]; a.Result.Code != ledger.IDConflict {
		t.Fatalf("same id with other content got %v", a.Result.Code)
	}
	traced := *c
	traced.Trace = ledger.ID{1}
	if a := b.apply(l, &traced)[0]; !a.Repeated {
		t.Fatalf("the trace is no content, got %+v", a)
	}
	b.close()
	b.open()
	l = b.ledger("main")
	if a := b.apply(l, c)[0]; !a.Repeated || a.Result.Sequence != first.Result.Sequence {
		t.Fatalf("after a restart got %+v", a)
	}
	if a := b.apply(l, &other)[0]; a.Result.Code != ledger.IDConflict {
		t.Fatalf("after a restart other content got %v", a.Result.Code)
	}
	if got := balance(t, l, "a:1"); got != 50 {
		t.Fatalf("a:1 has %d, want 50", got)
	}
}

func TestIDFromTheFutureIsRefused(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	future := clock.NewManual(time.Now().Add(time.Hour))
	i, err := id.New(future, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := b.apply(l, &ledger.Command{ID: ledger.ID(i), Operations: []ledger.Operation{&ledger.OpenAsset{Code: "X"}}})[0]
	if a.Result.Code != ledger.IDFromFuture || a.Result.Sequence != 0 {
		t.Fatalf("got %+v", a)
	}
}

// Whatever was answered before a restart is there after it, with the same digest, from snapshot and from journal alone.
func TestRestartComesToTheSameState(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	b.prepare(l, 20)
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for i := range 50 {
				b.apply(l, b.command(transfer(w, (w+i)%20, int64(i+1)), transfer(3, 4, 1)), b.command(&ledger.Hold{
					Debit: "a:1", Credit: "a:2", Amount: 3, Expiry: ledger.InstantOf(time.Now().Add(time.Hour)),
				}))
			}
		})
	}
	wg.Wait()
	want := digest(t, l)
	for _, folder := range []string{b.folder, t.TempDir()} {
		b.close()
		b.folder = folder
		b.open()
		l = b.ledger("main")
		if got := digest(t, l); got != want {
			t.Fatal("state differs after a restart")
		}
	}
}

func digest(t testing.TB, l *Ledger) (d [32]byte) {
	if err := l.View(context.Background(), 0, func(e *ledger.Engine) { d = e.Digest() }); err != nil {
		t.Fatal(err)
	}
	return d
}

// An expired hold is released by itself, also when nobody sends anything.
func TestExpiredHoldIsReleasedWhenIdle(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	l := b.ledger("main")
	b.prepare(l, 2)
	b.apply(l, b.command(&ledger.Hold{Debit: "a:0", Credit: "a:1", Amount: 3, Expiry: ledger.InstantOf(time.Now().Add(20 * time.Millisecond))}))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := l.View(ctx, l.Applied()+1, func(e *ledger.Engine) {
		if a, _ := e.Account("a:0"); a.DebitsHeld != 0 {
			t.Errorf("still %d held", a.DebitsHeld)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What can't be leaves no trace: the name is still free.
func TestALedgerThatCannotBeIsRefusedBeforeItIsListed(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	for field, w := range map[string][]New{
		"zone": {{Clock: ledger.RealClock}, {Zone: "Mars/Base", Clock: ledger.RealClock}, {Zone: "Local", Clock: ledger.RealClock}, {Zone: "../zone", Clock: ledger.RealClock}},
		"start": {
			{Zone: "UTC", Clock: ledger.RealClock, Start: 1},
			{Zone: "UTC", Clock: ledger.SimulatedClock, Start: 1 << 62},
			{Zone: "UTC", Clock: ledger.SimulatedClock, Start: -3_000_000_000_000_000},
		},
	} {
		for _, w := range w {
			w.Name = "main"
			var wrong *FieldError
			if _, err := b.node.Create(t.Context(), w); !errors.As(err, &wrong) || wrong.Field != field {
				t.Errorf("%+v: %v, want it to name %s", w, err, field)
			}
		}
	}
	if list, err := b.node.config.Journal.Ledgers(t.Context()); err != nil || len(list) > 0 {
		t.Fatalf("%+v is listed (%v)", list, err)
	}
	b.ledger("main")
}

// A simulated clock moves only when told to, and holds expire by it.
func TestSimulatedClockStandsStill(t *testing.T) {
	b := newBench(t, journal.New(journal.NewMemory()))
	start := ledger.Instant(1_600_000_000_000_000)
	l, err := b.node.Create(context.Background(), New{Name: "sim", Zone: "Asia/Shanghai", Clock: ledger.SimulatedClock, Start: start})
	if err != nil {
		t.Fatal(err)
	}
	b.prepare(l, 2)
	b.apply(l, b.command(&ledger.Hold{Debit: "a:0", Credit: "a:1", Amount: 3, Expiry: start + 100}))
	answers := b.apply(l, b.command(&ledger.Advance{To: start + 100}), b.command(transfer(0, 1, 1)), b.command(&ledger.Advance{To: start}))
	if answers[0].Result.Timestamp != start || answers[1].Result.Timestamp != start+100 || answers[2].Result.Code != ledger.ClockBackwards {
		t.Fatalf("got %+v", answers)
	}
	var held int64
	_ = l.View(context.Background(), answers[2].Result.Sequence, func(e *ledger.Engine) {
		a, _ := e.Account("a:0")
		held = a.DebitsHeld
	})
	if held != 0 {
		t.Fatalf("%d held after expiry", held)
	}
}

func BenchmarkTransfers(tb *testing.B) {
	for _, batch := range []int{1, 16, 1024} {
		tb.Run(fmt.Sprint(batch), func(tb *testing.B) {
			db, err := store.Open(context.Background(), filepath.Join(tb.TempDir(), "journal.db"))
			if err != nil {
				tb.Fatal(err)
			}
			j, err := journal.Open(context.Background(), db)
			if err != nil {
				tb.Fatal(err)
			}
			b := newBench(tb, j)
			l := b.ledger("main")
			b.prepare(l, 1000)
			l.projection.(*memory).forget = true
			var wg sync.WaitGroup
			work := make(chan []*ledger.Command, 16)
			for range 8 {
				wg.Go(func() {
					for cmds := range work {
						b.apply(l, cmds...)
					}
				})
			}
			tb.ResetTimer()
			for i := 0; i < tb.N; i += batch {
				cmds := make([]*ledger.Command, batch)
				for k := range cmds {
					cmds[k] = b.command(transfer((i+k)%1000, (i+k*7+1)%1000, 5))
				}
				work <- cmds
			}
			close(work)
			wg.Wait()
			tb.ReportMetric(float64(tb.N)/tb.Elapsed().Seconds(), "transfers/s")
		})
	}
}

// A shadow ledger never takes more than its share of the time, however much it is sent: while each of its groups costs
// a certain time, they come no faster than the share allows.
func TestShadowLedgerKeepsToItsShare(t *testing.T) {
	const cost = 4 * time.Millisecond
	memory := journal.NewMemory()
	b := newBench(t, journal.New(memory))
	l, err := b.node.Create(context.Background(), New{Name: "shadow", Zone: "Asia/Shanghai", Clock: ledger.RealClock, Shadow: true})
	if err != nil {
		t.Fatal(err)
	}
	b.prepare(l, 10)
	memory.Hook = func(step journal.Step, _ []journal.Group) journal.Fault {
		if step == journal.StepInsert {
			<-time.After(cost)
		}
		return journal.None
	}
	const groups = 8
	began := time.Now()
	for i := range groups {
		b.apply(l, b.command(transfer(i%10, (i+1)%10, 1)))
	}
	// The last one's rest is still to come.
	if least := (groups - 1) * (cost + restAfter(cost)); time.Since(began) < least {
		t.Errorf("%d groups of %v took %v, a share of %d%% takes at least %v", groups, cost, time.Since(began), shadowShare, least)
	}
}
