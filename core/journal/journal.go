package journal

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/store"
)

// Journal appends to the journals of many ledgers and reads them. Its methods may be called at the same time, but
// groups of one ledger must be appended one after the other.
type Journal struct {
	rows    Store
	wait    func(ctx context.Context, attempt int) error
	timeout time.Duration

	mu      sync.Mutex
	lost    map[[16]byte]uint64 // up to this epoch the lead of a ledger is lost
	stopped error
}

// Option changes how a Journal behaves.
type Option func(*Journal)

// WithWait sets how long to wait before attempt n+1 of an append, n from 0. It returns an error to give up. Without it
// the waits grow from 5 ms to 1 s until the context ends. A simulation waits on its own clock.
func WithWait(wait func(ctx context.Context, attempt int) error) Option {
	return func(j *Journal) { j.wait = wait }
}

// WithAttemptTimeout bounds one attempt to append, 15 s if nothing is said. Then the connection counts as lost.
func WithAttemptTimeout(d time.Duration) Option {
	return func(j *Journal) { j.timeout = d }
}

// New makes a Journal over a store.
func New(rows Store, opts ...Option) *Journal {
	j := &Journal{rows: rows, wait: backOff, timeout: 15 * time.Second, lost: map[[16]byte]uint64{}}
	for _, set := range opts {
		set(j)
	}
	return j
}

// Open brings a database's tables up to date and makes a Journal over them. Close it before the database.
func Open(ctx context.Context, db *store.DB, opts ...Option) (*Journal, error) {
	rows, err := openRows(ctx, db)
	if err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return New(rows, opts...), nil
}

// Close ends the use of the store, not the database.
func (j *Journal) Close() error { return j.rows.Close() }

func backOff(ctx context.Context, attempt int) error {
	return clock.Pause(ctx, min(time.Second, 5*time.Millisecond<<min(attempt, 10)))
}

// MaxAppend is the most groups of one Append.
const MaxAppend = 256

// Append makes groups of different ledgers durable in one transaction. It returns nil when all are, otherwise one
// answer for each in their order: a group that was refused does not keep the others from being durable.
//
// What one attempt leaves unclear, the next one finds out, until ctx ends. A group that is there already, with the same
// bytes, was appended before and counts as done.
func (j *Journal) Append(ctx context.Context, groups ...Group) []error {
	a := &appending{j: j, groups: groups, errs: make([]error, len(groups))}
	a.begin()
	for attempt := 0; len(a.open) > 0; attempt++ {
		if attempt > 0 {
			if err := j.wait(ctx, attempt-1); err != nil {
				a.giveUp(err)
				break
			}
		}
		a.try(ctx)
	}
	for _, err := range a.errs {
		if err != nil {
			return a.errs
		}
	}
	return nil
}

// appending is the state of one Append.
type appending struct {
	j       *Journal
	groups  []Group
	errs    []error
	open    []int // groups without an answer
	unclear bool  // an attempt may have stored what is open
	last    error // of the last attempt
}

// begin answers what needs no attempt.
func (a *appending) begin() {
	seen := make(map[[16]byte]struct{}, len(a.groups))
	for i := range a.groups {
		g := &a.groups[i]
		_, twice := seen[g.Ledger]
		seen[g.Ledger] = struct{}{}
		switch {
		case len(a.groups) > MaxAppend:
			a.errs[i] = appendError(g, ErrNotStored, "%d groups at once, at most %d are allowed", len(a.groups), MaxAppend)
		case len(g.bytes) == 0:
			a.errs[i] = appendError(g, ErrNotStored, "it has no bytes, finish it with an Encoder")
		case twice:
			a.errs[i] = appendError(g, ErrNotStored, "two groups of one ledger at once")
		default:
			if a.errs[i] = a.j.mayAppend(g); a.errs[i] == nil {
				a.open = append(a.open, i)
			}
		}
	}
}

// mayAppend refuses what this Journal knows to be over.
func (j *Journal) mayAppend(g *Group) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stopped != nil {
		return appendError(g, ErrStopped, "%w", j.stopped)
	}
	if epoch, lost := j.lost[g.Ledger]; lost && g.Epoch <= epoch {
		return appendError(g, ErrLeadLost, "epoch %d has ended before", g.Epoch)
	}
	return nil
}

// try makes one attempt with all groups that are open.
func (a *appending) try(ctx context.Context) {
	batch := make([]Group, len(a.open))
	for n, i := range a.open {
		batch[n] = a.groups[i]
	}
	attempt, cancel := context.WithTimeout(ctx, a.j.timeout)
	defer cancel()
	inserted, failure := a.j.rows.Insert(attempt, batch)
	if failure != nil {
		a.failed(attempt, failure)
		return
	}
	var still []int
	for n, i := range a.open {
		if inserted[n] {
			continue
		}
		answer, err := a.j.settle(attempt, &a.groups[i])
		if err != nil { // what is there could not be read
			a.last = err
			still = append(still, i)
			continue
		}
		a.errs[i] = answer
	}
	a.open = still
}

