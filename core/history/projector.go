package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/kit/thread"
	"github.com/longmen/longmen/store"
)

// projector writes batches, as many as are waiting in one transaction. When it was idle, or somebody waits for a batch,
// it is written at once; otherwise batches gather for some milliseconds, so history is that much behind at most; under
// load the transactions grow.
type projector struct {
	h       *History
	writing *writing
	limit   int

	mu     sync.Mutex
	queue  []*Batch
	bytes  int
	space  chan struct{} // closed when the queue got shorter
	closed bool
	wake   chan struct{}
	rushed chan struct{} // somebody waits, or much has gathered
	last   time.Time     // when the last transaction ended

	closing chan struct{}
	done    chan struct{}
	failed  atomic.Pointer[error]

	state    state
	logs     [logCount]appender
	accounts accountTail
	sums     sums
	base     counts // where the last totals were written
	dirty    map[uint32]struct{}
	folding  folding
	plan     plan
}

func newProjector(ctx context.Context, h *History, s state, accounts accountTail, limit int) (*projector, error) {
	p := &projector{
		h: h, limit: limit, wake: make(chan struct{}, 1), rushed: make(chan struct{}, 1), closing: make(chan struct{}), done: make(chan struct{}), state: s, accounts: accounts,
		dirty: map[uint32]struct{}{}, folding: folding{counted: map[uint32]uint64{}},
	}
	var err error
	for log, next := range [logCount]uint64{s.sequence, s.Entries, s.tail.hashes} {
		if p.logs[log], err = h.loadAppender(ctx, log, next); err != nil {
			return nil, err
		}
	}
	if p.sums, p.base, err = h.sumsAt(ctx, s.sequence); err != nil {
		return nil, err
	}
	if h.db.Dialect() == store.SQLite {
		// What is lost in a power cut is made again from the journal. SQLite goes through its whole cache at a commit that
		// has moved pages: 64 MiB cost more than they saved, among ten million accounts too (bench distributions-accounts).
		for _, pragma := range []string{"synchronous = NORMAL", "cache_size = -16384"} {
			if _, err := h.db.Writer().ExecContext(ctx, "PRAGMA "+pragma); err != nil {
				return nil, fmt.Errorf("set %s: %w", pragma, err)
			}
		}
	}
	if p.writing, err = prepareWriting(ctx, h.db); err != nil {
		return nil, err
	}
	// What is queued is written before it ends. With a context that can be cancelled, SQLite starts a goroutine a row.
	own := context.WithoutCancel(ctx)
	go func() {
		defer close(p.done)
		thread.Yield() // history may be behind, callers may not wait for it
		p.run(own)
	}()
	return p, nil
}

func (p *projector) failure() error {
	if e := p.failed.Load(); e != nil {
		return *e
	}
	return nil
}

// append queues a batch.
func (p *projector) append(ctx context.Context, b *Batch) error {
	if b.err != nil {
		return fmt.Errorf("append to history: %w", b.err)
	}
	if b.from == b.to {
		p.h.reuse(b)
		return nil
	}
	size := b.Size()
	p.mu.Lock()
	for p.bytes > 0 && p.bytes+size > p.limit {
		if p.space == nil {
			p.space = make(chan struct{})
		}
		c := p.space
		p.mu.Unlock()
		select {
		case <-c:
		case <-ctx.Done():
			return fmt.Errorf("append to history: %w", ctx.Err())
		case <-p.done:
			return fmt.Errorf("append to history: %w", firstError(p.failure(), ErrClosed))
		}
		p.mu.Lock()
	}
	defer p.mu.Unlock()
	if err := p.failure(); err != nil || p.closed {
		return fmt.Errorf("append to history: %w", firstError(err, ErrClosed))
	}
	p.queue = append(p.queue, b)
	if p.bytes += size; p.bytes >= gatherBytes {
		p.rush()
	}
	p.signal()
	return nil
}

func (p *projector) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// A small transaction costs as much as a hundred commands in it, so they gather for so long, or until they are so many.
const (
	gatherTime  = 10 * time.Millisecond
	gatherBytes = 256 << 10
)

// gather lets more batches arrive before the next transaction, unless the last one is long past.
func (p *projector) gather() {
	left := gatherTime - time.Since(p.last)
	if left <= 0 || p.h.progress.awaited() {
		return
	}
	timer := time.NewTimer(left)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.rushed:
	case <-p.closing:
	}
}

// rush ends the gathering.
func (p *projector) rush() {
	select {
	case p.rushed <- struct{}{}:
	default:
	}
}

// take gives the batches for one transaction; ended is true when there will be no more.
func (p *projector) take() (list []*Batch, ended bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	size := 0
	for len(p.queue) > len(list) && (size == 0 || size+p.queue[len(list)].Size() <= batchBytes) {
		size += p.queue[len(list)].Size()
		list = p.queue[:len(list)+1]
	}
	p.queue = p.queue[len(list):]
	p.bytes -= size
	if p.space != nil {
		close(p.space)
		p.space = nil
	}
	return list, p.closed && len(list) == 0
}

