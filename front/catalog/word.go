package catalog

import (
	"time"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/daycount"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
)

// The words of a product file. Each type has a closed list of them; those that finmath knows stand with what they are
// there.
type (
	Unit           string
	Method         string
	Basis          string
	DayCount       string
	Mode           string
	Residual       string
	Component      string
	Strategy       string
	PayoffInterest string
	Overpayment    string
	StartFrom      string
	Payer          string
	LateDate       string
	Weekday        string
	DayRule        string
	FeePayer       string
	FeeAt          string
	FeeBase        string
	Split          string
	Receiver       string
	PenaltyKind    string
	RatePer        string
	PenaltyBase    string
	LossPayer      string
	Guarantors     string
	PayerRepaid    string
	RecoveryPart   string
)

// The words that other packages decide by.
const (
	InDays   Unit = "days"
	InWeeks  Unit = "weeks"
	InMonths Unit = "months"

	EqualInstallment Method = "equal_installment"
	EqualPrincipal   Method = "equal_principal"
	Flat             Method = "flat"
	InterestOnly     Method = "interest_only"
	Bullet           Method = "bullet"
	BulletCompound   Method = "bullet_compound"
	FixedInstallment Method = "fixed_installment"
	Custom           Method = "custom"

	ByPeriod Basis = "period"
	ByDays   Basis = "days"

	Advance Overpayment = "advance"
	Credit  Overpayment = "credit"
	Refund  Overpayment = "refund"

	FromBid          StartFrom = "bid"
	FromFull         StartFrom = "full"
	FromDisbursement StartFrom = "disbursement"

	BorrowerPays Payer = "borrower"
	PlatformPays Payer = "platform"

	Initiated LateDate = "initiated"
	Received  LateDate = "received"
	Booked    LateDate = "booked"

	FeeByBorrower FeePayer = "borrower"
	FeeByInvestor FeePayer = "investor"
	FeeBySeller   FeePayer = "seller"
	FeeByBuyer    FeePayer = "buyer"

	AtDisbursement FeeAt = "disbursement"
	AtInstallment  FeeAt = "installment"
	AtPayoff       FeeAt = "payoff"
	AtPayment      FeeAt = "payment"
	AtTransfer     FeeAt = "transfer"

	OfNothing   FeeBase = "none"
	OfLent      FeeBase = "lent"
	OfBalance   FeeBase = "balance"
	OfPrincipal FeeBase = "principal"
	OfInterest  FeeBase = "interest"
	OfPayment   FeeBase = "payment"
	OfPrice     FeeBase = "price"

	BeforeSplit Split = "before"
	AfterSplit  Split = "after"

	ToPlatform   Receiver = "platform"
	ToReserve    Receiver = "reserve"
	ToGuarantors Receiver = "guarantors"
	ToInvestors  Receiver = "investors"

	FlatPenalty    PenaltyKind = "flat"
	PercentPenalty PenaltyKind = "percent"
	DailyPenalty   PenaltyKind = "daily"

	ReservePays    LossPayer    = "reserve"
	GuarantorsPay  LossPayer    = "guarantors"
	InOrder        Guarantors   = "order"
	InShares       Guarantors   = "shares"
	PayerFirst     PayerRepaid  = "first"
	PayerProRata   PayerRepaid  = "pro_rata"
	CostsRecover   RecoveryPart = "costs"
	PayersRecover  RecoveryPart = "payers"
	HoldersRecover RecoveryPart = "holders"
)

// Choices are the words of a type, in the order in which the docs list them.
func (Unit) Choices() []string { return []string{"days", "weeks", "months"} }

// Choices are the words of a type.
func (Method) Choices() []string {
	return []string{"equal_installment", "equal_principal", "flat", "interest_only", "bullet", "bullet_compound", "fixed_installment", "custom"}
}

// Choices are the words of a type.
func (Basis) Choices() []string { return []string{"period", "days"} }

// Choices are the words of a type: the day counts of finmath by their names.
func (DayCount) Choices() (list []string) {
	for _, c := range daycount.Conventions() {
		list = append(list, c.String())
	}
	return list
}

// Choices are the words of a type: the roundings of finmath by their names.
func (Mode) Choices() (list []string) {
	for m := amount.HalfEven; m.Known(); m++ {
		list = append(list, m.String())
	}
	return list
}

// Choices are the words of a type.
func (Residual) Choices() []string { return []string{"last", "smoothed"} }

// Choices are the words of a type.
func (Component) Choices() []string { return []string{"penalty", "fee", "interest", "principal"} }

// Choices are the words of a type.
func (Strategy) Choices() []string { return []string{"fewer_installments", "smaller_installments"} }

// Choices are the words of a type.
func (PayoffInterest) Choices() []string {
	return []string{"to_the_day", "to_the_due_date", "to_the_end"}
}

// Choices are the words of a type.
func (Overpayment) Choices() []string { return []string{"advance", "credit", "refund"} }

