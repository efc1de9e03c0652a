// Package recount counts the whole play a second time, from its list of events alone and with nothing of the ledger's:
// its own rule of distribution in integers, its own sums. What it comes to is what every account and every holding of
// the ledger must say.
//
// The package knows nothing of the ledger; docs/distribution.md is what both were written from.
package recount

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/longmen/longmen/examples/lendingclub/market"
)

// The tranches of a payment.
const (
	Interest = iota
	Principal
	tranches
)

// Books is what there must be at the end. Amounts are cents.
type Books struct {
	Custody int64 // at the custody bank
	Clients int64 // what clients have: investors, borrowers, escrow, unclaimed
	Own     int64 // at the platform's own bank, above its capital
	Fees    int64
	Cover   int64   // what the platform put up for the payment that was taken back
	Cash    []int64 // by investor

	Unclaimed int64 // lines of the one whose account takes no credit
	Loans     []Loan

	Credits    int64         // lines above zero
	Recalled   int64         // lines above zero of the payment that was taken back; they are among Credits
	Withdrawn  map[int]int64 // by investor who had everything paid out
	TakenBack  int64         // of the recalled payment, its fee included
	Missing    []Missing     // what holders could not give back
	Payments   int
	Bids       int
	Sales      int
	Unchanged  Distance // of registers whose units never changed
	Changed    Distance // of the others
	Checked    int      // loans whose carries were summed up as well
	Deposits   int64
	Everything int64 // all that was distributed
}

// Missing is what one holder could not give back.
type Missing struct {
	Investor int
	Amount   int64
}

// Loan is what the register of one loan must say.
type Loan struct {
	Investor  []int32 // by holder
	Units     []int32
	Paid      [tranches][]int64
	Sums      [tranches]int64
	Unclaimed int64
	Escrow    int64 // what is left of the bids
	Borrower  int64 // what is left at the borrower's
}

// Distance is how far somebody was from his exact share: Parts / Of cents. The largest one is kept.
type Distance struct{ Parts, Of uint64 }

// Widen keeps the larger of the two.
func (d *Distance) Widen(e Distance) {
	// Parts are a few thousand times Of, and Of a loan's units, so the products fit.
	if d.Of == 0 || e.Parts*d.Of > d.Parts*e.Of {
		*d = e
	}
}

// part is what one worker counts; the parts of all of them are added up.
type part struct {
	before, after []int64 // by investor: until the spenders are paid out, and from then on
	unclaimed     int64
	lines         []Missing // of the payment that is taken back
	books         Books
	work          []int64 // lines of one payment
}

// Count works everything out. done, if it is not nil, counts the loans that are finished.
func Count(m *market.Market, workers int, done *atomic.Int64) (*Books, error) {
	workers = max(1, min(workers, runtime.NumCPU()))
	loans := make([]Loan, len(m.Loans))
	parts, errs := make([]part, workers), make([]error, workers)
	var next atomic.Int64
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			p := &parts[w]
			p.before, p.after = make([]int64, m.Investors), make([]int64, m.Investors)
			for i := int(next.Add(1)) - 1; i < len(m.Loans) && errs[w] == nil; i = int(next.Add(1)) - 1 {
				if errs[w] = p.loan(m, m.Loans[i], &loans[i]); errs[w] != nil {
					errs[w] = fmt.Errorf("recount loan %d: %w", m.Loans[i].Number, errs[w])
				}
				if done != nil {
					done.Add(1)
				}
			}
		})
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return sum(m, loans, parts), nil
}

// loan counts a loan's whole life. In a script no two loans share anything but the investors' cash, and there only sums.
func (p *part) loan(m *market.Market, l *market.Loan, out *Loan) error {
	r, b := NewRegister(tranches), &p.books
	holder := map[int]int{}
	for _, bid := range m.Bids(l) {
		holder[bid.Investor] = len(out.Investor)
		out.Investor = append(out.Investor, int32(bid.Investor))
		r.Issue(uint64(bid.Units))
		p.before[bid.Investor] -= bid.Units * market.CentsPerUnit
		out.Escrow += bid.Units * market.CentsPerUnit
		b.Bids++
	}
	if r.Total != uint64(l.Units) {
		return fmt.Errorf("its bids sum to %d units, it has %d", r.Total, l.Units)
	}
	out.Escrow -= l.Amount() // which comes to the borrower and leaves him at once
	sales := m.Sales(l)
	var kept *Register
	for _, pay := range l.Payments {
		if kept != nil {
			r, kept = kept, nil
		}
		for len(sales) > 0 && sales[0].Month < pay.Month {
			if err := p.sell(m, r, sales[0], holder, out); err != nil {
				return err
			}
			sales = sales[1:]
		}
		if pay.Recalled {
			kept = r.Keep()
		}
		p.pay(m, r, pay, out)
	}
	for _, s := range sales {
		if err := p.sell(m, r, s, holder, out); err != nil {
			return err
		}
	}
	return p.close(l, r, out)
}

