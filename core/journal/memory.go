package journal

import (
	"context"
	"errors"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/longmen/longmen/store"
)

// Step is a moment at which Memory asks its Hook.
type Step uint8

// The steps are the methods of Store that can go wrong.
const (
	StepInsert Step = iota + 1
	StepBefore
	StepPage
	StepConfirm
	StepLease
)

// Fault is what goes wrong at a step. At others than StepInsert everything but None is an error of the connection.
type Fault uint8

const (
	// None: the step does what it should.
	None Fault = iota
	// Fail: nothing is stored, and the answer says so.
	Fail
	// Reject: nothing is stored, nor will it ever be, and the answer says so.
	Reject
	// LoseWrite: nothing is stored, and the answer is lost.
	LoseWrite
	// LoseAnswer: everything is stored, and the answer is lost.
	LoseAnswer
	// Float: the answer is lost, and whether anything is stored is decided later, by Land: a commit that the server
	// ends after its client has gone, or frames in a log whose sync failed.
	Float
)

var (
	errFault    = errors.New("the connection broke (fault of the model)")
	errRejected = errors.New("the store refuses this (fault of the model)")
)

// Memory is a Store that forgets on demand: the model of a database for tests and simulations. All its methods may be
// called at the same time, and none of them starts a goroutine.
type Memory struct {
	// Hook is asked before each step and says what goes wrong; it may wait or move a clock. It may be nil. For
	// StepInsert it is given the groups.
	Hook func(step Step, groups []Group) Fault
	// Clock is the database's clock, for leases; time.Now if it is nil.
	Clock func() time.Time

	mu      sync.Mutex
	ledgers []Ledger
	rows    map[[16]byte][]Row
	afloat  [][]Group
	leases  map[[16]byte]memoryLease
}

type memoryLease struct {
	holder  [16]byte
	epoch   uint64
	expires time.Time
}

// NewMemory makes an empty store.
func NewMemory() *Memory {
	return &Memory{rows: map[[16]byte][]Row{}, leases: map[[16]byte]memoryLease{}}
}

func (m *Memory) fault(step Step, groups []Group) Fault {
	if m.Hook == nil {
		return None
	}
	return m.Hook(step, groups)
}

// failed is the error of a step other than Insert.
func (m *Memory) failed(ctx context.Context, step Step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.fault(step, nil) != None {
		return errFault
	}
	return nil
}

// Insert stores what fits, as far as the hook lets it.
func (m *Memory) Insert(ctx context.Context, groups []Group) ([]bool, *Failure) {
	if err := ctx.Err(); err != nil {
		return nil, &Failure{Outcome: store.TryAgain, Err: err}
	}
	fault := m.fault(StepInsert, groups)
	m.mu.Lock()
	defer m.mu.Unlock()
	switch fault {
	case Fail:
		return nil, &Failure{Outcome: store.TryAgain, Err: errFault}
	case Reject:
		return nil, &Failure{Outcome: store.Refused, Err: errRejected}
	case Float:
		m.afloat = append(m.afloat, copied(groups))
	case LoseAnswer:
		m.insert(groups)
	case LoseWrite:
	default:
		return m.insert(groups), nil
	}
	return nil, &Failure{Outcome: store.Unknown, Err: errFault}
}

// copied keeps groups whose buffers their owner will use again.
func copied(groups []Group) []Group {
	list := slices.Clone(groups)
	for i := range list {
		list[i].bytes = slices.Clone(list[i].bytes)
	}
	return list
}

func (m *Memory) insert(groups []Group) []bool {
	inserted := make([]bool, len(groups))
	for i := range groups {
		g := &groups[i]
		if !m.fits(g) {
			continue
		}
		inserted[i] = true
		m.rows[g.Ledger] = append(m.rows[g.Ledger], Row{
			Ledger: g.Ledger, Sequence: g.First, Epoch: g.Epoch, Count: g.Count, Hash: g.Hash, Bytes: slices.Clone(g.bytes),
		})
	}
	return inserted
}

func (m *Memory) fits(g *Group) bool {
	rows := m.rows[g.Ledger]
	if len(rows) > 0 {
		last := &rows[len(rows)-1]
		return last.next() == g.First && last.Hash == g.Previous && last.Epoch <= g.Epoch
	}
	return g.First == 1 && slices.ContainsFunc(m.ledgers, func(l Ledger) bool { return l.ID == g.Ledger })
}

