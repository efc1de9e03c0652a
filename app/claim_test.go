package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/id"
)

// offer offers units of the loan and waits until they are on offer.
func (x *exchange) offer(who string, units int, price string) (sale string) {
	x.t.Helper()
	sale = x.ID().String()
	a := x.As(x.who[who], http.MethodPost, "/v1/parties/"+x.who[who].Party.String()+"/claim-sales",
		fmt.Sprintf(`{"id":%q,"loan":%q,"units":%d,"price":%q}`, sale, x.loan, units, price)).OK()
	if a.At("state") != "offered" {
		x.t.Fatalf("%s", a.Body)
	}
	x.sale(sale, "offered")
	return sale
}

// sale waits until a sale is in a state.
func (x *exchange) sale(sale, state string) *apitest.Answer {
	x.t.Helper()
	var a *apitest.Answer
	x.await("the sale is "+state, func() bool {
		a = x.As(x.who["dan"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK()
		return a.At("state") == state
	})
	return a
}

// cost is what a sale costs now.
func (x *exchange) cost(sale string) string {
	x.t.Helper()
	return x.As(x.who["dan"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK().At("now", "pays")
}

func (x *exchange) buy(who, sale, pays string) *apitest.Answer {
	x.t.Helper()
	return x.As(x.who[who], http.MethodPost, "/v1/claim-sales/"+sale+"/purchase", fmt.Sprintf(`{"pays":%q}`, pays), "Idempotency-Key", x.ID().String())
}

func (x *exchange) refused(a *apitest.Answer, code string) {
	x.t.Helper()
	if a.Status != http.StatusConflict || a.At("code") != code {
		x.t.Errorf("%d %s, want %s", a.Status, a.Body, code)
	}
}

// A part at a discount, then all of it at a premium, to the cent: the third example of docs/claim-transfer.md, and the same
// units sold on. What the platform gets is both fees of both.
func TestClaimsChangeHands(t *testing.T) {
	x := newExchange(t)
	x.to("2026-02-15")
	x.repay(1_066_19, "")
	x.to("2026-03-15")
	x.repay(1_066_19, "")
	x.to("2026-03-25")
	ann, bob, cy, platform := x.cash("ann"), x.cash("bob"), x.cash("cy"), x.has("platform")

	first := x.offer("ann", 1_000, "0.985")
	if got := x.cost(first); got != "83260" {
		t.Errorf("it costs %s", got)
	}
	x.buy("bob", first, "83260").OK()
	x.sale(first, "sold")
	if x.cash("bob") != bob-832_60 || x.cash("ann") != ann+827_44 || x.units("bob") != "1000" || x.units("ann") != "8000" || x.has("platform") != platform+4_16+1_00 {
		t.Errorf("bob %d, ann %d, platform %d", x.cash("bob")-bob, x.cash("ann")-ann, x.has("platform")-platform)
	}

	x.note(first)

	// 841.51 × 1.02 = 858.34 and 2.71 of interest; of 861.05 the seller pays 4.31.
	second := x.offer("bob", 1_000, "1.02")
	x.buy("cy", second, "86205").OK()
	x.sale(second, "sold")
	if x.cash("cy") != cy-862_05 || x.cash("bob") != bob-832_60+856_74 || x.units("cy") != "4000" || x.units("bob") != "" {
		t.Errorf("cy %d, bob %d, units %q %q", x.cash("cy")-cy, x.cash("bob")-bob, x.units("cy"), x.units("bob"))
	}

	// The next installment goes to who holds the units now.
	x.to("2026-04-15")
	ann, cy = x.cash("ann"), x.cash("cy")
	x.repay(1_066_19, "")
	if got := x.cash("ann") - ann + x.cash("cy") - cy; got != 1_066_19 {
		t.Errorf("the holders got %d", got)
	}
	if got := x.cash("cy") - cy; got < 355_39 || got > 355_41 { // 4,000 of 12,000: 355.396…, with what came with the units
		t.Errorf("cy got %d", got)
	}
	x.overview()
}

// After the cut-off a payment counts from the next day. A claim is sold today all the same: what is repaid is off the price, which holds
// interest until today, and on the due date the loan isn't late yet.
func TestClaimsAreSoldAfterTheCutOff(t *testing.T) {
	x := newExchangeOf(t, soldProduct+"overpayment: advance\nlateness: {cut_off: \"10:00\"}\n")
	x.to("2026-02-14")
	x.repay(1_066_19, "")
	x.to("2026-02-20")
	sale := x.offer("ann", 1_000, "1")
	quote := func(face, accrued string) {
		t.Helper()
		a := x.As(x.who["dan"], http.MethodGet, "/v1/claim-sales/"+sale, nil).OK()
		if a.At("now", "face") != face || a.At("now", "accrued") != accrued || a.At("now", "against") != "" {
			t.Errorf("%s, want a face of %s and %s of interest", a.Body, face, accrued)
		}
	}
	quote("92115", "164") // 19.74 are borne
	x.repay(1_00, "")
	quote("92115", "156")
	x.sees("ann", map[string]string{"accrued": "1405"})
	x.to("2026-02-21")
	quote("92115", "189")

	x.to("2026-03-15")
	x.repay(1_00, "")
	x.refused(x.buy("bob", sale, "1"), "claim_not_for_sale") // before_due: it is due today
	x.to("2026-03-16")
	x.sale(sale, "ended")
}

// The platform's fees of sales are in its books with their tax: 4.16 and 4.31 of the sellers contain 6 % by the product, 1.00 of each
// buyer 3 % by the chart, for the product names no tax of it. Days before a sale do not know it.
func TestTaxInFeesOfSales(t *testing.T) {
	x := newExchange(t)
	finance, other := x.Caller(x.by, "finance", "finance"), x.Caller(x.by, "other", "finance")
	for _, a := range []string{"interest-income", "fee-income", "tax-to-come", "tax", "allowance"} {
		x.Post("/v1/ledgers/main/accounts", fmt.Sprintf(`{"address":"books:%s","asset":"CNY","side":"credit","type":"income","code":1}`, a)).OK()
	}
	x.Post("/v1/ledgers/main/accounts", `{"address":"books:other","asset":"CNY","side":"debit","type":"asset","code":1}`).OK()
	chart := x.ID().String()
	pair := func(credit string) string { return `{"debit":"books:other","credit":"books:` + credit + `"}` }
	x.As(finance, http.MethodPost, "/v1/charts", `{"id":"`+chart+`","reason":"first","chart":{"from":"2026-01-01","accounts":[{"code":1,"gl":"1","name":{"zh":"一","en":"one"}}],
		"valuation":{"asset":"CNY","own":["platform"],"tax_ppm":30000,"rates":[{"bucket":"M0","ppm":0}],"interest":`+pair("interest-income")+`,"fees":`+pair("fee-income")+`,
		"fees_tax":`+pair("tax-to-come")+`,"received_tax":`+pair("tax")+`,"impairment":`+pair("allowance")+`}}}`).OK()
	x.As(other, http.MethodPost, "/v1/proposals/"+chart+"/approval", `{}`).OK()
	tax := func(on string, want int64) {
		t.Helper()
		x.As(finance, http.MethodPost, "/v1/ledgers/main/valuations", fmt.Sprintf(`{"id":%q,"on":%q}`, x.ID(), on)).OK()
		if got := x.has("books:tax"); got != want {
			t.Errorf("%s: the books have %d of tax, want %d", on, got, want)
		}
	}
	x.to("2026-02-15")
	x.repay(1_066_19, "")
	x.to("2026-03-15")
	x.repay(1_066_19, "")
	x.to("2026-03-25")
	x.buy("bob", x.offer("ann", 1_000, "0.985"), "83260").OK()
	tax("2026-03-24", 0)
	tax("2026-03-25", 26) // 4.16 contain 0.2355, 1.00 contain 0.0291
	x.buy("cy", x.offer("bob", 1_000, "1.02"), "86205").OK()
	tax("2026-03-25", 54) // and 4.31 contain 0.2440, 1.00 contain 0.0291

	// Somebody writes a sale past the product, for 1.00 and without fees. It keeps nobody from valuing, and the log names it.
	raw := x.offer("ann", 1_000, "1")
	x.buyPast("bob", "ann", raw, 1_000, 1_00)
	x.sale(raw, "sold")
	tax("2026-03-25", 54)
	x.await("the log names the sale", func() bool {
		return strings.Contains(x.Log.String(), "a sale's fees are not in the books' tax") && strings.Contains(x.Log.String(), raw)
	})
}

// buyPast writes a sale's purchase into the ledger for another price than the product's, in the form in which it is written.
func (x *exchange) buyPast(buyer, seller, order string, units uint64, price int64) {
	x.t.Helper()
	own, err := id.Parse(order)
	x.must(err)
	from, to := market.Cash(x.who[seller].Party), market.Cash(x.who[buyer].Party)
	book, err := x.program.db.Node().Ledger("main")
	x.must(err)
	answers, err := book.Apply(x.t.Context(), []*ledger.Command{{
		ID: ledger.ID(x.ID()), Purpose: sale.PurposePurchase, Behalf: ledger.ID(x.who[buyer].Party), References: []ledger.Reference{{Type: sale.ReferenceSale, Value: own}},
		Operations: []ledger.Operation{
			&ledger.Transfer{Debit: to, Credit: from, Mode: ledger.Exact, Amount: price},
			&ledger.Move{Register: "loan:1", From: from, To: to, Units: units, Hold: ledger.Mark{Command: ledger.ID(own.Derive("hold", 0))}},
		},
	}})
	x.must(err)
	if code := answers[0].Result.Code; code != ledger.Applied {
		x.t.Fatalf("the ledger refuses it: %s", code)
	}
}

// note waits for the note of Bob's purchase, and looks who may read it.
func (x *exchange) note(sale string) {
	x.t.Helper()
	notes := "/v1/loans/" + x.loan.String() + "/claim-notes"
	var a *apitest.Answer
	x.await("the note is made", func() bool {
		a = x.As(x.who["borrower"], http.MethodGet, notes, nil).OK()
		return a.At("notes", 0) != ""
	})
	if a.At("notes", 0, "sale") != sale || a.At("notes", 0, "signatures", 0, "name") != "Z**" || a.At("notes", 0, "signatures", 1, "role") != "buyer" || a.At("notes", 1) != "" {
		x.t.Errorf("%s", a.Body)
	}
	for _, who := range []string{"ann", "bob", "borrower", "risk"} {
		file := x.As(x.who[who], http.MethodGet, "/v1/claim-sales/"+sale+"/note", nil).OK()
		if hash := sha256.Sum256(file.Body); hex.EncodeToString(hash[:]) != a.At("notes", 0, "hash") || file.Header.Get("Content-Type") != "application/pdf" {
			x.t.Errorf("%s reads another file", who)
		}
	}
	if got := x.As(x.who["cy"], http.MethodGet, "/v1/claim-sales/"+sale+"/note", nil); got.Status != http.StatusNotFound {
		x.t.Errorf("who holds another part of the loan reads the note: %d", got.Status)
	}
	if got := x.As(x.who["cy"], http.MethodGet, notes, nil); got.Status != http.StatusNotFound {
		x.t.Errorf("who holds another part of the loan lists the notes: %d", got.Status)
	}
}

// overview looks at what Cy sees then.
func (x *exchange) overview() {
	x.t.Helper()
	cy := x.who["cy"]
	path := "/v1/parties/" + cy.Party.String()
	a := x.As(cy, http.MethodGet, path+"/portfolio", nil).OK()
	for want, got := range map[string]string{
		fmt.Sprint(x.cash("cy")): a.At("cash"), "386205": a.At("paid"), "4000": a.At("claims", 0, "units"), "2026-05-15": a.At("expected", 0, "date"),
		"304432": a.At("invested"), // 4,000 of 12,000 of 9,132.95 are 3,044.3166…, half even
		"44":     a.At("regions", 0, "in"),
	} {
		if got != want {
			x.t.Errorf("the overview has %s, want %s: %s", got, want, a.Body)
		}
	}
	if rate := a.At("rate_percent"); rate == "" || rate[0] == '-' {
		x.t.Errorf("his money earns %s: %s", rate, a.Body)
	}
	p := x.As(cy, http.MethodGet, path+"/loans/"+x.loan.String()+"/payments", nil).OK()
	last := 2
	if p.At("payments", last, "shares", 0, "units") != "4000" || p.At("payments", 0, "shares", 0, "units") != "3000" || p.At("payments", last, "shares", 0, "of") != "12000" ||
		p.At("payments", last+1) != "" {
		x.t.Errorf("%s", p.Body)
	}
}

// A payment between offer and purchase goes to the seller, and the buyer hears the new price: the fifth example of the page.
func TestARepaymentComesBetween(t *testing.T) {
	x := newExchange(t)
	x.to("2026-02-15")
	x.repay(1_066_19, "")
	x.to("2026-03-15")
	x.repay(1_066_19, "")
	x.to("2026-03-27")
	sale := x.offer("ann", 1_000, "0.985")
	seen := x.cost(sale)
	x.to("2026-04-15")
	before := x.cash("ann")
	x.repay(1_066_19, "")
	if got := x.cash("ann") - before; got < 799_63 || got > 799_65 { // 9,000 of 12,000 units, those on offer too
		t.Errorf("the seller got %d of the installment", got)
	}
	x.to("2026-04-25")
	x.refused(x.buy("bob", sale, seen), "claim_price_changed")
	if got := x.cost(sale); got != "75319" {
		t.Errorf("now it costs %s", got)
	}
	x.buy("bob", sale, "75319").OK()
	x.sale(sale, "sold")
}

// Who is short of cash, who may not hold so much, whom nobody knows: none of them buys, and the offer stays.
func TestBuyersWhoCannot(t *testing.T) {
	x := newExchange(t)
	sale := x.offer("ann", 1_000, "1")
	pays := x.cost(sale)
	x.refused(x.buy("eve", sale, pays), "market_no_money")
	x.refused(x.buy("fay", sale, pays), "market_not_admitted")
	x.refused(x.buy("ann", sale, pays), "claim_own")
	big := x.offer("ann", 8_000, "1")
	x.refused(x.buy("cy", big, x.cost(big)), "market_share") // 3,000 and 8,000 are more than 9,000
	x.buy("dan", big, x.cost(big)).OK()
	x.sale(big, "sold")
	a := x.buy("dan", sale, pays) // 8,000.00 with this borrower, and 1,000.00 more are 9,000.00
	if a.OK(); x.units("dan") != "9000" {
		t.Errorf("dan has %s", x.units("dan"))
	}
}

// Of many who buy at once one has it. The program stops and starts meanwhile: nothing is lost and nothing done twice.
func TestBuyersAtOnce(t *testing.T) {
	x := newExchange(t)
	sale := x.offer("ann", 1_000, "1")
	kept := x.offer("ann", 500, "1")
	x.restart()
	pays := x.cost(sale)
	var wait sync.WaitGroup
	codes := make([]int, 8)
	for i := range codes {
		wait.Go(func() { codes[i] = x.buy([]string{"bob", "dan"}[i%2], sale, pays).Status })
	}
	wait.Wait()
	won := 0
	for _, c := range codes {
		if c == http.StatusOK {
			won++
		} else if c != http.StatusConflict {
			t.Errorf("status %d", c)
		}
	}
	x.sale(sale, "sold")
	if sum := x.units("bob") + x.units("dan"); won != 1 || sum != "1000" || x.units("ann") != "8000" {
		t.Errorf("%d won, %s units", won, sum)
	}
	x.restart()
	x.sale(sale, "sold")
	x.sale(kept, "offered")
	x.As(x.who["ann"], http.MethodPost, "/v1/claim-sales/"+kept+"/cancel", `{}`).OK()
	if got := x.sale(kept, "ended").At("reason"); got != "withdrawn" {
		t.Errorf("it ended as %s", got)
	}
}

// An offer ends by itself, with the reason, when its loan is settled, overdue, or agreed on anew, or when its time is over.
func TestOffersEndByThemselves(t *testing.T) {
	for reason, happen := range map[string]func(x *exchange){
		"settled": func(x *exchange) { x.repay(13_000_00, `,"settle":true`) },
		"overdue": func(x *exchange) { x.to("2026-02-16") },
		"restructured": func(x *exchange) {
			e, err := x.Ground.Loans.Change(x.t.Context(), x.by.Tenant, x.loan, servicing.Change{ID: x.ID(), Kind: servicing.Deferred, Rows: 1})
			if x.must(err); e.Outcome != servicing.Applied {
				x.t.Fatal(e.Outcome)
			}
		},
		"expired": func(x *exchange) {
			x.to("2026-02-15")
			x.repay(1_066_19, "")
			x.to("2026-02-25")
		},
	} {
		t.Run(reason, func(t *testing.T) {
			x := newExchange(t)
			x.to("2026-01-20")
			sale := x.offer("ann", 1_000, "1")
			pays := x.cost(sale)
			happen(x)
			if got := x.sale(sale, "ended").At("reason"); got != reason {
				t.Errorf("it ended as %s", got)
			}
			x.refused(x.buy("bob", sale, pays), "claim_sale_over")
			if got := x.units("ann"); got != "9000" {
				t.Errorf("the seller has %s units", got)
			}
		})
	}
}

// The product's limits hold for bids, and for mandates: who is not known funds nothing, and nobody lends a borrower more.
func TestLimitsOfAProduct(t *testing.T) {
	x := newExchange(t)
	x.list("loan:2")
	a := x.bid("fay", 100)
	x.refused(a, "market_not_admitted")
	if !strings.Contains(a.At("detail"), "investor.level = not known") || a.At("field") != "body.amount" {
		t.Errorf("%s", a.Body)
	}
	x.refused(x.bid("ann", 1_001), "market_not_admitted") // she has 9,000.00 with this borrower
	x.bid("ann", 1_000).OK()
	x.refused(x.bid("ann", 100), "market_not_admitted")
	for _, who := range []string{"fay", "bob"} {
		x.As(x.who[who], http.MethodPost, "/v1/parties/"+x.who[who].Party.String()+"/mandates",
			fmt.Sprintf(`{"id":%q,"ledger":"main","amount":"1000000","per_loan":"200000"}`, x.ID())).OK()
	}
	made, err := x.Ground.Market.Allocate(t.Context(), x.by.Tenant, "main", x.ID())
	if err != nil || len(made.Bids) != 1 || made.Bids[0].Investor != x.who["bob"].Party || made.Refused != 0 {
		t.Errorf("%+v %v", made, err)
	}
}
