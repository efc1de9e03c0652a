package catalog

import (
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

// Application is what is asked for under a product. Its dates are those of the ledger's zone.
type Application struct {
	Amount int64
	Term   Duration
	Grade  string
	Start  day.Date // when it is paid out; interest runs from here
	Part   bool     // the amount is a part of what was applied for: the rest was not funded
	// Holidays and Workdays are those of the product's calendar, as they are known; they move due dates only where the
	// product says so.
	Holidays, Workdays []day.Date
}

// Duration is a number of days, weeks or months.
type Duration struct {
	N    int
	Unit Unit
}

// Agreement turns a product and an application into finmath's terms. Whoever needs figures of a loan, before or after
// it exists, goes through here: the same product and application give the same agreement.
func Agreement(p *Product, a *Application) (loan.Agreement, error) {
	grade, err := p.admit(a)
	if err != nil {
		return loan.Agreement{}, err
	}
	terms, err := p.terms(a, grade)
	if err != nil {
		return loan.Agreement{}, err
	}
	allocation := loan.Allocation{
		Due: order(p.Allocation.Due), Advance: order(p.Allocation.Advance),
		FromLast: p.Allocation.FromLast, ComponentFirst: p.Allocation.ComponentFirst,
	}
	if p.Allocation.PastDueFirst {
		allocation.Steps = loan.PastDueThenDueAdvance
	}
	agreement := loan.Agreement{
		Terms: terms, Allocation: allocation, Late: p.late(),
		Payoff: payoffs[p.Prepayment.PayoffInterest], AutoDownPayment: !p.Repayment.DownPayment.IsZero(),
	}
	if e := p.Prepayment; e.Recalculate {
		agreement.Recalculation = loan.Recalculation{On: true, Strategy: strategies[e.Strategy], EarlyOnDueDate: e.OnDueDate, NoOverdue: !e.OverdueBears}
	}
	return agreement, nil
}

// admit finds the grade and refuses what the product does not offer.
func (p *Product) admit(a *Application) (*Grade, error) {
	x := p.Amount
	if fits := a.Part && a.Amount > 0 || Money(a.Amount) >= x.Min && Money(a.Amount)%x.Step == 0; !fits || Money(a.Amount) > x.Max {
		return nil, errs.Invalid.Errorf("%s lends %s to %s in steps of %s, not %s", p.Code, p.text(x.Min), p.text(x.Max), p.text(x.Step), p.text(Money(a.Amount))).On("amount")
	}
	if a.Start < day.Min || a.Start > day.Max {
		return nil, errs.Invalid.Errorf("want a date from %s to %s", day.Min, day.Max).On("start")
	}
	for i := range p.Grades {
		g := &p.Grades[i]
		if g.Code != a.Grade {
			continue
		}
		if g.Max > 0 && Money(a.Amount) > g.Max {
			return nil, errs.Invalid.Errorf("at grade %s %s lends at most %s", g.Code, p.Code, p.text(g.Max)).On("amount")
		}
		return g, nil
	}
	return nil, errs.Invalid.Errorf("%s has no grade %.32q", p.Code, a.Grade).On("grade")
}

// text is an amount as people write it.
func (p *Product) text(x Money) string {
	return amount.Format(int64(x), p.Asset.Scale) + " " + p.Asset.Code
}

// period finds the number of rows and the period between them.
func (p *Product) period(d Duration) (rows int, every calendar.Frequency, err error) {
	for _, t := range p.Terms {
		if t.Unit != d.Unit || d.N < t.Min || d.N > t.Max || (d.N-t.Min)%t.Step != 0 {
			continue
		}
		if t.Every == 0 {
			return 1, calendar.Frequency{N: d.N, Unit: units[d.Unit]}, nil
		}
		return d.N / t.Every, calendar.Frequency{N: t.Every, Unit: units[d.Unit]}, nil
	}
	return 0, calendar.Frequency{}, errs.Invalid.Errorf("%s is not lent for %d %.16s", p.Code, d.N, d.Unit).On("term")
}

func (p *Product) terms(a *Application, grade *Grade) (schedule.Terms, error) {
	rows, every, err := p.period(a.Term)
	if err != nil {
		return schedule.Terms{}, err
	}
	holidays, err := p.Days.calendar(a.Holidays, a.Workdays)
	if err != nil {
		return schedule.Terms{}, errs.Invalid.Errorf("%v", err).On("holidays")
	}
	count, err := daycount.Parse(string(p.Repayment.DayCount))
	if err != nil {
		return schedule.Terms{}, err
	}
	r := &p.Repayment
	t := schedule.Terms{
		Principal: a.Amount, AnnualRate: grade.Rate.Decimal(), Installments: rows, Method: methods[r.Method],
		Due:      calendar.Due{Start: a.Start, Every: every},
		Calendar: holidays, Rule: dayRules[p.Days.Rule], MoveInterest: p.Days.MoveInterest,
		Interest: schedule.Interest{Basis: bases[r.Basis], DayCount: count},
		Grace:    schedule.Grace{Principal: r.Grace.Principal, InterestPayment: r.Grace.Interest, InterestFree: r.Grace.InterestFree},
		Rounding: schedule.Rounding{
			Mode: r.Rounding.Mode.mode(), Multiple: int64(r.Rounding.Multiple), InstallmentMode: r.Rounding.By.mode(),
			Residual: residuals[r.Rounding.Residual], CarryInterest: r.Rounding.Carry,
		},
	}
	if !r.DownPayment.IsZero() {
		t.DownPayment = r.DownPayment.Decimal()
	}
	if r.DueDay > 0 {
		p.onDay(&t.Due)
		t.Interest.FirstByDays = true
	}
	if err := r.given(&t); err != nil {
		return schedule.Terms{}, err
	}
	return t, t.Check()
}

// onDay puts due dates on the product's day of the month: the first so many days after the start as it asks for. A seed
// of a month with 31 days before it keeps the 31st for the months that have one.
func (p *Product) onDay(due *calendar.Due) {
	y, m, _ := due.Start.Civil()
	seed := day.Of(y-1, 12, p.Repayment.DueDay)
	for k := m; ; k++ {
		first := seed.AddMonths(k)
		if first > due.Start && int(first-due.Start) >= p.Repayment.MinFirst {
			due.First, due.Seed = &first, &seed
			return
		}
	}
}

func (d *Days) calendar(holidays, workdays []day.Date) (*calendar.Calendar, error) {
	if d.Rule == "unadjusted" {
		return nil, nil
	}
	if d.Calendar == "" {
		holidays, workdays = nil, nil
	}
	weekend := weekdaysOf(d.Weekend)
	return calendar.New(weekend, holidays, workdays)
}

// late are the penalties as finmath counts them.
func (p *Product) late() []loan.PenaltyRule {
	var rules []loan.PenaltyRule
	for i := range p.Penalties {
		x := &p.Penalties[i]
		rules = append(rules, loan.PenaltyRule{
			Kind: penaltyKinds[x.Kind], Amount: int64(x.Amount), Rate: x.Rate.Decimal(), PerYear: perYear[x.Per], Base: penaltyBases[x.Of],
			GraceDays: x.GraceDays, Cap: int64(x.Cap), CapShare: x.CapShare.Decimal(), Rounding: x.Mode.mode(),
		})
	}
	return rules
}

func order(list []Component) (o loan.Order) {
	for i, c := range list {
		o[i] = components[c]
	}
	return o
}
