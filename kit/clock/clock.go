// Package clock tells the time: the machine's, or one that stands still until it is moved.
//
// The package must not know what an instant is used for: leases, ids and timestamps are their owners' business.
package clock

import (
	"fmt"
	"sync"
	"time"
)

// Clock tells the present instant. The real clock's instants carry a monotonic reading, so the difference of two of
// them is right even when the machine's wall time is set in between.
type Clock interface {
	Now() time.Time
}

// Real is the machine's clock.
type Real struct{}

// Now returns the machine's time.
func (Real) Now() time.Time { return time.Now() }

// Manual stands still until it is moved, never back. It is safe for use by several goroutines.
type Manual struct {
	mu  sync.Mutex
	now time.Time
}

// NewManual returns a clock that stands at the instant given.
func NewManual(start time.Time) *Manual { return &Manual{now: start} }

// Now returns the instant at which the clock stands.
func (m *Manual) Now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.now
}

// Advance moves the clock forward.
func (m *Manual) Advance(by time.Duration) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if by < 0 {
		return fmt.Errorf("advance clock by %v: a clock never moves back", by)
	}
	m.now = m.now.Add(by)
	return nil
}

// Set moves the clock to an instant that is not before the one at which it stands.
func (m *Manual) Set(to time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if to.Before(m.now) {
		return fmt.Errorf("set clock from %v to %v: a clock never moves back", m.now, to)
	}
	m.now = to
	return nil
}