// pay counts one payment of a borrower.
func (p *part) pay(m *market.Market, r *Register, pay market.Payment, out *Loan) {
	p.work = append(p.work[:0], make([]int64, len(r.Units))...)
	r.Pay(Interest, pay.Split.Interest, p.work)
	r.Pay(Principal, pay.Split.Principal, p.work)
	p.books.Payments++
	p.books.Fees += pay.Split.Fee
	p.books.Everything += pay.Split.Interest + pay.Split.Principal
	out.Borrower += pay.Amount - pay.Split.Fee - pay.Split.Interest - pay.Split.Principal
	cash := p.before
	if pay.Month > m.RecallMonth() {
		cash = p.after
	}
	for i, line := range p.work {
		if line == 0 {
			continue
		}
		p.books.Credits++
		investor := int(out.Investor[i])
		away := investor == m.Frozen && pay.Month >= m.FreezeMonth
		switch {
		case pay.Recalled:
			// Who still has it gives it back; that is settled when everybody's balance is known.
			p.books.Recalled++
			p.lines = append(p.lines, Missing{investor, line})
		case away:
			out.Unclaimed += line
		}
		if away && !pay.Recalled {
			p.unclaimed += line
		} else if !away {
			cash[investor] += line
		}
	}
}

// sell counts units that move against money.
func (p *part) sell(m *market.Market, r *Register, s market.Sale, holder map[int]int, out *Loan) error {
	cash := p.before
	if s.Month >= m.RecallMonth() {
		cash = p.after
	}
	cash[s.Seller] += s.Price
	cash[s.Buyer] -= s.Price
	to, known := holder[s.Buyer]
	if !known {
		to = len(out.Investor)
		holder[s.Buyer] = to
		out.Investor = append(out.Investor, int32(s.Buyer))
		total := r.Total
		r.Issue(0)
		r.Total = total
	}
	p.books.Sales++
	return r.Move(holder[s.Seller], to, uint64(s.Units))
}

// close hands a loan's register over and notes how far its holders are from their exact shares.
func (p *part) close(l *market.Loan, r *Register, out *Loan) error {
	if err := r.Sound(); err != nil {
		return err
	}
	p.books.Checked++
	for _, u := range r.Units {
		out.Units = append(out.Units, int32(u))
	}
	worst := &p.books.Unchanged
	if l.Traded() {
		worst = &p.books.Changed
	}
	for t := range r.Tranches {
		out.Paid[t], out.Sums[t] = r.Tranches[t].Paid, r.Tranches[t].Sum
		for h := range r.Units {
			worst.Widen(Distance{r.Off(t, h), r.Total})
		}
	}
	return nil
}

// sum adds the workers' parts up and settles what needs everybody's balance.
func sum(m *market.Market, loans []Loan, parts []part) *Books {
	b := &Books{
		Loans: loans, Cash: make([]int64, m.Investors),
		Withdrawn: map[int]int64{},
	}
	var lines []Missing
	for i := range b.Cash {
		b.Cash[i] = m.Deposit(i)
		b.Deposits += b.Cash[i]
		for w := range parts {
			b.Cash[i] += parts[w].before[i]
		}
	}
	for w := range parts {
		p := &parts[w]
		b.Unclaimed += p.unclaimed
		b.Fees += p.books.Fees
		b.Credits += p.books.Credits
		b.Recalled += p.books.Recalled
		b.Payments += p.books.Payments
		b.Bids += p.books.Bids
		b.Sales += p.books.Sales
		b.Checked += p.books.Checked
		b.Everything += p.books.Everything
		b.Unchanged.Widen(p.books.Unchanged)
		b.Changed.Widen(p.books.Changed)
		lines = append(lines, p.lines...)
	}
	b.recall(m, lines)
	for i := range b.Cash {
		for w := range parts {
			b.Cash[i] += parts[w].after[i]
		}
		b.Clients += b.Cash[i]
	}
	b.Clients += b.Unclaimed
	for i := range loans {
		b.Clients += loans[i].Escrow + loans[i].Borrower
	}
	b.Own = b.Fees - b.Cover
	b.custody(m)
	return b
}

// custody follows the money that came to and went from the custody bank, without a look at what anybody has.
func (b *Books) custody(m *market.Market) {
	b.Custody = b.Deposits - b.Own
	for _, l := range m.Loans {
		b.Custody -= l.Amount()
		for _, p := range l.Payments {
			b.Custody += p.Amount
			if p.Recalled {
				b.Custody -= p.Amount
			}
		}
	}
	for _, amount := range b.Withdrawn {
		b.Custody -= amount
	}
}

// recall takes one payment back from those who still have it.
func (b *Books) recall(m *market.Market, lines []Missing) {
	if m.Recalled == nil {
		return
	}
	for _, i := range m.Spenders() {
		b.Withdrawn[i] = b.Cash[i]
		b.Cash[i] = 0
	}
	for _, l := range lines {
		given := l.Amount
		if l.Investor != m.Frozen {
			// The frozen one's line lies unclaimed and is taken from there, in full.
			given = min(l.Amount, max(0, b.Cash[l.Investor]))
			b.Cash[l.Investor] -= given
		}
		b.TakenBack += given
		if given < l.Amount {
			b.Missing = append(b.Missing, Missing{l.Investor, l.Amount - given})
			b.Cover += l.Amount - given
		}
	}
	for _, p := range m.Recalled.Payments {
		if p.Recalled {
			b.TakenBack += p.Split.Fee
			b.Fees -= p.Split.Fee
		}
	}
}
