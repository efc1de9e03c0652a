package sale

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/market"
	"github.com/longmen/longmen/front/market/claim"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Purchase is what a buyer asks for.
type Purchase struct {
	ID    id.ID // made by the first client; also that of the command
	Order id.ID
	Buyer id.ID
	Pays  int64 // what he has seen, fees included
	Actor id.ID
}

// Bought is a purchase that was made.
type Bought struct {
	claim.Quote
	Sequence uint64
}

// Quote says what an order costs now, and what stands against its sale, if anything does.
func (s *Sales) Quote(ctx context.Context, tenant, sale id.ID) (q claim.Quote, against claim.Reason, err error) {
	_, t, err := s.open(ctx, tenant, sale)
	if err != nil {
		return q, "", err
	}
	err = s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		q, against, err = l.quote(t)
		return err
	})
	return q, against, err
}

// open finds an order of this kind.
func (s *Sales) open(ctx context.Context, tenant, sale id.ID) (*order.Order, *Terms, error) {
	o, err := s.Orders.Get(ctx, tenant, sale)
	if err != nil {
		return nil, nil, err
	}
	if o.Kind != KindCode {
		return nil, nil, errs.NotFound.Errorf("there is no claim sale %s", sale)
	}
	t, err := TermsOf(&o)
	return &o, &t, err
}

// quote prices an order on the loan as it stands. Only the loan's state counts against it now: what else the rules say
// was asked when it was offered.
func (l *Loan) quote(t *Terms) (claim.Quote, claim.Reason, error) {
	price, err := catalog.NewRate(t.Price)
	if err != nil {
		return claim.Quote{}, "", err
	}
	ask := claim.Offer{Units: t.Units, Class: t.Class, Price: price}
	if now := l.since(t); now.Ends() {
		return claim.Quote{}, claim.Reason(now), nil
	}
	if reason := claim.Now(l.Product, &l.Loan); reason != "" {
		return claim.Quote{}, reason, nil
	}
	return l.price(&ask)
}

// price is what an offer costs now, or what stands against that.
func (l *Loan) price(o *claim.Offer) (claim.Quote, claim.Reason, error) {
	q, err := claim.Price(l.Product, &l.Loan, o)
	if against := q.Against(); err == nil && against != "" {
		return claim.Quote{}, against, nil
	}
	return q, "", err
}

// since is the loan's state as an order sees it that was made before.
func (l *Loan) since(t *Terms) claim.State {
	if l.State == claim.Repaying && l.Changed != t.Changed {
		return claim.Restructured
	}
	return l.State
}

// Buy buys what an order offers: units against money, one command. The same purchase again gives the first answer.
func (s *Sales) Buy(ctx context.Context, tenant id.ID, b Purchase) (Bought, error) {
	o, t, err := s.open(ctx, tenant, b.Order)
	if err != nil {
		return Bought{}, err
	}
	if b.Buyer == seller(o) {
		return Bought{}, Own.Errorf("the buyer is the seller").On("buyer")
	}
	leave, err := s.Turn(ctx, b.Buyer)
	if err != nil {
		return Bought{}, err
	}
	defer leave()
	var done Bought
	err = s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		done, err = s.buy(ctx, tenant, &b, o, t, l)
		return err
	})
	if err != nil {
		if first, again, failed := s.first(ctx, tenant, &b, t.Ledger); again || failed != nil {
			return first, failed
		}
	}
	return done, err
}

// first finds a purchase that was made before: what was done is answered as it was, whatever the price is now.
// Its row may be behind.
func (s *Sales) first(ctx context.Context, tenant id.ID, b *Purchase, name string) (first Bought, again bool, err error) {
	if err := s.Current(ctx, tenant, name); err != nil {
		return first, false, err
	}
	steps, err := s.Orders.Steps(ctx, tenant, b.Order, 2, 1)
	if err != nil {
		return first, false, err
	}
	if len(steps) == 0 || steps[0].Evidence.Command != b.ID || steps[0].To != Sold ||
		!slices.Contains(steps[0].References, order.Reference{Type: ReferenceBuyer, Value: b.Buyer}) {
		return first, false, nil
	}
	first.Sequence = steps[0].Evidence.Sequence
	for _, a := range steps[0].Amounts {
		switch a.Code {
		case "price":
			first.Price = a.Amount
		case "pays":
			first.Pays = a.Amount
		case "receives":
			first.Receives = a.Amount
		}
	}
	return first, first.Pays == b.Pays, nil
}

