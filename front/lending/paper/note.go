package paper

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/document"
	"github.com/longmen/longmen/front/lending/application"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/market/sale"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Assignment is the kind of the note of a claim transfer 债权转让确认书.
const Assignment = "assignment"

// NoteKind is the kind of the planned events by which notes are made. Their subjects are sales.
const NoteKind = "claim-note"

// MaxNotes is the most notes of one list.
const MaxNotes = 1_000

// Sales are claims that were sold.
type Sales interface {
	Get(ctx context.Context, tenant, sale id.ID) (order.Order, error)
	Trade(ctx context.Context, tenant, sale id.ID) (sale.Trade, error)
}

// Loans are those on which claims are sold.
type Loans interface {
	Get(ctx context.Context, tenant, loan id.ID) (*servicing.Loan, error)
}

// Applications lead to loans.
type Applications interface {
	OfLoan(ctx context.Context, tenant, loan id.ID) (*application.Application, error)
}

// Note is the paper of a claim transfer, with those who may read it.
type Note struct {
	Paper
	Sale                    id.ID
	Loan                    id.ID
	Seller, Buyer, Borrower id.ID
	Sequence                uint64 // of the purchase
}

// purchase is what a planned event knows of a trade beside its sale.
type purchase struct {
	At int64 `json:"at"` // microseconds since 1970
}

// Sold plans that the note of a trade is made, in the transaction in which the trade is noted.
func (w *Papers) Sold(ctx context.Context, tx *sql.Tx, t *sale.Trade, at int64) error {
	content, err := json.Marshal(purchase{at})
	if err != nil {
		return err
	}
	return w.Plan.AddIn(ctx, tx, plan.Event{
		Tenant: t.Tenant, ID: t.Sale.Derive(NoteKind, 0), Ledger: t.Ledger, Due: 1, Kind: NoteKind, Subject: t.Sale, Content: content,
	})
}

// MakeNote is the handler of planned events: it makes the note of a trade. Made before, it stays as it is.
func (w *Papers) MakeNote(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	if _, _, _, err := w.Note(ctx, e.Tenant, e.Subject); !errs.Is(err, errs.NotFound) {
		return nil, err
	}
	var p purchase
	if err := json.Unmarshal(e.Content, &p); err != nil {
		return nil, plan.Permanent(fmt.Errorf("read when a claim was sold: %w", err))
	}
	t, err := w.Sales.Trade(ctx, e.Tenant, e.Subject)
	if err != nil {
		return nil, err
	}
	l, err := w.Loans.Get(ctx, t.Tenant, t.Loan)
	if err != nil {
		return nil, err
	}
	in, err := w.language(ctx, t.Tenant, l.Borrower)
	if err != nil {
		return nil, err
	}
	data, err := w.assignment(ctx, &t, l, p.At, in)
	if err != nil {
		return nil, err
	}
	made, err := w.Fonts.Render(data, in)
	if err != nil {
		return nil, err
	}
	return w.note(ctx, &t, l, in, made, data)
}

// assignment fills the note of a trade. Names are masked for all: none of the three learns more of the others by it.
func (w *Papers) assignment(ctx context.Context, t *sale.Trade, l *servicing.Loan, at int64, in document.Language) (*document.Assignment, error) {
	offer, err := w.Sales.Get(ctx, t.Tenant, t.Sale)
	if err != nil {
		return nil, err
	}
	now, err := w.Ledgers.Now(ctx, t.Ledger)
	if err != nil {
		return nil, err
	}
	x := &document.Assignment{
		Number: t.Sale.String() + "-T", Agreement: t.Loan.String(), Date: t.Date, Principal: t.Face, Accrued: t.Accrued, Price: t.Price, Fee: t.Price - t.Receives,
		Effective: t.Date,
	}
	a, err := w.Applications.OfLoan(ctx, t.Tenant, t.Loan)
	if err != nil {
		return nil, err
	}
	if a != nil {
		x.Agreement = a.ID.String() // the number of its agreement
	}
	if x.Currency, err = w.currency(ctx, l); err != nil {
		return nil, err
	}
	for _, p := range []struct {
		of id.ID
		to *document.Party
	}{{t.Seller, &x.Seller}, {t.Buyer, &x.Buyer}, {l.Borrower, &x.Borrower}} {
		who, err := w.person(ctx, t.Tenant, p.of)
		if err != nil {
			return nil, err
		}
		*p.to = masked(who)
	}
	x.Signatures = []document.Signature{
		{Role: "seller", Name: x.Seller.Name, At: time.UnixMicro(offer.Created).In(now.Location()), Method: word(byOrder, in)},
		{Role: "buyer", Name: x.Buyer.Name, At: time.UnixMicro(at).In(now.Location()), Method: word(byOrder, in)},
	}
	return x, nil
}

