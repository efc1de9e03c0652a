package servicing

import (
	"context"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Purchase is the payout of the whole: one who has to pay for the borrower takes the loan over.
type Purchase struct {
	ID    id.ID
	Payer string // account of one who has to pay by the contract; empty: the first who can
	Actor id.ID
}

// Buy moves all units to who pays for the borrower, at what is outstanding of principal, is due of interest and accrued
// until today, less what was paid out before, in one command. Who may not be paid, since his account is frozen, or has
// promised his units to somebody else, keeps them; so does another one who pays for the borrower.
func (s *Servicing) Buy(ctx context.Context, tenant, loanID id.ID, p Purchase) (Event, error) {
	a := &act{
		tenant: tenant, loan: loanID, asked: p.Payer, purpose: PurposeBuy,
		event: Event{ID: p.ID, Kind: Bought, Payer: p.Payer, Actor: p.Actor},
	}
	a.prepare = func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
		if err := l.open(); err != nil {
			return nil, err
		}
		state, err := l.Replay(max(today, l.last()))
		if err != nil {
			return nil, err
		}
		price, claims, err := l.price(state, max(today, l.last()))
		if err != nil {
			return nil, err
		}
		if err := s.buyer(ctx, l, e, price.Total(), claims); err != nil {
			return nil, err
		}
		a.operations, err = s.buyOut(ctx, l, e, price)
		return state, err
	}
	return s.do(ctx, a)
}

// price is what all units cost: principal that is outstanding, interest that is due or has accrued, without what was paid
// out and not repaid.
func (l *Loan) price(s *loan.State, on day.Date) (price loan.Split, claims []claim, err error) {
	if claims, err = l.claims(s); err != nil {
		return price, nil, err
	}
	_, days := s.PastDue()
	switch after := l.contract.Losses.WholeAfter; {
	case after == 0:
		return price, nil, WrongState.Errorf("by the product nobody buys the whole")
	case days < after:
		return price, nil, WrongState.Errorf("the whole is bought from %d days past due on; it is %d", after, days)
	}
	owed, err := l.owed(s, on)
	for _, c := range []loan.Component{loan.Interest, loan.Principal} {
		price[c] = max(0, owed[c]-left(claims, c))
	}
	return price, claims, err
}

// owed is what a loan is worth on a day: principal that is outstanding, interest that is due or has accrued, fees and
// penalties that are due.
func (l *Loan) owed(s *loan.State, on day.Date) (owed loan.Split, err error) {
	for i := range s.Rows {
		open := s.Rows[i].Outstanding()
		if s.Rows[i].Row.Due > on {
			open = loan.Split{loan.Principal: open[loan.Principal]}
		}
		for c := range owed {
			owed[c] += open[c]
		}
	}
	accrued, err := loan.Accrued(l.contract.Agreement, l.counted, on, 0)
	owed[loan.Interest] += accrued
	return owed, err
}

// buyer finds who buys: who was named, or the first who has the money and whose limit allows it.
func (s *Servicing) buyer(ctx context.Context, l *Loan, e *Event, price int64, claims []claim) error {
	losses := &l.contract.Losses
	can, err := s.available(ctx, l.Ledger, losses.Payers)
	if err != nil {
		return err
	}
	for i := range losses.Payers {
		p := &losses.Payers[i]
		switch {
		case e.Payer == "" && p.room(claims) >= price && can[p.Account] >= price:
			e.Payer = p.Account
			return nil
		case e.Payer == p.Account && p.room(claims) < price:
			return WrongState.Errorf("all units cost %d, above the limit of %d that is left", price, p.room(claims)).On("payer")
		case e.Payer == p.Account:
			return nil
		}
	}
	if e.Payer != "" {
		return errs.Invalid.Errorf("by the contract, that account does not pay for the borrower").On("payer")
	}
	return WrongState.Errorf("all units cost %d: nobody who has to pay has so much", price)
}

// holding is what one of the holders has.
type holding struct {
	account string
	units   uint64
	stays   bool // with him: he may not be paid, has promised some of it, or is one who pays for the borrower himself
}

// buyOut are the operations that pay each holder his part and move his units.
func (s *Servicing) buyOut(ctx context.Context, l *Loan, e *Event, price loan.Split) ([]ledger.Operation, error) {
	all, class, err := s.holdings(ctx, l, e.Payer)
	if err != nil {
		return nil, err
	}
	weights := make([]int64, len(all))
	for i := range all {
		weights[i] = int64(all[i].units)
	}
	principal, interest := divide(price[loan.Principal], weights), divide(price[loan.Interest], weights)
	var list []ledger.Operation
	for i, h := range all {
		if h.stays {
			continue
		}
		if x := principal[i] + interest[i]; x > 0 {
			list = append(list, &ledger.Transfer{Debit: e.Payer, Credit: h.account, Mode: ledger.Exact, Amount: x})
		}
		list = append(list, &ledger.Move{Register: l.Places.Register, From: h.account, To: e.Payer, Units: h.units, Class: class})
		e.Split[loan.Principal] += principal[i]
		e.Split[loan.Interest] += interest[i]
		e.Units += h.units
	}
	e.Amount = e.Split.Total()
	if e.Units == 0 {
		return nil, WrongState.Errorf("all units are with those who pay for the borrower already, or may not be moved")
	}
	if len(list) > ledger.MaxOperations {
		return nil, errs.TooLarge.Errorf("%d operations for %d holders, at most %d: let installments be paid out", len(list), len(all), ledger.MaxOperations)
	}
	return list, nil
}

// holdings lists who has units of a loan, and the class that the buyer's units have.
func (s *Servicing) holdings(ctx context.Context, l *Loan, buyer string) (list []holding, class uint8, err error) {
	err = s.ledgers.View(ctx, l.Ledger, func(book *ledger.Engine) {
		for from, more := uint32(0), true; more; {
			page, next, _ := book.Holders(l.Places.Register, from, 1000)
			for i := range page {
				h := &page[i]
				if h.Units == 0 {
					continue
				}
				if h.Account == buyer {
					class = h.Class
				}
				a, _ := book.Account(h.Account)
				list = append(list, holding{h.Account, h.Units, h.Held > 0 || a.NoCredits || h.Account == buyer || l.contract.Losses.payer(h.Account) != nil})
			}
			from, more = next, next != 0
		}
	})
	if err == nil && len(list) == 0 {
		err = WrongState.Errorf("nobody holds units of the loan")
	}
	return list, class, err
}
