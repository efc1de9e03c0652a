package servicing_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/id"
)

// cents writes minor units as the documents do.
func cents(x int64) string {
	sign := ""
	if x < 0 {
		sign, x = "-", -x
	}
	return fmt.Sprintf("%s%d.%02d", sign, x/100, x%100)
}

// A payment that becomes known after one of three holders has sold half: the example of docs/lending.md.
func TestBackDatedAcrossASale(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12, Penalty: "0.0005"})
		table := []string{"| what happens | first | second | third | platform |", "|---|---|---|---|---|"}
		before := make([]int64, 4)
		row := func(what string) {
			var cells []string
			for i, account := range []string{holder(0), holder(1), holder(2), "platform:fees"} {
				now := w.balance(account)
				cells = append(cells, cents(now-before[i]))
				before[i] = now
			}
			table = append(table, fmt.Sprintf("| %s | %s |", what, strings.Join(cells, " | ")))
			w.whole(d)
		}
		w.to("2026-03-20") // two rows of 106.62 are due, 32 and 4 days late
		first := w.repay(d, 1, 110_00)
		row("20 March: the borrower pays 110.00")
		w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 200})
		row("the first sells half of his units to the second")
		w.to("2026-03-25")
		w.repay(d, 2, 50_00)
		row("25 March: he pays 50.00")
		w.to("2026-03-27")
		e := w.repay(d, 3, 106_62, func(p *servicing.Payment) { p.Date = day.Of(2026, 2, 16) })
		if e.Outcome != servicing.Applied || len(e.Corrected) != 2 || e.Corrected[0].Event != first.Number || len(e.Undone) != 0 {
			t.Fatalf("%+v", e)
		}
		row("27 March: 106.62 of 16 February become known")
		inDocument(t, "back-dated across a sale", strings.Join(table, "\n")+"\n")
		l, err := w.Get(context.Background(), tenant, d.Loan)
		if err != nil {
			t.Fatal(err)
		}
		if sum := l.Paid(); len(sum) != 3 {
			t.Errorf("the holders were paid by %+v", sum)
		}
		// The same in order, without a sale.
		other := w.lend(2, terms{Amount: 1_200_00, Months: 12, Penalty: "0.0005"})
		for i, p := range []servicing.Payment{{Amount: 106_62, Date: day.Of(2026, 2, 16)}, {Amount: 110_00, Date: day.Of(2026, 3, 20)}, {Amount: 50_00, Date: day.Of(2026, 3, 25)}} {
			w.repay(other, 10+i, p.Amount, func(x *servicing.Payment) { x.Date, x.Anyway = p.Date, true })
		}
		a, b := w.standing(d), w.standing(other)
		if a.Outstanding != b.Outstanding {
			t.Errorf("known late %v, in order %v", a.Outstanding, b.Outstanding)
		}
		if x, y := w.rows(d, holder(2)), w.rows(other, holder(2)); !near(x, y) {
			t.Errorf("the third, who sold nothing, has got %v, in order %v", x, y)
		}
	})
}

// rows is what a holder has got by tranche.
func (w *world) rows(d servicing.Deed, account string) (paid []int64) {
	w.t.Helper()
	if err := w.book.View(context.Background(), 0, func(e *ledger.Engine) {
		h, _ := e.Holding(d.Places.Register, account)
		for _, r := range h.Rows {
			paid = append(paid, r.Paid)
		}
	}); err != nil {
		w.t.Fatal(err)
	}
	return paid
}

// near reports whether no tranche differs by more than a cent.
func near(a, b []int64) bool {
	return slices.EqualFunc(a, b, func(x, y int64) bool { return max(x-y, y-x) <= 1 })
}

// A payment that bounces after units were sold: those who got it give it back, who has spent it owes it, and the borrower
// has all of it again. What the reserve paid in the meantime stays.
func TestBouncedAcrossASale(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 12})
		w.to("2026-02-16")
		bounced := w.repay(d, 1, 106_62)
		w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 400},
			&ledger.Transfer{Debit: holder(0), Credit: "bank", Mode: ledger.Exact, Amount: 30_00})
		w.to("2026-03-20")
		w.apply(&ledger.Transfer{Debit: "bank", Credit: "reserve", Mode: ledger.Exact, Amount: 106_62})
		if e, err := w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 1), Payer: "reserve"}); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), bounced.ID, id.ID{})
		if err != nil || e.Outcome != servicing.Applied || len(e.Corrected) != 1 {
			t.Fatalf("%+v %v", e, err)
		}
		w.whole(d)
		if got := w.balance("borrower:1:cash"); got != 106_62 {
			t.Errorf("the borrower has %d again", got)
		}
		if owed := w.owes(holder(0)); owed != 30_00 {
			t.Errorf("who has spent 30.00 owes %d", owed)
		}
		if got := w.rows(d, holder(0)); slices.ContainsFunc(got, func(x int64) bool { return x != 0 }) {
			t.Errorf("who sold everything keeps %v", got)
		}
	})
}

