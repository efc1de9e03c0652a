package market_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// enrol lets an investor give a mandate of 1,000 yuan, at most 300 a loan.
func (w *world) enrol(n int, change func(*market.Mandate)) market.Mandate {
	w.Helper()
	m := market.Mandate{
		Tenant: tenant, ID: uid("mandate", n), Ledger: "main", Investor: investor(n), Amount: 1_000_00,
		Wishes: market.Wishes{Smallest: 100_00, PerLoan: 300_00},
	}
	if change != nil {
		change(&m)
	}
	got, err := w.Enrol(w.Context(), m)
	w.must(err)
	return got
}

func (w *world) allocate(run int) *market.Allocation {
	w.Helper()
	a, err := w.Allocate(w.Context(), tenant, "main", uid("run", run))
	w.must(err)
	w.run()
	return a
}

// said is who got how much, in order.
func said(a *market.Allocation) string {
	var list []string
	for _, b := range a.Bids {
		for n := range 9 {
			if b.Investor == investor(n) {
				list = append(list, fmt.Sprintf("%d:%d", n, b.Amount/100))
			}
		}
	}
	return strings.Join(list, " ")
}

// The last of a loan goes to a mandate though it is below the smallest bid: the pieces before it are on their way.
func TestAllocateTheLast(t *testing.T) {
	each(t, func(w *world) {
		l := listing(1)
		l.Units = 650
		w.open(l)
		for n := 1; n <= 3; n++ {
			w.investor(n, 1_000_00)
			w.enrol(n, func(m *market.Mandate) { m.Smallest = 0 })
			w.do(&ledger.Freeze{Account: "unclaimed", What: ledger.FreezeAmount, Amount: 1}) // time passes in the journal
		}
		if got := said(w.allocate(1)); got != "1:300 2:300 3:50" || w.state(l).State != market.Funded {
			t.Errorf("it went to %s and is %s", got, w.state(l).State)
		}
	})
}

// Mandates fund a loan in the order of the line, and the next one, as soon as it is open, begins where that ended.
func TestAllocate(t *testing.T) {
	each(t, func(w *world) {
		w.open(listing(1))
		for n := 1; n <= 5; n++ {
			w.investor(n, 1_000_00)
			w.enrol(n, nil)
			w.do(&ledger.Freeze{Account: "unclaimed", What: ledger.FreezeAmount, Amount: 1}) // time passes in the journal
		}
		first := w.allocate(1)
		if got := said(first); got != "1:300 2:300 3:300 4:100" || w.state(listing(1)).State != market.Funded {
			t.Errorf("the first loan went to %s", got)
		}
		if again := w.allocate(1); len(again.Bids) != 0 {
			t.Errorf("the same run again made %s", said(again))
		}
		l := w.open(listing(2))
		list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, 10)
		w.must(err)
		if got := said(&market.Allocation{Bids: list}); got != "5:300 1:300 2:300 3:100" {
			t.Errorf("the second loan went to %s", got)
		}
		m, err := w.Mandate(w.Context(), tenant, uid("mandate", 1))
		w.must(err)
		if m.Used != 600_00 {
			t.Errorf("%+v", m)
		}
	})
}

// Caps count what the runs before have given, of other loans too; who has none on a borrower or a region is asked about the
// loans that are open alone.
func TestCapsHoldFromRunToRun(t *testing.T) {
	for name, c := range map[string]struct {
		cap  func(*market.Mandate)
		want string // of the second loan
	}{
		"loan":     {func(m *market.Mandate) { m.PerLoan = 200_00 }, "1:200"},
		"borrower": {func(m *market.Mandate) { m.PerBorrower = 350_00 }, "1:150"},
		"region":   {func(m *market.Mandate) { m.PerRegion = 300_00 }, "1:100"},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				w.investor(1, 1_000_00)
				w.enrol(1, func(m *market.Mandate) { m.PerLoan = 200_00; c.cap(m) })
				for n := 1; n <= 2; n++ {
					l := listing(n)
					l.Borrower, l.Region = uid("borrower", 1), "hangzhou"
					if n == 1 { // it is full, and open no more
						l.Units, l.Share = 200, 200
					}
					l = w.open(l)
					list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, 10)
					w.must(err)
					if got, want := said(&market.Allocation{Bids: list}), []string{"1:200", c.want}[n-1]; got != want {
						t.Errorf("of loan %d it got %s, want %s", n, got, want)
					}
				}
				if again := w.allocate(1); len(again.Bids) > 0 {
					t.Errorf("another run made %s", said(again))
				}
			})
		})
	}
}

