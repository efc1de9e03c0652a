package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/store"
)

// Monotonic is an instant of a clock that only counts on: nanoseconds since the machine started. It means something
// only within one machine.
type Monotonic int64

// Lease is the right to lead for a limited time. Appends need none, since the rows refuse a leader that is not the
// last one; reads do, since a leader that was replaced without noticing would answer with what is old.
type Lease interface {
	// Acquire tries once to get the lease. The epoch is above the one given, and above any that this lease had. It
	// returns a HeldError while somebody else has it.
	Acquire(ctx context.Context, above uint64) (epoch uint64, err error)
	// Renew begins another term. It returns ErrLeaseLost when somebody else has had the lease since; after any other
	// error the term that runs goes on.
	Renew(ctx context.Context) error
	// Release lets the next one have it at once.
	Release(ctx context.Context) error
	// Valid says whether the lease is held at an instant. First read the state, then ask, then answer: so the state
	// was the latest at a moment between question and answer, however long this process was stopped in between.
	Valid(now Monotonic) bool
}

// ErrLeaseLost means that somebody else has had the lease since.
var ErrLeaseLost = errors.New("the lease is lost")

// HeldError says who has the lease, and for how long if he does not renew it.
type HeldError struct {
	Holder [16]byte
	Epoch  uint64
	Left   time.Duration
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("the lease is held by %s, epoch %d, for another %v", name(e.Holder), e.Epoch, e.Left.Round(time.Millisecond))
}

// Claim is the answer to an attempt to take a lease.
type Claim struct {
	Granted bool
	Holder  [16]byte // who has it now
	Epoch   uint64
	Left    time.Duration
}

// LeaseStore keeps leases by key, on one clock of its own.
type LeaseStore interface {
	Take(ctx context.Context, key, holder [16]byte, above uint64, term time.Duration) (Claim, error)
	Extend(ctx context.Context, key, holder [16]byte, epoch uint64, term time.Duration) (bool, error)
	GiveBack(ctx context.Context, key, holder [16]byte, epoch uint64) error
}

const (
	// LeaseMargin is how much earlier than the database a holder takes his term to end. It covers the difference in
	// speed of two clocks over one term.
	LeaseMargin = time.Second
	// MinTerm and MaxTerm bound a lease's term.
	MinTerm = 3 * time.Second
	MaxTerm = 5 * time.Minute
)

// TimedLease is a lease on the clock of a store. Key names what is led: a ledger, or a set of them. Holder is made
// anew by each process that starts.
type TimedLease struct {
	leases      LeaseStore
	key, holder [16]byte
	term        time.Duration
	now         func() Monotonic

	mu    sync.Mutex
	epoch uint64
	turn  uint64 // grows with Acquire and Release, so that a renewal that answers late changes nothing
	until atomic.Int64
}

// NewTimedLease makes a lease that nobody holds yet. Now is the machine's clock, Now outside of simulations.
func NewTimedLease(leases LeaseStore, key, holder [16]byte, term time.Duration, now func() Monotonic) (*TimedLease, error) {
	if term < MinTerm || term > MaxTerm {
		return nil, fmt.Errorf("lease: term is %v, want %v to %v", term, MinTerm, MaxTerm)
	}
	if key == [16]byte{} || holder == [16]byte{} {
		return nil, errors.New("lease: key or holder is zero")
	}
	return &TimedLease{leases: leases, key: key, holder: holder, term: term, now: now}, nil
}

// NewLease makes a lease on the database's clock. It needs PostgreSQL; on SQLite whoever holds the folder leads, see
// FolderLease.
func (j *Journal) NewLease(key, holder [16]byte, term time.Duration) (*TimedLease, error) {
	leases, ok := j.rows.(LeaseStore)
	if !ok {
		return nil, errors.New("lease: this store has no clock of its own, lead by holding its folder")
	}
	return NewTimedLease(leases, key, holder, term, Now)
}

