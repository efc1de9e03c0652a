package ledger

import "github.com/longmen/longmen/core/share"

// unsigned widens an amount that is not negative.
func unsigned(amount int64) share.Int128 { return share.Int128{Lo: uint64(amount)} }
