package node

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
)

// MaxBatch is the most commands of one Apply.
const MaxBatch = 1_024

// Limits of what waits.
const (
	maxRequests     = 4_096     // requests that wait for the sequencer
	maxWaiting      = 100_000   // commands in them
	maxBatchBytes   = 64 << 20  // of one request's commands with what is attached to them
	maxWaitingBytes = 256 << 20 // of all that wait
	maxGroups       = 4         // durable groups that wait for the applier
	turn            = 128       // commands applied before readers get their turn
)

// The errors of a ledger that can't take commands or answer.
var (
	ErrOverloaded = errors.New("too much is waiting: nothing was applied, try again later")
	ErrTooLarge   = errors.New("the commands have more than 64 MiB with what they undo: send fewer at once")
	ErrNotLeading = errors.New("this node does not lead the ledger")
	ErrClosed     = errors.New("the ledger is closing")
	// ErrOutcomeUnknown means that the caller's time was up before the answer was there.
	ErrOutcomeUnknown = errors.New("the outcome is not known yet: send the same command with the same id again")
)

// appender makes a ledger's next group durable.
type appender interface {
	Append(ctx context.Context, g journal.Group) error
}

// Ledger is one ledger that this node leads.
type Ledger struct {
	name     string
	id       ledger.ID
	clock    ledger.ClockKind
	location *time.Location
	shadow   bool
	log      Logger
	tell     func(error) // that the ledger has stopped
	wall     func() time.Time
	journal  appender
	history  Past
	lease    journal.Lease

	requests chan *request
	waiting  atomic.Int64 // commands in requests
	bytes    atomic.Int64 // of their records
	groups   chan *group
	reuse    chan *group
	closing  chan struct{}
	stopped  chan struct{} // closed when the ledger has ended, for whatever reason
	failed   atomic.Pointer[error]
	once     sync.Once
	running  sync.WaitGroup

	// The sequencer's own.
	epoch    uint64
	next     uint64 // sequence to give
	previous [32]byte
	now      ledger.Instant
	lastWall time.Time
	lastDate ledger.Date
	advanced bool
	pulsed   uint64 // sequence of the last pulse
	recent   *recent
	since    atomic.Int64 // recent.since, for callers

	// Between applier and sequencer.
	underway      atomic.Int32 // groups that were stamped and are not applied
	applied       atomic.Uint64
	expiry        atomic.Int64 // next expiry of a hold, 0 for none
	expiryChanged chan struct{}
	version       atomic.Uint32
	rules         uint16 // newest version of the engine that was sequenced; the sequencer's

	whole  sync.Mutex   // held while a group is applied
	last   [32]byte     // hash of the group that was applied last
	mu     sync.RWMutex // guards engine
	engine *ledger.Engine

	snapshots  string // folder
	fx         ledger.Effects
	projection Projection
	progress   progress
}

// Logger is what the package tells of failures that nobody is waiting for.
type Logger interface {
	Error(msg string, args ...any)
	Info(msg string, args ...any)
}

// Past is what history tells to callers of Apply.
type Past interface {
	// Find gives the sequence of a command's id, 0 if history has none.
	Find(ctx context.Context, id ledger.ID) (uint64, error)
	// Recorded gives a command's canonical bytes and its result, waiting until history has come so far.
	Recorded(ctx context.Context, sequence uint64) (record []byte, res ledger.Result, err error)
	// Past gives what the command at a sequence did, as far as an operation asks for it; nil if it was not applied.
	Past(ctx context.Context, sequence uint64, of ledger.Operation) (*ledger.Past, error)
}

// Projection follows what is applied.
type Projection interface {
	// Begin opens a batch for a group, Command adds to it, End hands it over; End blocks while too much is waiting.
	Begin(h *journal.Header)
	Command(record []byte, res *ledger.Result, fx *ledger.Effects)
	End(state [32]byte, engine uint16, clock ledger.ClockKind) error
	// Position is the last sequence that history has for good.
	Position() uint64
	// Close ends it when all that was handed over is projected.
	Close() error
}

// progress lets readers wait until a sequence is applied.
type progress struct {
	mu     sync.Mutex
	at     uint64
	notify chan struct{}
}

func (p *progress) reach(seq uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = seq
	if p.notify != nil {
		close(p.notify)
		p.notify = nil
	}
}

// wait returns when the sequence is reached.
func (p *progress) wait(ctx context.Context, seq uint64, stopped <-chan struct{}) error {
	for {
		p.mu.Lock()
		if p.at >= seq {
			p.mu.Unlock()
			return nil
		}
		if p.notify == nil {
			p.notify = make(chan struct{})
		}
		c := p.notify
		p.mu.Unlock()
		select {
		case <-c:
		case <-ctx.Done():
			return ctx.Err()
		case <-stopped:
			return ErrClosed
		}
	}
}

