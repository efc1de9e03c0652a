package servicing_test

import (
	"context"
	"slices"
	"testing"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
)

// The list has whom nobody has paid, oldest first, page by page; it follows the date, payments and holidays by itself.
func TestOverdueList(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		var deeds []servicing.Deed
		for n := range 5 {
			deeds = append(deeds, w.lend(n, year))
		}
		w.to("2026-03-16")
		w.repay(deeds[1], 1, 10_671_85, func(p *servicing.Payment) { p.Date = day.Of(2026, 2, 16) })
		w.repay(deeds[2], 2, 30_000_00)
		list := func(on day.Date, from, to int) (got []servicing.Late) {
			place, more := servicing.Place{}, true
			for more {
				var page []servicing.Late
				var err error
				if page, more, err = w.Overdue(context.Background(), tenant, on, from, to, place, 2); err != nil {
					t.Fatal(err)
				}
				got = append(got, page...)
				if n := len(page); n > 0 {
					place = servicing.Place{Agreed: page[n-1].Agreed, Loan: page[n-1].Loan}
				}
			}
			return got
		}
		if got := list(day.Of(2026, 3, 16), 0, 0); len(got) != 3 || got[0].Days != 28 || got[0].Bucket != "M1" || got[0].Principal != 120_000_00 {
			t.Errorf("on the second due date: %+v", got)
		}
		if got := list(day.Of(2026, 3, 17), 0, 0); len(got) != 4 || got[3].Loan != deeds[1].Loan || got[3].Days != 1 || got[3].Due != day.Of(2026, 3, 16) {
			t.Errorf("the day after: %+v", got)
		}
		if got := list(day.Of(2026, 3, 17), 1, 10); len(got) != 1 || got[0].Loan != deeds[1].Loan {
			t.Errorf("up to ten days: %+v", got)
		}
		// The 16th of March becomes a holiday.
		w.contracts.holidays = []day.Date{day.Of(2026, 3, 16)}
		w.open()
		if got := list(day.Of(2026, 3, 17), 0, 0); len(got) != 3 {
			t.Errorf("after a holiday moved the due date: %+v", got)
		}
		for _, d := range deeds {
			s := w.standing(d)
			listed := slices.ContainsFunc(list(s.On, 0, 0), func(l servicing.Late) bool { return l.Loan == d.Loan && l.Days == s.Days && l.Bucket == s.Bucket })
			if listed != (s.Days > 0) {
				t.Errorf("the list and the loan %s disagree: %d days", d.Loan, s.Days)
			}
		}
		_, _, err := w.Overdue(context.Background(), tenant, day.Of(2026, 3, 17), 0, 0, servicing.Place{}, 1001)
		refused(t, err, errs.Invalid, "limit")
		if other, _, err := w.Overdue(context.Background(), uid("tenant", 2), day.Of(2026, 3, 17), 0, 0, servicing.Place{}, 10); err != nil || len(other) != 0 {
			t.Errorf("another tenant sees %+v %v", other, err)
		}
	})
}
