package loan_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

func on(text string) day.Date {
	d, err := day.Parse(text)
	if err != nil {
		panic(err)
	}
	return d
}

// start is the first day of the loans of these tests: 1,200.00 at 12% for so many months.
var start = on("2026-01-01")

func agreement(months int, method schedule.Method) loan.Agreement {
	return loan.Agreement{Terms: schedule.Terms{
		Principal: 1200_00, AnnualRate: apd.New(12, -2), Installments: months, Method: method,
		Due: calendar.Due{Start: start, Every: calendar.Frequency{N: 1, Unit: calendar.Months}},
	}}
}

func replay(t *testing.T, a loan.Agreement, asOf string, events ...loan.Event) *loan.State {
	t.Helper()
	s, err := loan.Replay(a, append([]loan.Event{{Type: loan.Disburse, Date: start, Amount: a.Terms.Principal}}, events...), on(asOf))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func repay(date string, x int64) loan.Event {
	return loan.Event{Type: loan.Repay, Date: on(date), Amount: x}
}

// histories draws an agreement and what happened under it.
func histories(t *rapid.T) (loan.Agreement, []loan.Event) {
	a := agreement(rapid.IntRange(1, 24).Draw(t, "months"), schedule.Method(rapid.Uint8Range(0, 5).Draw(t, "method")))
	a.Terms.Interest.Basis = schedule.Basis(rapid.Uint8Range(0, 2).Draw(t, "basis"))
	a.Recalculation.On = rapid.Bool().Draw(t, "live")
	a.Recalculation.Strategy = loan.Strategy(rapid.Uint8Range(0, 1).Draw(t, "strategy"))
	a.Allocation.Steps = loan.Steps(rapid.Uint8Range(0, 1).Draw(t, "steps"))
	a.Allocation.FromLast = rapid.Bool().Draw(t, "from last")
	a.Allocation.ComponentFirst = rapid.Bool().Draw(t, "component first")
	a.Payoff = loan.PayoffRule(rapid.Uint8Range(0, 2).Draw(t, "payoff"))
	if rapid.Bool().Draw(t, "late") {
		a.Late = []loan.PenaltyRule{{Kind: loan.DailyPenalty, Rate: apd.New(5, -4), Base: loan.OnPrincipalInterest}}
	}
	if rapid.Bool().Draw(t, "down") {
		a.Terms.DownPayment, a.AutoDownPayment = apd.New(2, -1), rapid.Bool().Draw(t, "auto")
	}
	events := []loan.Event{{Type: loan.Disburse, Date: start, Amount: a.Terms.Principal}}
	at := start
	for range rapid.IntRange(0, 12).Draw(t, "events") {
		at += day.Date(rapid.IntRange(0, 60).Draw(t, "after"))
		e := loan.Event{Type: loan.Repay, Date: at, Amount: rapid.Int64Range(1, 400_00).Draw(t, "amount")}
		if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
			e.Type, e.Component, e.Due = loan.Charge, loan.Fee, at+day.Date(rapid.IntRange(0, 40).Draw(t, "due"))
		}
		events = append(events, e)
	}
	return a, events
}

// TestReplay shows what holds after any history: principal due sums up to what was lent, nothing is paid beyond what is
// due, every payment is split without rest, and each row counts what it was paid.
func TestReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, events := histories(t)
		asOf := start + day.Date(rapid.IntRange(0, 1000).Draw(t, "as of"))
		s, err := loan.Replay(a, events, asOf)
		if err != nil {
			t.Fatal(err)
		}
		due, paid := s.Totals()
		if due[loan.Principal] != a.Terms.Principal {
			t.Fatalf("principal due is %d", due[loan.Principal])
		}
		for i := range s.Rows {
			r := &s.Rows[i]
			open := r.Outstanding()
			for c, x := range open {
				if x < 0 || r.Paid[c] < 0 {
					t.Fatalf("row %d: %v open, %v paid", r.N, open, r.Paid)
				}
			}
			if (r.PaidOffOn != nil) != (open.Total() == 0 && r.Paid.Total() > 0) {
				t.Fatalf("row %d is open with %v, paid off on %v", r.N, open, r.PaidOffOn)
			}
			if r.InAdvance+r.Late > r.Paid.Total() {
				t.Fatalf("row %d: %d early and %d late of %d", r.N, r.InAdvance, r.Late, r.Paid.Total())
			}
		}
		in, split := int64(0), int64(0)
		for _, x := range s.Transactions {
			if x.Entry == loan.Repaid || x.Entry == loan.DownPaymentPaid {
				in, split = in+x.Amount, split+x.Split.Total()
			}
		}
		if in != split+s.Overpaid || split != paid.Total() {
			t.Fatalf("%d came in: %d are split, %d paid, %d over", in, split, paid.Total(), s.Overpaid)
		}
	})
}

