package catalog

import "github.com/longmen/longmen/finmath/schedule"

// given puts the installment or the principals that the product gives into terms: of what is lent less the down payment.
func (r *Repayment) given(t *schedule.Terms) error {
	if r.Method != FixedInstallment && r.Method != Custom {
		return nil
	}
	down, err := t.Down(t.Principal)
	if err != nil {
		return err
	}
	if r.Method == FixedInstallment {
		t.Installment, err = r.installment(t.Principal-down, &t.Rounding)
	} else {
		t.Principals, err = r.principals(t.Principal-down, &t.Rounding)
	}
	return err
}

// installment is that of an amount. A part of a loan may be so small that its share rounds to nothing: one multiple is the
// least there is.
func (r *Repayment) installment(of int64, by *schedule.Rounding) (int64, error) {
	x, err := by.Share(r.Installment.Share.decimal(), of)
	return max(x, int64(r.smallest())), err
}

// principals divides an amount among the rows; rounding up may use it up before the last one.
func (r *Repayment) principals(of int64, by *schedule.Rounding) ([]int64, error) {
	list, left := make([]int64, len(r.Principal)), of
	for i, share := range r.Principal {
		x, err := by.Share(share.decimal(), of)
		if err != nil {
			return nil, err
		}
		if list[i] = min(x, left); i == len(list)-1 {
			list[i] = left
		}
		left -= list[i]
	}
	return list, nil
}

// smallest is the installment below which none is.
func (r *Repayment) smallest() Money { return max(r.Installment.Min, r.Rounding.Multiple, 1) }
