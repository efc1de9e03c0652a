package sale_test

import (
	"bytes"
	"context"
	"database/sql"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// The third example of docs/claim-transfer.md, in the books: 830.65 for the claim, 4.15 of the seller and 1.00 of the
// buyer for the platform.
func TestAPurchaseIsUnitsAgainstMoney(t *testing.T) {
	each(t, func(w *world) {
		before, _, _ := w.has(ann)
		o := w.offered("0.985")
		if _, units, held := w.has(ann); o.State != sale.Offered || units != 9_000 || held != 1_000 {
			t.Errorf("%s, %d units, %d held", o.State, units, held)
		}
		got, err := w.buy(o, bob, w.cost(o))
		w.must(err)
		w.ended(o, sale.Sold, "")
		cash, units, _ := w.has(bob)
		paid := 10_000_00 - cash
		gets, left, _ := w.has(ann)
		if units != 1_000 || left != 8_000 || paid != got.Pays || gets-before != got.Receives || got.Pays-got.Price != 1_00 || got.Price != got.Clean+got.Accrued {
			t.Errorf("%+v: paid %d, got %d", got, paid, gets-before)
		}
		page, err := os.ReadFile("../../../docs/claim-transfer.md")
		w.must(err)
		if want := "| " + text(got.Price) + " | " + text(got.Receives) + " | " + text(got.Pays) + " |"; !contains(page, want) {
			t.Errorf("the page does not say %s", want)
		}
	})
}

// A buyer's units are of his class; what he holds of the loan already has one.
func TestUnitsAreOfTheBuyersClass(t *testing.T) {
	each(t, func(w *world) {
		w.Class = func(_ context.Context, of id.ID, _ *sale.Loan, buyer id.ID) (uint8, error) {
			if of != tenant || buyer != bob {
				return 0, errs.Internal.Errorf("another one is asked about")
			}
			return 3, nil
		}
		o := w.offered("0.985")
		_, err := w.buy(o, bob, w.cost(o))
		w.must(err)
		terms, err := sale.TermsOf(&o)
		w.must(err)
		w.must(w.View(context.Background(), 0, func(e *ledger.Engine) {
			if h, _ := e.Holding(terms.Register, market.Cash(bob)); h.Class != 3 || h.Units != 1_000 {
				w.Errorf("%+v", h)
			}
		}))
	})
}

// What comes in before the purchase goes to the seller, and the buyer hears the new price.
func TestARepaymentBeforeThePurchase(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("0.985")
		seen := w.cost(o)
		w.until(shanghai(2026, 4, 15))
		before, _, _ := w.has(ann)
		w.repay(day.Of(2026, 4, 15))
		if after, _, _ := w.has(ann); after-before < 799_00 || after-before > 800_00 { // 9,000 of 12,000 units
			t.Errorf("the seller got %d of the installment", after-before)
		}
		_, err := w.buy(o, bob, seen)
		w.is(err, sale.PriceChanged, "pays")
		got, err := w.buy(o, bob, w.cost(o))
		w.must(err)
		if got.Pays >= seen || got.Accrued != 0 {
			t.Errorf("%+v, seen before %d", got, seen)
		}
	})
}

// Each way in which an order ends by itself.
func TestOrdersEnd(t *testing.T) {
	for _, c := range []struct {
		reason string
		happen func(w *world)
	}{
		{"expired", func(w *world) { w.repay(day.Of(2026, 4, 15)); w.until(shanghai(2026, 4, 24)) }},
		{"overdue", func(w *world) { w.until(shanghai(2026, 4, 16).Add(-12 * time.Hour)) }},
		{"settled", func(w *world) {
			w.act.Lock()
			w.events = append(w.events, loan.Event{Type: loan.Payoff, Date: day.Of(2026, 3, 25), All: true})
			w.act.Unlock()
			w.must(w.Review(w.Context(), tenant, theLoan))
		}},
		{"written_off", func(w *world) { w.state = claim.WrittenOff; w.must(w.Review(w.Context(), tenant, theLoan)) }},
		{"restructured", func(w *world) { w.changed++; w.must(w.Review(w.Context(), tenant, theLoan)) }},
	} {
		each(t, func(w *world) {
			o := w.offered("1")
			c.happen(w)
			w.ended(o, sale.Ended, c.reason)
			_, err := w.buy(o, bob, 1)
			if err == nil {
				t.Errorf("%s: bought nevertheless", c.reason)
			}
		})
	}
}

