// Package ledger is the deterministic heart of Longmen: commands, their canonical bytes, and the engine that applies
// them. One ledger is one ordered book of accounts, holds, freezes and registers.
//
// The engine has no clock, no I/O, no goroutines and no randomness: the same commands in the same order with the same
// timestamps give the same results, the same effects and the same state digest on every machine.
//
// The package must not know where commands come from, how they become durable, who is allowed to send them, or what a
// product is.
package ledger
