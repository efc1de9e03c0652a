package application

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/notice"
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
	Amount  int64             // at most what was asked for
	Reason  string            // a code
	Failed  []string          // rules that did not hold
	Known   map[string]string // facts that they asked for
}

// Quoter is what an application would cost at a grade, if it were paid out now.
type Quoter func(grade string) (*Offer, error)

// Decider decides on applications: the product's rules, or a model behind them.
type Decider interface {
	Decide(ctx context.Context, a *Application, p *catalog.Product, quote Quoter) (Decision, error)
}

// Papers are the documents of an application. Each of its methods may be called again and then changes nothing.
type Papers interface {
	// Missing lists what the product asks for and is not there.
	Missing(ctx context.Context, a *Application, p *catalog.Product) ([]string, error)
	// Contract makes the loan agreement by the offer and gives the digest of its text.
	Contract(ctx context.Context, a *Application, p *catalog.Product) ([32]byte, error)
	// Signed makes the copy with the signatures.
	Signed(ctx context.Context, a *Application) error
	// Completed makes the annex of those who lend.
	Completed(ctx context.Context, a *Application, p *catalog.Product) error
}

// Signer takes signatures.
type Signer interface {
	Ask(ctx context.Context, r sign.Request) error
	Sign(ctx context.Context, r sign.Request, code string) error
	Signature(ctx context.Context, tenant, subject, party id.ID) (sign.Signature, error)
}

// Outbox takes notices.
type Outbox interface {
	Tell(ctx context.Context, tx *sql.Tx, n notice.Notice) error
}

// Market opens listings and knows who funded them.
type Market interface {
	Open(ctx context.Context, tx *sql.Tx, l market.Listing) error
	Bids(ctx context.Context, tenant id.ID, f market.BidFilter, after id.ID, limit int) ([]market.Bid, error)
}

// Loans are those that were paid out.
type Loans interface {
	Disburse(ctx context.Context, d servicing.Deed, pay servicing.Disbursement) (servicing.Event, error)
	Get(ctx context.Context, tenant, loan id.ID) (*servicing.Loan, error)
	Standing(ctx context.Context, tenant, loan id.ID, on day.Date) (servicing.Standing, error)
	End(ctx context.Context, tenant, loan id.ID, x servicing.Ending) (servicing.Event, error)
}

// Proposals are what one person proposed and nobody has decided yet.
type Proposals interface {
	// OpenOn gives an open proposal about a subject, the zero id if there is none.
	OpenOn(ctx context.Context, tenant, subject id.ID) (id.ID, error)
}

// Ledgers are where the money is.
type Ledgers interface {
	servicing.Ledgers
	View(ctx context.Context, ledger string, read func(*ledger.Engine)) error
}

// Persons tells who stands behind a principal, the zero id for nobody who could be told from others.
type Persons interface {
	Person(ctx context.Context, tenant, principal id.ID) (person id.ID, roles []string, err error)
	// ActsFor says whether a person may act for a party now, by whichever of his principals.
	ActsFor(ctx context.Context, tenant, person, party id.ID) (bool, error)
}

// Config is what a desk stands on. Orders, plan and market share its database.
type Config struct {
	DB        *store.DB
	Orders    *order.Orders
	Plan      *plan.Plan
	Ledgers   Ledgers
	Products  Products
	Contracts *agreement.Contracts
	Decider   Decider
	Persons   Persons
	Papers    Papers
	Signer    Signer
	Market    Market
	Loans     Loans
	Proposals Proposals
	Notices   Outbox
}

// Kinds of the planned events of this package: the subject of the first is an application, that of the second a loan.
const (
	EventKind = "loan-application"
	LoanKind  = "loan-state"
)

// atOnce is before any ledger's now.
const atOnce = 1

// Desk handles applications.
type Desk struct {
	Config
	borrowers [64]sync.Mutex
}

// lock keeps others from all applications of a borrower: what he owes in all is part of each decision.
func (d *Desk) lock(borrower id.ID) (unlock func()) {
	m := &d.borrowers[borrower[id.Size-1]%byte(len(d.borrowers))]
	m.Lock()
	return m.Unlock
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

// Handlers are those of all planned events of this package, by their kinds.
func (d *Desk) Handlers() map[string]plan.Handler {
	return map[string]plan.Handler{EventKind: d.Due, LoanKind: d.DueLoan, WaitingKind: d.DueWaiting}
}

// Due is the handler of planned events about an application.
func (d *Desk) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	_, err := d.Advance(ctx, e.Tenant, e.Subject)
	return nil, err
}

// DueLoan is the handler of planned events about a loan: its application follows what became of it.
func (d *Desk) DueLoan(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	a, err := d.OfLoan(ctx, e.Tenant, e.Subject)
	if a == nil || err != nil {
		return nil, err
	}
	_, err = d.Advance(ctx, e.Tenant, a.ID)
	return nil, err
}

// OfLoan gives the application that led to a loan, nil if none did.
func (d *Desk) OfLoan(ctx context.Context, tenant, loan id.ID) (*Application, error) {
	reference := order.Reference{Type: servicing.ReferenceLoan, Value: loan}
	found, err := d.Orders.List(ctx, tenant, order.Filter{Kind: Kind, Reference: reference}, order.Page{Size: 1})
	if err != nil || len(found.Orders) == 0 {
		return nil, err
	}
	return read(&found.Orders[0])
}

// Told is what is planned after an event of a loan. Whoever only pays his installments changes
// nothing here.
func (d *Desk) Told(_ context.Context, l *servicing.Loan, e *servicing.Event, now servicing.State) ([]plan.Event, error) {
	if e.Outcome != servicing.Applied || now == servicing.Active && e.Kind != servicing.Reversed {
		return nil, nil
	}
	return []plan.Event{{
		Tenant: l.Tenant, ID: e.ID.Derive(LoanKind, 0), Ledger: l.Ledger, Due: atOnce, Kind: LoanKind, Subject: l.Deed.Loan,
	}}, nil
}

// maxSteps is more than an application goes at once.
const maxSteps = 20

// Advance brings an application as far as it goes by itself.
func (d *Desk) Advance(ctx context.Context, tenant, application id.ID) (*Application, error) {
	return d.with(ctx, tenant, application, func(*Application) error { return nil })
}

// with lets somebody do something to an application, and then whatever follows from it.
func (d *Desk) with(ctx context.Context, tenant, application id.ID, act func(*Application) error) (*Application, error) {
	a, err := d.Get(ctx, tenant, application)
	if err != nil {
		return nil, err
	}
	defer d.lock(a.Borrower)()
	if a, err = d.Get(ctx, tenant, application); err != nil {
		return nil, err
	}
	if err := act(a); err != nil {
		return nil, err
	}
	for range maxSteps {
		if a, err = d.Get(ctx, tenant, application); err != nil {
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
		return d.signOrExpire(ctx, a)
	case Signed:
		return true, d.list(ctx, a, p)
	case Funded:
		return true, d.disburse(ctx, a, p)
	case Repaying, Settled, WrittenOff:
		return d.followLoan(ctx, a)
	}
	return false, nil
}
