package audit_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// book is a data folder with two ledgers, "main" on a real clock and "plan" on a simulated one, in which everything
// happens that can happen. It is made once and copied for each test.
type book struct {
	folder string
	ids    map[string]ledger.ID
	sizes  map[string]uint64
	notes  map[string][][]byte // signed checkpoints, oldest first
	keys   map[string]string   // public
}

var made = sync.OnceValues(makeBook)

// bookFolder is removed when all tests have ended.
var bookFolder string

// copyBook gives a copy of the book to spoil.
func copyBook(t testing.TB) *book {
	t.Helper()
	b, err := made()
	if err != nil {
		t.Fatal(err)
	}
	own := *b
	own.folder = t.TempDir()
	if err := os.CopyFS(own.folder, os.DirFS(b.folder)); err != nil {
		t.Fatal(err)
	}
	return &own
}

func (b *book) path(elements ...string) string {
	return filepath.Join(append([]string{b.folder}, elements...)...)
}

type follower struct {
	*node.Following
	history *history.History
	log     *proof.Log
}

// writer is a node that makes the book.
type writer struct {
	*book
	clock   *clock.Manual
	random  io.Reader
	journal *journal.Journal
	past    *store.DB
	follow  map[string]*follower
	node    *node.Node
}

func makeBook() (b *book, err error) {
	folder, err := os.MkdirTemp("", "longmen-audit-")
	if err != nil {
		return nil, err
	}
	bookFolder = folder
	b = &book{folder: folder, ids: map[string]ledger.ID{}, sizes: map[string]uint64{}, notes: map[string][][]byte{}, keys: map[string]string{}}
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("make the book: %v", broken)
		}
	}()
	w := &writer{
		book: b, clock: clock.NewManual(time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC)), random: rand.NewChaCha8([32]byte{7}),
	}
	for _, sub := range []string{"keys", "checkpoints", "snapshots"} {
		must(os.Mkdir(b.path(sub), 0o700))
	}
	// The node is opened three times: each leaves a snapshot behind and takes a new lead.
	for part := range 3 {
		w.session(part)
	}
	return b, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func value[T any](v T, err error) T {
	must(err)
	return v
}

type always struct{ journal.Lease }

func (always) Valid(journal.Monotonic) bool { return true }

func (w *writer) session(part int) {
	ctx := context.Background()
	db := value(store.Open(ctx, w.path("journal.db")))
	w.past = value(store.Open(ctx, w.path("history.db")))
	w.journal = value(journal.Open(ctx, db))
	w.follow = map[string]*follower{}
	appender := journal.NewWriter(w.journal)
	w.node = value(node.Open(ctx, node.Config{
		Journal: w.journal, Writer: appender, Lease: always{}, Epoch: 1, Projects: w, Folder: w.path("snapshots"), Clock: w.clock,
		Random: w.random, Log: slog.New(slog.DiscardHandler),
	}))
	w.story(part)
	must(w.node.Close())
	must(appender.Close(ctx))
	for _, f := range w.follow {
		must(f.log.Close())
	}
	must(w.journal.Close())
	must(w.past.Close())
	must(db.Close())
}

// Open makes what follows a ledger.
func (w *writer) Open(ctx context.Context, l journal.Ledger) (node.Projection, node.Past, error) {
	h, err := history.Open(ctx, w.past, l.ID, records{w.journal, l.ID}, history.Options{})
	if err != nil {
		return nil, nil, err
	}
	name := ledger.ID(l.ID).String()
	secret, err := os.ReadFile(w.path("keys", name))
	if err != nil {
		secret = []byte(value(proof.GenerateKey(proof.Origin(l.ID), w.random)))
		must(os.WriteFile(w.path("keys", name), secret, 0o600))
	}
	key := value(proof.ParseKey(string(secret)))
	must(os.WriteFile(w.path("keys", name+".pub"), []byte(key.Public()+"\n"), 0o600))
	log := value(proof.OpenLog(w.path("checkpoints", name+".log"), key.Public()))
	w.ids[l.Name], w.keys[l.Name] = l.ID, key.Public()
	f, err := node.Follow(h, &key, log, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	w.follow[l.Name] = &follower{f, h, log}
	return f, h, nil
}

type records struct {
	journal *journal.Journal
	ledger  ledger.ID
}

func (r records) Record(ctx context.Context, sequence uint64) ([]byte, error) {
	g, err := r.journal.At(ctx, r.ledger, sequence)
	for at, record := range g.Records() {
		if at == sequence {
			return record, nil
		}
	}
	return nil, err
}

// do applies operations as one command in a group of its own, and gives its sequence.
func (w *writer) do(l *node.Ledger, want ledger.Code, operations ...ledger.Operation) uint64 {
	return w.all(l, want, operations)[0]
}

// all applies several commands, mostly in one group.
func (w *writer) all(l *node.Ledger, want ledger.Code, commands ...[]ledger.Operation) (sequences []uint64) {
	must(w.clock.Advance(time.Minute))
	list := make([]*ledger.Command, len(commands))
	for i, operations := range commands {
		c := &ledger.Command{ID: ledger.ID(value(id.New(w.clock, w.random))), Purpose: uint32(i), Operations: operations}
		switch i % 3 {
		case 1:
			c.Effective = ledger.DateOf(w.clock.Now()) - 3
		case 2:
			c.Actor = c.ID
			c.References = []ledger.Reference{{Type: 7, Value: c.ID}}
		}
		must(c.Check())
		list[i] = c
	}
	for i, a := range value(l.Apply(context.Background(), list)) {
		if a.Result.Code != want {
			panic(fmt.Sprintf("%s: %v (%s), want %v", commands[i][0].Kind(), a.Result.Code, a.Why, want))
		}
		sequences = append(sequences, a.Result.Sequence)
	}
	w.sizes[l.Name()] = l.Applied()
	return sequences
}

// sign makes a checkpoint of everything.
func (w *writer) sign(l *node.Ledger) {
	f := w.follow[l.Name()]
	must(f.history.Wait(context.Background(), l.Applied()))
	must(f.Checkpoint())
	note, _ := f.log.Last()
	w.notes[l.Name()] = append(w.notes[l.Name()], slices.Clone(note))
}
