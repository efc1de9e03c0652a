package market

import "math/big"

// Installment is one month's due, in cents.
type Installment struct {
	Interest, Principal int64
}

// perYear turns a rate in hundredths of a percent a year into one a month: 12 months × 100 percent × 100 hundredths.
const perYear = 120_000

// Schedule works out equal installments (等额本息): each month the same amount, of which the interest on what is
// outstanding is paid first. Amounts are in cents, the rate in hundredths of a percent a year; with the monthly rate
// i = rate/120000 the equal installment is
//
//	amount · i · (1+i)^term / ((1+i)^term − 1),
//
// worked out exactly and rounded half-even once, as the interest of each month is. The last installment is what is left
// with its interest, so the roundings before it end there.
func Schedule(amount, rate int64, term int) []Installment {
	list := make([]Installment, term)
	equal := equalInstallment(amount, rate, term)
	left := amount
	for i := range list {
		interest := halfEven(new(big.Int).Mul(big.NewInt(left), big.NewInt(rate)), big.NewInt(perYear))
		principal := min(equal-interest, left)
		if i == term-1 {
			principal = left
		}
		list[i] = Installment{Interest: interest, Principal: principal}
		left -= principal
	}
	return list
}

func equalInstallment(amount, rate int64, term int) int64 {
	if rate == 0 {
		return halfEven(big.NewInt(amount), big.NewInt(int64(term)))
	}
	// (1+i)^term = grown / whole, both integers.
	grown := new(big.Int).Exp(big.NewInt(perYear+rate), big.NewInt(int64(term)), nil)
	whole := new(big.Int).Exp(big.NewInt(perYear), big.NewInt(int64(term)), nil)
	up := new(big.Int).Mul(big.NewInt(amount), big.NewInt(rate))
	up.Mul(up, grown)
	down := new(big.Int).Sub(grown, whole)
	down.Mul(down, big.NewInt(perYear))
	return halfEven(up, down)
}

// halfEven rounds the quotient of two numbers that are not negative to the nearest integer, a half to the even one.
func halfEven(up, down *big.Int) int64 {
	whole, rest := new(big.Int).QuoRem(up, down, new(big.Int))
	switch c := rest.Lsh(rest, 1).Cmp(down); {
	case c > 0, c == 0 && whole.Bit(0) == 1:
		return whole.Int64() + 1
	}
	return whole.Int64()
}

// feePercent is what the platform keeps of each payment.
const feePercent = 1

// Split is how a payment is divided: the fee, and what goes to the holders as interest and as principal.
type Split struct {
	Fee, Interest, Principal int64
}

// Split takes the fee from the interest first, then from the principal.
func (i Installment) Split() Split {
	fee := halfEven(big.NewInt((i.Interest+i.Principal)*feePercent), big.NewInt(100))
	fromInterest := min(fee, i.Interest)
	return Split{Fee: fee, Interest: i.Interest - fromInterest, Principal: i.Principal - (fee - fromInterest)}
}
