package application

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/front/lending/servicing"
	"github.com/longmen/longmen/front/lending/sign"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

// Products are the catalog's.
type Products interface {
	// InForce is the version of a product that is in force on a day.
	InForce(ctx context.Context, tenant id.ID, code string, on day.Date) (*catalog.Product, uint32, error)
	Product(ctx context.Context, tenant id.ID, code string, version uint32) (*catalog.Product, error)
}

// Verdict is what a decision comes to.
type Verdict uint8

// The verdicts.
const (
	Accept Verdict = iota + 1
	Refer          // a person decides
	Decline
)

// Decision is what somebody or something says to an application.
type Decision struct {
	Verdict Verdict
	Grade   string
	Amount  int64 // at most what was asked for
	Reason  string
	Failed  []string // rules that did not hold
}

// Decider decides on applications: the product's rules, or a model behind them.
type Decider interface {
	Decide(ctx context.Context, a *Application, p *catalog.Product) (Decision, error)
}

// Papers are the documents of an application.
type Papers interface {
	// Missing lists what the product asks for and is not there.
	Missing(ctx context.Context, a *Application, p *catalog.Product) ([]string, error)
	// Contract makes the loan agreement by the offer and gives its hash: the same each time.
	Contract(ctx context.Context, a *Application, p *catalog.Product) ([32]byte, error)
}

// Signer takes signatures.
type Signer interface {
	Ask(ctx context.Context, r sign.Request) error
	Sign(ctx context.Context, r sign.Request, code string) error
}

// Market opens listings.
type Market interface {
	Open(ctx context.Context, tx *sql.Tx, l market.Listing) error
}

// Loans are those that were paid out.
type Loans interface {
	Disburse(ctx context.Context, d servicing.Deed, pay servicing.Disbursement) (servicing.Event, error)
}

// Config is what a desk stands on. Orders, plan and market share its database.
type Config struct {
	DB        *store.DB
	Orders    *order.Orders
	Plan      *plan.Plan
	Ledgers   servicing.Ledgers
	Products  Products
	Contracts *agreement.Contracts
	Decider   Decider
	Papers    Papers
	Signer    Signer
	Market    Market
	Loans     Loans
	Places    Places
}

// Places are the platform's accounts, the same for all loans of a ledger.
type Places struct {
	Platform, Reserve, Guarantee, Cover, Unclaimed string
}

// EventKind names the planned events of this package, whose subject is an application.
const EventKind = "loan-application"

// offerLife is how long an offer stands.
const offerLife = 72 * time.Hour

// Desk handles applications.
type Desk struct{ Config }

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
	Facts    map[string]string
	Act      order.Act
}

// Submit takes an application and brings it as far as it goes by itself. The same again gives the same application.
func (d *Desk) Submit(ctx context.Context, tenant id.ID, n New) (*Application, error) {
	for _, i := range []struct {
		field string
		id    id.ID
	}{{"id", n.ID}, {"borrower", n.Borrower}} {
		if err := i.id.Check(); err != nil {
			return nil, errs.Invalid.Errorf("%v", err).On(i.field)
		}
	}
	now, err := d.Ledgers.Now(ctx, n.Ledger)
	if err != nil {
		return nil, err
	}
	words, asset, err := d.words(ctx, tenant, &n, now)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(words)
	if err != nil {
		return nil, err
	}
	w := order.New{
		ID: n.ID, Kind: Kind, Act: n.Act, Parties: []order.Party{{Part: Borrower, Party: n.Borrower}},
		Amounts: []order.Amount{{Code: Asked, Asset: asset, Amount: n.Amount}}, Attributes: body,
	}
	e := plan.Event{Tenant: tenant, ID: n.ID.Derive("submitted", 0), Ledger: n.Ledger, Due: 1, Kind: EventKind, Subject: n.ID} // at once
	err = d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.Plan.AddIn(ctx, tx, e); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, tenant, w)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.Advance(ctx, tenant, n.ID)
}

// words fixes what is applied for. A repeat finds the product's version that was in force the first time.
func (d *Desk) words(ctx context.Context, tenant id.ID, n *New, now time.Time) (*Words, string, error) {
	today := dateOf(now)
	w := &Words{Ledger: n.Ledger, Product: n.Product, Term: n.Term, Unit: n.Unit, Purpose: n.Purpose, Region: n.Region, Facts: n.Facts}
	before, err := d.Get(ctx, tenant, n.ID)
	var p *catalog.Product
	switch {
	case err == nil && before.Product == n.Product:
		w.Version = before.Words.Version
		p, err = d.Products.Product(ctx, tenant, n.Product, w.Version)
	case err == nil || errs.Is(err, errs.NotFound):
		p, w.Version, err = d.Products.InForce(ctx, tenant, n.Product, today)
	}
	if err != nil {
		return nil, "", err
	}
	if !p.Offered {
		return nil, "", errs.Conflict.Errorf("the product takes no applications").On("product")
	}
	// Whatever grade it gets, amount and term must be the product's.
	_, err = d.quote(ctx, tenant, p, w, n.Amount, p.Grades[0].Code, today)
	return w, p.Asset.Code, err
}

// Get gives an application.
func (d *Desk) Get(ctx context.Context, tenant, application id.ID) (*Application, error) {
	o, err := d.Orders.Get(ctx, tenant, application)
	if err != nil {
		return nil, err
	}
	if o.Kind != Kind {
		return nil, errs.NotFound.Errorf("there is no application %s", application)
	}
	return read(&o)
}

