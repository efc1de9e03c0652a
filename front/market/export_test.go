package market

import "time"

// Impatient lets nobody wait for rows any longer than this.
func Impatient(d time.Duration) { patience = d }

// SmallPages lets so many orders end in one transaction.
func SmallPages(n int) { ordersPage = n }

// KeepFew lets a run tell why of so many mandates, and so many answers stay of a ledger.
func KeepFew(asked, misses int) (as func()) {
	a, m := maxAsked, maxMisses
	maxAsked, maxMisses = asked, misses
	return func() { maxAsked, maxMisses = a, m }
}

// Told is of how many mandates a run tells why they took nothing of so many listings.
var Told = told
