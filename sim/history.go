package sim

import (
	"bytes"
	"context"
	"errors"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
)

// errNotYet is what a story's history says where a real one would wait.
var errNotYet = errors.New("history has not come so far")

// Open gives the program a history that knows what is true, and that looks at everything the program applies.
func (m *machine) Open(context.Context, journal.Ledger) (node.Projection, node.Past, error) {
	return (*watcher)(m), (*watcher)(m), nil
}

type watcher machine

// Begin checks that a group is durable before it is applied.
func (w *watcher) Begin(h *journal.Header) {
	w.play.read()
	if h.Next() > uint64(len(w.play.results))+1 {
		w.play.fail("the group at sequence %d is applied before it is durable", h.First)
	}
}

// Command compares what a command did with what it should have done.
func (w *watcher) Command(record []byte, res *ledger.Result, fx *ledger.Effects) {
	p, seq := w.play, res.Sequence
	if w.dying > 0 {
		if w.dying--; w.dying == 0 {
			panic(died{})
		}
	}
	if seq == 0 || seq > uint64(len(p.results)) || !bytes.Equal(p.records[seq-1], record) {
		p.fail("machine %s applies at sequence %d what is not in the journal there", (*machine)(w).name(), seq)
	}
	if w.applied != 0 && seq != w.applied+1 {
		p.fail("machine %s applies sequence %d after %d", (*machine)(w).name(), seq, w.applied)
	}
	w.applied = seq
	p.check(seq, res, fx)
}

// End compares the digest after a group with the one that others had there.
func (w *watcher) End(digest [32]byte, _ uint16, _ ledger.ClockKind) error {
	w.play.digest(w.applied, digest)
	w.history = max(w.history, w.applied)
	return nil
}

// Position is how far history has come for good.
func (w *watcher) Position() uint64 { return w.history }

// Close has nothing to do.
func (w *watcher) Close() error { return nil }

// Find gives the sequence of an id.
func (w *watcher) Find(_ context.Context, id ledger.ID) (uint64, error) {
	return w.play.sequences[id], nil
}

// Recorded gives a command and its first result.
func (w *watcher) Recorded(_ context.Context, seq uint64) ([]byte, ledger.Result, error) {
	if seq > uint64(len(w.play.results)) {
		return nil, ledger.Result{}, errNotYet
	}
	res, err := ledger.DecodeResult(w.play.results[seq-1])
	if err != nil {
		return nil, ledger.Result{}, err
	}
	res.Sequence = seq
	return w.play.records[seq-1], *res, nil
}

// Past is the model's.
func (w *watcher) Past(_ context.Context, _ uint64, of ledger.Operation) (*ledger.Past, error) {
	return w.play.truth.Past(&ledger.Command{Operations: []ledger.Operation{of}}), nil
}
