package market_test

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/mandate"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// why tells what became of a mandate at a listing: what it took and by which bound, what a run kept, and what would be now.
func (w *world) why(n int, l market.Listing) (took, missed, now string) {
	w.Helper()
	y, err := w.Why(w.Context(), tenant, uid("mandate", n), l.ID)
	w.must(err)
	for _, b := range y.Bids {
		took += fmt.Sprintf("%d %s ", b.Amount/100, b.Bound)
	}
	miss := func(m *mandate.Miss) string {
		if m.Bound == 0 {
			return m.Reason.String()
		}
		return fmt.Sprintf("%s %s %d", m.Reason, m.Bound, m.Room/100)
	}
	if y.Miss != nil {
		missed = miss(&y.Miss.Miss)
	}
	if y.Now.Piece != nil {
		return took, missed, fmt.Sprintf("%d %s", y.Now.Piece.Amount/100, y.Now.Piece.Bound)
	}
	return took, missed, miss(&y.Now.Miss)
}

// joins lets an investor with so much cash join the line; time passes in the journal, so the next one stands behind him.
func (w *world) joins(n int, yuan int64, change func(*market.Mandate)) {
	w.Helper()
	w.investor(n, yuan*100)
	w.enrol(n, change)
	w.do(&ledger.Freeze{Account: "unclaimed", What: ledger.FreezeAmount, Amount: 1})
}

// What a run decided is told as it was decided: the bound of each piece, and why somebody took nothing, whatever he has by
// now. What would be now is told beside it.
func TestWhy(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		w.joins(1, 50, nil)
		w.joins(2, 1_000, nil)
		w.joins(3, 270, nil)
		w.joins(4, 1_000, func(m *market.Mandate) { m.Amount = 150_00 })
		w.joins(5, 1_000, func(m *market.Mandate) { m.PerLoan = 0 })
		w.joins(6, 1_000, nil)
		w.joins(7, 1_000, func(m *market.Mandate) { m.Grades = []string{"b"} })
		before := w.sequence()
		a := w.allocate(1)
		if got := said(a); got != "2:300 3:250 4:150 5:300" || a.Bids[0].Bound != mandate.PerLoan {
			t.Fatalf("it went to %s", got)
		}
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(investor(1)), Mode: ledger.Exact, Amount: 1_000_00})
		w.joins(8, 1_000, nil)
		for n, want := range map[int][3]string{
			1: {"", "too_small cash 50", "full"},
			2: {"300 per_loan ", "", "full"},
			3: {"250 cash ", "", "full"},
			4: {"150 amount ", "", "full"},
			5: {"300 left ", "", "full"},
			6: {"", "full", "full"},
			7: {"", "", "grade"}, // it never changes, so no row is needed
			8: {"", "", "full"},  // it was not in the line
		} {
			if took, missed, now := w.why(n, l); [3]string{took, missed, now} != want {
				t.Errorf("mandate %d: took %q, missed %q, now %q; want %q", n, took, missed, now, want)
			}
		}
		y, err := w.Why(w.Context(), tenant, uid("mandate", 1), l.ID)
		if w.must(err); y.Miss.Sequence != before || y.Now.Sequence <= before || y.Miss.At != noon.UnixMicro() {
			t.Errorf("decided at %d, looked at %d; the run began at %d", y.Miss.Sequence, y.Now.Sequence, before)
		}
		list, err := w.MandateBids(w.Context(), tenant, uid("mandate", 3), id.ID{}, 10)
		if w.must(err); len(list) != 1 || list[0].Bound != mandate.Cash || list[0].Investor != investor(3) {
			t.Errorf("%+v", list)
		}
		if list, err = w.MandateBids(w.Context(), tenant, uid("mandate", 3), list[0].ID, 10); err != nil || len(list) != 0 {
			t.Errorf("after the last one: %+v %v", list, err)
		}
		_, err = w.MandateBids(w.Context(), tenant, uid("mandate", 3), id.ID{}, market.MaxPage+1)
		w.is(err, errs.Invalid, "limit")
	})
}