// TestRecognised shows the entry that earns the interest of a fixed schedule that closes, and on which side of the
// closing payment it stands: all three of one day.
func TestRecognised(t *testing.T) {
	for name, c := range map[string]struct {
		steps  loan.Steps
		amount int64
		date   string
		want   [2]loan.Entry
	}{
		"to the cent ahead of the end": {loan.DueThenAdvance, 1212_00, "2026-01-20", [2]loan.Entry{loan.Recognised, loan.Repaid}},
		"on the last due date":         {loan.DueThenAdvance, 1212_00, "2026-02-01", [2]loan.Entry{loan.Repaid, loan.Recognised}},
		"with more than is due":        {loan.DueThenAdvance, 1300_00, "2026-01-20", [2]loan.Entry{loan.Repaid, loan.Recognised}},
		"in three steps":               {loan.PastDueThenDueAdvance, 1212_00, "2026-01-20", [2]loan.Entry{loan.Repaid, loan.Recognised}},
	} {
		a := agreement(1, schedule.Flat)
		a.Allocation.Steps = c.steps
		list := replay(t, a, c.date, repay(c.date, c.amount)).Transactions
		if got := [2]loan.Entry{list[1].Entry, list[2].Entry}; len(list) != 3 || got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestPayoffCloses shows that paying what a quote asks for closes the loan to the cent, on any day and after any history.
func TestPayoffCloses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, events := histories(t)
		at := events[len(events)-1].Date
		for _, e := range events {
			at = max(at, e.Due, e.Date)
		}
		at += day.Date(rapid.IntRange(0, 300).Draw(t, "days"))
		q, err := loan.PayoffQuote(a, events, at)
		if err != nil {
			t.Fatal(err)
		}
		s, err := loan.Replay(a, append(events, loan.Event{Type: loan.Payoff, Date: at, All: true}), at)
		if err != nil {
			t.Fatal(err)
		}
		before, err := loan.Replay(a, events, at)
		if err != nil {
			t.Fatal(err)
		}
		// Interest that was paid ahead and is not owed any more counts as principal, so the parts may shift.
		if open := before.Outstanding().Total(); !s.Closed || q.Split.Total() > open && !a.Recalculation.On {
			t.Fatalf("closed %t with %v; %v was open", s.Closed, q.Split, before.Outstanding())
		}
	})
}

// A payoff pays what was given for it: where more is owed since, that is open, and another one closes it.
func TestPayoffThatCameShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, events := histories(t)
		at := events[len(events)-1].Date + day.Date(rapid.IntRange(0, 300).Draw(t, "days"))
		q, err := loan.PayoffQuote(a, events, at)
		if err != nil {
			t.Fatal(err)
		}
		given := q.Split.Total()
		if s, err := loan.Replay(a, events, at); err != nil || s.Outstanding().Total() == 0 {
			return // nobody pays off what is paid
		}
		events = append(events, loan.Event{Type: loan.Payoff, Date: at, Amount: given})
		if s, err := loan.Replay(a, events, at); err != nil || !s.Closed || s.Overpaid != q.Overpaid {
			t.Fatalf("%d close it on %s: %v", given, at, err)
		}
		if q, err := loan.PayoffQuote(a, events, at); err != nil || q.Split.Total() != 0 {
			t.Fatalf("it takes %v to close what is closed: %v", q.Split, err)
		}
		fee := rapid.Int64Range(1, 100_00).Draw(t, "fee")
		events = append(events, loan.Event{Type: loan.Charge, Component: loan.Fee, Date: at, Due: at + day.Date(rapid.IntRange(0, 40).Draw(t, "due")), Amount: fee})
		s, err := loan.Replay(a, events, at)
		if err != nil {
			t.Fatal(err)
		}
		// Where a charge divides earlier payments anew, penalties and interest follow.
		if open := s.Outstanding().Total(); len(a.Late) == 0 && !a.Recalculation.On && open != fee {
			t.Fatalf("with %d charged since %d are open", fee, open)
		}
		pays := int64(0)
		for _, x := range s.Transactions {
			if x.Entry == loan.Repaid {
				pays += x.Amount
			}
		}
		for _, e := range events {
			if e.Type == loan.Repay {
				pays -= e.Amount
			}
		}
		if pays > given {
			t.Fatalf("%d were given, and it pays %d", given, pays)
		}
		at += day.Date(rapid.IntRange(0, 20).Draw(t, "later"))
		if q, err = loan.PayoffQuote(a, events, at); err != nil {
			t.Fatal(err)
		}
		if q.Split.Total() > 0 {
			events = append(events, loan.Event{Type: loan.Payoff, Date: at, Amount: q.Split.Total()})
		}
		if s, err = loan.Replay(a, events, at); err != nil || !s.Closed {
			t.Fatalf("%d more do not close it: %v", q.Split.Total(), err)
		}
	})
}

