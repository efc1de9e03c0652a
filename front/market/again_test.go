package market_test

import (
	"context"
	"slices"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// Ids of commands are a ledger's own, those of bids the tenant's: a bid under one that was used on another ledger takes no money.
func TestOneIDOnTwoLedgers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		one, two := newWorld(t, db), newWorld(t, db) // two knows what one has done from rows alone, as after a restart
		two.name = "second"
		l, other := one.open(listing(1)), listing(2)
		other.Ledger = two.name
		other = two.open(other)
		bid := market.Bid{Tenant: tenant, ID: uid("key", 1), Listing: l.ID, Investor: one.investor(1, 1_000_00), Amount: 100_00}
		two.investor(1, 1_000_00)
		_, err := one.Place(t.Context(), bid)
		one.must(err)
		one.follow()
		elsewhere := bid
		elsewhere.Listing = other.ID
		for _, w := range []*world{one, two} {
			_, err = w.Place(t.Context(), elsewhere)
			w.is(err, errs.Conflict, "id")
		}
		if got := two.balance(market.Cash(bid.Investor)); got != 1_000_00 {
			t.Errorf("he has %d on the second ledger", got)
		}
		_, err = one.Place(t.Context(), bid) // the same again is the same
		one.must(err)
	})
}

// Whose own program writes a bid under an id that was used on another ledger stops nobody who follows them.
func TestOneIDWrittenOnTwoLedgers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		for n, w := range []*world{newWorld(t, db), newWorld(t, db)} {
			l := w.open(listing(n + 1))
			ann := w.investor(1, 1_000_00)
			_, err := w.Apply(t.Context(), []*ledger.Command{{
				ID: ledger.ID(uid("key", 1)), Purpose: market.PurposeBid, Behalf: ledger.ID(ann), References: []ledger.Reference{{Type: market.ReferenceListing, Value: l.ID}},
				Operations: []ledger.Operation{
					&ledger.Issue{Register: l.Register, Account: market.Cash(ann), Units: 100},
					&ledger.Transfer{Debit: market.Cash(ann), Credit: l.Escrow(), Mode: ledger.Exact, Amount: 100_00},
				},
			}})
			w.must(err)
			w.follow()
			if now := w.state(l); now.Sold != 100 {
				t.Errorf("listing %d: %+v", n+1, now)
			}
		}
	})
}

// Bids on two ledgers have the same sequences, and each stands on one page.
func TestPagesOfBidsOnTwoLedgers(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		worlds := []*world{newWorld(t, db), newWorld(t, db)}
		worlds[1].name = "second"
		made := map[id.ID]uint64{}
		for n, w := range worlds {
			l := listing(n + 1)
			l.Ledger = w.name
			l = w.open(l)
			ann := w.investor(1, 1_000_00)
			for i := range 2 {
				b, err := w.Place(t.Context(), market.Bid{Tenant: tenant, ID: uid(w.name, i), Listing: l.ID, Investor: ann, Amount: 100_00})
				w.must(err)
				made[b.ID] = b.Sequence
			}
			w.follow()
		}
		bids, stakes, last := []id.ID{}, []id.ID{}, id.ID{}
		for range 4 {
			page, err := worlds[0].Bids(t.Context(), tenant, market.BidFilter{Investor: investor(1)}, last, 1)
			worlds[0].must(err)
			short, err := worlds[0].Stakes(t.Context(), tenant, investor(1), last, 1)
			worlds[0].must(err)
			last = page[0].ID
			bids, stakes = append(bids, last), append(stakes, short[0].ID)
		}
		slices.SortFunc(bids, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		if len(made) != 4 || len(slices.Compact(bids)) != 4 || made[uid("main", 0)] != made[uid("second", 0)] {
			t.Errorf("page by page: %v of %v", bids, made)
		}
		slices.SortFunc(stakes, func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(bids, stakes) {
			t.Errorf("stakes: %v of %v", stakes, bids)
		}
	})
}