// When the node ends between a run's bids and the end of its planned event, the run is done again and finds the listing full: why others took nothing is
// told all the same.
func TestWhyAfterARestart(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		w.joins(1, 50, nil)
		for n := range 4 {
			w.joins(n+2, 1_000, nil)
		}
		w.joins(6, 1_000, nil)
		run := plan.Event{Tenant: tenant, ID: uid("run", 1), Ledger: "main"}
		_, err := w.DueAllocation(w.Context(), &run) // and nothing is kept with its end
		w.must(err)
		w.follow()
		keep, err := w.DueAllocation(w.Context(), &run)
		w.must(err)
		w.must(w.db.Write(w.Context(), keep))
		for n, want := range map[int]string{1: "too_small cash 50", 6: "full"} {
			if took, missed, _ := w.why(n, l); took != "" || missed != want {
				t.Errorf("mandate %d took %q and is told %q, want %q", n, took, missed, want)
			}
		}
	})
}

// A run that bids waits for the disk before only where it has something to tell: here one mandate takes a piece, and no other was passed over.
func TestNothingToTellIsNotKept(t *testing.T) {
	each(t, func(w *world) {
		w.open(listing(1))
		w.joins(1, 1_000, nil)
		w.run()
		noted := w.Noted
		w.Noted = func(context.Context, id.ID, string) (uint64, error) { return math.MaxUint64, nil } // all is, and noting it would write
		ctx, stop := context.WithTimeout(w.Context(), 5*time.Second)
		defer stop()
		w.must(w.db.Write(ctx, func(*sql.Tx) error { // on SQLite nobody else writes meanwhile
			keep, err := w.DueAllocation(ctx, &plan.Event{Tenant: tenant, ID: uid("run", 1), Ledger: "main"})
			if err == nil && keep == nil {
				t.Error("nothing ends the run")
			}
			return err
		}))
		w.Noted = noted
		w.follow()
		if bids, err := w.MandateBids(w.Context(), tenant, uid("mandate", 1), id.ID{}, 10); err != nil || len(bids) != 1 {
			t.Errorf("%d bids, %v", len(bids), err)
		}
		a := w.allocate(2)
		if len(a.Bids) > 0 {
			t.Errorf("it took %s", said(a))
		}
	})
}

// sequence is how far the ledger is.
func (w *world) sequence() (n uint64) {
	w.Helper()
	w.must(w.View(w.Context(), 0, func(e *ledger.Engine) { n = e.Sequence() }))
	return n
}

// What would be now: a piece where it would take one, else what is against it. Terms of loan and mandate come first, for
// they never change; then that the mandate was revoked, or that the listing takes no bids.
func TestWhyNow(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		now := func(n int, want string) {
			t.Helper()
			if _, _, got := w.why(n, l); got != want {
				t.Errorf("mandate %d: %q, want %q", n, got, want)
			}
		}
		w.joins(1, 1_000, nil)
		w.joins(2, 120, func(m *market.Mandate) { m.Smallest = 150_00 })
		w.joins(3, 1_000, func(m *market.Mandate) { m.Longest = 30 })
		now(1, "300 per_loan")
		now(2, "too_small cash 120")
		now(3, "term")
		w.Admit = func(context.Context, *market.Listing, *market.Bid, int64) error {
			return market.NotAdmitted.Errorf("no")
		}
		now(1, "not_allowed")
		w.Admit = nil
		for _, n := range []int{1, 3} {
			_, err := w.Revoke(w.Context(), tenant, uid("mandate", n))
			w.must(err)
		}
		now(1, "revoked")
		now(3, "term")
		w.pass(8 * 24 * time.Hour)
		now(2, "closed")
		_, err := w.Why(w.Context(), tenant, uid("mandate", 2), uid("listing", 2))
		w.is(err, errs.NotFound, "listing")
		_, err = w.Why(w.Context(), tenant, uid("mandate", 9), l.ID)
		w.is(err, errs.NotFound, "")
		_, err = w.Why(w.Context(), uid("tenant", 2), uid("mandate", 1), l.ID)
		w.is(err, errs.NotFound, "")
		other := listing(3)
		other.Ledger = "other"
		w.must(w.Create(w.Context(), other))
		_, err = w.Why(w.Context(), tenant, uid("mandate", 2), other.ID)
		w.is(err, errs.Invalid, "listing")
	})
}

