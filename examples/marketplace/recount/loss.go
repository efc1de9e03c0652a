package recount

import (
	"fmt"
	"math/big"
	"slices"
)

// TheReserve stands among a loan's holders when it has bought the loan.
const TheReserve = -1

// give gives a holder money.
func (l *loan) give(who int, cents int64) {
	if who == TheReserve {
		l.reserve += cents
		return
	}
	l.cash[who] += cents
}

// PastDue is what was due before a day and is not paid, interest and principal.
func (s *State) PastDue(on Day) (interest, principal int64) {
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Due < on {
			interest += r.open(Interest)
			principal += r.open(Principal)
		}
	}
	return interest, principal
}

// Worth is what a loan is worth to its holders on a day: principal that is outstanding, interest that is due or borne.
func (t Terms) Worth(s *State, on Day) (interest, principal int64) {
	for i := range s.Rows {
		r := &s.Rows[i]
		principal += r.open(Principal)
		if r.Due <= on {
			interest += r.open(Interest)
		}
	}
	return interest + t.Accrued(s, on), principal
}

// cover pays holders from the reserve.
func (l *loan) cover(f *Fact) error {
	s := l.terms.Replay(l.payments, f.Day)
	interest, principal := s.PastDue(f.Day)
	claim := l.claim()
	if interest-claim[Interest] != f.Interest || principal-claim[Principal] != f.Principal {
		return fmt.Errorf("past due and not paid out are %d and %d, the reserve paid %d and %d",
			interest-claim[Interest], principal-claim[Principal], f.Interest, f.Principal)
	}
	a := act{payment: -1}
	a.cover[Interest], a.cover[Principal] = f.Interest, f.Principal
	l.acts = append(l.acts, a)
	target := l.target(s)
	missing := target
	missing.plus(&l.booked, -1)
	l.booked = target
	return l.forward(&l.acts[len(l.acts)-1], missing, &l.reserve)
}

// claim is what the reserve has paid; a borrower who stopped paying gives nothing back before his loan is written off.
func (l *loan) claim() (claim Split) {
	for i := range l.acts {
		if l.acts[i].payment < 0 {
			claim[Interest] += l.acts[i].cover[Interest]
			claim[Principal] += l.acts[i].cover[Principal]
		}
	}
	return claim
}

// buy lets the reserve take the loan over: each holder gets his part of what it is worth, to the cent, and gives his units.
func (l *loan) buy(f *Fact) error {
	s := l.terms.Replay(l.payments, f.Day)
	interest, principal := l.terms.Worth(s, f.Day)
	claim := l.claim()
	interest, principal = max(0, interest-claim[Interest]), max(0, principal-claim[Principal])
	if interest != f.Interest || principal != f.Principal {
		return fmt.Errorf("it is worth %d and %d, the reserve paid %d and %d", interest, principal, f.Interest, f.Principal)
	}
	units := make([]int64, len(l.people))
	for h := range units {
		units[h] = int64(l.register.Units[h])
	}
	parts, more := share(principal, units), share(interest, units)
	to := len(l.people)
	l.people = append(l.people, TheReserve)
	l.register.Issue(0)
	for h, n := range units {
		if n == 0 {
			continue
		}
		l.give(l.people[h], parts[h]+more[h])
		l.reserve -= parts[h] + more[h]
		if err := l.register.Move(h, to, uint64(n)); err != nil {
			return err
		}
	}
	l.out.Sales++ // its units have changed hands
	return nil
}

// share divides an amount by weights: whole cents, then one each to those whose rest is largest, the first of equal ones.
func share(x int64, weights []int64) []int64 {
	sum := int64(0)
	for _, w := range weights {
		sum += w
	}
	parts, rests, order := make([]int64, len(weights)), make([]int64, len(weights)), make([]int, len(weights))
	left := x
	for i, w := range weights {
		whole, rest := new(big.Int).QuoRem(product(x, w), big.NewInt(sum), new(big.Int))
		parts[i], rests[i], order[i] = whole.Int64(), rest.Int64(), i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(rests[b] - rests[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// recover counts what came after the loan was written off: what it cost to get comes first, then who had paid in the
// borrower's place, then who holds the loan.
func (l *loan) recover(f *Fact) error {
	s := l.terms.Replay(l.payments, f.Day)
	claim := l.claim()
	back := min(f.Amount-f.Price, claim.Total())
	rest := min(f.Amount-f.Price-back, s.Outstanding().Total()-claim.Total())
	if f.Price+back+rest != f.Amount {
		return fmt.Errorf("%d is recovered, which is more than is owed", f.Amount)
	}
	return l.act(act{recovered: true, claimed: back, costs: f.Price}, Payment{On: f.Day, Amount: back + rest}, f.Day)
}

// lost is what was written off of interest and principal and not recovered.
func (l *loan) lost() int64 {
	sum := l.written
	for i := range l.acts {
		if a := &l.acts[i]; a.recovered {
			split := l.out.State.Splits[a.payment]
			sum -= split[Interest] + split[Principal]
		}
	}
	return max(sum, 0)
}

// recovered divides what was recovered.
func recovered(split Split, claim *Split, most int64) (d Division) {
	rest := split.Total()
	for _, c := range []int{Interest, Principal} {
		x := min(rest, claim[c], most-d.Reserve)
		claim[c] -= x
		d.Reserve += x
		rest -= x
	}
	d.Holders[toPrincipal] = min(rest, split[Principal])
	rest -= d.Holders[toPrincipal]
	d.Holders[toInterest] = min(rest, split[Interest])
	d.Holders[toCharge] = rest - d.Holders[toInterest]
	return d
}
