package recount

import (
	"math/big"
	"slices"
)

// What the product says, once more and by hand: see product/loan.yaml. Rates are so many in a thousand.
const (
	originationRate = 20 // of what is lent, half for the platform, half for the reserve
	serviceRate     = 10 // of every payment to investors, from its interest first
	earlyRate       = 10 // of what is outstanding, from who closes his loan early
	earlyMost       = 500_00
	transferRate    = 2 // of the price, from the seller

	penaltyPart  = 5 // of ten thousand a day
	penaltyWhole = 10_000
	penaltyGrace = 3   // days
	penaltyCap   = 240 // of a thousand of the row
)

// perYear turns a rate in hundredths of a percent a year into one a month: 12 months × 100 percent × 100 hundredths.
const perYear = 120_000

// The components of what is owed.
const (
	Penalty = iota
	Fee
	Interest
	Principal
	components
)

// Split is an amount by component, in cents.
type Split [components]int64

// Total is the sum of the components.
func (s Split) Total() (sum int64) {
	for _, x := range s {
		sum += x
	}
	return sum
}

// Terms are what was agreed of one loan.
type Terms struct {
	Amount int64 // cents
	Rate   int64 // hundredths of a percent a year
	Months int
	Start  Day // when it was paid out
}

// Payment is money that a borrower paid.
type Payment struct {
	On     Day // from which it counts
	Amount int64
	Closes bool // it pays all that closes the loan on its day
}

// Row is a row of the schedule with what was paid of it.
type Row struct {
	From, Due Day
	Owed      Split
	Paid      Split

	until   Day   // penalties are counted until here
	weight  int64 // cents times days
	charged int64
}

func (r *Row) open(c int) int64 { return r.Owed[c] - r.Paid[c] }

// Open is what is not paid of the row.
func (r *Row) Open() int64 { return r.Owed.Total() - r.Paid.Total() }

// State is how a loan stands on a day.
type State struct {
	Rows   []Row
	Splits []Split // of the payments, in the order in which they became known
	Over   int64   // paid beyond everything
}

// EqualInstallment is what is paid each month (等额本息): with i the rate of a month,
//
//	amount · i · (1+i)^months / ((1+i)^months − 1),
//
// worked out exactly and rounded half-even once.
func (t Terms) EqualInstallment() int64 {
	if t.Rate == 0 {
		return part(t.Amount, 1, int64(t.Months))
	}
	months := big.NewInt(int64(t.Months))
	grown := new(big.Int).Exp(big.NewInt(perYear+t.Rate), months, nil) // (1+i)^months, over the next
	whole := new(big.Int).Exp(big.NewInt(perYear), months, nil)
	up := new(big.Int).Mul(product(t.Amount, t.Rate), grown)
	down := new(big.Int).Sub(grown, whole)
	return halfEven(up, down.Mul(down, big.NewInt(perYear)))
}

// schedule makes the rows. Interest ends on a day, if the loan is closed on it: the row under way bears its part by days.
func (t Terms) schedule(closed *Payment) []Row {
	rows := make([]Row, 0, t.Months)
	equal, left, stopped := t.EqualInstallment(), t.Amount, false
	for k := range t.Months {
		r := Row{From: t.Start.months(k), Due: t.Start.months(k + 1)}
		r.until = r.Due
		interest := part(left, t.Rate, perYear)
		if stopped {
			interest = 0
		} else if closed != nil && closed.On <= r.Due {
			stopped = true
			interest = t.borne(left, r.From, closed.On, r.Due)
		}
		r.Owed[Interest] = interest
		r.Owed[Principal] = min(max(equal-interest, 0), left)
		if k == t.Months-1 {
			r.Owed[Principal] = left
		}
		left -= r.Owed[Principal]
		rows = append(rows, r)
		if left == 0 {
			break
		}
	}
	return rows
}

// borne is the interest of a row from its beginning to a day of it.
func (t Terms) borne(left int64, from, on, due Day) int64 {
	return halfEven(product(left, t.Rate, int64(on-from)), product(perYear, int64(due-from)))
}

// Replay is the loan as of a day, after payments in the order in which they became known. They count in the order of
// their dates, each pays the rows one after the other: penalty, fee, interest, principal.
func (t Terms) Replay(payments []Payment, on Day) *State {
	order := make([]int, len(payments))
	var closed *Payment
	for i := range payments {
		order[i] = i
		if payments[i].Closes {
			closed = &payments[i]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(payments[a].On - payments[b].On) })
	s := &State{Rows: t.schedule(closed), Splits: make([]Split, len(payments))}
	if closed != nil {
		s.charge(closed.On, t.closing(payments, closed))
	}
	last := on
	for _, i := range order {
		p := &payments[i]
		s.late(p.On)
		amount := p.Amount
		if p.Closes {
			amount = s.Outstanding().Total()
		}
		s.Splits[i] = s.pay(amount)
		s.Over += amount - s.Splits[i].Total()
		last = max(last, p.On)
	}
	s.late(last)
	return s
}

// closing is the fee for closing early; nothing on the last due date and after it.
func (t Terms) closing(payments []Payment, closed *Payment) int64 {
	if closed.On >= t.Start.months(t.Months) {
		return 0
	}
	before := slices.DeleteFunc(slices.Clone(payments), func(p Payment) bool { return p.Closes })
	return min(part(t.Replay(before, closed.On).Outstanding()[Principal], earlyRate, 1_000), earlyMost)
}

// charge adds a fee to the first row that is due on a day or later.
func (s *State) charge(on Day, fee int64) {
	for i := range s.Rows {
		if s.Rows[i].Due >= on || i == len(s.Rows)-1 {
			s.Rows[i].Owed[Fee] += fee
			return
		}
	}
}

// late charges what late rows cost until a day, before the money of that day counts.
func (s *State) late(on Day) {
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.Due >= on {
			return
		}
		open := r.open(Interest) + r.open(Principal)
		if open <= 0 {
			r.until = max(r.until, on)
			continue
		}
		if on-r.Due <= penaltyGrace || on <= r.until {
			continue
		}
		r.weight += int64(on-r.until) * open
		r.until = on
		x := part(r.weight, penaltyPart, penaltyWhole)
		x = min(x, part(r.Owed[Interest]+r.Owed[Principal], penaltyCap, 1_000))
		if x > r.charged {
			r.Owed[Penalty] += x - r.charged
			r.charged = x
		}
	}
}

// pay divides an amount among the rows.
func (s *State) pay(left int64) (split Split) {
	for i := range s.Rows {
		for c := range components {
			x := min(left, s.Rows[i].open(c))
			s.Rows[i].Paid[c] += x
			split[c] += x
			left -= x
		}
		if left == 0 {
			break
		}
	}
	return split
}

// Outstanding is what is not paid of all rows.
func (s *State) Outstanding() (sum Split) {
	for i := range s.Rows {
		for c := range components {
			sum[c] += s.Rows[i].open(c)
		}
	}
	return sum
}

// Due is what is due until a day, it included, and not paid.
func (s *State) Due(on Day) (sum int64) {
	for i := range s.Rows {
		if s.Rows[i].Due <= on {
			sum += s.Rows[i].Open()
		}
	}
	return sum
}

// Accrued is the interest that the row under way has borne until a day and that is neither due nor paid yet.
func (t Terms) Accrued(s *State, on Day) int64 {
	left := t.Amount
	for i, r := range t.schedule(nil) {
		if r.From <= on && on < r.Due {
			return max(0, t.borne(left, r.From, on, r.Due)-s.Rows[i].Paid[Interest])
		}
		left -= r.Owed[Principal]
	}
	return 0
}
