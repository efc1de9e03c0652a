package longmen

import (
	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
)

// The words of the ledger, as package core/ledger defines them.
type (
	ID           = ledger.ID
	Instant      = ledger.Instant
	Date         = ledger.Date
	Command      = ledger.Command
	Operation    = ledger.Operation
	Reference    = ledger.Reference
	Mark         = ledger.Mark
	Result       = ledger.Result
	Code         = ledger.Code
	AccountState = ledger.AccountState
	Event        = feed.Event
	New          = node.New

	OpenAsset    = ledger.OpenAsset
	OpenAccount  = ledger.OpenAccount
	OpenRegister = ledger.OpenRegister
	Transfer     = ledger.Transfer
	Hold         = ledger.Hold
	Post         = ledger.Post
	Void         = ledger.Void
	Freeze       = ledger.Freeze
	Unfreeze     = ledger.Unfreeze
	Issue        = ledger.Issue
	Move         = ledger.Move
	Cancel       = ledger.Cancel
	HoldUnits    = ledger.HoldUnits
	Distribute   = ledger.Distribute
	Deduction    = ledger.Deduction
	Claim        = ledger.Claim
	Reverse      = ledger.Reverse
	ReverseLine  = ledger.ReverseLine
	Settle       = ledger.Settle
	Correct      = ledger.Correct
	Advance      = ledger.Advance
)

// Values of their fields.
const (
	Applied = ledger.Applied

	DebitNormal  = ledger.DebitNormal
	CreditNormal = ledger.CreditNormal

	Asset     = ledger.Asset
	Liability = ledger.Liability
	Equity    = ledger.Equity
	Income    = ledger.Income
	Expense   = ledger.Expense

	Unbounded   = ledger.Unbounded
	Nonnegative = ledger.Nonnegative

	Exact    = ledger.Exact
	AtMost   = ledger.AtMost
	Received = ledger.Received

	FreezeDebits  = ledger.FreezeDebits
	FreezeCredits = ledger.FreezeCredits
	FreezeBoth    = ledger.FreezeBoth
	FreezeAmount  = ledger.FreezeAmount

	RefuseShortfall = ledger.RefuseShortfall
	TakeAtMost      = ledger.TakeAtMost
	OweShortfall    = ledger.OweShortfall

	RealClock      = ledger.RealClock
	SimulatedClock = ledger.SimulatedClock
)
