package market

import "time"

// Impatient lets nobody wait for rows any longer than this.
func Impatient(d time.Duration) { patience = d }
