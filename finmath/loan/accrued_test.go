package loan_test

import (
	"slices"
	"testing"
	"time"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

// TestAccrued shows that interest grows with the day and the hour, and starts again on the due date.
func TestAccrued(t *testing.T) {
	a := agreement(3, schedule.InterestOnly)
	lent := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}}
	for _, c := range []struct {
		at   string
		hour int64
		want int64
	}{
		{"2026-01-01", 0, 0},
		{"2026-01-01", 12, 19},
		{"2026-01-02", 0, 39},
		{"2026-01-31", 0, 11_61},
		{"2026-01-31", 23, 11_98},
		{"2026-02-01", 0, 0},
		{"2026-05-01", 0, 0},
	} {
		got, err := loan.Accrued(a, lent, on(c.at), c.hour*3_600_000_000)
		if err != nil || got != c.want {
			t.Errorf("%s %d h: %d %v, want %d", c.at, c.hour, got, err, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		at := start + day.Date(rapid.IntRange(0, 90).Draw(t, "day"))
		us := rapid.Int64Range(0, loan.MicrosecondsOfDay-1).Draw(t, "microseconds")
		x, err := loan.Accrued(a, lent, at, us)
		if err != nil || x < 0 || x > 12_00 {
			t.Fatalf("%s: %d %v", at, x, err)
		}
	})
}

// Interest that is paid before it is due does not go on accruing. What comes early of it pays what was borne first.
func TestAccruedAndPaidEarly(t *testing.T) {
	a := agreement(3, schedule.InterestOnly)
	events := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}, repay("2026-01-11", 5_00), repay("2026-01-21", 4_00)}
	for _, c := range []struct {
		at   string
		hour int64
		want int64
	}{
		{"2026-01-10", 0, 3_48},
		{"2026-01-11", 0, 0},  // 3.87 were borne, and 5.00 are paid
		{"2026-01-13", 18, 0}, // 4.94
		{"2026-01-14", 0, 3},
		{"2026-01-20", 0, 2_35},
		{"2026-01-21", 0, 0}, // 7.74, and 9.00 are paid
		{"2026-01-31", 0, 2_61},
		{"2026-02-01", 0, 0},
		{"2026-02-02", 0, 43}, // the next one's
	} {
		got, err := loan.Accrued(a, events, on(c.at), c.hour*3_600_000_000)
		if err != nil || got != c.want {
			t.Errorf("%s %d h: %d %v, want %d", c.at, c.hour, got, err, c.want)
		}
	}
}

// What lies between the end of a period and its due date is neither lost nor counted twice: a holiday may move the due date.
func TestAccruedAcrossHolidays(t *testing.T) {
	weekend, err := calendar.New([]time.Weekday{time.Saturday, time.Sunday}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	lent := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}}
	for _, c := range []struct {
		rule calendar.Rule
		at   string
		want int64
	}{
		// February 1 is a Sunday. The period ends with it; its 12.00 are due on Monday.
		{calendar.Following, "2026-01-31", 11_61},
		{calendar.Following, "2026-02-01", 12_00},
		{calendar.Following, "2026-02-02", 43},
		// They are due on the Friday before, all of them.
		{calendar.Preceding, "2026-01-29", 10_84},
		{calendar.Preceding, "2026-01-30", 0},
		{calendar.Preceding, "2026-01-31", 0},
		{calendar.Preceding, "2026-02-02", 43},
	} {
		a := agreement(3, schedule.InterestOnly)
		a.Terms.Calendar, a.Terms.Rule = weekend, c.rule
		got, err := loan.Accrued(a, lent, on(c.at), 0)
		if err != nil || got != c.want {
			t.Errorf("rule %d, %s: %d %v, want %d", c.rule, c.at, got, err, c.want)
		}
	}
}

// Interest that a later row asks for is paid early there.
func TestAccruedAndPaidWhereItIsAsked(t *testing.T) {
	for _, c := range []struct {
		method schedule.Method
		grace  int
		paid   int64
		at     string
		want   int64
	}{
		{schedule.InterestOnly, 1, 24_00, "2026-01-20", 0},
		{schedule.InterestOnly, 1, 24_00, "2026-02-20", 0},
		{schedule.InterestOnly, 1, 10_00, "2026-01-31", 1_61},
		{schedule.InterestOnly, 1, 10_00, "2026-02-08", 5_00},
		{schedule.BulletSimple, 0, 10_00, "2026-02-20", 10_14},
	} {
		a := agreement(3, c.method)
		a.Terms.Grace.InterestPayment = c.grace
		events := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}, repay("2026-01-11", c.paid)}
		got, err := loan.Accrued(a, events, on(c.at), 0)
		if err != nil || got != c.want {
			t.Errorf("method %d, %d paid, %s: %d %v, want %d", c.method, c.paid, c.at, got, err, c.want)
		}
	}
}