// owes is what an account owes.
func (w *world) owes(address string) (sum int64) {
	if err := w.book.View(context.Background(), 0, func(e *ledger.Engine) {
		a, _ := e.Account(address)
		sum = a.Owed
	}); err != nil {
		w.t.Fatal(err)
	}
	return sum
}

// inDocument compares what was worked out with what docs/lending.md shows.
func inDocument(t *testing.T, name, want string) {
	t.Helper()
	page, err := os.ReadFile("../../../docs/lending.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "<!-- begin "+name+" -->\n")
	got, _, end := strings.Cut(rest, "<!-- end "+name+" -->")
	if !ok || !end || got != want {
		t.Errorf("docs/lending.md shows\n%s\nand it is\n%s", got, want)
	}
}

// Who pays all rows in advance and settles has paid interest that is not owed any more: it becomes principal of what was paid
// before, or its fee, for those who held the loan then.
func TestSettledAfterAPaymentInAdvance(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, terms{Amount: 1_200_00, Months: 5, Early: 50_00})
		w.repay(d, 1, 1_000_00) // rows that are to come, with their interest
		w.apply(&ledger.Move{Register: d.Places.Register, From: holder(0), To: holder(1), Units: 200})
		w.to("2026-02-10")
		q, err := w.Quote(context.Background(), tenant, d.Loan, 0)
		if err != nil {
			t.Fatal(err)
		}
		e := w.repay(d, 2, q.Split.Total(), func(p *servicing.Payment) { p.Settle = true })
		if e.Outcome != servicing.Applied || len(e.Corrected) != 1 || e.Corrected[0].Event != 2 || e.Corrected[0].Holders[1] >= 0 {
			t.Fatalf("%+v", e)
		}
		w.whole(d)
	})
}

// What several have paid after a payout is not paid again by one of them: it is taken back before the payout is.
func TestPayoutBeforeOneOfSeveralIsReversed(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(servicing.Losses{InstallmentAfter: 30, Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}}))
		w.fund("reserve", 100_00)
		w.fund("guarantor:1", 500_00)
		w.to("2026-03-20")
		w.cover(d, 1, func(p *servicing.Payout) { p.Payer, p.Most = "reserve", 5 })
		w.cover(d, 2)
		_, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("payout", 1), id0)
		refused(t, err, servicing.WrongState, "")
		w.whole(d)
		for n := 2; n >= 1; n-- {
			if _, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1+n), uid("payout", n), id0); err != nil {
				t.Fatal(err)
			}
			w.whole(d)
		}
		w.have("who paid has his money again", map[string]int64{"reserve": 100_00, "guarantor:1": 500_00, holder(0): 0})
	})
}

// A payout that the borrower has repaid to the cent is not taken back before his payment is: he would have his money again, and
// the payer would have paid for him.
func TestPayoutThatWasRepaidIsReversed(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small.lost(servicing.Losses{InstallmentAfter: 30, Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}}))
		w.fund("reserve", 100_00)
		w.fund("guarantor:1", 500_00)
		w.to("2026-03-20")
		w.cover(d, 1)
		w.repay(d, 1, 213_24)
		_, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), uid("payout", 1), id0)
		refused(t, err, servicing.WrongState, "")
		w.whole(d)
		w.have("nothing has changed", map[string]int64{"reserve": 100_00, "guarantor:1": 500_00, "borrower:1:cash": 0})
	})
}

// The borrower may be named as the one who pays: his payments are his all the same.
func TestBorrowerNamedAsPayer(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		d := w.lend(1, small)
		w.to("2026-02-16")
		w.repay(d, 1, 106_62)
		w.repay(d, 2, 50_00, func(p *servicing.Payment) { p.Payer = d.Places.Payer })
		if _, err := w.Reverse(t.Context(), tenant, d.Loan, uid("reversal", 1), uid("payment", 1), id0); err != nil {
			t.Fatal(err)
		}
		w.whole(d)
	})
}
