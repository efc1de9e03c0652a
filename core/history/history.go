package history

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/store"
)

// The errors of questions that have no answer here.
var (
	// ErrNotFound means that there is no such thing in this ledger's past.
	ErrNotFound = errors.New("there is no such thing")
	// ErrAhead means that a sequence was named that no command has yet.
	ErrAhead = errors.New("no command has this sequence yet")
	// ErrMoved means that another program projects into the same tables. This one must be opened anew.
	ErrMoved = errors.New("another program has moved history on: open it anew")
	// ErrClosed means that history is closed or was stopped by an earlier error.
	ErrClosed = errors.New("history is closed")
	// ErrTooWide means that a question would need more work than one answer may take.
	ErrTooWide = errors.New("the question is too wide, ask for less at a time")
)

// Records reads records of the journal.
type Records interface {
	// Record gives the record of the command at a sequence.
	Record(ctx context.Context, sequence uint64) ([]byte, error)
}

// Options say how much memory history may use.
type Options struct {
	Cache int     // bytes for what was read last; 256 MiB if 0
	All   *Memory // what this history and others may keep together; nil for no bound
	Queue int     // bytes of batches that may wait for the projector; 64 MiB if 0

	sizes *sizes
}

// sizes say how often what saves work is written, and how much work one answer may take. They must not matter for any
// answer; tests use others.
type sizes struct {
	fold   uint64 // changes of an account's holdings between two folds
	totals uint64 // entries between two rows of totals; a payout counts payoutWeight times
	heads  uint64 // entries between two writings of heads, which are read again at the start
	looked int    // entries and payouts looked at for one page
}

var usualSizes = sizes{fold: 1024, totals: 4096, heads: 1 << 20, looked: 10_000}

const payoutWeight = 4

const (
	defaultCache = 256 << 20
	defaultQueue = 64 << 20
	batchBytes   = 16 << 20 // about the most that one transaction writes
	stripeCount  = 1 << 12
)

// History is the past of one ledger. Its methods may be called at the same time, those of the one who appends aside.
type History struct {
	db      *store.DB
	id      ledger.ID
	number  int64
	token   int64 // by which the tables know who projects
	records Records
	reads   *reads
	sizes   sizes

	blocks   *cache[block, []byte]
	opened   *cache[uint64, []Account]
	names    *cache[uint64, []byte]
	payouts  *cache[uint64, *payout]
	segments *cache[segmentKey, []byte]
	details  *cache[segmentKey, []ledger.LineDetail]
	holdings *cache[holdingsKey, *holdings]
	groups   *cache[uint64, *group]

	heads   numbers // newest entry by account
	buckets numbers // by account
	latest  numbers // newest payout by register, unknownPayout where nobody has looked yet
	changed [stripeCount]atomic.Uint64
	newest  uint32        // registers that latest covers
	classes atomic.Uint64 // classes of shifts that there are

	produced tail                    // of the one who appends
	reached  atomic.Pointer[reached] // of those who read
	progress progress
	project  *projector
	spare    chan *Batch // that are used again
	resolve  atomic.Pointer[func(address string) uint32]
}

// reached is how far history is projected.
type reached struct{ tail }

//go:embed migrations
var migrations embed.FS