// An offer outlives several due dates: each of them is looked at.
func TestALateInstallmentLater(t *testing.T) {
	each(t, func(w *world) {
		w.product.Transfer.OrderDays = 90
		o := w.offered("1")
		w.repay(day.Of(2026, 4, 15))
		w.until(shanghai(2026, 5, 15))
		if got := w.order(o.ID); got.State != sale.Offered {
			t.Errorf("it is %s", got.State)
		}
		w.until(shanghai(2026, 5, 16))
		w.ended(o, sale.Ended, "overdue")
	})
}

// What was done to a loan is planned to be looked at in the transaction in which it is noted.
func TestOrdersAreLookedAtWhenTheLoanHasChanged(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		w.changed = 7
		w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
			return w.Changed(w.Context(), tx, tenant, theLoan, "main", w.next("event"), start.UnixMicro())
		}))
		w.until(start.Add(time.Second))
		w.ended(o, sale.Ended, "restructured")
	})
}

// A loan that has gone bad ends the order also when the first to notice is a buyer.
func TestABuyerFindsTheLoanSettled(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		seen := w.cost(o)
		w.state = claim.Settled
		_, err := w.buy(o, bob, seen)
		w.is(err, sale.Over, "order")
		w.ended(o, sale.Ended, "settled")
	})
}

func TestWithdraw(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		for range 2 {
			ended, err := w.Withdraw(w.Context(), tenant, o.ID)
			if w.must(err); ended.State != sale.Ended {
				t.Errorf("it is %s", ended.State)
			}
		}
		w.ended(o, sale.Ended, "withdrawn")
		again := w.offered("1")
		_, err := w.buy(again, bob, w.cost(again))
		w.must(err)
		for range 2 { // before its row knows of the purchase, and afterwards
			_, err = w.Withdraw(w.Context(), tenant, again.ID)
			w.is(err, sale.Over, "order")
			w.follow()
		}
	})
}

// A claim that was sold is not withdrawn, be its row behind and its end refused before. What ended by itself has ended.
func TestWithdrawTooLate(t *testing.T) {
	each(t, func(w *world) {
		w.repay(day.Of(2026, 4, 15))
		sold, left := w.offered("1"), w.offered("1")
		_, err := w.buy(sold, bob, w.cost(sold))
		w.must(err)
		w.must(w.runner.Advance(w.Context(), "main", shanghai(2026, 4, 26).UnixMicro())) // their time is over, and nobody has followed the ledger
		_, err = w.Withdraw(w.Context(), tenant, sold.ID)
		w.is(err, sale.Over, "order")
		if o, err := w.Withdraw(w.Context(), tenant, left.ID); err != nil || o.State != sale.Ended {
			w.Errorf("%s %v", o.State, err)
		}
		w.ended(left, sale.Ended, "expired")
	})
}

func TestOffersAndPurchasesRefused(t *testing.T) {
	each(t, func(w *world) {
		for reason, o := range map[string]sale.Offer{
			"too_many_units": {Units: 9_001, Price: rate("1")}, "price_too_low": {Units: 1_000, Price: rate("0.9")},
			"piece_too_small": {Units: 10, Price: rate("1")},
		} {
			_, err := w.offer(o)
			if w.is(err, sale.NotForSale, claim.Reason(reason).Field()); errs.Of(err).Message != reason {
				t.Errorf("%v, want %s", err, reason)
			}
		}
		_, err := w.offer(sale.Offer{Units: 100, Price: rate("1"), Seller: bob}) // he holds none
		w.is(err, sale.NotForSale, "units")
		o := w.offered("1")
		_, err = w.offer(sale.Offer{Units: 8_001, Price: rate("1")}) // 1,000 of his 9,000 are offered
		w.is(err, sale.NotForSale, "units")
		_, err = w.buy(o, ann, w.cost(o))
		w.is(err, sale.Own, "buyer")
		_, err = w.buy(o, uid("investor", 9), w.cost(o)) // has no account
		w.is(err, market.NoMoney, "buyer")
		_, err = w.Buy(w.Context(), uid("tenant", 2), sale.Purchase{ID: w.next("purchase"), Order: o.ID, Buyer: bob})
		w.is(err, errs.NotFound, "order")
	})
}

