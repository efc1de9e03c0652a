package node

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/ledger"
)

// maxAhead is how far an id's own time may lie ahead of the clock here.
const maxAhead = 10 * time.Second

// Answer is the outcome of one command. A code that is not journaled says that it was refused before it got a
// sequence; Why then says what is wrong.
type Answer struct {
	Result   ledger.Result
	Repeated bool // the id was known: this is the first result
	Why      string
}

// request is what one caller asks, on its way through the sequencer and the applier.
type request struct {
	items []item
	bytes int64         // of the records
	next  int           // first item that has no group yet
	left  atomic.Int32  // items that have no answer yet
	done  chan struct{} // closed when left is 0
}

// settle notes that n more items of a request have their answer.
func (l *Ledger) settle(r *request, n int32) {
	l.waiting.Add(-int64(n))
	if r.left.Add(-n) == 0 {
		l.bytes.Add(-r.bytes)
		close(r.done)
	}
}

// item is one command of a request.
type item struct {
	command *ledger.Command
	past    *ledger.Past
	record  []byte
	hash    uint64
	own     time.Time // the id's own time
	asked   bool      // history was asked for the id
	lost    bool      // memory forgot ids of its time before it was ordered: it got no sequence
	repeats uint64    // sequence of the first command of this id
	answer  Answer
}

// contentHash is what tells two commands of one id apart. The trace is not content: a repeat comes with its own.
func contentHash(c *ledger.Command, canonical []byte) uint64 {
	if !c.Trace.IsZero() {
		plain := *c
		plain.Trace = ledger.ID{}
		canonical = ledger.AppendCommand(nil, &plain)
	}
	sum := sha256.Sum256(canonical)
	return binary.LittleEndian.Uint64(sum[:8])
}

// SameContent reports whether two commands are the same to a ledger that knows the id of one of them.
func SameContent(a, b *ledger.Command) bool {
	return contentHash(a, ledger.AppendCommand(nil, a)) == contentHash(b, ledger.AppendCommand(nil, b))
}

// FromFuture reports whether an id is refused because its own time lies ahead of the clock here.
func FromFuture(id ledger.ID, now time.Time) bool { return ownTime(id).After(now.Add(maxAhead)) }

// ownTime is the time part of a UUIDv7.
func ownTime(id ledger.ID) time.Time {
	return time.UnixMilli(int64(binary.BigEndian.Uint64(id[:8]) >> 16))
}

func (i *item) refuse(code ledger.Code, format string, args ...any) {
	i.answer = Answer{Result: ledger.Result{Code: code}, Why: fmt.Sprintf(format, args...)}
}

// conflict refuses an id that was used for something else.
func (i *item) conflict(seq uint64) {
	i.refuse(ledger.IDConflict, "id %v was used at sequence %d for another content", i.command.ID, seq)
}

// Apply takes up to 1,024 commands that passed Command.Check, independent of each other, and returns when each is
// durable and applied, or was refused. answers[i] belongs to commands[i]. An error says that there are no answers; with
// ErrOverloaded, ErrTooLarge and ErrNotLeading none was taken, otherwise sending the same commands again tells what became of them.
func (l *Ledger) Apply(ctx context.Context, commands []*ledger.Command) ([]Answer, error) {
	r, err := l.submit(ctx, commands)
	if err != nil {
		return nil, err
	}
	if r.left.Load() > 0 {
		select {
		case <-r.done:
		case <-l.stopped:
			return nil, l.failure()
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
		}
	}
	return l.answers(ctx, r)
}

// submit prepares commands and hands those that need a sequence to the sequencer.
func (l *Ledger) submit(ctx context.Context, commands []*ledger.Command) (*request, error) {
	if len(commands) > MaxBatch {
		return nil, fmt.Errorf("%d commands in a batch, at most %d are allowed", len(commands), MaxBatch)
	}
	r := &request{items: make([]item, len(commands)), done: make(chan struct{})}
	err := l.prepareAll(ctx, r, commands)
	left := r.left.Load()
	if err == nil && left > 0 {
		err = l.enqueue(r)
	}
	if err != nil || left == 0 {
		l.bytes.Add(-r.bytes)
	}
	return r, err
}

// prepareAll prepares the commands of a request, as far as there is room for their bytes.
func (l *Ledger) prepareAll(ctx context.Context, r *request, commands []*ledger.Command) error {
	size := 0
	for i, c := range commands {
		size += 64 + 64*len(c.Operations)
		r.items[i].command = c
	}
	buffer, left := make([]byte, 0, size), int32(0)
	for i := range r.items {
		it := &r.items[i]
		var err error
		if buffer, err = l.prepare(ctx, it, buffer); err != nil {
			return err
		}
		n := int64(len(it.record))
		r.bytes += n
		switch waiting := l.bytes.Add(n); {
		case r.bytes > maxBatchBytes:
			return ErrTooLarge
		case waiting > maxWaitingBytes:
			return ErrOverloaded
		}
		if it.answer.Result.Code == ledger.Applied {
			left++
		}
	}
	r.left.Store(left)
	return nil
}

// prepare does what needs no order: bytes, content, an id too old for memory, and the past that an undoing needs.
func (l *Ledger) prepare(ctx context.Context, it *item, buffer []byte) ([]byte, error) {
	c := it.command
	it.own = ownTime(c.ID)
	if now := l.wall(); FromFuture(c.ID, now) {
		it.refuse(ledger.IDFromFuture, "id %v is of %s, the clock here says %s", c.ID,
			it.own.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
		return buffer, nil
	}
	past, err := l.pastFor(ctx, c)
	if errors.Is(err, history.ErrTooManyLines) {
		it.refuse(ledger.TooMany, "%v", err)
		return buffer, nil
	} else if err != nil {
		return buffer, err
	}
	it.past = past
	from := len(buffer)
	buffer = binary.LittleEndian.AppendUint32(buffer, 0)
	buffer = ledger.AppendCommand(buffer, c)
	canonical := buffer[from+4:]
	binary.LittleEndian.PutUint32(buffer[from:], uint32(len(canonical)))
	it.hash = contentHash(c, canonical)
	if past != nil {
		buffer = ledger.AppendPast(buffer, past)
	}
	it.record = buffer[from:len(buffer):len(buffer)]
	if it.asked = !l.covered(it.own); it.asked {
		seq, err := l.history.Find(ctx, c.ID)
		if err != nil {
			return buffer, fmt.Errorf("look up id %v: %w", c.ID, err)
		}
		if seq != 0 {
			it.repeats = seq
		}
	}
	return buffer, nil
}

// answers collects the outcome of all items; repeats get the first result.
func (l *Ledger) answers(ctx context.Context, r *request) ([]Answer, error) {
	answers := make([]Answer, len(r.items))
	for i := range r.items {
		it := &r.items[i]
		if it.lost {
			return nil, fmt.Errorf("%w: id %v waited too long", ErrOutcomeUnknown, it.command.ID)
		}
		if it.repeats != 0 {
			if err := l.repeat(ctx, it); err != nil {
				return nil, err
			}
		}
		answers[i] = it.answer
	}
	return answers, nil
}
