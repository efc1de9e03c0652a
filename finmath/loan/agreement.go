package loan

import (
	"errors"
	"fmt"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
)

// ErrAgreement says that an agreement or an event is not valid; the text names the field and the rule.
var ErrAgreement = errors.New("agreement or event not valid")

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrAgreement}, args...)...)
}

// MaxEvents is the most events a replay takes.
const MaxEvents = 20_000

// Component is a part of what is due.
type Component uint8

// The components.
const (
	Penalty Component = iota
	Fee
	Interest
	Principal
	components
)

// String is the name of the component.
func (c Component) String() string {
	return [...]string{"penalty", "fee", "interest", "principal", "?"}[min(c, components)]
}

// Split is an amount by component, in minor units.
type Split [components]int64

// Total is the sum of the components.
func (s Split) Total() int64 { return s[Penalty] + s[Fee] + s[Interest] + s[Principal] }

// Order says which component is paid first.
type Order [components]Component

// Steps says into which groups the rows are taken one after the other.
type Steps uint8

// The steps.
const (
	DueThenAdvance        Steps = iota // rows due by the day of the payment, then those due later
	PastDueThenDueAdvance              // rows that were due before, then those due on the day, then those due later
)

// Allocation says what a payment pays first.
type Allocation struct {
	Steps          Steps
	Due, Advance   Order // of rows that are due, and of those due later
	FromLast       bool  // money in advance pays the last installment first, else the next
	ComponentFirst bool  // one component over all rows of a step before the next component; else row by row
}

// DefaultOrder is penalty, fee, interest, principal.
var DefaultOrder = Order{Penalty, Fee, Interest, Principal}

// Strategy says what early money does to the rows to come.
type Strategy uint8

// The strategies.
const (
	FewerInstallments   Strategy = iota // the installment stays, so their number falls
	SmallerInstallments                 // once a row's payment reaches the installment, the later ones are worked out anew
)

// Recalculation makes interest follow the money.
type Recalculation struct {
	On       bool
	Strategy Strategy
	// EarlyOnDueDate counts early money from the due date on; else from the day it comes.
	EarlyOnDueDate bool
	// NoOverdue leaves overdue principal without interest; else it bears it until it is paid or until the day asked for.
	NoOverdue bool
}

// PayoffRule says until when interest is owed by who pays off.
type PayoffRule uint8

// The rules.
const (
	ToPayoffDate  PayoffRule = iota // to the day of the payoff
	ToNextDueDate                   // to the next due date
	ToTheEnd                        // all interest of the schedule
)

// Agreement is a loan's terms and the rules by which payments are counted.
type Agreement struct {
	Terms           schedule.Terms
	Allocation      Allocation
	Recalculation   Recalculation
	Payoff          PayoffRule
	AutoDownPayment bool          // the down payment is paid on its day by itself
	Late            []PenaltyRule // what late rows cost, worked out by themselves
}

// Type is the type of an event.
type Type uint8

// The types.
const (
	Disburse   Type = iota // Amount is paid out
	Repay                  // Amount is paid in
	Charge                 // Amount falls due on Due as a fee or penalty (Component)
	Payoff                 // what it takes to close is paid in, no more than Amount if not All; what is missing bears no interest
	Defer                  // the next rows fall due Rows periods later, Holiday says what interest does
	Reschedule             // the next rows are laid anew: the first due on Due, Rows of them (0: as many as before)
	ChangeRate             // AnnualRate holds from Date on
	types
)

// Event is something that happened. Which fields count depends on its type.
type Event struct {
	Type            Type
	Date            day.Date
	Amount          int64
	Component       Component
	Due             day.Date
	Rows            int
	Holiday         schedule.HolidayInterest
	AnnualRate      *apd.Decimal
	KeepInstallment bool
	All             bool // of a payoff: whatever it takes
}

func (e *Event) check(i int) error {
	switch {
	case e.Type >= types:
		return bad("event %d has an unknown type", i+1)
	case e.Date < day.Min || e.Date > day.Max:
		return bad("event %d lies outside of %s to %s", i+1, day.Min, day.Max)
	case (e.Type == Disburse || e.Type == Repay || e.Type == Charge) && (e.Amount < 1 || e.Amount > maxAmount):
		return bad("event %d has the amount %d, take 1 to %d minor units", i+1, e.Amount, maxAmount)
	case e.Type == Payoff && (e.Amount < 0 || e.Amount > maxAmount):
		return bad("event %d has the amount %d, take 0 to %d minor units", i+1, e.Amount, maxAmount)
	case e.Type == Charge && e.Component != Penalty && e.Component != Fee:
		return bad("event %d charges neither a fee nor a penalty", i+1)
	case e.Type == ChangeRate && e.AnnualRate == nil:
		return bad("event %d has no annual rate", i+1)
	}
	return nil
}
