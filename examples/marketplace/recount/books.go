// Package recount counts the whole play a second time: from the list of what was asked and told, with plain integers and
// nothing of Longmen's code. What it comes to is what every account and every holding of the ledger must say.
//
// The package knows nothing of the ledger and its API. The rule by which a payment is divided is that of
// examples/lendingclub/recount, which was written from docs/distribution.md and is tested against big integers.
package recount

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/longmen/longmen/examples/lendingclub/recount"
)

// Kind is what a fact is.
type Kind uint8

// The kinds. Amounts are in cents.
const (
	Deposited Kind = iota + 1 // an investor paid Amount in
	Endowed                   // the reserve got Amount from outside
	Swept                     // Amount of earned fees left the custody bank

	Bid       // an investor bought Units
	PaidOut   // the loan was paid out on Day
	Drawn     // the borrower had Amount of it sent to his bank
	Collected // Amount of the borrower came in
	Paid      // Amount of it was counted from On, on Day
	Closed    // the loan was closed on Day with Amount
	SentBack  // Amount of the borrower was sent back to his bank
	Sold      // an investor sold Units to Buyer on Day, at Ask thousandths of their face, for Price
	Covered   // the reserve paid Interest and Principal of what was past due
	Bought    // the reserve bought all units for Interest and Principal
	Recovered // Amount came after the loan was written off, of which Price is what it cost to get

	WrittenOff // what the loan was worth on Day was given up
)

// Fact is something that happened.
type Fact struct {
	Kind      Kind
	Day       Day
	On        Day
	Investor  int
	Buyer     int
	Units     int64
	Amount    int64
	Ask       int64
	Price     int64
	Interest  int64
	Principal int64
}

// Story is all that happened, in its order: once for everybody, and loan by loan, for no two loans share anything but
// the cash of investors, and there only sums.
type Story struct {
	Investors int
	Until     Day // how loans stand is told as of this day
	Common    []Fact
	Loans     []Tale
}

// Tale is what happened to one loan.
type Tale struct {
	Terms Terms
	Facts []Fact
}

// Books is what there must be at the end. Amounts are in cents.
type Books struct {
	Cash     []int64 // by investor
	Custody  int64   // at the custody bank
	Own      int64   // at the platform's own bank
	Platform int64   // fees earned
	Reserve  int64
	Lost     int64 // written off and not recovered
	Loans    []Loan

	Credits   int64 // lines above zero
	TakenBack int   // distributions that were taken back and paid anew
	Endowed   int64
	Unchanged recount.Distance // of registers whose units never changed
	Changed   recount.Distance // of the others
}

// Clients is the money of investors and borrowers, wherever it lies.
func (b *Books) Clients() (sum int64) {
	for _, x := range b.Cash {
		sum += x
	}
	for i := range b.Loans {
		sum += b.Loans[i].Escrow + b.Loans[i].Borrower
	}
	return sum
}

// Loan is what the accounts and the register of a loan must say.
type Loan struct {
	Investors []int // by holder number
	Units     []int64
	Paid      [tranches][]int64
	Escrow    int64 // bids that were not paid out
	Borrower  int64
	State     *State
	Credits   int64
	TakenBack int
	Sales     int
}

// Count works everything out. done, if it is not nil, counts the loans that are finished.
func Count(s *Story, done *atomic.Int64) (*Books, error) {
	b := &Books{Cash: make([]int64, s.Investors), Loans: make([]Loan, len(s.Loans))}
	for i := range s.Common {
		if err := b.common(&s.Common[i]); err != nil {
			return nil, err
		}
	}
	var mu sync.Mutex
	var next atomic.Int64
	var group sync.WaitGroup
	var failed error
	for range runtime.NumCPU() {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(s.Loans); i = int(next.Add(1)) - 1 {
				l, err := tell(&s.Loans[i], s.Until)
				mu.Lock()
				if err != nil {
					failed = errors.Join(failed, fmt.Errorf("recount loan %d: %w", i+1, err))
				} else {
					b.add(i, l)
				}
				mu.Unlock()
				if done != nil {
					done.Add(1)
				}
			}
		})
	}
	group.Wait()
	return b, failed
}

func (b *Books) common(f *Fact) error {
	switch f.Kind {
	case Deposited:
		b.Cash[f.Investor] += f.Amount
		b.Custody += f.Amount
	case Endowed:
		b.Reserve += f.Amount
		b.Custody += f.Amount
		b.Endowed += f.Amount
	case Swept:
		b.Own += f.Amount
		b.Custody -= f.Amount
	default:
		return fmt.Errorf("fact of kind %d belongs to a loan", f.Kind)
	}
	return nil
}

// add takes a loan's books into those of all.
func (b *Books) add(i int, l *loan) {
	b.Loans[i] = l.out
	for investor, x := range l.cash {
		b.Cash[investor] += x
	}
	b.Custody += l.custody
	b.Platform += l.platform
	b.Reserve += l.reserve
	b.Lost += l.lost()
	b.Credits += l.out.Credits
	b.TakenBack += l.out.TakenBack
	worst := &b.Unchanged
	if l.out.Sales > 0 {
		worst = &b.Changed
	}
	for t := range tranches {
		for h := range l.people {
			worst.Widen(recount.Distance{Parts: l.register.Off(t, h), Of: l.register.Total})
		}
	}
}

