package market

import "time"

// Impatient lets nobody wait for rows any longer than this.
func Impatient(d time.Duration) { patience = d }

// SmallPages lets so many orders end in one transaction.
func SmallPages(n int) { ordersPage = n }

// KeepFew lets a run tell so many answers, and so many stay of a ledger.
func KeepFew(told, misses int) (as func()) {
	a, m := maxTold, maxMisses
	maxTold, maxMisses = told, misses
	return func() { maxTold, maxMisses = a, m }
}
