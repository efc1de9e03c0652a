package schedule

import (
	"slices"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
)

// Planner makes the rows of a schedule one after the other. Between two rows its user may change what is to come.
type Planner struct {
	t       *Terms
	rate    amount.Fraction
	changes []rateStep
	slots   []slot
	first   slot // the first period as it was, for FirstRate
	open    bool // the number of rows is not given

	next        int   // the slot of the next row
	paidOut     int   // disbursements that have arrived
	balance     int64 // principal after the rows so far, by the plan
	lent        int64 // principal that Flat counts interest on
	installment int64 // or the principal of a row, for EqualPrincipal and Flat
	planned     bool
	dirty       bool  // the installment must be worked out again
	deferred    int64 // interest of rows in grace
	interests   int64 // of the rows so far
	bullet      int64 // interest of a bullet so far
	flatSum     amount.Fraction
	flatBefore  int64
	exact       *exactPlan
	arrived     []Change  // disbursements counted in for the next row
	stop        *day.Date // no interest from then on
	cuts        []Change  // room for pieces
	list        []piece
	made        []Row // and for rows
	trial       bool  // a rehearsal for smoothing: no other inside of it
}

type rateStep struct {
	from day.Date
	rate amount.Fraction
	keep bool
}

// Change is a change of the balance that bears interest in a row, from a date on, beside what the planner knows itself:
// principal that is overdue (positive) until it is paid, money that came early (negative).
type Change struct {
	Date   day.Date
	Amount int64
}

// Moves is what happened in the period of a row.
type Moves struct {
	Changes []Change
	Early   int64 // principal that was paid before the due date: the row has at least that much
}

// New makes a planner that stands before the first row.
func New(t Terms) (*Planner, error) {
	if err := t.Check(); err != nil {
		return nil, err
	}
	if len(t.Disbursements) == 0 {
		t.Disbursements = []Disbursement{{t.Due.Start, t.Principal}}
	}
	p := &Planner{t: &t, open: t.Installments == 0}
	if t.AnnualRate != nil {
		p.rate, _ = amount.Decimal(t.AnnualRate)
	}
	for _, c := range t.RateChanges {
		rate, _ := amount.Decimal(c.AnnualRate)
		p.changes = append(p.changes, rateStep{c.From, rate, c.KeepInstallment})
	}
	var err error
	if p.slots, err = t.slots(); err != nil {
		return nil, err
	}
	p.first = p.slots[0]
	if last := t.Disbursements[len(t.Disbursements)-1].Date; last >= p.slots[len(p.slots)-1].to {
		return nil, bad("the disbursement on %s does not lie before the last due date %s", last, p.slots[len(p.slots)-1].to)
	}
	if t.Rounding.CarryInterest {
		p.exact = &exactPlan{}
	}
	return p, nil
}

// Clone copies the planner, so that a trial leaves it as it is. Slots are shared: a change of the plan lays new ones.
func (p *Planner) Clone() *Planner {
	c := *p
	c.exact = p.exact.clone()
	c.changes = slices.Clone(p.changes)
	c.arrived = slices.Clone(p.arrived)
	c.cuts, c.list, c.made = nil, nil, nil
	return &c
}

// Done says whether there are no more rows: everything was planned, or nothing is left.
func (p *Planner) Done() bool {
	if p.next >= len(p.slots) {
		return true
	}
	return p.next > 0 && p.balance == 0 && p.deferred == 0 && p.bullet == 0 && p.paidOut == len(p.t.Disbursements) &&
		(p.t.Method != Flat || p.stop != nil)
}

// Period is the period of the next row and its due date. Done must be false.
func (p *Planner) Period() (from, to, due day.Date) {
	s := p.slots[p.next]
	return s.from, s.to, s.due
}

// Balance is the principal that is left after the rows so far, without disbursements to come.
func (p *Planner) Balance() int64 { return p.balance }

// Installment is the installment as it was worked out last: principal and interest for EqualInstallment and
// FixedInstallment, principal alone for EqualPrincipal and Flat, 0 for the others.
func (p *Planner) Installment() int64 { return p.installment }

// unit is what amounts are multiples of.
func (p *Planner) unit() int64 { return max(p.t.Rounding.MoneyMultiple, 1) }

// installmentUnit is what installments are multiples of.
func (p *Planner) installmentUnit() int64 { return p.t.Rounding.installmentUnit() }

// Begin counts in the disbursements of the next row's period and gives the rows of their down payments. Row does it by
// itself, if it wasn't done. Done must be false.
func (p *Planner) Begin() ([]Row, error) {
	rows, arrived, err := p.arrivals(&p.slots[p.next])
	if err != nil {
		return nil, err
	}
	p.arrived = append(p.arrived, arrived...)
	return rows, nil
}

// Row makes the next row, after the rows of down payments that fall into its period. Done must be false. They stand until it
// makes the next ones.
func (p *Planner) Row(m Moves) ([]Row, error) {
	s := &p.slots[p.next]
	rows, err := p.Begin()
	if err != nil {
		return nil, err
	}
	arrived := p.arrived
	p.arrived = nil
	start := p.balance
	for _, c := range arrived {
		start -= c.Amount
	}
	if !p.planned || p.dirty || len(arrived) > 0 || p.newRate(s) {
		if err := p.plan(s, p.expected(s, start, arrived)); err != nil {
			return nil, err
		}
	}
	pieces := p.pieces(s, start, arrived, m.Changes)
	principal, interest, err := p.amounts(s, pieces)
	if err != nil {
		return nil, err
	}
	principal = min(max(principal, m.Early), p.balance)
	if principal == p.balance && p.open && p.next == len(p.slots)-1 {
		return nil, bad("the installment does not repay the principal within %d rows", openEnd)
	}
	p.balance -= principal
	p.next++
	row := Row{Kind: s.kind, From: s.from, Due: s.due, Nominal: s.nominal, Principal: principal, Balance: p.balance}
	row.Interest = p.due(s, interest)
	if p.interests += row.Interest; p.interests > amount.Max-p.deferred {
		return nil, bad("interest of all rows: %w", amount.ErrRange)
	}
	p.made = append(append(p.made[:0], rows...), row)
	return p.made, nil
}

