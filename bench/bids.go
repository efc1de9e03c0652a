package bench

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/admission"
	"github.com/longmen/longmen/kit/id"
)

// How many investors bid, and over how many connections that are kept.
const (
	bidders    = 1_000
	bidClients = 64

	bidAmount = 100_00
	bidsOfOne = 50_000_00 / bidAmount // on one borrower's loan: the product's limit
	fastest   = 20_000                // bids a second for which there are listings enough
	bidRate   = 3_000                 // that are promised
)

// bids measures single bids of 100.00 by REST: who calls is found out by his token, the product's limits are asked about
// him and what he holds, and the market's rows follow.
func bids(ctx context.Context, b *bench) error {
	s, p, err := b.platform(ctx, "")
	if err != nil {
		return err
	}
	count := b.n(bidders)
	wanted := float64(3*b.options.Runs+1) * b.options.Seconds * fastest // three series of runs, and some to warm up
	borrowers := 1 + int(wanted/float64(count*bidsOfOne))
	investors, err := p.investors(ctx, count, int64(borrowers*bidsOfOne*bidAmount))
	if err != nil {
		return err
	}
	listings, err := p.listings(ctx, borrowers)
	if err != nil {
		return err
	}
	steps, err := p.bidding(ctx, b, listings, investors)
	if err != nil {
		return err
	}
	how := fmt.Sprintf("REST, durable on SQLite; a bid of 100.00 a request; %s investors with tokens, limits of %s", number(float64(len(investors))), productName)
	t := trial{what: fmt.Sprintf("single bids, clients by REST: %d", len(steps)), of: "a bid", target: atLeast(3_000), clients: steps, how: how}
	if err := b.rate(ctx, s, t); err != nil {
		return err
	}
	t.what, t.target = fmt.Sprintf("single bids at %s a second: p99", number(bidRate)), under(50, inMillis)
	if err := b.percentile(ctx, s, t, bidRate, 0.99); err != nil {
		return err
	}
	t.what = "single bids as fast as they can: p99"
	err = b.runs(ctx, s, t, false, func() (*load, float64, error) {
		l, err := closedLoop(ctx, b.long(), steps)
		return l, float64(l.latency.quantile(0.99)) / float64(time.Millisecond), err
	})
	if err != nil {
		return err
	}
	return p.followed(ctx, b, listings)
}

// bidder is an investor with a token.
type bidder struct {
	party id.ID
	token string
}

// investors makes investors with a cash account and so much money each.
func (p *people) investors(ctx context.Context, n int, money int64) ([]bidder, error) {
	list := make([]bidder, n)
	for i := range list {
		one, token, err := p.person(ctx, fmt.Sprintf("investor.%d", i))
		if err != nil {
			return nil, err
		}
		for about, level := range map[string]string{admission.AboutIdentity: "2", admission.AboutRisk: "3"} {
			a := party.Attestation{ID: p.id(), Party: one, About: about, Level: level, Source: "bench", From: time.Now().Add(-time.Minute).UnixMicro()}
			if _, err := p.registry.Attest(ctx, p.by, a); err != nil {
				return nil, err
			}
		}
		list[i] = bidder{one, token}
	}
	account := func(address string, side ledger.Side, c ledger.Constraint) ledger.Operation {
		return &ledger.OpenAccount{Address: address, Asset: asset, Side: side, Type: ledger.Liability, Code: 2001, Constraint: c}
	}
	steps := []func(yield func(ledger.Operation) bool){
		func(yield func(ledger.Operation) bool) {
			_ = yield(&ledger.OpenAsset{Code: asset, Scale: 2}) && yield(account(bank, ledger.DebitNormal, ledger.Unbounded)) &&
				yield(account(unclaimed, ledger.CreditNormal, ledger.Nonnegative)) && yield(account("receiver", ledger.CreditNormal, ledger.Nonnegative))
		},
		func(yield func(ledger.Operation) bool) {
			for _, v := range list {
				if !yield(account(market.Cash(v.party), ledger.CreditNormal, ledger.Nonnegative)) {
					return
				}
			}
		},
		func(yield func(ledger.Operation) bool) {
			for _, v := range list {
				if !yield(&ledger.Transfer{Debit: bank, Credit: market.Cash(v.party), Mode: ledger.Exact, Amount: money}) {
					return
				}
			}
		},
	}
	for i, step := range steps {
		if err := fill(ctx, p.site, uint64(i*fillers), step); err != nil {
			return nil, err
		}
	}
	return list, p.site.settle(ctx)
}

