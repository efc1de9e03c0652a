package servicing

import (
	"context"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Giving is a claim that is given up in the books.
type Giving struct {
	ID       id.ID
	Actor    id.ID
	Approval id.ID
}

// WriteOff gives a loan up: its state and the books say so. The units stay with who holds them, and the borrower owes as
// ever; what still comes is recovered.
func (s *Servicing) WriteOff(ctx context.Context, tenant, loanID id.ID, g Giving) (Event, error) {
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: "write-off",
		event:   Event{ID: g.ID, Kind: WrittenOff, Actor: g.Actor, Approval: g.Approval},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) { return l.writeOff(e, today) },
	})
}

// writeOff completes that a loan is given up, with what is owed of it.
func (l *Loan) writeOff(e *Event, today day.Date) (*loan.State, error) {
	if err := l.open(); err != nil {
		return nil, err
	}
	on := max(today, l.last())
	state, err := l.Replay(on)
	if err != nil {
		return nil, err
	}
	_, days := state.PastDue()
	after := l.contract.Losses.WriteOffAfter
	switch {
	case state.Closed:
		return nil, WrongState.Errorf("nothing is owed any more")
	case after == 0:
		return nil, WrongState.Errorf("the product is never written off")
	case days < after:
		return nil, WrongState.Errorf("it is written off from %d days past due on; it is %d", after, days)
	}
	e.Split, err = l.owed(state, on)
	e.Amount = e.Split.Total()
	return state, err
}

// lost is what was written off of principal and interest and not recovered.
func (l *Loan) lost(s *loan.State) (sum int64, err error) {
	list, err := l.moves(s)
	if err != nil {
		return 0, err
	}
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == WrittenOff && e.Outcome == Applied {
			sum += e.Split[loan.Principal] + e.Split[loan.Interest]
		}
	}
	for _, m := range list {
		if m.event.Kind == Recovered {
			sum -= m.split[loan.Principal] + m.split[loan.Interest]
		}
	}
	return max(sum, 0), nil
}

// Recovery 追偿 is money that came for a loan after it was written off.
type Recovery struct {
	ID     id.ID
	Amount int64    // on the payer's account; 0: only what lies on the loan's credit account
	Costs  int64    // of it, what it cost to get
	Date   day.Date // from which it counts; 0: today
	Payer  string   // account; empty: the borrower's cash
	Actor  id.ID
}

// Recover pays what was recovered by the product's order: what it cost, those who paid for the borrower, those who hold
// the loan now.
func (s *Servicing) Recover(ctx context.Context, tenant, loanID id.ID, r Recovery) (Event, error) {
	if r.Amount < 0 || r.Amount > maxAmount {
		return Event{}, errs.Invalid.Errorf("%d, take 0 to %d minor units", r.Amount, maxAmount).On("amount")
	}
	if r.Costs < 0 || r.Costs > r.Amount {
		return Event{}, errs.Invalid.Errorf("%d, take 0 to the amount", r.Costs).On("costs")
	}
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: []any{r.Amount, r.Costs, r.Date, r.Payer},
		event: Event{ID: r.ID, Kind: Recovered, Date: r.Date, Asked: r.Amount, Payer: r.Payer, Actor: r.Actor},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if !l.Lost {
				return nil, WrongState.Errorf("the loan was not written off: count a payment")
			}
			return l.recover(e, r.Costs, today)
		},
	})
}

// recover completes a recovery. What lies on the credit account counts first; what is left there when nothing is owed any more goes back.
func (l *Loan) recover(e *Event, costs int64, today day.Date) (*loan.State, error) {
	if costs > 0 && l.Places.Platform == "" {
		return nil, errs.Invalid.Errorf("the loan names no account that gets them").On("costs")
	}
	state, err := l.Replay(max(today, l.last()))
	if err != nil {
		return nil, err
	}
	claims, err := l.claims(state)
	if err != nil {
		return nil, err
	}
	payers := left(claims, loan.Interest) + left(claims, loan.Principal)
	room := map[Receiver]int64{ToCosts: costs, ToPayers: payers, ToHolders: max(0, state.Outstanding().Total()-payers)}
	got := map[Receiver]int64{}
	credit := l.creditOf(e)
	if e.Asked+credit == 0 {
		return nil, errs.Invalid.Errorf("0, and nothing lies on the loan's credit account: take 1 to %d minor units", maxAmount).On("amount")
	}
	rest := e.Asked + credit
	for _, to := range l.contract.Losses.Recovery {
		x := min(rest, room[to])
		got[to] += x
		room[to] -= x
		rest -= x
	}
	e.Costs, e.Claimed, e.Amount = got[ToCosts], got[ToPayers], got[ToPayers]+got[ToHolders]
	if e.Amount == 0 && e.Costs == 0 && credit == 0 {
		return nil, WrongState.Errorf("nothing is owed any more")
	}
	after := state
	if e.Amount > 0 {
		if after, err = l.split(e, state, today); err != nil {
			return nil, err
		}
	}
	e.Kept = -min(credit, e.Costs+e.Amount)
	if after != nil && after.Closed {
		e.Kept = -credit
	}
	return after, nil
}
