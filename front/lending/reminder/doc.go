// Package reminder tells borrowers what falls due, what is late, what was paid and what came back.
//
// Nothing looks through all loans: each loan has one planned event ahead, for the next due date, and one for each row
// that is late. What an event finds when it comes counts, so what was paid or moved meanwhile is not told, and what was
// moved is told at its new date.
//
// The package must not know how a notice reaches anybody, or how a loan came about.
package reminder
