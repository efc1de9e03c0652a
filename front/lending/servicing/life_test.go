package servicing_test

import (
	"context"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// life is one loan to which anything happens.
type life struct {
	*world
	d     servicing.Deed
	n     int // acts so far
	began day.Date
	cashs int64 // that the borrower was given
}

// Whatever happens to a loan in whatever order, after every act what the holders, the platform and the credit account
// have is what the borrower gave, and the books are what a replay of the stored events gives.
func TestLives(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 7)
	loans := 0
	rapid.Check(t, func(r *rapid.T) {
		loans++
		l := &life{world: w, n: 1000 * loans, began: dayOf(w.now())}
		l.d = w.lend(loans, terms{
			Amount: rapid.Int64Range(100, 200_000).Draw(r, "yuan") * 100, Months: rapid.IntRange(1, 24).Draw(r, "months"),
			Over:        servicing.Over(rapid.IntRange(0, 2).Draw(r, "over")),
			Method:      rapid.SampledFrom([]schedule.Method{schedule.EqualInstallment, schedule.EqualPrincipal, schedule.InterestOnly, schedule.BulletSimple}).Draw(r, "method"),
			Recalculate: rapid.Bool().Draw(r, "recalculate"), Penalty: rapid.SampledFrom([]string{"", "0.0005"}).Draw(r, "penalty"),
			Fee: rapid.Int64Range(0, 20_00).Draw(r, "fee"), Start: l.began,
			Early: rapid.Int64Range(0, 1).Draw(r, "early") * 50_00, Uncovered: rapid.Bool().Draw(r, "uncovered"),
		})
		l.Repeat(r)
	})
}

// Repeat lets acts happen in any order.
func (l *life) Repeat(r *rapid.T) {
	before, reserve := l.balance("borrower:1:cash"), l.balance("reserve")
	r.Repeat(map[string]func(*rapid.T){
		"": func(r *rapid.T) {
			l.open() // nothing is remembered but by rows
			l.whole(l.d)
			now, err := l.Get(context.Background(), tenant, l.d.Loan)
			if err != nil {
				r.Fatal(err)
			}
			got := l.balance("borrower:1:cash") - before + l.balance("reserve") - reserve
			if paid := now.Booked.Total() - now.Booked.Of("reserve"); got != l.cashs-paid {
				r.Errorf("borrower and reserve were given %d and have %d, the books say that they paid %d", l.cashs, got, paid)
			}
			if l.t.Failed() {
				r.FailNow()
			}
		},
		"repay":      l.anyPayment,
		"settle":     l.anySettlement,
		"cover":      l.anyPayout,
		"reverse":    l.anyReversal,
		"charge":     l.anyCharge,
		"reschedule": l.anySchedule,
		"transfer":   l.anyTransfer,
		"spend":      l.anySpending,
		"wait":       func(r *rapid.T) { l.wait(rapid.IntRange(1, 70).Draw(r, "days")) },
	})
}

func (l *life) next() id.ID { l.n++; return uid("act", l.n) }

func (l *life) wait(days int) {
	l.to((dayOf(l.now()) + day.Date(days)).String())
}

func (l *life) date(r *rapid.T) day.Date {
	back := rapid.SampledFrom([]int{0, 0, 0, 1, 10, 40, 100}).Draw(r, "days back")
	return max(dayOf(l.now())-day.Date(back), l.began)
}

func (l *life) anyPayment(r *rapid.T) {
	s := l.standing(l.d)
	amount := max(1, rapid.SampledFrom([]int64{s.Due.Total(), s.Next, s.Next / 2, s.Outstanding.Total(), s.Outstanding.Total() + 5_00, 1, 1234}).Draw(r, "amount"))
	l.cash(amount)
	l.cashs += amount
	_, err := l.Repay(context.Background(), tenant, l.d.Loan, servicing.Payment{
		ID: l.next(), Amount: amount, Date: l.date(r), Anyway: rapid.Bool().Draw(r, "anyway"),
	})
	l.expect(r, err)
}

