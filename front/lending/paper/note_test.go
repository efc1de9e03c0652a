package paper_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/paper"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// trades are the claims that were sold: the first two of a loan, and the third of one to which no application led.
type trades struct{}

func (trades) Get(_ context.Context, _, own id.ID) (order.Order, error) {
	return order.Order{Tenant: tenant, ID: own, Created: noon.AddDate(0, 0, -2).UnixMicro()}, nil
}

func (trades) Trade(_ context.Context, _, own id.ID) (sale.Trade, error) {
	for n := range 3 {
		if own == uid("sale", n) {
			return sale.Trade{
				Tenant: tenant, Sale: own, Loan: uid("loan", n/2), Ledger: "main", Seller: uid("party", 1), Buyer: uid("party", 2+n), Units: 1_000,
				Face: 841_51, Accrued: 2_71, Price: 831_60, Receives: 827_44, Pays: 832_60, Date: day.Of(2026, 3, 2), Sequence: uint64(100 + n),
			}, nil
		}
	}
	return sale.Trade{}, errs.NotFound.Errorf("the claim was not sold")
}

type lent struct{}

func (lent) Get(_ context.Context, _, own id.ID) (*servicing.Loan, error) {
	return &servicing.Loan{Deed: servicing.Deed{Tenant: tenant, Loan: own, Ledger: "main", Asset: "CNY", Borrower: borrower}}, nil
}

type led struct{}

func (led) OfLoan(_ context.Context, _, loan id.ID) (*application.Application, error) {
	if loan == uid("loan", 1) {
		return nil, nil
	}
	return &application.Application{Order: order.Order{ID: uid("application", 1)}}, nil
}

func (w *world) makeNote(n int) error {
	w.Helper()
	e := &plan.Event{Tenant: tenant, Subject: uid("sale", n), Content: []byte(`{"at":1772452800000000}`)}
	keep, err := w.MakeNote(w.Context(), e)
	if err == nil && keep != nil {
		err = w.DB.Write(w.Context(), keep)
	}
	return err
}

// The note of a claim transfer says what was sold for what, with masked names, in the borrower's language; it is made once,
// whatever crashes when.
func TestNote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		w.asset()
		// A crash before the row is kept: it is made again, and is the same.
		if _, err := w.MakeNote(t.Context(), &plan.Event{Tenant: tenant, Subject: uid("sale", 0), Content: []byte(`{"at":1772452800000000}`)}); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := w.Note(t.Context(), tenant, uid("sale", 0)); !errs.Is(err, errs.NotFound) {
			t.Errorf("there is a note before it is kept: %v", err)
		}
		for range 2 {
			if err := w.makeNote(0); err != nil {
				t.Fatal(err)
			}
		}
		w.wants = "en"
		for _, n := range []int{0, 1, 2} { // the first stays as it was
			if err := w.makeNote(n); err != nil {
				t.Fatal(err)
			}
		}
		for n, want := range [][]string{
			{"债权转让确认书", "王**", "欧**", "1101**********1234", uid("application", 1).String()[:30], "841.51", "2.71", "831.60", "捌佰叁拾壹元陆角", "4.16", "2026-02-28 20:00:00 +08:00", "在平台下单确认"},
			{"Assignment Note", uid("application", 1).String()[:30], "by an order at the Platform"},
			{"Assignment Note", uid("loan", 1).String()[:30]},
		} {
			note, f, pdf, err := w.Note(t.Context(), tenant, uid("sale", n))
			if err != nil || note.Hash != sha256.Sum256(pdf) || f.Type != document.PDF || note.Seller != uid("party", 1) || note.Buyer != uid("party", 2+n) || note.Borrower != borrower {
				t.Fatalf("%+v %v", note, err)
			}
			said := text(t, pdf)
			for _, x := range want {
				if !strings.Contains(said, x) && !strings.Contains(strings.ReplaceAll(said, " ", ""), x) {
					t.Errorf("note %d does not say %q:\n%s", n, x, said)
				}
			}
			if strings.Contains(said, "王小") || strings.Contains(said, "晓峰") {
				t.Errorf("note %d has a whole name:\n%s", n, said)
			}
		}
		list, err := w.Notes(t.Context(), tenant, uid("loan", 0), 0, 1)
		if err != nil || len(list) != 1 || list[0].Sale != uid("sale", 0) || list[0].Signatures[1].Role != "buyer" || list[0].Kind != paper.Assignment {
			t.Errorf("%+v %v", list, err)
		}
		if list, err = w.Notes(t.Context(), tenant, uid("loan", 0), list[0].Sequence, 10); err != nil || len(list) != 1 || list[0].Sale != uid("sale", 1) {
			t.Errorf("%+v %v", list, err)
		}
		if _, err := w.Notes(t.Context(), tenant, uid("loan", 0), 0, paper.MaxNotes+1); !errs.Is(err, errs.Invalid) {
			t.Errorf("a list of any length: %v", err)
		}
		if _, _, _, err := w.Note(t.Context(), uid("tenant", 2), uid("sale", 0)); !errs.Is(err, errs.NotFound) {
			t.Errorf("another tenant reads it: %v", err)
		}
		if err := w.makeNote(9); !errs.Is(err, errs.NotFound) {
			t.Errorf("a note of nothing: %v", err)
		}
		if _, err := db.Writer().ExecContext(t.Context(), `UPDATE paper_note SET pages = 7`); err == nil {
			t.Error("a note is changed")
		}
	})
}

// A trade plans its note in its own transaction: what is rolled back leaves nothing to do.
func TestNoteIsPlannedWithItsTrade(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		w := newWorld(t, db)
		trade, err := trades{}.Trade(t.Context(), tenant, uid("sale", 0))
		if err != nil {
			t.Fatal(err)
		}
		planned := func() (n int) {
			if err := db.Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM plan_event WHERE kind = 'claim-note'`).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		sold := func(end error) {
			err := db.Write(t.Context(), func(tx *sql.Tx) error {
				if err := w.Sold(t.Context(), tx, &trade, 1); err != nil {
					return err
				}
				return end
			})
			if end == nil && err != nil {
				t.Fatal(err)
			}
		}
		sold(errs.Conflict.Errorf("a crash"))
		if planned() != 0 {
			t.Error("a trade that was not noted has a note to come")
		}
		sold(nil)
		sold(nil)
		if planned() != 1 {
			t.Errorf("%d notes are to come", planned())
		}
	})
}

// asset opens the ledger's asset.
func (w *world) asset() {
	w.Helper()
	answers, err := w.ledger.Apply(w.Context(), []*ledger.Command{{ID: ledger.ID(uid("asset", 1)), Operations: []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}}}})
	if err != nil || answers[0].Result.Code != ledger.Applied {
		w.Fatal(answers, err)
	}
}
