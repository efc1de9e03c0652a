package feed

import "time"

// Hurry lets failures be followed by the next attempt at once, and events by the next ones.
func (f *Feed) Hurry() { f.wait, f.rest = func(int) time.Duration { return time.Millisecond }, 0 }