func (l *life) anySettlement(r *rapid.T) {
	q, err := l.Quote(context.Background(), tenant, l.d.Loan, 0)
	if err != nil {
		l.expect(r, err)
		return
	}
	amount := max(1, q.Split.Total())
	l.cash(amount)
	l.cashs += amount
	_, err = l.Repay(context.Background(), tenant, l.d.Loan, servicing.Payment{ID: l.next(), Amount: amount, Settle: true})
	l.expect(r, err)
}

// anyPayout lets the reserve pay what is past due, or as much as it has.
func (l *life) anyPayout(r *rapid.T) {
	amount := rapid.Int64Range(1, 20_000_00).Draw(r, "top-up")
	l.apply(&ledger.Transfer{Debit: "bank", Credit: "reserve", Mode: ledger.Exact, Amount: amount})
	l.cashs += amount
	_, err := l.Cover(context.Background(), tenant, l.d.Loan, servicing.Payout{
		ID: l.next(), Payer: "reserve", Most: rapid.SampledFrom([]int64{0, amount}).Draw(r, "most"),
	})
	l.expect(r, err)
}

func (l *life) anyReversal(r *rapid.T) {
	now, err := l.Get(context.Background(), tenant, l.d.Loan)
	if err != nil {
		r.Fatal(err)
	}
	of := now.Events[rapid.IntRange(0, len(now.Events)-1).Draw(r, "event")].ID
	_, err = l.Reverse(context.Background(), tenant, l.d.Loan, l.next(), of, id.ID{})
	l.expect(r, err)
}

func (l *life) anyCharge(r *rapid.T) {
	on := l.date(r)
	_, err := l.Change(context.Background(), tenant, l.d.Loan, servicing.Change{
		ID: l.next(), Kind: servicing.Charged, Date: on, Due: on + day.Date(rapid.IntRange(0, 40).Draw(r, "in days")),
		Amount: rapid.Int64Range(1, 50_00).Draw(r, "amount"), Component: rapid.SampledFrom([]loan.Component{loan.Fee, loan.Penalty}).Draw(r, "component"),
	})
	l.expect(r, err)
}

func (l *life) anySchedule(r *rapid.T) {
	today := dayOf(l.now())
	c := servicing.Change{ID: l.next(), Kind: rapid.SampledFrom([]servicing.Kind{servicing.Deferred, servicing.Rescheduled, servicing.Repriced}).Draw(r, "kind")}
	c.Rows, c.Due, c.Rate = rapid.IntRange(1, 6).Draw(r, "rows"), today+day.Date(rapid.IntRange(1, 60).Draw(r, "first")), "0.15"
	_, err := l.Change(context.Background(), tenant, l.d.Loan, c)
	l.expect(r, err)
}

// anyTransfer sells units of one holder to another.
func (l *life) anyTransfer(r *rapid.T) {
	from, to := rapid.IntRange(0, 6).Draw(r, "from"), rapid.IntRange(0, 6).Draw(r, "to")
	if from == to {
		return
	}
	var units uint64
	if err := l.book.View(context.Background(), 0, func(e *ledger.Engine) {
		h, _ := e.Holding(l.d.Places.Register, holder(from))
		units = h.Units
	}); err != nil {
		r.Fatal(err)
	}
	if units = units / 2; units > 0 {
		l.apply(&ledger.Move{Register: l.d.Places.Register, From: holder(from), To: holder(to), Units: units})
	}
}

// anySpending takes out all that a holder has.
func (l *life) anySpending(r *rapid.T) {
	who := holder(rapid.IntRange(0, 6).Draw(r, "who"))
	l.apply(&ledger.Transfer{Debit: who, Credit: "bank", Mode: ledger.AtMost, Amount: 1e15})
}

// expect takes refusals of what can't be; anything else is a failure.
func (l *life) expect(r *rapid.T, err error) {
	if err != nil && !isRefusal(err) {
		r.Fatal(err)
	}
}

func (w *world) now() time.Time {
	now, err := w.ledgers.Now(context.Background(), "main")
	if err != nil {
		w.t.Fatal(err)
	}
	return now
}
