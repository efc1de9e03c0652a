// Package nodetest gives tests of what stands on ledgers a running node: real journal, history and engine in a folder of
// the test.
//
// The package must not know what is kept in the ledgers.
package nodetest

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/store"
)

// Node is a node that a test can stop and start again over the same databases.
type Node struct {
	*node.Node
	Clock clock.Clock

	t       testing.TB
	folder  string
	journal *journal.Journal
	past    *store.DB
	writer  *journal.Writer

	mu        sync.Mutex
	histories map[ledger.ID]*history.History
}

// Start starts a node over two databases: one for the journal, one for history. It is closed when the test ends.
func Start(t testing.TB, journals, pasts *store.DB, c clock.Clock) *Node {
	t.Helper()
	j, err := journal.Open(t.Context(), journals)
	if err != nil {
		t.Fatal(err)
	}
	n := &Node{t: t, Clock: c, folder: t.TempDir(), journal: j, past: pasts, histories: map[ledger.ID]*history.History{}}
	n.open()
	t.Cleanup(func() { n.close(); n.done(j.Close()) })
	return n
}

// Ledger gives a ledger of the node, which is created when it is not there: with a simulated clock if a start is given.
func (n *Node) Ledger(name, zone string, start ledger.Instant) *node.Ledger {
	n.t.Helper()
	w := node.New{Name: name, Zone: zone, Clock: ledger.RealClock}
	if start != 0 {
		w.Clock, w.Start = ledger.SimulatedClock, start
	}
	l, err := n.Create(context.Background(), w)
	if err != nil {
		n.t.Fatal(err)
	}
	return l
}

// History is the past of a ledger.
func (n *Node) History(l *node.Ledger) *history.History {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.histories[l.ID()]
}

// Restart closes the node and opens it again, as a new process would.
func (n *Node) Restart() {
	n.t.Helper()
	n.close()
	n.open()
}

func (n *Node) done(err error) {
	n.t.Helper()
	if err != nil {
		n.t.Error(err)
	}
}

func (n *Node) close() {
	n.t.Helper()
	n.done(n.Node.Close())
	n.done(n.writer.Close(context.Background()))
}

func (n *Node) open() {
	n.t.Helper()
	n.writer = journal.NewWriter(n.journal)
	var err error
	n.Node, err = node.Open(context.Background(), node.Config{
		Journal: n.journal, Writer: n.writer, Lease: always{}, Epoch: 1, Projects: n, Folder: filepath.Join(n.folder, "snapshots"),
		Clock: n.Clock, Random: io.Reader(rand.Reader), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		n.t.Fatal(err)
	}
}

// Open opens the history of a ledger, for the node.
func (n *Node) Open(ctx context.Context, l journal.Ledger) (node.Projection, node.Past, error) {
	h, err := history.Open(ctx, n.past, l.ID, records{n.journal, l.ID}, history.Options{})
	if err != nil {
		return nil, nil, err
	}
	f, err := node.Follow(h, nil, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, errors.Join(err, h.Close())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.histories[l.ID] = h
	return f, h, nil
}

// always is a lease that nobody else wants.
type always struct{ journal.Lease }

func (always) Valid(journal.Monotonic) bool { return true }