// Current waits until the rows of sales have noted all that a ledger has applied by now.
func (s *Sales) Current(ctx context.Context, tenant id.ID, name string) error {
	on, err := s.Ledgers(ctx, name)
	if err != nil {
		return err
	}
	last := uint64(0)
	if err := on.View(ctx, 0, func(e *ledger.Engine) { last = e.Sequence() }); err != nil {
		return err
	}
	return s.Await(ctx, tenant, name, last)
}

func (s *Sales) buy(ctx context.Context, tenant id.ID, b *Purchase, o *order.Order, t *Terms, l *Loan) (Bought, error) {
	now, err := s.Now(ctx, t.Ledger)
	if err != nil {
		return Bought{}, err
	}
	q, against, err := l.quote(t)
	switch {
	case err != nil:
		return Bought{}, err
	case claim.State(against).Ends():
		if _, err := s.end(ctx, o, string(against)); err != nil {
			return Bought{}, err
		}
		return Bought{}, Over.Errorf("%s", against).On("order")
	case against != "":
		return Bought{}, NotForSale.Errorf("%s", against).On("order")
	case o.State == Ended || o.State == Refused:
		return Bought{}, Over.Errorf("the order is %s", o.State).On("order")
	case now.UnixMicro() >= t.Closes:
		return Bought{}, Over.Errorf("it closed at %s", time.UnixMicro(t.Closes).UTC().Format(time.RFC3339)).On("order")
	case b.Pays != q.Pays:
		return Bought{}, PriceChanged.Errorf("it costs %d now, with fees", q.Pays).On("pays")
	}
	if s.Admit != nil {
		if err := s.Admit(ctx, tenant, l, b.Buyer, t.Units, q.Price); err != nil {
			return Bought{}, err
		}
	}
	if err := s.held(ctx, o); err != nil {
		return Bought{}, err
	}
	class := uint8(0)
	if s.Class != nil {
		if class, err = s.Class(ctx, tenant, l, b.Buyer); err != nil {
			return Bought{}, err
		}
	}
	c, err := purchase(b, o, t, l, &q, class)
	if err != nil {
		return Bought{}, err
	}
	r, err := s.send(ctx, t.Ledger, c)
	switch {
	case err != nil:
		return Bought{}, err
	case r.Code == ledger.Applied:
		return Bought{q, r.Sequence}, nil
	case r.Code == ledger.HoldNotFound:
		return Bought{}, Over.Errorf("its units were sold or set free before sequence %d", r.Sequence).On("order")
	case !buyers(c, &r):
		return Bought{}, NotForSale.Errorf("an account on the seller's side takes or pays no money, the ledger refused it at sequence %d: %s", r.Sequence, r.Code).On("order")
	}
	return Bought{}, market.NoMoney.Errorf("the ledger refused it at sequence %d: %s", r.Sequence, r.Code).On("buyer")
}

// buyers says whether a purchase was refused for what the buyer has or lacks.
func buyers(c *ledger.Command, r *ledger.Result) bool {
	t, ok := c.Operations[r.Index].(*ledger.Transfer)
	return !ok || t.Debit == market.Cash(id.ID(c.Behalf)) && r.Code != ledger.CreditsFrozen
}

// Get gives a sale as its row has it.
func (s *Sales) Get(ctx context.Context, tenant, sale id.ID) (order.Order, error) {
	o, _, err := s.open(ctx, tenant, sale)
	if err != nil {
		return order.Order{}, err
	}
	return *o, nil
}

