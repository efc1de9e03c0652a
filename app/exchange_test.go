package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/admission"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// exchange is a whole program with a tenant whose clock is simulated, and a loan of 12,000.00 for twelve months from
// 2026-01-15 at 12 %, in units of a yuan, funded by Ann (9,000) and Cy (3,000). Bob and Dan have money too, Eve has 1.00.
type exchange struct {
	*apitest.World
	*program
	t        *testing.T
	product  string
	by       party.By
	who      map[string]*apitest.Caller
	borrower id.ID
	loan     id.ID
	listing  id.ID
	stopped  bool
}

// The product of docs/claim-transfer.md, with limits: an investor is known, and lends a borrower 10,000.00 at most.
const soldProduct = `code: plain
name: {zh: 简单贷款, en: Plain loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "100000.00"}
terms: [{unit: months, min: 1, max: 36, step: 1, every: 1}]
repayment: {method: equal_installment}
grades: [{code: a, rate: "0.12"}]
prepayment: {allowed: true, payoff_interest: to_the_day}
claim_transfer: {allowed: true, min_price: "0.95", max_price: "1.02", min_piece: "100.00", order_days: 30}
fees:
  - {code: sale, name: {zh: 转让费, en: Sale fee}, paid_by: seller, at: transfer, of: price, rate: "0.005", rounding: half_up, tax: "0.06"}
  - {code: purchase, name: {zh: 受让费, en: Purchase fee}, paid_by: buyer, at: transfer, of: none, amount: "1.00"}
limits:
  - {code: known, when: 'investor.kind == "person" && investor.level >= 2', says: {zh: 请先完成实名认证, en: Identity is not verified yet}}
  - {code: one-borrower, when: 'investor.in_borrower + bid.amount <= 1000000', says: {zh: 对同一借款人不超过1万元, en: "At most 10,000 yuan with one borrower"}}
`

func newExchange(t *testing.T) *exchange {
	t.Helper()
	return newExchangeOf(t, soldProduct)
}

