package market

import (
	"fmt"
	"slices"
)

// Market is the whole script. Months count from 0.
type Market struct {
	Loans     []*Loan
	Investors int
	Months    int // after the last of them nothing happens

	// How much there is to do.
	TotalBids, TotalPayments int64

	Frozen      int   // the investor whose account takes no credit
	FreezeMonth int   // from this month on
	Recalled    *Loan // one payment of this loan is taken back; nil if no loan is long enough

	deposits []int64
	sales    map[*Loan][]Sale
	spenders map[int]bool
}

// Payment is one that a borrower makes.
type Payment struct {
	Month    int
	Number   int // of the installment, from 1
	Amount   int64
	Split    Split
	Recalled bool // it is taken back in the same month
	Again    bool // it is made a second time, after it was taken back
}

// Bid buys units of a loan that is listed.
type Bid struct {
	Investor int
	Units    int64
}

// Sale moves units from one investor to another against money.
type Sale struct {
	Month         int
	Seller, Buyer int
	Units         int64
	Price         int64
}

const (
	// Loans are listed over a year, so that the months are not all alike.
	listingMonths = 12
	// Each loan finds a thousand bidders and up to 24 more; with MaxBids they fit in one batch of commands.
	usualBids = 1_000
	moreBids  = 25
	MaxBids   = usualBids + moreBids - 1
	// An investor's account is frozen, and a payment recalled, when all loans run.
	freezeAt = 14
	recallAt = 16
	// One loan in ten is traded: one in fifty of its holders sells.
	tradedOf   = 10
	tradedIs   = 3
	sellersOf  = 50
	spendersOf = 3
)

// New works the script out.
func New(loans []*Loan, investors int) (*Market, error) {
	const fewest, most = 10, 1_000_000
	if investors < fewest || investors > most {
		return nil, fmt.Errorf("%d investors: the play takes %d to %d", investors, fewest, most)
	}
	m := &Market{Loans: loans, Investors: investors, FreezeMonth: freezeAt, spenders: map[int]bool{}, sales: map[*Loan][]Sale{}}
	for i, l := range loans {
		l.Listed = i * listingMonths / len(loans)
		l.Stops = l.Term
		if l.Bad {
			l.Stops = int(chanceOf(aboutStops, l.Number).below(int64(l.Term)))
		}
		m.Months = max(m.Months, l.Listed+l.Term+1)
	}
	m.Months = max(m.Months, recallAt+2)
	m.Recalled = m.recalled()
	for _, l := range loans {
		l.Payments = m.payments(l)
	}
	m.people()
	m.fund()
	return m, nil
}

// recalled picks the first loan that is paid long enough and is not traded: its register must be as it was when the
// payment is undone.
func (m *Market) recalled() *Loan {
	for _, l := range m.Loans {
		if first := l.Listed + 1; first <= recallAt && l.Stops > recallAt-l.Listed && !l.Traded() {
			return l
		}
	}
	return nil
}

func (m *Market) payments(l *Loan) []Payment {
	var list []Payment
	for i, due := range Schedule(l.Amount(), l.Rate, l.Term)[:l.Stops] {
		p := Payment{Month: l.Listed + 1 + i, Number: i + 1, Amount: due.Interest + due.Principal, Split: due.Split()}
		if p.Amount == 0 {
			continue // the roundings have paid a tiny loan off before its last month
		}
		if l != m.Recalled || p.Month != recallAt {
			list = append(list, p)
			continue
		}
		again := p
		p.Recalled = true
		again.Again = true
		again.Month++
		list = append(list, p, again)
	}
	return list
}

// people picks the investor who is frozen, a holder of the second loan, and those who have spent the payment that is
// taken back.
func (m *Market) people() {
	second := m.Loans[min(1, len(m.Loans)-1)]
	m.Frozen = m.Bids(second)[0].Investor
	if m.Recalled == nil {
		return
	}
	for i, b := range m.Bids(m.Recalled) {
		if i%spendersOf == 0 && b.Investor != m.Frozen {
			m.spenders[b.Investor] = true
		}
	}
}

// Spenders are the investors who have everything paid out just before the payment is taken back.
func (m *Market) Spenders() []int {
	list := make([]int, 0, len(m.spenders))
	for i := range m.spenders {
		list = append(list, i)
	}
	slices.Sort(list)
	return list
}

