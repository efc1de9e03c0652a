package clock_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/longmen/longmen/kit/clock"
)

func TestPause(t *testing.T) {
	began := time.Now()
	if err := clock.Pause(t.Context(), 5*time.Millisecond); err != nil || time.Since(began) < 5*time.Millisecond {
		t.Errorf("%v after %s", err, time.Since(began))
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if err := clock.Pause(ended, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if err := clock.Pause(ended, 0); err != nil {
		t.Errorf("nothing to wait for: %v", err)
	}
}
