package servicing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Payout 代偿 is what somebody pays the holders in the borrower's place: the reserve, a guarantor.
type Payout struct {
	ID    id.ID
	Payer string // account; it owns the claim on the borrower from then on
	Most  int64  // that it can or must pay; 0: all that is past due
	Actor id.ID
}

// Cover pays the holders of this instant what is past due of interest and principal and was not paid out before. The
// borrower owes it as ever; what he pays next repays the payer first.
func (s *Servicing) Cover(ctx context.Context, tenant, loanID id.ID, p Payout) (Event, error) {
	if p.Payer == "" {
		return Event{}, errs.Invalid.Errorf("say which account pays").On("payer")
	}
	if p.Most < 0 {
		return Event{}, errs.Invalid.Errorf("%d, take 0 or more", p.Most).On("most")
	}
	return s.do(ctx, &act{
		tenant: tenant, loan: loanID, asked: []any{p.Payer, p.Most},
		event: Event{ID: p.ID, Kind: Covered, Payer: p.Payer, Asked: p.Most, Actor: p.Actor},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if !l.paidOut() {
				return nil, WrongState.Errorf("the loan was not paid out yet")
			}
			return nil, l.cover(e, today)
		},
	})
}

// cover completes a payout: interest before principal, where it does not pay all.
func (l *Loan) cover(e *Event, today day.Date) error {
	state, err := l.Replay(max(today, l.last()))
	if err != nil {
		return err
	}
	open, _ := state.PastDue()
	_, claims, err := l.share(state)
	if err != nil {
		return err
	}
	for _, c := range claims {
		open[loan.Interest] -= c.left[loan.Interest]
		open[loan.Principal] -= c.left[loan.Principal]
	}
	left := e.Asked
	for _, c := range []loan.Component{loan.Interest, loan.Principal} {
		x := max(open[c], 0)
		if e.Asked > 0 {
			x = min(x, left)
			left -= x
		}
		e.Split[c] = x
	}
	if e.Amount = e.Split.Total(); e.Amount == 0 {
		return WrongState.Errorf("nothing is past due that was not paid out")
	}
	return nil
}

// claim is what a payer has paid out and was not repaid.
type claim struct {
	payer string
	left  loan.Split
}

// moved is money that reached the loan: a payment of the borrower, or a payout.
type moved struct {
	event *Event
	split loan.Split
}

// share divides all payments of a state, and all payouts, in the order in which they became known: a payment repays
// payouts that were known before it, the oldest first, component by component; the holders have the rest.
func (l *Loan) share(s *loan.State) (sum Division, claims []claim, err error) {
	list, err := l.moves(s)
	if err != nil {
		return sum, nil, err
	}
	for _, m := range list {
		if m.event.Kind == Covered {
			claims = append(claims, claim{m.event.Payer, m.split})
			sum.Holders[toPrincipal] += m.split[loan.Principal]
			sum.Holders[toInterest] += m.split[loan.Interest]
			continue
		}
		d, err := l.contract.Divide(m.split)
		if err != nil {
			return sum, nil, err
		}
		for i := range claims {
			claims[i].repay(&d, toInterest, loan.Interest)
			claims[i].repay(&d, toPrincipal, loan.Principal)
		}
		sum.plus(&d, 1)
	}
	return sum, claims, nil
}

// repay gives the payer what the holders would have had of a component, as far as his claim goes.
func (c *claim) repay(d *Division, tranche int, part loan.Component) {
	if x := min(c.left[part], d.Holders[tranche]); x > 0 {
		c.left[part] -= x
		d.Holders[tranche] -= x
		d.Add(c.payer, x)
	}
}

// moves lists payments and payouts in the order of their numbers, payments with the splits of a state.
func (l *Loan) moves(s *loan.State) ([]moved, error) {
	var list []moved
	for i := range l.Events {
		e := &l.Events[i]
		if e.Outcome == Applied && !l.reversed[e.ID] && (e.Kind == Settled || e.Kind == Repaid && e.Amount > 0) {
			list = append(list, moved{event: e})
		}
	}
	// A state has payments in the order of their dates.
	slices.SortStableFunc(list, func(a, b moved) int { return cmp.Compare(a.event.Date, b.event.Date) })
	n := 0
	for i := range s.Transactions {
		if s.Transactions[i].Entry != loan.Repaid {
			continue
		}
		if n == len(list) {
			return nil, fmt.Errorf("loan %s: the replay has more payments than there are events", l.Deed.Loan)
		}
		list[n].split = s.Transactions[i].Split
		n++
	}
	if n != len(list) {
		return nil, fmt.Errorf("loan %s: the replay has %d payments of %d", l.Deed.Loan, n, len(list))
	}
	for i := range l.Events {
		if e := &l.Events[i]; e.Kind == Covered && e.Outcome == Applied && !l.reversed[e.ID] {
			list = append(list, moved{e, e.Split})
		}
	}
	slices.SortFunc(list, func(a, b moved) int { return cmp.Compare(a.event.Number, b.event.Number) })
	return list, nil
}