// act is a change of an application by a person.
func (d *Desk) act(ctx context.Context, tenant id.ID, a *Application, change id.ID, transition string, by order.Act, words *Words) (*Application, error) {
	c := order.Change{ID: change, Order: a.ID, Version: a.Order.Version, Transition: transition, Act: by}
	var err error
	if words == nil {
		_, err = d.Orders.Change(ctx, tenant, c)
	} else {
		err = d.keep(ctx, a, c, words)
	}
	if err != nil {
		return nil, err
	}
	return d.Advance(ctx, tenant, a.ID)
}

// keep makes a change to an offer, and plans its end.
func (d *Desk) keep(ctx context.Context, a *Application, c order.Change, words *Words) (err error) {
	if c.Attributes, err = json.Marshal(words); err != nil {
		return err
	}
	return d.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := d.planAt(ctx, tx, a, "expires", words.Offer.Expires); err != nil {
			return err
		}
		_, err := d.Orders.Within(ctx, tx, a.Tenant, c)
		return err
	})
}

// Withdraw ends an application that was not signed.
func (d *Desk) Withdraw(ctx context.Context, tenant, application, change id.ID, by order.Act) (*Application, error) {
	a, err := d.Get(ctx, tenant, application)
	if err != nil {
		return nil, err
	}
	return d.act(ctx, tenant, a, change, withdraw, by, nil)
}

// Decide is a person's decision on an application that was referred to him.
func (d *Desk) Decide(ctx context.Context, tenant, application, change id.ID, by order.Act, x Decision) (*Application, error) {
	a, err := d.Get(ctx, tenant, application)
	if err != nil {
		return nil, err
	}
	if a.State != Review {
		return nil, order.WrongState.Errorf("nobody has to decide on it: it is %s", a.State)
	}
	switch x.Verdict {
	case Decline:
		by.Reason = x.Reason
		return d.act(ctx, tenant, a, change, decline, by, nil)
	case Accept:
		words, err := d.offer(ctx, tenant, a, &x)
		if err != nil {
			return nil, err
		}
		return d.act(ctx, tenant, a, change, approve, by, words)
	}
	return nil, errs.Invalid.Errorf("a decision accepts or declines").On("verdict")
}

// AskToSign sends the borrower a new code.
func (d *Desk) AskToSign(ctx context.Context, tenant, application id.ID) error {
	a, err := d.Get(ctx, tenant, application)
	if err != nil {
		return err
	}
	r, err := d.request(ctx, a)
	if err != nil {
		return err
	}
	return d.Signer.Ask(ctx, r)
}

func (d *Desk) request(ctx context.Context, a *Application) (sign.Request, error) {
	if a.State != Offered {
		return sign.Request{}, order.WrongState.Errorf("there is nothing to sign: it is %s", a.State)
	}
	now, err := d.Ledgers.Now(ctx, a.Ledger)
	if err != nil {
		return sign.Request{}, err
	}
	hash, err := a.hash()
	return sign.Request{Tenant: a.Tenant, Subject: a.ID, Party: a.Borrower, Hash: hash, Ledger: a.Ledger, Now: now.UnixMicro(), Kind: "code"}, err
}

// Sign takes the borrower's signature under the contract.
func (d *Desk) Sign(ctx context.Context, tenant, application, change id.ID, by order.Act, code string) (*Application, error) {
	a, err := d.Get(ctx, tenant, application)
	if err != nil {
		return nil, err
	}
	r, err := d.request(ctx, a)
	if err != nil {
		return nil, err
	}
	if r.Now >= a.Offer.Expires {
		return nil, order.WrongState.Errorf("the offer has expired")
	}
	if err := d.Signer.Sign(ctx, r, code); err != nil {
		return nil, err
	}
	return d.act(ctx, tenant, a, change, signIt, by, nil)
}

// Due is the handler of planned events.
func (d *Desk) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	_, err := d.Advance(ctx, e.Tenant, e.Subject)
	return nil, err
}

// maxSteps is more than an application goes at once.
const maxSteps = 20

// Advance brings an application as far as it goes by itself.
func (d *Desk) Advance(ctx context.Context, tenant, application id.ID) (*Application, error) {
	for range maxSteps {
		a, err := d.Get(ctx, tenant, application)
		if err != nil {
			return nil, err
		}
		moved, err := d.step(ctx, a)
		if err != nil && !errs.Is(err, order.Stale) {
			return nil, err
		}
		if !moved && err == nil {
			return a, nil
		}
	}
	return nil, errors.New("an application takes more steps at once than there are")
}

func dateOf(now time.Time) day.Date { return day.Date(ledger.DateOf(now).UnixDay()) }

// step does the next thing that can be done now, if there is any.
func (d *Desk) step(ctx context.Context, a *Application) (moved bool, err error) {
	p, err := d.Products.Product(ctx, a.Tenant, a.Product, a.Words.Version)
	if err != nil {
		return false, fmt.Errorf("application %s: %w", a.ID, err)
	}
	switch a.State {
	case Documents:
		return d.complete(ctx, a, p)
	case Applied:
		return true, d.decide(ctx, a, p)
	case Offered:
		return d.expire(ctx, a)
	case Signed:
		return true, d.list(ctx, a, p)
	case Funded:
		return true, d.disburse(ctx, a, p)
	}
	return false, nil
}
