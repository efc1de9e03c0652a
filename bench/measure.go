package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// median of some runs.
func median(runs []float64) float64 {
	sorted := slices.Sorted(slices.Values(runs))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// trial is something to be measured in several runs.
type trial struct {
	what    string
	how     string
	of      string // what a latency is of
	target  target
	clients []step
}

// warm lets clients and server find their speed before anything counts.
func (b *bench) warm(ctx context.Context, clients []step) error {
	_, err := closedLoop(ctx, min(b.long()/5, 2*time.Second), clients)
	return err
}

// rate measures how much is done in a closed loop.
func (b *bench) rate(ctx context.Context, on book, t trial) error {
	if err := b.warm(ctx, t.clients); err != nil {
		return err
	}
	return b.runs(ctx, on, t, false, func() (*load, float64, error) {
		l, err := closedLoop(ctx, b.long(), t.clients)
		return l, l.rate(), err
	})
}

// percentile measures in an open loop how long requests take at a rate; the figure is that percentile in milliseconds.
func (b *bench) percentile(ctx context.Context, on book, t trial, requests, quantile float64) error {
	return b.runs(ctx, on, t, true, func() (*load, float64, error) {
		l, err := openLoop(ctx, b.long(), requests, pause, t.clients)
		if err != nil {
			return nil, 0, err
		}
		return l, float64(l.latency.quantile(quantile)) / float64(time.Millisecond), nil
	})
}

// runs repeats a run and tells the median of its figures, with the latencies of all runs together.
func (b *bench) runs(ctx context.Context, on book, t trial, open bool, run func() (*load, float64, error)) error {
	finish, err := on.watch(ctx)
	if err != nil {
		return err
	}
	sum := &load{}
	var values []float64
	for range b.options.Runs {
		l, value, err := run()
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && l.requests == 0 {
			err = errors.New("no request was made")
		}
		if err != nil {
			return fmt.Errorf("%s: %w", t.what, err)
		}
		values = append(values, value)
		sum.done, sum.requests, sum.took = sum.done+l.done, sum.requests+l.requests, sum.took+l.took
		sum.latency.merge(&l.latency)
	}
	f := t.target.figure(t.what, median(values), fmt.Sprintf("%s; %d x %s s", t.how, len(values), number(b.options.Seconds)))
	if len(values) > 1 {
		f.Runs = values
	}
	f.Requests, f.Latency = sum.requests, latency(t.of, open, sum)
	if err := finish(&f); err != nil {
		return err
	}
	b.tell(f)
	return nil
}
