package market_test

import (
	"slices"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/order/ordertest"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// order gives an order with its steps.
func (w *world) order(of id.ID) (order.Order, []order.Step) {
	w.Helper()
	o, err := w.orders.Get(w.Context(), tenant, of)
	w.must(err)
	steps, err := w.orders.Steps(w.Context(), tenant, of, 0, 10)
	w.must(err)
	return o, steps
}

// all lists the orders of an investor, oldest first.
func (w *world) all(of id.ID) (list []string) {
	w.Helper()
	found, err := w.orders.List(w.Context(), tenant, order.Filter{Party: of}, order.Page{Size: 100})
	w.must(err)
	for _, o := range found.Orders {
		list = append(list, o.State)
	}
	return list
}

// A bid is an order as all else is that a party asks for: who asked, for how much, what became of it, and by which command.
func TestBidsAreOrders(t *testing.T) {
	market.SmallPages(2)
	each(t, func(w *world) {
		t := w.TB
		ann, bob := w.investor(1, 1_000_00), w.investor(2, 1_000_00)
		l := w.open(listing(1))
		first, gone := w.placed(l, ann, 200), w.placed(l, ann, 150)
		_, err := w.Cancel(w.Context(), tenant, gone.ID, uid("principal", 7))
		w.must(err)
		for range 4 {
			w.placed(l, bob, 100)
		}
		last := w.placed(l, w.investor(3, 1_000_00), 400)
		w.run()

		o, steps := w.order(first.ID)
		if o.Kind != market.KindCode || o.State != market.BidFunded || len(o.Parties) != 1 || o.Parties[0].Party != ann ||
			!slices.Equal(o.Amounts, []order.Amount{{Code: "amount", Asset: "CNY", Amount: 200_00}}) ||
			!slices.Equal(o.References, []order.Reference{{Type: market.ReferenceListing, Value: l.ID}}) {
			t.Errorf("%+v", o)
		}
		if len(steps) != 2 || steps[0].Evidence != (order.Evidence{Ledger: book, Command: first.ID, Sequence: first.Sequence}) || steps[0].Behalf != ann ||
			steps[0].Actor != uid("principal", 1) || steps[0].Role != market.RoleInvestor || steps[1].Evidence.Sequence <= last.Sequence {
			t.Errorf("%+v", steps)
		}
		if _, steps := w.order(gone.ID); len(steps) != 2 || steps[1].To != market.BidCancelled || steps[1].Actor != uid("principal", 7) {
			t.Errorf("%+v", steps)
		}
		if got := w.all(bob); !slices.Equal(got, []string{"funded", "funded", "funded", "funded"}) {
			t.Errorf("bob's are %v", got)
		}

		// One that fails gives back, also what a mandate bid.
		w.enrol(1, nil)
		other := w.open(listing(2))
		w.run()
		w.pass(8 * 24 * time.Hour)
		if got := w.all(ann); !slices.Equal(got, []string{"funded", "cancelled", "returned"}) {
			t.Fatalf("ann's are %v", got)
		}
		found, err := w.orders.List(w.Context(), tenant, order.Filter{Reference: order.Reference{Type: market.ReferenceMandate, Value: uid("mandate", 1)}}, order.Page{Size: 10})
		w.must(err)
		if len(found.Orders) != 1 || !slices.Contains(found.Orders[0].References, order.Reference{Type: market.ReferenceListing, Value: other.ID}) {
			t.Errorf("of the mandate: %+v", found.Orders)
		}
		if _, steps := w.order(found.Orders[0].ID); steps[0].Role != "mandate" {
			t.Errorf("%+v", steps)
		}
	})
}

// What somebody else writes with the market's purposes makes no orders and ends none.
func TestOrdersOfOthersCommands(t *testing.T) {
	each(t, func(w *world) {
		t := w.TB
		ann := w.investor(1, 1_000_00)
		l := w.open(listing(1))
		b := w.placed(l, ann, 200)
		w.run()
		reference := []ledger.Reference{{Type: market.ReferenceListing, Value: l.ID}, {Type: market.ReferenceBid, Value: b.ID}}
		transfer := func(from, to string) []ledger.Operation {
			return []ledger.Operation{&ledger.Transfer{Debit: from, Credit: to, Mode: ledger.Exact, Amount: 1}}
		}
		for n, c := range []*ledger.Command{
			{Purpose: market.PurposeBid, Behalf: ledger.ID(ann), Operations: transfer("bank", market.Cash(ann))},
			{Purpose: market.PurposeFund, Operations: transfer(l.Escrow(), l.Receiver)},
			{Purpose: market.PurposeReturn, Operations: transfer(l.Escrow(), market.Cash(ann))},
			{Purpose: market.PurposeCancel, Behalf: ledger.ID(ann), Operations: []ledger.Operation{
				&ledger.Cancel{Register: l.Register, Account: market.Cash(ann), Units: 100},
				&ledger.Transfer{Debit: l.Escrow(), Credit: market.Cash(ann), Mode: ledger.Exact, Amount: 100_00},
			}},
		} {
			c.ID, c.References = ledger.ID(uid("strange", n)), reference
			answers, err := w.Apply(w.Context(), []*ledger.Command{c})
			w.must(err)
			if answers[0].Result.Code != ledger.Applied {
				t.Fatalf("command %d: %s %s", n, answers[0].Result.Code, answers[0].Why)
			}
		}
		w.run()
		if got := w.all(ann); !slices.Equal(got, []string{"placed"}) {
			t.Errorf("ann's are %v", got)
		}
	})
}

// A bid by ids that no order takes, and one with references that nobody here writes, stop nobody.
func TestStrangeBids(t *testing.T) {
	each(t, func(w *world) {
		t := w.TB
		ann := w.investor(1, 1_000_00)
		l := w.open(listing(1))
		four := investor(9)
		four[6] = four[6]&0x0f | 0x40 // a UUID of version 4
		w.account(market.Cash(four), ledger.CreditNormal, ledger.Nonnegative)
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(four), Mode: ledger.Exact, Amount: 100_00})
		m := ledger.Reference{Type: market.ReferenceMandate, Value: uid("m", 1)}
		for n, x := range []struct {
			by         id.ID
			references []ledger.Reference
		}{{ann, []ledger.Reference{m, m}}, {ann, []ledger.Reference{{Type: market.ReferenceMandate}}}, {four, nil}} {
			answers, err := w.Apply(w.Context(), []*ledger.Command{bidOf(uid("strange", n), &l, x.by, x.references...)})
			w.must(err)
			if answers[0].Result.Code != ledger.Applied {
				t.Fatalf("command %d: %s %s", n, answers[0].Result.Code, answers[0].Why)
			}
		}
		w.run()
		if got := w.all(ann); !slices.Equal(got, []string{"placed", "placed"}) {
			t.Errorf("ann's are %v", got)
		}
	})
}