// start begins to take commands.
func (l *Ledger) start() {
	for range maxGroups {
		l.reuse <- &group{}
	}
	for _, loop := range []func(){l.sequence, l.apply, l.keepSnapshots} {
		l.running.Add(1)
		go func() { defer l.running.Done(); loop() }()
	}
}

// close takes no more commands, waits until what was taken is applied and projected, and leaves a snapshot.
func (l *Ledger) close() error {
	close(l.closing)
	l.running.Wait()
	err := l.projection.Close()
	if l.failed.Load() == nil {
		if own := l.snapshot(0); own != nil {
			err = errors.Join(err, own)
		}
	}
	l.once.Do(func() { close(l.stopped) })
	return err
}

// enqueue hands a request to the sequencer, or says at once that too much is waiting.
func (l *Ledger) enqueue(r *request) error {
	if l.failed.Load() != nil {
		return l.failure()
	}
	n := int64(r.left.Load())
	if l.waiting.Add(n) > maxWaiting {
		l.waiting.Add(-n)
		return ErrOverloaded
	}
	select {
	case <-l.closing:
		l.waiting.Add(-n)
		return ErrClosed
	case l.requests <- r:
		return nil
	default:
		l.waiting.Add(-n)
		return ErrOverloaded
	}
}

// spare gives an empty group; it waits while the applier has enough to do.
func (l *Ledger) spare() *group { return <-l.reuse }

// pace keeps a shadow ledger to its share of the time: after a group was appended and applied it rests.
func (l *Ledger) pace(last uint64, began time.Time) {
	if !l.shadow {
		return
	}
	_ = l.progress.wait(context.Background(), last, l.stopped)
	timer := time.NewTimer(restAfter(time.Since(began)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.closing:
	}
}

// shadowShare is the most a shadow ledger is at work, in percent of the time.
const shadowShare = 20

func restAfter(busy time.Duration) time.Duration { return busy * (100 - shadowShare) / shadowShare }

// apply is the applier's loop: it lets the engine apply what is durable, answers, and feeds the projection.
func (l *Ledger) apply() {
	for g := range l.groups {
		if l.failed.Load() == nil {
			if err := l.applyGroup(g); err != nil {
				l.stop(err)
			}
		}
		l.underway.Add(-1)
		l.reuse <- g
	}
}

func (l *Ledger) applyGroup(g *group) error {
	l.whole.Lock()
	defer l.whole.Unlock()
	l.projection.Begin(&g.row.Header)
	done, locked := 0, false
	for seq, record := range g.row.Records() {
		if !locked {
			l.mu.Lock()
			locked = true
		}
		s := &g.items[seq-g.row.First]
		res := l.engine.Apply(seq, g.at, g.date, s.command, s.past, &l.fx)
		l.projection.Command(record, &res, &l.fx)
		if s.request != nil {
			s.request.items[s.item].answer.Result = res
		}
		if n := int(seq-g.row.First) + 1; n%turn == 0 || n == len(g.items) {
			l.publish(seq)
			l.mu.Unlock()
			locked = false
			l.answer(g.items[done:n])
			done = n
		}
	}
	l.last = g.row.Hash
	l.mu.RLock()
	state, version, clock := l.engine.Digest(), l.engine.Version(), l.engine.Clock()
	l.mu.RUnlock()
	return l.projection.End(state, version, clock)
}

// answer lets callers go on whose commands were applied.
func (l *Ledger) answer(items []sequenced) {
	for i := range items {
		if r := items[i].request; r != nil {
			l.settle(r, 1)
		}
		items[i] = sequenced{}
	}
}

// publish tells sequencer and readers how far the engine has come.
func (l *Ledger) publish(seq uint64) {
	next, _ := l.engine.NextExpiry()
	l.version.Store(uint32(l.engine.Version()))
	l.expiry.Store(int64(next))
	l.applied.Store(seq)
	l.progress.reach(seq)
	if next != 0 {
		select {
		case l.expiryChanged <- struct{}{}:
		default:
		}
	}
}

// stop ends the ledger after a failure: what has no answer yet gets the error.
func (l *Ledger) stop(err error) {
	l.failed.CompareAndSwap(nil, &err)
	l.once.Do(func() { close(l.stopped) })
	l.log.Error("ledger stopped", "ledger", l.name, "error", err)
	l.tell(fmt.Errorf("ledger %s stopped: %w", l.name, err))
}

// failure is why the ledger takes no commands.
func (l *Ledger) failure() error {
	if err := l.failed.Load(); err != nil {
		return fmt.Errorf("ledger %s has stopped: %w", l.name, *err)
	}
	return ErrClosed
}