// Land decides about the transactions that are afloat, oldest first: those that keep says are stored if they still
// fit, the others are gone. After a crash of the machine everything must land; a late commit may at any time.
func (m *Memory) Land(keep func(groups []Group) bool) {
	m.mu.Lock()
	afloat := m.afloat
	m.afloat = nil
	m.mu.Unlock()
	for _, groups := range afloat {
		if keep(groups) {
			m.mu.Lock()
			m.insert(groups)
			m.mu.Unlock()
		}
	}
}

// Before finds the columns of a row.
func (m *Memory) Before(ctx context.Context, ledger [16]byte, sequence uint64) (Row, bool, error) {
	if err := m.failed(ctx, StepBefore); err != nil {
		return Row{}, false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := m.rows[ledger]
	n := sort.Search(len(rows), func(i int) bool { return rows[i].Sequence > sequence })
	if n == 0 {
		return Row{}, false, nil
	}
	row := rows[n-1]
	row.Bytes = nil
	return row, true, nil
}

// Page gives rows that the caller may keep.
func (m *Memory) Page(ctx context.Context, ledger [16]byte, from uint64, size int) ([]Row, error) {
	if err := m.failed(ctx, StepPage); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	rows := m.rows[ledger]
	n := sort.Search(len(rows), func(i int) bool { return rows[i].Sequence >= from })
	var page []Row
	for bytes := 0; bytes < size && n < len(rows) && len(page) < pageRows; n++ {
		row := rows[n]
		row.Bytes = slices.Clone(row.Bytes)
		page = append(page, row)
		bytes += len(row.Bytes)
	}
	return page, nil
}

// Confirm fails when the hook says so.
func (m *Memory) Confirm(ctx context.Context) error { return m.failed(ctx, StepConfirm) }

// Reopen has nothing to do.
func (m *Memory) Reopen(context.Context) error { return nil }

// Ledgers gives the list.
func (m *Memory) Ledgers(context.Context) ([]Ledger, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := slices.Clone(m.ledgers)
	slices.SortFunc(list, func(a, b Ledger) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

// AddLedger adds to the list.
func (m *Memory) AddLedger(_ context.Context, l Ledger) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.ledgers {
		if m.ledgers[i].ID == l.ID || m.ledgers[i].Name == l.Name {
			return ErrLedgerExists
		}
	}
	m.ledgers = append(m.ledgers, l)
	return nil
}

// Stray finds nothing: no row gets in without its ledger.
func (m *Memory) Stray(context.Context) (Row, bool, error) { return Row{}, false, nil }

// Close leaves everything as it is: the next process finds it.
func (m *Memory) Close() error { return nil }

// Damage gives the rows of a ledger to change as somebody might who can write to the database.
func (m *Memory) Damage(ledger [16]byte, change func(rows []Row) []Row) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rows[ledger] = change(m.rows[ledger])
}

func (m *Memory) clock() time.Time {
	if m.Clock != nil {
		return m.Clock()
	}
	return time.Now()
}

// Take tries once to get a lease.
func (m *Memory) Take(ctx context.Context, key, holder [16]byte, above uint64, term time.Duration) (Claim, error) {
	if err := m.failed(ctx, StepLease); err != nil {
		return Claim{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.clock()
	l := m.leases[key]
	if l.expires.After(now) && l.holder != holder {
		return Claim{Holder: l.holder, Epoch: l.epoch, Left: l.expires.Sub(now)}, nil
	}
	l = memoryLease{holder: holder, epoch: max(l.epoch, above) + 1, expires: now.Add(term)}
	m.leases[key] = l
	return Claim{Granted: true, Holder: holder, Epoch: l.epoch, Left: term}, nil
}

// Extend gives the holder another term.
func (m *Memory) Extend(ctx context.Context, key, holder [16]byte, epoch uint64, term time.Duration) (bool, error) {
	return m.setLease(ctx, key, holder, epoch, term)
}

// GiveBack ends the lease now.
func (m *Memory) GiveBack(ctx context.Context, key, holder [16]byte, epoch uint64) error {
	_, err := m.setLease(ctx, key, holder, epoch, 0)
	return err
}

func (m *Memory) setLease(ctx context.Context, key, holder [16]byte, epoch uint64, term time.Duration) (bool, error) {
	if err := m.failed(ctx, StepLease); err != nil {
		return false, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.leases[key]
	if l.holder != holder || l.epoch != epoch {
		return false, nil
	}
	l.expires = m.clock().Add(term)
	m.leases[key] = l
	return true, nil
}

var (
	_ LeaseStore = (*Memory)(nil)
	_ LeaseStore = (*postgresRows)(nil)
)
