// Package longmen is the ledger as a Go library: a real-time double-entry book in one data folder, or on PostgreSQL.
//
//	db, err := longmen.Open(ctx, longmen.Config{Folder: "data"})
//	book, err := db.Create(ctx, longmen.New{Name: "main", Zone: "Asia/Shanghai", Clock: longmen.RealClock})
//	result, err := book.Do(ctx, &longmen.Transfer{Debit: "bank", Credit: "client:1", Mode: longmen.Exact, Amount: 100})
//
// What is answered is durable. The package must not know doors, products, or who is allowed to do what.
package longmen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/longmen/longmen/core/history"
	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Config says where the books lie.
type Config struct {
	Folder string       // data folder; made if it is not there
	DSN    string       // postgres://… for journal and history; empty: SQLite files in the folder
	Log    *slog.Logger // failures that nobody waits for; nil: none
	Clock  clock.Clock  // nil: the machine's
	Random io.Reader    // nil: the machine's
}

// leaseTerm is how long a node may answer reads before it has to ask the database again.
const leaseTerm = 5 * time.Second

// DB is an open set of books. One process has it at a time.
type DB struct {
	config  Config
	folder  *store.Folder
	stores  []*store.DB
	journal *journal.Journal
	writer  *journal.Writer
	lease   journal.Lease
	node    *node.Node
	stop    context.CancelFunc
	done    sync.WaitGroup
	lost    chan error
	epoch   uint64

	mu        sync.Mutex
	followers map[ID]*follower
}

// Open opens the books in a folder. On PostgreSQL it waits for the lead until the context ends.
func Open(ctx context.Context, c Config) (db *DB, err error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = clock.Real{}
	}
	if c.Random == nil {
		c.Random = rand.Reader
	}
	for _, folder := range []string{c.Folder, filepath.Join(c.Folder, keys), filepath.Join(c.Folder, checkpoints)} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("data folder: %w", err)
		}
	}
	running, stop := context.WithCancel(context.Background())
	db = &DB{config: c, stop: stop, lost: make(chan error, 1), followers: map[ID]*follower{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
			db = nil
		}
	}()
	if db.folder, err = store.LockFolder(c.Folder); err != nil {
		return db, fmt.Errorf("data folder %s: %w", c.Folder, err)
	}
	past, err := db.openStores(ctx)
	if err != nil {
		return db, err
	}
	epoch, err := db.lead(ctx, running)
	if err != nil {
		return db, err
	}
	db.epoch = epoch
	db.writer = journal.NewWriter(db.journal)
	db.node, err = node.Open(ctx, node.Config{
		Journal: db.journal, Writer: db.writer, Lease: db.lease, Epoch: epoch, Projects: &projects{db: db, store: past, kept: history.NewMemory(keptHistory)},
		Folder: filepath.Join(c.Folder, snapshots), Clock: c.Clock, Random: c.Random, Log: c.Log,
	})
	return db, err
}

// Names in the data folder.
const (
	journalFile = "journal.db"
	historyFile = "history.db"
	snapshots   = "snapshots"
	keys        = "keys"
	checkpoints = "checkpoints"
)

// FilesFolder is the folder within a data folder for files that others keep beside their rows. They never change, are
// never removed, and appear whole under their names; one being written has a name that begins with a dot.
const FilesFolder = "files"

// Names in the data folder of what the library does not open itself.
const (
	RowsFile      = "rows.db"     // rows of the modules beside the ledger; in every backup
	LookupKeyFile = "keys/lookup" // secret by which they find personal data again; in none
)

// openStores opens journal and history, and gives the database of the latter. On SQLite they are files of their own,
// so that projecting never keeps the journal waiting.
func (db *DB) openStores(ctx context.Context) (*store.DB, error) {
	names := []string{db.config.DSN, db.config.DSN}
	if db.config.DSN == "" {
		names = []string{filepath.Join(db.config.Folder, journalFile), filepath.Join(db.config.Folder, historyFile)}
	}
	for _, name := range names {
		s, err := store.Open(ctx, name)
		if err != nil {
			return nil, err
		}
		db.stores = append(db.stores, s)
	}
	var err error
	db.journal, err = journal.Open(ctx, db.stores[0])
	return db.stores[1], err
}

// lead gets the lease: at once for a folder, in its turn on PostgreSQL, where it is renewed from then on.
func (db *DB) lead(ctx, running context.Context) (epoch uint64, err error) {
	if db.config.DSN == "" {
		db.lease = journal.NewFolderLease(db.folder)
		return db.lease.Acquire(ctx, 0)
	}
	holder, err := id.New(db.config.Clock, db.config.Random)
	if err != nil {
		return 0, err
	}
	if db.lease, err = db.journal.NewLease(leaseKey, holder, leaseTerm); err != nil {
		return 0, err
	}
	for {
		epoch, err = db.lease.Acquire(ctx, 0)
		var held *journal.HeldError
		if err == nil {
			break
		} else if !errors.As(err, &held) {
			return 0, err
		}
		select {
		case <-time.After(min(time.Second, max(held.Left, 50*time.Millisecond))):
		case <-ctx.Done():
			return 0, fmt.Errorf("wait for the lead: %w", errors.Join(ctx.Err(), err))
		}
	}
	db.done.Add(1)
	go db.renew(running)
	return epoch, nil
}