// Open opens the history of a ledger in a database, beginning an empty one if there is none. Its tables are brought up
// to date first.
func Open(ctx context.Context, db *store.DB, id ledger.ID, records Records, o Options) (*History, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	if err := db.Migrate(ctx, "history", files); err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	if o.Cache <= 0 {
		o.Cache = defaultCache
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	h := &History{
		db: db, id: id, records: records, reads: newReads(db), sizes: usualSizes, spare: make(chan *Batch, spareBatches),
		blocks:   newCache[block, []byte](o.All, o.Cache/2),
		opened:   newCache[uint64, []Account](o.All, o.Cache/16),
		names:    newCache[uint64, []byte](o.All, o.Cache/32),
		payouts:  newCache[uint64, *payout](o.All, o.Cache/8),
		segments: newCache[segmentKey, []byte](o.All, o.Cache/32),
		details:  newCache[segmentKey, []ledger.LineDetail](o.All, o.Cache/32),
		holdings: newCache[holdingsKey, *holdings](o.All, o.Cache/8),
		groups:   newCache[uint64, *group](o.All, o.Cache/32),
	}
	if o.sizes != nil {
		h.sizes = *o.sizes
	}
	if err := h.load(ctx, o); err != nil {
		return nil, firstError(fmt.Errorf("open history of ledger %v: %w", id, err), h.reads.close())
	}
	return h, nil
}

// load finds the ledger's row and brings memory to its position.
func (h *History) load(ctx context.Context, o Options) error {
	state, err := h.claim(ctx)
	if err != nil {
		return err
	}
	h.produced = state.tail
	h.reached.Store(&reached{state.tail})
	h.progress.reach(state.sequence)
	h.classes.Store(state.classes)
	for i := range h.changed {
		h.changed[i].Store(state.Changes)
	}
	accounts, err := h.loadAccounts(ctx, state.accounts)
	if err != nil {
		return err
	}
	if err := h.loadHeads(ctx, state); err != nil {
		return err
	}
	if err := h.loadRegisters(ctx); err != nil {
		return err
	}
	if h.db.ReadOnly() {
		return nil
	}
	h.project, err = newProjector(ctx, h, state, accounts, o.Queue)
	return err
}

// loadRegisters makes room for the newest payouts of the registers that there are. They are looked up when first asked
// for.
func (h *History) loadRegisters(ctx context.Context) error {
	var last int64
	_, err := h.reads.one(ctx, "SELECT coalesce(max(number), 0) FROM history_opened WHERE ledger = ? AND kind = ?",
		[]any{h.number, openedRegister}, &last)
	if err == nil && last > 0 {
		h.newest = uint32(last)
		h.latest.slot(h.newest)
	}
	return err
}

// claim finds or makes the ledger's row.
func (h *History) claim(ctx context.Context) (s state, err error) {
	const find = "SELECT number, position, state FROM history_ledger WHERE id = ?"
	var data []byte
	var position int64
	found, err := h.reads.one(ctx, find, []any{h.id[:]}, &h.number, &position, &data)
	if err != nil {
		return s, err
	}
	if !found {
		if h.db.ReadOnly() {
			return s, ErrNotFound
		}
		for range enlistAttempts {
			if err := h.enlist(ctx); err != nil {
				return s, err
			}
			if found, err = h.reads.one(ctx, find, []any{h.id[:]}, &h.number, &position, &data); err != nil || found {
				break
			}
		}
		if err != nil || !found {
			return s, firstError(err, ErrNotFound)
		}
	}
	if !h.db.ReadOnly() {
		if err := h.own(ctx); err != nil {
			return s, err
		}
		// Whoever had it before may have projected more meanwhile; from here on he can't.
		if _, err = h.reads.one(ctx, find, []any{h.id[:]}, &h.number, &position, &data); err != nil {
			return s, err
		}
	}
	if s, err = decodeState(h.place(0), data); err != nil {
		return s, err
	}
	if s.sequence != uint64(position) {
		return s, damaged("ledger", h.place(0), "position is %d, want %d", position, s.sequence)
	}
	return s, nil
}

// enlistAttempts is how often to try again when another program has just taken the number.
const enlistAttempts = 16

// own makes this the one who projects. A program that had it before, such as a leader that was paused and replaced,
// gets ErrMoved at its next batch.
func (h *History) own(ctx context.Context) error {
	h.token = rand.Int64()
	return h.db.Write(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, h.db.Rebind("UPDATE history_ledger SET owner = ? WHERE number = ?"), h.token, h.number)
		return err
	})
}

