// Package calendar knows on which days business is done, from data, and moves dates off the others.
//
// The package must not know countries, contracts or where its data come from: holidays are given to it.
package calendar

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/longmen/longmen/finmath/day"
)

// MaxDays is the most holidays and the most extra working days a calendar may name.
const MaxDays = 20_000

// Calendar says which days are business days. The zero value has no holiday and no weekend: every day is one.
type Calendar struct {
	weekend  [7]bool
	holidays []day.Date
	workdays []day.Date
}

// ErrCalendar says that a calendar cannot be: too many days, or no business day in a week.
var ErrCalendar = errors.New("calendar not valid")

// New makes a calendar from its weekend, its holidays, and the days of weekends on which people work all the same (调休).
func New(weekend []time.Weekday, holidays, workdays []day.Date) (*Calendar, error) {
	if len(holidays) > MaxDays || len(workdays) > MaxDays {
		return nil, fmt.Errorf("%w: at most %d holidays and as many working days", ErrCalendar, MaxDays)
	}
	c := &Calendar{holidays: slices.Clone(holidays), workdays: slices.Clone(workdays)}
	slices.Sort(c.holidays)
	slices.Sort(c.workdays)
	for _, w := range weekend {
		if w < time.Sunday || w > time.Saturday {
			return nil, fmt.Errorf("%w: weekday %d", ErrCalendar, w)
		}
		c.weekend[w] = true
	}
	if c.weekend == [7]bool{true, true, true, true, true, true, true} {
		return nil, fmt.Errorf("%w: all seven days are weekend", ErrCalendar)
	}
	return c, nil
}

// Business says whether business is done on the day. A nil calendar has only business days.
func (c *Calendar) Business(d day.Date) bool {
	if c == nil {
		return true
	}
	if _, extra := slices.BinarySearch(c.workdays, d); extra {
		return true
	}
	if c.weekend[d.Weekday()] {
		return false
	}
	_, off := slices.BinarySearch(c.holidays, d)
	return !off
}

// Rule says what becomes of a date on which no business is done. The names are those of ISDA.
type Rule uint8

// The rules.
const (
	Unadjusted        Rule = iota // stays
	Following                     // the next business day
	ModifiedFollowing             // the next one, unless that is in another month: then the one before
	Preceding                     // the business day before
	ModifiedPreceding             // the one before, unless that is in another month: then the next
	Nearest                       // the nearer one, the next when both are as near
)

// MaxShift is how far a date is moved at most; longer stretches without a business day are refused.
const MaxShift = 60

// Adjust moves a date by the rule.
func (c *Calendar) Adjust(d day.Date, rule Rule) (day.Date, error) {
	if rule == Unadjusted || c.Business(d) {
		return d, nil
	}
	next, okNext := c.seek(d, 1)
	before, okBefore := c.seek(d, -1)
	if !okNext || !okBefore {
		return 0, fmt.Errorf("%w: no business day within %d days of %s", ErrCalendar, MaxShift, d)
	}
	switch rule {
	case Following:
		return next, nil
	case Preceding:
		return before, nil
	case ModifiedFollowing:
		if sameMonth(d, next) {
			return next, nil
		}
		return before, nil
	case ModifiedPreceding:
		if sameMonth(d, before) {
			return before, nil
		}
		return next, nil
	case Nearest:
		if next-d <= d-before {
			return next, nil
		}
		return before, nil
	}
	return 0, fmt.Errorf("%w: unknown rule %d", ErrCalendar, rule)
}

func (c *Calendar) seek(d day.Date, step day.Date) (day.Date, bool) {
	for range MaxShift {
		d += step
		if c.Business(d) {
			return d, true
		}
	}
	return 0, false
}

func sameMonth(a, b day.Date) bool {
	ya, ma, _ := a.Civil()
	yb, mb, _ := b.Civil()
	return ya == yb && ma == mb
}
