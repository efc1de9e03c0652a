package play

import (
	"sync/atomic"
	"time"
)

// Stats count what has been done; they may be read while the play goes on.
type Stats struct {
	Month     atomic.Int64
	Commands  atomic.Int64
	Bids      atomic.Int64
	Payments  atomic.Int64
	Sales     atomic.Int64
	Credits   atomic.Int64 // lines above zero
	Unclaimed atomic.Int64 // of them, lines to an account that takes no credit
	spent     [phases]atomic.Int64
}

// The phases of the play whose time is taken.
const (
	Opening = iota
	Bidding
	Repaying
	Trading // sales, the recall, the month's fees
	phases
)

// PhaseNames are what the summary calls them.
var PhaseNames = [phases]string{"accounts and deposits", "bids and disbursements", "repayments", "sales, recall, fees"}

// Spent is how long a phase took so far.
func (s *Stats) Spent(phase int) time.Duration { return time.Duration(s.spent[phase].Load()) }

// Spend adds to the time of a phase.
func (s *Stats) Spend(phase int, took time.Duration) { s.spent[phase].Add(int64(took)) }
