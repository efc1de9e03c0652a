package recount

import (
	"fmt"

	"github.com/longmen/longmen/examples/lendingclub/recount"
)

// The tranches of a loan's register.
const (
	toPrincipal = iota
	toInterest
	toCharge
	tranches
)

// Division is who gets what.
type Division struct {
	Holders  [tranches]int64
	Platform int64
	Reserve  int64
}

func (d *Division) plus(o *Division, n int64) {
	for i := range d.Holders {
		d.Holders[i] += n * o.Holders[i]
	}
	d.Platform += n * o.Platform
	d.Reserve += n * o.Reserve
}

func (d *Division) held() (sum int64) {
	for _, x := range d.Holders {
		sum += x
	}
	return sum
}

// short says whether somebody would have to give something back.
func (d *Division) short() bool {
	for _, x := range d.Holders {
		if x < 0 {
			return true
		}
	}
	return d.Platform < 0 || d.Reserve < 0
}

// divide is who gets what of a payment of the borrower: a service fee goes off first, from the interest as far as it
// reaches; fees are the platform's, penalties the holders'.
func divide(s Split) (d Division) {
	service := min(part(s[Principal]+s[Interest], serviceRate, 1_000), s[Principal]+s[Interest])
	ofInterest := min(service, s[Interest])
	d.Platform = service + s[Fee]
	d.Holders = [tranches]int64{s[Principal] - (service - ofInterest), s[Interest] - ofInterest, s[Penalty]}
	return d
}

// loan is a loan's books on their way.
type loan struct {
	terms    Terms
	register *recount.Register
	holders  map[int]int // holder number by investor
	people   []int       // investor by holder number
	acts     []act
	booked   Division

	payments []Payment
	cash     map[int]int64 // what investors got, less what they paid
	borrower int64
	platform int64
	reserve  int64
	custody  int64
	written  int64 // off
	out      Loan
}

// act is something that was booked.
type act struct {
	payment int // its place among the payments, -1 for a payout in the borrower's place
	cover   Split
	booked  Division
	lines   []int64           // by holder
	before  *recount.Register // how the register stood
	undone  bool

	recovered bool  // it came after the loan was written off
	claimed   int64 // of it, to who had paid in the borrower's place
	costs     int64 // and what it cost to get
}

func (d *Division) none() bool { return *d == Division{} }

// target is what all acts together should have given: a payment repays what was paid in the borrower's place before it
// became known, component by component, and the holders have the rest.
func (l *loan) target(s *State) (sum Division) {
	var claim Split
	for i := range l.acts {
		a := &l.acts[i]
		if a.payment < 0 {
			claim[Interest] += a.cover[Interest]
			claim[Principal] += a.cover[Principal]
			sum.Holders[toInterest] += a.cover[Interest]
			sum.Holders[toPrincipal] += a.cover[Principal]
			continue
		}
		if a.recovered {
			d := recovered(s.Splits[a.payment], &claim, a.claimed)
			d.Platform += a.costs
			sum.plus(&d, 1)
			continue
		}
		d := divide(s.Splits[a.payment])
		for _, c := range []struct{ tranche, component int }{{toInterest, Interest}, {toPrincipal, Principal}} {
			x := min(claim[c.component], d.Holders[c.tranche])
			claim[c.component] -= x
			d.Holders[c.tranche] -= x
			d.Reserve += x
		}
		sum.plus(&d, 1)
	}
	return sum
}

// pay counts a payment of the borrower: what is missing to what should be booked goes forward in one command. Where
// somebody has too much, the latest acts are taken back first.
func (l *loan) pay(p Payment, today Day) error {
	return l.act(act{}, p, today)
}

// act counts money of the borrower, as an act says.
func (l *loan) act(what act, p Payment, today Day) error {
	l.payments = append(l.payments, p)
	what.payment = len(l.payments) - 1
	l.acts = append(l.acts, what)
	s := l.terms.Replay(l.payments, today)
	if s.Over > 0 {
		return fmt.Errorf("%d is paid beyond what is owed", s.Over)
	}
	if split := s.Splits[len(s.Splits)-1]; p.Closes && split.Total() != p.Amount {
		return fmt.Errorf("it takes %d to close it, %d was paid", split.Total(), p.Amount)
	}
	target := l.target(s)
	missing := target
	missing.plus(&l.booked, -1)
	for i := len(l.acts) - 2; i >= 0 && missing.short(); i-- {
		a := &l.acts[i]
		if a.undone || a.booked.none() {
			continue
		}
		if a.payment < 0 {
			return fmt.Errorf("a payout would have to be taken back")
		}
		missing.plus(&a.booked, 1)
		l.takeBack(a)
	}
	l.booked = target
	return l.forward(&l.acts[len(l.acts)-1], missing, &l.borrower)
}

// forward books a division from a payer.
func (l *loan) forward(a *act, d Division, payer *int64) error {
	if d.short() {
		return fmt.Errorf("the books would have to give %+v back", d)
	}
	a.booked, a.before = d, l.register.Keep()
	a.lines = make([]int64, len(l.people))
	for t, amount := range d.Holders {
		l.register.Pay(t, amount, a.lines)
	}
	for h, line := range a.lines {
		if line > 0 {
			l.out.Credits++
		}
		l.give(l.people[h], line)
	}
	*payer -= d.held() + d.Platform + d.Reserve
	l.platform += d.Platform
	l.reserve += d.Reserve
	return nil
}

// takeBack undoes the latest act that still stands, to the bit.
func (l *loan) takeBack(a *act) {
	a.undone = true
	l.register = a.before
	for h, line := range a.lines {
		l.give(l.people[h], -line)
	}
	l.borrower += a.booked.held() + a.booked.Platform + a.booked.Reserve
	l.platform -= a.booked.Platform
	l.reserve -= a.booked.Reserve
	l.out.TakenBack++
}
