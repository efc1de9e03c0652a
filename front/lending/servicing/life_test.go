package servicing_test

import (
	"context"
	"fmt"
	"math/big"
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
	cashs int64           // that the borrower and those who pay for him were given
	moved map[string]bool // holders who bought or sold units
	pay   []string        // accounts of the reserve and two guarantors
}

// newLife begins the life of a loan with payers of its own: what waits of other loans would be paid from them too.
func (w *world) newLife(n int) *life {
	l := &life{world: w, n: 1000 * n, began: dayOf(w.now()), moved: map[string]bool{}}
	for _, who := range []string{"reserve:%d", "guarantor:1:%d", "guarantor:2:%d"} {
		l.pay = append(l.pay, fmt.Sprintf(who, n))
		w.apply(account(l.pay[len(l.pay)-1], ledger.CreditNormal, ledger.Liability, ledger.Nonnegative))
	}
	return l
}

// Whatever happens to a loan in whatever order, after every act what the holders, the platform and the credit account
// have is what the borrower gave, and the books are what a replay of the stored events gives.
func TestLives(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 7)
	loans, seen, corrected := 0, map[servicing.Kind]int{}, map[servicing.Kind]int{}
	rapid.Check(t, func(r *rapid.T) {
		loans++
		l := w.newLife(loans)
		l.d = w.lend(loans, terms{
			Amount: rapid.Int64Range(100, 200_000).Draw(r, "yuan") * 100, Months: rapid.IntRange(1, 24).Draw(r, "months"),
			Over:        servicing.Over(rapid.IntRange(0, 2).Draw(r, "over")),
			Method:      rapid.SampledFrom([]schedule.Method{schedule.EqualInstallment, schedule.EqualPrincipal, schedule.InterestOnly, schedule.BulletSimple, schedule.FixedInstallment, schedule.Custom}).Draw(r, "method"),
			Recalculate: rapid.Bool().Draw(r, "recalculate"), Penalty: rapid.SampledFrom([]string{"", "0.0005"}).Draw(r, "penalty"),
			Fee: rapid.Int64Range(0, 20_00).Draw(r, "fee"), Start: l.began,
			Early: rapid.Int64Range(0, 1).Draw(r, "early") * 50_00, Uncovered: rapid.Bool().Draw(r, "uncovered"),
			Counted: rapid.Bool().Draw(r, "counted"), Losses: servicing.Losses{
				Payers: []servicing.Payer{
					{Account: l.pay[0]},
					{Account: l.pay[1], Rank: 1, Weight: 2, Limit: 500_00},
					{Account: l.pay[2], Rank: 1, Weight: rapid.Int64Range(1, 3).Draw(r, "weight")},
				},
				InstallmentAfter: 1, WholeAfter: 1, WriteOffAfter: 10, ProRata: rapid.Bool().Draw(r, "pro rata"), Queue: rapid.Bool().Draw(r, "queue"),
				Recovery: rapid.SampledFrom([][3]servicing.Receiver{
					{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}, {servicing.ToHolders, servicing.ToPayers, servicing.ToCosts},
				}).Draw(r, "recovery"),
			},
		})
		l.Repeat(r)
		now, err := l.Get(context.Background(), tenant, l.d.Loan)
		if err != nil {
			r.Fatal(err)
		}
		for i := range now.Events {
			e := &now.Events[i]
			if e.Outcome == servicing.Applied || e.Outcome == servicing.Waiting {
				seen[e.Kind]++
			}
			if e.Outcome == "register_changed" {
				r.Errorf("event %d was refused since units changed: %+v", e.Number, e)
			}
			if len(e.Corrected) > 0 {
				corrected[e.Kind]++
			}
		}
	})
	for _, k := range []servicing.Kind{servicing.Covered, servicing.Bought, servicing.WrittenOff, servicing.Recovered, servicing.Restructured, servicing.Reversed, servicing.Settled} {
		if seen[k] == 0 {
			t.Errorf("nothing was ever %s", k)
		}
	}
	if len(corrected) == 0 {
		t.Error("nothing paid differences to those who held the loan before")
	}
	t.Log(seen, corrected)
}

