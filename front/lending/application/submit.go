package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Bounds of what is applied for.
const (
	MaxPurpose = 64 // characters
	MaxRegion  = 32
	maxOpen    = 50 // applications of one borrower that are under way
)

// New is what somebody applies for.
type New struct {
	ID       id.ID
	Borrower id.ID
	Ledger   string
	Product  string
	Amount   int64
	Term     int
	Unit     catalog.Unit
	Purpose  string
	Region   string
	Facts    map[string]string // as text by name: see Stated
	// Guarantors pay for the borrower when he does not, each once he has signed. Their accounts are not said here.
	Guarantors []agreement.Guarantor
	Act        order.Act
}

// Stated are the facts that an applicant states himself, true: or an officer alone, false. All others are worked out.
var Stated = map[string]bool{
	"applicant.monthly_income": true, "applicant.monthly_debt": true, "applicant.annual_turnover": true, "portfolio.borrower_elsewhere": true,
	"application.invoice_amount": true, "application.invoice_days": true,
	"applicant.age": false, "applicant.score": false, "applicant.default_probability": false, "application.invoice_confirmed": false,
}

func (n *New) check() error {
	for _, i := range []struct {
		field string
		id    id.ID
	}{{"id", n.ID}, {"borrower", n.Borrower}} {
		if err := i.id.Check(); err != nil {
			return errs.Invalid.Errorf("%v", err).On(i.field)
		}
	}
	if err := line("purpose", n.Purpose, MaxPurpose); err != nil {
		return err
	}
	if n.Purpose == "" {
		return errs.Invalid.Errorf("it is missing: the contract names it").On("purpose")
	}
	if err := line("region", n.Region, MaxRegion); err != nil {
		return err
	}
	for name := range n.Facts {
		own, known := Stated[name]
		switch {
		case !known:
			return errs.Invalid.Errorf("nobody states this fact: it is worked out").On("facts." + name)
		case !own && n.Act.Role != Officer:
			return errs.Forbidden.Errorf("only an officer states this fact").On("facts." + name)
		}
	}
	_, err := catalog.ReadFacts(n.Facts, catalog.ApplicationFacts())
	return err
}

// line refuses what would not stand in a contract as it was written.
func line(field, text string, most int) error {
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > most || strings.TrimSpace(text) != text ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }) {
		return errs.Invalid.Errorf("want at most %d characters on one line", most).On(field)
	}
	return nil
}

// Submit takes an application and brings it as far as it goes by itself. The same again gives the same application.
func (d *Desk) Submit(ctx context.Context, tenant id.ID, n New) (*Application, error) {
	if err := n.check(); err != nil {
		return nil, err
	}
	now, err := d.Ledgers.Now(ctx, n.Ledger)
	if err != nil {
		return nil, err
	}
	if err := d.take(ctx, tenant, &n, now); err != nil {
		return nil, err
	}
	return d.Advance(ctx, tenant, n.ID)
}

// take keeps an application, and plans what follows from it.
func (d *Desk) take(ctx context.Context, tenant id.ID, n *New, now time.Time) error {
	defer d.lock(n.Borrower)()
	words, asset, err := d.words(ctx, tenant, n, now)
	if err != nil {
		return err
	}
	body, err := json.Marshal(words)
	if err != nil {
		return err
	}
	w := order.New{
		ID: n.ID, Kind: Kind, Act: n.Act, Parties: []order.Party{{Part: Borrower, Party: n.Borrower}},
		Amounts: []order.Amount{{Code: Asked, Asset: asset, Amount: n.Amount}}, References: references(words.Guarantors), Attributes: body,
	}
	e := plan.Event{Tenant: tenant, ID: n.ID.Derive("submitted", 0), Ledger: n.Ledger, Due: atOnce, Kind: EventKind, Subject: n.ID}
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.Plan.AddIn(ctx, tx, e); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, tenant, w)
		return err
	})
}