// leaseKey names the one lease of a database: a node leads all its ledgers or none.
var leaseKey = [16]byte{'l', 'o', 'n', 'g', 'm', 'e', 'n'}

// renew keeps the lease. Appends are safe without it; reads end with it.
func (db *DB) renew(running context.Context) {
	defer db.done.Done()
	ticker := time.NewTicker(leaseTerm / 5)
	defer ticker.Stop()
	for {
		select {
		case <-running.Done():
			return
		case <-ticker.C:
		}
		attempt, cancel := context.WithTimeout(running, leaseTerm/2)
		err := db.lease.Renew(attempt)
		cancel()
		if errors.Is(err, journal.ErrLeaseLost) {
			db.lost <- err
			return
		} else if err != nil && running.Err() == nil {
			db.config.Log.Error("lease is not renewed", "error", err)
		}
	}
}

func (db *DB) keep(l ID, f *follower) {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.followers[l] = f
}

// ledger joins a running ledger with what follows it.
func (db *DB) ledger(l *node.Ledger) *Ledger {
	db.mu.Lock()
	defer db.mu.Unlock()
	return &Ledger{Ledger: l, db: db, follower: db.followers[l.ID()]}
}

// Lost gives an error when another node has taken the lead: close this one then.
func (db *DB) Lost() <-chan error { return db.lost }

// Epoch is the number of this node's lead: what it writes beside the ledgers is fenced by it.
func (db *DB) Epoch() uint64 { return db.epoch }

// Node is what runs the ledgers, for doors.
func (db *DB) Node() *node.Node { return db.node }

// Close ends all ledgers: what was taken is durable, applied and projected.
func (db *DB) Close() error {
	var errs []error
	if db.node != nil {
		errs = append(errs, db.node.Close())
	}
	if db.writer != nil {
		errs = append(errs, db.writer.Close(context.Background()))
	}
	db.stop()
	db.done.Wait()
	if db.lease != nil {
		release, cancel := context.WithTimeout(context.Background(), leaseTerm/2)
		errs = append(errs, db.lease.Release(release))
		cancel()
	}
	for _, f := range db.followers {
		if f.checkpoints != nil {
			errs = append(errs, f.checkpoints.Close())
		}
	}
	if db.journal != nil {
		errs = append(errs, db.journal.Close())
	}
	for _, s := range db.stores {
		errs = append(errs, s.Close())
	}
	if db.folder != nil {
		errs = append(errs, db.folder.Unlock())
	}
	return errors.Join(errs...)
}

// Create opens a new ledger. The same words again give the same ledger.
func (db *DB) Create(ctx context.Context, w New) (*Ledger, error) {
	l, err := db.node.Create(ctx, w)
	if err != nil {
		return nil, fmt.Errorf("create ledger %q: %w", w.Name, err)
	}
	return db.ledger(l), nil
}

// Ledger finds a ledger by its name.
func (db *DB) Ledger(name string) (*Ledger, error) {
	l, err := db.node.Ledger(name)
	if err != nil {
		return nil, err
	}
	return db.ledger(l), nil
}

// Ledger is one ordered book.
type Ledger struct {
	*node.Ledger
	db       *DB
	follower *follower
}

// History is the ledger's past.
func (l *Ledger) History() *history.History { return l.follower.history }

// Checkpoint is the newest signed checkpoint, nil on a node that has none.
func (l *Ledger) Checkpoint() []byte {
	if l.follower.checkpoints == nil {
		return nil
	}
	note, err := l.covering(context.Background(), 1)
	if err != nil {
		return nil
	}
	return note
}

// PublicKey checks the ledger's checkpoints; "" on a node that does not have it.
func (l *Ledger) PublicKey() string { return l.follower.public }

// NewID makes the id of a command. Who keeps it can send the command again and be sure that it happens once.
func (l *Ledger) NewID() (ID, error) {
	i, err := id.New(l.db.config.Clock, l.db.config.Random)
	return ID(i), err
}

// Do applies operations as one command with a new id. A business refusal is a result, not an error: look at its Code.
func (l *Ledger) Do(ctx context.Context, operations ...Operation) (Result, error) {
	i, err := l.NewID()
	if err != nil {
		return Result{}, err
	}
	return l.DoCommand(ctx, &Command{ID: i, Operations: operations})
}

// DoCommand applies a command. The same command again gives the first result.
func (l *Ledger) DoCommand(ctx context.Context, c *Command) (Result, error) {
	if err := c.Check(); err != nil {
		return Result{}, err
	}
	answers, err := l.Apply(ctx, []*Command{c})
	if err != nil {
		return Result{}, err
	}
	if a := answers[0]; !a.Result.Code.Journaled() {
		return a.Result, &ledger.Refusal{Code: a.Result.Code, Why: a.Why}
	}
	return answers[0].Result, nil
}

// Account is an account as it stands now.
func (l *Ledger) Account(ctx context.Context, address string) (state AccountState, err error) {
	found := false
	err = l.View(ctx, 0, func(e *ledger.Engine) { state, found = e.Account(address) })
	if err == nil && !found {
		err = fmt.Errorf("%w: %s", ErrNoAccount, address)
	}
	return state, err
}

// ErrNoAccount means that no account has the address.
var ErrNoAccount = errors.New("there is no such account")
