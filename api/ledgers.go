package api

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
)

// LedgerInfo is what a ledger is and how far it has come.
type LedgerInfo struct {
	ID        ledger.ID
	Name      string
	Zone      string // IANA name of the time zone that days and months follow
	Clock     ledger.ClockKind
	Shadow    bool           // carries test traffic; never takes more than its share
	Now       ledger.Instant // by the ledger's clock
	Sequence  uint64         // the last that was applied
	Timestamp ledger.Instant // of that one
	Projected uint64         // the last that history has; a read of the past waits for what it needs
	Version   uint16         // of the engine's behaviour
	Accounts  uint64
	Registers uint64
}

// NewLedger is what fixes a ledger for good.
type NewLedger struct {
	Name   string
	Zone   string
	Clock  ledger.ClockKind
	Start  ledger.Instant // where a simulated clock stands at first
	Shadow bool
}

// Ledgers lists and opens ledgers.
type Ledgers interface {
	// Ledger tells about one; errs.NotFound if there is none of that name.
	Ledger(ctx context.Context, name string) (LedgerInfo, error)
	// Ledgers tells about all of them, by name.
	Ledgers(ctx context.Context) ([]LedgerInfo, error)
	// CreateLedger opens one. The same words again give the same ledger; the name with other words is errs.Conflict.
	CreateLedger(ctx context.Context, l NewLedger) (LedgerInfo, error)
}
