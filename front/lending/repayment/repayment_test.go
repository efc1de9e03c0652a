package repayment_test

import (
	"database/sql"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/order/ordertest"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/repayment"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func uid(group string, n int) id.ID {
	var i id.ID
	binary.BigEndian.PutUint64(i[:], uint64(noon.UnixMilli())<<16)
	return i.Derive(group, uint64(n))
}

var tenant, borrower, friend = uid("tenant", 1), uid("borrower", 1), uid("friend", 1)

// ofLoan is the borrower's loan.
func ofLoan() *servicing.Loan {
	l := &servicing.Loan{}
	l.Tenant, l.Deed.Loan, l.Borrower, l.Asset = tenant, uid("loan", 1), borrower, "CNY"
	return l
}

func repaid(n int, o servicing.Outcome) servicing.Event {
	return servicing.Event{
		Number: uint32(n), ID: uid("repayment", n), Kind: servicing.Repaid, Date: day.Of(2026, 3, 2), Actor: uid("principal", 1), Behalf: borrower,
		Asked: 100_00, Amount: 80_00, Outcome: o, Command: uid("command", n), Sequence: uint64(n),
	}
}

// Each repayment is an order: who offered what, what became of it, and whether it counts still.
func TestRepaymentsAreOrders(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		errand := order.Kind{Code: "errand", Title: "Errand", By: []string{"client"}, First: "asked", States: []string{"asked"}, Ends: []string{"asked"}}
		kinds, err := order.NewKinds(repayment.Kind(), errand)
		must(t, err)
		orders, err := order.Open(t.Context(), db, kinds, func(id.ID) clock.Clock { return clock.NewManual(noon) })
		must(t, err)
		r := &repayment.Repayments{Orders: orders}
		keep := func(list ...servicing.Event) {
			t.Helper()
			var prepared []*order.Prepared
			for i := range list {
				some, err := r.Happened(t.Context(), ofLoan(), &list[i], servicing.Active)
				must(t, err)
				prepared = append(prepared, some...)
			}
			must(t, db.Write(t.Context(), func(tx *sql.Tx) error { return r.Keep(t.Context(), tx, prepared) }))
		}
		_, err = orders.Create(t.Context(), tenant, order.New{
			ID: uid("repayment", 6), Kind: "errand", Act: order.Act{Actor: uid("principal", 1), Role: "client"}, Parties: []order.Party{{Part: "asker", Party: borrower}},
		})
		must(t, err)
		guarantor := repaid(4, servicing.Applied)
		guarantor.Behalf = friend
		keep(
			repaid(1, servicing.Applied), repaid(2, servicing.Suspected), repaid(3, "balance_too_low"), guarantor,
			servicing.Event{Number: 5, ID: uid("charge", 5), Kind: servicing.Charged, Outcome: servicing.Applied},
			repaid(6, servicing.Applied), // whose id stands for something else already
		)
		keep(
			servicing.Event{Number: 7, ID: uid("reversal", 7), Kind: servicing.Reversed, Of: uid("repayment", 1), Outcome: servicing.Applied, Actor: uid("principal", 2), Sequence: 7, Command: uid("command", 7)},
			servicing.Event{Number: 8, ID: uid("reversal", 8), Kind: servicing.Reversed, Of: uid("charge", 5), Outcome: servicing.Applied},
			servicing.Event{Number: 9, ID: uid("reversal", 9), Kind: servicing.Reversed, Of: uid("repayment", 4), Outcome: "account_frozen"},
		)
		for n, want := range map[int][]string{
			1: {"received", "counted", "reversed"}, 2: {"received", "suspected"}, 3: {"received", "refused"}, 4: {"received", "counted"}, 6: {"asked"},
		} {
			steps, err := orders.Steps(t.Context(), tenant, uid("repayment", n), 0, 10)
			must(t, err)
			var got []string
			for _, s := range steps {
				got = append(got, s.To)
			}
			if !slices.Equal(got, want) {
				t.Errorf("repayment %d went %v, want %v", n, got, want)
			}
			if n == 3 && steps[1].Reason != "balance_too_low" {
				t.Errorf("%+v", steps[1])
			}
			if n == 1 && (steps[1].Evidence.Sequence != 1 || steps[2].Evidence.Command != uid("command", 7) || steps[2].Actor != uid("principal", 2)) {
				t.Errorf("%+v", steps)
			}
		}
		o, err := orders.Get(t.Context(), tenant, uid("repayment", 4))
		must(t, err)
		if !slices.Equal(o.Parties, []order.Party{{Part: "borrower", Party: borrower}, {Part: "payer", Party: friend}}) ||
			!slices.Equal(o.Amounts, []order.Amount{{Code: "offered", Asset: "CNY", Amount: 100_00}, {Code: "taken", Asset: "CNY", Amount: 80_00}}) ||
			string(o.Attributes) != `{"date":"2026-03-02"}` || !slices.Equal(o.References, []order.Reference{{Type: servicing.ReferenceLoan, Value: uid("loan", 1)}}) {
			t.Errorf("%+v", o)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The drawing in the page is made from the declaration.
func TestTheDrawingOfThePage(t *testing.T) {
	ordertest.Drawing(t, "../../../docs/lending.md", repayment.Kind())
}
