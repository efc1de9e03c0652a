package api

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/proof"
	"github.com/longmen/longmen/core/share"
)

// Present reads a ledger as it stands now. A thing that is not there is errs.NotFound.
type Present interface {
	Assets(ctx context.Context, ledger string) ([]Asset, error)

	// Accounts lists by number, after one, those whose address begins with prefix; next is where to go on, 0 at the end.
	// A page may be short, even empty, though there is more.
	Accounts(ctx context.Context, ledger string, after uint32, prefix string, limit int) (list []ledger.AccountState, next uint32, err error)

	// Registers lists by number, after one; next is where to go on, 0 at the end.
	Registers(ctx context.Context, ledger string, after uint32, limit int) (list []ledger.RegisterState, next uint32, err error)
	Register(ctx context.Context, ledger, address string) (ledger.RegisterState, error)

	// Holders lists a register's holdings by holder number, from one on; next is where to go on, 0 at the end.
	Holders(ctx context.Context, ledger, register string, from uint32, limit int) (list []ledger.HoldingState, next uint32, err error)

	// Holdings lists where an account holds units, after a register's address ("" for the start).
	Holdings(ctx context.Context, ledger, account, after string, limit int) (list []ledger.HoldingState, more bool, err error)

	// Holds lists an account's open holds, newest first, at most ledger.MaxHolds.
	Holds(ctx context.Context, ledger, account string) ([]ledger.HoldState, error)

	// Debts lists what an account owes, oldest first, at most ledger.MaxDebts. DebtsTo lists who owes to a cover account ("": to
	// any), after one; next is where to go on, 0 at the end. A page may be short, even empty, and have a next.
	Debts(ctx context.Context, ledger, account string) ([]ledger.DebtState, error)
	DebtsTo(ctx context.Context, ledger string, after uint32, cover string, limit int) (list []ledger.DebtState, next uint32, err error)
}

// Asset is something that is counted.
type Asset struct {
	Code  string
	Scale uint8
}

// Past reads what was. Cursors are the node's: opaque bytes that it gave with a page, nil for the first.
type Past interface {
	// Commands reads the journal from a sequence on.
	Commands(ctx context.Context, ledger string, from uint64, limit int) ([]Recorded, error)
	// Command finds a command by its sequence, CommandByID by its id.
	Command(ctx context.Context, ledger string, sequence uint64) (Recorded, error)
	CommandByID(ctx context.Context, ledger string, id ledger.ID) (Recorded, error)

	// BalanceAt gives what was posted to an account by then.
	BalanceAt(ctx context.Context, ledger, address string, asOf AsOf) (PastBalance, error)
	TrialBalance(ctx context.Context, ledger string, asOf AsOf) ([]ledger.BucketState, Position, error)

	Entries(ctx context.Context, ledger, address string, q EntryQuery) (EntryPage, error)
	Statement(ctx context.Context, ledger, address string, q StatementQuery) (Statement, error)

	// Effective lists an account's entries by effective date, and EffectiveTotals sums them up by day, both as they were
	// known at a sequence.
	Effective(ctx context.Context, ledger, address string, q EffectiveQuery) (EntryPage, error)
	EffectiveTotals(ctx context.Context, ledger, address string, q EffectiveQuery) ([]DayTotal, Position, error)
	// Days sums up what counts from each day of a period by asset and account code, as it was known at a sequence.
	Days(ctx context.Context, ledger string, q EffectiveQuery) ([]Day, Position, error)
	// DayCommands lists the commands that make up one figure of Days; next is the sequence after which to go on, 0 at the
	// end. A page may be short, even empty, and have a next.
	DayCommands(ctx context.Context, ledger string, q DayQuery) (list []DayCommand, next uint64, as Position, err error)

	// Distributions lists those of a register, newest first; Lines those of one distribution, by holder number.
	Distributions(ctx context.Context, ledger, register string, p Page) (list []Distribution, next []byte, err error)
	Lines(ctx context.Context, ledger string, sequence uint64, operation uint16, p Page) (list []Line, next []byte, err error)
	// LineOf gives one holder's line of a distribution, with the distribution.
	LineOf(ctx context.Context, ledger string, sequence uint64, operation uint16, account string) (Line, Distribution, error)
}

// AsOf is a point of the past: a sequence or an instant by booking time. Zero is now.
type AsOf struct {
	Sequence uint64
	At       ledger.Instant
}

