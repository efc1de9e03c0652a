// Package servicing keeps loans that were paid out: what happened to each, what is due, and how money that comes in
// reaches those who hold it.
//
// A loan is what was agreed and a list of events that never change. Everything else follows: the state is the replay of
// the events (finmath/loan), due, overdue, penalties and buckets are functions of the instant asked. Nothing runs at
// night.
//
// An act works out what all events together, the new one included, should have paid to whom, and books the difference
// to what is booked: forward in one command; or, where the past turns out otherwise, by taking back the latest payments
// first. So books and replay agree after every act, in whatever order things became known.
//
// An act is written down first, with its commands, then sent to the ledger, then confirmed from the result. Whoever
// finds an act that was not confirmed sends the same commands again: the ledger knows their ids and gives the first
// result.
//
// The package must not know how a loan came about, who may do what, which product a rule comes from, or how anybody is
// told.
package servicing