// A mandate that was used up when a listing passed it, and has its money back since, is not told that it found it full.
func TestWhyAfterMoneyCameBack(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		w.joins(1, 1_000, func(m *market.Mandate) { m.Amount = 150_00 })
		if got := said(w.allocate(1)); got != "1:150" {
			t.Fatalf("it went to %s", got)
		}
		second := listing(2)
		second.Grade = "b"
		second = w.open(second)
		for n := range 5 {
			w.joins(n+2, 1_000, func(m *market.Mandate) { m.Grades = []string{"b"} })
		}
		w.allocate(2)
		if _, missed, _ := w.why(6, second); missed != "full" {
			t.Fatalf("the last of the line is told %q", missed)
		}
		w.pass(8 * 24 * time.Hour)
		if m, err := w.Mandate(w.Context(), tenant, uid("mandate", 1)); err != nil || m.Used != 0 {
			t.Fatalf("%+v %v", m, err)
		}
		if _, missed, _ := w.why(1, second); missed != "" {
			t.Errorf("it is told %q of %s", missed, l.ID)
		}
	})
}

// However many mandates and listings there are, a run keeps a bounded number of answers, and a ledger has the latest. A run
// that has more does not say of the others that they stood behind the last piece.
func TestWhyIsBounded(t *testing.T) {
	t.Cleanup(market.KeepFew(2, 2))
	each(t, func(w *world) {
		kept := func(l market.Listing) (who string) {
			t.Helper()
			for n := range 5 {
				if _, missed, _ := w.why(n+1, l); missed != "" {
					who += fmt.Sprint(n + 1)
				}
			}
			return who
		}
		first := w.open(listing(1))
		for n := range 5 {
			w.joins(n+1, 0, nil)
		}
		w.allocate(1)
		if got := kept(first); got != "12" {
			t.Errorf("of %s it is kept, want those at the front of the line", got)
		}
		w.pass(8 * 24 * time.Hour) // the first has failed
		second := listing(2)
		second.Opened, second.Closes = w.now(), w.now()+int64(time.Hour/time.Microsecond)
		w.open(second)
		if a, b := kept(first), kept(second); a != "" || b != "12" {
			t.Errorf("of the first %q, of the second %q: the latest two stay", a, b)
		}
		w.pass(2 * time.Hour)
		third := listing(3)
		third.Opened, third.Closes = w.now(), w.now()+int64(time.Hour/time.Microsecond)
		w.open(third)
		for n := range 4 {
			w.joins(n+6, 1_000, nil)
		}
		w.joins(10, 1_000, nil)
		w.allocate(3)
		if _, missed, _ := w.why(10, third); missed != "" {
			t.Errorf("it was not kept who stood before the last piece, and the one behind it is told %q", missed)
		}
	})
}

// A cap holds when a piece is given. What the investor bids himself may outgrow it, and is told.
func TestDrifts(t *testing.T) {
	each(t, func(w *world) {
		l := w.open(listing(1))
		a := w.investor(1, 1_000_00)
		w.enrol(1, func(m *market.Mandate) { m.PerBorrower, m.PerRegion = 300_00, 200_00 })
		w.placed(l, a, 300)
		drifts := func() (s string) {
			t.Helper()
			list, err := w.Drifts(w.Context(), tenant, uid("mandate", 1))
			w.must(err)
			for _, d := range list {
				s += fmt.Sprintf("%s %s %d of %d; ", d.Cap, d.Of, d.Held/100, d.Most/100)
			}
			return s
		}
		if got := drifts(); got != "per_region "+l.Region+" 300 of 200; " {
			t.Errorf("%q", got)
		}
		w.placed(l, a, 100)
		if got := drifts(); got != fmt.Sprintf("per_loan %s 400 of 300; per_borrower %s 400 of 300; per_region %s 400 of 200; ", l.ID, l.Borrower, l.Region) {
			t.Errorf("%q", got)
		}
		_, err := w.Drifts(w.Context(), uid("tenant", 2), uid("mandate", 1))
		w.is(err, errs.NotFound, "")
	})
}
