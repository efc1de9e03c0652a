package servicing

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Payout 代偿 is what somebody pays the holders in the borrower's place.
type Payout struct {
	ID    id.ID
	Payer string // account of who does so of his own accord; empty: those who have to by the contract
	Most  int64  // that he pays; 0: all that is past due
	Actor id.ID
}

// Cover pays the holders of this instant what is past due of interest and principal and was not paid out before. The
// borrower owes it as ever; what he pays next repays those who paid.
//
// By the contract, each pays as far as his limit and his money go, one rank after the other. What is left for want of
// money waits, if the product says so: see Serve.
func (s *Servicing) Cover(ctx context.Context, tenant, loanID id.ID, p Payout) (Event, error) {
	if p.Most < 0 {
		return Event{}, errs.Invalid.Errorf("%d, take 0 or more", p.Most).On("most")
	}
	a := &act{
		tenant: tenant, loan: loanID, asked: []any{p.Payer, p.Most},
		event: Event{ID: p.ID, Kind: Covered, Payer: p.Payer, Asked: p.Most, Actor: p.Actor},
		prepare: func(l *Loan, e *Event, today day.Date) (*loan.State, error) {
			if err := l.open(); err != nil {
				return nil, err
			}
			if p.Payer != "" {
				return nil, l.cover(e, today)
			}
			return nil, s.coverByContract(ctx, l, e, today)
		},
	}
	e, err := s.do(ctx, a)
	if err == nil && len(e.Waits) > 0 {
		err = s.serveAll(ctx, tenant, loanID, &e)
	}
	return e, err
}

// open refuses what is for loans of which something may be owed as agreed.
func (l *Loan) open() error {
	switch {
	case !l.paidOut():
		return WrongState.Errorf("the loan was not paid out yet")
	case l.Ended:
		return ended()
	case l.Lost:
		return WrongState.Errorf("the loan was written off: what comes now is recovered")
	}
	return nil
}

// uncovered is what is past due of interest and principal and was not paid out, with the days since the oldest due date.
func (l *Loan) uncovered(s *loan.State) (open loan.Split, days int, err error) {
	open, days = s.PastDue()
	claims, err := l.claims(s)
	if err != nil {
		return open, 0, err
	}
	for _, c := range claims {
		open[loan.Interest] -= c.left[loan.Interest]
		open[loan.Principal] -= c.left[loan.Principal]
	}
	return loan.Split{loan.Interest: max(open[loan.Interest], 0), loan.Principal: max(open[loan.Principal], 0)}, days, nil
}

// errNothing says that there is nothing to pay out.
func errNothing() error { return WrongState.Errorf("nothing is past due that was not paid out") }

// cover completes a payout of one payer: interest before principal, where it does not pay all.
func (l *Loan) cover(e *Event, today day.Date) error {
	state, err := l.Replay(max(today, l.last()))
	if err != nil {
		return err
	}
	open, _, err := l.uncovered(state)
	if err != nil {
		return err
	}
	if e.Amount = open.Total(); e.Asked > 0 {
		e.Amount = min(e.Amount, e.Asked)
	}
	if e.Amount == 0 {
		return errNothing()
	}
	e.Split[loan.Interest] = min(open[loan.Interest], e.Amount)
	e.Split[loan.Principal] = e.Amount - e.Split[loan.Interest]
	return nil
}

// claim is what a payer has paid out and was not repaid.
type claim struct {
	event uint32
	payer string
	left  loan.Split
}

// moved is money that reached the loan: a payment of the borrower, or a payout.
type moved struct {
	event *Event
	split loan.Split
}

// claimed are the components that are paid out, with their tranches, in the order in which they are.
var claimed = [...]struct {
	tranche int
	of      loan.Component
}{{toInterest, loan.Interest}, {toPrincipal, loan.Principal}}

// given is who gets what of one event's money.
type given struct {
	event    uint32
	division Division
}

// claims are the payouts of a state with what is not repaid of each.
func (l *Loan) claims(s *loan.State) ([]claim, error) {
	_, list, err := l.shares(s)
	return list, err
}

// shares divides all payments of a state, and all payouts, in the order in which they became known: a payment repays
// payouts that were known before it, the oldest first, component by component; the holders have the rest. A payout of more
// than is owed goes back. So does, once nothing is owed, what recoveries brought the holders beyond what was theirs.
func (l *Loan) shares(s *loan.State) (all []given, claims []claim, err error) {
	list, err := l.moves(s)
	if err != nil {
		return nil, nil, err
	}
	var paid loan.Split // by the borrower so far
	open, recovers := s.Outstanding(), false
	for i := range list {
		if list[i].event.Kind == Recovered {
			for c := range open {
				open[c] += list[i].split[c]
			}
		}
	}
	for _, m := range list {
		if m.event.Kind == Recovered && !recovers {
			// What is recovered repays payouts as the event says, whatever was owed of which component.
			giveBack(open, claims, all)
			recovers = true
		}
		if m.event.Kind == Covered {
			for _, p := range m.event.payers() {
				claims = append(claims, claim{m.event.Number, p.Account, p.Split})
			}
			all = append(all, given{m.event.Number, Division{
				Holders: [tranches]int64{toPrincipal: m.split[loan.Principal], toInterest: m.split[loan.Interest]},
			}})
			continue
		}
		var d Division
		if m.event.Kind == Recovered {
			for c := range open {
				open[c] -= m.split[c]
			}
			most := m.event.Claimed
			if s.Closed { // before that nobody knows what the holders will be owed: interest and penalties grow
				most = max(most, left(claims, loan.Interest)+left(claims, loan.Principal)-open.Total())
			}
			d = recovered(&m, claims, most)
		} else if d, err = l.contract.Divide(m.split); err != nil {
			return nil, nil, err
		} else if len(claims) > 0 {
			for _, part := range claimed {
				x := min(d.Holders[part.tranche], left(claims, part.of))
				if l.contract.Losses.ProRata {
					x = partOf(claims, part.of, d.Holders[part.tranche], dueBy(s, part.of, m.event.Date)-paid[part.of])
				}
				d.Holders[part.tranche] -= x
				repay(claims, part.of, x, &d)
			}
		}
		for c := range paid {
			paid[c] += m.split[c]
		}
		all = append(all, given{m.event.Number, d})
	}
	if !recovers || s.Closed {
		giveBack(open, claims, all)
	}
	return all, claims, nil
}

