package journal

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// maxTransaction is about the most bytes of one transaction.
const maxTransaction = 16 << 20

// Writer appends for many ledgers at once. While one transaction is on its way to the disk, the groups that arrive wait
// and then go together in the next one, so all ledgers share one sync. A group that arrives alone goes at once.
type Writer struct {
	journal *Journal
	wake    chan struct{}
	cancel  context.CancelFunc
	ended   chan struct{}

	mu      sync.Mutex
	waiting []*request
	busy    map[[16]byte]struct{} // ledgers that wait or are on their way
	closed  bool
}

type request struct {
	group  Group
	answer chan error
}

// NewWriter starts a writer. Close it before the journal.
func NewWriter(j *Journal) *Writer {
	ctx, cancel := context.WithCancel(context.Background())
	w := &Writer{
		journal: j, wake: make(chan struct{}, 1), cancel: cancel, ended: make(chan struct{}),
		busy: map[[16]byte]struct{}{},
	}
	go w.run(ctx)
	return w
}

// Append makes a group durable. A ledger has at most one on its way; a second one gets ErrBusy. When ctx ends before
// the answer is there the error is ErrNotStored if the group was still waiting, otherwise ErrUnknown; the group's bytes
// must then stay as they are until the ledger is not busy any more.
func (w *Writer) Append(ctx context.Context, g Group) error {
	r := &request{group: g, answer: make(chan error, 1)}
	if err := w.enqueue(r); err != nil {
		return err
	}
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
	}
	if w.withdraw(r) {
		return appendError(&g, ErrNotStored, "%w", ctx.Err())
	}
	select {
	case err := <-r.answer: // both were ready, and the answer is worth more
		return err
	default:
		return appendError(&g, ErrUnknown, "%w", ctx.Err())
	}
}

func (w *Writer) enqueue(r *request) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return appendError(&r.group, ErrNotStored, "the writer is closed")
	}
	if _, busy := w.busy[r.group.Ledger]; busy {
		return appendError(&r.group, ErrBusy, "wait for its answer")
	}
	w.busy[r.group.Ledger] = struct{}{}
	w.waiting = append(w.waiting, r)
	select {
	case w.wake <- struct{}{}:
	default: // the writer will look anyway
	}
	return nil
}

// withdraw takes back a request that still waits.
func (w *Writer) withdraw(r *request) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.waiting {
		if other == r {
			w.waiting = slices.Delete(w.waiting, i, i+1)
			delete(w.busy, r.group.Ledger)
			return true
		}
	}
	return false
}

func (w *Writer) run(ctx context.Context) {
	defer close(w.ended)
	for {
		batch, closed := w.take()
		switch {
		case len(batch) > 0:
			w.append(ctx, batch)
		case closed:
			return
		default:
			<-w.wake
		}
	}
}

// take gives the requests that go together next, oldest first.
func (w *Writer) take() (batch []*request, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n, bytes := 0, 0
	for ; n < len(w.waiting) && n < MaxAppend; n++ {
		bytes += len(w.waiting[n].group.bytes)
		if n > 0 && bytes > maxTransaction {
			break
		}
	}
	batch = append(batch, w.waiting[:n]...)
	w.waiting = slices.Delete(w.waiting, 0, n)
	return batch, w.closed
}

func (w *Writer) append(ctx context.Context, batch []*request) {
	groups := make([]Group, len(batch))
	for i, r := range batch {
		groups[i] = r.group
	}
	errs := w.journal.Append(ctx, groups...)
	w.mu.Lock()
	for _, r := range batch {
		delete(w.busy, r.group.Ledger)
	}
	w.mu.Unlock()
	for i, r := range batch {
		var err error
		if errs != nil {
			err = errs[i]
		}
		r.answer <- err
	}
}

// Close takes no more groups, waits until those that are there have their answers, and cuts that short when ctx ends.
func (w *Writer) Close(ctx context.Context) error {
	w.mu.Lock()
	w.closed = true
	w.mu.Unlock()
	select {
	case w.wake <- struct{}{}:
	default:
	}
	select {
	case <-w.ended:
		w.cancel()
		return nil
	case <-ctx.Done():
	}
	w.cancel()
	<-w.ended
	return fmt.Errorf("close the journal's writer: appends were cut short: %w", ctx.Err())
}
