package play

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/examples/marketplace/script"
)

// Stats count what has been done; they may be read while the play goes on.
type Stats struct {
	Month        atomic.Int64
	Applications atomic.Int64
	Refused      atomic.Int64 // applications that a rule of the product refused
	Bids         atomic.Int64 // single ones
	TooLate      atomic.Int64 // that found the loan sold out
	Pieces       atomic.Int64 // bids of mandates
	Mandates     atomic.Int64
	Sales        atomic.Int64
	Payments     atomic.Int64
	Early        atomic.Int64 // of them: closed early, or much in advance
	Late         atomic.Int64
	Partial      atomic.Int64
	Dated        atomic.Int64 // counted from an earlier day
	Corrected    atomic.Int64 // of these: payments that were booked before were taken back and paid anew
	Twice        atomic.Int64 // the same once more, found and sent back
	Defaults     atomic.Int64
	Payouts      atomic.Int64 // of installments
	Bought       atomic.Int64 // loans that the reserve took over
	WrittenOff   atomic.Int64
	PaidOut      atomic.Int64 // cents that the reserve paid
	Recovered    atomic.Int64 // cents
	Seconds      atomic.Int64 // from submit to paid-out, by the ledger's clock, of all applications
	Longest      atomic.Int64 // of them
	Took         atomic.Int64 // the same by the clock of this machine, microseconds
	spent        [phases]atomic.Int64

	mu     sync.Mutex
	bursts int           // under way
	since  time.Time     // when the first of them began
	bidden time.Duration // while any was
}

// The phases of the play whose time is taken.
const (
	Opening = iota
	Lending
	Repaying
	Selling
	Losing
	phases
)

// PhaseNames are what the summary calls them.
var PhaseNames = [phases]string{
	"tenant, products, people, deposits", "applications, contracts, funding, payouts", "repayments", "claim sales", "defaults, fees",
}

// Spent is how long a phase took so far.
func (s *Stats) Spent(phase int) time.Duration { return time.Duration(s.spent[phase].Load()) }

// Spend adds to the time of a phase.
func (s *Stats) Spend(phase int, took time.Duration) { s.spent[phase].Add(int64(took)) }

// Bidden is how long single bids were under way, beside signatures, mandates and payouts.
func (s *Stats) Bidden() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.bidden
}

// bidding counts the time of a burst; others may be under way.
func (s *Stats) bidding() (ends func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.bursts++; s.bursts == 1 {
		s.since = time.Now()
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.bursts--; s.bursts == 0 {
			s.bidden += time.Since(s.since)
		}
	}
}

// count counts a payment made on a day of the month.
func (s *Stats) count(x *payment, day int) {
	s.Payments.Add(1)
	switch {
	case day == dayEarly:
		s.Early.Add(1)
	case x.way == script.InParts && day == dayDue:
		s.Partial.Add(1)
	case x.on != 0:
		s.Dated.Add(1)
		if x.way == script.Corrected {
			s.Corrected.Add(1)
		}
	case day == dayLate:
		s.Late.Add(1)
	}
}

// lost counts a payout of the reserve, of a loan's first one also that it defaulted.
func (s *Stats) lost(first bool, cents int64) {
	if first {
		s.Defaults.Add(1)
	}
	s.Payouts.Add(1)
	s.PaidOut.Add(cents)
}

// waited counts how long an application took until it was paid out.
func (s *Stats) waited(seconds int64, took time.Duration) {
	s.Seconds.Add(seconds)
	s.Took.Add(took.Microseconds())
	for {
		longest := s.Longest.Load()
		if seconds <= longest || s.Longest.CompareAndSwap(longest, seconds) {
			return
		}
	}
}
