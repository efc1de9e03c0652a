package portfolio

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/rate"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// MaxHoldings is the most holdings of one investor that are looked at.
const MaxHoldings = 10_000

// Payment is what all holders of a loan got, or are to get, on a day.
type Payment struct {
	Date      day.Date
	Sequence  uint64 // of the command that paid it; 0 for what is to come
	Principal int64
	Other     int64 // interest and charges
	Interest  int64 // of these
}

// Taken is what fees take from lines, in millionths.
type Taken struct{ Principal, Interest uint32 }

// Loan is a loan on the day of the portfolio.
type Loan struct {
	ID          id.ID
	Borrower    id.ID
	Grade       string
	Region      string
	Register    string // in the ledger
	State       claim.State
	Outstanding int64           // principal that is the holders'
	Accrued     int64           // interest that is neither due nor paid yet
	Unpaid      int64           // interest and charges due and not paid
	Late        int64           // of these interest
	Paid        []Payment       // by sequence
	Due         []Payment       // by date: what the schedule says of today and later, and what is overdue, as of today
	Taken       map[uint8]Taken // by class of units; none: nothing
}

// Change is what an investor did: a bid that was funded, a purchase, a sale, as when the whole is taken over.
type Change struct {
	Date     day.Date
	Sequence uint64
	Units    int64 // that came, or went
	Money    int64 // that he got, or paid
}

// Holding is what an investor has, or had, of a loan.
type Holding struct {
	Loan    *Loan
	Changes []Change // by sequence
	// As the ledger has them.
	Units     uint64
	Class     uint8
	Of        uint64 // units of the loan in all
	Principal int64  // paid to him so far
	Other     int64
}

// Input is all that a portfolio follows from.
type Input struct {
	On       day.Date
	Cash     int64
	InBids   int64
	Holdings []Holding
}

// Flow is what is to come on a day.
type Flow struct {
	Date      day.Date
	Principal int64
	Other     int64
}

// Part is the part of the money that is in one place.
type Part struct {
	In       string // grade, region or borrower
	Loans    int
	Invested int64
}

// Claim is what the investor has of one loan. Loan is its id.
type Claim struct {
	Loan      id.ID
	State     claim.State
	Units     uint64
	Of        uint64
	Invested  int64
	Accrued   int64
	Unpaid    int64
	Lost      int64
	Principal int64 // paid to him so far
	Other     int64
}

// Portfolio is what an investor has.
type Portfolio struct {
	On        day.Date
	Cash      int64
	InBids    int64
	Invested  int64 // his part of the principal that is outstanding, loan by loan half even
	Accrued   int64 // his part of the interest that is neither due nor paid yet, loan by loan rounded down
	Unpaid    int64 // his part of interest and charges that are due and not paid, loan by loan rounded down
	Lost      int64 // his part of the principal of loans that were written off: it is not invested any more
	Earned    int64 // interest and charges paid to him, exact
	Repaid    int64 // principal paid to him, exact
	Paid      int64 // for bids and purchases
	Sold      int64 // got for claims
	Expected  []Flow
	Rate      *float64 // a year, actual/365; nil where there is none
	Why       string   // there is none
	Claims    []Claim  // that he has now
	Grades    []Part
	Regions   []Part
	Borrowers []Part
}

// Of works out a portfolio.
func Of(in *Input) (*Portfolio, error) {
	if len(in.Holdings) > MaxHoldings {
		return nil, errs.TooLarge.Errorf("%d holdings, at most %d are looked at", len(in.Holdings), MaxHoldings)
	}
	s := &sums{Portfolio: Portfolio{On: in.On, Cash: in.Cash, InBids: in.InBids}, flows: map[day.Date]float64{}, expected: map[day.Date]Flow{}}
	s.where = [3]map[string]*Part{{}, {}, {}}
	for i := range in.Holdings {
		if err := s.add(&in.Holdings[i]); err != nil {
			return nil, fmt.Errorf("holding of loan %s: %w", in.Holdings[i].Loan.ID, err)
		}
	}
	for _, f := range s.expected {
		s.Expected = append(s.Expected, f)
	}
	slices.SortFunc(s.Expected, func(a, b Flow) int { return cmp.Compare(a.Date, b.Date) })
	s.Grades, s.Regions, s.Borrowers = parts(s.where[0]), parts(s.where[1]), parts(s.where[2])
	return &s.Portfolio, s.rate()
}

// sums are a portfolio under way.
type sums struct {
	Portfolio
	flows    map[day.Date]float64
	expected map[day.Date]Flow
	where    [3]map[string]*Part
}