// What was bought may not be sold on more often than the product says; what one funded oneself may.
func TestHowOftenAClaimIsSold(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		_, err := w.buy(o, bob, w.cost(o))
		w.must(err)
		w.follow()
		_, err = w.offer(sale.Offer{Units: 1_000, Price: rate("1"), Seller: bob})
		if w.is(err, sale.NotForSale, "loan"); errs.Of(err).Message != string(claim.HeldShort) {
			t.Error(err)
		}
		w.product.Transfer.Holding = 0
		_, err = w.offer(sale.Offer{Units: 1_000, Price: rate("1"), Seller: bob})
		if w.is(err, sale.NotForSale, "loan"); errs.Of(err).Message != string(claim.SoldOften) {
			t.Error(err)
		}
		w.offered("1")
	})
}

// Who funded a part himself and buys a piece may sell as many units as he funded, as before: they go first.
func TestWhatOneFundedIsSoldFirst(t *testing.T) {
	each(t, func(w *world) {
		for _, who := range []id.ID{bob, cy} {
			w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(who), Mode: ledger.Exact, Amount: 10_000_00})
		}
		o := w.offered("1")
		_, err := w.buy(o, cy, w.cost(o))
		w.must(err)
		own := sale.Offer{Seller: cy, Units: 3_000, Price: rate("1")}
		more := own
		more.Units++
		_, err = w.offer(more)
		w.is(err, sale.NotForSale, "loan") // it was bought today
		first, err := w.offer(own)
		w.must(err)
		_, err = w.offer(sale.Offer{Seller: cy, Units: 1_000, Price: rate("1")})
		w.is(err, sale.NotForSale, "loan") // those that are left he has bought
		w.follow()
		first = w.order(first.ID)
		_, err = w.buy(first, bob, w.cost(first))
		w.must(err)
		w.follow()
		// Bob has what was sold once, for all that Cy bought.
		w.product.Transfer.Holding, w.product.Transfer.Times = 0, 2
		_, err = w.offer(sale.Offer{Seller: bob, Units: 3_000, Price: rate("1")})
		w.must(err)
	})
}

// slow is a ledger that hears of a hold before it applies it.
type slow struct {
	*world
	before func() error
}

func (l slow) Apply(ctx context.Context, list []*ledger.Command) ([]node.Answer, error) {
	if list[0].Purpose == sale.PurposeHold {
		if err := l.before(); err != nil {
			return nil, err
		}
	}
	return l.world.Apply(ctx, list)
}