// Choices are the words of a type.
func (StartFrom) Choices() []string { return []string{"bid", "full", "disbursement"} }

// Choices are the words of a type.
func (Payer) Choices() []string { return []string{"borrower", "platform"} }

// Choices are the words of a type.
func (LateDate) Choices() []string { return []string{"initiated", "received", "booked"} }

// Choices are the words of a type.
func (Weekday) Choices() []string {
	return []string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
}

// Choices are the words of a type.
func (DayRule) Choices() []string {
	return []string{"unadjusted", "following", "modified_following", "preceding", "modified_preceding", "nearest"}
}

// Choices are the words of a type.
func (FeePayer) Choices() []string { return []string{"borrower", "investor", "seller", "buyer"} }

// Choices are the words of a type.
func (FeeAt) Choices() []string {
	return []string{"disbursement", "installment", "payoff", "payment", "transfer"}
}

// Choices are the words of a type.
func (FeeBase) Choices() []string {
	return []string{"none", "lent", "balance", "principal", "interest", "payment", "price"}
}

// Choices are the words of a type.
func (Split) Choices() []string { return []string{"before", "after"} }

// Choices are the words of a type.
func (Receiver) Choices() []string { return []string{"platform", "reserve", "guarantors", "investors"} }

// Choices are the words of a type.
func (PenaltyKind) Choices() []string { return []string{"flat", "percent", "daily"} }

// Choices are the words of a type.
func (RatePer) Choices() []string { return []string{"day", "year_360", "year_365"} }

// Choices are the words of a type.
func (PenaltyBase) Choices() []string { return []string{"principal", "principal_interest", "all"} }

// Choices are the words of a type.
func (LossPayer) Choices() []string { return []string{"reserve", "guarantors"} }

// Choices are the words of a type.
func (Guarantors) Choices() []string { return []string{"order", "shares"} }

// Choices are the words of a type.
func (PayerRepaid) Choices() []string { return []string{"first", "pro_rata"} }

// Choices are the words of a type.
func (RecoveryPart) Choices() []string { return []string{"costs", "payers", "holders"} }

// What the words are in finmath. A word that is not there is refused by Check before it is looked up.
var (
	units   = map[Unit]calendar.Unit{InDays: calendar.Days, InWeeks: calendar.Weeks, InMonths: calendar.Months}
	methods = map[Method]schedule.Method{
		EqualInstallment: schedule.EqualInstallment, EqualPrincipal: schedule.EqualPrincipal, Flat: schedule.Flat,
		InterestOnly: schedule.InterestOnly, Bullet: schedule.BulletSimple, BulletCompound: schedule.BulletCompound,
		FixedInstallment: schedule.FixedInstallment, Custom: schedule.Custom,
	}
	bases      = map[Basis]schedule.Basis{ByPeriod: schedule.ByPeriod, ByDays: schedule.ByDays}
	residuals  = map[Residual]schedule.Residual{"last": schedule.LastInstallment, "smoothed": schedule.LastInstallmentSmoothed}
	components = map[Component]loan.Component{"penalty": loan.Penalty, "fee": loan.Fee, "interest": loan.Interest, "principal": loan.Principal}
	strategies = map[Strategy]loan.Strategy{"fewer_installments": loan.FewerInstallments, "smaller_installments": loan.SmallerInstallments}
	payoffs    = map[PayoffInterest]loan.PayoffRule{"to_the_day": loan.ToPayoffDate, "to_the_due_date": loan.ToNextDueDate, "to_the_end": loan.ToTheEnd}
	dayRules   = map[DayRule]calendar.Rule{
		"unadjusted": calendar.Unadjusted, "following": calendar.Following, "modified_following": calendar.ModifiedFollowing,
		"preceding": calendar.Preceding, "modified_preceding": calendar.ModifiedPreceding, "nearest": calendar.Nearest,
	}
	weekdays = map[Weekday]time.Weekday{
		"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday, "wednesday": time.Wednesday,
		"thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday,
	}
	penaltyKinds = map[PenaltyKind]loan.PenaltyKind{FlatPenalty: loan.FlatPenalty, PercentPenalty: loan.PercentPenalty, DailyPenalty: loan.DailyPenalty}
	penaltyBases = map[PenaltyBase]loan.PenaltyBase{"principal": loan.OnPrincipal, "principal_interest": loan.OnPrincipalInterest, "all": loan.OnAll}
	perYear      = map[RatePer]int{"day": 0, "year_360": 360, "year_365": 365}
)

// mode is the rounding in finmath.
func (m Mode) mode() amount.Mode {
	mode, _ := amount.ParseMode(string(m))
	return mode
}

func weekdaysOf(names []Weekday) []time.Weekday {
	list := make([]time.Weekday, 0, len(names))
	for _, w := range names {
		list = append(list, weekdays[w])
	}
	return list
}
