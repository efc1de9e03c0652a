package catalog

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

// checker gathers what is wrong.
type checker struct{ faults Faults }

// want refuses a field unless a condition holds.
func (c *checker) want(ok bool, field, format string, args ...any) bool {
	if !ok {
		c.faults = append(c.faults, Fault{Field: field, Reason: fmt.Sprintf(format, args...)})
	}
	return ok
}

// at is a field of an entry of a list.
func at(list string, i int, field string) string { return fmt.Sprintf("%s[%d].%s", list, i, field) }

var (
	codePattern  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	labelPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9+-]*$`)
	assetPattern = regexp.MustCompile(`^[A-Z][A-Z0-9-]*$`)
	clockPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

// code refuses what is no code, or stands twice.
func (c *checker) code(field, code string, seen map[string]bool) {
	c.want(codePattern.MatchString(code) && len(code) <= 32, field, "want 1 to 32 characters a-z, 0-9 and single - between words, not %.40q", code)
	if seen != nil {
		c.want(!seen[code], field, "%q stands here twice", code)
		seen[code] = true
	}
}

func (c *checker) name(field string, n Name) {
	c.want(n.Zh != "" && len(n.Zh) <= 300, field+".zh", "want 1 to 300 bytes")
	c.want(n.En != "" && len(n.En) <= 300, field+".en", "want 1 to 300 bytes")
}

// Check says what is wrong with a product, beyond what its types allow. A product that passes makes an agreement for
// its smallest and largest amount at its shortest and longest terms.
func (p *Product) Check() Faults {
	c := &checker{}
	for _, check := range []func(*checker){
		p.checkSelf, p.checkTerms, p.checkRepayment, p.checkGiven, p.checkGrades, p.checkFees, p.checkPenalties, p.checkAllocation,
		p.checkLateness, p.checkDays, p.checkFunding, p.checkLosses, p.checkTransfer, p.checkDocuments,
	} {
		check(c)
	}
	c.faults = append(c.faults, p.checkRules()...)
	if len(c.faults) == 0 {
		p.checkRepays(c)
	}
	if len(c.faults) == 0 {
		p.try(c)
	}
	return c.faults
}

func (p *Product) checkSelf(c *checker) {
	c.want(p.Format == Format, "format", "this program reads the form %d", Format)
	c.code("code", p.Code, nil)
	c.name("name", p.Name)
	c.want(assetPattern.MatchString(p.Asset.Code) && len(p.Asset.Code) <= 12, "asset.code", "want a code such as CNY")
	c.want(p.Asset.Scale <= 6, "asset.scale", "want 0 to 6 digits")
	a := p.Amount
	c.want(a.Min > 0, "amount.min", "want at least one minor unit")
	c.want(a.Max >= a.Min, "amount.max", "it is below amount.min")
	if c.want(a.Step > 0, "amount.step", "want at least one minor unit") {
		c.want(a.Min%a.Step == 0, "amount.min", "it is no multiple of amount.step")
		c.want(a.Max%a.Step == 0, "amount.max", "it is no multiple of amount.step")
	}
}

// longest are 30 years.
var longest = map[Unit]int{InDays: 10_958, InWeeks: 1_566, InMonths: 360}

func (p *Product) checkTerms(c *checker) {
	c.want(len(p.Terms) > 0, "terms", "want at least one")
	for i, t := range p.Terms {
		c.want(t.Min > 0, at("terms", i, "min"), "want at least 1")
		c.want(t.Max >= t.Min && t.Max <= longest[t.Unit], at("terms", i, "max"), "want %d to %d %s", t.Min, longest[t.Unit], t.Unit)
		c.want(t.Step > 0, at("terms", i, "step"), "want at least 1")
		if t.Every > 0 {
			c.want(t.Min%t.Every == 0 && t.Step%t.Every == 0, at("terms", i, "every"), "min and step must be multiples of it, so that every term has whole periods")
			c.want(t.Max/t.Every <= schedule.MaxRows, at("terms", i, "every"), "the longest term would have more than %d rows", schedule.MaxRows)
		}
		if p.Repayment.Method == Bullet {
			c.want(t.Every == 0, at("terms", i, "every"), "a bullet loan has one due date: leave it out")
		}
		if p.Repayment.DueDay > 0 {
			c.want(t.Unit == InMonths && t.Every > 0, at("terms", i, "every"), "repayment.due_day needs terms in months with due dates every so many")
		}
	}
}

func (p *Product) checkRepayment(c *checker) {
	r := &p.Repayment
	c.want(r.DueDay <= 31, "repayment.due_day", "want 1 to 31")
	c.want(r.MinFirst <= 60 && (r.MinFirst == 0 || r.DueDay > 0), "repayment.min_first_days", "want at most 60, with due_day")
	rows := schedule.MaxRows
	for _, t := range p.Terms {
		if t.Every == 0 {
			rows = 1
		} else {
			rows = min(rows, t.Min/t.Every)
		}
	}
	c.want(r.Grace.Principal < rows, "repayment.grace.principal", "the shortest term has %d rows, and one of them must be left to pay in", rows)
	c.want(r.Grace.Interest < rows, "repayment.grace.interest", "the shortest term has %d rows, and one of them must be left to pay in", rows)
	c.want(r.Grace.InterestFree <= rows, "repayment.grace.interest_free", "the shortest term has %d rows", rows)
	c.want(r.DownPayment.Cmp(one) < 0, "repayment.down_payment", "want a share below 1")
	c.want(r.Rounding.Multiple <= p.Amount.Min, "repayment.rounding.installment_multiple", "it is above amount.min")
}

func (p *Product) checkGrades(c *checker) {
	c.want(len(p.Grades) > 0, "grades", "want at least one")
	seen := map[string]bool{}
	for i, g := range p.Grades {
		c.code(at("grades", i, "code"), g.Code, seen)
		c.want(g.Max == 0 || g.Max >= p.Amount.Min && g.Max <= p.Amount.Max, at("grades", i, "max"), "want an amount from amount.min to amount.max")
	}
}

func (p *Product) checkAllocation(c *checker) {
	for i, list := range [][]Component{p.Allocation.Due, p.Allocation.Advance} {
		seen := map[Component]bool{}
		for _, x := range list {
			seen[x] = true
		}
		name := [...]string{"due", "advance"}[i]
		c.want(len(list) == 4 && len(seen) == 4, "allocation."+name, "want each of penalty, fee, interest and principal once")
	}
	e := &p.Prepayment
	if !e.Recalculate {
		c.want(!e.OnDueDate, "prepayment.counts_on_due_date", "it says something only with recalculate: true")
		c.want(!e.OverdueBears, "prepayment.overdue_bears_interest", "it says something only with recalculate: true")
	}
}

func (p *Product) checkLateness(c *checker) {
	l := &p.Lateness
	c.want(l.CutOff == "" || clockPattern.MatchString(l.CutOff), "lateness.cut_off", "want a time of day such as 22:30, in quotes")
	c.want(len(l.Buckets) > 0 && len(l.Buckets) <= 30, "lateness.buckets", "want 1 to 30")
	seen := map[string]bool{}
	for i, b := range l.Buckets {
		c.want(labelPattern.MatchString(b.Code) && len(b.Code) <= 8 && !seen[b.Code], at("lateness.buckets", i, "code"), "want 1 to 8 letters, digits, + and -, each once")
		seen[b.Code] = true
		if i == 0 {
			c.want(b.From == 0, at("lateness.buckets", i, "from"), "the first bucket holds from 0 days on")
		} else {
			c.want(b.From > l.Buckets[i-1].From, at("lateness.buckets", i, "from"), "want more days than the bucket before")
		}
	}
}

func (p *Product) checkDays(c *checker) {
	d := &p.Days
	if d.Calendar != "" {
		c.want(labelPattern.MatchString(d.Calendar) && len(d.Calendar) <= maxCalendarCode, "business_days.calendar", "want 1 to %d letters, digits and -", maxCalendarCode)
	}
	seen := map[Weekday]bool{}
	for _, w := range d.Weekend {
		seen[w] = true
	}
	c.want(len(seen) == len(d.Weekend) && len(seen) < 7, "business_days.weekend", "want at most six days, each once")
	moves := d.Rule != "unadjusted"
	c.want(!moves || d.Calendar != "" || len(d.Weekend) > 0, "business_days.rule", "it needs a calendar or a weekend")
	c.want(moves || !d.MoveInterest, "business_days.move_interest", "it says something only with a rule that moves dates")
}

// try makes agreements at the ends of what the product offers: what finmath refuses is told here, not to a customer.
func (p *Product) try(c *checker) {
	p.ends(c, func(a *Application) error { return Works(p, a) })
}

// ends lets something be tried at the ends of what the product offers, until it fails.
func (p *Product) ends(c *checker, try func(a *Application) error) {
	for i, t := range p.Terms {
		last := t.Min + (t.Max-t.Min)/t.Step*t.Step
		for _, n := range []int{t.Min, last} {
			for _, x := range []Money{p.Amount.Min, p.Amount.Max} {
				for k, g := range p.Grades {
					if g.Max > 0 && x > g.Max {
						x = g.Max
					}
					a := &Application{Amount: int64(x), Term: Duration{N: n, Unit: t.Unit}, Grade: g.Code, Start: day.Of(2026, 1, 31)}
					if err := try(a); err != nil {
						c.want(errors.Is(err, errTold), fmt.Sprintf("terms[%d]", i), "%s at grade %s for %d %s does not work: %v", p.text(x), p.Grades[k].Code, n, t.Unit, err)
						return
					}
				}
			}
		}
	}
}

func (p *Product) attempt(a *Application) (*loan.State, error) {
	agreement, events, err := Contract(p, a)
	if err != nil {
		return nil, err
	}
	s, err := loan.Replay(agreement, events, a.Start)
	if err != nil {
		return nil, err
	}
	_, _, err = Payout(p, a.Amount)
	return s, err
}