// Withdraw ends an order for its seller, unless it was sold before. Its row follows.
func (s *Sales) Withdraw(ctx context.Context, tenant, sale id.ID) (order.Order, error) {
	o, t, err := s.open(ctx, tenant, sale)
	if err != nil {
		return order.Order{}, err
	}
	if !s.Orders.Kinds().Ended(o.Kind, o.State) {
		r, err := s.end(ctx, o, "withdrawn")
		if err != nil {
			return order.Order{}, err
		}
		if r.Code != ledger.HoldNotFound {
			o.State = Ended
			return *o, nil
		}
		// Somebody was faster. Its row may be behind.
		if err := s.Current(ctx, tenant, t.Ledger); err != nil {
			return order.Order{}, err
		}
		if o, _, err = s.open(ctx, tenant, sale); err != nil {
			return order.Order{}, err
		}
	}
	switch o.State {
	case Ended, Refused:
		return *o, nil
	case Sold:
		return order.Order{}, Over.Errorf("the claim was sold").On("order")
	}
	return order.Order{}, Over.Errorf("its units are not held any more").On("order")
}

// Kinds of planned events: of one order, and of a loan whose orders are looked at.
const (
	EventKind = "market-claim-sale"
	LoanKind  = "market-claim-loan"
)

// Handlers are those of all planned events of this package, by their kinds.
func (s *Sales) Handlers() map[string]plan.Handler {
	return map[string]plan.Handler{EventKind: s.Due, LoanKind: func(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		return nil, s.Review(ctx, e.Tenant, e.Subject)
	}}
}

// Changed plans, in the caller's transaction, that the orders on a loan are looked at: something was done to it.
func (s *Sales) Changed(ctx context.Context, tx *sql.Tx, tenant, loan id.ID, ledger string, event id.ID, at int64) error {
	return s.Plan.AddIn(ctx, tx, plan.Event{Tenant: tenant, ID: event.Derive("claims", 0), Ledger: ledger, Due: at, Kind: LoanKind, Subject: loan})
}

// Due is the handler of planned events: an order is brought into being, looked at, or ended when its time is over. The
// order may be behind the ledger, so what was done before is done again, which changes nothing.
func (s *Sales) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	o, t, err := s.open(ctx, e.Tenant, e.Subject)
	if err != nil || s.Orders.Kinds().Ended(o.Kind, o.State) {
		return nil, err
	}
	if err := s.held(ctx, o); err != nil {
		return nil, err
	}
	next, err := s.review(ctx, e.Tenant, o, t)
	if err == nil && e.Due >= t.Closes {
		_, err = s.end(ctx, o, "expired")
	}
	if err != nil || len(next) == 0 {
		return nil, err
	}
	return func(tx *sql.Tx) error { return s.Plan.AddIn(ctx, tx, next...) }, nil
}

// Review looks at all open orders on a loan, which has changed: those end against which its state stands.
func (s *Sales) Review(ctx context.Context, tenant, loan id.ID) error {
	for _, state := range []string{Opening, Offered} {
		err := s.each(ctx, tenant, loan, state, func(o *order.Order) error {
			t, err := TermsOf(o)
			if err == nil {
				_, err = s.review(ctx, tenant, o, &t)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each gives a function the orders on a loan that are in a state.
func (s *Sales) each(ctx context.Context, tenant, loan id.ID, state string, f func(*order.Order) error) error {
	for cursor := uint64(0); ; {
		found, err := s.Orders.List(ctx, tenant, order.Filter{Kind: KindCode, State: state, Reference: order.Reference{Type: ReferenceLoan, Value: loan}},
			order.Page{Size: order.MaxPage, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range found.Orders {
			if err := f(&found.Orders[i]); err != nil {
				return err
			}
		}
		if !found.More {
			return nil
		}
		cursor = found.Cursor
	}
}

// review ends an order against which its loan's state stands, and says when it is to be looked at next.
func (s *Sales) review(ctx context.Context, tenant id.ID, o *order.Order, t *Terms) (next []plan.Event, err error) {
	now, err := s.Now(ctx, t.Ledger)
	if err != nil {
		return nil, err
	}
	err = s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		if state := l.since(t); state.Ends() {
			_, err := s.end(ctx, o, string(state))
			return err
		}
		next = t.late(tenant, o.ID, l, now.Location())
		return nil
	})
	return next, err
}
