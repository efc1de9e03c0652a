// Package portfolio says what an investor has: cash, money in bids, what he has invested and earned, what is borne and not
// yet paid, what is to come and when, what he earns a year, and where his money is.
//
// Amounts are exact where the ledger has them, and otherwise his part of the loan's, rounded as said. The rate a year is
// an estimate: it takes of each payment his part by units, which is less than a cent from what he was paid.
//
// A loan's figures are the same for all who hold it: whoever gathers them works them out once a day and change.
//
// The package must not know the ledger, rows, doors, or who may ask.
package portfolio
