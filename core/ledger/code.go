package ledger

import "fmt"

// Code is the outcome of a command, from a closed list. The order of the numbers is the order of precedence: when
// several rules are broken by one operation, the lowest code is the answer, and the first operation that fails decides.
type Code uint16

// Codes below 100 are given at the door: the command was not journaled and its id is still free.
const (
	Applied      Code = 0
	Malformed    Code = 1
	Oversized    Code = 2
	TooMany      Code = 3
	IDFromFuture Code = 4
	IDConflict   Code = 5
	Overloaded   Code = 6
	NotLeading   Code = 7
)

// Codes from 100 on are journaled refusals: they use up the id and change nothing.
const (
	ClockNotSimulated Code = 100
	ClockBackwards    Code = 101
	VersionUnknown    Code = 102

	AssetNotFound    Code = 200
	RegisterNotFound Code = 201
	AccountNotFound  Code = 202
	HoldNotFound     Code = 203
	FreezeNotFound   Code = 204
	HoldingNotFound  Code = 205
	CommandNotFound  Code = 206
	AssetExists      Code = 210
	AccountExists    Code = 211
	RegisterExists   Code = 212

	AssetMismatch   Code = 300
	SameAccount     Code = 301
	TrancheMismatch Code = 302
	HoldMismatch    Code = 303
	ClassMismatch   Code = 304
	NotReversible   Code = 305
	HoldsUnits      Code = 306

	DebitsFrozen     Code = 400
	CreditsFrozen    Code = 401
	HoldExpired      Code = 402
	ExpiryPassed     Code = 403
	ReversedAlready  Code = 404
	RegisterChanged  Code = 405
	RegisterEmpty    Code = 406
	NothingUnclaimed Code = 407
	NothingOwed      Code = 408

	CapExceeded      Code = 500
	UnitsExceeded    Code = 501
	HoldExceeded     Code = 502
	TooManyHolds     Code = 503
	TooManyHoldings  Code = 504
	TooManyRegisters Code = 505
	Overflow         Code = 506
	TooManyDebts     Code = 507
	PaidExceeded     Code = 508

	BalanceTooLow Code = 600
	AmountFrozen  Code = 601
	UnitsTooFew   Code = 602
	UnitsHeld     Code = 603
)

// CodeInfo describes a code for the one who reads it.
type CodeInfo struct {
	Code  Code
	Name  string
	Means string // what is wrong and what to do
}

