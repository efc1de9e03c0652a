package servicing

import (
	"context"
	"slices"
	"time"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Payment is money that is there for a loan.
type Payment struct {
	ID     id.ID    // made by the first client: the same again gives the first result
	Amount int64    // minor units of the loan's asset, on the payer's account
	Date   day.Date // from which it counts, at the latest the ledger's today; 0: as was agreed by the instants below, or now
	Settle bool     // it closes the loan, as a quote says
	Anyway bool     // also if it looks like an earlier payment made a second time
	Payer  string   // account; empty: the borrower's cash
	Actor  id.ID
	Behalf id.ID

	Paid     time.Time // when the payer paid; zero: not known
	Received time.Time // when the money came; zero: now
}

// Repay counts a payment and pays it to those who hold the loan. The event tells what was taken, how it was divided,
// and by Outcome whether it was: refused by the ledger or suspected to be a second payment it changes nothing.
func (s *Servicing) Repay(ctx context.Context, tenant, loanID id.ID, p Payment) (Event, error) {
	if p.Amount < 1 || p.Amount > maxAmount {
		return Event{}, errs.Invalid.Errorf("%d, take 1 to %d minor units", p.Amount, maxAmount).On("amount")
	}
	if err := p.checkInstants(); err != nil {
		return Event{}, err
	}
	asked := []any{p.Amount, p.Date, p.Anyway, p.Payer, p.Behalf}
	if !p.Paid.IsZero() || !p.Received.IsZero() {
		asked = append(asked, micro(p.Paid), micro(p.Received))
	}
	kind := Repaid
	if p.Settle {
		kind = Settled
	}
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID,
		event: Event{ID: p.ID, Kind: kind, Date: p.Date, Asked: p.Amount, Payer: p.Payer, Anyway: p.Anyway, Actor: p.Actor, Behalf: p.Behalf, Paid: micro(p.Paid), Received: micro(p.Received)},
		asked: asked,
		date:  func(l *Loan, now time.Time) (day.Date, error) { return l.dayOf(&p, now) },
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if err := l.open(); err != nil {
				return nil, err
			}
			if p.Settle {
				return nil, l.settle(e)
			}
			return l.repay(e, today)
		},
	})
}

// maxAmount is the most one payment is, as finmath counts.
const maxAmount = 10_000_000_000_000_000

// repay completes a payment: how much of it is taken and kept.
func (l *Loan) repay(e *Event, today day.Date) (*loan.State, error) {
	before, err := l.Replay(max(today, l.last(), e.Date))
	if err != nil {
		return nil, err
	}
	owed := due(before, e.Date)
	if owed < e.Asked && !e.Anyway && l.again(e, before, owed) {
		e.Outcome = Suspected
		return nil, nil
	}
	open := before.Outstanding().Total()
	switch {
	case open == 0:
		return nil, WrongState.Errorf("nothing is owed any more").On("amount")
	case l.contract.Over == Advance:
		e.Amount = min(e.Asked, open)
	case l.contract.Over == Credit:
		e.Amount = min(e.Asked+l.creditOf(e), owed)
	case owed == 0:
		return nil, WrongState.Errorf("nothing is due, and the product takes no more than that").On("amount")
	default:
		e.Amount = min(e.Asked, owed)
	}
	after, err := l.split(e, before, today)
	if err != nil || l.contract.Over != Credit {
		return after, err
	}
	// What lies on the credit account counts too, and what is over stays there, until nothing is owed any more.
	if e.Kept = e.Asked - e.Amount; after != nil && after.Closed {
		e.Kept = -l.creditOf(e)
	}
	return after, nil
}

// creditOf is what lies on the credit account for who pays: it is the borrower's, and nobody else's.
func (l *Loan) creditOf(e *Event) int64 {
	if l.payer(e) != l.Places.Payer {
		return 0
	}
	return l.Booked.Credit
}

// split notes how the amount is divided, as it is known now, and gives the state that follows the one before.
func (l *Loan) split(e *Event, before *loan.State, today day.Date) (*loan.State, error) {
	for e.Amount > 0 {
		x, err := e.counts()
		if err != nil {
			return nil, err
		}
		s, err := loan.Replay(l.contract.Agreement, append(slices.Clip(l.counted), x...), max(today, l.last(), e.Date))
		if err != nil {
			return nil, err
		}
		if over := s.Overpaid - before.Overpaid; over > 0 {
			e.Amount -= min(over, e.Amount) // interest follows the money: less is owed than before
			continue
		}
		for i := len(s.Transactions) - 1; i >= 0; i-- {
			if t := &s.Transactions[i]; t.Entry == loan.Repaid && t.Date == e.Date {
				e.Split = t.Split
				break
			}
		}
		return s, nil
	}
	return nil, nil
}

// settle completes a payment that closes the loan: what lies on the credit account counts first, and what is over there
// goes back. Where nothing is owed any more, all of it does.
func (l *Loan) settle(e *Event) error {
	if e.Date < l.last() {
		return errs.Invalid.Errorf("a loan is not closed before %s, when something happened last", l.last()).On("date")
	}
	s, err := l.Replay(e.Date)
	if err != nil {
		return err
	}
	if e.Kept = -l.creditOf(e); s.Outstanding().Total() == 0 {
		if e.Kept == 0 {
			return WrongState.Errorf("nothing is owed any more")
		}
		e.Kind = Repaid // a loan is closed once
		return nil
	}
	q, fee, err := l.quote(e.Date)
	if err != nil {
		return err
	}
	e.Fee = fee
	total := q.Split.Total()
	if missing := max(0, total+e.Kept); e.Asked < missing {
		return errs.Invalid.Errorf("it takes %d to close the loan on %s", missing, e.Date).On("amount")
	}
	e.Amount, e.Split = total, q.Split
	return nil
}

// again reports whether an event looks like a payment that was made a second time: as much was noted before, of a day not far
// from its own, and nothing is due, or only what that left of an installment. What came before the credit paid a row was for
// an earlier installment.
func (l *Loan) again(e *Event, s *loan.State, owed int64) (twice bool) {
	for i := range l.Events {
		x := &l.Events[i]
		if x.Kind != Repaid || x.Outcome != Applied || l.reversed[x.ID] || max(x.Date-e.Date, e.Date-x.Date) > sameInstallment {
			continue
		}
		switch {
		case x.Asked == e.Asked:
			twice = twice || owed == 0 || leftover(s, x.Date, e)
		case x.Asked == 0:
			twice = false
		}
	}
	return twice
}

// leftover reports whether a payment is a whole installment of which only a part is due, as after a payment that did not
// count what being late costs. If something fell due since that day, the payment is for that; if it lies nearer to a row that
// is as large and falls due next, for this one.
func leftover(s *loan.State, since day.Date, e *Event) (part bool) {
	for i := range s.Rows {
		r := &s.Rows[i]
		if r.Outstanding().Total() == 0 {
			continue
		}
		plain := r.Row.Interest + r.Row.Principal
		whole := e.Asked == plain || e.Asked == plain+r.Fee
		if r.Row.Due > e.Date {
			return part && !(whole && r.Row.Due-e.Date < e.Date-since)
		}
		if r.Row.Due > since {
			return false
		}
		part = part || whole
	}
	return part
}

// sameInstallment is how many days apart two payments of one installment are at most.
const sameInstallment = 31

// due is what a state asks for until a date.
func due(s *loan.State, on day.Date) int64 {
	sum := int64(0)
	for i := range s.Rows {
		if s.Rows[i].Row.Due <= on {
			sum += s.Rows[i].Outstanding().Total()
		}
	}
	return sum
}