func newExchangeOf(t *testing.T, product string) *exchange {
	t.Helper()
	x := &exchange{t: t, product: product, who: map[string]*apitest.Caller{}}
	x.start(t.TempDir())
	t.Cleanup(x.stop)
	x.Post("/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai","clock":"simulated","start":"2026-01-15T01:00:00Z"}`).OK()
	north, err := x.Ground.Parties.CreateTenant(t.Context(), id.ID(access.Operator), party.Tenant{ID: x.ID(), Name: "north"})
	x.must(err)
	x.by = party.By{Tenant: north.ID, Actor: id.ID(access.Operator)}
	_, err = x.Ground.Parties.AddLedger(t.Context(), x.by, "main")
	x.must(err)
	x.people()
	x.shelf()
	x.fund()
	x.payOut()
	return x
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

// start starts the program on a folder, again or for the first time.
func (x *exchange) start(folder string) {
	x.t.Helper()
	log := &apitest.Log{}
	x.program = &program{config: Config{Data: folder, Log: slog.New(slog.NewTextHandler(log, nil))}, ended: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	x.must(err)
	x.program.address = listener.Addr().String()
	fail := func(part string, err error) { x.t.Errorf("%s: %v\n%s", part, err, log) }
	x.must(x.listen(listener, fail))
	x.must(x.open(x.t.Context(), fail))
	token, err := access.ReadToken(folder)
	x.must(err)
	x.World = &apitest.World{Site: &apitest.Site{
		T: x.t, URL: "http://" + x.program.address, Token: token, Ground: x.backend.ground.Load(), Clock: clock.NewManual(time.Now()), Log: log,
	}}
	x.stopped = false
}

func (x *exchange) stop() {
	if x.stopped {
		return
	}
	x.stopped = true
	http.DefaultClient.CloseIdleConnections()
	x.must(x.drain(context.Background()))
	x.must(x.program.close(context.Background()))
}

// restart ends the program and starts it again on the same folder.
func (x *exchange) restart() {
	x.t.Helper()
	x.stop()
	x.start(x.config.Data)
}

// people makes the investors, with accounts and money, and staff.
func (x *exchange) people() {
	x.t.Helper()
	x.who["operations"], x.who["risk"] = x.Caller(x.by, "operations", "operations"), x.Caller(x.by, "risk", "risk")
	x.who["borrower"] = x.Caller(x.by, "borrower")
	x.borrower = x.who["borrower"].Party
	operations := []string{`{"open_asset":{"code":"CNY","scale":2}}`}
	for _, a := range []string{"bank", "unclaimed", "receiver", "borrower", "credit", "platform", "reserve"} {
		kind, side, constraint := "liability", "credit", "nonnegative"
		if a == "bank" {
			kind, side, constraint = "asset", "debit", "unbounded"
		}
		operations = append(operations, fmt.Sprintf(`{"open_account":{"address":%q,"asset":"CNY","side":%q,"type":%q,"code":2001,"constraint":%q}}`, a, side, kind, constraint))
	}
	for name, cash := range map[string]int{"ann": 10_000_00, "bob": 10_000_00, "cy": 10_000_00, "dan": 20_000_00, "eve": 1_00, "fay": 10_000_00} {
		c := x.Caller(x.by, name)
		x.who[name] = c
		if name != "fay" { // nobody knows who she is
			_, err := x.Ground.Parties.Attest(x.t.Context(), x.by, party.Attestation{
				ID: x.ID(), Party: c.Party, About: admission.AboutIdentity, Level: "2", Source: "bank", From: time.Now().Add(-time.Hour).UnixMicro(),
			})
			x.must(err)
		}
		if name == "ann" {
			_, err := x.Ground.Parties.Attest(x.t.Context(), x.by, party.Attestation{
				ID: x.ID(), Party: c.Party, About: admission.AboutClass, Level: "vip", Source: "desk", From: time.Now().Add(-time.Hour).UnixMicro(),
			})
			x.must(err)
		}
		account := market.Cash(c.Party)
		operations = append(operations, fmt.Sprintf(`{"open_account":{"address":%q,"asset":"CNY","side":"credit","type":"liability","code":2001}}`, account),
			fmt.Sprintf(`{"transfer":{"debit":"bank","credit":%q,"amount":"%d"}}`, account, cash))
	}
	for _, o := range append(operations, `{"transfer":{"debit":"bank","credit":"borrower","amount":"2000000"}}`) {
		x.Post("/v1/ledgers/main/commands", `{"operations":[`+o+`]}`).OK()
	}
}

// shelf puts the product in force, by two persons.
func (x *exchange) shelf() {
	x.t.Helper()
	proposal := x.ID().String()
	x.As(x.who["operations"], http.MethodPost, "/v1/products", map[string]any{"id": proposal, "file": x.product, "effective": "2026-01-15", "reason": "new"}).OK()
	x.As(x.who["risk"], http.MethodPost, "/v1/proposals/"+proposal+"/approval", `{}`).OK()
}

// list opens a loan of the borrower for funding.
func (x *exchange) list(register string) {
	x.t.Helper()
	x.loan, x.listing = x.ID(), x.ID()
	x.Do(http.MethodPost, "/v1/listings", fmt.Sprintf(`{"id":%q,"loan":%q,"borrower":%q,"ledger":"main","register":%q,
		"tranches":["principal","interest","charge"],"unclaimed":"unclaimed","receiver":"receiver","asset":"CNY","unit":"100","units":12000,"minimum":100,"step":1,
		"share":9000,"product":"plain","version":1,"grade":"a","region":"44","days":365,"opens":"2026-01-15T01:00:00Z","closes":"2026-01-29T01:00:00Z"}`,
		x.listing, x.loan, x.borrower, register), "Longmen-Tenant", "north").OK()
	x.await("the listing is open", func() bool { return x.state() == "open" })
}

func (x *exchange) state() string {
	return x.As(x.who["risk"], http.MethodGet, "/v1/listings/"+x.listing.String(), nil).OK().At("state")
}

func (x *exchange) bid(who string, yuan int) *apitest.Answer {
	x.t.Helper()
	return x.As(x.who[who], http.MethodPost, "/v1/listings/"+x.listing.String()+"/bids", fmt.Sprintf(`{"amount":"%d"}`, yuan*100), "Idempotency-Key", x.ID().String())
}

// fund lets investors bid until the loan is funded.
func (x *exchange) fund() {
	x.t.Helper()
	x.list("loan:1")
	x.bid("ann", 9_000).OK()
	x.bid("cy", 3_000).OK()
	x.await("the listing is funded", func() bool { return x.state() == "funded" })
}

// payOut pays the loan out: how it came about is no part of this test.
func (x *exchange) payOut() {
	x.t.Helper()
	terms, err := json.Marshal(agreement.Terms{Amount: 12_000_00, Term: 12, Unit: "months", Grade: "a", Start: day.Of(2026, 1, 15), Guarantors: []agreement.Guarantor{
		{Party: x.who["dan"].Party, Account: market.Cash(x.who["dan"].Party)}, // he pays for the borrower if the product says so
	}})
	x.must(err)
	e, err := x.Ground.Loans.Disburse(x.t.Context(), servicing.Deed{
		Tenant: x.by.Tenant, Loan: x.loan, Ledger: "main", Asset: "CNY", Borrower: x.borrower, Product: "plain", Version: 1, Terms: terms,
		Places: servicing.Places{Register: "loan:1", Payer: "borrower", Credit: "credit", Platform: "platform", Reserve: "reserve"},
	}, servicing.Disbursement{
		ID: x.ID(), Amount: 12_000_00, Operations: []ledger.Operation{&ledger.Transfer{Debit: "receiver", Credit: "borrower", Mode: ledger.Exact, Amount: 12_000_00}},
	})
	x.must(err)
	if e.Outcome != servicing.Applied {
		x.t.Fatalf("the loan is not paid out: %s", e.Outcome)
	}
}

// to moves the clock to noon of a day in Shanghai; what is due on the way happens.
func (x *exchange) to(date string) {
	x.t.Helper()
	x.Post("/v1/ledgers/main/clock", `{"to":"`+date+`T04:00:00Z"}`).OK()
}

// repay pays an amount of the loan.
func (x *exchange) repay(cents int, more string) {
	x.t.Helper()
	x.As(x.who["operations"], http.MethodPost, "/v1/loans/"+x.loan.String()+"/payments", fmt.Sprintf(`{"id":%q,"amount":"%d"%s}`, x.ID(), cents, more)).OK()
}

// await waits until the program has followed its ledger so far.
func (x *exchange) await(what string, is func() bool) {
	x.t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); pause() {
		if time.Now().After(deadline) {
			x.t.Fatalf("it never came to be that %s\n%s", what, x.Log)
		}
	}
}

// has is what an account has.
func (x *exchange) has(address string) (cents int64) {
	x.t.Helper()
	_, err := fmt.Sscan(x.Get("/v1/ledgers/main/accounts/"+address+"/balance").OK().At("balance"), &cents)
	x.must(err)
	return cents
}

func (x *exchange) cash(who string) int64 { return x.has(market.Cash(x.who[who].Party)) }

// units are what somebody holds of the loan.
func (x *exchange) units(who string) string {
	x.t.Helper()
	a := x.Get("/v1/ledgers/main/accounts/" + market.Cash(x.who[who].Party) + "/holdings").OK()
	return a.At("holdings", 0, "units")
}