// A cancel that the ledger refused can be asked for again, by anybody. While it would refuse it again it is not sent.
func TestCancelRefusedAndAgain(t *testing.T) {
	each(t, func(w *world) {
		ann := w.investor(1, 1_000_00)
		l := w.open(listing(1))
		b, other := w.placed(l, ann, 100), w.placed(l, ann, 150)
		w.follow()
		frozen := w.do(&ledger.Freeze{Account: market.Cash(ann), What: ledger.FreezeCredits})
		last := len(w.journal)
		for n := range 80 { // however often
			_, err := w.Cancel(w.Context(), tenant, b.ID, uid("principal", n%2))
			w.is(err, errs.Conflict, "")
		}
		w.follow()
		if got := len(w.journal); got != last+1 {
			w.Errorf("the refused cancels are %d commands", got-last)
		}
		var mark ledger.Mark
		for _, e := range w.journal {
			if e.result.Sequence == frozen.Sequence {
				mark.Command = e.command.ID
			}
		}
		w.do(&ledger.Unfreeze{Freeze: mark})
		for n := range 3 { // the first does it, the others hear that it is done, and the other bid stays
			if got, err := w.Cancel(w.Context(), tenant, b.ID, uid("principal", 2+n)); err != nil || got.Ended == 0 {
				t := w.TB
				t.Errorf("%+v, %v", got, err)
			}
		}
		w.follow()
		if now := w.state(l); now.Sold != 150 || w.balance(l.Escrow()) != 150_00 {
			w.Errorf("after the cancel: %+v", now)
		}
		if got, err := w.Bid(w.Context(), tenant, other.ID); err != nil || got.Ended != 0 {
			w.Errorf("the other bid: %+v, %v", got, err)
		}
	})
}

// A listing whose register is somebody else's fails at once; one that misses something opens when that is there.
func TestOpeningRefused(t *testing.T) {
	each(t, func(w *world) {
		w.do(&ledger.OpenRegister{Address: "loan:1", Asset: "CNY", Cap: 5, Tranches: []string{"p"}, Unclaimed: "unclaimed"})
		if l := w.state(w.open(listing(1))); l.State != market.Failed || len(w.told) != 1 {
			w.Errorf("%+v, told %d", l, len(w.told))
		}
		l := listing(2)
		l.Unclaimed = "unclaimed:2"
		if l = w.open(l); w.state(l).State != market.Opening {
			w.Errorf("%+v", w.state(l))
		}
		w.account("unclaimed:2", ledger.CreditNormal, ledger.Nonnegative)
		w.must(w.Advance(w.Context(), tenant, l.ID))
		w.follow()
		if now := w.state(l); now.State != market.Open {
			w.Errorf("%+v", now)
		}
	})
}

// A bid whose row is behind is answered as it was, also by a process that did not make it.
func TestRepeatsAfterARestart(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		b := w.placed(l, w.investor(1, 1_000_00), 400)
		other, err := market.New(w.Context(), market.Config{
			DB: w.db, Plan: w.plan, Clock: clock.NewManual(noon), Noted: w.catchUp,
			Ledgers: func(context.Context, string) (market.Ledger, error) { return w, nil },
		})
		w.must(err)
		again := b
		again.Sequence, again.At = 0, 0
		if got, err := other.Place(w.Context(), again); err != nil || got.Sequence != b.Sequence {
			w.Errorf("%+v, %v", got, err)
		}
		again.Amount = 100_00
		_, err = other.Place(w.Context(), again)
		w.is(err, market.ShareReached, "amount")
	})
}

// A listing whose product isn't there, or that is in other money, keeps no other one from the mandates.
func TestAllocateWithoutOneListing(t *testing.T) {
	each(t, func(w *world) {
		w.do(&ledger.OpenAsset{Code: "USD", Scale: 2})
		w.do(&ledger.OpenAccount{Address: "dollars", Asset: "USD", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2001, Constraint: ledger.Nonnegative})
		dollars := listing(1)
		dollars.Asset, dollars.Unclaimed = "USD", "dollars"
		dollars = w.open(dollars)
		broken, good := w.open(listing(2)), w.open(listing(3))
		w.Admit = func(_ context.Context, l *market.Listing, _ *market.Bid, _ int64) error {
			if l.ID == broken.ID {
				return errs.NotFound.Errorf("there is no such version")
			}
			return nil
		}
		_, err := w.Enrol(w.Context(), market.Mandate{Tenant: tenant, ID: uid("mandate", 1), Ledger: "main", Investor: w.investor(1, 1_000_00), Amount: 1_000_00})
		w.must(err)
		a, err := w.Allocate(w.Context(), tenant, "main", uid("run", 1))
		w.must(err)
		if len(a.Bids) != 1 || a.Bids[0].Listing != good.ID || a.Refused != 0 {
			w.Errorf("%+v; dollars are %s", a, dollars.ID)
		}
	})
}

// A listing that is opened again is the same, down to its end and to what it is funded with in part, or it is another one.
func TestListingAgain(t *testing.T) {
	each(t, func(w *world) {
		w.must(w.Create(w.Context(), listing(1)))
		w.must(w.Create(w.Context(), listing(1)))
		for _, change := range []func(*market.Listing){
			func(l *market.Listing) { l.Closes++ },
			func(l *market.Listing) { l.Partial = 600 },
			func(l *market.Listing) { l.Opened-- },
			func(l *market.Listing) { l.Share-- },
		} {
			l := listing(1)
			change(&l)
			w.is(w.Create(w.Context(), l), errs.Conflict, "")
		}
	})
}
