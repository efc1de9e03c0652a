package journal

import (
	"time"

	"golang.org/x/sys/unix"
)

// Now reads the clock that goes on while this process is stopped and while the machine sleeps (CLOCK_BOOTTIME). Go's own
// monotonic clock goes on while the process is stopped, but not while the machine sleeps, and a lease ends then too.
func Now() Monotonic {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t); err != nil {
		return monotonicNow()
	}
	return Monotonic(t.Nano())
}

// started gives Go's monotonic clock a zero.
var started = time.Now()

// monotonicNow serves kernels without the other clock; no two clocks are ever mixed, since the answer is always the
// same.
func monotonicNow() Monotonic { return Monotonic(time.Since(started)) }
