// Package catalog keeps products: what a loan may be, as data. A product is a file that says all of it: amounts and
// terms, repayment, rates, fees, penalties, how money is allocated, funded, lost and sold on, and who may have it.
//
// Agreement turns a product and an application into the terms of finmath. A quote, a contract and its replay all go
// through it; there is no other way from a product to figures.
//
// A product's versions never change. Only a proposal that another person approved makes a version, and a contract keeps
// the version that it was made with.
//
// A calendar is a list of holidays that products name. It has versions too, but what counts is the newest one, for every
// loan: holidays are facts, not terms.
//
// The package must not know loans that exist, who applies, accounts, ledgers, or how a decision is carried out.
package catalog
