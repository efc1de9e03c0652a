package servicing

import (
	"context"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// coverByContract completes a payout of those who have to pay: each as far as his part, his limit and his money go.
func (s *Servicing) coverByContract(ctx context.Context, l *Loan, e *Event, today day.Date) error {
	losses := &l.contract.Losses
	state, err := l.Replay(max(today, l.last()))
	if err != nil {
		return err
	}
	open, days, err := l.uncovered(state)
	if err != nil {
		return err
	}
	switch {
	case len(losses.Payers) == 0:
		return WrongState.Errorf("nobody pays in the borrower's place: the holders bear the loss")
	case losses.InstallmentAfter == 0:
		return WrongState.Errorf("the product pays out no installments")
	case days < losses.InstallmentAfter:
		return WrongState.Errorf("an installment is paid out from %d days past due on; it is %d", losses.InstallmentAfter, days)
	}
	all := open.Total()
	if e.Asked > 0 {
		all = min(all, e.Asked)
	}
	if all == 0 {
		return errNothing()
	}
	can, err := s.money(ctx, l)
	if err != nil {
		return err
	}
	claims, err := l.claims(state)
	if err != nil {
		return err
	}
	pays, short := losses.pay(all, can, claims)
	e.set(losses, pays, open[loan.Interest])
	if rest := all - e.Amount; rest > 0 && losses.Queue {
		if e.Waits, err = s.waits(ctx, l, short, rest); err != nil {
			return err
		}
	}
	if e.Amount == 0 {
		e.Outcome = Waiting
		if len(e.Waits) == 0 {
			return WrongState.Errorf("nobody who has to pay can: the limits are used up, or there is no money and nothing waits for it")
		}
	}
	return nil
}

// money is what each payer of a loan has. One for whose money other loans wait has none for this one: its turn comes by
// its due date.
func (s *Servicing) money(ctx context.Context, l *Loan) (map[string]int64, error) {
	can, err := s.available(ctx, l.Ledger, l.contract.Losses.Payers)
	if err != nil || !l.contract.Losses.Queue {
		return can, err
	}
	for account, x := range can {
		if x == 0 || !s.lines.waits(l.Tenant, l.Ledger, account) {
			continue
		}
		line, err := s.line(ctx, l.Tenant, &Service{Ledger: l.Ledger, Account: account})
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(line, func(i id.ID) bool { return i != l.Deed.Loan }) {
			can[account] = 0
		}
	}
	return can, nil
}

// pay says what each payer pays of an amount, and what he lacks the money for.
func (x *Losses) pay(all int64, can map[string]int64, claims []claim) (pays, short []int64) {
	pays, short = make([]int64, len(x.Payers)), make([]int64, len(x.Payers))
	left := all
	for i := 0; i < len(x.Payers) && left > 0; {
		k := i
		var weights []int64
		for ; k < len(x.Payers) && x.Payers[k].Rank == x.Payers[i].Rank; k++ {
			weights = append(weights, max(x.Payers[k].Weight, 1))
		}
		for n, part := range divide(left, weights) {
			p := &x.Payers[i+n]
			part = min(part, p.room(claims))
			pays[i+n] = min(part, can[p.Account])
			short[i+n] = part - pays[i+n]
		}
		for ; i < k; i++ {
			left -= pays[i]
		}
	}
	return pays, short
}

// room is how much more a payer has to pay for a loan at most.
func (p *Payer) room(claims []claim) int64 {
	if p.Limit == 0 {
		return maxAmount
	}
	room := p.Limit
	for i := range claims {
		if claims[i].payer == p.Account {
			room -= claims[i].left.Total()
		}
	}
	return max(room, 0)
}

// set notes who pays what. Interest is paid before principal, in the same proportion by everybody.
func (e *Event) set(x *Losses, pays []int64, interest int64) {
	for _, p := range pays {
		e.Amount += p
	}
	if e.Amount == 0 {
		return
	}
	e.Split[loan.Interest] = min(interest, e.Amount)
	e.Split[loan.Principal] = e.Amount - e.Split[loan.Interest]
	for i, part := range divide(e.Split[loan.Interest], pays) {
		if pays[i] > 0 {
			e.Payers = append(e.Payers, PayerPart{x.Payers[i].Account, loan.Split{loan.Interest: part, loan.Principal: pays[i] - part}})
		}
	}
	e.Payer = e.Payers[0].Account
}

// waits is what waits for whose money: no more in all than nobody has paid.
func (s *Servicing) waits(ctx context.Context, l *Loan, short []int64, rest int64) (list []Wait, err error) {
	for i, x := range short {
		if x = min(x, rest); x == 0 {
			continue
		}
		account := l.contract.Losses.Payers[i].Account
		line, err := s.line(ctx, l.Tenant, &Service{Ledger: l.Ledger, Account: account})
		if err != nil {
			return nil, err
		}
		if len(line) >= maxLine {
			return nil, errs.Overloaded.Errorf("%d loans wait for the money of %s: no more do before it has some", maxLine, account)
		}
		list = append(list, Wait{account, x})
		rest -= x
	}
	return list, nil
}

// waiting is what still waits for the money of an account: of the last payout that left something waiting, what was
// not paid from there since, and the date of that payout, 0 if there is none.
func (l *Loan) waiting(account string) (sum int64, since day.Date) {
	for i := range l.Events {
		e := &l.Events[i]
		if e.Kind != Covered || l.reversed[e.ID] || e.Outcome != Applied && e.Outcome != Waiting {
			continue
		}
		for _, p := range e.payers() {
			if p.Account == account {
				sum = max(0, sum-p.Split.Total())
			}
		}
		for _, w := range e.Waits {
			if w.Account == account {
				sum, since = w.Amount, e.Date
			}
		}
	}
	return sum, since
}

// distributions let each payer of an event pay the holders his part.
func (l *Loan) distributions(e *Event) (list []ledger.Operation) {
	for _, p := range e.Payers {
		list = append(list, &ledger.Distribute{
			Register: l.Places.Register, Payer: p.Account, Deductions: l.contract.Deductions,
			Amounts: []int64{toPrincipal: p.Split[loan.Principal], toInterest: p.Split[loan.Interest], toCharge: 0},
		})
	}
	return list
}

// serveAll lets the payers for whose money something waits pay what they can: others may have waited before.
func (s *Servicing) serveAll(ctx context.Context, tenant, loanID id.ID, e *Event) error {
	l, err := s.Get(ctx, tenant, loanID)
	if err != nil {
		return err
	}
	for i, w := range e.Waits {
		if _, err := s.Serve(ctx, tenant, Service{ID: e.ID.Derive("lending.serve", uint64(i)), Ledger: l.Ledger, Account: w.Account, Actor: e.Actor}); err != nil {
			return err
		}
	}
	return nil
}
