package play

import (
	"context"
	"fmt"
	"strconv"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
)

// sales is the day on which claims are sold: one investor offers, another one buys at the price that follows.
func (p *Player) sales(ctx context.Context) error {
	return p.Each(ctx, len(p.loans), func(ctx context.Context, i int) error {
		l := p.loans[i]
		for n, x := range p.s.Sales(l.Loan, p.month) {
			if l.over {
				return nil
			}
			if err := p.sell(ctx, l, n, x); err != nil {
				return told(l, err)
			}
		}
		return nil
	})
}

func (p *Player) sell(ctx context.Context, l *lent, n int, x script.Sale) error {
	seller := p.seller(l, x)
	if seller < 0 {
		return nil
	}
	buyer := x.Buyer
	if buyer == seller {
		buyer = (buyer + 1) % p.s.Logins()
	}
	units, s := l.held[seller]*int64(x.Tenths)/10, l.terms.Replay(l.payments, p.today)
	if rest := l.held[seller] - units; rest > 0 && l.tooSmall(min(units, rest), s.Outstanding()[recount.Principal]) {
		return nil
	}
	price, _ := l.terms.Price(s, p.today, units, l.Yuan, x.Ask)
	own, err := p.id(fmt.Sprintf("sale-%d", l.index), uint64(n))
	if err != nil {
		return err
	}
	bought, err := p.id(fmt.Sprintf("purchase-%d", l.index), uint64(n))
	if err != nil {
		return err
	}
	offer := "/v1/parties/" + p.investors[seller].party.String() + "/claim-sales"
	err = p.c.Post(ctx, p.investors[seller].own, offer, "", map[string]any{
		"id": own, "loan": l.id, "units": units, "price": strconv.FormatFloat(float64(x.Ask)/1_000, 'f', 3, 64),
	}, nil)
	if err != nil {
		return fmt.Errorf("offer %d units: %w", units, err)
	}
	purchase := "/v1/claim-sales/" + own.String() + "/purchase"
	err = p.c.Post(ctx, p.investors[buyer].own, purchase, bought.String(), map[string]any{"pays": client.Amount(price)}, nil)
	if err != nil {
		return fmt.Errorf("buy %d units for %d: %w", units, price, err)
	}
	l.held[seller] -= units
	l.bought[buyer] = true
	l.hold(buyer, units)
	l.note(recount.Fact{Kind: recount.Sold, Day: p.today, Investor: seller, Buyer: buyer, Units: units, Ask: x.Ask, Price: price})
	p.Stats.Sales.Add(1)
	return nil
}

// minPiece is the face, in cents, of the smallest piece that the products let one sell, or keep of what he sells a part of.
const minPiece = 10_00

// tooSmall says whether so many units are less than that, by the principal that is outstanding.
func (l *lent) tooSmall(units, principal int64) bool { return units*principal < minPiece*l.Yuan }

// seller picks one of those who funded the loan, have a login, and did not buy more of it meanwhile; -1 if there is none.
func (p *Player) seller(l *lent, x script.Sale) int {
	var list []int
	for _, i := range l.holders {
		if i < p.s.Logins() && l.held[i] > 1 && !l.bought[i] {
			list = append(list, i)
		}
	}
	if len(list) == 0 {
		return -1
	}
	return list[x.Holder%len(list)]
}