// What one offer takes is not there for the next: neither for one that comes at the same time, nor after one whose hold went unanswered.
func TestAnOfferTakesItsUnits(t *testing.T) {
	var under sync.WaitGroup
	for name, before := range map[string]func(second func() error) error{
		"at once": func(second func() error) error {
			under.Go(func() { _ = second() })
			time.Sleep(50 * time.Millisecond) // it waits for this one
			return nil
		},
		"unanswered": func(func() error) error { return context.Canceled },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(cy), Mode: ledger.Exact, Amount: 10_000_00})
				o := w.offered("1")
				_, err := w.buy(o, cy, w.cost(o))
				w.must(err)
				w.follow()
				w.product.Transfer.Holding = 0
				bought := sale.Offer{ID: w.next("sale"), Loan: theLoan, Actor: staff, Seller: cy, Units: 1_000, Price: rate("1")}
				again := func() error { _, err := w.Offer(context.Background(), tenant, bought); return err }
				var once sync.Once
				w.Ledgers = func(context.Context, string) (market.Ledger, error) {
					return slow{w, func() (err error) { once.Do(func() { err = before(again) }); return err }}, nil
				}
				own, err := w.offer(sale.Offer{Seller: cy, Units: 3_000, Price: rate("1")})
				if (err != nil) != (name == "unanswered") {
					t.Fatal(own, err)
				}
				under.Wait()
				err = again()
				if w.is(err, sale.NotForSale, "loan"); err == nil || errs.Of(err).Message != string(claim.SoldOften) {
					t.Error(err)
				}
				if _, _, held := w.has(cy); held != 3_000 {
					t.Errorf("%d units are held", held)
				}
			})
		})
	}
}

// Who took the loan over in the borrower's place has held it since then.
func TestHoldingDaysOfATakeover(t *testing.T) {
	each(t, func(w *world) {
		for took, want := range map[day.Date]claim.Reason{0: "", day.Of(2026, 2, 23): "", day.Of(2026, 2, 24): claim.HeldShort} { // 30 days, 29
			w.took = took
			if _, got, err := w.Preview(w.Context(), tenant, sale.Offer{Loan: theLoan, Seller: cy, Units: 1_000, Price: rate("1")}); err != nil || got != want {
				t.Errorf("taken over on %s: %q, %v", took, got, err)
			}
		}
	})
}

// Of many who buy at once one gets it; the same purchase again is the first one.
func TestPurchasesAtOnce(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		cost := w.cost(o)
		var wait sync.WaitGroup
		var won atomic.Int32
		for range 8 {
			wait.Go(func() {
				if _, err := w.buy(o, bob, cost); err == nil {
					won.Add(1)
				} else {
					w.is(err, sale.Over, "order")
				}
			})
		}
		wait.Wait()
		if _, units, _ := w.has(bob); won.Load() != 1 || units != 1_000 {
			t.Errorf("%d won, %d units", won.Load(), units)
		}
		second := w.offered("1")
		ask := sale.Purchase{ID: w.next("purchase"), Order: second.ID, Buyer: bob, Pays: w.cost(second), Actor: staff}
		first, err := w.Buy(w.Context(), tenant, ask)
		w.must(err)
		for range 2 {
			again, err := w.Buy(w.Context(), tenant, ask)
			if err != nil || again.Sequence != first.Sequence || again.Pays != first.Pays {
				t.Errorf("%+v %v, want %+v", again, err, first)
			}
			other := ask
			other.Buyer = cy // for whom the same principal acts, under the same key
			if again, err := w.Buy(w.Context(), tenant, other); err == nil {
				t.Errorf("bob's purchase is told as cy's: %+v", again)
			}
			w.follow()
			w.until(shanghai(2026, 4, 1)) // now it would cost more
		}
	})
}

func text(x int64) string { return amount.Format(x, 2) }

func contains(page []byte, row string) bool { return strings.Contains(string(page), row) }

