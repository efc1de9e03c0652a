// Package lifecycle starts the parts of a program in order and stops them in the opposite order, each within its time.
//
// The package must not know what its parts do.
package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Part is something that is started and stopped.
type Part struct {
	// Name is what errors call it.
	Name string
	// Start returns when the part is ready. Its context ends when the part's time is up or the program is asked to stop;
	// it is not for what goes on after Start has returned. Nil if there is nothing to start.
	Start func(context.Context) error
	// Stop returns when the part is at rest. Its context ends when the part's time is up. Nil if there is nothing to stop.
	Stop func(context.Context) error
	// StartWithin and StopWithin bound the two; zero means DefaultWithin.
	StartWithin, StopWithin time.Duration
}

// DefaultWithin is the time a part has when it names none.
const DefaultWithin = 30 * time.Second

// grace is what a part gets to answer when its context has ended.
const grace = time.Second

// Line is a list of parts, each of which may lean on those before it.
type Line struct {
	parts  []Part
	failed context.Context
	fail   context.CancelCauseFunc
}

// New makes a line of these parts.
func New(parts ...Part) *Line {
	failed, fail := context.WithCancelCause(context.Background())
	return &Line{parts: parts, failed: failed, fail: fail}
}

// Fail ends Run: a part calls it when it can't go on. Only the first call counts. It never blocks.
func (l *Line) Fail(name string, err error) {
	l.fail(fmt.Errorf("%s failed: %w", name, err))
}

// Run starts the parts, calls ready if it is not nil, waits until the context ends or a part fails, and stops what was
// started. It returns nil if it was asked to stop and everything stopped in time. A line runs once.
func (l *Line) Run(ctx context.Context, ready func()) error {
	// Whoever asks to stop ends ctx; stopping needs its time all the same.
	calm := context.WithoutCancel(ctx)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.failed, cancel)()

	started, err := l.start(ctx)
	if err == nil && ctx.Err() == nil {
		if ready != nil {
			ready()
		}
		<-ctx.Done()
	}
	errs := []error{context.Cause(l.failed), err}
	for i := started - 1; i >= 0; i-- {
		p := l.parts[i]
		errs = append(errs, within(calm, "stop", p.Name, p.StopWithin, p.Stop))
	}
	return errors.Join(errs...)
}

// start returns how many parts were started. A part whose Start failed cleans up by itself.
func (l *Line) start(ctx context.Context) (int, error) {
	for i, p := range l.parts {
		if ctx.Err() != nil {
			return i, nil
		}
		err := within(ctx, "start", p.Name, p.StartWithin, p.Start)
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			// It was asked to stop while it started, which is no failure.
			return i, nil
		}
		if err != nil {
			return i, err
		}
	}
	return len(l.parts), nil
}

// within calls f and gives up on it when its time is over, so that one stuck part can't hold the others.
func within(ctx context.Context, verb, name string, limit time.Duration, f func(context.Context) error) error {
	if f == nil {
		return nil
	}
	if limit == 0 {
		limit = DefaultWithin
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		// A part that minds its context answers now; one that doesn't is given up.
		patience := time.NewTimer(grace)
		defer patience.Stop()
		select {
		case err = <-done:
		case <-patience.C:
			return fmt.Errorf("%s %s: given up, it did not end when its time was over (%v)", verb, name, limit)
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", verb, name, err)
	}
	return nil
}