// enlist gives the ledger the next number.
func (h *History) enlist(ctx context.Context) error {
	var last int64
	if _, err := h.reads.one(ctx, "SELECT coalesce(max(number), 0) FROM history_ledger", nil, &last); err != nil {
		return err
	}
	if last >= maxLedgers {
		return fmt.Errorf("there are %d ledgers, no more fit into one database", last)
	}
	data := appendState(nil, (last+1)<<placeShift, &state{})
	_, err := h.db.Writer().ExecContext(ctx, h.db.Rebind(
		"INSERT INTO history_ledger (number, id, position, state) VALUES (?, ?, 0, ?)"), last+1, h.id[:], data)
	if err != nil && !store.IsDuplicate(err) {
		return fmt.Errorf("list the ledger: %w", err)
	}
	return nil
}

// Close projects what was appended and ends. Its database stays open.
func (h *History) Close() error {
	var err error
	if h.project != nil {
		err = h.project.close()
	}
	return firstError(err, h.reads.close())
}

// Position is the last sequence that history has.
func (h *History) Position() uint64 { return h.reached.Load().sequence }

// Ledger is the ledger's id.
func (h *History) Ledger() ledger.ID { return h.id }

// Wait returns when history has a sequence.
func (h *History) Wait(ctx context.Context, sequence uint64) error {
	if h.Position() >= sequence {
		return nil
	}
	if h.project == nil {
		return fmt.Errorf("sequence %d: %w", sequence, ErrAhead)
	}
	return h.progress.wait(ctx, sequence, h.project)
}

// Batch gives an empty batch. Only the one who appends may call it, and fills one at a time.
func (h *History) Batch() *Batch {
	select {
	case b := <-h.spare:
		return b
	default:
		return &Batch{h: h}
	}
}

// Batches are used again while they are not too large, since to clear their memory anew costs as much as to fill it.
const (
	spareBatches = 4
	spareBytes   = 2 << 20
)

// reuse keeps a batch that is written for what comes next.
func (h *History) reuse(b *Batch) {
	if cap(b.commands)+cap(b.groupData)+cap(b.payoutData)+cap(b.changeData) > spareBytes {
		return
	}
	b.reset()
	select {
	case h.spare <- b:
	default:
	}
}

// Append hands a batch to the projector. It blocks while too much is waiting, and returns the error by which the
// projector has stopped, if it has. The batch must not be used any more.
func (h *History) Append(ctx context.Context, b *Batch) error {
	if h.project == nil {
		return fmt.Errorf("append to history: %w", ErrClosed)
	}
	return h.project.append(ctx, b)
}

// place is the key of a row by its number in one of the ledger's logs.
func (h *History) place(n uint64) int64 { return h.number<<placeShift | int64(n) }

// owner is the key of rows of an account or a register.
func (h *History) owner(n uint32) int64 { return h.number<<ownerShift | int64(n) }

// progress lets readers wait until a sequence is there.
type progress struct {
	mu     sync.Mutex
	at     uint64
	notify chan struct{}
}

func (p *progress) reach(sequence uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = sequence
	if p.notify != nil {
		close(p.notify)
		p.notify = nil
	}
}

// awaited reports whether somebody waits.
func (p *progress) awaited() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.notify != nil
}

func (p *progress) wait(ctx context.Context, sequence uint64, on *projector) error {
	for {
		p.mu.Lock()
		if p.at >= sequence {
			p.mu.Unlock()
			return nil
		}
		if p.notify == nil {
			p.notify = make(chan struct{})
		}
		c := p.notify
		p.mu.Unlock()
		on.rush()
		select {
		case <-c:
		case <-ctx.Done():
			return fmt.Errorf("wait for sequence %d of history: %w", sequence, ctx.Err())
		case <-on.done:
			return fmt.Errorf("wait for sequence %d of history: %w", sequence, firstError(on.failure(), ErrClosed))
		}
	}
}
