package ledger

import (
	"fmt"

	"github.com/longmen/longmen/core/share"
)

// Effects is what one applied command changed, in the form that history appends. The engine numbers entries, so
// history needs no state of its own to write them. A refused command has none. The engine reuses the slices: who keeps
// them past the next Apply copies them.
type Effects struct {
	Accounts  []AccountOpened
	Registers []RegisterOpened
	Assets    []AssetOpened
	Entries   []Entry
	Holdings  []HoldingChange
	Payouts   []Payout
	Buckets   []BucketOpened

	rows    []share.Row    // backs the holdings' rows
	running []share.Int128 // and running indexes
	ahead   []int32        // backs the payouts' tranches
	details []LineDetail   // and their lines
	result  []PayoutTranche
}

// reset empties the lists and keeps their memory.
func (fx *Effects) reset() {
	fx.Accounts, fx.Registers, fx.Assets, fx.Entries = fx.Accounts[:0], fx.Registers[:0], fx.Assets[:0], fx.Entries[:0]
	fx.Holdings, fx.Payouts, fx.Buckets = fx.Holdings[:0], fx.Payouts[:0], fx.Buckets[:0]
	fx.rows, fx.running, fx.ahead, fx.result = fx.rows[:0], fx.running[:0], fx.ahead[:0], fx.result[:0]
	fx.details = fx.details[:0]
}

// BucketOpened tells of a new bucket of the trial balance: all accounts of one asset and account code. Numbers count
// from 1.
type BucketOpened struct {
	Number uint32
	Asset  uint16
	Code   uint32
}

// AssetOpened tells of a new asset.
type AssetOpened struct {
	Number uint16
	Code   string
	Scale  uint8
}

// AccountOpened tells of a new account. Numbers count from 1 in the order of opening.
type AccountOpened struct {
	Number     uint32
	Asset      uint16
	Side       Side
	Type       AccountType
	Constraint Constraint
	Code       uint32
	Bucket     uint32
	Address    string
}

// RegisterOpened tells of a new register. Numbers count from 1 in the order of opening.
type RegisterOpened struct {
	Number    uint32
	Asset     uint16
	Unclaimed uint32
	Cap       uint64
	Address   string
	Tranches  []string
}

// EntryKind says which operation made an entry.
type EntryKind uint8

// The kinds of entry.
const (
	EntryTransfer  EntryKind = iota + 1
	EntryPost                // a hold made effective
	EntryPayer               // a distribution, on the account that pays it
	EntryLine                // a line that could not simply be derived: unclaimed, taken back in part, a correction; in version 1 also deducted
	EntryUnclaimed           // a distribution, on the account that keeps what nobody took
	EntryDeducted            // a distribution, on an account that deductions go to
	EntryClaim               // unclaimed money paid out
	EntryReversal            // the undoing of an earlier entry
	EntryCovered             // what an account could not give back, on the cover account that pays it; Other owes it
	EntrySetOff              // a debt paid out of a line, from the account that owes to the cover account; undone, back
	EntrySettled             // a debt paid otherwise; on the cover account Other is who owed it, not who paid
)

var entryKinds = [...]string{
	EntryTransfer: "transfer", EntryPost: "post", EntryPayer: "payer", EntryLine: "line", EntryUnclaimed: "unclaimed",
	EntryDeducted: "deducted", EntryClaim: "claim", EntryReversal: "reversal",
	EntryCovered: "covered", EntrySetOff: "set_off", EntrySettled: "settled",
}

func (k EntryKind) String() string {
	if int(k) < len(entryKinds) && k > 0 {
		return entryKinds[k]
	}
	return fmt.Sprintf("entry_%d", uint8(k))
}

// Entry is one leg of a movement as its account's statement shows it. Lines of distributions have no entries: they
// follow from payouts and holdings. Only a line that does not (EntryLine) is explicit: Amount is then what really
// reached (or, negative side, left) the account and Derived is the line that the payout implies and this entry
// replaces.
type Entry struct {
	Number   uint64 // 1, 2, … in the ledger, without gaps
	Previous uint64 // the account's entry before, 0 for none
	Ordinal  uint64 // 1, 2, … in the account
	Sequence uint64
	Index    uint16 // operation
	Kind     EntryKind
	Side     Side // side it was booked on: DebitNormal is a debit
	Account  uint32
	Other    uint32 // the account on the other side, 0 when there are many
	Register uint32 // 0 for none
	Amount   int64
	Derived  int64  // EntryLine: the implied line, signed (negative when a payout was undone)
	Payout   uint64 // EntryLine: number of the payout whose line it replaces, 0 for a line undone by itself or a correction; EntrySetOff: of the payout whose line paid
	Direct   int64  // account's credits minus debits by its entries so far, each EntryLine counted as (signed Amount − Derived)
	Balance  int64  // account's credits minus debits, lines included, just after
	Debits   int64  // account's posted debits, lines included, just after
}

// HoldingChange is a holding's state after its units (or class) changed, with what later payouts need.
type HoldingChange struct {
	Sequence uint64
	Index    uint16
	Register uint32
	Account  uint32
	Holder   uint32 // holder number, from 0
	Class    uint8
	Units    uint64
	Payouts  uint64         // payouts of the register before this change
	After    int            // payouts of the command before this change
	Taken    int64          // from his lines so far, by deductions that rates imply
	Rows     []share.Row    // by tranche, after the change; without Rest where the register's lines follow no rates
	Running  []share.Int128 // the register's running index by tranche, after so many payouts
}

// Payout is one entry of a register's timeline: a distribution, or the undoing of one. A holder's line in a tranche is
// the difference of his cumulative share after and before it; Ahead holds, per tranche and holder, how many cents he
// has been given beyond the whole part of what he earned.
type Payout struct {
	Sequence uint64
	Index    uint16
	Number   uint64 // 1, 2, … in the register
	Register uint32
	Payer    uint32
	Holders  uint32       // holdings of the register then
	Undoes   uint64       // sequence of the distribution that this undoes, 0 for a distribution
	Undone   uint16       // its operation
	After    uint64       // number of the ledger's last entry before its lines: they stand between this entry and the next
	Changes  int          // changes of holdings of the command before it
	Amount   int64        // sum of the tranches
	Explicit uint32       // lines that have an entry of their own
	SetOffs  uint32       // debts paid out of its lines, or owed again
	Lines    []LineDetail // for each of these, in order of holder number, what its entry can't tell
	Tranches []PayoutTranche
	Rates    []Rate        // by which its lines are less than gross
	Totals   []BucketTotal // what the lines, those with own entries too, credited by bucket of the trial balance
}

// LineDetail tells where the gross of an explicit line went: to (in an undoing: came from) deductions that no rate
// implies, the unclaimed account, and with the rest the holder's account; in an undoing some of it may be missing.
type LineDetail struct {
	Holder    uint32
	Unclaimed int64
	Deducted  [MaxTranches]int64
}

// PayoutTranche is a tranche's part of a payout. Q is negative in an undoing. A tranche that got nothing has Amount 0
// and Q 0, and Index and Ahead as they were.
type PayoutTranche struct {
	TrancheResult
	Index share.Int128 // running sum of Q modulo 2^128, this payout included
	Ahead []int32      // by holder number; len Holders
}

// BucketTotal is a sum of debits and of credits in one bucket (asset, account code) of the trial balance.
type BucketTotal struct {
	Bucket          uint32
	Debits, Credits int64
}