// Acquire tries once to get the lease.
func (l *TimedLease) Acquire(ctx context.Context, above uint64) (uint64, error) {
	if above >= maxInteger {
		return 0, fmt.Errorf("acquire lease: no epoch is above %d", above)
	}
	l.mu.Lock()
	l.turn++
	turn := l.turn
	l.until.Store(0)
	l.mu.Unlock()
	sent := l.now()
	claim, err := l.leases.Take(ctx, l.key, l.holder, above, l.term)
	if err != nil {
		return 0, fmt.Errorf("acquire lease: %w", err)
	}
	if !claim.Granted {
		return 0, &HeldError{Holder: claim.Holder, Epoch: claim.Epoch, Left: claim.Left}
	}
	if !l.begin(turn, claim.Epoch, sent) {
		return 0, errors.New("acquire lease: it was released meanwhile")
	}
	return claim.Epoch, nil
}

// begin counts a term from before the request was sent, so it ends here before it ends there.
func (l *TimedLease) begin(turn, epoch uint64, sent Monotonic) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn != turn {
		return false
	}
	l.epoch = epoch
	l.until.Store(max(l.until.Load(), int64(sent)+int64(l.term-LeaseMargin)))
	return true
}

// Renew begins another term.
func (l *TimedLease) Renew(ctx context.Context) error {
	l.mu.Lock()
	turn, epoch := l.turn, l.epoch
	l.mu.Unlock()
	if epoch == 0 {
		return fmt.Errorf("renew lease: %w: it is not held", ErrLeaseLost)
	}
	sent := l.now()
	mine, err := l.leases.Extend(ctx, l.key, l.holder, epoch, l.term)
	if err != nil {
		return fmt.Errorf("renew lease: %w", err)
	}
	if !mine {
		l.end(turn)
		return fmt.Errorf("renew lease: %w", ErrLeaseLost)
	}
	l.begin(turn, epoch, sent)
	return nil
}

// end stops using the lease, unless another turn has begun.
func (l *TimedLease) end(turn uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.turn == turn {
		l.turn++
		l.epoch = 0
		l.until.Store(0)
	}
}

// Release stops using the lease first, and then lets others have it.
func (l *TimedLease) Release(ctx context.Context) error {
	l.mu.Lock()
	epoch, turn := l.epoch, l.turn
	l.mu.Unlock()
	l.end(turn)
	if epoch == 0 {
		return nil
	}
	if err := l.leases.GiveBack(ctx, l.key, l.holder, epoch); err != nil {
		return fmt.Errorf("release lease: %w", err)
	}
	return nil
}

// Valid says whether the term has not ended at an instant.
func (l *TimedLease) Valid(now Monotonic) bool { return int64(now) < l.until.Load() }

// FolderLease leads what lies in a data folder, for as long as this process has the folder for itself.
type FolderLease struct {
	folder *store.Folder
	held   atomic.Bool
}

// NewFolderLease makes a lease from a folder that is locked.
func NewFolderLease(folder *store.Folder) *FolderLease { return &FolderLease{folder: folder} }

// Acquire always succeeds: nobody else can have the folder.
func (l *FolderLease) Acquire(_ context.Context, above uint64) (uint64, error) {
	if l.folder == nil || above >= maxInteger {
		return 0, fmt.Errorf("acquire lease: no folder is locked, or no epoch is above %d", above)
	}
	l.held.Store(true)
	return above + 1, nil
}

// Renew has nothing to do.
func (l *FolderLease) Renew(context.Context) error {
	if !l.held.Load() {
		return fmt.Errorf("renew lease: %w: it is not held", ErrLeaseLost)
	}
	return nil
}

// Release stops leading; the folder stays locked until it is unlocked.
func (l *FolderLease) Release(context.Context) error {
	l.held.Store(false)
	return nil
}

// Valid is true from Acquire to Release.
func (l *FolderLease) Valid(Monotonic) bool { return l.held.Load() }
