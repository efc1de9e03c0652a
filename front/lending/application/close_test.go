package application_test

import (
	"context"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// officer closes for a reason.
func officer(actor id.ID, reason string) order.Act {
	return order.Act{Actor: actor, Role: application.Officer, Reason: reason}
}

// paidOut brings an application to the payout.
func (w *world) paidOut(n int) *application.Application {
	w.Helper()
	a := w.sign(w.submit(n))
	w.run()
	w.bid(a, 1, 700_00)
	w.bid(a, 2, 500_00)
	return a
}

// An officer closes what is settled, for a reason, and never his own. Then the last payment, which could be returned until
// then, can't be any more.
func TestClose(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := context.Background()
		a := w.paidOut(1)
		change := w.next("closure")
		refused := func(what string, code errs.Code, field string, by order.Act) {
			t.Helper()
			if _, err := w.Close(ctx, tenant, a.ID, w.next("closure"), by); errs.Of(err) == nil || errs.Of(err).Code != code || errs.Of(err).Field != field {
				t.Errorf("%s: %v", what, err)
			}
		}
		refused("while it is repaid", order.WrongState, "", officer(staff, "paid-up"))
		settled, err := w.loans.Repay(ctx, tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: 1_500_00, Settle: true})
		if err != nil || settled.Outcome != servicing.Applied {
			t.Fatal(settled, err)
		}
		// It need not have followed its loan yet.
		if s := w.state(a); s != application.Repaying {
			t.Fatalf("it is %s", s)
		}
		refused("without a reason", errs.Invalid, "reason", officer(staff, ""))
		refused("for what is no code", errs.Invalid, "reason", officer(staff, "Paid up!"))
		refused("by the borrower", errs.Forbidden, "", officer(login, "paid-up"))
		refused("by one who acts for him by another login", errs.Forbidden, "", officer(deputy, "paid-up"))
		refused("by a program", errs.Forbidden, "", officer(program, "paid-up"))
		w.waits = uid("proposal", 1)
		refused("with a proposal about it", order.WrongState, "", officer(staff, "paid-up"))
		w.waits = id.ID{}
		if s := w.state(a); s != application.Settled {
			t.Fatalf("it is %s", s)
		}

		for range 2 { // the same again changes nothing
			closed, err := w.Close(ctx, tenant, a.ID, change, officer(staff, "paid-up"))
			if err != nil || closed.State != application.Closed {
				t.Fatal(closed, err)
			}
			steps, err := w.Steps(ctx, closed)
			if err != nil {
				t.Fatal(err)
			}
			if last := steps[len(steps)-1]; last.ID != change.Derive("close", 0) || last.Actor != staff || last.Role != application.Officer || last.Reason != "paid-up" || last.From != application.Settled {
				t.Errorf("the last step: %+v", last)
			}
		}
		if _, err := w.Close(ctx, tenant, a.ID, change, officer(staff, "another-reason")); !errs.Is(err, order.IDTaken) {
			t.Errorf("the same id for another reason: %v", err)
		}
		refused("closed before", order.WrongState, "", officer(staff, "paid-up"))
		if _, err := w.loans.Reverse(ctx, tenant, a.Loan(), w.next("reversal"), settled.ID, staff); !errs.Is(err, servicing.WrongState) {
			t.Errorf("the payment is returned afterwards: %v", err)
		}
	})
}

// What was written off is closed when nothing more is expected.
func TestCloseALoss(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx := context.Background()
	w.losses = catalog.Losses{WriteOffAfter: 60}
	a := w.paidOut(1)
	w.wait(120 * 24 * time.Hour)
	if e, err := w.loans.WriteOff(ctx, tenant, a.Loan(), servicing.Giving{ID: w.next("write-off"), Actor: staff}); err != nil || e.Outcome != servicing.Applied {
		t.Fatal(e, err)
	}
	closed, err := w.Close(ctx, tenant, a.ID, w.next("closure"), officer(staff, "no-estate"))
	if err != nil || closed.State != application.Closed {
		t.Fatal(closed, err)
	}
	if n, err := w.Defaults(ctx, tenant, borrower); err != nil || n != 1 {
		t.Errorf("%d defaults, want 1: what was lost stays lost: %v", n, err)
	}
	if _, err := w.loans.Recover(ctx, tenant, a.Loan(), servicing.Recovery{ID: w.next("recovery"), Amount: 1}); !errs.Is(err, servicing.WrongState) {
		t.Errorf("something is recovered afterwards: %v", err)
	}
}

// An id under which another order was opened closes an application as any other does.
func TestCloseByATakenID(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx := context.Background()
	a, other := w.paidOut(1), w.submit(2)
	if _, err := w.loans.Repay(ctx, tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: 1_500_00, Settle: true}); err != nil {
		t.Fatal(err)
	}
	closed, err := w.Close(ctx, tenant, a.ID, other.ID, officer(staff, "paid-up"))
	if err != nil || closed.State != application.Closed {
		t.Fatal(closed, err)
	}
}

// A node that is killed between the loan's end and the application's goes on where it stood: the officer's step follows.
func TestCloseAfterACrash(t *testing.T) {
	w := newWorld(t, storetest.SQLite(t))
	ctx := context.Background()
	a := w.paidOut(1)
	if _, err := w.loans.Repay(ctx, tenant, a.Loan(), servicing.Payment{ID: w.next("payment"), Amount: 1_500_00, Settle: true}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.loans.End(ctx, tenant, a.Loan(), servicing.Ending{ID: w.next("closure"), Actor: staff, Reason: "paid-up"}); err != nil {
		t.Fatal(err)
	}
	w.run()
	if s := w.state(a); s != application.Closed {
		t.Errorf("it is %s", s)
	}
}
