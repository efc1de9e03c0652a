package sim

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/longmen/longmen/core/ledger"
)

// Options say which stories are told.
type Options struct {
	First    uint64 // seed of the first story
	Seeds    int    // how many, 1 when zero
	Commands int    // that clients send in each, 10 to 100,000; 500 when zero
	Workers  int    // stories told at the same time, at most 256; one a processor when zero
	History  int    // every so-manieth story is also written into a real history and looked up there; none when zero
	Failures int    // stories that may fail before the run stops, 1 when zero
	Whole    bool   // print a failing story as it is, not shortened
	Silent   bool   // print no story
}

// Report is what a run came to.
type Report struct {
	Seeds     int
	Commands  int // sequenced, those of the sequencer too
	Applied   int
	Crashes   int
	Takeovers int
	Codes     map[ledger.Code]int
	Failed    []uint64 // seeds
	First     *Failure // of the first that failed
	Elapsed   time.Duration
}

// told is the end of one story.
type told struct {
	seed    uint64
	play    *play
	steps   []*step
	failure *Failure
}

// Run tells stories of one seed after the other and writes what fails, shortened, and a summary. The error says that
// something failed.
func Run(ctx context.Context, o Options, w io.Writer) (Report, error) {
	o = o.withDefaults()
	start := time.Now()
	report := Report{Codes: map[ledger.Code]int{}}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for end := range tellAll(ctx, o) {
		report.add(end.play)
		if end.failure == nil {
			continue
		}
		report.Failed = append(report.Failed, end.seed)
		if len(report.Failed) > o.Failures {
			continue
		}
		if report.First == nil {
			report.First = end.failure
		}
		if !o.Silent {
			explain(w, o, end)
		}
		if len(report.Failed) == o.Failures {
			stop()
		}
	}
	report.Elapsed = time.Since(start)
	fmt.Fprintf(w, "%d seeds, %d commands (%d applied, %d refused), %d crashes, %d take-overs in %.1f s\n", report.Seeds,
		report.Commands, report.Applied, report.Commands-report.Applied, report.Crashes, report.Takeovers, report.Elapsed.Seconds())
	switch {
	case len(report.Failed) > 0:
		return report, fmt.Errorf("simulate: seeds %v failed", report.Failed)
	case report.Seeds < o.Seeds:
		return report, fmt.Errorf("simulate: stopped after %d of %d seeds: %w", report.Seeds, o.Seeds, context.Cause(ctx))
	}
	return report, nil
}

func (o Options) withDefaults() Options {
	o.Seeds, o.Failures = max(o.Seeds, 1), max(o.Failures, 1)
	if o.Commands <= 0 {
		o.Commands = 500
	}
	o.Commands = min(max(o.Commands, 10), 100_000)
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	o.Workers = min(o.Workers, 256)
	return o
}

func (o *Options) chronicles(seed uint64) bool { return o.History > 0 && seed%uint64(o.History) == 0 }

// tellAll tells the stories, several at a time, and hands over how each ended.
func tellAll(ctx context.Context, o Options) <-chan told {
	seeds, ends := make(chan uint64), make(chan told)
	go func() {
		defer close(seeds)
		for i := range uint64(o.Seeds) {
			select {
			case seeds <- o.First + i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var workers sync.WaitGroup
	for range o.Workers {
		workers.Go(func() {
			for seed := range seeds {
				p, steps, failure := direct(seed, o.Commands, o.chronicles(seed))
				ends <- told{seed, p, steps, failure}
			}
		})
	}
	go func() {
		workers.Wait()
		close(ends)
	}()
	return ends
}

func (r *Report) add(p *play) {
	r.Seeds++
	r.Crashes += p.crashes
	r.Takeovers += p.takeovers
	for code, n := range p.codes {
		r.Codes[code] += n
		r.Commands += n
	}
	r.Applied = r.Codes[ledger.Applied]
}

// explain writes a failing story.
func explain(w io.Writer, o Options, end told) {
	fmt.Fprintf(w, "seed %d fails at step %d: %s\n", end.seed, end.failure.Step, end.failure.What)
	steps, failure := end.steps, end.failure
	if !o.Whole {
		steps, failure = shrink(steps, failure, o.chronicles(end.seed))
		fmt.Fprintf(w, "shortened from %d steps to %d: %s\n", len(end.steps), len(steps), failure.What)
	}
	printStory(w, steps)
	if failure.Stack != "" {
		fmt.Fprintln(w, failure.Stack)
	}
	again := fmt.Sprintf("longmen sim --first %d --seeds 1 --commands %d", end.seed, o.Commands)
	if o.chronicles(end.seed) {
		again += " --history 1"
	}
	fmt.Fprintln(w, "again:", again)
}
