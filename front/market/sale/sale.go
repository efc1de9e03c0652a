package sale

import (
	"context"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store"
)

//go:embed migrations
var migrations embed.FS

// Loan is a loan whose claims are sold, as it stands.
type Loan struct {
	claim.Loan
	ID       id.ID
	Borrower id.ID
	Product  *catalog.Product
	Ledger   string
	Register string
	Fees     map[catalog.Receiver]string   // accounts that get the fees
	Since    func(account string) day.Date // from when it has units that were not sold to it
	Changed  uint32                        // grows when what was agreed is changed
}

// Loans knows the loans.
type Loans interface {
	// While calls f with the loan as it stands, and keeps every other act of the loan waiting meanwhile.
	While(ctx context.Context, tenant, loan id.ID, f func(*Loan) error) error
}

// Config is what sales stand on.
type Config struct {
	DB      *store.DB // also that of plan and orders
	Plan    *plan.Plan
	Orders  *order.Orders
	Ledgers func(ctx context.Context, name string) (market.Ledger, error)
	Loans   Loans
	// Class is that of the units that a buyer gets of a loan; nil: there is one.
	Class func(ctx context.Context, tenant id.ID, l *Loan, buyer id.ID) (uint8, error)
	// Admit refuses buyers by the rules that hold for bids; nil: there are none.
	Admit func(ctx context.Context, tenant id.ID, l *Loan, buyer id.ID, units uint64, price int64) error
	// Turn lets nobody else buy or bid for an investor until leave is called: what the rules have counted holds meanwhile.
	Turn func(ctx context.Context, investor id.ID) (leave func(), err error)
	Now  func(ctx context.Context, ledger string) (time.Time, error) // by the ledger's clock, in its zone
	// Await waits until the rows of sales have noted a ledger's commands up to a sequence.
	Await func(ctx context.Context, tenant id.ID, ledger string, sequence uint64) error
	// Sold is told of each trade, with its instant in microseconds since 1970, in the transaction that notes it; nil: nobody is.
	Sold func(ctx context.Context, tx *sql.Tx, t *Trade, at int64) error
}

// Sales are the claim sales of all tenants in one database.
type Sales struct{ Config }

// New opens the rows.
func New(ctx context.Context, c Config) (*Sales, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := c.DB.Migrate(ctx, "sale", files); err != nil {
		return nil, err
	}
	return &Sales{c}, nil
}

// The outcomes that seller and buyer must tell apart, beside the general ones.
var (
	// NotForSale means that the product's rules stand against it; the message begins with the reason.
	NotForSale = errs.Define("claim_not_for_sale", 409, "The claim is not for sale")
	// Over means that the order is not open any more.
	Over = errs.Define("claim_sale_over", 409, "The claim was sold, or its order has ended")
	// Own means that the buyer is the seller.
	Own = errs.Define("claim_own", 409, "Nobody buys his own claim")
	// PriceChanged means that the buyer has seen another price.
	PriceChanged = errs.Define("claim_price_changed", 409, "The price has changed since")
)

// Offer is what a seller asks for.
type Offer struct {
	ID     id.ID // of the order, made by the first client
	Loan   id.ID
	Seller id.ID
	Units  uint64
	Price  catalog.Rate // of the face; 1 is par
	Actor  id.ID
}

// Terms are the order's attributes: the offer, and the loan as it stood when it was made.
type Terms struct {
	Loan        id.ID  `json:"loan"`
	Ledger      string `json:"ledger"`
	Register    string `json:"register"`
	Units       uint64 `json:"units"`
	Class       uint8  `json:"class,omitempty"` // of the units
	Price       string `json:"price"`
	Closes      int64  `json:"closes"` // microseconds since 1970, by the ledger's clock
	Day         string `json:"day"`
	Outstanding int64  `json:"outstanding"`
	Accrued     int64  `json:"accrued"`
	All         uint64 `json:"all_units"`
	Asked       int64  `json:"asked"` // what it cost on that day
	Changed     uint32 `json:"changed,omitempty"`
	Unsold      bool   `json:"unsold,omitempty"` // none of the units was sold before
}

// TermsOf reads an order's attributes.
func TermsOf(o *order.Order) (t Terms, err error) {
	if err = json.Unmarshal(o.Attributes, &t); err != nil {
		err = fmt.Errorf("terms of order %s: %w", o.ID, err)
	}
	return t, err
}