// giveBack gives those who paid out more than is owed, since an event counts from before or was reversed, what is too much:
// the latest payout first, those of one payout in proportion to what they are owed. Interest grows, and may be owed as principal now: it is too much once nothing is owed at all.
func giveBack(open loan.Split, claims []claim, all []given) {
	for _, part := range claimed {
		if part.of == loan.Interest && open.Total() > 0 {
			continue
		}
		excess := left(claims, part.of) - open[part.of]
		for _, payout := range slices.Backward(byPayout(claims)) {
			k := slices.IndexFunc(all, func(g given) bool { return g.event == payout[0].event })
			excess -= take(payout, part.of, excess, func(payer string, x int64) {
				all[k].division.Holders[part.tranche] -= x
				all[k].division.Add(payer, x)
			})
		}
	}
}

// byPayout are the claims of each payout, the oldest first.
func byPayout(claims []claim) (list [][]claim) {
	for from, i := 0, 1; i <= len(claims); i++ {
		if i == len(claims) || claims[i].event != claims[from].event {
			list, from = append(list, claims[from:i]), i
		}
	}
	return list
}

// take takes up to an amount of a component from the claims of a payout, in proportion to what they are owed, and says how
// much it was.
func take(payout []claim, c loan.Component, x int64, from func(payer string, x int64)) int64 {
	x = min(x, left(payout, c))
	if x <= 0 {
		return 0
	}
	weights := make([]int64, len(payout))
	for i := range payout {
		weights[i] = payout[i].left[c]
	}
	for i, part := range divide(x, weights) {
		payout[i].left[c] -= part
		from(payout[i].payer, part)
	}
	return x
}

// left is what of a component is not repaid to those who paid it out.
func left(claims []claim, c loan.Component) (sum int64) {
	for i := range claims {
		sum += claims[i].left[c]
	}
	return sum
}

// dueBy is what a schedule asks for of a component until a day.
func dueBy(s *loan.State, c loan.Component, on day.Date) (sum int64) {
	for i := range s.Rows {
		if r := &s.Rows[i]; r.Row.Due <= on {
			sum += r.Due()[c]
		}
	}
	return sum
}

// partOf is what those who paid out have of a payment, in proportion to what they are owed of all that is owed. A part of
// a cent is the holders'.
func partOf(claims []claim, c loan.Component, x, owed int64) int64 {
	all := left(claims, c)
	if owed = max(owed, all); owed == 0 || x <= 0 {
		return 0
	}
	part, err := amount.Down.MulDiv(x, uint64(all), uint64(owed))
	if err != nil {
		return min(x, all) // not with amounts of one loan
	}
	return min(part, all)
}

// repay gives an amount of a component to those who paid it out, the oldest payout first, those of one payout in
// proportion to what they are owed.
func repay(claims []claim, c loan.Component, x int64, d *Division) {
	for _, payout := range byPayout(claims) {
		x -= take(payout, c, x, d.Add)
	}
}

// recovered divides what was recovered: to those who paid for the borrower so much at most, as far as their claims
// go; the rest is the holders'.
func recovered(m *moved, claims []claim, most int64) (d Division) {
	rest := m.split.Total()
	for _, part := range claimed {
		x := min(rest, left(claims, part.of), most-sumOf(&d))
		repay(claims, part.of, x, &d)
		rest -= x
	}
	d.Holders[toPrincipal] = min(rest, m.split[loan.Principal])
	rest -= d.Holders[toPrincipal]
	d.Holders[toInterest] = min(rest, m.split[loan.Interest])
	d.Holders[toCharge] = rest - d.Holders[toInterest]
	return d
}

// sumOf is what single accounts get.
func sumOf(d *Division) (sum int64) {
	for _, p := range d.Parts {
		sum += p.Amount
	}
	return sum
}

// moves lists payments and payouts in the order of their numbers, payments with the splits of a state.
func (l *Loan) moves(s *loan.State) ([]moved, error) {
	var list []moved
	for i := range l.Events {
		e := &l.Events[i]
		if e.Outcome == Applied && !l.reversed[e.ID] && (e.Kind == Settled || (e.Kind == Repaid || e.Kind == Recovered) && e.Amount > 0) {
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
