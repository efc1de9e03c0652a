// Package loan works out what has become of a loan: the rows of its schedule, what was paid of each, how every payment
// was split, and what it takes to pay it off.
//
// The state is a function: Replay takes an Agreement and everything that happened, in the order in which it became
// known, and gives the state as of a day. A quote is a replay without payments, a correction a replay with other events;
// there is no other way to a state, so nothing can drift.
//
// The package must not know parties, accounts, ledgers, orders, who may do what, or which product a rule comes from.
package loan
