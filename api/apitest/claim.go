package apitest

import (
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/id"
)

// plainFile is the product of the loans that World.Lend pays out, as the catalog has it: its claims may be sold.
const plainFile = `code: plain
name: {zh: 简单贷款, en: Plain loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "100000.00"}
terms: [{unit: months, min: 1, max: 36, step: 1, every: 1}]
repayment: {method: equal_installment}
grades: [{code: a, rate: "0.12"}]
claim_transfer: {allowed: true, min_price: "0.95", max_price: "1.02", min_piece: "100.00"}
`

// Shelf puts a product in force in a tenant, proposed by one person and approved by another, unless it is there.
func (w *World) Shelf(t *Tenant, code, file string) {
	w.T.Helper()
	if _, err := w.Ground.Products.Get(w.T.Context(), t.ID, code, 1); err == nil {
		return
	}
	proposal := w.ID()
	w.As(t.Staff["operations"], http.MethodPost, "/v1/products", map[string]any{
		"id": proposal.String(), "file": file, "effective": w.Clock.Now().UTC().Format("2006-01-02"), "reason": "new",
	}).OK()
	_, err := w.Ground.Approvals.Approve(w.T.Context(), t.ID, proposal, t.Staff["risk"].Principal, "")
	w.must(err)
}

// Claim lets a caller hold a whole loan of 1,200.00, 1,200 units, and gives others cash to buy of it.
func (w *World) Claim(t *Tenant, holder *Caller, buyers ...*Caller) id.ID {
	w.T.Helper()
	w.Shelf(t, "plain", plainFile)
	loan, _ := w.Lend(t, w.Caller(party.By{Tenant: t.ID, Actor: t.Client.Principal}, "debtor-"+w.ID().String()[24:]).Party)
	name, at := hex.EncodeToString(loan[:]), "/v1/ledgers/"+t.Ledgers[0]
	for _, c := range append(buyers, holder) {
		w.Post(at+"/accounts", fmt.Sprintf(`{"address":%q,"asset":"CNY","side":"credit","type":"liability","code":2001}`, market.Cash(c.Party)))
	}
	for _, c := range buyers {
		w.Post(at+"/transfers", fmt.Sprintf(`{"debit":"bank:cash","credit":%q,"amount":"100000"}`, market.Cash(c.Party))).OK()
	}
	w.apply(t.Ledgers[0], &ledger.Move{Register: "loan:" + name, From: "funder:" + name + ":cash", To: market.Cash(holder.Party), Units: 1_200})
	return loan
}

// Sell lets a caller sell a third of a claim at par to another one, and makes the note of it.
func (w *World) Sell(t *Tenant, seller, buyer *Caller) (loan, sale id.ID) {
	w.T.Helper()
	loan, sale = w.Claim(t, seller, buyer), w.ID()
	at := "/v1/claim-sales/" + sale.String()
	done, err := on(w.Node, t.Ledgers[0], func(b *book) (uint64, error) { return uint64(len(b.applied)), nil })
	w.must(err)
	w.As(seller, http.MethodPost, "/v1/parties/"+seller.Party.String()+"/claim-sales", map[string]any{"id": sale.String(), "loan": loan.String(), "units": 400, "price": "1"}).OK()
	pays := w.As(seller, http.MethodGet, "/v1/parties/"+seller.Party.String()+"/loans/"+loan.String()+"/quote?units=400&price=1", nil).OK().At("pays")
	w.As(buyer, http.MethodPost, at+"/purchase", fmt.Sprintf(`{"pays":%q}`, pays), "Idempotency-Key", sale.String()).OK()
	w.Follow(t, done)
	keep, err := w.Ground.Papers.MakeNote(w.T.Context(), &plan.Event{Tenant: t.ID, Subject: sale, Content: []byte(`{"at":1772352000000000}`)})
	w.must(err)
	w.must(w.Ground.DB.Write(w.T.Context(), keep))
	return loan, sale
}