// Whatever is recovered of a loan that was written off, and taken back of what happened before: once all is repaid, each who
// paid in the borrower's place has his money again.
func TestLivesAfterWriteOff(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t), 7)
	loans := 0
	rapid.Check(t, func(r *rapid.T) {
		loans++
		l := w.newLife(loans)
		l.d = w.lend(loans, terms{
			Amount: 1_200_00, Months: rapid.IntRange(1, 3).Draw(r, "months"), Start: l.began, Counted: true, Uncovered: rapid.Bool().Draw(r, "uncovered"),
			Recalculate: rapid.Bool().Draw(r, "recalculate"), Penalty: rapid.SampledFrom([]string{"", "0.0005"}).Draw(r, "penalty"),
			Losses: servicing.Losses{
				Payers: []servicing.Payer{
					{Account: l.pay[0], Limit: rapid.SampledFrom([]int64{0, 300_00}).Draw(r, "limit")}, {Account: l.pay[1], Rank: 1, Weight: 2}, {Account: l.pay[2], Rank: 1, Weight: 1},
				},
				InstallmentAfter: 1, WriteOffAfter: 1,
				Recovery: [3]servicing.Receiver(rapid.Permutation([]servicing.Receiver{servicing.ToCosts, servicing.ToPayers, servicing.ToHolders}).Draw(r, "recovery")),
			},
		})
		check := l.checks()
		for _, p := range l.pay {
			l.fund(p, 2_000_00)
			l.cashs += 2_000_00
		}
		for range rapid.IntRange(1, 3).Draw(r, "rounds") {
			l.anyCharge(r)
			l.anySchedule(r)
			l.anyPayment(r)
			l.wait(rapid.IntRange(1, 45).Draw(r, "days"))
			_, err := l.Cover(context.Background(), tenant, l.d.Loan, servicing.Payout{ID: l.next()})
			l.expect(r, err)
		}
		l.wait(120)
		l.anyWriteOff(r)
		r.Repeat(map[string]func(*rapid.T){
			"": check, "recover": l.anyRecovery, "reverse": l.anyReversal, "transfer": l.anyTransfer,
			"wait": func(r *rapid.T) { l.wait(rapid.IntRange(1, 70).Draw(r, "days")) },
		})
		s := l.standing(l.d)
		for ; s.Outstanding.Total() > 0; s = l.standing(l.d) {
			if s.State != servicing.GivenUp {
				return // what was reversed left nothing to write off
			}
			l.recover(l.d, l.next(), s.Outstanding.Total())
			l.cashs += s.Outstanding.Total()
			check(r)
		}
		for _, p := range l.pay {
			if got := l.balance(p); got != 2_000_00 {
				r.Errorf("all is repaid, and %s has %d of 2,000.00", p, got)
			}
		}
	})
}

// Repeat lets acts happen in any order.
func (l *life) Repeat(r *rapid.T) {
	r.Repeat(map[string]func(*rapid.T){
		"":           l.checks(),
		"repay":      l.anyPayment,
		"settle":     l.anySettlement,
		"cover":      l.anyPayout,
		"contract":   l.anyContractPayout,
		"serve":      l.anyService,
		"buy":        l.anyPurchase,
		"write off":  l.anyWriteOff,
		"recover":    l.anyRecovery,
		"reverse":    l.anyReversal,
		"charge":     l.anyCharge,
		"reschedule": l.anySchedule,
		"transfer":   l.anyTransfer,
		"spend":      l.anySpending,
		"late":       l.anyLatePayment,
		"wait":       func(r *rapid.T) { l.wait(rapid.IntRange(1, 70).Draw(r, "days")) },
	})
}