// bidOf is a command in the form of a bid of 100 yuan.
func bidOf(own id.ID, l *market.Listing, by id.ID, more ...ledger.Reference) *ledger.Command {
	return &ledger.Command{
		ID: ledger.ID(own), Purpose: market.PurposeBid, Behalf: ledger.ID(by), References: append([]ledger.Reference{{Type: market.ReferenceListing, Value: l.ID}}, more...),
		Operations: []ledger.Operation{
			&ledger.Issue{Register: l.Register, Account: market.Cash(by), Units: 100},
			&ledger.Transfer{Debit: market.Cash(by), Credit: l.Escrow(), Mode: ledger.Exact, Amount: 100_00},
		},
	}
}

// What happens on another ledger of the tenant says nothing about a listing of this one, whatever it names.
func TestAnotherLedgersCommands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one, two := newWorld(t, db), newWorld(t, db)
		two.name = "other"
		l := one.open(listing(1))
		ann := two.investor(1, 1_000_00)
		two.account(l.Escrow(), ledger.CreditNormal, ledger.Nonnegative)
		two.do(&ledger.OpenRegister{Address: l.Register, Asset: "CNY", Cap: 5_000, Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed"})
		settles := &ledger.Command{
			ID: ledger.ID(uid("settles", 1)), Purpose: market.PurposeFund, References: []ledger.Reference{{Type: market.ReferenceListing, Value: l.ID}},
			Operations: []ledger.Operation{&ledger.Transfer{Debit: l.Escrow(), Credit: "unclaimed", Mode: ledger.Exact, Amount: 100_00}},
		}
		answers, err := two.Apply(t.Context(), []*ledger.Command{bidOf(uid("foreign", 1), &l, ann), settles})
		two.must(err)
		if answers[0].Result.Code != ledger.Applied || answers[1].Result.Code != ledger.Applied {
			t.Fatal(answers[0].Result.Code, answers[1].Result.Code)
		}
		two.follow()
		for n, yuan := range map[int]int64{2: 400, 3: 400, 4: 200} {
			one.placed(l, one.investor(n, 1_000_00), yuan)
		}
		one.run()
		if now := one.state(l); now.State != market.Funded || now.Sold != 1_000 || len(one.told) != 1 || one.balance(l.Receiver) != 1_000_00 {
			t.Errorf("%s with %d sold, told %d times", now.State, now.Sold, len(one.told))
		}
		if a, b := one.all(ann), one.all(investor(2)); len(a) != 0 || !slices.Equal(b, []string{"funded"}) {
			t.Errorf("%v and %v", a, b)
		}
	})
}

// Of two bids with one id on two ledgers the first is the order: that the other is taken back does not end it.
func TestCancelOnAnotherLedger(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one, two := newWorld(t, db), newWorld(t, db)
		two.name = "other"
		here, there := listing(1), listing(2)
		there.Ledger = two.name
		here, there = one.open(here), two.open(there)
		both := uid("key", 1)
		_, err := one.Place(t.Context(), market.Bid{Tenant: tenant, ID: both, Listing: here.ID, Investor: one.investor(1, 1_000_00), Amount: 100_00})
		one.must(err)
		one.follow()
		// The rows have room for one of them too, so the other is taken back as the market would do it.
		mal := two.investor(2, 1_000_00)
		answers, err := two.Apply(t.Context(), []*ledger.Command{bidOf(both, &there, mal), {
			ID: ledger.ID(both.Derive("cancel", 0)), Purpose: market.PurposeCancel, Behalf: ledger.ID(mal),
			References: []ledger.Reference{{Type: market.ReferenceListing, Value: there.ID}, {Type: market.ReferenceBid, Value: both}},
			Operations: []ledger.Operation{
				&ledger.Cancel{Register: there.Register, Account: market.Cash(mal), Units: 100},
				&ledger.Transfer{Debit: there.Escrow(), Credit: market.Cash(mal), Mode: ledger.Exact, Amount: 100_00},
			},
		}})
		two.must(err)
		if answers[0].Result.Code != ledger.Applied || answers[1].Result.Code != ledger.Applied {
			t.Fatal(answers[0].Result.Code, answers[1].Result.Code)
		}
		two.follow()
		if o, _ := one.order(both); o.State != market.BidPlaced {
			t.Errorf("it is %s", o.State)
		}
	})
}

// The drawing in the page is made from the declaration.
func TestTheDrawingOfThePage(t *testing.T) {
	ordertest.Drawing(t, "../../docs/market.md", market.Kind())
}
