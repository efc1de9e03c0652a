package feed

import "time"

// Hurry lets failures be followed by the next attempt at once.
func (f *Feed) Hurry() { f.wait = func(int) time.Duration { return time.Millisecond } }
