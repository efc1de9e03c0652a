package sale_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// holder is what the model knows of an investor.
type holder struct {
	units, offered uint64
	cash           int64 // without what the loan paid him
	exact          float64
	trades         float64
}

// model is the sales as they should be: who has which units and how much money came and went for claims.
type model struct {
	*world
	t       *rapid.T
	holders map[id.ID]*holder
	open    []offer
	fees    int64
	paid    int64 // to all holders together
}

type offer struct {
	sale   id.ID
	seller id.ID
	units  uint64
}

// some draws one of the three investors.
func (m *model) some(label string) id.ID {
	return rapid.SampledFrom([]id.ID{ann, bob, cy}).Draw(m.t, label)
}

func (m *model) offer() {
	seller := m.some("seller")
	units := rapid.Uint64Range(1, 3_000).Draw(m.t, "units")
	price := rapid.SampledFrom([]string{"0.95", "0.985", "1", "1.02"}).Draw(m.t, "price")
	h := m.holders[seller]
	o, err := m.world.offer(sale.Offer{Units: units, Price: rate(price), Seller: seller})
	if free := h.units - h.offered; units > free {
		m.is(err, sale.NotForSale, "units")
		return
	}
	if errs.Is(err, sale.NotForSale) { // too small a piece, or too small a rest
		return
	}
	if err != nil || o.State != sale.Offered {
		m.t.Fatalf("%s %v", o.State, err)
	}
	h.offered += units
	m.open = append(m.open, offer{o.ID, seller, units})
	m.look()
}

// look lets the rows follow now and then: nothing may depend on it.
func (m *model) look() {
	if rapid.Bool().Draw(m.t, "follow") {
		m.follow()
	}
}

// one takes an open offer out.
func (m *model) one() (o offer, ok bool) {
	if len(m.open) == 0 {
		return o, false
	}
	i := rapid.IntRange(0, len(m.open)-1).Draw(m.t, "offer")
	o = m.open[i]
	m.open = append(m.open[:i], m.open[i+1:]...)
	return o, true
}

func (m *model) buy() {
	buyer := m.some("buyer")
	o, ok := m.one()
	if !ok {
		return
	}
	q, against, err := m.Quote(m.Context(), tenant, o.sale)
	if err != nil || against != "" {
		m.t.Fatalf("%s %v", against, err)
	}
	ask := sale.Purchase{ID: m.next("purchase"), Order: o.sale, Buyer: buyer, Pays: q.Pays, Actor: staff}
	if buyer == o.seller {
		_, err := m.Buy(m.Context(), tenant, ask)
		m.is(err, sale.Own, "buyer")
		m.open = append(m.open, o)
		return
	}
	if cash, _, _ := m.has(buyer); cash < q.Pays {
		_, err := m.Buy(m.Context(), tenant, ask)
		m.is(err, market.NoMoney, "buyer")
		m.open = append(m.open, o)
		return
	}
	got, err := m.Buy(m.Context(), tenant, ask)
	if err != nil || got.Quote.Pays != q.Pays {
		m.t.Fatalf("%+v %v", got, err)
	}
	from, to := m.holders[o.seller], m.holders[buyer]
	from.units, from.offered, from.cash = from.units-o.units, from.offered-o.units, from.cash+got.Receives
	to.units, to.cash = to.units+o.units, to.cash-got.Pays
	from.trades, to.trades = from.trades+1, to.trades+1
	m.fees += got.Pays - got.Receives
	m.look()
}

func (m *model) withdraw() {
	o, ok := m.one()
	if !ok {
		return
	}
	if _, err := m.Withdraw(m.Context(), tenant, o.sale); err != nil {
		m.t.Fatal(err)
	}
	m.holders[o.seller].offered -= o.units
	m.look()
}

// pay lets the borrower pay some of what is due next: to who holds the units now.
func (m *model) pay() {
	amount := rapid.Int64Range(1, 3_00).Draw(m.t, "amount")
	m.repayAmount(day.Of(2026, 3, 25), amount)
	m.paid += amount
	for _, h := range m.holders {
		h.exact += float64(amount) * float64(h.units) / 12_000
	}
}

// check compares the ledger with the model, and the investors together with the borrower.
func (m *model) check() {
	units, sum := uint64(0), int64(0)
	for who, h := range m.holders {
		cash, has, held := m.has(who)
		if has != h.units || held != h.offered {
			m.t.Fatalf("%s has %d units, %d held; want %d and %d", who, has, held, h.units, h.offered)
		}
		lines := cash - h.cash
		// Of two tranches, each is less than a cent off, and so is what came or went along with units.
		if d, most := float64(lines)-h.exact, 2+2*h.trades; d > most || d < -most {
			m.t.Fatalf("%s got %d of the payments, exactly %.4f", who, lines, h.exact)
		}
		units, sum = units+has, sum+lines
	}
	if units != 12_000 || sum != m.paid {
		m.t.Fatalf("%d units; the holders got %d, the borrower paid %d", units, sum, m.paid)
	}
	m.must(m.ledger.View(m.Context(), 0, func(e *ledger.Engine) {
		if a, _ := e.Account("fees"); a.Balance() != m.fees {
			m.t.Fatalf("the platform has %d, want %d", a.Balance(), m.fees)
		}
	}))
}

// Whatever is offered, bought, withdrawn and repaid, in whatever order: units and money move as the model says, and all
// holders together have what the borrower paid, whoever they were.
func TestSalesAgainstAModel(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.product.Transfer.Holding, w.product.Transfer.Times, w.product.Transfer.OrderDays = 0, 0, 90
		w.do(&ledger.Transfer{Debit: "bank", Credit: market.Cash(ann), Mode: ledger.Exact, Amount: 3_000_00})
		m := &model{world: w, holders: map[id.ID]*holder{}}
		for _, who := range []id.ID{ann, bob, cy} {
			cash, units, _ := w.has(who)
			m.holders[who] = &holder{units: units, cash: cash}
		}
		rapid.Check(t, func(rt *rapid.T) {
			m.t = rt
			rt.Repeat(map[string]func(*rapid.T){
				"offer": func(*rapid.T) { m.offer() }, "buy": func(*rapid.T) { m.buy() }, "withdraw": func(*rapid.T) { m.withdraw() },
				"pay": func(*rapid.T) { m.pay() }, "": func(*rapid.T) { m.check() },
			})
		})
		m.follow()
		list, err := w.Trades(t.Context(), tenant, "main", ann, 0, sale.MaxPage)
		if w.must(err); len(list) == 0 {
			t.Error("nothing was traded")
		}
	})
}

// repayAmount pays an amount, in the loan's events and in the ledger.
func (w *world) repayAmount(on day.Date, amount int64) {
	w.Helper()
	w.act.Lock()
	defer w.act.Unlock()
	s, err := loan.Replay(w.agreement, w.events, on)
	w.must(err)
	before := s.Outstanding()
	w.events = append(w.events, loan.Event{Type: loan.Repay, Date: on, Amount: amount})
	s, err = loan.Replay(w.agreement, w.events, on)
	w.must(err)
	after := s.Outstanding()
	w.do(&ledger.Distribute{
		Register: "loan:1", Payer: "bank", Amounts: []int64{before[loan.Principal] - after[loan.Principal], before[loan.Interest] - after[loan.Interest]},
	})
}