// currency is what a loan's amounts are in.
func (w *Papers) currency(ctx context.Context, l *servicing.Loan) (c document.Currency, err error) {
	err = w.Ledgers.View(ctx, l.Ledger, func(e *ledger.Engine) {
		for _, a := range e.Assets() {
			if a.Code == l.Asset {
				c = document.Currency{Code: a.Code, Digits: int(a.Scale)}
			}
		}
	})
	if err == nil && c.Code == "" {
		err = errs.Internal.Errorf("the ledger %s has no asset %s", l.Ledger, l.Asset)
	}
	return c, err
}

// note keeps a note's file, and gives what keeps its row when the event is done.
func (w *Papers) note(ctx context.Context, t *sale.Trade, l *servicing.Loan, in document.Language, made *document.Rendered, from document.Data) (func(*sql.Tx) error, error) {
	data, err := json.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("write the data of a note: %w", err)
	}
	now, err := w.Ledgers.Now(ctx, t.Ledger)
	if err != nil {
		return nil, err
	}
	file, err := w.Files.Put(t.Tenant, string(document.PDF), bytes.NewReader(made.PDF))
	if err != nil {
		return nil, err
	}
	return func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, w.DB.Rebind(`INSERT INTO paper_note (tenant, sale, loan, seller, buyer, borrower, sequence, language, digest, hash, pages, size, made, data)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`), t.Tenant[:], t.Sale[:], t.Loan[:], t.Seller[:], t.Buyer[:], l.Borrower[:],
			int64(t.Sequence), string(in), made.Digest[:], file.Hash[:], made.Pages, file.Size, now.UnixMicro(), string(data)); err != nil {
			return fmt.Errorf("keep the note of sale %s: %w", t.Sale, err)
		}
		return nil
	}, nil
}

// Note gives the note of a sale with its file.
func (w *Papers) Note(ctx context.Context, tenant, sale id.ID) (Note, document.File, []byte, error) {
	list, err := w.notes(ctx, "tenant = ? AND sale = ?", tenant[:], sale[:])
	if err == nil && len(list) == 0 {
		err = errs.NotFound.Errorf("there is no note of this sale, or not yet")
	}
	if err != nil {
		return Note{}, document.File{}, nil, err
	}
	f, raw, err := w.Files.Get(tenant, list[0].Hash)
	return list[0], f, raw, err
}

// Notes lists the notes of a loan's claims in the order of the ledger, after a sequence.
func (w *Papers) Notes(ctx context.Context, tenant, loan id.ID, after uint64, limit int) ([]Note, error) {
	if limit < 1 || limit > MaxNotes {
		return nil, errs.Invalid.Errorf("%d, want 1 to %d", limit, MaxNotes).On("limit")
	}
	return w.notes(ctx, "tenant = ? AND loan = ? AND sequence > ? ORDER BY sequence LIMIT ?", tenant[:], loan[:], int64(after), limit)
}

func (w *Papers) notes(ctx context.Context, where string, args ...any) (list []Note, err error) {
	rows, err := w.DB.Reader().QueryContext(ctx, w.DB.Rebind(`SELECT sale, loan, seller, buyer, borrower, sequence, language, digest, hash, pages, size, made, data
		FROM paper_note WHERE `+where), args...)
	if err != nil {
		return nil, fmt.Errorf("read notes: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		n := Note{Paper: Paper{Kind: Assignment}}
		var sale, loan, seller, buyer, borrower, digest, hash, data []byte
		if err := rows.Scan(&sale, &loan, &seller, &buyer, &borrower, &n.Sequence, &n.Language, &digest, &hash, &n.Pages, &n.Size, &n.Made, &data); err != nil {
			return nil, fmt.Errorf("read notes: %w", err)
		}
		copy(n.Sale[:], sale)
		copy(n.Loan[:], loan)
		copy(n.Seller[:], seller)
		copy(n.Buyer[:], buyer)
		copy(n.Borrower[:], borrower)
		copy(n.Digest[:], digest)
		copy(n.Hash[:], hash)
		var from document.Assignment
		if err := json.Unmarshal(data, &from); err != nil {
			return nil, fmt.Errorf("read the data of a note: %w", err)
		}
		n.Signatures = from.Signatures
		list = append(list, n)
	}
	return list, rows.Err()
}
