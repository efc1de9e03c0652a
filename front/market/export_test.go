package market

import "time"

// Impatient lets nobody wait for rows any longer than this.
func Impatient(d time.Duration) { patience = d }

// SmallPages lets so many orders end in one transaction.
func SmallPages(n int) { ordersPage = n }