// TestChangedAfterAPayoffThatCameShort lays the rows anew of a loan that is open since its payoff came short, whether its interest
// follows the money or not.
func TestChangedAfterAPayoffThatCameShort(t *testing.T) {
	for _, live := range []bool{false, true} {
		a := agreement(6, schedule.EqualInstallment)
		a.Recalculation.On = live
		s := replay(t, a, "2026-03-10",
			loan.Event{Type: loan.Payoff, Date: on("2026-02-10"), Amount: 900_00},
			loan.Event{Type: loan.Reschedule, Date: on("2026-03-10"), Due: on("2026-12-01"), Rows: 3},
		)
		last := s.Rows[len(s.Rows)-1].Row
		if open := s.Outstanding(); last.Due != on("2027-02-01") || open[loan.Principal] == 0 || last.Interest != 0 {
			t.Errorf("live %v: the last row is due on %s with interest of %d; %v are open", live, last.Due, last.Interest, open)
		}
	}
}

// TestOrderOfKnowledge shows that a payment that is known late counts as if it had been known in time.
func TestOrderOfKnowledge(t *testing.T) {
	a := agreement(6, schedule.EqualInstallment)
	early := replay(t, a, "2026-06-01", repay("2026-02-01", 207_06), repay("2026-03-10", 100_00))
	late := replay(t, a, "2026-06-01", repay("2026-03-10", 100_00), repay("2026-02-01", 207_06))
	for i := range early.Rows {
		if early.Rows[i].Paid != late.Rows[i].Paid || early.Rows[i].Late != late.Rows[i].Late {
			t.Errorf("row %d differs: %+v and %+v", i+1, early.Rows[i], late.Rows[i])
		}
	}
}

// TestAllocation shows who is paid first by 250.00 on the second due date, when the first row is unpaid.
func TestAllocation(t *testing.T) {
	charge := loan.Event{Type: loan.Charge, Date: on("2026-01-10"), Due: on("2026-03-01"), Amount: 10_00, Component: loan.Penalty}
	for name, c := range map[string]struct {
		rule loan.Allocation
		want []loan.Split // penalty, fee, interest, principal of rows 1, 2, 6
	}{
		"row by row":             {loan.Allocation{}, []loan.Split{{0, 0, 12_00, 200_00}, {10_00, 0, 10_00, 18_00}, {}}},
		"component by component": {loan.Allocation{ComponentFirst: true}, []loan.Split{{0, 0, 12_00, 200_00}, {10_00, 0, 10_00, 18_00}, {}}},
		"principal first": {
			loan.Allocation{ComponentFirst: true, Due: loan.Order{loan.Principal, loan.Interest, loan.Fee, loan.Penalty}},
			[]loan.Split{{0, 0, 0, 200_00}, {0, 0, 0, 50_00}, {}},
		},
	} {
		a := agreement(6, schedule.EqualPrincipal)
		a.Allocation = c.rule
		s := replay(t, a, "2026-03-01", charge, repay("2026-03-01", 250_00))
		for i, row := range []int{0, 1, 5} {
			if s.Rows[row].Paid != c.want[i] {
				t.Errorf("%s: row %d is paid %v, want %v", name, row+1, s.Rows[row].Paid, c.want[i])
			}
		}
	}
	a := agreement(6, schedule.EqualPrincipal)
	a.Allocation.FromLast = true
	s := replay(t, a, "2026-02-01", repay("2026-02-01", 412_00))
	if s.Rows[5].Paid.Total() != 200_00 || s.Rows[1].Paid.Total() != 0 {
		t.Errorf("from the last: %v and %v", s.Rows[5].Paid, s.Rows[1].Paid)
	}
}

