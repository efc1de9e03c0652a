package catalog

import "time"

// Format is the form of product files that this package reads and writes.
const Format = 1

// Product is one version of a product, in full: what a file leaves out has its default here. Each field's tag `is` says
// what it means; the schema, docs/products.md and the messages of the reader are made from the tags.
type Product struct {
	Format      int         `json:"format" is:"form of this file" default:"1"`
	Code        string      `json:"code" is:"name for programs, for ever: a-z, 0-9 and single - between words"`
	Name        Name        `json:"name" is:"name for people"`
	Offered     bool        `json:"offered" is:"whether new applications are taken" default:"true"`
	Asset       Asset       `json:"asset" is:"what amounts are in"`
	Amount      Amount      `json:"amount" is:"how much may be lent"`
	Terms       []Term      `json:"terms" is:"for how long, and how often something is due; the first that fits counts"`
	Repayment   Repayment   `json:"repayment" is:"how it is repaid"`
	Grades      []Grade     `json:"grades" is:"rates by grade"`
	Fees        []Fee       `json:"fees,omitempty" is:"what else is paid, by whom and to whom"`
	Penalties   []Penalty   `json:"penalties,omitempty" is:"what a late row costs"`
	Allocation  Allocation  `json:"allocation" is:"what a payment pays first"`
	Prepayment  Prepayment  `json:"prepayment" is:"what early money does"`
	Overpayment Overpayment `json:"overpayment" is:"what becomes of money beyond what is owed: advance pays rows to come, credit keeps it on the loan, refund gives it back" default:"advance"`
	Start       Start       `json:"interest_start" is:"from when those who fund it earn"`
	Lateness    Lateness    `json:"lateness" is:"when a row is late"`
	Days        Days        `json:"business_days" is:"due dates and holidays"`
	Funding     Funding     `json:"funding" is:"how it is funded"`
	Losses      Losses      `json:"losses" is:"who pays when the borrower does not"`
	Transfer    Transfer    `json:"claim_transfer" is:"how claims are sold on"`
	Documents   []Document  `json:"documents,omitempty" is:"what an applicant has to send before anything is decided"`
	Eligibility []Rule      `json:"eligibility,omitempty" is:"who may have it: each rule must be true for an application"`
	Limits      []Rule      `json:"limits,omitempty" is:"who may fund it and how much: each rule must be true for a bid"`
}

// Name is a name or a sentence for people.
type Name struct {
	Zh string `json:"zh" is:"in Chinese"`
	En string `json:"en" is:"in English"`
}

// Asset is what amounts are in.
type Asset struct {
	Code  string `json:"code" is:"of the ledger's asset, e.g. CNY"`
	Scale int    `json:"scale" is:"digits after the point" default:"2"`
}

// Amount bounds what is lent.
type Amount struct {
	Min  Money `json:"min" is:"at least"`
	Max  Money `json:"max" is:"at most"`
	Step Money `json:"step" is:"a multiple of this" default:"100"`
}

// Term is a range of durations and the period between due dates.
type Term struct {
	Unit  Unit `json:"unit" is:"days, weeks or months"`
	Min   int  `json:"min" is:"shortest, in units"`
	Max   int  `json:"max" is:"longest, in units"`
	Step  int  `json:"step" is:"in units, from the shortest on" default:"1"`
	Every int  `json:"every,omitempty" is:"units between due dates; 0: one due date at the end"`
}

// Repayment says how a loan is repaid.
type Repayment struct {
	Method      Method      `json:"method" is:"equal_installment 等额本息, equal_principal 等额本金, flat 等本等息, interest_only 先息后本, bullet and bullet_compound 一次性还本付息, fixed_installment 固定还款额 (an installment that is given, until nothing is left), custom 按约定还款计划 (the principal of each row is given)"`
	Basis       Basis       `json:"interest_by" is:"period: rate × months/12 whatever the calendar says; days: by the day count" default:"period"`
	DayCount    DayCount    `json:"day_count" is:"how days and years are counted" default:"Act/365F"`
	DueDay      int         `json:"due_day,omitempty" is:"day of the month on which it is due; 0: the day of the start"`
	MinFirst    int         `json:"min_first_days,omitempty" is:"at least so many days to the first due date; needs due_day"`
	Installment Installment `json:"installment,omitzero" is:"of fixed_installment: principal and interest of each row, of what is lent less the down payment; the last row takes what is left, so the term is the longest it may take"`
	Principal   []Rate      `json:"principal,omitempty" is:"of custom: share of the principal of each row, of what is lent less the down payment; they sum to 1, 0 is a row of interest alone, the last row takes what rounding leaves"`
	Grace       Grace       `json:"grace,omitzero" is:"what the first rows go without"`
	DownPayment Rate        `json:"down_payment,omitzero" is:"share of the amount that is paid at once"`
	Rounding    Rounding    `json:"rounding" is:"how amounts are rounded"`
}