// checks checks, after any act, what must hold then, from now on.
func (l *life) checks() func(*rapid.T) {
	before, payers := l.balance("borrower:1:cash"), l.payers()
	lost := l.balance("platform:lost")
	return func(r *rapid.T) {
		l.open() // nothing is remembered but by rows
		l.whole(l.d)
		now, err := l.Get(context.Background(), tenant, l.d.Loan)
		if err != nil {
			r.Fatal(err)
		}
		// What the payers have of the register beside what the books give them is theirs as holders.
		got := l.balance("borrower:1:cash") - before + l.payers() - payers
		paid := now.Booked.Total()
		for _, p := range l.pay {
			paid -= now.Booked.Of(p) + l.held(p)
		}
		if got != l.cashs-paid {
			r.Errorf("borrower and payers were given %d and have %d, the books say that they paid %d", l.cashs, got, paid)
		}
		if l.balance("platform:lost")-lost != now.Booked.Lost {
			r.Errorf("%d is counted as lost, the books say %d", l.balance("platform:lost")-lost, now.Booked.Lost)
		}
		l.funded(r)
		l.exact(r, now)
		l.claimed(r)
		if l.t.Failed() {
			r.FailNow()
		}
	}
}

// claimed checks that nobody owes money since he paid for the borrower, and that nothing is owed to him once all is repaid.
func (l *life) claimed(r *rapid.T) {
	s := l.standing(l.d)
	for _, c := range s.Claims {
		if s.State == servicing.Closed || min(c.Split[loan.Interest], c.Split[loan.Principal]) < 0 {
			r.Errorf("%s is owed %v of a loan that is %s", c.Account, c.Split, s.State)
		}
	}
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
	l.apply(&ledger.Transfer{Debit: "bank", Credit: l.pay[0], Mode: ledger.Exact, Amount: amount})
	l.cashs += amount
	_, err := l.Cover(context.Background(), tenant, l.d.Loan, servicing.Payout{
		ID: l.next(), Payer: l.pay[0], Most: rapid.SampledFrom([]int64{0, amount}).Draw(r, "most"),
	})
	l.expect(r, err)
}

// payers is what those have who pay for the borrower, less what they owe.
func (l *life) payers() (sum int64) {
	if err := l.book.View(context.Background(), 0, func(e *ledger.Engine) {
		for _, p := range l.pay {
			a, _ := e.Account(p)
			sum += a.Balance() - a.Owed
		}
	}); err != nil {
		l.t.Fatal(err)
	}
	return sum
}

// give gives one of them money.
func (l *life) give(r *rapid.T) {
	amount := rapid.SampledFrom([]int64{1, 1_234, 500_00, 3_000_00, 300_000_00}).Draw(r, "top-up")
	l.fund(rapid.SampledFrom(l.pay).Draw(r, "payer"), amount)
	l.cashs += amount
}

func (l *life) anyContractPayout(r *rapid.T) {
	l.wait(rapid.SampledFrom([]int{1, 35}).Draw(r, "days"))
	l.give(r)
	_, err := l.Cover(context.Background(), tenant, l.d.Loan, servicing.Payout{ID: l.next()})
	l.expect(r, err)
}

func (l *life) anyService(r *rapid.T) {
	l.give(r)
	_, err := l.Serve(context.Background(), tenant, servicing.Service{ID: l.next(), Ledger: "main", Account: l.pay[0]})
	l.expect(r, err)
}

func (l *life) anyPurchase(r *rapid.T) {
	l.give(r)
	l.wait(rapid.SampledFrom([]int{1, 35}).Draw(r, "days"))
	e, err := l.Buy(context.Background(), tenant, l.d.Loan, servicing.Purchase{ID: l.next()})
	l.expect(r, err)
	if err == nil && e.Outcome == servicing.Applied {
		for i := range l.holders {
			l.moved[holder(i)] = true
		}
		l.moved[e.Payer] = true
		l.cashs -= e.Amount
	}
}