// TestLiveInterest shows early and overdue money of a loan whose interest follows it: 1,200.00 in three rows.
func TestLiveInterest(t *testing.T) {
	a := agreement(3, schedule.EqualInstallment)
	a.Recalculation.On = true
	s := replay(t, a, "2026-01-17", repay("2026-01-17", 600_00))
	// 16 days on 1,200.00 and 15 days on 600.00 of January's 12.00 and 6.00.
	if r := s.Rows[0]; r.Interest != 6_19+2_90 || r.Principal != 600_00 || r.Paid.Total() != 600_00 {
		t.Errorf("early: %+v", r)
	}
	if len(s.Rows) != 3 || s.Rows[1].Total() != 408_03 || s.Rows[2].Total() >= 408_03 {
		t.Errorf("the installment stays: %+v", s.Rows)
	}
	a.Recalculation.Strategy = loan.SmallerInstallments
	if s := replay(t, a, "2026-01-17", repay("2026-01-17", 600_00)); s.Rows[1].Total() != 304_51 {
		t.Errorf("the installment shrinks: %+v", s.Rows)
	}
	// Nothing is paid: February bears on all of 1,200.00 until the day asked for.
	if s := replay(t, a, "2026-02-15"); s.Rows[1].Interest != 6_00+4_02 {
		t.Errorf("overdue: %+v", s.Rows[1])
	}
	a.Recalculation.NoOverdue = true
	if s := replay(t, a, "2026-02-15"); s.Rows[1].Interest != 8_04 {
		t.Errorf("overdue without interest: %+v", s.Rows[1])
	}
}

// TestChanges shows deferral, a new schedule and a new rate.
func TestChanges(t *testing.T) {
	a := agreement(3, schedule.EqualPrincipal)
	for name, c := range map[string]struct {
		event loan.Event
		due   []string
		total []int64
	}{
		"one month off, interest paid": {
			loan.Event{Type: loan.Defer, Date: on("2026-02-10"), Rows: 1},
			[]string{"2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"},
			[]int64{412_00, 8_00, 408_00, 404_00},
		},
		"interest paid later": {
			loan.Event{Type: loan.Defer, Date: on("2026-02-10"), Rows: 1, Holiday: schedule.HolidayCarried},
			[]string{"2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"},
			[]int64{412_00, 0, 416_00, 404_00},
		},
		"interest waived": {
			loan.Event{Type: loan.Defer, Date: on("2026-02-10"), Rows: 1, Holiday: schedule.HolidayFree},
			[]string{"2026-02-01", "2026-03-01", "2026-04-01", "2026-05-01"},
			[]int64{412_00, 0, 408_00, 404_00},
		},
		"another day, more rows": {
			loan.Event{Type: loan.Reschedule, Date: on("2026-02-10"), Due: on("2026-03-15"), Rows: 4},
			[]string{"2026-02-01", "2026-03-15", "2026-04-15", "2026-05-15", "2026-06-15"},
			[]int64{412_00, 208_00, 206_00, 204_00, 202_00},
		},
		"24% from March": {
			loan.Event{Type: loan.ChangeRate, Date: on("2026-03-01"), AnnualRate: apd.New(24, -2)},
			[]string{"2026-02-01", "2026-03-01", "2026-04-01"},
			[]int64{412_00, 408_00, 408_00},
		},
	} {
		s := replay(t, a, "2026-02-10", c.event)
		if len(s.Rows) != len(c.due) {
			t.Errorf("%s: %d rows, want %d", name, len(s.Rows), len(c.due))
			continue
		}
		for i, r := range s.Rows {
			if r.Row.Due != on(c.due[i]) || r.Total() != c.total[i] {
				t.Errorf("%s: row %d is %d on %s, want %d on %s", name, i+1, r.Total(), r.Row.Due, c.total[i], c.due[i])
			}
		}
	}
}