func (s *sums) add(h *Holding) error {
	if h.Of == 0 {
		return errors.New("the loan has no units")
	}
	s.Earned += h.Other
	s.Repaid += h.Principal
	s.past(h)
	if h.Units == 0 {
		return nil
	}
	l := h.Loan
	invested, err := amount.HalfEven.MulDiv(l.Outstanding, h.Units, h.Of)
	if err != nil {
		return err
	}
	accrued, err := h.part(l.Accrued, l.Accrued, h.taken().Interest)
	if err != nil {
		return err
	}
	unpaid, err := h.part(l.Unpaid, l.Late, h.taken().Interest)
	if err != nil {
		return err
	}
	lost := int64(0)
	if l.State == claim.WrittenOff {
		lost, invested, accrued, unpaid = invested, 0, 0, 0
	}
	s.Invested += invested
	s.Accrued += accrued
	s.Unpaid += unpaid
	s.Lost += lost
	s.Claims = append(s.Claims, Claim{l.ID, l.State, h.Units, h.Of, invested, accrued, unpaid, lost, h.Principal, h.Other})
	for i, in := range []string{l.Grade, l.Region, l.Borrower.String()} {
		p := s.where[i][in]
		if p == nil {
			p = &Part{In: in}
			s.where[i][in] = p
		}
		p.Loans++
		p.Invested += invested
	}
	return s.future(h)
}

// past gathers what he paid and got, each payment by the units that he had when it was made.
func (s *sums) past(h *Holding) {
	units, next := int64(0), 0
	change := func(c *Change) {
		units += c.Units
		s.flows[c.Date] += float64(c.Money)
		if c.Money < 0 {
			s.Paid -= c.Money
		} else {
			s.Sold += c.Money
		}
	}
	all, taken := float64(h.Of), h.taken()
	for i := range h.Loan.Paid {
		p := &h.Loan.Paid[i]
		for ; next < len(h.Changes) && h.Changes[next].Sequence < p.Sequence; next++ {
			change(&h.Changes[next])
		}
		if units > 0 {
			fees := (float64(p.Principal)*float64(taken.Principal) + float64(p.Interest)*float64(taken.Interest)) / million
			s.flows[p.Date] += (float64(p.Principal+p.Other) - fees) * float64(units) / all
		}
	}
	for ; next < len(h.Changes); next++ {
		change(&h.Changes[next])
	}
}

// million is what rates of fees are counted in.
const million = 1_000_000

// taken is what fees take from the investor's lines.
func (h *Holding) taken() Taken { return h.Loan.Taken[h.Class] }

// part is the investor's part of what holders get, rounded down, less what fees take at a rate of some of it.
func (h *Holding) part(x, some int64, rate uint32) (int64, error) {
	part, err := amount.Down.MulDiv(x, h.Units, h.Of)
	if err != nil || rate == 0 {
		return part, err
	}
	of, err := amount.Down.MulDiv(some, h.Units, h.Of)
	if err != nil {
		return 0, err
	}
	fee, err := amount.Down.MulDiv(of, uint64(rate), million)
	return part - fee, err
}

// future gathers what is to come, his part of each payment rounded down.
func (s *sums) future(h *Holding) error {
	for i := range h.Loan.Due {
		p := &h.Loan.Due[i]
		principal, err := h.part(p.Principal, p.Principal, h.taken().Principal)
		if err != nil {
			return err
		}
		other, err := h.part(p.Other, p.Interest, h.taken().Interest)
		if err != nil {
			return err
		}
		f := s.expected[p.Date]
		s.expected[p.Date] = Flow{p.Date, f.Principal + principal, f.Other + other}
	}
	return nil
}

// rate is what his money has earned a year so far, with what he has now counted as if it were paid today.
func (s *sums) rate() error {
	s.flows[s.On] += float64(s.Invested + s.Accrued)
	list := make([]rate.Flow, 0, len(s.flows))
	for on, x := range s.flows {
		if x != 0 {
			list = append(list, rate.Flow{Date: on, Amount: x})
		}
	}
	slices.SortFunc(list, func(a, b rate.Flow) int { return cmp.Compare(a.Date, b.Date) })
	if len(list) < 2 {
		s.Why = "nothing was invested before today"
		return nil
	}
	r, err := rate.XIRR(list, daycount.Act365Fixed)
	switch {
	case errors.Is(err, rate.ErrNone) || errors.Is(err, rate.ErrHard):
		s.Why = err.Error()
		return nil
	case err != nil:
		return err
	}
	s.Rate = &r
	return nil
}

// parts lists the largest first.
func parts(m map[string]*Part) []Part {
	list := make([]Part, 0, len(m))
	for _, p := range m {
		list = append(list, *p)
	}
	slices.SortFunc(list, func(a, b Part) int { return cmp.Or(cmp.Compare(b.Invested, a.Invested), cmp.Compare(a.In, b.In)) })
	return list
}
