// Package sim runs the ledger's pipeline in simulation: a seeded workload of every operation, two nodes, a journal
// that fails in every way it can, and the model that says what the outcome should have been. One seed is one story;
// the same seed tells the same story on every machine. A story that fails is shortened to the steps that matter and
// printed so that a person can read it.
//
// Everything of a seed happens on one goroutine, in one order, with a clock that only the story moves.
//
// The package must not know how the engine or the model do their work.
package sim