// TestPenalties shows what a row of 400.00 and 12.00 costs that is unpaid for 30 days and then paid in part.
func TestPenalties(t *testing.T) {
	rate := apd.New(5, -4)
	for name, c := range map[string]struct {
		rule loan.PenaltyRule
		want int64
	}{
		"flat":                     {loan.PenaltyRule{Kind: loan.FlatPenalty, Amount: 20_00}, 20_00},
		"percent of principal":     {loan.PenaltyRule{Kind: loan.PercentPenalty, Rate: apd.New(5, -2)}, 20_00},
		"daily":                    {loan.PenaltyRule{Kind: loan.DailyPenalty, Rate: rate, Base: loan.OnPrincipalInterest}, 6_18 + 1_06},
		"daily by a rate a year":   {loan.PenaltyRule{Kind: loan.DailyPenalty, Rate: apd.New(18, -2), PerYear: 360}, 6_00 + 1_06},
		"capped":                   {loan.PenaltyRule{Kind: loan.DailyPenalty, Rate: rate, Cap: 5_00}, 5_00},
		"capped by a share":        {loan.PenaltyRule{Kind: loan.DailyPenalty, Rate: rate, CapShare: apd.New(1, -2)}, 4_00},
		"grace that is not enough": {loan.PenaltyRule{Kind: loan.FlatPenalty, Amount: 20_00, GraceDays: 29}, 20_00},
		"grace that is enough":     {loan.PenaltyRule{Kind: loan.FlatPenalty, Amount: 20_00, GraceDays: 40}, 0},
	} {
		a := agreement(3, schedule.EqualPrincipal)
		a.Terms.Due.Every.N = 6 // the other rows are far
		a.Late = []loan.PenaltyRule{c.rule}
		a.Terms.AnnualRate = apd.New(2, -2) // 12.00 in six months
		a.Allocation.Due = loan.Order{loan.Interest, loan.Principal, loan.Fee, loan.Penalty}
		// 30 days on all of it, then ten days on what 200.00 leave of it.
		s := replay(t, a, "2026-08-10", repay("2026-07-31", 200_00))
		if got := s.Rows[0].Row.Penalty; got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// shown is all of a state that can be seen.
func shown(s *loan.State) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestPastDue(t *testing.T) {
	s := replay(t, agreement(3, schedule.EqualPrincipal), "2026-03-11", repay("2026-02-01", 12_00))
	if open, days := s.PastDue(); open.Total() != 400_00+408_00 || days != 38 {
		t.Errorf("%v for %d days", open, days)
	}
}

func TestReplayRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		event  loan.Event
		change func(*loan.Agreement)
	}{
		"an unknown type":       {loan.Event{Type: 99}, nil},
		"nothing paid":          {loan.Event{Type: loan.Repay, Date: start}, nil},
		"a charge of principal": {loan.Event{Type: loan.Charge, Date: start, Amount: 1, Component: loan.Principal}, nil},
		"a rate of nothing":     {loan.Event{Type: loan.ChangeRate, Date: start}, nil},
		"an order with a gap":   {repay("2026-02-01", 1), func(a *loan.Agreement) { a.Allocation.Due = loan.Order{1, 1, 2, 3} }},
		"a penalty of nothing":  {repay("2026-02-01", 1), func(a *loan.Agreement) { a.Late = []loan.PenaltyRule{{}} }},
		"unknown rounding": {repay("2026-02-01", 1), func(a *loan.Agreement) {
			a.Late = []loan.PenaltyRule{{Amount: 1, Rounding: amount.Mode(99)}}
		}},
	} {
		a := agreement(3, schedule.EqualPrincipal)
		if c.change != nil {
			c.change(&a)
		}
		if _, err := loan.Replay(a, []loan.Event{c.event}, start); !errors.Is(err, loan.ErrAgreement) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The charges of a loan are together as large as one amount may be, and so is what late rows cost: however many there are, sums
// of the loan don't overflow. A charge above that is refused; penalties, which grow by themselves, stay there.
func TestSumsOfManyAmounts(t *testing.T) {
	const most = 10_000_000_000_000_000
	a := agreement(100, schedule.EqualPrincipal)
	charge := loan.Event{Type: loan.Charge, Date: start, Due: start, Component: loan.Fee, Amount: most - 1}
	small := charge
	small.Amount = 1
	if s := replay(t, a, "2026-02-01", charge, small); s.Outstanding()[loan.Fee] != most {
		t.Errorf("%v is open", s.Outstanding())
	}
	if _, err := loan.Replay(a, []loan.Event{charge, small, small}, start); !errors.Is(err, loan.ErrAgreement) {
		t.Errorf("one more: %v", err)
	}
	for range 16 {
		a.Late = append(a.Late, loan.PenaltyRule{Kind: loan.FlatPenalty, Amount: most})
	}
	if s := replay(t, a, "2046-02-01"); s.Outstanding()[loan.Penalty] != most {
		t.Errorf("%d is asked for since 100 rows are late", s.Outstanding()[loan.Penalty])
	}
}

// BenchmarkPayoffQuote is the quote of a loan of 30 years with 700 events.
func BenchmarkPayoffQuote(b *testing.B) {
	for name, live := range map[string]bool{"fixed": false, "live": true} {
		a := agreement(360, schedule.EqualInstallment)
		a.Recalculation.On = live
		events := []loan.Event{{Type: loan.Disburse, Date: start, Amount: 1200_00}}
		for i := range 699 {
			events = append(events, loan.Event{Type: loan.Repay, Date: start + day.Date(i*15), Amount: 5_00})
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := loan.PayoffQuote(a, events, start+10600); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
