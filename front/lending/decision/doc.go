// Package decision decides on applications by the rules of their products: it gathers the facts that the rules ask for,
// what was stated, what is known of the applicant, and what he owes, and asks the rules grade by grade.
//
// The package must not know what a rule says, or what becomes of an application after it was decided.
package decision
