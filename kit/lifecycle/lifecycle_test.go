package lifecycle_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/longmen/longmen/kit/lifecycle"
)

// diary notes what happens in which order.
type diary []string

func (d *diary) part(name string) lifecycle.Part {
	note := func(what string) func(context.Context) error {
		return func(context.Context) error {
			*d = append(*d, what+" "+name)
			return nil
		}
	}
	return lifecycle.Part{Name: name, Start: note("start"), Stop: note("stop")}
}

func (d *diary) check(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(*d, want) {
		t.Errorf("happened: %q\nwanted:   %q", *d, want)
	}
}

func wantError(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Errorf("got error %v, want one with %q", err, says)
	}
}

func TestStopsInTheOppositeOrder(t *testing.T) {
	var d diary
	ctx, cancel := context.WithCancel(t.Context())
	line := lifecycle.New(d.part("a"), lifecycle.Part{Name: "neither start nor stop"}, d.part("b"))
	if err := line.Run(ctx, cancel); err != nil {
		t.Errorf("a requested stop gave %v", err)
	}
	d.check(t, "start a", "start b", "stop b", "stop a")
}

func TestAPartThatCannotStartStopsTheOnesBefore(t *testing.T) {
	var d diary
	broken := lifecycle.Part{
		Name:  "b",
		Start: func(context.Context) error { return errors.New("port is taken") },
		Stop:  func(context.Context) error { t.Error("stopped what was never started"); return nil },
	}
	err := lifecycle.New(d.part("a"), broken, d.part("c")).Run(t.Context(), func() { t.Error("called ready") })
	wantError(t, err, "start b: port is taken")
	d.check(t, "start a", "stop a")
}

func TestAPartThatFailsLaterEndsTheRun(t *testing.T) {
	var d diary
	line := lifecycle.New(d.part("a"), d.part("b"))
	cause := errors.New("lost the lead")
	err := line.Run(t.Context(), func() {
		line.Fail("a", cause)
		line.Fail("b", errors.New("follows from it"))
	})
	if !errors.Is(err, cause) {
		t.Errorf("got error %v, want the cause", err)
	}
	wantError(t, err, "a failed: lost the lead")
	d.check(t, "start a", "start b", "stop b", "stop a")
}

func TestAFailureEndsAStartUnderWay(t *testing.T) {
	var d diary
	var line *lifecycle.Line
	slow := lifecycle.Part{Name: "b", Start: func(ctx context.Context) error {
		line.Fail("a", errors.New("lost the lead"))
		<-ctx.Done()
		return ctx.Err()
	}}
	line = lifecycle.New(d.part("a"), slow, d.part("c"))
	wantError(t, line.Run(t.Context(), func() { t.Error("called ready") }), "a failed: lost the lead")
	d.check(t, "start a", "stop a")
}

func TestARequestToStopWhileStartingIsNoFailure(t *testing.T) {
	var d diary
	ctx, cancel := context.WithCancel(t.Context())
	slow := lifecycle.Part{Name: "b", Start: func(ctx context.Context) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}}
	if err := lifecycle.New(d.part("a"), slow).Run(ctx, nil); err != nil {
		t.Errorf("a requested stop gave %v", err)
	}
	d.check(t, "start a", "stop a")
}

func TestAStuckPartDoesNotHoldTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		defer close(release)
		stuck := lifecycle.Part{Name: "b", StopWithin: 5 * time.Second, Stop: func(context.Context) error {
			<-release
			return nil
		}}
		begin := time.Now()
		wantError(t, lifecycle.New(d.part("a"), stuck).Run(ctx, cancel), "stop b: given up")
		if took := time.Since(begin); took != 6*time.Second {
			t.Errorf("it took %v, want the part's 5 s and 1 s of grace", took)
		}
		d.check(t, "start a", "stop a")
	})
}

func TestAPartIsToldThatItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		polite := lifecycle.Part{Name: "a", Stop: func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		err := lifecycle.New(polite).Run(ctx, cancel)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got error %v, want the deadline", err)
		}
	})
}
