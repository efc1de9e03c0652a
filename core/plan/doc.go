// Package plan keeps what has to happen at an instant to come, in the clock of a ledger, and lets it happen then: across
// restarts and nodes, in the order of their instants, one node at a time.
//
// An event is done at least once and has its effects at most once: whoever handles it makes the ids of its commands
// with Event.Command, so the same event gives the same ids, and the ledger knows them.
//
// One node leads, by the lease of its journal. The epoch of that lead stands in the events' database as well, and every
// change names it: a node that was replaced and does not know it yet changes nothing any more.
//
// The package must not know what an event means, who plans it, or what a handler does.
package plan