// Fees of a sale go to those among whom the product divides them.
func TestFeesAreDivided(t *testing.T) {
	each(t, func(w *world) {
		w.product.Fees[0].Shares = []catalog.Share{{To: catalog.ToPlatform, Share: rate("0.6")}, {To: catalog.ToReserve, Share: rate("0.4")}}
		o := w.offered("1")
		pays := w.cost(o)
		done, err := w.buy(o, bob, pays)
		w.must(err)
		w.follow()
		var platform, reserve int64
		w.must(w.ledger.View(w.Context(), 0, func(e *ledger.Engine) {
			p, _ := e.Account("fees")
			r, _ := e.Account("reserve")
			platform, reserve = p.Balance(), r.Balance()
		}))
		seller, buyer := done.Price-done.Receives, done.Pays-done.Price
		if want := seller * 4 / 10; reserve != want || platform != seller-want+buyer || want == 0 {
			t.Errorf("the platform got %d and the reserve %d of %d and %d", platform, reserve, seller, buyer)
		}
		if list, err := w.Trades(w.Context(), tenant, "main", bob, 0, 1); err != nil || len(list) != 1 || list[0].Pays != done.Pays || list[0].Receives != done.Receives {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// What was bought a moment ago is not sold on, though its row is not there yet.
func TestNothingIsSoldOnBeforeItsRow(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		_, err := w.buy(o, bob, w.cost(o))
		w.must(err)
		_, err = w.offer(sale.Offer{Seller: bob, Units: 1_000, Price: rate("1")}) // nobody has followed the ledger
		if !errs.Is(err, sale.NotForSale) {
			t.Errorf("got %v", err)
		}
	})
}

// What somebody else writes with the purposes of sales means nothing here, and holds nobody up.
func TestTheSalesPurposesInAnothersHand(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		for _, purpose := range []uint32{sale.PurposeHold, sale.PurposePurchase, sale.PurposeEnd} {
			for _, operations := range [][]ledger.Operation{
				{&ledger.Transfer{Debit: "bank", Credit: market.Cash(bob), Mode: ledger.Exact, Amount: 1}},
				{
					&ledger.Issue{Register: "loan:1", Account: market.Cash(bob), Units: 1},
					&ledger.Transfer{Debit: "bank", Credit: market.Cash(bob), Mode: ledger.Exact, Amount: 1},
				},
			} {
				_, err := w.Apply(w.Context(), []*ledger.Command{{
					ID: ledger.ID(w.next("command")), Purpose: purpose, Operations: operations, References: []ledger.Reference{{Type: sale.ReferenceSale, Value: o.ID}},
				}})
				w.must(err)
				w.follow()
			}
		}
		if now := w.order(o.ID); now.State != sale.Offered {
			t.Errorf("it is %s", now.State)
		}
	})
}

// What a buyer hears when it is not his fault, and when he comes late.
func TestPurchasesThatCannotBe(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		pays := w.cost(o)
		w.do(&ledger.Freeze{Account: market.Cash(ann), What: ledger.FreezeCredits})
		_, err := w.buy(o, bob, pays)
		w.is(err, sale.NotForSale, "order")
		w.repay(day.Of(2026, 4, 15))
		w.do(&ledger.Advance{To: ledger.InstantOf(shanghai(2026, 4, 24))}) // its end is due, and nothing has happened yet
		_, err = w.buy(o, bob, w.cost(o))
		if w.is(err, sale.Over, "order"); !strings.Contains(err.Error(), "closed at") {
			t.Error(err)
		}
	})
}

// What the seller's account does not take or pay is told as his, what the buyer lacks as the buyer's.
func TestWhoseAccountRefuses(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		pays := w.cost(o)
		w.do(&ledger.Freeze{Account: market.Cash(ann), What: ledger.FreezeDebits}) // her fee is not paid
		_, err := w.buy(o, bob, pays)
		w.is(err, sale.NotForSale, "order")
		w.do(&ledger.Freeze{Account: market.Cash(bob), What: ledger.FreezeDebits})
		_, err = w.buy(o, bob, pays)
		w.is(err, market.NoMoney, "buyer")
		_, err = w.buy(o, cy, pays) // has none
		w.is(err, market.NoMoney, "buyer")
	})
}

