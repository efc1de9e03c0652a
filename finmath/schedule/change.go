package schedule

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
)

// Stop ends interest on a date: the rows from then on bear none, and the row of that date bears it until then.
func (p *Planner) Stop(on day.Date) { p.stop = &on }

// SetRate changes the annual rate from a date on, within or after the next row. The installment of that row and of the
// later ones is worked out again unless it is kept.
func (p *Planner) SetRate(from day.Date, rate *apd.Decimal, keep bool) error {
	f, err := amount.Decimal(rate)
	if err != nil {
		return bad("annual rate: %w", err)
	}
	if f.Cmp(MaxAnnualRate) > 0 {
		return bad("annual rate above 1000 (100,000%%)")
	}
	if n := len(p.changes); n > 0 && p.changes[n-1].from > from {
		return bad("the rate change of %s comes after one of %s", from, p.changes[n-1].from)
	}
	p.changes = append(p.changes, rateStep{from, f, keep})
	return nil
}

// HolidayInterest says what becomes of the interest of rows that a deferral puts in.
type HolidayInterest uint8

// What becomes of it.
const (
	HolidayDue     HolidayInterest = iota // it is due as ever
	HolidayCarried                        // it is due with the first row after the holiday
	HolidayFree                           // there is none
)

// Defer puts rows without principal before the next one, which, with all later ones, falls due so many periods later.
func (p *Planner) Defer(rows int, interest HolidayInterest) error {
	if rows < 1 || len(p.slots)+rows > MaxRows {
		return bad("a deferral by %d rows, take 1 to %d in all", rows, MaxRows)
	}
	old := p.slots[p.next:]
	dates := make([]day.Date, 0, len(old)+rows)
	for _, s := range old {
		dates = append(dates, s.nominal)
	}
	for k := 1; k <= rows; k++ {
		dates = append(dates, p.t.Due.Every.From(old[len(old)-1].nominal, k))
	}
	fresh, err := p.t.lay(old[0].from, dates)
	if err != nil {
		return err
	}
	for i := range fresh {
		if i < rows {
			fresh[i].kind, fresh[i].noPrincipal = Holiday, true
			fresh[i].deferInterest, fresh[i].free = interest == HolidayCarried, interest == HolidayFree
			continue
		}
		was := old[i-rows]
		fresh[i].noPrincipal, fresh[i].deferInterest = was.noPrincipal, was.deferInterest
		fresh[i].free, fresh[i].custom = was.free, was.custom
	}
	p.slots = append(p.slots[:p.next:p.next], fresh...)
	return nil
}

// Reschedule lays the rows from the next one on anew: the first falls due on a date, there are so many of them (0 keeps
// their number), and their installment is worked out again.
func (p *Planner) Reschedule(first day.Date, rows int) error {
	old := p.slots[p.next:]
	if rows == 0 {
		rows = len(old)
	}
	if rows < 1 || p.next+rows > MaxRows {
		return bad("a schedule of %d more rows, take 1 to %d in all", rows, MaxRows)
	}
	dates, err := calendar.Due{Start: old[0].from, First: &first, Every: p.t.Due.Every}.Dates(rows)
	if err != nil {
		return bad("%w", err)
	}
	fresh, err := p.t.lay(old[0].from, dates)
	if err != nil {
		return err
	}
	for i := range fresh {
		if i < len(old) {
			fresh[i].noPrincipal, fresh[i].deferInterest = old[i].noPrincipal, old[i].deferInterest
			fresh[i].free, fresh[i].custom = old[i].free, old[i].custom
		}
	}
	if list := p.t.Disbursements; list[len(list)-1].Date >= fresh[rows-1].to {
		return bad("the disbursement on %s does not lie before the last due date %s", list[len(list)-1].Date, fresh[rows-1].to)
	}
	p.slots = append(p.slots[:p.next:p.next], fresh...)
	p.dirty = true
	return nil
}

// Accrued is the interest that the next row bears until a day in its period, and until each of the days after it, so many
// in all, with what earlier rows have carried into it. The planner stays as it is.
func (p *Planner) Accrued(m Moves, on day.Date, days int) ([]int64, error) {
	c := p.Clone()
	s := &c.slots[c.next]
	if _, err := c.Begin(); err != nil {
		return nil, err
	}
	start := c.balance
	for _, x := range c.arrived {
		start -= x.Amount
	}
	if c.exact != nil && (!c.planned || c.dirty || len(c.arrived) > 0) {
		if err := c.plan(s, c.expected(s, start, c.arrived)); err != nil {
			return nil, err
		}
	}
	list := make([]int64, days)
	for i := range list {
		one := c.Clone()
		one.Stop(on + day.Date(i))
		_, interest, err := one.amounts(s, one.pieces(s, start, one.arrived, m.Changes))
		if err != nil {
			return nil, err
		}
		list[i] = interest + one.deferred
	}
	return list, nil
}
