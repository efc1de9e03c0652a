package market_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// story is a listing's life, told a second time by plain sums.
type story struct {
	*world
	t      *rapid.T
	l      market.Listing
	who    int                  // its investors have the numbers after this one
	bids   map[id.ID]market.Bid // that stand
	sold   int64
	closed bool
}

// bid makes a bid that must go as the sums say.
func (s *story) bid() {
	who, yuan := investor(s.who+rapid.IntRange(1, 4).Draw(s.t, "who")), int64(rapid.IntRange(1, 9).Draw(s.t, "yuan"))*50
	left, has, cash := 1_000_00-s.sold, int64(0), s.balance(market.Cash(who))
	for _, b := range s.bids {
		if b.Investor == who {
			has += b.Amount
		}
	}
	amount := yuan * 100
	may := !s.closed && amount <= left && (amount >= 100_00 || amount == left) && has+amount <= 400_00 && amount <= cash
	b, err := s.place(s.l, who, yuan)
	if (err == nil) != may {
		s.t.Fatalf("a bid of %d by one who holds %d and has %d, of %d that are left: %v", amount, has, cash, left, err)
	}
	if err == nil {
		s.bids[b.ID] = b
		s.sold += amount
	}
}

// cancel takes a bid back, if it can be.
func (s *story) cancel() {
	first := slices.SortedFunc(maps.Values(s.bids), func(a, b market.Bid) int { return cmp.Compare(a.Sequence, b.Sequence) })
	for _, b := range first[:min(1, len(first))] {
		own := b.ID
		_, err := s.Cancel(s.Context(), tenant, own, id.ID{})
		if settled := s.balance(s.l.Escrow()) == 0 && err != nil; settled {
			if !errs.Is(err, market.Settled) {
				s.t.Fatal(err)
			}
			return
		}
		s.must(err)
		delete(s.bids, own)
		s.sold -= b.Amount
	}
}

// time passes, half a week or so.
func (s *story) time() {
	s.pass(time.Duration(rapid.IntRange(1, 100).Draw(s.t, "hours")) * time.Hour)
	s.settle()
}

// settle lets what is due happen, and says what must have.
func (s *story) settle() {
	s.run()
	over := s.now() >= s.l.Closes
	want := market.Open
	switch {
	case s.closed:
		want = s.state(s.l).State
	case s.sold == 1_000_00 || over && s.l.Partial > 0 && s.sold >= s.l.Amount(s.l.Partial):
		want = market.Funded
	case over:
		want = market.Failed
	}
	got := s.state(s.l)
	if got.State != want {
		s.t.Fatalf("the listing is %s with %d sold, want %s", got.State, s.sold, want)
	}
	if !s.closed && want == market.Failed {
		s.bids, s.sold = map[id.ID]market.Bid{}, 0
	}
	s.closed = s.closed || want != market.Open
}

// agree compares money, units and rows with the sums.
func (s *story) agree() {
	in := s.balance(s.l.Escrow()) + s.balance(s.l.Receiver)
	if in != s.sold {
		s.t.Fatalf("%d lies in escrow or with the receiver, %d is sold", in, s.sold)
	}
	held := map[id.ID]uint64{}
	for _, b := range s.bids {
		held[b.Investor] += b.Units
	}
	s.must(s.ledger.View(s.Context(), 0, func(e *ledger.Engine) {
		for n := s.who; n < s.who+5; n++ {
			h, _ := e.Holding(s.l.Register, market.Cash(investor(n)))
			if h.Units != held[investor(n)] {
				s.t.Fatalf("investor %d holds %d units, the bids say %d", n, h.Units, held[investor(n)])
			}
		}
	}))
	s.follow()
	if row := s.state(s.l); row.State != market.Failed && s.l.Amount(row.Sold) != s.sold {
		s.t.Fatalf("the row says %d, sold is %d", s.l.Amount(row.Sold), s.sold)
	}
}

// Whatever bidders do and whenever the node looks, money, units and rows agree and every listing comes to its end.
func TestLivesOfListings(t *testing.T) {
	w, number := newWorld(t, storetest.SQLite(t)), 0
	rapid.Check(t, func(rt *rapid.T) {
		number++
		l := listing(number)
		l.Opened = w.now()
		l.Closes = l.Opened + (7 * 24 * time.Hour).Microseconds()
		l.Partial = uint64(rapid.SampledFrom([]int{0, 1, 500}).Draw(rt, "partial"))
		s := &story{world: w, t: rt, l: w.open(l), who: 10 * number, bids: map[id.ID]market.Bid{}}
		for n := range 4 {
			w.investor(s.who+n+1, 900_00)
		}
		rt.Repeat(map[string]func(*rapid.T){
			"bid":    func(*rapid.T) { s.bid() },
			"bid2":   func(*rapid.T) { s.bid() },
			"cancel": func(*rapid.T) { s.cancel() },
			"time":   func(*rapid.T) { s.time() },
			"settle": func(*rapid.T) { s.settle() },
			"":       func(*rapid.T) { s.agree() },
		})
	})
}
