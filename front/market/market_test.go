package market_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

func TestAListingThatFillsIsFunded(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a, b, c := w.investor(1, 1_000_00), w.investor(2, 1_000_00), w.investor(3, 1_000_00)
		first := w.placed(l, a, 400)
		w.placed(l, b, 400)
		if got := w.state(l); got.State != market.Open {
			t.Errorf("the listing is %s", got.State)
		}
		w.placed(l, c, 200)
		w.run()
		got := w.state(l)
		if got.State != market.Funded || got.Raised != 1_000_00 || got.Sold != 1_000 {
			t.Errorf("%+v", got)
		}
		if len(w.told) != 1 || w.told[0].ID != l.ID || w.told[0].State != market.Funded {
			t.Errorf("told %+v", w.told)
		}
		if w.balance(l.Receiver) != 1_000_00 || w.balance(l.Escrow()) != 0 || w.balance(market.Cash(a)) != 600_00 {
			t.Error("the money is elsewhere")
		}
		_, err := w.Cancel(w.Context(), tenant, first.ID, id.ID{})
		w.is(err, market.Settled, "bid")
		_, err = w.place(l, c, 100)
		w.is(err, market.SoldOut, "amount")
		list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, 10)
		w.must(err)
		var order []uint64
		for _, b := range list {
			order = append(order, b.Sequence)
		}
		if len(list) != 3 || list[0] != clean(first) || !slices.IsSorted(order) {
			t.Errorf("bids %+v", list)
		}
	})
}

// clean is a bid as its row has it.
func clean(b market.Bid) market.Bid {
	b.Actor, b.Trace = id.ID{}, id.ID{}
	return b
}

// At its end a listing that is not full gives everybody his money back, also when a court has frozen one of them.
func TestAListingThatDoesNotFillFails(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a, b := w.investor(1, 1_000_00), w.investor(2, 1_000_00)
		w.placed(l, a, 400)
		w.placed(l, b, 150)
		w.do(&ledger.Freeze{Account: market.Cash(b), What: ledger.FreezeCredits})
		w.pass(7*24*time.Hour - time.Microsecond)
		if got := w.state(l); got.State != market.Open {
			t.Fatalf("it is %s before its time", got.State)
		}
		w.pass(time.Microsecond)
		if got := w.state(l); got.State != market.Failed || got.Raised != 0 || len(w.told) != 1 || w.told[0].State != market.Failed {
			t.Errorf("%+v told %+v", got, w.told)
		}
		if w.balance(market.Cash(a)) != 1_000_00 || w.balance(market.Cash(b)) != 850_00 || w.balance("unclaimed") != 150_00 || w.balance(l.Escrow()) != 0 {
			t.Error("the money is elsewhere")
		}
		w.must(w.ledger.View(t.Context(), 0, func(e *ledger.Engine) {
			if r, _ := e.Register(l.Register); r.Units != 0 {
				t.Errorf("%d units are left", r.Units)
			}
		}))
		_, err := w.place(l, a, 100)
		w.is(err, market.Closed, "listing")
	})
}

func TestAListingWithoutBidsFails(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		w.pass(8 * 24 * time.Hour)
		if got := w.state(l); got.State != market.Failed || len(w.told) != 1 {
			t.Errorf("%+v", got)
		}
	})
}

// What the product lets be funded in part is, from that part on.
func TestAListingIsFundedInPart(t *testing.T) {
	for _, c := range []struct {
		bid   int64
		state market.State
		gets  int64
	}{{349, market.Failed, 0}, {350, market.Funded, 350_00}, {400, market.Funded, 400_00}} {
		each(t, func(w *world) {
			l := listing(1)
			l.Partial, l.Step = 350, 1
			l = w.open(l)
			w.placed(l, w.investor(1, 1_000_00), c.bid)
			w.pass(8 * 24 * time.Hour)
			if got := w.state(l); got.State != c.state || got.Raised != c.gets || w.balance(l.Receiver) != c.gets {
				t.Errorf("%d bid: %+v", c.bid, got)
			}
		})
	}
}

// A bid can be taken back until the listing is settled, and then made again.
func TestCancel(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 400_00)
		bid := w.placed(l, a, 400)
		for range 2 { // the second time the row is there, and the answer the same
			got, err := w.Cancel(w.Context(), tenant, bid.ID, uid("principal", 1))
			w.must(err)
			if got.Ended == 0 || w.balance(market.Cash(a)) != 400_00 || w.balance(l.Escrow()) != 0 {
				t.Errorf("%+v", got)
			}
			w.run()
		}
		w.placed(l, a, 300)
		w.run()
		if got := w.state(l); got.Sold != 300 || got.State != market.Open {
			t.Errorf("%+v", got)
		}
	})
}

// However often somebody asks for what is settled, he hears why he does not get it.
func TestCancelWhatIsSettledForEver(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		b := w.placed(l, w.investor(1, 1_000_00), 200)
		for n := 2; n < 4; n++ {
			w.placed(l, w.investor(n, 400_00), 400)
		}
		w.run()
		for range 40 {
			_, err := w.Cancel(w.Context(), tenant, b.ID, uid("principal", 1))
			w.is(err, market.Settled, "bid")
		}
	})
}

