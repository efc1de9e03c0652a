// Package overview gathers what an investor has, at any second: what the ledger says of his account and his units, his
// bids, what he bought and sold, and the loans behind them. What follows from it is package portfolio's business.
//
// What is true of a loan on a day is true for all who hold it: it is worked out once a day and change, and kept.
//
// The package must not know who may ask.
package overview