func (p *projector) close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.closing)
	}
	p.mu.Unlock()
	p.signal()
	<-p.done
	return firstError(p.failure(), p.writing.close())
}

func (p *projector) run(ctx context.Context) {
	for {
		list, ended := p.take()
		if ended {
			break
		}
		if len(list) == 0 {
			<-p.wake
			p.gather()
			continue
		}
		if err := p.project(ctx, list); err != nil {
			err = fmt.Errorf("project to history: %w", err)
			p.failed.Store(&err)
			return
		}
		for _, b := range list {
			p.h.reuse(b)
		}
		p.last = time.Now()
	}
	if err := p.finish(ctx); err != nil {
		err = fmt.Errorf("close history: %w", err)
		p.failed.Store(&err)
	}
}

// Waits between attempts on a database that does not answer.
const (
	firstWait = 10 * time.Millisecond
	longWait  = time.Second
)

// mostAttempts bounds the attempts when it is unclear whether the database will ever answer: about ten minutes.
const mostAttempts = 600

// persist calls attempt until it succeeds, is refused, or history closes.
func (p *projector) persist(attempt func() error) error {
	wait := firstWait
	for n := 0; ; n++ {
		err := attempt()
		switch store.OutcomeOf(err) {
		case store.Done:
			return nil
		case store.Refused:
			return err
		case store.TryAgain:
		case store.Unknown:
			if n >= mostAttempts || errors.Is(err, ErrMoved) || errors.Is(err, ErrDamaged) {
				return err
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-p.closing:
			timer.Stop()
			return err
		}
		wait = min(2*wait, longWait)
	}
}

// project writes batches in one transaction and then lets readers see them.
func (p *projector) project(ctx context.Context, list []*Batch) error {
	if err := p.persist(func() error {
		return firstError(p.findPrevious(ctx, list), p.folding.prepare(ctx, p.h))
	}); err != nil {
		return err
	}
	p.plan.reset()
	next := p.make(list)
	if err := p.commit(ctx, next); err != nil {
		return err
	}
	p.publish(list, next)
	return nil
}

// commit writes the plan. The ledger's row moves from the position that we know to the next one, or nothing is
// written: so nothing is written twice, whatever the outcome of an attempt was.
func (p *projector) commit(ctx context.Context, next state) error {
	again := false
	return p.persist(func() error {
		if again {
			if at, err := p.position(ctx); err != nil || at == next.sequence && next.sequence != p.state.sequence {
				return err
			}
		}
		again = true
		err := p.h.db.Write(ctx, func(tx *sql.Tx) error { return p.write(ctx, tx, next) })
		var moved *movedError
		if errors.As(err, &moved) {
			// The row itself tells who has it and how far he came.
			if at, other := p.position(ctx); other != nil {
				return other
			} else if at != p.state.sequence {
				return &movedError{at, p.state.sequence}
			}
		}
		return err
	})
}

func (p *projector) position(ctx context.Context) (at uint64, err error) {
	var position, owner int64
	found, err := p.h.reads.one(ctx, "SELECT position, owner FROM history_ledger WHERE number = ?", []any{p.h.number}, &position, &owner)
	if err == nil && (!found || owner != p.h.token) {
		err = &movedError{uint64(position), p.state.sequence}
	}
	return uint64(position), err
}

func (p *projector) write(ctx context.Context, tx *sql.Tx, next state) error {
	if p.h.db.Dialect() == store.Postgres {
		// A program that is paused here must not keep the next one waiting.
		if _, err := tx.ExecContext(ctx, "SET LOCAL idle_in_transaction_session_timeout TO '2s'"); err != nil {
			return fmt.Errorf("bound the transaction: %w", err)
		}
	}
	data := appendState(nil, p.h.place(0), &next)
	res, err := tx.StmtContext(ctx, p.writing.moved).ExecContext(
		ctx, int64(next.sequence), data, p.h.number, int64(p.state.sequence), p.h.token)
	if err != nil {
		return fmt.Errorf("move the position: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return firstError(err, &movedError{0, p.state.sequence})
	}
	for i := range p.plan.rows {
		if err := p.writing.write(ctx, tx, i, &p.plan.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// movedError tells that somebody else has moved the position.
type movedError struct{ at, want uint64 }

func (e *movedError) Error() string {
	return fmt.Sprintf("history stands at sequence %d, this program had brought it to %d: %v", e.at, e.want, ErrMoved)
}

// Unwrap gives ErrMoved.
func (e *movedError) Unwrap() error { return ErrMoved }

// finish writes the heads of accounts, so that the next start has no entries to read.
func (p *projector) finish(ctx context.Context) error {
	if p.state.heads == p.state.Entries {
		return nil
	}
	p.plan.reset()
	next := p.state
	p.addHeads(&next)
	return p.commit(ctx, next)
}