// ReferenceLoan is the type of the reference from an order to its loan.
const ReferenceLoan = 2001

// Offer opens an order and lets the ledger hold its units, before another offer on the loan is looked at: what that one finds free,
// this one does not have.
func (s *Sales) Offer(ctx context.Context, tenant id.ID, o Offer) (order.Order, error) {
	var opened order.Order
	err := s.Loans.While(ctx, tenant, o.Loan, func(l *Loan) error {
		there, err := s.Orders.Get(ctx, tenant, o.ID)
		switch {
		case errs.Is(err, errs.NotFound):
			there, err = s.begin(ctx, tenant, l, &o)
		case err == nil:
			err = o.same(&there)
		}
		if opened = there; err != nil || opened.State != Opening {
			return err
		}
		r, err := s.hold(ctx, &opened)
		switch {
		case err != nil:
			return err
		case r.Code == ledger.Applied:
			opened.State = Offered // its row follows
		default:
			opened.State = Refused
		}
		return nil
	})
	if err != nil {
		return order.Order{}, err
	}
	return opened, nil
}

// begin keeps an offer's order. Its seller's others whose units are not held yet, since their hold went unanswered, are held first.
func (s *Sales) begin(ctx context.Context, tenant id.ID, l *Loan, o *Offer) (opened order.Order, err error) {
	err = s.each(ctx, tenant, o.Loan, Opening, func(other *order.Order) error {
		if seller(other) != o.Seller {
			return nil
		}
		if err := s.held(ctx, other); !errs.Is(err, errs.Invalid) { // one that the ledger never takes holds nothing
			return err
		}
		return nil
	})
	if err != nil {
		return opened, err
	}
	n, events, err := s.prepare(ctx, tenant, l, o)
	if err != nil {
		return opened, err
	}
	err = s.DB.Write(ctx, func(tx *sql.Tx) error {
		if err := s.Plan.AddIn(ctx, tx, events...); err != nil {
			return err
		}
		results, err := s.Orders.Within(ctx, tx, tenant, n)
		if err == nil {
			opened = results[0].Order
		}
		return err
	})
	return opened, err
}

// Preview says what an offer would cost now, and what stands against it, if anything does. Nothing is kept.
func (s *Sales) Preview(ctx context.Context, tenant id.ID, o Offer) (q claim.Quote, against claim.Reason, err error) {
	err = s.Loans.While(ctx, tenant, o.Loan, func(l *Loan) error {
		h, reason, err := s.against(ctx, tenant, l, &o)
		if against = reason; err != nil || against != "" {
			return err
		}
		q, against, err = l.price(&claim.Offer{Units: o.Units, Class: h.Class, Price: o.Price})
		return err
	})
	return q, against, err
}

// against says what stands against an offer, of what the seller has.
func (s *Sales) against(ctx context.Context, tenant id.ID, l *Loan, o *Offer) (h claim.Holding, reason claim.Reason, err error) {
	on, err := s.Ledgers(ctx, l.Ledger)
	if err != nil {
		return h, "", err
	}
	h, err = s.holding(ctx, on, tenant, l, o)
	return h, claim.Against(l.Product, &l.Loan, &h, &claim.Offer{Units: o.Units, Price: o.Price}), err
}

// same says whether an order was opened by this offer.
func (o *Offer) same(there *order.Order) error {
	t, err := TermsOf(there)
	if err != nil {
		return err
	}
	if there.Kind != KindCode || t.Loan != o.Loan || seller(there) != o.Seller || t.Units != o.Units || t.Price != o.Price.String() {
		return errs.Conflict.Errorf("the id was used for something else: make a new one").On("id")
	}
	return nil
}

func seller(o *order.Order) id.ID {
	for _, p := range o.Parties {
		if p.Part == PartSeller {
			return p.Party
		}
	}
	return id.ID{}
}

