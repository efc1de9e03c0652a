// Package application brings a loan about: from what is asked for over decision, offer, contract and funding to the
// payout, and keeps how far it is until it is repaid or written off.
//
// An application is an order of one kind, whose states and transitions are declared once. What the rules allow goes
// straight through: Advance does whatever can be done now, is called after each act of a person and by planned events,
// and may be called again at any time. Whatever leads to a next step plans it in the same transaction, so a crash
// loses nothing. Decision, documents and signatures are ports.
//
// The package must not know how bids are made, how payments are divided, or how a document looks.
package application