// What a bid or a mandate can't have is not lost: a listing that fails gives it back to the mandates.
func TestMandatesGetTheirMoneyBack(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		w.investor(1, 1_000_00)
		w.enrol(1, nil)
		if got := said(w.allocate(1)); got != "1:300" {
			t.Errorf("got %s", got)
		}
		w.pass(8 * 24 * time.Hour)
		m, err := w.Mandate(w.Context(), tenant, uid("mandate", 1))
		if w.must(err); m.Used != 0 || w.state(l).State != market.Failed {
			t.Errorf("%+v", m)
		}
	})
}

// A mandate sees what its investor has bid himself, hears why it took nothing, and can be revoked.
func TestMandatesAndBids(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 1_000_00)
		m := w.enrol(1, nil)
		w.placed(l, a, 250)
		got := w.allocate(1)
		if _, missed, _ := w.why(1, l); len(got.Bids) != 0 || missed != "too_small per_loan 50" {
			t.Errorf("%+v, %s", got, missed)
		}
		w.is(w.again(m, func(m *market.Mandate) { m.Amount++ }), errs.Conflict, "id")
		w.must(w.again(m, nil))
		revoked, err := w.Revoke(w.Context(), tenant, m.ID)
		if w.must(err); revoked.Active {
			t.Error("it is still active")
		}
		w.open(listing(2))
		if got := w.allocate(2); len(got.Bids) != 0 {
			t.Errorf("a revoked mandate made %s", said(got))
		}
		for field, spoil := range map[string]func(*market.Mandate){
			"amount": func(m *market.Mandate) { m.Amount = 0 }, "ledger": func(m *market.Mandate) { m.Ledger = "" },
			"smallest": func(m *market.Mandate) { m.Smallest = -1 }, "longest": func(m *market.Mandate) { m.Shortest, m.Longest = 9, 8 },
			"per_loan": func(m *market.Mandate) { m.PerLoan = -1 },
		} {
			w.is(w.again(m, spoil), errs.Invalid, field)
		}
	})
}

func (w *world) again(m market.Mandate, change func(*market.Mandate)) error {
	if change != nil {
		change(&m)
	}
	_, err := w.Enrol(w.Context(), m)
	return err
}

// The product's rules see each piece of an investor before the next one, within one run too.
func TestAllocateAsksTheRules(t *testing.T) {
	each(t, func(w *world) {
		w.investor(1, 1_000_00)
		w.enrol(1, nil)
		w.Admit = func(_ context.Context, l *market.Listing, b *market.Bid, held int64) error {
			// At most 400 yuan of all loans together, counted as the ledger stands.
			list, err := w.Held(w.Context(), tenant, "main", b.Investor)
			sum := b.Amount
			for _, h := range list {
				sum += h.Outstanding
			}
			if err == nil && sum > 400_00 {
				err = market.NotAdmitted.Errorf("%d, at most 40000; %d of this one", sum, held)
			}
			return err
		}
		for n := 1; n <= 2; n++ {
			l := listing(n)
			w.account(l.Receiver, ledger.CreditNormal, ledger.Nonnegative)
			w.must(w.Create(w.Context(), l))
			w.must(w.Advance(w.Context(), tenant, l.ID))
		}
		got := w.allocate(1)
		if said(got) != "1:300" || got.Refused != 1 {
			t.Errorf("%s, %d refused", said(got), got.Refused)
		}
		other := listing(1)
		if got.Bids[0].Listing == other.ID {
			other = listing(2)
		}
		_, err := w.place(other, investor(1), 150)
		w.is(err, market.NotAdmitted, "")
		w.placed(other, investor(1), 100)
	})
}

