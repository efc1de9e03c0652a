// Package model is a second, small ledger written from docs/rules.md for clarity alone: it looks everything up by
// name, adds up what it needs each time it needs it, divides with math/big, and takes a copy of all it knows before
// each command so that a refusal is undone by dropping the copy. The simulation compares the engine with it command
// by command.
//
// It must not know the engine: it shares the types of commands and results with package ledger and no rule, no
// arithmetic and no table.
package model