// prepare checks an offer and makes its order, with the events that end or look at it.
func (s *Sales) prepare(ctx context.Context, tenant id.ID, l *Loan, o *Offer) (*order.New, []plan.Event, error) {
	h, reason, err := s.against(ctx, tenant, l, o)
	var q claim.Quote
	if err == nil && reason == "" {
		q, reason, err = l.price(&claim.Offer{Units: o.Units, Class: h.Class, Price: o.Price})
	}
	if err == nil && reason != "" {
		err = NotForSale.Errorf("%s", reason).On(reason.Field())
	}
	if err != nil {
		return nil, nil, err
	}
	at, err := s.Now(ctx, l.Ledger)
	if err != nil {
		return nil, nil, err
	}
	now, zone := at.UnixMicro(), at.Location()
	t := Terms{
		Loan: o.Loan, Ledger: l.Ledger, Register: l.Register, Units: o.Units, Class: h.Class, Price: o.Price.String(), Day: l.On.String(), Outstanding: l.Outstanding,
		Accrued: l.Accrued, All: l.Units, Asked: q.Price, Changed: l.Changed, Unsold: h.Times == 0, Closes: now + int64(l.Product.Transfer.OrderDays)*(24*time.Hour).Microseconds(),
	}
	attributes, err := json.Marshal(&t)
	if err != nil {
		return nil, nil, err
	}
	events := append(t.late(tenant, o.ID, l, zone), t.event(tenant, o.ID, "hold", 0, now), t.event(tenant, o.ID, "close", 0, t.Closes))
	return &order.New{
		ID: o.ID, Kind: KindCode, Act: order.Act{Actor: order.ActorOf(o.Actor, o.ID), Behalf: o.Seller, Role: RoleInvestor},
		Parties:    []order.Party{{Part: PartSeller, Party: o.Seller}},
		Amounts:    []order.Amount{{Code: "asked", Asset: l.Product.Asset.Code, Amount: q.Price}},
		References: []order.Reference{{Type: ReferenceLoan, Value: o.Loan}}, Attributes: attributes,
	}, events, nil
}

// event is a planned event about an order.
func (t *Terms) event(tenant, sale id.ID, label string, n uint64, due int64) plan.Event {
	return plan.Event{Tenant: tenant, ID: sale.Derive(label, n), Ledger: t.Ledger, Due: due, Kind: EventKind, Subject: sale}
}

// late lets the order be looked at when the next due date has passed, if it is open then.
func (t *Terms) late(tenant, sale id.ID, l *Loan, zone *time.Location) []plan.Event {
	at := midnight(l.NextDue+1, zone)
	if l.NextDue == 0 || at >= t.Closes {
		return nil
	}
	return []plan.Event{t.event(tenant, sale, "late", uint64(l.NextDue), at)}
}

// midnight is when a day begins.
func midnight(d day.Date, zone *time.Location) int64 {
	y, m, dom := d.Civil()
	return time.Date(y, time.Month(m), dom, 0, 0, 0, 0, zone).UnixMicro()
}

// holding is what a seller has, as it counts for what he offers. Units that were not sold to him are the first that he sells.
func (s *Sales) holding(ctx context.Context, on market.Ledger, tenant id.ID, l *Loan, o *Offer) (h claim.Holding, err error) {
	account := market.Cash(o.Seller)
	h.Since = l.Since(account)
	last := uint64(0)
	if err = on.View(ctx, 0, func(e *ledger.Engine) {
		last = e.Sequence()
		if there, ok := e.Holding(l.Register, account); ok {
			h.Units, h.Class = there.Units-there.Held, there.Class
		}
	}); err != nil {
		return h, err
	}
	// What he has bought just now counts as well.
	if err := s.Await(ctx, tenant, l.Ledger, last); err != nil {
		return h, err
	}
	since, times, bought, err := s.bought(ctx, s.DB.Reader(), tenant, o.Loan, o.Seller)
	if err == nil && times > 0 && o.Units > h.Units-min(bought, h.Units) {
		h.Since, h.Times = max(h.Since, since), times
	}
	return h, err
}

// rower is a transaction or a pool.
type rower interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// bought says since when an investor has what he bought of a loan, how often it was sold, and how many units he ever bought;
// 0 for who bought nothing.
func (s *Sales) bought(ctx context.Context, q rower, tenant, loan, who id.ID) (since day.Date, times int, units uint64, err error) {
	err = q.QueryRowContext(ctx, s.DB.Rebind(`SELECT since, times,
		(SELECT CAST(coalesce(sum(units), 0) AS BIGINT) FROM sale_trade t WHERE t.tenant = c.tenant AND t.loan = c.loan AND t.buyer = c.investor)
		FROM sale_claim c WHERE tenant = ? AND loan = ? AND investor = ?`), tenant[:], loan[:], who[:]).Scan(&since, &times, &units)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, 0, 0, nil
	}
	if err != nil {
		err = fmt.Errorf("read claims: %w", err)
	}
	return since, times, units, err
}