// Who bids while a run is under way gets nothing above his mandate's caps of it.
func TestCapsHoldDuringARun(t *testing.T) {
	for name, c := range map[string]func(*market.Mandate){
		"borrower": func(m *market.Mandate) { m.PerBorrower = 400_00 },
		"region":   func(m *market.Mandate) { m.PerRegion = 400_00 },
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(w *world) {
				ann := w.investor(1, 1_000_00)
				a, b := w.open(listing(1)), listing(2)
				b.Borrower = a.Borrower
				w.open(b)
				w.enrol(1, c)
				bids := 0
				w.Admit = func(_ context.Context, _ *market.Listing, x *market.Bid, _ int64) error {
					if bids++; bids == 1 { // a piece is decided on
						w.placed(b, ann, 350)
					}
					return nil
				}
				if got := w.allocate(1); len(got.Bids) != 0 || got.Refused == 0 {
					t.Errorf("%+v", got)
				}
				w.allocate(2) // there is no room for 100 any more
				if got := w.balance(a.Escrow()) + w.balance(b.Escrow()); got != 350_00 {
					t.Errorf("he has bid %d", got)
				}
			})
		})
	}
}

// One who has more than can be counted is counted up to that, and the others get theirs.
func TestOneRichInvestorStopsNobody(t *testing.T) {
	each(t, func(w *world) {
		const most = market.MaxAmount
		rich := w.investor(1, most)
		w.investor(2, 1_000_00)
		borrower := uid("borrower", 1)
		for n := 1; n <= 2; n++ { // he holds as much as a loan can be, of one borrower, twice
			l := listing(n)
			l.Borrower, l.Unit, l.Units, l.Minimum, l.Step, l.Share = borrower, most, 1, 1, 1, 1
			l = w.open(l)
			_, err := w.Place(w.Context(), market.Bid{Tenant: tenant, ID: uid("bid", n), Listing: l.ID, Investor: rich, Amount: most})
			w.must(err)
			w.run()
			w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(rich), Mode: ledger.Exact, Amount: most})
		}
		w.enrol(1, func(m *market.Mandate) { m.PerBorrower = most })
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(rich), Mode: ledger.Exact, Amount: 1})
		w.enrol(2, nil)
		l := w.open(listing(3))
		list, err := w.Bids(w.Context(), tenant, market.BidFilter{Listing: l.ID}, id.ID{}, 10)
		w.must(err)
		if got := said(&market.Allocation{Bids: list}); got != "1:300 2:300" {
			w.Errorf("it went to %s", got)
		}
	})
}

// A listing's smallest bid is an amount that can be counted. One that was opened with another is offered to no mandate.
func TestMinimumIsAnAmount(t *testing.T) {
	each(t, func(w *world) {
		l := listing(1)
		l.Minimum, l.Step = market.MaxAmount/100+1, 1
		w.is(w.Check(w.Context(), &l), errs.Invalid, "minimum")
		l.Minimum--
		w.must(w.Check(w.Context(), &l))
		w.must(w.Create(w.Context(), l))
		w.must(w.db.Write(w.Context(), func(tx *sql.Tx) error {
			_, err := tx.ExecContext(w.Context(), `UPDATE market_listing SET terms = replace(terms, '"minimum":10000000000000000', '"minimum":20000000000000000')`)
			return err
		}))
		w.account(l.Receiver, ledger.CreditNormal, ledger.Nonnegative)
		w.run()
		w.investor(1, 1_000_00)
		w.enrol(1, nil)
		if w.open(listing(2)); w.state(listing(2)).Sold != 300 || w.state(l).Minimum != 20_000_000_000_000_000 {
			w.Errorf("%+v", w.state(listing(2)))
		}
	})
}
