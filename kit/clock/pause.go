package clock

import (
	"context"
	"time"
)

// Pause waits so long by the machine's clock, or until the context ends, of which it then gives the error.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
