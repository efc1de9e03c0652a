// Package sale lets investors sell claims to each other 债权转让: an order of the kind claim-sale holds the units in the
// ledger, and a purchase is one command that moves them against the money.
//
// The journal decides: the hold of an order is used by one purchase or ended by one void, whichever comes first, and the
// order follows. What is paid is worked out at the purchase, while no other act of the loan is under way: a payment that
// came before went to the seller, and the price is that of what is left. The buyer says what he has seen; if that is not
// the price any more he is told the new one. An order ends by itself, with the reason, when its time is over or its loan
// is settled, overdue, restructured or written off.
//
// The package must not know how a loan is kept: it asks for it as it stands.
package sale
