// Package order keeps orders 交易中心: whatever a party asks for is one type, of a kind that a front declares with its
// state machine. A kind needs no table of its own and no change here.
//
// An order is opened once and then changed by the transitions of its kind, each against the version that its caller has
// seen. Every change is a step: a complete row that is never altered, numbered without gaps within its tenant in the
// order in which changes were committed. Steps are the history of an order, and read by number they are the events that
// others follow; an order as it stands follows from its steps.
//
// The same id with the same content gives the first result again, so whoever got no answer asks again.
//
// The package must not know what a kind, state, role, part, reason or attribute means, who holds which role, what money
// an amount will move, or which front asks: they are opaque codes. It opens no database and reads no clock but the one
// given.
package order