// listings puts the product in force and opens listings that nobody sells out, each of another borrower.
func (p *people) listings(ctx context.Context, n int) (list []id.ID, err error) {
	if _, err := p.product(ctx, productName); err != nil {
		return nil, err
	}
	for i := range n {
		one, err := p.listing(ctx, i)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func (p *people) listing(ctx context.Context, n int) (id.ID, error) {
	borrower, _, err := p.person(ctx, fmt.Sprint("borrower-", n))
	if err != nil {
		return id.ID{}, err
	}
	const whole = 100_000_000 // units of a yuan
	listing, err := p.list(ctx, n, whole, map[string]any{"borrower": borrower})
	if err != nil {
		return id.ID{}, err
	}
	return listing, p.until(ctx, listing, func(l *listed) bool { return l.State == "open" })
}

// list lists a loan of so many yuan for a day. What is said of it stands for what most listings have.
func (p *people) list(ctx context.Context, n, yuan int, said map[string]any) (id.ID, error) {
	listing, now := p.id(), p.now().UTC()
	l := map[string]any{
		"id": listing, "loan": p.id(), "ledger": p.site.ledger, "register": register(n), "tranches": []string{"principal", "interest"},
		"unclaimed": unclaimed, "receiver": "receiver", "asset": asset, "unit": "100", "units": yuan, "minimum": 100, "step": 1, "share": yuan,
		"product": productName, "version": 1, "grade": "a", "days": 360, "opens": now.Format(time.RFC3339), "closes": now.Add(24 * time.Hour).Format(time.RFC3339),
	}
	maps.Copy(l, said)
	return listing, p.operate(ctx, "/v1/listings", l)
}

// listed is what is looked at of a listing.
type listed struct {
	State string
	Sold  int64 `json:",string"`
}

// until waits until a listing is as it should be.
func (p *people) until(ctx context.Context, listing id.ID, is func(*listed) bool) error {
	for deadline := time.Now().Add(stall); ; {
		var l listed
		if err := p.site.as(p.administrator).ask(ctx, http.MethodGet, "/v1/listings/"+listing.String(), nil, &l); err != nil || is(&l) {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("the listing stays %s with %d sold", l.State, l.Sold)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// bidding makes clients that bid for their investors in turn, on one listing until none of them may have more of it, then
// on the next.
func (p *people) bidding(ctx context.Context, b *bench, listings []id.ID, investors []bidder) ([]step, error) {
	p.bids = make([]atomic.Int64, len(listings))
	var steps []step
	for n := range min(bidClients, len(investors)) {
		b.seed++
		own := newIDs(b.seed)
		c, err := dialREST(ctx, p.site.address)
		if err != nil {
			return nil, err
		}
		b.after(c.close)
		var requests, keys [][]byte
		for _, listing := range listings {
			for i := n; i < len(investors); i += bidClients {
				key := own.next().String()
				request, at := plainRequest(p.site.address, investors[i].token, http.MethodPost, "/v1/listings/"+listing.String()+"/bids", key, typeJSON,
					fmt.Appendf(nil, `{"amount":"%d"}`, bidAmount))
				requests, keys = append(requests, request), append(keys, request[at:at+len(key)])
			}
		}
		bids, each := 0, len(requests)/len(listings)
		steps = append(steps, func() (int, error) {
			turn := bids/(each*bidsOfOne)*each + bids%each
			if turn >= len(requests) {
				return 0, fmt.Errorf("more than %d bids a second: all investors have as much of the %d listings as they may", fastest, len(listings))
			}
			bids++
			id := own.next()
			textID(keys[turn], &id)
			p.bids[turn/each].Add(1)
			_, err := c.call(requests[turn])
			return 1, err
		})
	}
	return steps, nil
}

// followed measures how long after the last answer the rows have all bids.
func (p *people) followed(ctx context.Context, b *bench, listings []id.ID) error {
	began, all := time.Now(), int64(0)
	for i, listing := range listings {
		n := p.bids[i].Load()
		if err := p.until(ctx, listing, func(l *listed) bool { return l.Sold == n*bidAmount }); err != nil {
			return err
		}
		all += n
	}
	b.tell(Figure{
		What: "rows have the last of the bids after", Value: float64(time.Since(began)) / float64(time.Millisecond), Unit: inMillis,
		How: fmt.Sprintf("of %s bids in all", number(float64(all))), Seconds: time.Since(began).Seconds(),
	})
	return nil
}
