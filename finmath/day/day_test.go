package day_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/day"
)

// Dates are drawn from all that are accepted.
var dates = rapid.Custom(func(t *rapid.T) day.Date {
	return day.Date(rapid.Int32Range(int32(day.Min), int32(day.Max)).Draw(t, "date"))
})

func TestCivilAgreesWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := dates.Draw(t, "d")
		y, m, dom := d.Civil()
		at := time.Unix(int64(d)*86400, 0).UTC()
		if y != at.Year() || m != int(at.Month()) || dom != at.Day() || d.Weekday() != at.Weekday() || day.Of(y, m, dom) != d {
			t.Fatalf("%s is %d-%d-%d", d, y, m, dom)
		}
		if back, err := day.Parse(d.String()); err != nil || back != d {
			t.Fatalf("%s is read as %s: %v", d, back, err)
		}
	})
}

func TestMonthsAreClipped(t *testing.T) {
	for _, c := range []struct {
		from   string
		months int
		to     string
	}{
		{"2026-01-31", 1, "2026-02-28"},
		{"2024-01-31", 1, "2024-02-29"},
		{"2026-03-31", -1, "2026-02-28"},
		{"2026-11-30", 3, "2027-02-28"},
		{"2026-01-15", -13, "2024-12-15"},
		{"2024-02-29", 12, "2025-02-28"},
	} {
		from, _ := day.Parse(c.from)
		if to := from.AddMonths(c.months); to.String() != c.to {
			t.Errorf("%s and %d months: %s, want %s", c.from, c.months, to, c.to)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d, n := dates.Draw(t, "d"), rapid.IntRange(-1200, 1200).Draw(t, "n")
		y, m, dom := d.Civil()
		first := day.Of(y, m+n, 1)
		y2, m2, _ := first.Civil()
		if want := first + day.Date(min(dom, day.MonthDays(y2, m2))-1); d.AddMonths(n) != want {
			t.Fatalf("%s and %d months: %s, want %s", d, n, d.AddMonths(n), want)
		}
	})
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "2026-02-30", "1899-12-31", "2400-01-01", "2026-1-1", "01.02.2026", "2026-01-01T00:00:00Z"} {
		if _, err := day.Parse(text); !errors.Is(err, day.ErrDate) {
			t.Errorf("%q: %v", text, err)
		}
	}
}
