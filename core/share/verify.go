package share

import "cmp"

// Before returns the remainder before the payment. It follows from what the payment
// made public, so an outsider can chain payments: without cancels in between it is
// the Rem of the payment before.
func (o Outcome) Before() Int128 { return UndoRem(o.Rem, o) }

// Sound says whether q and rem are what the rule makes of the amount, the units and
// the remainder before.
func (o Outcome) Sound(before Int128) bool {
	if o.Amount < 1 || o.Amount > MaxAmount || o.Units < 1 || o.Units > MaxTotal {
		return false
	}
	q, rem := Accrue(o.Amount, before, o.Units)
	return q == o.Q && rem == o.Rem
}

// Line works out what a holding got: the cents that it may be given and that do not
// come after the cut. carry is the holding's before the payment.
func (o Outcome) Line(holder uint32, u uint64, carry Int128) int64 {
	carry = carry.Add(o.Q.Mul(u))
	if u == 0 || carry.Sign() <= 0 {
		return 0
	}
	// Cent j may be given while carry > (j-1)·2^64, so the last is ⌈carry/2^64⌉.
	given, not := int64(0), carry.Sub(Int128{Lo: 1}).Hi+2
	for not-given > 1 {
		j := given + (not-given)/2
		if o.Cut.reaches(Cents(j).Sub(carry), u, holder) {
			given = j
		} else {
			not = j
		}
	}
	return given
}

// reaches says whether the cut does not come before a cent.
func (c Cut) reaches(deficit Int128, u uint64, holder uint32) bool {
	by := deficit.wide(c.Units).cmp(c.Deficit.wide(u))
	if by == 0 {
		by = cmp.Compare(holder, c.Holder)
	}
	return by <= 0
}
