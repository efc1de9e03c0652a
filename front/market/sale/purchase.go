package sale

import (
	"context"
	"database/sql"

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
	o, t, err := s.open(ctx, tenant, sale)
	if err != nil {
		return q, "", err
	}
	err = s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		q, against, err = s.quote(ctx, tenant, o, t, l)
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
func (s *Sales) quote(ctx context.Context, tenant id.ID, o *order.Order, t *Terms, l *Loan) (claim.Quote, claim.Reason, error) {
	price, err := catalog.NewRate(t.Price)
	if err != nil {
		return claim.Quote{}, "", err
	}
	ask := claim.Offer{Units: t.Units, Price: price}
	if reason := claim.Now(l.Product, &l.Loan); reason != "" {
		return claim.Quote{}, reason, nil
	}
	q, err := claim.Price(l.Product, &l.Loan, &ask, "", "")
	return q, "", err
}

// Buy buys what an order offers: units against money, one command. The same purchase again gives the first answer.
func (s *Sales) Buy(ctx context.Context, tenant id.ID, b Purchase) (Bought, error) {
	o, t, err := s.open(ctx, tenant, b.Order)
	if err != nil {
		return Bought{}, err
	}
	if b.Buyer == seller(o) {
		return Bought{}, errs.Invalid.Errorf("nobody buys his own claim").On("buyer")
	}
	var done Bought
	err = s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		done, err = s.buy(ctx, tenant, &b, o, t, l)
		return err
	})
	if err != nil {
		if first, again := s.first(ctx, tenant, &b); again {
			return first, nil
		}
	}
	return done, err
}

// first finds a purchase that was made before: what was done is answered as it was, whatever the price is now.
func (s *Sales) first(ctx context.Context, tenant id.ID, b *Purchase) (Bought, bool) {
	steps, err := s.Orders.Steps(ctx, tenant, b.Order, 2, 1)
	if err != nil || len(steps) == 0 || steps[0].Evidence.Command != b.ID || steps[0].To != Sold {
		return Bought{}, false
	}
	first := Bought{Sequence: steps[0].Evidence.Sequence}
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
	return first, first.Pays == b.Pays
}

func (s *Sales) buy(ctx context.Context, tenant id.ID, b *Purchase, o *order.Order, t *Terms, l *Loan) (Bought, error) {
	q, against, err := s.quote(ctx, tenant, o, t, l)
	switch {
	case err != nil:
		return Bought{}, err
	case claim.State(against).Ends():
		if err := s.end(ctx, o, string(against)); err != nil {
			return Bought{}, err
		}
		return Bought{}, Over.Errorf("%s", against).On("order")
	case against != "":
		return Bought{}, NotForSale.Errorf("%s", against).On("order")
	case o.State == Ended || o.State == Refused:
		return Bought{}, Over.Errorf("the order is %s", o.State).On("order")
	case b.Pays != q.Pays:
		return Bought{}, PriceChanged.Errorf("it costs %d now, with fees", q.Pays).On("pays")
	}
	r, err := s.send(ctx, t.Ledger, purchase(b, o, t, l, &q))
	switch {
	case err != nil:
		return Bought{}, err
	case r.Code == ledger.Applied:
		return Bought{q, r.Sequence}, nil
	case r.Code == ledger.HoldNotFound:
		return Bought{}, Over.Errorf("its units were sold or set free before sequence %d", r.Sequence).On("order")
	}
	return Bought{}, market.NoMoney.Errorf("the ledger refused it at sequence %d: %s", r.Sequence, r.Code).On("buyer")
}

// Withdraw ends an order for its seller, unless it was sold before.
func (s *Sales) Withdraw(ctx context.Context, tenant, sale id.ID) error {
	o, _, err := s.open(ctx, tenant, sale)
	if err != nil {
		return err
	}
	if o.State == Sold {
		return Over.Errorf("the claim was sold").On("order")
	}
	return s.end(ctx, o, "withdrawn")
}

// EventKind names the planned events of this package, whose subject is an order.
const EventKind = "market-claim-sale"

// Due is the handler of planned events: an order is brought into being, looked at, or ended when its time is over.
func (s *Sales) Due(ctx context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
	o, t, err := s.open(ctx, e.Tenant, e.Subject)
	if err != nil {
		return nil, err
	}
	if o.State == Opening {
		return nil, s.hold(ctx, o)
	}
	if o.State == Offered && e.Due >= t.Closes {
		return nil, s.end(ctx, o, "expired")
	}
	return nil, s.review(ctx, e.Tenant, o, t)
}

// Review looks at all open orders on a loan, which has changed: those end against which its state stands.
func (s *Sales) Review(ctx context.Context, tenant, loan id.ID) error {
	for cursor := uint64(0); ; {
		found, err := s.Orders.List(ctx, tenant, order.Filter{Kind: KindCode, State: Offered, Reference: order.Reference{Type: ReferenceLoan, Value: loan}},
			order.Page{Size: order.MaxPage, Cursor: cursor})
		if err != nil {
			return err
		}
		for i := range found.Orders {
			o := &found.Orders[i]
			t, err := TermsOf(o)
			if err != nil {
				return err
			}
			if err := s.review(ctx, tenant, o, &t); err != nil {
				return err
			}
		}
		if !found.More {
			return nil
		}
		cursor = found.Cursor
	}
}

func (s *Sales) review(ctx context.Context, tenant id.ID, o *order.Order, t *Terms) error {
	return s.Loans.While(ctx, tenant, t.Loan, func(l *Loan) error {
		if o.State == Offered && l.State.Ends() {
			return s.end(ctx, o, string(l.State))
		}
		return nil
	})
}