// tell goes through all that happened to a loan.
func tell(t *Tale, until Day) (*loan, error) {
	l := &loan{terms: t.Terms, register: recount.NewRegister(tranches), holders: map[int]int{}, cash: map[int]int64{}}
	l.fund(t.Facts)
	for i := range t.Facts {
		f := &t.Facts[i]
		if err := l.fact(f); err != nil {
			return nil, fmt.Errorf("on %s: %w", f.Day, err)
		}
	}
	if err := l.register.Sound(); err != nil {
		return nil, err
	}
	l.close(until)
	return l, nil
}

// fund lets the bids become units: a holder's number is that of his first bid.
func (l *loan) fund(facts []Fact) {
	units := map[int]int64{}
	for i := range facts {
		f := &facts[i]
		if f.Kind != Bid {
			continue
		}
		if _, known := units[f.Investor]; !known {
			l.holders[f.Investor] = len(l.people)
			l.people = append(l.people, f.Investor)
		}
		units[f.Investor] += f.Units
		l.cash[f.Investor] -= f.Units * CentsPerUnit
		l.out.Escrow += f.Units * CentsPerUnit
	}
	for _, investor := range l.people {
		l.register.Issue(uint64(units[investor]))
	}
}

// CentsPerUnit is what one unit of a loan costs when it is funded.
const CentsPerUnit = 100

func (l *loan) fact(f *Fact) error {
	switch f.Kind {
	case Bid:
	case PaidOut:
		if l.out.Escrow != l.terms.Amount {
			return fmt.Errorf("its bids sum to %d, it is of %d", l.out.Escrow, l.terms.Amount)
		}
		fee := l.terms.Amount - l.terms.Payout()
		reserve := fee / 2
		l.out.Escrow -= l.terms.Amount
		l.platform += fee - reserve
		l.reserve += reserve
		l.borrower += l.terms.Amount - fee
	case Drawn, SentBack:
		l.borrower -= f.Amount
		l.custody -= f.Amount
	case Collected:
		l.borrower += f.Amount
		l.custody += f.Amount
	case Paid:
		return l.pay(Payment{On: f.On, Amount: f.Amount}, f.Day)
	case Closed:
		return l.pay(Payment{On: f.Day, Amount: f.Amount, Closes: true}, f.Day)
	case Sold:
		return l.sell(f)
	case Covered:
		return l.cover(f)
	case Bought:
		return l.buy(f)
	case Recovered:
		return l.recover(f)
	case WrittenOff:
		interest, principal := l.terms.Worth(l.terms.Replay(l.payments, f.Day), f.Day)
		l.written += interest + principal
	default:
		return fmt.Errorf("fact of kind %d belongs to no loan", f.Kind)
	}
	return nil
}

// Payout is what the borrower gets of the loan: it is lent less a fee.
func (t Terms) Payout() int64 { return t.Amount - part(t.Amount, originationRate, 1_000) }

// Price is what so many units cost on a day, in cents: their part of the principal outstanding at the thousandths asked,
// and of the interest that has accrued, less the service fee: of what falls due next it takes as much for each day. The seller pays a fee from it.
func (t Terms) Price(s *State, on Day, units, all, ask int64) (price, fee int64) {
	face := part(s.Outstanding()[Principal], units, all)
	price = part(face, ask, 1_000) + floor(t.accruedToHolders(s, on), units, all)
	return price, part(price, transferRate, 1_000)
}

func (t Terms) accruedToHolders(s *State, on Day) int64 {
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Due > on && r.open(Interest) > 0 {
			var due Split
			for c := range due {
				due[c] = r.open(c)
			}
			return floor(t.Accrued(s, on), max(0, divide(due).Holders[1]), r.open(Interest))
		}
	}
	return t.Accrued(s, on)
}

func (l *loan) sell(f *Fact) error {
	from, known := l.holders[f.Investor]
	if !known {
		return fmt.Errorf("investor %d sells what he has not", f.Investor)
	}
	to, known := l.holders[f.Buyer]
	if !known {
		to = len(l.people)
		l.holders[f.Buyer] = to
		l.people = append(l.people, f.Buyer)
		l.register.Issue(0)
	}
	price, fee := l.terms.Price(l.terms.Replay(l.payments, f.Day), f.Day, f.Units, int64(l.register.Total), f.Ask)
	if price != f.Price {
		return fmt.Errorf("%d units cost %d, the buyer paid %d", f.Units, price, f.Price)
	}
	l.cash[f.Buyer] -= price
	l.cash[f.Investor] += price - fee
	l.platform += fee
	l.out.Sales++
	return l.register.Move(from, to, uint64(f.Units))
}

// close hands over how the loan stands.
func (l *loan) close(until Day) {
	l.out.Investors, l.out.Borrower = l.people, l.borrower
	l.out.State = l.terms.Replay(l.payments, until)
	for _, u := range l.register.Units {
		l.out.Units = append(l.out.Units, int64(u))
	}
	for t := range tranches {
		l.out.Paid[t] = l.register.Tranches[t].Paid
	}
}
