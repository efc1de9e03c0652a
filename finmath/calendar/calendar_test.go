package calendar_test

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
)

func on(text string) day.Date {
	d, err := day.Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

// national is the week of the national day 2026: off from Thursday the 1st to Wednesday the 7th, worked for on Saturday
// the 10th.
func national(t *testing.T) *calendar.Calendar {
	t.Helper()
	var off []day.Date
	for d := on("2026-10-01"); d <= on("2026-10-07"); d++ {
		off = append(off, d)
	}
	c, err := calendar.New([]time.Weekday{time.Saturday, time.Sunday}, off, []day.Date{on("2026-10-10")})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAdjust(t *testing.T) {
	c := national(t)
	for _, x := range []struct {
		from string
		rule calendar.Rule
		to   string
	}{
		{"2026-10-01", calendar.Unadjusted, "2026-10-01"},
		{"2026-10-01", calendar.Following, "2026-10-08"},
		{"2026-10-01", calendar.Preceding, "2026-09-30"},
		{"2026-10-01", calendar.ModifiedPreceding, "2026-10-08"},
		{"2026-10-10", calendar.Following, "2026-10-10"},
		{"2026-10-11", calendar.Following, "2026-10-12"},
		{"2026-01-31", calendar.Following, "2026-02-02"},
		{"2026-01-31", calendar.ModifiedFollowing, "2026-01-30"},
		{"2026-10-02", calendar.Nearest, "2026-09-30"},
		{"2026-10-04", calendar.Nearest, "2026-10-08"},
	} {
		if to, err := c.Adjust(on(x.from), x.rule); err != nil || to != on(x.to) {
			t.Errorf("%s by rule %d: %s %v, want %s", x.from, x.rule, to, err, x.to)
		}
	}
}

func TestAdjustedIsBusiness(t *testing.T) {
	c := national(t)
	rapid.Check(t, func(t *rapid.T) {
		d := on("2026-09-01") + day.Date(rapid.Int32Range(0, 60).Draw(t, "d"))
		rule := calendar.Rule(rapid.Uint8Range(1, 5).Draw(t, "rule"))
		to, err := c.Adjust(d, rule)
		if err != nil || !c.Business(to) || c.Business(d) && to != d {
			t.Fatalf("%s by rule %d: %s %v", d, rule, to, err)
		}
	})
}

func TestCalendarRefuses(t *testing.T) {
	week := []time.Weekday{0, 1, 2, 3, 4, 5, 6}
	if _, err := calendar.New(week, nil, nil); !errors.Is(err, calendar.ErrCalendar) {
		t.Error(err)
	}
	var off []day.Date
	for d := day.Date(0); d < 200; d++ {
		off = append(off, d)
	}
	c, err := calendar.New(nil, off, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Adjust(100, calendar.Following); !errors.Is(err, calendar.ErrCalendar) {
		t.Error(err)
	}
}

func TestDates(t *testing.T) {
	month := calendar.Frequency{N: 1, Unit: calendar.Months}
	first, seed := on("2026-03-01"), on("2026-01-31")
	for name, c := range map[string]struct {
		due  calendar.Due
		want []string
	}{
		"the 31st comes back":     {calendar.Due{Start: on("2026-01-31"), Every: month}, []string{"2026-02-28", "2026-03-31", "2026-04-30"}},
		"a first date is a seed":  {calendar.Due{Start: on("2026-01-31"), First: &first, Every: month}, []string{"2026-03-01", "2026-04-01"}},
		"a seed before the start": {calendar.Due{Start: on("2026-03-05"), Seed: &seed, Every: month}, []string{"2026-03-31", "2026-04-30"}},
		"every two weeks":         {calendar.Due{Start: on("2026-01-01"), Every: calendar.Frequency{N: 2, Unit: calendar.Weeks}}, []string{"2026-01-15", "2026-01-29"}},
		"every 7 days":            {calendar.Due{Start: on("2026-02-25"), Every: calendar.Frequency{N: 7, Unit: calendar.Days}}, []string{"2026-03-04", "2026-03-11"}},
		"too near to the start":   {calendar.Due{Start: on("2026-02-20"), First: &first, Every: month, MinFirst: 15}, []string{"2026-03-07", "2026-04-07"}},
		"first of next month":     {calendar.Due{Start: on("2026-02-20"), First: &first, Every: month, Anchor: calendar.MonthStart}, []string{"2026-04-01", "2026-05-01"}},
		"end of the month":        {calendar.Due{Start: on("2026-02-20"), First: &first, Every: month, Anchor: calendar.MonthEnd}, []string{"2026-03-31", "2026-04-30"}},
	} {
		dates, err := c.due.Dates(len(c.want))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for i, d := range dates {
			if d.String() != c.want[i] {
				t.Errorf("%s: %v, want %v", name, dates, c.want)
				break
			}
		}
	}
}

func TestDatesRefuse(t *testing.T) {
	month := calendar.Frequency{N: 1, Unit: calendar.Months}
	for name, due := range map[string]calendar.Due{
		"no frequency": {}, "beyond the calendar": {Start: on("2399-11-30"), Every: month},
		"month ends by days": {Every: calendar.Frequency{N: 3, Unit: calendar.Days}, Anchor: calendar.MonthEnd},
	} {
		if _, err := due.Dates(3); !errors.Is(err, calendar.ErrFrequency) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := (calendar.Due{Every: month}).Dates(calendar.MaxDates + 1); !errors.Is(err, calendar.ErrFrequency) {
		t.Error(err)
	}
}
