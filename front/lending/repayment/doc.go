// Package repayment shows each repayment of a loan as an order: who offered what, and what became of it.
//
// The loan's events say how money was divided. The order is what a party asked for, beside all else that it asks for.
//
// The package must not know how a loan is counted, or what a payment is worth.
package repayment
