//go:build !linux

package journal

import "time"

// started gives Go's monotonic clock a zero.
var started = time.Now()

// Now reads Go's monotonic clock, which goes on while this process is stopped. Whether it does while the machine sleeps
// depends on the system.
func Now() Monotonic { return Monotonic(time.Since(started)) }
