package node

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
)

// checkpointEvery is how long what was applied may stand without a signed checkpoint.
const checkpointEvery = time.Second

// Following is the usual projection: history, the tree over commands and results, and signed checkpoints.
type Following struct {
	history *history.History
	tree    *proof.Tree
	key     *proof.Key // nil: checkpoints are not signed here
	log     *proof.Log
	tell    Logger

	batch  *history.Batch
	skip   bool // history has the group
	header journal.Header
	result []byte
	stored []proof.Hash

	claimed proof.Checkpoint // the newest in the log when it was opened
	foreign error            // that it is of another past

	mu      sync.Mutex
	newest  proof.Checkpoint // of what was applied, signed or not
	signing sync.Mutex
	signed  uint64 // size of the last signed one
	ending  chan struct{}
	ended   chan struct{}
}

// Follow makes a projection that goes on where history stands. Without a key nothing is signed.
func Follow(h *history.History, key *proof.Key, log *proof.Log, tell Logger) (*Following, error) {
	tree, err := proof.Restore(h.Position(), Hashes{h})
	if err != nil {
		return nil, fmt.Errorf("tree of ledger %v: %w", h.Ledger(), err)
	}
	f := &Following{history: h, tree: tree, key: key, log: log, tell: tell, ending: make(chan struct{}), ended: make(chan struct{})}
	if log != nil {
		_, last := log.Last()
		f.claimed, f.signed = last.Checkpoint, last.Size
		if last.Size <= tree.Size() {
			then, err := proof.Restore(last.Size, Hashes{h})
			if err != nil {
				return nil, fmt.Errorf("tree of ledger %v: %w", h.Ledger(), err)
			}
			f.compare(then)
		}
	}
	go f.sign()
	return f, nil
}

// Hashes reads a tree's stored hashes from history.
type Hashes struct{ History *history.History }

// ReadHashes gives the hashes at these places.
func (r Hashes) ReadHashes(places []int64) ([]proof.Hash, error) {
	out := make([]proof.Hash, len(places))
	for i, p := range places {
		h, err := r.History.Hash(context.Background(), uint64(p))
		if err != nil {
			return nil, err
		}
		out[i] = h
	}
	return out, nil
}

// Begin opens a batch for a group.
func (f *Following) Begin(h *journal.Header) {
	f.header = *h
	f.batch = f.history.Batch()
	f.skip = !f.batch.Begin(history.Group{
		First: h.First, Epoch: h.Epoch, Engine: h.Engine, Timestamp: ledger.Instant(h.Timestamp),
		Wall: ledger.Instant(h.Wall), Date: ledger.DateOfUnixDay(h.BookingDate), Previous: h.Previous,
	})
}

// Command adds a command of the group.
func (f *Following) Command(record []byte, res *ledger.Result, fx *ledger.Effects) {
	if f.skip {
		return
	}
	f.result = ledger.AppendResult(f.result[:0], res)
	f.stored = f.tree.Append(f.stored, proof.Leaf(record, f.result))
	f.compare(f.tree)
	f.batch.Add(record, res, f.result, fx)
}

// End hands the batch over. It blocks while too much is waiting.
func (f *Following) End(state [32]byte, engine uint16, clock ledger.ClockKind) error {
	if !f.skip {
		history.Hashes(f.batch, f.stored)
		f.stored = f.stored[:0]
		f.batch.End()
		f.mu.Lock()
		f.newest = proof.Checkpoint{
			Ledger: f.header.Ledger, Size: f.tree.Size(), Root: f.tree.Root(), State: state, Engine: uint32(engine),
			Time: f.header.Timestamp, Epoch: f.header.Epoch, Simulated: clock == ledger.SimulatedClock,
		}
		f.mu.Unlock()
	}
	if err := f.history.Append(context.Background(), f.batch); err != nil {
		return fmt.Errorf("history of ledger %v: %w", f.history.Ledger(), err)
	}
	return nil
}

// Position is the last sequence that history has for good.
func (f *Following) Position() uint64 { return f.history.Position() }

// sign makes a checkpoint every second while there is something new.
func (f *Following) sign() {
	defer close(f.ended)
	ticker := time.NewTicker(checkpointEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f.checkpoint()
		case <-f.ending:
			f.checkpoint()
			return
		}
	}
}

func (f *Following) checkpoint() {
	if err := f.Checkpoint(); err != nil {
		f.tell.Error("checkpoint is not signed", "ledger", f.history.Ledger(), "error", err)
	}
}

// Checkpoint signs what was applied, if that is not done yet.
func (f *Following) Checkpoint() error {
	f.signing.Lock()
	defer f.signing.Unlock()
	f.mu.Lock()
	newest := f.newest
	f.mu.Unlock()
	if f.key == nil || newest.Size <= f.signed {
		return nil
	}
	note, err := f.key.Sign(newest)
	if err != nil {
		return err
	}
	if err := f.log.Append(note); err != nil {
		return err
	}
	f.signed = newest.Size
	return nil
}

// Close ends the projection when all that was handed over is projected and signed.
func (f *Following) Close() error {
	close(f.ending)
	<-f.ended
	return f.history.Close()
}
