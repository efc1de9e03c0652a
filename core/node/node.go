package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sort"
	"sync"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// Config is what a node stands on. All of it is open already; the node closes none of it.
type Config struct {
	Journal  *journal.Journal
	Writer   *journal.Writer
	Lease    journal.Lease // right to answer reads
	Epoch    uint64        // that came with the lease; a new lead's epoch is at least this
	Projects Projects
	Folder   string // for snapshots
	Clock    clock.Clock
	Random   io.Reader
	Log      Logger
}

// Projects gives each ledger what follows it and what tells of its past.
type Projects interface {
	Open(ctx context.Context, l journal.Ledger) (Projection, Past, error)
}

// Node is one running program's ledgers.
type Node struct {
	config Config
	self   ledger.ID
	log    Logger

	creating sync.Mutex // one at a time, and none while the node closes
	mu       sync.RWMutex
	ledgers  map[string]*Ledger
	closed   bool
	failed   chan error
}

// Open takes the lead of every ledger in the journal.
func Open(ctx context.Context, c Config) (*Node, error) {
	self, err := id.New(c.Clock, c.Random)
	if err != nil {
		return nil, fmt.Errorf("node id: %w", err)
	}
	n := &Node{config: c, self: ledger.ID(self), log: c.Log, ledgers: map[string]*Ledger{}, failed: make(chan error, 1)}
	listed, err := c.Journal.Ledgers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list ledgers: %w", err)
	}
	for _, j := range listed {
		if err := n.openLedger(ctx, j); err != nil {
			return nil, errors.Join(fmt.Errorf("open ledger %s: %w", j.Name, err), n.Close())
		}
	}
	return n, nil
}

// Failed gives an error when a ledger has stopped for good: only opening the node anew helps.
func (n *Node) Failed() <-chan error { return n.failed }

func (n *Node) fail(err error) {
	select {
	case n.failed <- err:
	default: // one is enough
	}
}

// openLedger loads a ledger and takes its lead. One that was listed but never begun stays away until it is created.
func (n *Node) openLedger(ctx context.Context, listed journal.Ledger) error {
	if _, began, err := n.config.Journal.Last(ctx, listed.ID); err != nil || !began {
		return err
	}
	l, err := n.prepared(ctx, listed)
	if err != nil {
		return err
	}
	if _, err := l.load(ctx, n.config.Journal); err != nil {
		return errors.Join(err, l.projection.Close())
	}
	if err := l.lead(nil, n.config.Epoch, n.self); err != nil {
		return errors.Join(err, l.projection.Close())
	}
	n.enter(l)
	return nil
}

func (n *Node) prepared(ctx context.Context, listed journal.Ledger) (*Ledger, error) {
	l := n.newLedger(listed)
	var err error
	l.projection, l.history, err = n.config.Projects.Open(ctx, listed)
	return l, err
}

func (n *Node) enter(l *Ledger) {
	if h, ok := l.history.(resolver); ok {
		h.ResolveWith(l.number)
	}
	l.start()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ledgers[l.name] = l
}

// resolver is a past that has to be told how account numbers are found by address.
type resolver interface {
	ResolveWith(number func(address string) uint32)
}

// New is what fixes a ledger for good.
type New struct {
	Name   string
	Zone   string // IANA name of the time zone
	Clock  ledger.ClockKind
	Start  ledger.Instant // where a simulated clock stands at first
	Shadow bool
}

// FieldError says which word of a New does not do.
type FieldError struct{ Field, Why string }

// Error names the word first.
func (e *FieldError) Error() string { return e.Field + ": " + e.Why }

// check refuses what can't be, before anything is written of it.
func (w *New) check() error {
	if _, err := time.LoadLocation(w.Zone); err != nil || w.Zone == "" || w.Zone == "Local" {
		return &FieldError{"zone", fmt.Sprintf("%q: want the IANA name of a time zone, like Asia/Shanghai", w.Zone)}
	}
	if w.Clock == ledger.RealClock && w.Start != 0 {
		return &FieldError{"start", "only a simulated clock is told where to start"}
	}
	if d := ledger.DateOf(w.Start.Time()); d < 1 || d > ledger.MaxDate {
		return &FieldError{"start", "is outside the years 1900 to 2999"}
	}
	return nil
}

