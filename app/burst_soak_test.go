//go:build soak

package app

// The burst of TestBurstOfBids, whole.
const (
	burstBids      = 50_000
	burstInvestors = 1_000
)
