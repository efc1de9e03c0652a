package loan

import (
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
)

// Quote is what it takes to close a loan.
type Quote struct {
	On       day.Date
	Split    Split
	Overpaid int64 // what is there already and may be set off
}

// PayoffQuote says what it takes to close the loan on a day, after events. It is the replay of the same events with a
// payoff on that day, so that paying it closes the loan to the cent.
func PayoffQuote(a Agreement, events []Event, on day.Date) (Quote, error) {
	list := append(slices.Clone(events), Event{Type: Payoff, Date: on, All: true})
	s, err := Replay(a, list, on)
	if err != nil {
		return Quote{}, err
	}
	q := Quote{On: on, Overpaid: s.Overpaid}
	for i := len(s.Transactions) - 1; i >= 0; i-- {
		if t := &s.Transactions[i]; t.Entry == Repaid && t.Date == on {
			q.Split = t.Split
			break
		}
	}
	return q, nil
}

// MicrosecondsOfDay is a day in the unit of Accrued.
const MicrosecondsOfDay = 86_400_000_000

// Accrued is the interest that the current period has borne until an instant and that is neither due nor paid yet: the given
// number of microseconds into a day, in the time zone of the loan's dates. Within a day it grows evenly, cut to whole minor
// units; whole days are rounded as the terms say. What was paid early is what was borne first. On a due date it starts again
// from 0, as does a loan that is paid.
func Accrued(a Agreement, events []Event, on day.Date, microseconds int64) (int64, error) {
	if microseconds < 0 || microseconds >= MicrosecondsOfDay {
		return 0, bad("%d microseconds of a day, take 0 to %d", microseconds, MicrosecondsOfDay-1)
	}
	w, err := until(a, events, on)
	if err != nil {
		return 0, err
	}
	borne, err := w.borne(on, 1)
	if err != nil {
		return 0, err
	}
	x := borne[0]
	if microseconds > 0 {
		if borne, err = w.borne(on+1, 1); err != nil {
			return 0, err
		}
		grown, err := amount.Down.MulDiv(max(borne[0]-x, 0), uint64(microseconds), MicrosecondsOfDay)
		if err != nil {
			return 0, err
		}
		x += grown
	}
	return w.open(on, x), nil
}

// until is a replay as of a day of what counts until then, which watches that day's period.
func until(a Agreement, events []Event, on day.Date) (*walk, error) {
	known := slices.DeleteFunc(slices.Clone(events), func(e Event) bool {
		return e.Date > on && e.Type != Disburse && e.Type != Charge
	})
	return walked(&a, known, on, &on)
}

// borne is what the period that was watched has borne until a day and until those after it, with what was carried into it. No
// period has borne nothing.
func (w *walk) borne(until day.Date, days int) ([]int64, error) {
	if w.watched == nil {
		return make([]int64, days), nil
	}
	return w.watched.plan.Accrued(w.watched.moves, until, days)
}

// open is what of interest that was borne is neither due nor paid on a day, with that of periods which ended before and are
// not due yet, as a holiday has moved them. The first row that asks for interest asks for what others carry into it.
func (w *walk) open(on day.Date, borne int64) int64 {
	rows := w.s.Rows
	ended := len(rows)
	if w.watched != nil {
		ended = w.watched.row
	}
	sum := int64(0)
	for i := ended - 1; i >= 0 && rows[i].Row.Due > on; i-- {
		sum += rows[i].open(Interest)
	}
	asks := ended
	for asks < len(rows)-1 && rows[asks].Row.Interest == 0 {
		asks++
	}
	if asks < len(rows) && rows[asks].Row.Due > on {
		sum += max(borne-rows[asks].Paid[Interest], 0)
	}
	return sum
}

// accrued is what is open on a day and on those after it.
func (w *walk) accrued(on day.Date, days int) ([]int64, error) {
	list, err := w.borne(on, days)
	for i := range list {
		list[i] = w.open(on+day.Date(i), list[i])
	}
	return list, err
}

// Ahead is Replay as of a day, with what Accrued says of the beginning of that day and of those that follow it, as long as
// a replay as of them would give the same state but for its AsOf: until the period ends or something that is open falls due,
// and no more days than are asked for, 1 or more.
//
// Where events count from later days the state is that of the last of them, and only the day itself is told: what was borne
// until then, and what they have paid of it is not open any more.
func Ahead(a Agreement, events []Event, on day.Date, most int) (*State, []int64, error) {
	w, err := walked(&a, events, on, &on)
	if err != nil {
		return nil, nil, err
	}
	if w.s.AsOf > on {
		most = 1
	}
	days := most
	if w.watched != nil {
		days = min(days, int(w.watched.to-on))
	}
	for i := range w.s.Rows {
		if r := &w.s.Rows[i]; r.Outstanding().Total() > 0 {
			days = min(days, int(r.Row.Due-on))
		}
	}
	list, err := w.accrued(on, max(days, 1))
	return w.s, list, err
}
