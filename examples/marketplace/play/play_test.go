package play

import (
	"testing"

	"github.com/longmen/longmen/examples/marketplace/recount"
)

// Units of a loan that the reserve has bought are on its account.
func TestTheReserveIsAHolder(t *testing.T) {
	if got := (&Player{}).Holder(recount.TheReserve); got != Reserve {
		t.Errorf("%q holds what the reserve bought, want %q", got, Reserve)
	}
}