// A bidder cancels between the moment at which a listing is seen to be full and its funding: it stays open.
func TestCancelOvertakesFunding(t *testing.T) {
	each(t, func(w *world) {
		l := listing(1)
		l.Share = 1_000
		l = w.open(l)
		bid := w.placed(l, w.investor(1, 2_000_00), 1_000)
		w.follow() // its funding is planned
		_, err := w.Cancel(w.Context(), tenant, bid.ID, id.ID{})
		w.must(err)
		w.run()
		if got := w.state(l); got.State != market.Open || got.Sold != 0 {
			t.Fatalf("%+v", got)
		}
		w.placed(l, investor(1), 1_000)
		w.run()
		if got := w.state(l); got.State != market.Funded {
			t.Errorf("%+v", got)
		}
	})
}

// Every rule of the product, and what is said to who breaks it. Nothing changes.
func TestBidsRefused(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		later := listing(2)
		later.Opened = noon.Add(time.Hour).UnixMicro()
		later = w.open(later)
		a, poor := w.investor(1, 1_000_00), w.investor(2, 120_00)
		w.placed(l, a, 250)
		for _, c := range []struct {
			name    string
			listing id.ID
			by      id.ID
			amount  int64
			code    errs.Code
			field   string
		}{
			{"an unknown listing", uid("listing", 9), a, 100_00, errs.NotFound, ""},
			{"nothing", l.ID, a, 0, errs.Invalid, "amount"},
			{"less than nothing", l.ID, a, -100_00, errs.Invalid, "amount"},
			{"no whole unit", l.ID, a, 100_50, errs.Invalid, "amount"},
			{"too much for an amount", l.ID, a, market.MaxAmount + 100, errs.Invalid, "amount"},
			{"below the minimum", l.ID, a, 50_00, errs.Invalid, "amount"},
			{"no whole step", l.ID, a, 120_00, errs.Invalid, "amount"},
			{"above the share, with what he has", l.ID, a, 200_00, market.ShareReached, "amount"},
			{"more than is left", l.ID, poor, 800_00, market.SoldOut, "amount"},
			{"his own loan", l.ID, l.Borrower, 100_00, market.Own, "listing"},
			{"nobody", l.ID, id.ID{}, 100_00, errs.Invalid, "investor"},
			{"before it opens", later.ID, a, 100_00, market.Closed, "listing"},
			{"without the money", l.ID, poor, 150_00, market.NoMoney, "amount"},
			{"without an account", l.ID, investor(9), 150_00, market.NoMoney, "investor"},
		} {
			_, err := w.Place(w.Context(), market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: c.listing, Investor: c.by, Amount: c.amount})
			if e, ok := errors.AsType[*errs.Error](err); !ok || e.Code != c.code || e.Field != c.field {
				t.Errorf("%s: %v", c.name, err)
			}
		}
		_, err := w.Place(w.Context(), market.Bid{Tenant: tenant, ID: id.ID{1}, Listing: l.ID, Investor: a, Amount: 100_00})
		w.is(err, errs.Invalid, "id")
		_, err = w.Place(w.Context(), market.Bid{Tenant: uid("tenant", 2), ID: w.next("bid"), Listing: l.ID, Investor: a, Amount: 100_00})
		w.is(err, errs.NotFound, "")
		w.run()
		if got := w.state(l); got.Sold != 250 || w.balance(market.Cash(a)) != 750_00 {
			t.Errorf("something changed: %+v", got)
		}
	})
}

// All that is left may be bid for, however little it is.
func TestTheLastOfAListing(t *testing.T) {
	each(t, func(w *world) {
		l := listing(1)
		l.Units, l.Share, l.Step = 130, 130, 10
		l = w.open(l)
		w.placed(l, w.investor(1, 1_000_00), 100)
		_, err := w.place(l, investor(1), 20)
		w.is(err, errs.Invalid, "amount")
		w.placed(l, investor(1), 30)
	})
}

// The same bid again is the first one, also when it would be refused now; other words are a conflict.
func TestRepeats(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 400_00)
		ask := market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: l.ID, Investor: a, Amount: 400_00, Actor: uid("principal", 1)}
		first, err := w.Place(w.Context(), ask)
		w.must(err)
		for range 2 {
			again, err := w.Place(w.Context(), ask)
			if err != nil || clean(again) != clean(first) {
				t.Errorf("%+v %v", again, err)
			}
			w.run()
		}
		ask.Amount = 100_00
		if _, err := w.Place(w.Context(), ask); err == nil {
			t.Error("other words got an answer")
		}
		if w.balance(market.Cash(a)) != 0 || w.balance(l.Escrow()) != 400_00 {
			t.Error("money moved twice")
		}
	})
}

