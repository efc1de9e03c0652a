//go:build !soak

package app

// The burst of TestBurstOfBids; whole under the tag soak.
const (
	burstBids      = 2_000
	burstInvestors = 100
)
