package market_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
)

// several opens listings, all before any mandate is looked at.
func (w *world) several(numbers ...int) {
	w.Helper()
	for _, n := range numbers {
		l := listing(n)
		w.account(l.Receiver, ledger.CreditNormal, ledger.Nonnegative)
		w.must(w.Create(w.Context(), l))
		w.must(w.Advance(w.Context(), tenant, l.ID))
	}
}

// A mandate invests no more than its amount, though the loans open faster than its bids are noted.
func TestAMandateSpendsNothingTwice(t *testing.T) {
	each(t, func(w *world) {
		w.investor(1, 10_000_00)
		w.enrol(1, func(m *market.Mandate) { m.Amount = 300_00 })
		w.several(1)
		first, err := w.Allocate(w.Context(), tenant, "main", uid("run", 1))
		w.must(err)
		w.several(2)
		second, err := w.Allocate(w.Context(), tenant, "main", uid("run", 2))
		w.must(err)
		if len(first.Bids) != 1 || len(second.Bids) != 0 {
			t.Errorf("it took %s, then %s", said(first), said(second))
		}
	})
}

// While the rows do not follow, a mandate that may have spent its money waits, and one that can't have is asked.
func TestMandatesWaitForTheirRows(t *testing.T) {
	market.Impatient(20 * time.Millisecond)
	defer market.Impatient(5 * time.Second)
	each(t, func(w *world) {
		w.investor(1, 10_000_00)
		w.enrol(1, func(m *market.Mandate) { m.Amount = 400_00 })
		allocate := func(run int) (*market.Allocation, error) {
			return w.Allocate(w.Context(), tenant, "main", uid("run", run))
		}
		w.stopped = true
		_, err := allocate(1) // after a start nobody knows what was sent before
		w.is(err, errs.Overloaded, "")
		w.stopped = false
		a, err := allocate(2)
		if w.must(err); len(a.Bids) != 0 {
			t.Errorf("there is no loan, and it took %s", said(a))
		}
		w.several(1)
		w.follow()
		w.run()
		if m, err := w.Mandate(w.Context(), tenant, uid("mandate", 1)); err != nil || m.Used != 300_00 {
			t.Errorf("%+v %v", m, err)
		}
		w.several(2)
		a, err = allocate(3)
		if w.must(err); said(a) != "1:100" {
			t.Errorf("the rest of it is %s", said(a))
		}
		w.stopped = true
		_, err = allocate(4)
		w.is(err, errs.Overloaded, "")
	})
}

// What fails is no answer to a mandate: the run is tried again, and then the mandate has its piece.
func TestARunThatFailsIsTriedAgain(t *testing.T) {
	each(t, func(w *world) {
		w.investor(1, 1_000_00)
		w.enrol(1, nil)
		w.several(1)
		broken := errors.New("the rules can't be read")
		asked := 0
		w.Admit = func(context.Context, *market.Listing, *market.Bid, int64) error {
			if asked++; asked == 2 { // once at matching, then at sending
				return broken
			}
			return nil
		}
		if _, err := w.Allocate(w.Context(), tenant, "main", uid("run", 1)); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
		w.busy = true
		_, err := w.Allocate(w.Context(), tenant, "main", uid("run", 1))
		w.is(err, errs.Overloaded, "")
		w.busy = false
		a, err := w.Allocate(w.Context(), tenant, "main", uid("run", 1))
		if w.must(err); said(a) != "1:300" {
			t.Errorf("it took %s, %d refused", said(a), a.Refused)
		}
	})
}

// Rules that count what an investor holds in all hold for bids on several loans at once.
func TestRulesHoldForBidsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		const most = 300_00
		a := w.investor(1, 10_000_00)
		numbers := []int{1, 2, 3, 4, 5, 6, 7, 8}
		w.several(numbers...)
		w.follow()
		w.Admit = func(_ context.Context, _ *market.Listing, b *market.Bid, _ int64) error {
			list, err := w.Held(w.Context(), tenant, "main", b.Investor)
			sum := b.Amount
			for _, h := range list {
				sum += h.Outstanding
			}
			if err == nil && sum > most {
				err = market.NotAdmitted.Errorf("%d, at most %d", sum, most)
			}
			return err
		}
		var wait sync.WaitGroup
		failed := make([]error, len(numbers))
		for i, n := range numbers {
			wait.Go(func() { _, failed[i] = w.place(listing(n), a, 100) })
		}
		wait.Wait()
		made := 0
		for _, err := range failed {
			if err == nil {
				made++
			} else if !errs.Is(err, market.NotAdmitted) {
				t.Error(err)
			}
		}
		if made != 3 {
			t.Errorf("%d bids of 100.00 were taken, want 3: %s", made, fmt.Sprint(failed))
		}
	})
}

// overloaded are answers of a ledger that takes nothing now.
func overloaded(commands []*ledger.Command) []node.Answer {
	answers := make([]node.Answer, len(commands))
	for i := range answers {
		answers[i] = node.Answer{Result: ledger.Result{Code: ledger.Overloaded}, Why: "too much at once"}
	}
	return answers
}

// What somebody else writes with the market's purposes means nothing here, and holds nobody up.
func TestTheMarketsPurposesInAnothersHand(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 1_000_00)
		kept := w.placed(l, a, 100)
		for _, c := range []ledger.Command{
			{Purpose: market.PurposeBid, Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: market.Cash(a), Mode: ledger.Exact, Amount: 1}}},
			{Purpose: market.PurposeFund, Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: l.Receiver, Mode: ledger.Exact, Amount: 1}}},
			{Purpose: market.PurposeFund, Operations: []ledger.Operation{&ledger.Transfer{Debit: l.Escrow(), Credit: l.Receiver, Mode: ledger.AtMost, Amount: 1}}},
			{Purpose: market.PurposeClose, Operations: []ledger.Operation{&ledger.Freeze{Account: "unclaimed", What: ledger.FreezeCredits}}},
			{
				Purpose: market.PurposeCancel, References: []ledger.Reference{{Type: market.ReferenceBid, Value: uid("nobody's", 1)}},
				Operations: []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: market.Cash(a), Mode: ledger.Exact, Amount: 1}},
			},
		} {
			c.ID = ledger.ID(w.next("command"))
			c.References = append([]ledger.Reference{{Type: market.ReferenceListing, Value: l.ID}}, c.References...)
			answers, err := w.Apply(w.Context(), []*ledger.Command{&c})
			if w.must(err); answers[0].Result.Code != ledger.Applied {
				t.Fatalf("%s", answers[0].Result.Code)
			}
			w.follow()
		}
		if now := w.state(l); now.State != market.Open || now.Sold != 100 {
			t.Errorf("the listing is %s and has sold %d", now.State, now.Sold)
		}
		if b, err := w.Bid(w.Context(), tenant, kept.ID); err != nil || b.Ended != 0 {
			t.Errorf("%+v %v", b, err)
		}
	})
}