// atOnce lets so many bids be made at once and gives what each investor got.
func (w *world) atOnce(l market.Listing, bids int, who func(n int) id.ID, yuan func(n int) int64) (won map[id.ID]int64, sum int64) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	won = map[id.ID]int64{}
	for n := range bids {
		wait.Go(func() {
			b, err := w.place(l, who(n), yuan(n))
			mu.Lock()
			defer mu.Unlock()
			won[who(n)] += b.Amount
			sum += b.Amount
			if err != nil && !errs.Is(err, market.SoldOut) && !errs.Is(err, market.ShareReached) && !errs.Is(err, errs.Invalid) {
				w.Error(err)
			}
		})
	}
	wait.Wait()
	return won, sum
}

// However many bids an investor makes at once, he gets his share and no more.
func TestShareHoldsForBidsAtOnce(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 5_000_00)
		_, sum := w.atOnce(l, 60, func(int) id.ID { return a }, func(int) int64 { return 100 })
		if sum != 400_00 || w.balance(l.Escrow()) != 400_00 || w.balance(market.Cash(a)) != 4_600_00 {
			t.Errorf("he got %d", sum)
		}
	})
}

// Of many investors at once exactly the loan is sold, and rows and journal agree on who came first.
func TestBurst(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		for n := range 30 {
			w.investor(n, 1_000_00)
		}
		won, sum := w.atOnce(l, 200, func(n int) id.ID { return investor(n % 30) }, func(n int) int64 { return 100 + 100*int64(n%2) })
		w.run()
		if got := w.state(l); got.State != market.Funded || sum != 1_000_00 || w.balance(l.Receiver) != 1_000_00 {
			t.Errorf("sold %d: %+v", sum, got)
		}
		list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, market.MaxPage)
		w.must(err)
		last := uint64(0)
		for _, b := range list {
			if b.Sequence <= last {
				t.Errorf("sequence %d after %d", b.Sequence, last)
			}
			last = b.Sequence
			if won[b.Investor] -= b.Amount; won[b.Investor] < 0 {
				t.Errorf("%s has more rows than answers", b.Investor)
			}
		}
		for who, left := range won {
			if left != 0 {
				t.Errorf("%s has no rows of %d", who, left)
			}
		}
	})
}

func TestBadListings(t *testing.T) {
	each(t, func(w *world) {
		for field, spoil := range map[string]func(*market.Listing){
			"tenant": func(l *market.Listing) { l.Tenant = id.ID{} }, "id": func(l *market.Listing) { l.ID = id.ID{} },
			"loan": func(l *market.Listing) { l.Loan = id.ID{} }, "borrower": func(l *market.Listing) { l.Borrower = id.ID{} },
			"ledger": func(l *market.Listing) { l.Ledger = "" }, "asset": func(l *market.Listing) { l.Asset = "" },
			"register": func(l *market.Listing) { l.Register = "" }, "unclaimed": func(l *market.Listing) { l.Unclaimed = "" },
			"receiver": func(l *market.Listing) { l.Receiver = "" }, "product": func(l *market.Listing) { l.Product = "" },
			"grade": func(l *market.Listing) { l.Grade = "" }, "region": func(l *market.Listing) { l.Region = fmt.Sprintf("%040d", 1) },
			"tranches": func(l *market.Listing) { l.Tranches = nil }, "unit": func(l *market.Listing) { l.Unit = 0 },
			"units": func(l *market.Listing) { l.Units, l.Share, l.Step = 0, 0, 0 }, "step": func(l *market.Listing) { l.Step = 0 },
			"minimum": func(l *market.Listing) { l.Minimum = 75 }, "share": func(l *market.Listing) { l.Share = 1_001 },
			"partial": func(l *market.Listing) { l.Partial = 1_001 }, "days": func(l *market.Listing) { l.Days = 0 },
			"closes": func(l *market.Listing) { l.Closes = l.Opened },
		} {
			l := listing(1)
			spoil(&l)
			w.is(w.Open(w.Context(), nil, l), errs.Invalid, field)
		}
	})
}

// Units are of the investor's class, by which fees are taken from their lines. He has one class in a loan; a bid that was
// made before he got another one is answered as it was.
func TestUnitsAreOfTheInvestorsClass(t *testing.T) {
	each(t, func(w *world) {
		class := uint8(2)
		w.Class = func(context.Context, *market.Listing, id.ID) (uint8, error) { return class, nil }
		l := w.open(listing(1))
		who := w.investor(1, 1_000_00)
		first := market.Bid{Tenant: tenant, ID: w.next("bid"), Listing: l.ID, Investor: who, Amount: 100_00}
		made, err := w.Place(w.Context(), first)
		w.must(err)
		class = 1
		w.placed(l, who, 100)
		w.must(w.View(w.Context(), 0, func(e *ledger.Engine) {
			if h, _ := e.Holding(l.Register, market.Cash(who)); h.Class != 2 || h.Units != 200 {
				w.Errorf("%+v", h)
			}
		}))
		w.run()
		list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, 10)
		w.must(err)
		if len(list) != 2 {
			w.Errorf("%d rows of two bids", len(list))
		}
		for _, b := range list {
			_, err = w.Cancel(w.Context(), tenant, b.ID, who)
			w.must(err)
		}
		w.run()
		again, err := w.Place(w.Context(), first)
		if err != nil || again.Sequence != made.Sequence {
			w.Errorf("again: %+v %v", again, err)
		}
	})
}
