package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// A step sends one request, waits for the answer, checks it, and says how many things it did. Each client has its own
// and calls it again and again.
type step func() (done int, err error)

// load is what a number of steps came to.
type load struct {
	done     int64 // things
	requests int64
	took     time.Duration
	latency  histogram // of requests
}

func (l *load) rate() float64 { return float64(l.done) / l.took.Seconds() }

// closedLoop lets every client send its next request when its last one was answered, for a while.
func closedLoop(ctx context.Context, long time.Duration, clients []step) (*load, error) {
	ctx, cancel := context.WithTimeout(ctx, long)
	defer cancel()
	began := time.Now()
	return together(clients, func(l *load, do step) error {
		for ctx.Err() == nil {
			sent := time.Now()
			n, err := do()
			if err != nil {
				return err
			}
			l.latency.add(time.Since(sent))
			l.done += int64(n)
			l.requests++
		}
		return nil
	}, began)
}

// openLoop lets requests fall due at a rate, whatever became of those before, and times each from then on. Clients take
// what is due in turn; when all are busy it waits, and its time runs.
func openLoop(ctx context.Context, long time.Duration, rate float64, sleep func(time.Duration), clients []step) (*load, error) {
	total := int(rate * long.Seconds())
	if total == 0 {
		return nil, fmt.Errorf("%v at %v a second is no request at all: take longer", long, rate)
	}
	ctx, cancel := context.WithCancel(ctx)
	due := make(chan time.Time, total)
	began := time.Now()
	var schedule sync.WaitGroup
	schedule.Go(func() {
		defer close(due)
		for i := range total {
			at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
			if wait := time.Until(at); wait > 0 {
				sleep(wait)
			}
			if ctx.Err() != nil {
				return
			}
			due <- at
		}
	})
	defer schedule.Wait()
	defer cancel()
	return together(clients, func(l *load, do step) error {
		for at := range due {
			if ctx.Err() != nil {
				return nil
			}
			n, err := do()
			if err != nil {
				return err
			}
			l.latency.add(time.Since(at))
			l.done += int64(n)
			l.requests++
		}
		return nil
	}, began)
}

// exactly lets clients send so many requests in all, as fast as they can.
func exactly(ctx context.Context, requests int, clients []step) (*load, error) {
	var left atomic.Int64
	left.Store(int64(requests))
	return together(clients, func(l *load, do step) error {
		for ctx.Err() == nil && left.Add(-1) >= 0 {
			n, err := do()
			if err != nil {
				return err
			}
			l.done += int64(n)
			l.requests++
		}
		return ctx.Err()
	}, time.Now())
}

// together runs all clients and adds up what they did. When one fails the others still end their turn.
func together(clients []step, run func(*load, step) error, began time.Time) (*load, error) {
	parts, errs := make([]load, len(clients)), make([]error, len(clients))
	var running sync.WaitGroup
	var failed atomic.Bool
	for i, do := range clients {
		running.Go(func() {
			errs[i] = run(&parts[i], func() (int, error) {
				if failed.Load() {
					return 0, errOther
				}
				return do()
			})
			if errs[i] != nil {
				failed.Store(true)
			}
		})
	}
	running.Wait()
	sum := &load{took: time.Since(began)}
	for i := range parts {
		sum.done += parts[i].done
		sum.requests += parts[i].requests
		sum.latency.merge(&parts[i].latency)
		if errors.Is(errs[i], errOther) {
			errs[i] = nil
		}
	}
	return sum, errors.Join(errs...)
}

// errOther ends a client because another one has failed.
var errOther = errors.New("another client has failed")
