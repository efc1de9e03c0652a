package schedule

import (
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
)

// slot is a row to come: its period and what it goes without.
type slot struct {
	from, to      day.Date // interest runs from the first to before the second
	due           day.Date
	nominal       day.Date // due, before it moved off a holiday
	kind          Kind
	noPrincipal   bool
	deferInterest bool
	free          bool
	custom        int64
}

// openEnd is how many rows are looked at when a fixed installment has no number of them.
const openEnd = 1200

// slots lists the rows of the terms.
func (t *Terms) slots() ([]slot, error) {
	n := t.Installments
	if n == 0 {
		n = openEnd
	}
	dates := t.DueDates
	if len(dates) == 0 {
		var err error
		if dates, err = t.Due.Dates(n); err != nil {
			return nil, bad("%w", err)
		}
	}
	list, err := t.lay(t.Due.Start, dates)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].noPrincipal = i < t.Grace.Principal
		list[i].deferInterest = i < t.Grace.InterestPayment
		list[i].free = i < t.Grace.InterestFree
		if t.Method == Custom {
			list[i].custom = t.Principals[i]
		}
	}
	return list, nil
}

// lay turns dates into periods that follow each other from a start.
func (t *Terms) lay(from day.Date, dates []day.Date) ([]slot, error) {
	list := make([]slot, len(dates))
	last := from
	for i, d := range dates {
		due, err := t.Calendar.Adjust(d, t.Rule)
		if err != nil {
			return nil, bad("%w", err)
		}
		to := d
		if t.MoveInterest {
			to = due
		}
		if to <= from || due <= last {
			return nil, bad("due date %s must lie after %s", d, last)
		}
		list[i] = slot{from: from, to: to, due: due, nominal: d}
		from, last = to, due
	}
	return list, nil
}

// rateOn is the annual rate on a date.
func (p *Planner) rateOn(d day.Date) amount.Fraction {
	r := p.rate
	for _, c := range p.changes {
		if c.from > d {
			break
		}
		r = c.rate
	}
	return r
}

// factor is what one unit bears in a slot's part from a to b, at the rate of a.
func (p *Planner) factor(s *slot, a, b day.Date) amount.Fraction {
	if s.free || a >= b {
		return amount.Of(0, 1)
	}
	rate := p.rateOn(a)
	if p.t.Interest.Basis == ByDays {
		return p.byDays(rate, a, b)
	}
	whole := p.whole(s, rate)
	if a == s.from && b == s.to {
		return whole
	}
	return whole.Times(uint64(b-a), uint64(s.to-s.from))
}

func (p *Planner) byDays(rate amount.Fraction, a, b day.Date) amount.Fraction {
	var sum amount.Fraction
	for _, part := range p.t.Interest.DayCount.Parts(a, b) {
		// 30/360 may count a part of one day at a month's end as none, or, from a 31st, as less.
		sum = sum.Plus(rate.Times(uint64(max(part.Days, 0))*100, uint64(part.Year)))
	}
	return sum
}

// whole is what one unit bears in a whole slot.
func (p *Planner) whole(s *slot, rate amount.Fraction) amount.Fraction {
	f := p.regular(s, rate)
	if p.t.Interest.FirstByDays && s.from == p.t.Due.Start && s.kind == Regular {
		if usual := s.to - p.t.Due.Every.From(s.to, -1); usual != s.to-s.from {
			return f.Times(uint64(s.to-s.from), uint64(usual))
		}
	}
	return f
}

// regular is what one unit bears in one period of the frequency.
func (p *Planner) regular(s *slot, rate amount.Fraction) amount.Fraction {
	every, in := p.t.Due.Every, p.t.Interest
	months, n := every.Months(), uint64(every.N)
	if in.Basis == ByPeriod {
		switch {
		case months > 0:
			return rate.Times(uint64(months), 12)
		case every.Unit == calendar.Weeks:
			return rate.Times(n, 52)
		case in.DaysInYear > 0:
			return rate.Times(n, uint64(in.DaysInYear))
		}
		return rate.Times(n, 365)
	}
	days := uint64(s.to - s.from)
	switch {
	case months > 0 && in.DaysInMonth > 0:
		days = uint64(months * in.DaysInMonth)
	case months == 0 && every.Unit == calendar.Weeks:
		days = 7 * n
	case months == 0:
		days = n
	}
	if in.DaysInYear > 0 {
		return rate.Times(days, uint64(in.DaysInYear))
	}
	return p.byYears(s, rate, days)
}

// byYears divides days by the actual length of the years they lie in.
func (p *Planner) byYears(s *slot, rate amount.Fraction, days uint64) amount.Fraction {
	var sum amount.Fraction
	for _, part := range daycount.ActActISDA.Parts(s.from, s.to) {
		sum = sum.Plus(rate.Times(uint64(part.Days)*100, uint64(part.Year)))
	}
	if actual := uint64(s.to - s.from); actual != days {
		sum = sum.Times(days, actual)
	}
	return sum
}
