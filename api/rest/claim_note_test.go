package rest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
)

// A note is read by its seller, its buyer, the borrower and who has the right, and by nobody else.
func TestClaimNote(t *testing.T) {
	w := apitest.NewWorld(t)
	seller, stranger := w.North.Client, w.North.Other
	buyer := w.Caller(party.By{Tenant: w.North.ID, Actor: seller.Principal}, "li")
	loan, sale := w.Sell(w.North, seller, buyer)
	path, list := "/v1/claim-sales/"+sale.String()+"/note", "/v1/loans/"+loan.String()+"/claim-notes"
	notes := w.As(w.North.Staff["compliance"], http.MethodGet, list, nil).OK()
	is(t, notes, "notes.0.sale", sale.String(), "notes.0.pages", "1", "notes.0.signatures.0.role", "seller", "notes.0.signatures.1.name", "Z**", "notes.1", "")
	for _, c := range []*apitest.Caller{seller, buyer, w.North.Staff["compliance"]} {
		file := w.As(c, http.MethodGet, path, nil).OK()
		hash := sha256.Sum256(file.Body)
		if hex.EncodeToString(hash[:]) != notes.At("notes", 0, "hash") || !strings.HasPrefix(file.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%v, %d bytes", file.Header, len(file.Body))
		}
	}
	for _, c := range []*apitest.Caller{stranger, w.North.Staff["finance"], w.South.Staff["compliance"]} {
		is(t, w.As(c, http.MethodGet, path, nil), "status", "404")
		is(t, w.As(c, http.MethodGet, list, nil), "status", "404")
	}
	is(t, w.As(seller, http.MethodGet, list, nil), "status", "404")
	is(t, w.As(seller, http.MethodGet, strings.Replace(path, sale.String(), loan.String(), 1), nil), "status", "404")
}

func TestBadClaimNoteQueries(t *testing.T) {
	badQueries(t, []badQuery{
		{"/v1/claim-sales/x/note", 400, "path.sale"},
		{"/v1/loans/x/claim-notes", 400, "path.loan"},
		{"/v1/loans/019599c5-8a7b-7d60-a1f2-3c4d5e6f7081/claim-notes?limit=0", 400, "query.limit"},
	})
}
