package app

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ground"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/id"
)

// place is a whole program with a tenant, his ledger, and investors who have money and a token each.
type place struct {
	testing.TB
	*program
	ground    *ground.Ground
	tenant    id.ID
	by        party.By
	investors []investor
	client    *http.Client
}

type investor struct {
	party id.ID
	token string
}

func newPlace(t testing.TB, investors int) *place {
	t.Helper()
	p := &place{TB: t, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	p.start(t.TempDir())
	t.Cleanup(func() { p.stop() })
	p.people(investors)
	return p
}

// start starts the program on a folder.
func (p *place) start(folder string) {
	p.Helper()
	p.program = &program{config: Config{Data: folder, Log: slog.New(slog.DiscardHandler)}, ended: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	p.must(err)
	p.address = listener.Addr().String()
	fail := func(part string, err error) { p.Errorf("%s: %v", part, err) }
	p.must(p.listen(listener, fail))
	p.must(p.open(p.Context(), fail))
	p.ground = p.backend.ground.Load()
}

func (p *place) stop() {
	p.Helper()
	p.client.CloseIdleConnections()
	p.must(p.drain(context.Background()))
	p.must(p.close(context.Background()))
}

func (p *place) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *place) id() id.ID {
	p.Helper()
	i, err := id.New(p.ground.Clock, p.ground.Random)
	p.must(err)
	return i
}

// do applies operations to the tenant's ledger.
func (p *place) do(operations ...ledger.Operation) {
	p.Helper()
	l, err := p.db.Ledger("main")
	p.must(err)
	for chunk := range slices.Chunk(operations, 4_000) {
		r, err := l.Do(p.Context(), chunk...)
		p.must(err)
		if r.Code != ledger.Applied {
			p.Fatalf("%s", r.Code)
		}
	}
}

func cashAccount(address string, side ledger.Side, c ledger.Constraint) ledger.Operation {
	return &ledger.OpenAccount{Address: address, Asset: "CNY", Side: side, Type: ledger.Liability, Code: 2001, Constraint: c}
}

// people makes tenant, ledger and investors.
func (p *place) people(n int) {
	p.Helper()
	ctx, g := p.Context(), p.ground.Parties
	_, err := p.backend.CreateLedger(ctx, api.NewLedger{Name: "main", Zone: "Asia/Shanghai", Clock: ledger.RealClock})
	p.must(err)
	actor := p.id()
	tenant, err := g.CreateTenant(ctx, actor, party.Tenant{ID: p.id(), Name: "north"})
	p.must(err)
	p.tenant, p.by = tenant.ID, party.By{Tenant: tenant.ID, Actor: actor}
	_, err = g.AddLedger(ctx, p.by, "main")
	p.must(err)
	p.do(&ledger.OpenAsset{Code: "CNY", Scale: 2}, cashAccount("bank", ledger.DebitNormal, ledger.Unbounded),
		cashAccount("unclaimed", ledger.CreditNormal, ledger.Nonnegative), cashAccount("receiver", ledger.CreditNormal, ledger.Nonnegative))
	var operations []ledger.Operation
	now := time.Now().UnixMicro()
	for i := range n {
		v, login := investor{party: p.id()}, p.id()
		_, err := g.CreateParty(ctx, p.by, party.Party{ID: v.party, Kind: party.Person, Name: "Li"})
		p.must(err)
		_, err = g.CreatePrincipal(ctx, p.by, party.Principal{ID: login, Kind: "login", Name: fmt.Sprintf("li.%d", i), Person: v.party})
		p.must(err)
		_, err = g.Grant(ctx, p.by, party.Grant{ID: p.id(), Principal: login, Party: v.party, From: now})
		p.must(err)
		_, secret, err := g.IssueToken(ctx, p.by, party.Token{ID: p.id(), Principal: login, Expires: now + time.Hour.Microseconds()})
		p.must(err)
		v.token = secret.Text()
		p.investors = append(p.investors, v)
		operations = append(operations, cashAccount(market.Cash(v.party), ledger.CreditNormal, ledger.Nonnegative),
			&ledger.Transfer{Debit: "bank", Credit: market.Cash(v.party), Mode: ledger.Exact, Amount: 1e12})
	}
	p.do(operations...)
}

// list opens a listing of so many units of a yuan and waits until it takes bids.
func (p *place) list(units, share uint64) id.ID {
	p.Helper()
	now := time.Now().UnixMicro()
	l := market.Listing{
		Tenant: p.tenant, ID: p.id(), Ledger: "main", Loan: p.id(), Borrower: p.id(),
		Terms: market.Terms{
			Asset: "CNY", Register: "loan:1", Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed", Receiver: "receiver",
			Unit: 100, Units: units, Minimum: 100, Step: 100, Share: share, Product: "plain", Grade: "a", Days: 360,
		},
		Opened: now, Closes: now + time.Hour.Microseconds(),
	}
	p.must(p.ground.Market.Create(p.Context(), l))
	p.await(l.ID, func(l *market.Listing) bool { return l.State == market.Open })
	return l.ID
}

// answer is what came of one bid.
type answer struct {
	status   int
	sequence uint64
	amount   int64
	body     []byte
	took     time.Duration
}

// bid sends one bid over a kept connection.
func (p *place) bid(v *investor, listing id.ID, yuan int, key string) (a answer, err error) {
	body := fmt.Appendf(nil, `{"amount":"%d"}`, yuan*100)
	r, err := http.NewRequestWithContext(p.Context(), http.MethodPost, "http://"+p.address+"/v1/listings/"+listing.String()+"/bids", bytes.NewReader(body))
	if err != nil {
		return a, err
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key)
	began := time.Now()
	response, err := p.client.Do(r)
	if err != nil {
		return a, err
	}
	defer response.Body.Close()
	if a.body, err = io.ReadAll(response.Body); err != nil {
		return a, err
	}
	a.status, a.took = response.StatusCode, time.Since(began)
	var said struct {
		Sequence uint64 `json:"sequence"`
		Amount   int64  `json:"amount,string"`
	}
	if a.status == http.StatusOK {
		err = json.Unmarshal(a.body, &said)
	}
	a.sequence, a.amount = said.Sequence, said.Amount
	return a, err
}

// storm lets 64 clients send so many bids of 100 yuan as fast as they can.
func (p *place) storm(listing id.ID, bids, round int) []answer {
	p.Helper()
	answers, next := make([]answer, bids), make(chan int)
	var running sync.WaitGroup
	for range 64 {
		running.Go(func() {
			for n := range next {
				a, err := p.bid(&p.investors[n%len(p.investors)], listing, 100, fmt.Sprintf("storm-%d-%d", round, n))
				if err != nil {
					p.Error(err)
				}
				answers[n] = a
			}
		})
	}
	for n := range bids {
		next <- n
	}
	close(next)
	running.Wait()
	return answers
}

// Far more is bid at once than there is: exactly the loan is sold, nobody gets more than his share, and the rows tell
// the order that the answers told.
func TestBurstOfBids(t *testing.T) {
	p := newPlace(t, burstInvestors)
	const units = burstBids * 50 // for about half of the bids
	listing := p.list(units, units/10)
	answers := p.storm(listing, burstBids, 1)
	told := map[uint64]int64{}
	sum := int64(0)
	for _, a := range answers {
		if a.status != http.StatusOK && a.status != http.StatusConflict {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if a.status == http.StatusOK {
			told[a.sequence] = a.amount
			sum += a.amount
		}
	}
	if sum != units*100 {
		t.Errorf("%d was sold, want %d", sum, units*100)
	}
	// The node itself finds it full and funds it.
	p.await(listing, func(l *market.Listing) bool { return l.Sold == units && l.State == market.Funded })
	last, rows, after := uint64(0), int64(0), id.ID{}
	for {
		list, err := p.ground.Market.Bids(t.Context(), p.tenant, market.BidFilter{Listing: listing}, after, market.MaxPage)
		p.must(err)
		for _, b := range list {
			if told[b.Sequence] != b.Amount || b.Sequence <= last {
				t.Fatalf("row %+v, the answer was %d", b, told[b.Sequence])
			}
			last, rows, after = b.Sequence, rows+b.Amount, b.ID
		}
		if len(list) == 0 {
			break
		}
	}
	if rows != sum {
		t.Errorf("the rows say %d, the answers %d", rows, sum)
	}
	received, err := p.ledgerOf("receiver")
	if p.must(err); received != sum {
		t.Errorf("%d was received, %d bid", received, sum)
	}
}

// await waits until a listing is as it should be.
func (p *place) await(listing id.ID, is func(*market.Listing) bool) {
	p.Helper()
	for deadline := time.Now().Add(time.Minute); ; pause() {
		l, err := p.ground.Market.Listing(p.Context(), p.tenant, listing)
		p.must(err)
		if is(&l) {
			return
		}
		if time.Now().After(deadline) {
			p.Fatalf("the listing is still %+v", l)
		}
	}
}

func (p *place) ledgerOf(address string) (int64, error) {
	l, err := p.db.Ledger("main")
	if err != nil {
		return 0, err
	}
	a, err := l.Account(p.Context(), address)
	return a.Balance(), err
}

// BenchmarkBids is single bids by REST from 64 clients that keep their connections, with tokens, the product's rules and
// the followers at work.
func BenchmarkBids(b *testing.B) {
	p := newPlace(b, 2_000)
	listing := p.list(1e9, 1e8)
	p.storm(listing, 2_000, 0) // tokens are in memory, the code is warm
	run := 0
	for b.Loop() {
		const bids = 20_000
		run++
		began := time.Now()
		answers := p.storm(listing, bids, run)
		took := time.Since(began)
		slices.SortFunc(answers, func(a, b answer) int { return int(a.took - b.took) })
		b.ReportMetric(bids/took.Seconds(), "bids/s")
		b.ReportMetric(float64(answers[bids*99/100].took.Microseconds())/1e3, "p99-ms")
		b.ReportMetric(float64(answers[bids/2].took.Microseconds())/1e3, "p50-ms")
		for _, a := range answers {
			if a.status != http.StatusOK {
				b.Fatalf("%d %s", a.status, a.body)
			}
		}
	}
}
