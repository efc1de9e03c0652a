// Package api says what the doors (REST and gRPC) need of the program behind them, and what they have in common:
// who calls, the limits of a request, the errors that a caller can meet.
//
// The package must not know how commands become durable, where the past is stored, or how many nodes there are.
package api

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
)

// Limits of a request. Beyond each of them it is refused before anything is applied.
const (
	MaxBatch     = 1_024   // commands of a batch
	MaxBalances  = 1_000   // accounts whose balances are read at once
	MaxPage      = 1_000   // items of a page
	MaxDays      = 366     // days that are summed up at once
	UsualPage    = 50      // items of a page that names no limit
	MaxBody      = 4 << 20 // bytes of a request's body
	MaxKey       = 255     // characters of an idempotency key
	MaxName      = 32      // characters of a ledger's name
	MaxCursor    = 512     // characters of a cursor
	RetryAfter   = 1       // seconds after which it is worth to try again
	MaxWatchRead = 4_096   // commands handed to a watcher at once
)

// Answer is the outcome of one command of a batch. A code that is not journaled (Code.Journaled) says that the command
// was refused before it got a sequence; Why then says what is wrong.
type Answer struct {
	Result   ledger.Result
	Repeated bool // the id was known: this is the first result
	Why      string
}

// Recorded is a command as the journal has it, with its result.
type Recorded struct {
	Command *ledger.Command
	Result  ledger.Result
}

// Applier puts commands into the order of a ledger.
type Applier interface {
	// Apply takes up to MaxBatch commands that passed Command.Check, independent of each other, and returns when all of
	// them are durable and applied. answers[i] belongs to commands[i]. An error says that none was taken; with
	// errs.Overloaded it is worth to try again later.
	//
	// The same id with other content is a conflict. The trace is not content: a repeat comes with a trace of its own.
	Apply(ctx context.Context, ledger string, commands []*ledger.Command) ([]Answer, error)
}

// Balancer reads what accounts have now.
type Balancer interface {
	// Balances fills one state for each address, all of them read at the position returned, which is at least at the
	// sequence asked for. An address without an account gives the zero state, whose number is 0.
	Balances(ctx context.Context, ledger string, addresses []string, atLeast uint64, states []ledger.AccountState) (Position, error)
}

// Watcher reads the journal.
type Watcher interface {
	// Watch calls with what was applied from that sequence on, in order and without gaps, and waits for more, until the
	// context ends or the function returns an error. What is handed over may be kept.
	Watch(ctx context.Context, ledger string, from uint64, each func([]Recorded) error) error
}

// Position is a place in a ledger's order.
type Position struct {
	Sequence  uint64
	Timestamp ledger.Instant
}
