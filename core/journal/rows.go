package journal

import (
	"context"

	"github.com/longmen/longmen/store"
)

// Row is a group as it stands in the table: the columns beside the bytes, and the bytes.
type Row struct {
	Ledger   [16]byte
	Sequence uint64 // of the first command
	Epoch    uint64
	Count    uint32
	Hash     [32]byte
	Bytes    []byte // nil where only the columns were asked for
}

func (r *Row) next() uint64 { return r.Sequence + uint64(r.Count) }

// Ledger is an entry of the list of ledgers.
type Ledger struct {
	ID      [16]byte
	Name    string
	Created int64 // microseconds since 1970
}

// Store keeps rows: a database, or a model of one. Each of its methods is a single attempt; Journal adds what has to
// hold over several.
type Store interface {
	// Insert makes groups of different ledgers durable, all in one transaction, and tells of each whether it was
	// inserted. One is left out when a row has its key already, or when the last row before it does not end where it
	// begins, has not the hash that it names, or has a higher epoch; the first of a ledger when that is not listed.
	Insert(ctx context.Context, groups []Group) ([]bool, *Failure)
	// Before returns the columns of a ledger's last row whose sequence is not above the one given.
	Before(ctx context.Context, ledger [16]byte, sequence uint64) (row Row, found bool, err error)
	// Page returns a ledger's rows from a sequence on, in order: about as many as have so many bytes, at least one if
	// there is one.
	Page(ctx context.Context, ledger [16]byte, from uint64, size int) ([]Row, error)
	// Confirm returns when everything that Before and Page have shown is as durable as what Insert reports.
	Confirm(ctx context.Context) error
	// Reopen drops the connections with which an Insert failed.
	Reopen(ctx context.Context) error
	// Ledgers lists the ledgers by name.
	Ledgers(ctx context.Context) ([]Ledger, error)
	// AddLedger puts a ledger on the list. It returns ErrLedgerExists when its id or its name is taken.
	AddLedger(ctx context.Context, ledger Ledger) error
	// Stray finds a row of a ledger that is not on the list.
	Stray(ctx context.Context) (row Row, found bool, err error)
	// Close gives back what the store holds. The database stays open.
	Close() error
}

// Failure is an Insert that did not end well.
type Failure struct {
	// Outcome says what may have happened: Refused, TryAgain or Unknown.
	Outcome store.Outcome
	// Final says that the store must not be used again, such as after a disk that failed to sync more than once.
	Final bool
	Err   error
}

// pageSize is about how many bytes of rows are read at once. A reader holds no transaction between two pages.
const pageSize = 8 << 20

// pageRows bounds the rows of a page.
const pageRows = 4096
