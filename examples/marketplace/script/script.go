// Package script is what the play plays: which loans there are, who funds them and how, when each borrower pays, and what
// goes wrong. Everything follows from the loan file, the number of investors and a seed, so two runs are the same.
//
// The package knows nothing of Longmen, and no amount that follows from a contract.
package script

import (
	"fmt"

	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/marketplace/product"
)

// YuanPerDollar: amounts of the loan file are read as yuan, multiplied, so that half of the loans can have a thousand
// funders at 100 yuan.
const YuanPerDollar = 7

// Script is the whole of it. Months count from 0.
type Script struct {
	Seed      int
	Products  []product.Product
	Loans     []*Loan
	Investors []Investor
	Months    int // after the last of them nothing happens
}

// Loan is one borrower's.
type Loan struct {
	Number int   // row of the file, from 1
	Yuan   int64 // amount
	Rate   int64 // hundredths of a percent a year
	Months int
	Bad    bool

	Product string
	Grade   string // of the product
	Score   int    // of the borrower
	Refused bool   // he first says that he earns less than he does, and is refused

	Listed int  // the month in which it is applied for, funded and paid out
	Burst  bool // it is funded by a burst of single bids, not by mandates
	Stops  int  // after so many months nothing more is paid; Months if it is repaid
	Ahead  int  // in this month much is paid in advance, 0: never
	Closes int  // in this month it is closed early, 0: never
	Traded bool // claims on it are sold
}

// Investor is somebody who funds loans.
type Investor struct {
	PerLoan int64 // yuan: most that his mandate puts into one loan
	Budget  int64 // yuan: of his mandate, and what he pays in
}

// Listings is how many months have new loans.
const Listings = 12

const (
	// Bursts are made by the first of the investors, who have logins of their own.
	logins = 400
	// A loan that is funded by single bids has about so many.
	burstBids = 400
	ahead     = 10 // one loan in ten pays much in advance once
	closes    = 7  // one in seven is closed early
	traded    = 5  // of one in five claims are sold
	// It takes so many months until everything has happened to a loan that is not paid any more.
	afterwards = 14
	refused    = 20 // one borrower in twenty is refused at first
)

// New works the script out for the first loans of a list.
func New(list []*market.Loan, investors, seed int) (*Script, error) {
	const fewest, most = 20, 100_000
	if investors < fewest || investors > most {
		return nil, fmt.Errorf("%d investors: the play takes %d to %d", investors, fewest, most)
	}
	s := &Script{Seed: seed, Products: product.All(list)}
	for i, row := range list {
		p, grade := product.Find(s.Products, row)
		l := &Loan{
			Number: row.Number, Yuan: row.Units * YuanPerDollar, Rate: row.Rate, Months: row.Term, Bad: row.Bad,
			Product: p.Code, Grade: grade.Code, Score: grade.Score, Refused: i%refused == refused/2, Listed: i * Listings / len(list),
		}
		s.fate(l)
		s.Loans = append(s.Loans, l)
		s.Months = max(s.Months, l.Listed+l.Months+1)
		if l.Bad {
			s.Months = max(s.Months, l.Listed+l.Stops+afterwards)
		}
	}
	s.people(investors)
	return s, nil
}

// fate decides what becomes of a loan.
func (s *Script) fate(l *Loan) {
	c := s.chance(aboutBorrower, l.Number, 0)
	l.Burst = l.Months > 36
	l.Stops = l.Months
	stops, much, end, sold := c.below(l.Months), 2+c.below(l.Months-6), 3+c.below(l.Months-6), c.below(traded)
	switch {
	case l.Bad:
		l.Stops = stops
	case c.below(closes) == 0:
		l.Closes = end
	case c.below(ahead) == 0:
		l.Ahead = much
	}
	l.Traded = sold == 0 && !l.Bad
}

// people gives investors mandates that can fund all loans together, and each of them alone.
func (s *Script) people(n int) {
	var lent, largest, sum int64
	for _, l := range s.Loans {
		lent += l.Yuan
		largest = max(largest, l.Yuan)
	}
	s.Investors = make([]Investor, n)
	for i := range s.Investors {
		per := []int64{100, 100, 100, 100, 100, 100, 200, 200, 200, 500}[s.chance(aboutInvestor, i, 0).below(10)]
		s.Investors[i].PerLoan = per
		sum += per
	}
	const room, slack = 110, 170 // of a hundred
	scale := max(1, (largest*room/100+sum-1)/sum)
	for i := range s.Investors {
		v := &s.Investors[i]
		budget := lent * slack / 100 * v.PerLoan / sum
		v.PerLoan *= scale
		v.Budget = (budget/1_000+1+int64(s.chance(aboutInvestor, i, 1).below(5)))*1_000 + v.PerLoan
	}
}

// Logins is how many of the investors bid and trade by themselves: the first ones.
func (s *Script) Logins() int { return min(logins, len(s.Investors)) }

// Bid is a part of a loan that somebody bids for by himself.
type Bid struct {
	Investor int
	Yuan     int64
}

// TooLate is how many bids more than can be had come at the end of a burst.
const TooLate = 3

// Bids are a burst's, in their order: the first ones make up the loan, the last TooLate find it sold out.
func (s *Script) Bids(l *Loan) []Bid {
	c := s.chance(aboutBids, l.Number, 0)
	people := s.Logins()
	n := min(burstBids, people*3/4, int(l.Yuan/100))
	at, stride := c.below(people), 1+c.below(people-1)
	for common(stride, people) > 1 {
		stride = 1 + stride%(people-1)
	}
	bids, left := make([]Bid, 0, n+TooLate), l.Yuan
	for i := range n + TooLate {
		// About what is left for each, in hundreds.
		each := (left/int64(max(n-i, 1)) + 50) / 100 * 100
		yuan := max(each+100*int64(c.below(3)-1), 100)
		if i < n {
			// What is left for the others must be enough for the smallest bids.
			yuan = min(yuan, left-100*int64(n-1-i))
			if i == n-1 {
				yuan = left
			}
			left -= yuan
		}
		bids = append(bids, Bid{at, yuan})
		at = (at + stride) % people
	}
	return bids
}

func common(a, b int) int {
	for b > 0 {
		a, b = b, a%b
	}
	return a
}

// Deposits are what the investors pay in, in yuan: what his mandate may invest, what he bids for, and something for the
// claims that he buys.
func (s *Script) Deposits() []int64 {
	list := make([]int64, len(s.Investors))
	for i := range s.Investors {
		list[i] = s.Investors[i].Budget
	}
	for _, l := range s.Loans {
		if l.Burst {
			for _, b := range s.Bids(l) {
				list[b.Investor] += b.Yuan
			}
		}
		for month := range s.Months {
			for _, x := range s.Sales(l, month) {
				list[x.Buyer] += l.Yuan / 5
			}
		}
	}
	return list
}

// Recovers is how much of what is owed is recovered of a loan that was written off, in tenths.
func (s *Script) Recovers(l *Loan) int64 {
	return 2 + int64(s.chance(aboutRecovery, l.Number, 0).below(4))
}
