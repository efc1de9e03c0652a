package catalog

import (
	"errors"
	"math"
	"strconv"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/cost"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/rate"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

// Simulation is what a loan would be if everybody pays on time. Amounts are minor units.
type Simulation struct {
	Schedule []SimulatedRow `json:"schedule"`
	Flows    []Flow         `json:"flows"` // of all parties, by date; on each date they sum to zero
	Totals   []Total        `json:"totals"`
	Cost     *AllInCost     `json:"all_in_cost,omitempty"` // none where no rate exists
}

// SimulatedRow is a row of the schedule.
type SimulatedRow struct {
	N         int    `json:"n"`
	Due       string `json:"due"`
	Principal Money  `json:"principal"`
	Interest  Money  `json:"interest"`
	Fee       Money  `json:"fee"`
	Total     Money  `json:"total"`
	Balance   Money  `json:"balance"`
}

// Flow is an amount that a party receives on a date; below zero it pays.
type Flow struct {
	Date   string `json:"date"`
	Party  string `json:"party"` // borrower, investors, platform, reserve, guarantors
	Amount Money  `json:"amount"`
	For    string `json:"for"` // principal, interest, or the code of a fee
}

// Total is what a party receives in all, and the tax that is contained in it.
type Total struct {
	Party  string `json:"party"`
	Amount Money  `json:"amount"`
	Tax    Money  `json:"tax,omitempty"`
}

// AllInCost is what the loan costs the borrower with all fees, in percent a year with 4 digits.
type AllInCost struct {
	Effective string `json:"effective_percent"`
	Nominal   string `json:"nominal_percent"`
	Paid      Money  `json:"paid"` // more paid than received
}

// parties are those between whom money flows, in the order in which they are shown.
var parties = []string{"borrower", "investors", "platform", "reserve", "guarantors"}

// simulator gathers the flows of a loan.
type simulator struct {
	p     *Product
	class string
	flows []Flow
	tax   map[string]Money
}

// Simulate makes the contract of an application and lets everybody pay on time; all investors are of one class ("" for
// none).
func Simulate(p *Product, a *Application, class string) (*Simulation, error) {
	agreement, events, err := Contract(p, a)
	if err != nil {
		return nil, err
	}
	if class != "" && !p.hasClass(class) {
		return nil, errs.Invalid.Errorf("no fee of %s has a rate for the class %.32q", p.Code, class).On("class")
	}
	state, err := loan.Replay(agreement, events, a.Start)
	if err != nil {
		return nil, err
	}
	s := &simulator{p: p, class: class, tax: map[string]Money{}}
	if err := s.payOut(a); err != nil {
		return nil, err
	}
	sim := &Simulation{}
	for i := range state.Rows {
		r := &state.Rows[i].Row
		sim.Schedule = append(sim.Schedule, SimulatedRow{
			N: r.N, Due: r.Due.String(), Principal: Money(r.Principal), Interest: Money(r.Interest), Fee: Money(r.Fee),
			Total: Money(r.Total()), Balance: Money(r.Balance),
		})
		if err := s.repay(a.Amount, r); err != nil {
			return nil, err
		}
	}
	sim.Flows, sim.Totals = s.flows, s.totals()
	sim.Cost, err = s.cost(p.yearly(a.Term))
	return sim, err
}

func (p *Product) hasClass(class string) bool {
	for i := range p.Fees {
		for _, c := range p.Fees[i].Classes {
			if c.Class == class {
				return true
			}
		}
	}
	return false
}

// yearly is how many periods of a term a year has.
func (p *Product) yearly(d Duration) int {
	_, every, err := p.period(d)
	if err != nil {
		return 1
	}
	if m := every.Months(); m > 0 {
		return max(12/m, 1)
	}
	days := every.N
	if d.Unit == InWeeks {
		days *= 7
	}
	return max(365/days, 1)
}

// move lets an amount go from one party to another.
func (s *simulator) move(on day.Date, from, to string, x int64, what string) {
	if x == 0 {
		return
	}
	s.flows = append(s.flows,
		Flow{Date: on.String(), Party: from, Amount: Money(-x), For: what}, Flow{Date: on.String(), Party: to, Amount: Money(x), For: what})
}

// charge lets a fee go from who pays it to those who share it.
func (s *simulator) charge(on day.Date, from string, f *Fee, x int64) error {
	parts, err := Divide(x, f.Shares, ToPlatform)
	if err != nil {
		return err
	}
	for _, part := range parts {
		s.move(on, from, string(part.To), part.Amount, f.Code)
		tax, err := f.TaxIn(part.Amount)
		if err != nil {
			return err
		}
		s.tax[string(part.To)] += Money(tax)
	}
	return nil
}

func (s *simulator) payOut(a *Application) error {
	s.move(a.Start, "investors", "borrower", a.Amount, "principal")
	_, fees, err := Payout(s.p, a.Amount)
	if err != nil {
		return err
	}
	for _, f := range fees {
		if err := s.charge(a.Start, "borrower", f.Fee, f.Amount); err != nil {
			return err
		}
	}
	return nil
}

// repay lets a row be paid and its fees go where they belong.
func (s *simulator) repay(lent int64, r *schedule.Row) error {
	on, base := r.Due, baseOf(lent, r)
	s.move(on, "borrower", "investors", r.Principal, "principal")
	s.move(on, "borrower", "investors", r.Interest, "interest")
	for _, f := range s.p.installmentFees(r) {
		x, err := f.On(base, "")
		if err == nil {
			err = s.charge(on, "borrower", f, x)
		}
		if err != nil {
			return err
		}
	}
	for _, f := range s.p.FeesAt(AtPayment, FeeByInvestor) {
		x, err := f.On(base, s.class)
		if err == nil {
			err = s.charge(on, "investors", f, min(x, r.Principal+r.Interest))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *simulator) totals() []Total {
	sums := map[string]Money{}
	for _, f := range s.flows {
		sums[f.Party] += f.Amount
	}
	list := make([]Total, len(parties))
	for i, party := range parties {
		list[i] = Total{Party: party, Amount: sums[party], Tax: s.tax[party]}
	}
	return list
}

func (s *simulator) cost(yearly int) (*AllInCost, error) {
	var flows []cost.Flow
	for _, f := range s.flows {
		if f.Party != "borrower" {
			continue
		}
		on, err := day.Parse(f.Date)
		if err != nil {
			return nil, err
		}
		flows = append(flows, cost.Flow{Date: on, Amount: int64(f.Amount)})
	}
	c, err := cost.Of(flows, daycount.Act365Fixed, yearly)
	if errors.Is(err, rate.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &AllInCost{Effective: percent(c.Effective), Nominal: percent(c.Nominal), Paid: Money(c.Paid)}, nil
}

func percent(x float64) string { return strconv.FormatFloat(math.Round(x*1e6)/1e4, 'f', 4, 64) }

// Decimal writes an amount in the product's asset, without its code.
func (p *Product) Decimal(x Money) string { return amount.Format(int64(x), p.Asset.Scale) }