func (l *life) anyWriteOff(r *rapid.T) {
	l.wait(rapid.SampledFrom([]int{1, 45}).Draw(r, "days"))
	_, err := l.WriteOff(context.Background(), tenant, l.d.Loan, servicing.Giving{ID: l.next()})
	l.expect(r, err)
}

func (l *life) anyRecovery(r *rapid.T) {
	amount := rapid.Int64Range(1, 5_000_00).Draw(r, "amount")
	l.cash(amount)
	l.cashs += amount
	_, err := l.Recover(context.Background(), tenant, l.d.Loan, servicing.Recovery{ID: l.next(), Amount: amount, Costs: rapid.Int64Range(0, amount).Draw(r, "costs")})
	l.expect(r, err)
}

// funded checks that those who hold the loan have all its units, whatever happened.
func (l *life) funded(r *rapid.T) {
	var units, held uint64
	if err := l.book.View(context.Background(), 0, func(e *ledger.Engine) {
		s, _ := e.Register(l.d.Places.Register)
		units = s.Cap
		list, _, _ := e.Holders(l.d.Places.Register, 0, 1000)
		for i := range list {
			held += list[i].Units
		}
	}); err != nil {
		r.Fatal(err)
	}
	if units != held {
		r.Errorf("%d of %d units are held", held, units)
	}
}

// exact checks that who neither bought nor sold has got, of each tranche, his exact share of what the books say, and so of
// what a replay gives, within less than a cent: exactly where it is whole.
func (l *life) exact(r *rapid.T, now *servicing.Loan) {
	if err := l.book.View(context.Background(), 0, func(e *ledger.Engine) {
		s, _ := e.Register(l.d.Places.Register)
		list, _, _ := e.Holders(l.d.Places.Register, 0, 1000)
		for i := range list {
			h := &list[i]
			for t, row := range h.Rows {
				// |paid - units/all·sum| < 1
				away := new(big.Int).Mul(big.NewInt(row.Paid), new(big.Int).SetUint64(s.Units))
				away.Sub(away, new(big.Int).Mul(big.NewInt(now.Booked.Holders[t]), new(big.Int).SetUint64(h.Units)))
				if !l.moved[h.Account] && away.CmpAbs(new(big.Int).SetUint64(s.Units)) >= 0 {
					r.Errorf("%s, who never sold, has got %d of %d by %d of %d units", h.Account, row.Paid, now.Booked.Holders[t], h.Units, s.Units)
				}
			}
		}
	}); err != nil {
		r.Fatal(err)
	}
}

// held is what an account has got as a holder of the loan.
func (l *life) held(account string) (sum int64) {
	if err := l.book.View(context.Background(), 0, func(e *ledger.Engine) {
		h, _ := e.Holding(l.d.Places.Register, account)
		for _, row := range h.Rows {
			sum += row.Paid
		}
	}); err != nil {
		l.t.Fatal(err)
	}
	return sum
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
	c := servicing.Change{ID: l.next(), Kind: rapid.SampledFrom([]servicing.Kind{servicing.Deferred, servicing.Rescheduled, servicing.Repriced, servicing.Restructured}).Draw(r, "kind")}
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
		l.moved[holder(from)], l.moved[holder(to)] = true, true
	}
}

// anyLatePayment is known after units were sold.
func (l *life) anyLatePayment(r *rapid.T) {
	l.anyPayment(r)
	l.anyTransfer(r)
	l.wait(rapid.IntRange(1, 30).Draw(r, "days"))
	s := l.standing(l.d)
	amount := max(1, rapid.SampledFrom([]int64{s.Due.Total(), s.Next, s.Next / 3}).Draw(r, "amount"))
	l.cash(amount)
	l.cashs += amount
	_, err := l.Repay(context.Background(), tenant, l.d.Loan, servicing.Payment{
		ID: l.next(), Amount: amount, Date: max(dayOf(l.now())-40, l.began), Anyway: true,
	})
	l.expect(r, err)
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
