// Package claim prices claims on a loan that one investor sells to another 债权转让, and says whether one may be sold.
// All rules are the product's.
//
// A claim is a number of units of the loan's register. Its face is its part of the principal that is outstanding; the
// price is the face times what the seller asks, plus the interest that the claim has borne up to the day and that is not
// due yet. The buyer gets all of the next interest, so each of the two earns the interest of his own days.
//
// The package must not know the ledger, rows, doors, or how a claim changes hands.
package claim