// Codes is the closed list in order of precedence.
var Codes = []CodeInfo{
	{Applied, "applied", "every operation took effect"},
	{Malformed, "malformed", "a field has no valid value; the message names it"},
	{Oversized, "oversized", "the command has more than 1 MiB; split it"},
	{TooMany, "too_many", "the command has more parts than allowed; split it"},
	{IDFromFuture, "id_from_future", "the id's own time lies ahead of the clock; check the sender's clock"},
	{IDConflict, "id_conflict", "the id was used for another content; a new command needs a new id"},
	{Overloaded, "overloaded", "nothing was applied; send the same command again later"},
	{NotLeading, "not_leading", "this node does not lead the ledger; send the same command to the one that does"},

	{ClockNotSimulated, "clock_not_simulated", "only a ledger with a simulated clock can be advanced"},
	{ClockBackwards, "clock_backwards", "a clock never goes back; name a later instant"},
	{VersionUnknown, "version_unknown", "the engine has no such version, or already has a higher one"},

	{AssetNotFound, "asset_not_found", "open the asset first"},
	{RegisterNotFound, "register_not_found", "open the register first"},
	{AccountNotFound, "account_not_found", "open the account first"},
	{HoldNotFound, "hold_not_found", "there is no open hold of that mark: it was posted, voided, released or never made"},
	{FreezeNotFound, "freeze_not_found", "there is no freeze of that mark"},
	{HoldingNotFound, "holding_not_found", "the account has never held units of the register"},
	{CommandNotFound, "command_not_found", "there is no applied command or distribution there"},
	{AssetExists, "asset_exists", "the code is taken"},
	{AccountExists, "account_exists", "the address is taken"},
	{RegisterExists, "register_exists", "the address is taken"},

	{AssetMismatch, "asset_mismatch", "the accounts count different assets"},
	{SameAccount, "same_account", "both sides are the same account"},
	{TrancheMismatch, "tranche_mismatch", "the register has another number of tranches"},
	{HoldMismatch, "hold_mismatch", "the hold is of the other kind, or of another holding"},
	{ClassMismatch, "class_mismatch", "the holding has units of another deduction class"},
	{NotReversible, "not_reversible", "the command has operations that are undone by their opposite, or is itself a reversal"},
	{HoldsUnits, "holds_units", "an unclaimed account of a register can't be one of its holders"},

	{DebitsFrozen, "debits_frozen", "the account's debits are frozen"},
	{CreditsFrozen, "credits_frozen", "the account's credits are frozen"},
	{HoldExpired, "hold_expired", "the hold's expiry has come; it can be neither posted nor voided"},
	{ExpiryPassed, "expiry_passed", "the expiry must lie after the ledger's time"},
	{ReversedAlready, "reversed_already", "it was reversed before"},
	{RegisterChanged, "register_changed", "units changed since the distribution; reverse it line by line"},
	{RegisterEmpty, "register_empty", "the register has no units"},
	{NothingUnclaimed, "nothing_unclaimed", "nothing lies unclaimed in the holder's name"},
	{NothingOwed, "nothing_owed", "the account owes nothing to that cover account"},

	{CapExceeded, "cap_exceeded", "the register would have more units than its cap"},
	{UnitsExceeded, "units_exceeded", "the holding would have more than 10^12 units"},
	{HoldExceeded, "hold_exceeded", "more than what the hold reserves"},
	{TooManyHolds, "too_many_holds", "the account has 1,000 open holds"},
	{TooManyHoldings, "too_many_holdings", "the register has 1,000,000 holdings, or a distribution to be corrected had more than 8,000"},
	{TooManyRegisters, "too_many_registers", "the account holds units in 10,000 registers"},
	{Overflow, "overflow", "a total would leave the range of 64-bit integers"},
	{TooManyDebts, "too_many_debts", "the account owes to 16 other cover accounts; settle one of its debts first"},
	{PaidExceeded, "paid_exceeded", "more would be taken back than those who got the distribution were paid in the tranche"},

	{BalanceTooLow, "balance_too_low", "the available balance does not suffice"},
	{AmountFrozen, "amount_frozen", "the balance would suffice without the amount that is frozen"},
	{UnitsTooFew, "units_too_few", "the holding has fewer units"},
	{UnitsHeld, "units_held", "the units would suffice without those that are held"},
}

var codeNames = func() map[Code]CodeInfo {
	m := make(map[Code]CodeInfo, len(Codes))
	for _, c := range Codes {
		m[c.Code] = c
	}
	return m
}()

// Info gives a code's name and meaning.
func (c Code) Info() CodeInfo {
	if info, ok := codeNames[c]; ok {
		return info
	}
	return CodeInfo{Code: c, Name: fmt.Sprintf("code_%d", c), Means: "unknown code"}
}

func (c Code) String() string { return c.Info().Name }

// Journaled reports whether a command with this outcome has a sequence.
func (c Code) Journaled() bool { return c == Applied || c >= 100 }

// Refusal is the error of a command that a door refuses.
type Refusal struct {
	Code  Code
	Index uint16 // the operation at fault
	Why   string
}

func (r *Refusal) Error() string {
	return fmt.Sprintf("%s: operation %d: %s", r.Code, r.Index, r.Why)
}

func refuse(code Code, index int, format string, args ...any) *Refusal {
	return &Refusal{Code: code, Index: uint16(index), Why: fmt.Sprintf(format, args...)}
}

var kindNames = map[Kind]string{
	KindOpenLedger: "open_ledger", KindLead: "lead", KindPulse: "pulse", KindUpgrade: "upgrade", KindAdvance: "advance",
	KindOpenAsset: "open_asset", KindOpenAccount: "open_account", KindOpenRegister: "open_register",
	KindTransfer: "transfer", KindHold: "hold", KindPost: "post", KindVoid: "void", KindFreeze: "freeze",
	KindUnfreeze: "unfreeze", KindIssue: "issue", KindMove: "move", KindCancel: "cancel", KindHoldUnits: "hold_units",
	KindDistribute: "distribute", KindClaim: "claim", KindReverse: "reverse", KindReverseLine: "reverse_line", KindSettle: "settle",
	KindCorrect: "correct",
}

func (k Kind) String() string {
	if s, ok := kindNames[k]; ok {
		return s
	}
	return fmt.Sprintf("kind_%d", uint8(k))
}
