package share

import "slices"

// Part is a holding that takes part in the correction of a payment.
type Part struct {
	Holder uint32
	Then   uint64 // units at the payment
	Now    uint64 // units now; without any it keeps no carry
	Carry  Int128 // zero where Now is 0; after the correction what is left, there too
	Paid   int64  // so far, never below zero
	Line   int64  // what the correction gives, or takes where it is negative
}

// Correct divides a difference to an earlier payment, positive or negative, among those who had units then: the carry of
// each changes by what his units of then would have earned of it, and the cents that are open are dealt anew, so that
// lines sum to the amount and each carry ends between nothing and a cent wherever the sum allows it. A line may be
// of the other sign: somebody who was paid a cent early gives it back.
//
// The caller vouches that units is the sum of Then, and has asked Correctable; rest, in 0..units-1, goes to the register's
// remainder.
func Correct(parts []Part, units uint64, amount int64) (q, rest Int128) {
	q, r := Cents(amount).floorDiv(units)
	missing := amount
	for i := range parts {
		p := &parts[i]
		p.Carry = p.Carry.Add(q.Mul(p.Then))
		p.Line = max(p.Carry.Hi, -p.Paid) // cents that are earned in full
		p.Carry.Hi -= p.Line
		missing -= p.Line
	}
	for missing > 0 {
		missing -= deal(parts, missing)
	}
	for missing < 0 {
		missing += collect(parts, -missing)
	}
	return q, Int128{Lo: r}
}

// Correctable reports whether those who had units then were paid what is to be taken back: all together, and each by
// himself but for a cent.
func Correctable(parts []Part, units uint64, amount int64) bool {
	if amount >= 0 {
		return true
	}
	q, _ := Cents(amount).floorDiv(units)
	paid := int64(0)
	for i := range parts {
		p := &parts[i]
		if Cents(p.Paid+1).Add(q.Mul(p.Then)).Sign() < 0 {
			return false
		}
		paid += p.Paid
	}
	return paid >= -amount
}

// deal gives one cent each, first to those who fall due first. One of which nothing is earned is given only when there
// is no other.
func deal(parts []Part, most int64) int64 {
	list := make([]*Part, 0, len(parts))
	for i := range parts {
		if parts[i].Carry.Sign() > 0 {
			list = append(list, &parts[i])
		}
	}
	if len(list) == 0 {
		for i := range parts {
			list = append(list, &parts[i])
		}
	}
	// deterministic: no two have one holder number.
	slices.SortFunc(list, func(a, b *Part) int { return compareDue(a, b, Cents(1).Sub(a.Carry), Cents(1).Sub(b.Carry)) })
	list = list[:min(int64(len(list)), most)]
	for _, p := range list {
		p.Line++
		p.Carry.Hi--
	}
	return int64(len(list))
}

// collect takes one cent each, first from those whose last one falls due last; nobody gives more than he was paid.
func collect(parts []Part, most int64) int64 {
	list := make([]*Part, 0, len(parts))
	for i := range parts {
		if parts[i].Paid+parts[i].Line > 0 {
			list = append(list, &parts[i])
		}
	}
	check(len(list) > 0)
	// deterministic: no two have one holder number.
	slices.SortFunc(list, func(a, b *Part) int { return -compareDue(a, b, a.Carry.Neg(), b.Carry.Neg()) })
	list = list[:min(int64(len(list)), most)]
	for _, p := range list {
		p.Line--
		p.Carry.Hi++
	}
	return int64(len(list))
}

// compareDue compares when cents of two holdings fall due that still miss deficits; ties go to the smaller number.
func compareDue(a, b *Part, deficitA, deficitB Int128) int {
	if c := deficitA.wide(b.pace()).cmp(deficitB.wide(a.pace())); c != 0 {
		return c
	}
	return sign(a.Holder < b.Holder)
}

// pace is how fast a holding earns: by the units that it has, or, without any, had.
func (p *Part) pace() uint64 {
	if p.Now > 0 {
		return p.Now
	}
	return p.Then
}
