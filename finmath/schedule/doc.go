// Package schedule turns the terms of a loan into its schedule: which part of principal and interest is due when.
//
// A Planner makes one row after the other. Plan drives it without any event, for a quote; package loan drives the same
// Planner with payments and changes, for a contract and for its replay. There is no other path.
//
// Interest is exact until it is rounded by the one rounding that the terms name. The equal installment (annuity) is the
// correctly rounded value of
//
//	A = (B + i₁)·(1+f₂)…(1+fₙ) / Fₙ,  F₁ = 1, Fₖ = Fₖ₋₁·(1+fₖ) + 1
//
// where B is the balance, i₁ the interest of the first row and fₖ the rate of row k; with equal rates it is the usual
// A = B·r/(1-(1+r)⁻ⁿ).
//
// The package must not know who pays whom, payments that were made, charges, ledgers, or where a term comes from.
package schedule