// An offer whose loan was nearly repaid since is shown with what stands against its sale; it is for sale again if the payment comes back.
func TestFeesAboveThePrice(t *testing.T) {
	each(t, func(w *world) {
		w.product.Fees[0] = catalog.Fee{Code: "sale", PaidBy: "seller", At: "transfer", Of: "none", Amount: 5_00, Mode: "half_up"}
		o := w.offered("1")
		w.act.Lock()
		before := w.events
		w.events = append(w.events[:len(w.events):len(w.events)], loan.Event{Type: loan.Repay, Date: day.Of(2026, 3, 25), Amount: 10_640_00})
		w.act.Unlock()
		q, against, err := w.Quote(w.Context(), tenant, o.ID)
		if err != nil || against != claim.FeesHigh || q.Pays != 0 {
			w.Errorf("%+v %q %v", q, against, err)
		}
		_, err = w.buy(o, bob, 1)
		if w.is(err, sale.NotForSale, "order"); err == nil || errs.Of(err).Message != string(claim.FeesHigh) {
			w.Error(err)
		}
		w.product.Transfer.MinPiece = 0
		small := sale.Offer{Seller: cy, Loan: theLoan, Units: 900, Price: rate("1")}
		if _, against, err := w.Preview(w.Context(), tenant, small); err != nil || against != claim.FeesHigh {
			w.Errorf("%q %v", against, err)
		}
		_, err = w.offer(small)
		w.is(err, sale.NotForSale, "price")
		w.act.Lock()
		w.events = before
		w.act.Unlock()
		_, err = w.buy(o, bob, w.cost(o))
		w.must(err)
	})
}

// A purchase whose row is behind is answered as it was.
func TestAPurchaseAgain(t *testing.T) {
	each(t, func(w *world) {
		o := w.offered("1")
		b := sale.Purchase{ID: w.next("purchase"), Order: o.ID, Buyer: bob, Pays: w.cost(o), Actor: staff}
		first, err := w.Buy(w.Context(), tenant, b)
		w.must(err)
		w.repay(day.Of(2026, 4, 15)) // the price is another one now
		if again, err := w.Buy(w.Context(), tenant, b); err != nil || again.Sequence != first.Sequence {
			t.Errorf("%+v, %v", again, err)
		}
	})
}

// One key buys on two ledgers: each order has a step of its own, and nothing stops.
func TestOneIDBuysTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for n := range 2 {
			w := newWorld(t, db)
			w.number = 1_000 * n
			o := w.offered("1")
			_, err := w.Buy(w.Context(), tenant, sale.Purchase{ID: uid("key", 1), Order: o.ID, Buyer: bob, Pays: w.cost(o), Actor: staff})
			w.must(err)
			w.follow()
			if got := w.order(o.ID); got.State != sale.Sold {
				t.Errorf("the order %d is %s", n+1, got.State)
			}
		}
	})
}

// Of many loans those are told, by a range of ids, of which claims were sold until a day, each once.
func TestWhichLoansWereSold(t *testing.T) {
	each(t, func(w *world) {
		for range 2 {
			o := w.offered("1")
			_, err := w.buy(o, bob, w.cost(o))
			w.must(err)
		}
		w.follow()
		none, all := id.ID{}, id.ID(bytes.Repeat([]byte{0xff}, 16))
		before, after := theLoan, theLoan
		before[15]--
		after[15]++
		today := day.Of(2026, 3, 25)
		for _, x := range []struct {
			first, last id.ID
			until       day.Date
			want        int
		}{{none, all, 0, 1}, {theLoan, theLoan, 0, 1}, {none, before, 0, 0}, {after, all, 0, 0}, {none, all, -1, 0}} {
			list, err := w.Traded(w.Context(), tenant, x.first, x.last, today+x.until)
			if w.must(err); len(list) != x.want || len(list) == 1 && list[0] != theLoan {
				t.Errorf("from %s to %s: %v", x.first, x.last, list)
			}
		}
	})
}

// An offer whose id lies ahead is never taken by the ledger: it keeps its seller from no other.
func TestAnOfferFromTheFuture(t *testing.T) {
	each(t, func(w *world) {
		ahead := w.next("sale")
		ahead[0] ^= 0x40 // centuries
		_, err := w.Offer(w.Context(), tenant, sale.Offer{ID: ahead, Loan: theLoan, Actor: staff, Seller: ann, Price: rate("1"), Units: 1_000})
		w.is(err, errs.Invalid, "id")
		_, err = w.offer(sale.Offer{Seller: ann, Price: rate("1"), Units: 1_000})
		w.must(err)
	})
}