func (a *appending) failed(ctx context.Context, f *Failure) {
	a.last = f.Err
	switch f.Outcome {
	case store.Refused:
		a.giveUp(f.Err)
		return
	case store.TryAgain:
	default:
		a.unclear = true
	}
	if f.Final {
		a.j.stop(f.Err)
		a.giveUp(f.Err)
		return
	}
	if err := a.j.rows.Reopen(ctx); err != nil {
		a.last = errors.Join(a.last, err)
	}
}

// giveUp answers what is still open.
func (a *appending) giveUp(err error) {
	kind := ErrNotStored
	if a.unclear {
		kind = ErrUnknown
	}
	if a.last != nil && !errors.Is(err, a.last) {
		err = errors.Join(err, a.last)
	}
	for _, i := range a.open {
		a.errs[i] = appendError(&a.groups[i], kind, "%w", err)
	}
	a.open = nil
}

func (j *Journal) stop(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.stopped == nil {
		j.stopped = err
	}
}

// settle finds out why a group was not inserted: nil if it is there already and durable, otherwise its error. The
// second result is an error of looking.
func (j *Journal) settle(ctx context.Context, g *Group) (answer, err error) {
	row, found, err := j.rows.Before(ctx, g.Ledger, g.First)
	if err != nil {
		return nil, err
	}
	switch {
	case !found && g.First == 1:
		listed, err := j.listed(ctx, g.Ledger)
		if err == nil && listed {
			err = errors.New("the row was refused and is not there")
		}
		return appendError(g, ErrNoLedger, "add it with CreateLedger"), err
	case !found:
		return appendError(g, ErrNotNext, "the journal is empty"), nil
	case row.Sequence == g.First && row.Hash == g.Hash:
		return nil, j.rows.Confirm(ctx)
	case row.Sequence == g.First || row.next() > g.First:
		return j.leadLost(g, &row), nil
	case row.next() < g.First:
		return appendError(g, ErrNotNext, "the journal ends before sequence %d", row.next()), nil
	case row.Hash != g.Previous || row.Epoch > g.Epoch:
		return j.leadLost(g, &row), nil
	default:
		return nil, errors.New("the row was refused and is not there")
	}
}

func (j *Journal) listed(ctx context.Context, ledger [16]byte) (bool, error) {
	all, err := j.rows.Ledgers(ctx)
	for i := range all {
		if all[i].ID == ledger {
			return true, err
		}
	}
	return false, err
}

// leadLost remembers the epoch of the row that was met: up to that one nothing may be appended any more. Who wanted to
// take the lead with a higher one was only late, and may read again and try again.
func (j *Journal) leadLost(g *Group, row *Row) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lost[g.Ledger] = max(j.lost[g.Ledger], row.Epoch)
	return appendError(g, ErrLeadLost, "the group at sequence %d, epoch %d, is another's", row.Sequence, row.Epoch)
}

const maxName = 64

// CreateLedger puts a ledger on the list, before its first group. Doing it again with the same id and name changes
// nothing, so it can be repeated after a crash.
func (j *Journal) CreateLedger(ctx context.Context, l Ledger) error {
	if err := checkLedger(l); err != nil {
		return fmt.Errorf("create ledger: %w", err)
	}
	err := j.rows.AddLedger(ctx, l)
	if err == nil {
		return nil
	}
	// It may be there already, also because the commit of a first attempt lost its answer.
	all, listErr := j.rows.Ledgers(ctx)
	if listErr != nil {
		return fmt.Errorf("create ledger %q: %w", l.Name, errors.Join(err, listErr))
	}
	for i := range all {
		if all[i].ID == l.ID && all[i].Name == l.Name {
			return j.rows.Confirm(ctx)
		}
	}
	return fmt.Errorf("create ledger %q (%s): %w", l.Name, name(l.ID), err)
}

func checkLedger(l Ledger) error {
	if l.ID == [16]byte{} {
		return errors.New("its id is zero")
	}
	if l.Name == "" || len(l.Name) > maxName {
		return fmt.Errorf("its name has %d characters, want 1 to %d", len(l.Name), maxName)
	}
	for i := range len(l.Name) {
		if c := l.Name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return fmt.Errorf("its name %q has a character other than a-z, 0-9 and -", l.Name)
		}
	}
	return nil
}

// Ledgers lists the ledgers by name.
func (j *Journal) Ledgers(ctx context.Context) ([]Ledger, error) {
	all, err := j.rows.Ledgers(ctx)
	if err != nil {
		return nil, fmt.Errorf("list ledgers: %w", err)
	}
	return all, nil
}