// words fixes what is applied for. A repeat finds the product's version that was in force the first time.
func (d *Desk) words(ctx context.Context, tenant id.ID, n *New, now time.Time) (*Words, string, error) {
	w := &Words{Ledger: n.Ledger, Product: n.Product, Term: n.Term, Unit: n.Unit, Purpose: n.Purpose, Region: n.Region, Facts: n.Facts}
	before, err := d.Get(ctx, tenant, n.ID)
	if err == nil {
		p, err := d.Products.Product(ctx, tenant, before.Product, before.Words.Version)
		if err == nil {
			w.Version = before.Words.Version
			w.Guarantors, err = n.guarantors(p)
		}
		return w, before.Asset, err
	}
	if !errs.Is(err, errs.NotFound) {
		return nil, "", err
	}
	p, version, err := d.Products.InForce(ctx, tenant, n.Product, dateOf(now))
	if errs.Is(err, errs.NotFound) {
		err = errs.Invalid.Errorf("there is no such product in force").On("product")
	}
	if err != nil {
		return nil, "", err
	}
	if !p.Offered {
		return nil, "", errs.Conflict.Errorf("the product takes no applications").On("product")
	}
	if err := p.Refusal(); err != nil {
		return nil, "", err
	}
	w.Version = version
	if w.Guarantors, err = n.guarantors(p); err != nil {
		return nil, "", err
	}
	if err := d.accountsFit(ctx, n.Ledger, p.Asset.Code, n.Borrower, w.Guarantors); err != nil {
		return nil, "", err
	}
	if err := d.lends(ctx, tenant, p, w, n.Amount, now); err != nil {
		return nil, "", err
	}
	open, err := d.UnderWay(ctx, tenant, n.Borrower)
	if err == nil && len(open) >= maxOpen {
		err = errs.Conflict.Errorf("%d applications of this borrower are under way, at most %d", len(open), maxOpen).On("borrower")
	}
	return w, p.Asset.Code, err
}

// lends refuses an amount or a term for which the product lends at no grade.
func (d *Desk) lends(ctx context.Context, tenant id.ID, p *catalog.Product, w *Words, asked int64, now time.Time) (err error) {
	for i := range p.Grades {
		if _, err = d.quote(ctx, tenant, p, w, asked, p.Grades[i].Code, dateOf(now)); err == nil {
			return nil
		}
	}
	return err
}

// UnderWay are a borrower's applications that may still lead to a loan, and did not yet.
func (d *Desk) UnderWay(ctx context.Context, tenant, borrower id.ID) (list []*Application, err error) {
	err = d.each(ctx, tenant, borrower, func(a *Application) {
		switch a.State {
		case Documents, Applied, Review, Offered, Signed, Listed, Funded:
			list = append(list, a)
		}
	})
	return list, err
}

// each reads all applications of a borrower.
func (d *Desk) each(ctx context.Context, tenant, borrower id.ID, f func(*Application)) error {
	page := order.Page{Size: order.MaxPage}
	for {
		found, err := d.Orders.List(ctx, tenant, order.Filter{Kind: Kind, Party: borrower, Part: Borrower}, page)
		if err != nil {
			return err
		}
		for i := range found.Orders {
			a, err := read(&found.Orders[i])
			if err != nil {
				return err
			}
			f(a)
		}
		if !found.More {
			return nil
		}
		page.Cursor = found.Cursor
	}
}

// Defaults counts a borrower's loans that were written off, those too of which nothing more is expected.
func (d *Desk) Defaults(ctx context.Context, tenant, borrower id.ID) (n int, err error) {
	var closed []id.ID
	err = d.each(ctx, tenant, borrower, func(a *Application) {
		switch a.State {
		case WrittenOff:
			n++
		case Closed:
			closed = append(closed, a.Loan())
		}
	})
	for _, l := range closed {
		if err != nil {
			break
		}
		var t servicing.Standing
		if t, err = d.Loans.Standing(ctx, tenant, l, 0); t.State == servicing.GivenUp {
			n++
		}
	}
	return n, err
}