// The errors of creating and finding ledgers.
var (
	ErrNoLedger = errors.New("there is no such ledger")
	ErrExists   = errors.New("there is a ledger of this name that was opened otherwise")
)

// Create opens a new ledger. The same words again give the same ledger.
func (n *Node) Create(ctx context.Context, w New) (*Ledger, error) {
	if err := w.check(); err != nil {
		return nil, err
	}
	n.creating.Lock()
	defer n.creating.Unlock()
	n.mu.RLock()
	l, closed := n.ledgers[w.Name], n.closed
	n.mu.RUnlock()
	switch {
	case closed:
		return nil, ErrClosed
	case l != nil:
		return l, l.openedAs(ctx, &w)
	}
	listed, err := n.list(ctx, w.Name)
	if err != nil {
		return nil, err
	}
	open := &ledger.OpenLedger{Ledger: listed.ID, Zone: w.Zone, Clock: w.Clock, Start: w.Start, Shadow: w.Shadow}
	if w.Clock == ledger.RealClock {
		open.Start = ledger.InstantOf(n.wall())
	}
	c := &ledger.Command{ID: listed.ID, Operations: []ledger.Operation{open}}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if l, err = n.prepared(ctx, listed); err != nil {
		return nil, err
	}
	if err := l.lead(open, n.config.Epoch, n.self); err != nil {
		return nil, errors.Join(err, l.projection.Close())
	}
	n.enter(l)
	return l, nil
}

// openedAs gives ErrExists unless the ledger was opened with these words.
func (l *Ledger) openedAs(ctx context.Context, w *New) error {
	if l.location.String() != w.Zone || l.clock != w.Clock || l.shadow != w.Shadow {
		return ErrExists
	}
	if l.clock != ledger.SimulatedClock {
		return nil
	}
	record, _, err := l.history.Recorded(ctx, 1)
	if err != nil {
		return fmt.Errorf("how ledger %s was opened: %w", l.name, err)
	}
	first, _, err := decodeRecord(record)
	if err != nil {
		return fmt.Errorf("how ledger %s was opened: %w", l.name, err)
	}
	if open, ok := first.Operations[0].(*ledger.OpenLedger); !ok || open.Start != w.Start {
		return ErrExists
	}
	return nil
}

// list finds the name on the journal's list, where a crash may have left it, or puts it there.
func (n *Node) list(ctx context.Context, name string) (journal.Ledger, error) {
	all, err := n.config.Journal.Ledgers(ctx)
	if err != nil {
		return journal.Ledger{}, err
	}
	for _, l := range all {
		if l.Name == name {
			return l, nil
		}
	}
	own, err := id.New(n.config.Clock, n.config.Random)
	if err != nil {
		return journal.Ledger{}, err
	}
	l := journal.Ledger{ID: own, Name: name, Created: n.wall().UnixMicro()}
	return l, n.config.Journal.CreateLedger(ctx, l)
}

// Ledger finds a ledger by its name.
func (n *Node) Ledger(name string) (*Ledger, error) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	if l := n.ledgers[name]; l != nil {
		return l, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoLedger, name)
}

// Ledgers lists the ledgers by name.
func (n *Node) Ledgers() []*Ledger {
	n.mu.RLock()
	defer n.mu.RUnlock()
	list := make([]*Ledger, 0, len(n.ledgers))
	for _, l := range n.ledgers {
		list = append(list, l)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].name < list[j].name })
	return list
}

// Close ends all ledgers: what was taken is applied and projected, and a snapshot makes the next start quick.
func (n *Node) Close() error {
	n.creating.Lock()
	defer n.creating.Unlock()
	n.mu.Lock()
	list := n.ledgers
	n.ledgers, n.closed = map[string]*Ledger{}, true
	n.mu.Unlock()
	var errs []error
	for _, l := range list {
		errs = append(errs, l.close())
	}
	return errors.Join(errs...)
}

func (n *Node) wall() time.Time { return n.config.Clock.Now() }

func (n *Node) snapshotFolder(l ledger.ID) string {
	return filepath.Join(n.config.Folder, l.String())
}
