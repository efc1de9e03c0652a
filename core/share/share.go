// Package share divides amounts among holdings in proportion to their units,
// in whole cents, so that the lines of a payment always sum to the payment and
// nobody's cents are ever lost, made or kept back.
//
// It is the rule of distribution and nothing else: integers in, integers out.
// It must not know accounts, assets, ledgers, registers as objects, storage,
// time, or what an amount is for. "Cent" here means the minor unit of whatever
// is divided. docs/distribution.md states the rule in words and proves it; the
// rule is frozen with format version 1.
package share

// Limits within which every result is exact. The caller refuses what is beyond.
const (
	MaxUnits   = 1_000_000_000_000         // units of one holding
	MaxTotal   = 1_000_000_000_000_000     // units of all holdings together
	MaxAmount  = 1_000_000_000_000_000_000 // one payment, in cents
	MaxHolders = 1_000_000                 // rows of one register
)

// Row is what one holding keeps for one tranche.
type Row struct {
	Carry Int128 // earned and not yet paid, in 2^-64 cents; negative when paid early
	Paid  int64  // cents paid so far, gross
	Rest  uint32 // remainder of deductions, in millionths of a cent; see Deduct
	_     uint32 // keeps a row at 32 bytes
}

// Block is a run of holdings in order of holder number. Blocks follow one
// another: the number of a row is its index over all blocks before it and this one.
// A row without units has no carry.
type Block struct {
	Units []uint64
	Rows  []Row
}

// Cut is the last cent that a payment gave. A cent was given exactly when it may
// be given and does not come after the cut.
type Cut struct {
	Deficit Int128 // j·2^64 - carry for the cent j of this holding, once q is earned
	Units   uint64
	Holder  uint32
}

// Outcome is what a payment makes public. With it, his own units and his own
// carry before the payment every holder can work out his line: see Line.
type Outcome struct {
	Amount int64
	Units  uint64 // of all holdings
	Q      Int128 // what one unit earned, in 2^-64 cents; negative only if Rem was far below zero
	Rem    Int128 // remainder after the payment, in 0..Units-1
	Cut    Cut
}

// Accrue divides amount, with the remainder of before, by units: one unit earns
// q and rem remains, in 0..units-1. So amount·2^64 + before = q·units + rem.
func Accrue(amount int64, before Int128, units uint64) (q, rem Int128) {
	q, r := Cents(amount).Add(before).floorDiv(units)
	return q, Int128{Lo: r}
}

// MoveCarry returns the part of carry that goes with k of u units: ⌊carry·k/u⌋.
// With all units goes all of it. 1 ≤ u, k ≤ u.
func MoveCarry(carry Int128, k, u uint64) Int128 {
	part, _ := carry.mulDiv(k, u)
	return part
}

// Ahead returns how many cents more than ⌊earned⌋ a holding has been paid, from
// its carry after a payment: 0 or 1 while units do not change from the start.
func Ahead(carry Int128) int64 { return -carry.Hi }

// Span is the state of a holding at the start of a time in which its units do
// not change. It is all that history keeps to answer for every line of that time.
type Span struct {
	Units uint64
	Carry Int128
	Paid  int64
	Index Int128 // sum of Q of the tranche's payments, modulo 2^128
}

// PaidAt returns the cents paid in all when the running index stood at index and
// the holding was ahead by k (see Ahead). A line is the difference of two such answers.
func (s Span) PaidAt(index Int128, k int64) int64 {
	earned := s.Carry.Add(index.Sub(s.Index).Mul(s.Units))
	return s.Paid + earned.Hi + k
}