// Installment is one that is given, for every amount that is lent.
type Installment struct {
	Share Rate  `json:"share,omitzero" is:"a share, rounded as an installment is"`
	Min   Money `json:"min,omitempty" is:"at least; without a share all of it"`
}

// Grace lets the first rows go without.
type Grace struct {
	Principal    int `json:"principal,omitempty" is:"so many rows have no principal"`
	Interest     int `json:"interest,omitempty" is:"the interest of so many rows is due later, with the row after them"`
	InterestFree int `json:"interest_free,omitempty" is:"so many rows bear no interest"`
}

// Rounding says how the amounts of a schedule are rounded.
type Rounding struct {
	Mode     Mode     `json:"mode" is:"of every amount" default:"half_even"`
	Multiple Money    `json:"installment_multiple,omitempty" is:"the installment (equal_principal and custom: the principal of a row) is a multiple of this"`
	By       Mode     `json:"installment_mode" is:"how the installment is rounded" default:"half_even"`
	Residual Residual `json:"residual" is:"last: the last row takes what rounding leaves; smoothed: the installment moves if that brings the last row nearer" default:"last"`
	Carry    bool     `json:"carry_interest,omitempty" is:"what rounding took from interest is added once it is a minor unit"`
}

// Grade is a class of risk and its rate.
type Grade struct {
	Code string `json:"code" is:"of the grade, e.g. a"`
	Rate Rate   `json:"rate" is:"interest a year"`
	Max  Money  `json:"max,omitempty" is:"most that is lent at this grade; 0: the product's"`
}

// Allocation says what a payment pays first.
type Allocation struct {
	Due            []Component `json:"due" is:"order within rows that are due" default:"penalty fee interest principal"`
	Advance        []Component `json:"advance" is:"order within rows that are due later" default:"penalty fee interest principal"`
	PastDueFirst   bool        `json:"past_due_first,omitempty" is:"rows that were due before come before those due on the day"`
	FromLast       bool        `json:"from_last,omitempty" is:"money in advance pays the last row first"`
	ComponentFirst bool        `json:"component_first,omitempty" is:"one component over all rows before the next one; else row by row"`
}

// Prepayment says what early money does.
type Prepayment struct {
	Allowed        bool           `json:"allowed" is:"whether it may be repaid early" default:"true"`
	Recalculate    bool           `json:"recalculate" is:"interest follows the money" default:"false"`
	Strategy       Strategy       `json:"strategy" is:"fewer_installments or smaller_installments" default:"fewer_installments"`
	OnDueDate      bool           `json:"counts_on_due_date" is:"early money counts from the due date on; else from its own day" default:"false"`
	OverdueBears   bool           `json:"overdue_bears_interest" is:"overdue principal bears interest while it is not paid; needs recalculate" default:"false"`
	PayoffInterest PayoffInterest `json:"payoff_interest" is:"who pays off owes interest to_the_day, to_the_due_date or to_the_end" default:"to_the_day"`
}

// Start says from when those who fund a loan earn, and who pays what they earn before it is paid out. From there on the
// borrower does, by the schedule.
type Start struct {
	From   StartFrom `json:"from" is:"bid: each from his own bid; full: when it is funded; disbursement: when it is paid out" default:"disbursement"`
	PaidBy Payer     `json:"paid_by" is:"who pays for the days before it is paid out: borrower (kept from the payout) or platform" default:"borrower"`
}

// Lateness says when a row is late, and names the buckets of days past due.
type Lateness struct {
	Date    LateDate `json:"date" is:"which instant of a payment counts: initiated by the payer (if it is told, else received), received by us (if it is told, else booked), or booked" default:"received"`
	CutOff  string   `json:"cut_off,omitempty" is:"time of day, e.g. 22:30, after which a payment counts for the next day, by the ledger's zone; none: midnight"`
	Buckets []Bucket `json:"buckets" is:"from how many days past due on a bucket holds; a new version has those of the standard" default:"M0 M1 M2 M3 M4 M5 M6+, by 30 days"`
}

// After is the cut-off as a time after midnight, 0 for none.
func (l *Lateness) After() time.Duration {
	at, err := time.Parse("15:04", l.CutOff)
	if err != nil {
		return 0 // there is none: Check has refused what is no time
	}
	return time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
}

// Bucket is a class of days past due.
type Bucket struct {
	Code string `json:"code" is:"e.g. M1"`
	From int    `json:"from" is:"days past due, at least"`
}

// Days says what holidays do to due dates.
type Days struct {
	Calendar     string    `json:"calendar,omitempty" is:"code of the calendar whose holidays count, as it is known now; none, or one that is not kept: weekends only"`
	Weekend      []Weekday `json:"weekend,omitempty" is:"days of the week without business"`
	Rule         DayRule   `json:"rule" is:"where a due date goes that is no business day" default:"unadjusted"`
	MoveInterest bool      `json:"move_interest,omitempty" is:"interest runs to the moved date"`
}