// A payment that was made after the cut-off counts from the next day. What is held is without it at once; what was borne is told until
// the day itself, less what of it was paid then.
func TestAheadOfWhatCountsLater(t *testing.T) {
	for _, live := range []bool{false, true} {
		a := agreement(3, schedule.InterestOnly)
		a.Recalculation.On = live
		events := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}}
		at, paid := start+10, loan.Event{Type: loan.Repay, Date: start + 11, Amount: 500_00}
		before, borne, err := loan.Ahead(a, events, at, 31)
		if err != nil || len(borne) < 2 || borne[1] <= borne[0] {
			t.Fatal(borne, err)
		}
		s, accrued, err := loan.Ahead(a, append(events, paid), at, 31)
		if err != nil || len(accrued) != 1 {
			t.Fatal(accrued, err)
		}
		_, got := s.Totals()
		if want := max(0, borne[0]-got[loan.Interest]); accrued[0] != want || got.Total() != 500_00 {
			t.Errorf("live %v: %d has accrued of %d after %v was paid, want %d", live, accrued[0], borne[0], got, want)
		}
		if s.Outstanding().Total() >= before.Outstanding().Total() {
			t.Errorf("live %v: outstanding are %v, before %v", live, s.Outstanding(), before.Outstanding())
		}
	}
}

// What lies ahead of a day is what is said on the days that follow.
func TestAhead(t *testing.T) {
	longest := 0
	rapid.Check(t, func(t *rapid.T) {
		a, events := histories(t)
		if rapid.Bool().Draw(t, "changes") {
			a.Terms.RateChanges = []schedule.RateChange{{From: start + day.Date(rapid.IntRange(1, 100).Draw(t, "rate from")), AnnualRate: apd.New(15, -2)}}
		}
		a.Recalculation.NoOverdue = rapid.Bool().Draw(t, "no overdue")
		a.Terms.Rounding.CarryInterest = rapid.Bool().Draw(t, "carry")
		at := start + day.Date(rapid.IntRange(0, 400).Draw(t, "day"))
		switch last := events[len(events)-1].Date; rapid.IntRange(0, 5).Draw(t, "also") {
		case 0:
			events = append(events, loan.Event{Type: loan.Payoff, Date: last, All: true})
		case 1:
			events = append(events, loan.Event{Type: loan.ChangeRate, Date: last, AnnualRate: apd.New(9, -2)})
		case 2:
			if a.Terms.Installments > 1 {
				events = append(events, loan.Event{Type: loan.Defer, Date: last, Rows: 1})
			}
		}
		if rapid.Bool().Draw(t, "only what was") {
			events = slices.DeleteFunc(events, func(e loan.Event) bool { return e.Date > at })
		}
		most := rapid.IntRange(1, 40).Draw(t, "most")
		s, accrued, err := loan.Ahead(a, events, at, most)
		if _, same := loan.Replay(a, events, at); err != nil && same != nil {
			return // there are no such terms
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(accrued) == 0 || len(accrued) > most {
			t.Fatalf("%d days are told, want 1 to %d", len(accrued), most)
		}
		longest = max(longest, len(accrued))
		for i, x := range accrued {
			day := at + day.Date(i)
			then, err := loan.Replay(a, events, day)
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				if then.AsOf != day {
					t.Fatalf("as of %s, want %s", then.AsOf, day)
				}
				then.AsOf = s.AsOf
			}
			if was, is := shown(s), shown(then); is != was {
				t.Fatalf("on %s, %d days after %s, the state is\n%s\nnot\n%s", day, i, at, is, was)
			}
			want, err := loan.Accrued(a, events, day, 0)
			if slices.ContainsFunc(events, func(e loan.Event) bool { return e.Date > at }) {
				continue // TestAheadOfWhatCountsLater
			}
			if err != nil || x != want {
				t.Fatalf("on %s %d has accrued, %d days before it was said to be %d: %v", day, want, i, x, err)
			}
		}
	})
	if longest < 20 {
		t.Errorf("at most %d days were looked ahead", longest)
	}
}
