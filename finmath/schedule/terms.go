package schedule

import (
	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/daycount"
)

// Method is how principal is repaid.
type Method uint8

// The methods.
const (
	EqualInstallment Method = iota // 等额本息: principal and interest together are the same in every row
	EqualPrincipal                 // 等额本金: the same principal in every row
	Flat                           // 等本等息: the same principal, and interest on what was lent at first
	InterestOnly                   // 先息后本: interest in every row, principal in the last
	BulletSimple                   // 一次性还本付息: everything in the last row, interest on the principal
	BulletCompound                 // 一次性还本付息, interest capitalised at the end of each period
	FixedInstallment               // a given installment until nothing is left
	Custom                         // the principal of each row is given
	methods
)

// Basis is how the interest of a period is found.
type Basis uint8

// The bases.
const (
	ByPeriod Basis = iota // annual rate × months/12 (weeks/52, days/365), whatever the calendar says
	ByDays                // annual rate × the day count's fraction of a year
	ByFactor              // annual rate × DaysInMonth·months/DaysInYear; a part of it by its share of the actual days
	bases
)

// Interest says how interest is counted.
type Interest struct {
	Basis    Basis
	DayCount daycount.Convention // ByDays
	// DaysInMonth and DaysInYear are for ByFactor (and DaysInYear for days ByPeriod): 30, 360, 364…; 0 is the actual
	// number of days.
	DaysInMonth, DaysInYear int
	// FirstRate takes the rate of the first period for all of them when the equal installment is worked out.
	FirstRate bool
	// FirstByDays counts a short or long first period by its share of a regular one; else it counts as one period.
	FirstByDays bool
}

// Grace lets the first rows go without.
type Grace struct {
	Principal       int // so many rows have no principal
	InterestPayment int // the interest of so many rows isn't due then, but carried, unreduced, to the next row
	InterestFree    int // so many rows bear no interest
}

// Residual says where the difference goes that rounding leaves.
type Residual uint8

// The residuals.
const (
	LastInstallment         Residual = iota // the last row's principal is what is left
	LastInstallmentSmoothed                 // as before, and the installment is moved if that brings the last one nearer
)

// Rounding names every rounding of a schedule.
type Rounding struct {
	Mode amount.Mode // of every amount
	// Multiple is what the equal installment, the equal principal and the down payment are rounded to a multiple of, in
	// minor units, by InstallmentMode.
	Multiple        int64
	InstallmentMode amount.Mode
	MoneyMultiple   int64 // every amount is a multiple of this many minor units
	Residual        Residual
	// CarryInterest follows the exact, unrounded plan: what rounding takes from interest is summed up, and when the sum
	// reaches one minor unit it is added to that row's interest.
	CarryInterest bool
}

func (r *Rounding) installmentUnit() int64 { return max(r.Multiple, r.MoneyMultiple, 1) }

// Share is a share of an amount, rounded as installments are.
func (r *Rounding) Share(share *apd.Decimal, of int64) (int64, error) {
	f, err := amount.Decimal(share)
	if err != nil {
		return 0, bad("share: %w", err)
	}
	unit := r.installmentUnit()
	x, err := f.Times(1, uint64(unit)).Apply(of, r.InstallmentMode)
	if err != nil {
		return 0, bad("share: %w", err)
	}
	return x * unit, nil
}

// Disbursement is an amount paid out.
type Disbursement struct {
	Date   day.Date
	Amount int64
}

// RateChange is a new annual rate from a date on. The installment is worked out again for the period that contains the
// date, unless it is kept.
type RateChange struct {
	From            day.Date
	AnnualRate      *apd.Decimal
	KeepInstallment bool
}

// Terms are the terms of a loan. Amounts are in minor units, rates in fractions a year (0.12 is 12%).
type Terms struct {
	Principal     int64
	AnnualRate    *apd.Decimal // nil is 0
	Installments  int          // rows, the down payment not counted; 0 only with FixedInstallment: until nothing is left
	Due           calendar.Due
	DueDates      []day.Date // instead of Due.First and so on: all of them, in order
	Calendar      *calendar.Calendar
	Rule          calendar.Rule // how a due date moves off a holiday
	MoveInterest  bool          // interest runs to the moved date; else to the date as it was
	Method        Method
	Interest      Interest
	Grace         Grace
	DownPayment   *apd.Decimal   // share of each disbursement that is due on its day, nil for none
	Disbursements []Disbursement // none: the principal on Due.Start
	Installment   int64          // given instead of worked out; needed by FixedInstallment
	Principals    []int64        // of Custom: one a row
	RateChanges   []RateChange
	Rounding      Rounding
}

// Down is the down payment of a disbursement.
func (t *Terms) Down(lent int64) (int64, error) {
	if t.DownPayment == nil {
		return 0, nil
	}
	down, err := t.Rounding.Share(t.DownPayment, lent)
	return min(down, lent), err
}

// Kind is the kind of a row.
type Kind uint8

// The kinds.
const (
	Regular     Kind = iota
	DownPayment      // due on the day of a disbursement
	Holiday          // put in by a deferral
	ChargeOnly       // for charges due after the last row
)

// Row is one installment. Amounts are in minor units.
type Row struct {
	N         int // from 1
	Kind      Kind
	From, Due day.Date
	Nominal   day.Date // Due before it moved off a holiday
	Principal int64
	Interest  int64
	Fee       int64
	Penalty   int64
	Balance   int64 // principal that is left after it, by the plan
}

// Total is what is due.
func (r Row) Total() int64 { return r.Principal + r.Interest + r.Fee + r.Penalty }
