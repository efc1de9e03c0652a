// Package day counts calendar dates: a date is a number of days, so differences are subtractions and months are clipped
// where they end.
//
// The package must not know holidays, day counts, clocks or time zones.
package day

import (
	"errors"
	"fmt"
	"time"
)

// Date is a calendar date: days since 1970-01-01, negative before.
type Date int32

// The dates that are accepted; outside of them no contract runs.
var (
	Min = Of(1900, 1, 1)
	Max = Of(2399, 12, 31)
)

// ErrDate says that a text is not a date of the form 2006-01-02 between Min and Max.
var ErrDate = errors.New("not a date between 1900-01-01 and 2399-12-31 of the form 2006-01-02")

// Of gives the date of a year, month and day; like time.Date it takes what overflows along, e.g. day 0 is the last of
// the month before.
func Of(year, month, dayOfMonth int) Date {
	return Date(time.Date(year, time.Month(month), dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// Parse reads a date such as 2026-01-31.
func Parse(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, fmt.Errorf("date %.20q: %w", text, ErrDate)
	}
	d := Date(t.Unix() / 86400)
	if d < Min || d > Max {
		return 0, fmt.Errorf("date %.20q: %w", text, ErrDate)
	}
	return d, nil
}

func (d Date) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String is the date such as 2026-01-31.
func (d Date) String() string { return d.time().Format(time.DateOnly) }

// Civil is the year, month and day of the date. It is the algorithm of Howard Hinnant's chrono-compatible low-level
// date algorithms (civil_from_days), which needs no tables and no branches on the calendar.
func (d Date) Civil() (year, month, dayOfMonth int) {
	z := int64(d) + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	m := mp + 3
	if m > 12 {
		m -= 12
	}
	y := yoe + era*400
	if m <= 2 {
		y++
	}
	return int(y), int(m), int(doy - (153*mp+2)/5 + 1)
}

// fromCivil is Of for a month and day that exist, without the detour over time.Time.
func fromCivil(y, m, d int) Date {
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	yoe := y - era*400
	mp := m - 3
	if m <= 2 {
		mp = m + 9
	}
	doy := (153*mp+2)/5 + d - 1
	return Date(era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468)
}

// Weekday is the day of the week; 1970-01-01 was a Thursday.
func (d Date) Weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }

// Leap says whether a year has 366 days.
func Leap(year int) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// MonthDays is the number of days of a month.
func MonthDays(year, month int) int {
	switch month {
	case 2:
		if Leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// MonthEnd says whether the date is the last of its month.
func (d Date) MonthEnd() bool {
	y, m, dom := d.Civil()
	return dom == MonthDays(y, m)
}

// AddMonths is the same day so many months later (or earlier), the last of the month where it is too short.
func (d Date) AddMonths(months int) Date {
	_, _, dom := d.Civil()
	return d.AddMonthsOn(months, dom)
}

// AddMonthsOn is the given day so many months later, the last of the month where it is too short. A seed of the 31st
// thereby comes back to the 31st after a February.
func (d Date) AddMonthsOn(months, dayOfMonth int) Date {
	y, m, _ := d.Civil()
	total := y*12 + m - 1 + months
	y, m = total/12, total%12+1
	if total%12 < 0 {
		y, m = y-1, m+12
	}
	return fromCivil(y, m, min(dayOfMonth, MonthDays(y, m)))
}
