package bench

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// stalling is a client of a server that needs a millisecond for each request, and half a second for the hundredth.
func stalling() step {
	n := 0
	return func() (int, error) {
		if n++; n == 100 {
			time.Sleep(500 * time.Millisecond)
		}
		time.Sleep(time.Millisecond)
		return 1, nil
	}
}

// A stall counts for all who would have come meanwhile, not only for the one who waits.
func TestOpenLoopCountsThoseWhoWouldHaveCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := openLoop(t.Context(), time.Second, 500, time.Sleep, []step{stalling()})
		if err != nil || l.requests != 500 || l.done != 500 {
			t.Fatal(l, err)
		}
		if p50 := l.latency.quantile(0.5); p50 < 100*time.Millisecond {
			t.Errorf("half of the requests are said to take %v at most", p50)
		}
		if l.latency.max < 500*time.Millisecond || l.latency.quantile(0.1) > 2*time.Millisecond {
			t.Errorf("from %v to %v", l.latency.quantile(0.1), l.latency.max)
		}
	})
}

func TestClosedLoopSendsWhenAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := closedLoop(t.Context(), time.Second, []step{stalling(), stalling()})
		if err != nil || l.requests < 998 || l.requests > 1002 {
			t.Fatal(l.requests, err)
		}
		if p99 := l.latency.quantile(0.99); p99 > 2*time.Millisecond {
			t.Errorf("p99 is %v", p99)
		}
	})
}

func TestExactlySoMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, err := exactly(t.Context(), 7, []step{stalling(), stalling(), stalling()})
		if err != nil || l.requests != 7 {
			t.Error(l.requests, err)
		}
	})
}

// One client's failure ends them all, and is told once.
func TestFailureEndsTheLoad(t *testing.T) {
	failure := errors.New("no")
	synctest.Test(t, func(t *testing.T) {
		failing := func() (int, error) { time.Sleep(10 * time.Millisecond); return 0, failure }
		for name, run := range map[string]func(context.Context, []step) (*load, error){
			"closed": func(ctx context.Context, c []step) (*load, error) { return closedLoop(ctx, time.Hour, c) },
			"open": func(ctx context.Context, c []step) (*load, error) {
				return openLoop(ctx, time.Hour, 100, time.Sleep, c)
			},
			"all": func(ctx context.Context, c []step) (*load, error) { return exactly(ctx, 1<<40, c) },
		} {
			began := time.Now()
			_, err := run(t.Context(), []step{stalling(), failing})
			if !errors.Is(err, failure) || time.Since(began) > time.Second {
				t.Errorf("%s loop: %v after %v", name, err, time.Since(began))
			}
		}
	})
}