// RecallMonth is when that happens.
func (m *Market) RecallMonth() int { return recallAt }

// Bids are the loan's, in the order in which they come. No investor bids twice.
func (m *Market) Bids(l *Loan) []Bid {
	c := chanceOf(aboutBids, l.Number)
	people := int64(m.Investors)
	n := min(usualBids+c.below(moreBids), l.Units, people-people/4)
	investor, stride := c.below(people), 1+c.below(people-1)
	for common(stride, people) > 1 {
		stride = 1 + stride%(people-1)
	}
	// Everyone takes one unit; the rest is divided by weights, for there are small and large investors.
	weights, total := make([]int64, n), int64(0)
	for i := range weights {
		w := 1 + c.below(10)
		weights[i] = w * w * w
		total += weights[i]
	}
	bids, left := make([]Bid, n), l.Units-n
	for i := range bids {
		more := (l.Units - n) * weights[i] / total
		bids[i] = Bid{Investor: int(investor), Units: 1 + more}
		left -= more
		investor = (investor + stride) % people
	}
	for i := range left {
		bids[i%n].Units++
	}
	return bids
}

func common(a, b int64) int64 {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Traded reports whether some holders of the loan sell. Registers of other loans never change their units.
func (l *Loan) Traded() bool {
	return l.Number%tradedOf == tradedIs && l.Stops > l.Term/2
}

// Sales are those of the loan.
func (m *Market) Sales(l *Loan) []Sale { return m.sales[l] }

// sell works out a loan's sales, half way through its term, at the principal that is outstanding.
func (m *Market) sell(l *Loan) []Sale {
	if !l.Traded() {
		return nil
	}
	half := l.Term / 2
	outstanding := l.Amount()
	for _, due := range Schedule(l.Amount(), l.Rate, l.Term)[:half] {
		outstanding -= due.Principal
	}
	c := chanceOf(aboutBuyers, l.Number)
	var list []Sale
	for i, b := range m.Bids(l) {
		if i%sellersOf != 0 || b.Investor == m.Frozen {
			continue
		}
		units := b.Units
		if i/sellersOf%2 == 1 {
			units = (units + 1) / 2
		}
		// A single holder's units are far below 10^9 and so are a loan's cents.
		price := max(1, units*outstanding/l.Units)
		list = append(list, Sale{Month: l.Listed + half, Seller: b.Investor, Buyer: m.buyer(c, b.Investor), Units: units, Price: price})
	}
	return list
}

// buyer is anybody but the seller, the frozen one and those who have had their money paid out.
func (m *Market) buyer(c *chance, seller int) int {
	at := int(c.below(int64(m.Investors)))
	for range m.Investors {
		if at != seller && at != m.Frozen && !m.spenders[at] {
			break
		}
		at = (at + 1) % m.Investors
	}
	return at
}

// fund gives every investor a deposit that covers all his bids and purchases, rounded up to fifty dollars and more.
func (m *Market) fund() {
	m.deposits = make([]int64, m.Investors)
	for _, l := range m.Loans {
		bids := m.Bids(l)
		m.TotalBids += int64(len(bids))
		m.TotalPayments += int64(len(l.Payments))
		for _, b := range bids {
			m.deposits[b.Investor] += b.Units * CentsPerUnit
		}
		m.sales[l] = m.sell(l)
		for _, s := range m.sales[l] {
			m.deposits[s.Buyer] += s.Price
		}
	}
	const step = 50_00
	for i, need := range m.deposits {
		m.deposits[i] = (need+step-1)/step*step + step*(1+chanceOf(aboutDeposits, i).below(4))
	}
}

// Deposit is what the investor pays in at first, in cents.
func (m *Market) Deposit(investor int) int64 { return m.deposits[investor] }

// Fees are what the platform earns in a month, in cents: what it keeps of the payments, less what it gave back.
func (m *Market) Fees(month int) (sum int64) {
	for _, l := range m.Loans {
		for _, p := range l.Payments {
			if p.Month == month && !p.Recalled {
				sum += p.Split.Fee
			}
		}
	}
	return sum
}
