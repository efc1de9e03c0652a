package schedule

import (
	"errors"
	"fmt"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
)

// ErrTerms says that terms are not valid; the text names the field and the rule.
var ErrTerms = errors.New("terms not valid")

// MaxRows is the most rows a schedule has.
const MaxRows = calendar.MaxDates

// MaxAnnualRate is the highest rate a year: 100,000 %.
const MaxAnnualRate = 1000

// MaxDisbursements is the most times a loan is paid out in parts.
const MaxDisbursements = 1000

// maxAmount leaves room for sums of principal and interest over all rows.
const maxAmount = amount.Max / 100

func bad(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrTerms}, args...)...)
}

// Check says what is wrong with the terms, if anything.
func (t *Terms) Check() error {
	for _, check := range []func() error{t.checkAmounts, t.checkRows, t.checkRounding, t.checkDisbursements, t.checkMethod} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (t *Terms) checkAmounts() error {
	if t.Principal < 1 || t.Principal > maxAmount {
		return bad("principal %d, take 1 to %d minor units", t.Principal, maxAmount)
	}
	if t.AnnualRate != nil {
		f, err := amount.Decimal(t.AnnualRate)
		if err != nil {
			return bad("annual rate: %w", err)
		}
		if f.Cmp(MaxAnnualRate) > 0 {
			return bad("annual rate above 1000 (100,000%%)")
		}
	}
	if t.DownPayment != nil {
		f, err := amount.Decimal(t.DownPayment)
		if err != nil {
			return bad("down payment: %w", err)
		}
		if f.Cmp(1) >= 0 {
			return bad("down payment must be a share from 0 to below 1")
		}
	}
	if t.Installment < 0 || t.Installment > maxAmount {
		return bad("installment %d, take 1 to %d minor units", t.Installment, maxAmount)
	}
	return nil
}

func (t *Terms) checkRows() error {
	least := 1
	if t.Method == FixedInstallment {
		least = 0
	}
	if t.Installments < least || t.Installments > MaxRows {
		return bad("installments %d, take %d to %d", t.Installments, least, MaxRows)
	}
	if n := len(t.DueDates); n > 0 && n != t.Installments {
		return bad("%d due dates for %d installments", n, t.Installments)
	}
	before := t.Due.Start
	for i, d := range t.DueDates {
		if d <= before || d > day.Max {
			return bad("due date %d (%s) must lie after %s", i+1, d, before)
		}
		before = d
	}
	g := t.Grace
	if min(g.Principal, g.InterestPayment, g.InterestFree) < 0 || max(g.Principal, g.InterestPayment, g.InterestFree) > MaxRows {
		return bad("grace must be 0 to %d rows", MaxRows)
	}
	if t.Installments > 0 && (g.Principal >= t.Installments || g.InterestPayment >= t.Installments) {
		return bad("grace leaves no row of %d to pay in", t.Installments)
	}
	return nil
}

func (t *Terms) checkRounding() error {
	r := t.Rounding
	if !r.Mode.Known() || !r.InstallmentMode.Known() || r.Residual > LastInstallmentSmoothed {
		return bad("unknown rounding or residual")
	}
	if min(r.Multiple, r.MoneyMultiple) < 0 || max(r.Multiple, r.MoneyMultiple) > maxAmount {
		return bad("multiples must be 0 to %d minor units", maxAmount)
	}
	i := t.Interest
	if i.Basis >= bases || min(i.DaysInMonth, i.DaysInYear) < 0 || i.DaysInMonth > 31 || i.DaysInYear > 366 {
		return bad("unknown basis, or days in month above 31 or in year above 366")
	}
	return nil
}

func (t *Terms) checkDisbursements() error {
	if len(t.Disbursements) > MaxDisbursements {
		return bad("%d disbursements, at most %d", len(t.Disbursements), MaxDisbursements)
	}
	sum := int64(0)
	for i, d := range t.Disbursements {
		if d.Amount < 1 || d.Amount > maxAmount-sum {
			return bad("disbursement %d must be 1 to %d minor units, all together too", i+1, maxAmount)
		}
		sum += d.Amount
		if d.Date < t.Due.Start || i > 0 && d.Date < t.Disbursements[i-1].Date {
			return bad("disbursement %d lies before the start or the one before it", i+1)
		}
	}
	if len(t.RateChanges) > MaxRows {
		return bad("%d rate changes, at most %d", len(t.RateChanges), MaxRows)
	}
	for i, c := range t.RateChanges {
		if c.AnnualRate == nil || i > 0 && c.From <= t.RateChanges[i-1].From {
			return bad("rate change %d has no rate or does not follow the one before", i+1)
		}
		if _, err := amount.Decimal(c.AnnualRate); err != nil {
			return bad("rate change %d: %w", i+1, err)
		}
	}
	return nil
}

func (t *Terms) checkMethod() error {
	switch {
	case t.Method >= methods:
		return bad("unknown method %d", t.Method)
	case t.Method == FixedInstallment && t.Installment == 0:
		return bad("a fixed installment needs its amount")
	case t.Method == Custom:
		if len(t.Principals) != t.Installments {
			return bad("%d principals for %d installments", len(t.Principals), t.Installments)
		}
		for i, p := range t.Principals {
			if p < 0 || p > t.Principal {
				return bad("principal %d of the list must be 0 to %d", i+1, t.Principal)
			}
		}
	case t.Method == FixedInstallment && t.Rounding.CarryInterest:
		return bad("interest is carried only where an exact plan exists, not with a fixed installment")
	}
	return nil
}
