// Package node runs ledgers: for each one a sequencer that orders what arrives and makes it durable, an applier that
// lets the engine apply it and answers, and a projection that history and proofs follow. It opens ledgers from snapshot
// and journal, holds the lead, and keeps reads within the lease.
//
// The package must not know who calls, what is allowed to whom, or what a product is.
package node
