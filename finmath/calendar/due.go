package calendar

import (
	"errors"
	"fmt"

	"github.com/longmen/longmen/finmath/day"
)

// Unit is the unit of a frequency.
type Unit uint8

// The units.
const (
	Days Unit = iota
	Weeks
	Months
	Years
)

// Frequency is every N units, e.g. every 2 weeks.
type Frequency struct {
	N    int
	Unit Unit
}

// MaxDates is the most dates a list may have: 30 years of weeks and more, or of days for five and a half.
const MaxDates = 2000

// ErrFrequency says that dates cannot be listed this way.
var ErrFrequency = errors.New("due dates not valid")

// Months is the frequency in months, 0 for days and weeks.
func (f Frequency) Months() int {
	switch f.Unit {
	case Months:
		return f.N
	case Years:
		return 12 * f.N
	}
	return 0
}

// Check says whether dates can be counted with this frequency.
func (f Frequency) Check() error {
	if f.N < 1 || f.N > 3660 || f.Unit > Years {
		return fmt.Errorf("%w: every %d units of kind %d; take 1 to 3660 days, weeks, months or years", ErrFrequency, f.N, f.Unit)
	}
	return nil
}

// From is the date k periods after a seed (before it for a negative k). Months end where they end: a seed of the 31st
// gives the 30th in a short month and the 31st again in the next long one.
func (f Frequency) From(seed day.Date, k int) day.Date {
	switch f.Unit {
	case Days:
		return seed + day.Date(k*f.N)
	case Weeks:
		return seed + day.Date(7*k*f.N)
	}
	return seed.AddMonths(k * f.Months())
}

// Anchor says where the dates of a month lie when they don't follow a seed.
type Anchor uint8

// The anchors.
const (
	OnSeed     Anchor = iota // on the seed's day
	MonthStart               // on the first of the next month ("pro-rated, start of next month")
	MonthEnd                 // on the last of the month ("pro-rated, end of current month")
)

// Due says which dates fall due.
type Due struct {
	Start    day.Date  // where the first period begins; no date lies on or before it
	First    *day.Date // the first due date; it is the seed of the others
	Seed     *day.Date // counted from instead of Start when there is no First
	Every    Frequency
	MinFirst int // a first date nearer to Start than so many days moves to Start + MinFirst and becomes the seed
	Anchor   Anchor
}

// Dates lists the first n due dates, before any move for holidays.
func (d Due) Dates(n int) ([]day.Date, error) {
	if err := d.Every.Check(); err != nil {
		return nil, err
	}
	if n < 1 || n > MaxDates {
		return nil, fmt.Errorf("%w: %d dates, take 1 to %d", ErrFrequency, n, MaxDates)
	}
	if d.MinFirst < 0 || d.MinFirst > 3660 {
		return nil, fmt.Errorf("%w: at least %d days to the first date, take 0 to 3660", ErrFrequency, d.MinFirst)
	}
	dates, err := d.list(n)
	if err != nil {
		return nil, err
	}
	if last := dates[n-1]; last > day.Max || last < day.Min {
		return nil, fmt.Errorf("%w: the last one lies outside of %s to %s", ErrFrequency, day.Min, day.Max)
	}
	return dates, nil
}

func (d Due) list(n int) ([]day.Date, error) {
	seed, k := d.seed()
	if d.Anchor != OnSeed {
		if d.Every.Months() == 0 {
			return nil, fmt.Errorf("%w: the ends of months need a frequency in months", ErrFrequency)
		}
		return d.anchored(seed, k, n), nil
	}
	dates := make([]day.Date, 0, n)
	if d.First != nil && d.Seed != nil {
		// The first date stands by itself and the others follow the seed's day.
		dates = append(dates, *d.First)
		for seed, k = *d.Seed, 1; d.Every.From(seed, k) <= *d.First; k++ {
		}
	}
	for len(dates) < n {
		dates = append(dates, d.Every.From(seed, k))
		k++
	}
	return dates, nil
}

// seed is the date counted from and the number of the first period after it.
func (d Due) seed() (seed day.Date, k int) {
	switch {
	case d.First != nil:
		seed = *d.First
	case d.Seed != nil:
		for seed, k = *d.Seed, 1; d.Every.From(seed, k) <= d.Start; k++ {
		}
	default:
		seed, k = d.Start, 1
	}
	if d.MinFirst > 0 && int(d.Every.From(seed, k)-d.Start) < d.MinFirst {
		seed, k = d.Start+day.Date(d.MinFirst), 0
	}
	return seed, k
}

func (d Due) anchored(seed day.Date, k, n int) []day.Date {
	if d.First == nil {
		// Without a first date the first anchor after the start counts.
		seed, k = d.Start, 0
	}
	from := d.Every.From(seed, k)
	y, m, _ := from.Civil()
	dates := make([]day.Date, n)
	for i := range dates {
		first := day.Of(y, m+i*d.Every.Months(), 1)
		if d.Anchor == MonthStart {
			dates[i] = first.AddMonths(1)
		} else {
			dates[i] = first.AddMonths(1) - 1
		}
	}
	return dates
}
