// Package agreement reads what loans were agreed by from the catalog: the product's version and the application give the
// terms by which a loan is replayed and say who gets what of each payment.
//
// The package must not know what happened to a loan, nor send anything to a ledger.
package agreement
