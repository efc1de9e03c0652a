package recount

import "time"

// Day counts the days since 1970-01-01.
type Day int

// DayOf is the day of a calendar date.
func DayOf(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86_400)
}

// Time is where the day begins in a zone.
func (d Day) Time(zone *time.Location) time.Time {
	u := time.Unix(int64(d)*86_400, 0).UTC()
	return time.Date(u.Year(), u.Month(), u.Day(), 0, 0, 0, 0, zone)
}

// String is the date, 2021-01-05.
func (d Day) String() string { return d.Time(time.UTC).Format(time.DateOnly) }

// months later; the play has no dates after the 28th, so each month has the day.
func (d Day) months(n int) Day {
	u := d.Time(time.UTC)
	return DayOf(u.Year(), u.Month()+time.Month(n), u.Day())
}

// In is the day's number in its month.
func (d Day) In() int { return d.Time(time.UTC).Day() }