// Now reports whether it names no point of the past.
func (a AsOf) Now() bool { return a == AsOf{} }

// Page is which part of a list is asked for.
type Page struct {
	Cursor []byte
	Limit  int
}

// PastBalance is what was posted to an account by some point.
type PastBalance struct {
	Account ledger.AccountState // Debits and Credits are those of then; what was held or frozen then is not kept
	As      Position
}

// EntryQuery asks for an account's entries, newest first unless Oldest. Zero fields do not filter.
type EntryQuery struct {
	Page
	Oldest    bool
	From      ledger.Instant // booking time, from this instant on
	Until     ledger.Instant // and before this one
	Purpose   uint32
	Reference *ledger.Reference
}

// EntryPage is a page of entries.
type EntryPage struct {
	Entries []Entry
	Next    []byte // nil at the end
	As      Position
}

// Entry is one line of an account's statement, a holder's line of a distribution too.
type Entry struct {
	Sequence  uint64
	Operation uint16
	Command   ledger.ID
	Timestamp ledger.Instant
	Booked    ledger.Date
	Effective ledger.Date
	Purpose   uint32
	Kind      string // transfer, post, payer, line, unclaimed, deducted, claim, reversal
	Side      ledger.Side
	Amount    int64
	Balance   int64  // just after, counted on the account's normal side; lists by effective date have none
	Other     string // account on the other side, "" when there are many
	Register  string // of a distribution or claim
}

// StatementQuery names a day or a month and a page of its lines.
type StatementQuery struct {
	Page
	From  ledger.Date // first day
	Until ledger.Date // last day
}

// Statement is what happened on an account in a period of booking time.
type Statement struct {
	Account ledger.AccountState // what never changes of it
	Opening int64               // balance before the period, counted on the account's normal side
	Closing int64               // balance at its end, or so far
	Debits  int64               // of the period
	Credits int64
	Final   bool // the period is over: the same question gives the same bytes for ever
	Entries []Entry
	Next    []byte
	As      Position
}

// EffectiveQuery asks by effective date, both days included, for what was known at a sequence (0: now).
type EffectiveQuery struct {
	Page
	From     ledger.Date
	Until    ledger.Date
	Sequence uint64
}

// DayTotal is what was booked with one effective date.
type DayTotal struct {
	Date    ledger.Date
	Debits  int64
	Credits int64
}

// Day is what counts from one day. By asset, debits and credits are equal.
type Day struct {
	Date   ledger.Date
	Totals []ledger.BucketState // by asset and account code
}

// DayQuery names a figure of Days, the sequence as of which it was known (0: now), and a page.
type DayQuery struct {
	Date     ledger.Date
	Asset    string
	Code     uint32
	Sequence uint64
	After    uint64
	Limit    int
}

// DayCommand is what one command booked on an account code.
type DayCommand struct {
	Sequence uint64
	ID       ledger.ID
	Purpose  uint32
	Booked   ledger.Date
	Debits   share.Int128
	Credits  share.Int128
}

// Distribution is one payment to a register's holders, or the undoing of one.
type Distribution struct {
	Sequence  uint64
	Operation uint16
	Timestamp ledger.Instant
	Payer     string
	Amount    int64
	Undoes    uint64 // sequence of the distribution that this undoes, 0 for none
	Tranches  []ledger.TrancheResult
}

// Line is what one holder got of a distribution.
type Line struct {
	Holder    uint32
	Account   string
	Units     uint64
	Gross     []int64 // by tranche
	Deducted  int64
	Net       int64 // what reached his account
	SetOff    int64 // what of it went on to pay his debts
	Unclaimed int64 // what went to the register's unclaimed account in his name
	Missing   int64 // of an undoing: what could not be taken back
}

// Proofs makes a ledger's past provable.
type Proofs interface {
	// Checkpoint is the newest signed one.
	Checkpoint(ctx context.Context, ledger string) ([]byte, error)
	// Key is the public key that checks it.
	Key(ctx context.Context, ledger string) (string, error)
	// Prove shows that a command was applied with its result.
	Prove(ctx context.Context, ledger string, sequence uint64) (proof.Proof, error)
	// ProveExtension shows that the newest checkpoint extends an older one.
	ProveExtension(ctx context.Context, ledger string, older []byte) (proof.Extension, error)
}