// arrivals counts the disbursements of a slot in and makes the rows of their down payments.
func (p *Planner) arrivals(s *slot) (rows []Row, changes []Change, err error) {
	list := p.t.Disbursements
	for ; p.paidOut < len(list) && list[p.paidOut].Date < s.to; p.paidOut++ {
		d := list[p.paidOut]
		down, err := p.t.Down(d.Amount)
		if err != nil {
			return nil, nil, err
		}
		p.balance += d.Amount
		if down > 0 {
			p.balance -= down
			rows = append(rows, Row{Kind: DownPayment, From: d.Date, Due: d.Date, Nominal: d.Date, Principal: down, Balance: p.balance})
		}
		p.lent += d.Amount - down
		changes = append(changes, Change{d.Date, d.Amount - down})
	}
	return rows, changes, nil
}

// expected are the pieces of a slot as they were agreed, whatever money came early or late.
func (p *Planner) expected(s *slot, start int64, arrived []Change) []piece {
	stop := p.stop
	p.stop = nil
	list := p.pieces(s, start, arrived, nil)
	p.stop = stop
	return list
}

// pieces cuts a slot where the balance or the rate changes. Flat interest is on what was lent, so that only money lent
// within the slot changes it.
func (p *Planner) pieces(s *slot, start int64, arrived, others []Change) []piece {
	end := s.to
	if p.stop != nil {
		end = min(end, max(*p.stop, s.from))
	}
	if p.t.Method == Flat {
		start, others = p.lent, nil
		for _, c := range arrived {
			start -= c.Amount
		}
	}
	cuts := p.cuts[:0]
	for _, list := range [2][]Change{arrived, others} {
		for _, c := range list {
			cuts = append(cuts, Change{min(max(c.Date, s.from), end), c.Amount})
		}
	}
	for _, c := range p.changes {
		if c.from > s.from && c.from < end {
			cuts = append(cuts, Change{c.from, 0})
		}
	}
	if len(cuts) > 1 {
		slices.SortStableFunc(cuts, func(a, b Change) int { return int(a.Date - b.Date) })
	}
	p.cuts = cuts
	return p.cut(s, start, end, cuts)
}

// cut makes the pieces between sorted cuts; cuts of one day whose amounts cancel and that change no rate cut nothing.
func (p *Planner) cut(s *slot, start int64, end day.Date, cuts []Change) []piece {
	at, list := s.from, p.list[:0]
	for i := 0; i < len(cuts); {
		date, sum := cuts[i].Date, int64(0)
		for ; i < len(cuts) && cuts[i].Date == date; i++ {
			sum += cuts[i].Amount
		}
		if date > at && (sum != 0 || !p.rateOn(date).Equal(p.rateOn(at))) {
			list = append(list, piece{start, p.factor(s, at, date)})
			at = date
		}
		start += sum
	}
	if end > at || len(list) == 0 {
		list = append(list, piece{start, p.factor(s, at, end)})
	}
	p.list = list
	return list
}

func (p *Planner) newRate(s *slot) bool {
	for _, c := range p.changes {
		if c.from >= s.from && c.from < s.to && !c.keep {
			return true
		}
	}
	return false
}

// rounded is the interest of pieces: each is rounded, then they are added.
func (p *Planner) rounded(pieces []piece, more int64) (int64, error) {
	sum, unit := int64(0), p.unit()
	for _, x := range pieces {
		f := x.f
		if unit > 1 {
			f = f.Times(1, uint64(unit))
		}
		v, err := f.Apply(max(x.balance+more, 0), p.t.Rounding.Mode)
		if err != nil || v > maxAmount/unit || sum > maxAmount {
			return 0, bad("interest: %w", amount.ErrRange)
		}
		sum += v * unit
	}
	return sum, nil
}

// sumOf is the exact interest of pieces.
func sumOf(pieces []piece) amount.Fraction {
	var sum amount.Fraction
	for _, x := range pieces {
		if x.balance > 0 {
			sum = sum.Plus(x.f.Times(uint64(x.balance), 1))
		}
	}
	return sum
}

// roundOnce rounds an exact sum.
func (p *Planner) roundOnce(sum amount.Fraction) (int64, error) {
	unit := p.unit()
	v, err := p.t.Rounding.Mode.Rat(sum.Rat(), unit)
	if err != nil || v > maxAmount {
		return 0, bad("interest: %w", amount.ErrRange)
	}
	return v, nil
}

// due is the interest that a row asks for, given what it bears.
func (p *Planner) due(s *slot, interest int64) int64 {
	last := p.next == len(p.slots) || p.balance == 0 && p.paidOut == len(p.t.Disbursements)
	switch p.t.Method {
	case BulletSimple, BulletCompound:
		p.bullet = interest // a running total
		if !last {
			return 0
		}
		p.bullet = 0
		return interest
	}
	if s.deferInterest && !last {
		p.deferred += interest
		return 0
	}
	interest += p.deferred
	p.deferred = 0
	return interest
}
