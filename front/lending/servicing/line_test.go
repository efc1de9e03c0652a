package servicing_test

import (
	"context"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/lending/servicing"
)

// guaranteed lets the reserve pay first, then a guarantor.
var guaranteed = servicing.Losses{
	Payers: []servicing.Payer{{Account: "reserve"}, {Account: "guarantor:1", Rank: 1}}, Queue: true, InstallmentAfter: 1,
}

func (w *world) line() int {
	w.t.Helper()
	list, err := w.Line(context.Background(), tenant, "main", "reserve")
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// A reserve that was short once pays first again as soon as nobody waits for it: whether it was topped up, or the borrower
// paid what waited.
func TestReserveThatWasShort(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a, b, c := w.lend(1, small.lost(onReserve)), w.lend(2, small.lost(guaranteed)), w.lend(3, small.lost(guaranteed))
		w.fund("guarantor:1", 500_00)
		w.to("2026-02-20")
		if e := w.cover(a, 1); e.Outcome != servicing.Waiting {
			t.Fatalf("%+v", e)
		}
		w.fund("reserve", 106_62)
		if _, err := w.Serve(context.Background(), tenant, servicing.Service{ID: uid("serve", 1), Ledger: "main", Account: "reserve"}); err != nil {
			t.Fatal(err)
		}
		w.fund("reserve", 500_00)
		w.cover(b, 2)
		w.have("after the reserve was topped up", map[string]int64{"reserve": 393_38, "guarantor:1": 500_00})
		if w.Waits(tenant, "main", "reserve") {
			t.Error("money for the reserve is still looked at")
		}

		w.apply(&ledger.Transfer{Debit: "reserve", Credit: "bank", Mode: ledger.Exact, Amount: 393_38})
		w.to("2026-03-20")
		w.cover(a, 3)
		if w.line() == 0 {
			t.Fatal("nothing waits")
		}
		w.repay(a, 1, 213_24)
		w.fund("reserve", 500_00)
		w.cover(c, 4)
		w.have("after the borrower paid", map[string]int64{"reserve": 500_00 + 106_62 - 213_24, "guarantor:1": 500_00})
	})
}

// A node that takes over knows for whose money loans began to wait while another one led.
func TestLineAfterATakeOver(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := w.lend(1, small.lost(onReserve))
		standby, err := servicing.Open(context.Background(), w.db, w.ledgers, w.contracts)
		if err != nil {
			t.Fatal(err)
		}
		w.to("2026-02-20")
		w.cover(a, 1)
		if _, err := standby.CatchUp(context.Background()); err != nil || !standby.Waits(tenant, "main", "reserve") {
			t.Errorf("the node that leads now does not know that a loan waits (%v)", err)
		}
	})
}

// Nobody pays an installment that was not asked for: once the borrower has paid what waits, nothing does, though the next
// one is late too.
func TestOnlyWhatWasAskedForWaits(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		a := w.lend(1, small.lost(onReserve))
		w.to("2026-02-20")
		w.cover(a, 1)
		w.to("2026-03-20")
		w.repay(a, 1, 100_00)
		if s := w.standing(a); len(s.Waits) != 1 || s.Waits[0].Amount != 6_62 || w.line() != 1 {
			t.Errorf("6.62 of the first installment are left: %+v", s.Waits)
		}
		w.repay(a, 2, 6_62)
		if s := w.standing(a); len(s.Waits) != 0 || s.PastDue.Total() != 106_62 || w.line() != 0 {
			t.Errorf("the first installment is paid, and %+v waits", s.Waits)
		}
		w.fund("reserve", 500_00)
		if list, err := w.Serve(context.Background(), tenant, servicing.Service{ID: uid("serve", 1), Ledger: "main", Account: "reserve"}); err != nil || len(list) != 0 {
			t.Errorf("paid: %+v %v", list, err)
		}
		w.have("after a top-up", map[string]int64{"reserve": 500_00})
	})
}

// Who pays in the borrower's place does not pay what the books lack for another reason.
func TestPayerPaysHisPart(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		losses := onReserve
		losses.WholeAfter = 30
		d := w.lend(1, small.lost(losses))
		w.to("2026-02-20")
		first := w.repay(d, 1, 106_62)
		w.repay(d, 2, 50_00)
		w.fund("reserve", 5_000_00)
		// The borrower's account pays nothing more: what was taken back can't be paid again.
		w.apply(&ledger.Freeze{Account: d.Places.Payer, What: ledger.FreezeDebits})
		if e, err := w.Reverse(context.Background(), tenant, d.Loan, uid("reversal", 1), first.ID, id0); err != nil || e.Outcome != servicing.Applied {
			t.Fatal(e, err)
		}
		w.to("2026-05-20")
		_, err := w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 1), Payer: "reserve"})
		refused(t, err, servicing.WrongState, "")
		_, err = w.Cover(context.Background(), tenant, d.Loan, servicing.Payout{ID: uid("payout", 2)})
		refused(t, err, servicing.WrongState, "")
		_, err = w.Buy(context.Background(), tenant, d.Loan, servicing.Purchase{ID: uid("buy", 1)})
		refused(t, err, servicing.WrongState, "")
		w.have("after all were refused", map[string]int64{"reserve": 5_000_00})
	})
}

// A piece of a division that became void keeps nobody behind it from his.
func TestVoidPiece(t *testing.T) {
	each(t, 3, func(t *testing.T, w *world) {
		var deeds []servicing.Deed
		for n := range 3 {
			deeds = append(deeds, w.lend(n, small.lost(onReserve)))
		}
		w.to("2026-02-20")
		for n, d := range deeds {
			w.cover(d, n)
		}
		w.fund("reserve", 500_00)
		order, err := w.Line(context.Background(), tenant, "main", "reserve")
		if err != nil || len(order) != 3 {
			t.Fatal(order, err)
		}
		came := w.ledgers.breaks(2) // after the first of them was paid, before that was kept
		v := servicing.Service{ID: uid("serve", 1), Ledger: "main", Account: "reserve"}
		if _, err := w.Serve(context.Background(), tenant, v); err == nil || !came() {
			t.Fatal("nothing broke")
		}
		w.open()
		for _, d := range deeds {
			if d.Loan == order[1].Loan {
				w.repay(d, 1, 106_62)
			}
		}
		if list, err := w.Serve(context.Background(), tenant, v); err != nil || len(list) != 2 {
			t.Errorf("paid %d: %v", len(list), err)
		}
		w.have("after it", map[string]int64{"reserve": 500_00 - 213_24})
	})
}
