// Package feed hands the events of a ledger, each a command with its result, to who follows it: in order, without gaps,
// and each exactly once in his own rows.
//
// A follower's cursor lies in the database of his rows and moves in the transaction in which he writes: what he wrote
// for an event is there if and only if the cursor has passed it. Whoever was stopped for a day goes on where he stood.
// Events that mean nothing to him cost no transaction: the cursor comes after them when it next moves.
//
// One node follows at a time. The epoch of its lead stands beside the cursor, and every move names it: a node that was
// replaced and does not know it yet moves nothing and writes nothing any more.
//
// The package must not know what an event means to who follows, or how a ledger keeps its journal.
package feed
