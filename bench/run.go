package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Options say what to measure and how.
type Options struct {
	Scenarios []string // names, or beginnings of names; all if empty
	JSON      bool     // for programs, at the end, instead of text as it comes
	Curve     bool     // text has the whole curve of each latency taken in an open loop
	Seconds   float64  // of one run; 10 if 0
	Runs      int      // of which the median counts; 3 if 0
	Data      string   // folder for data folders, on the disk that is to be measured; the system's for temporary files if empty
	DSN       string   // empty database of a PostgreSQL server for its scenarios; a throw-away server if empty
	Address   string   // host:port of a node that is running, instead of nodes started here
	Token     string   // its token
	Part      int      // divides all sizes, to try things out; the targets are for 1, which 0 is too

	// Serve makes the command that serves a data folder, on PostgreSQL if dsn is not empty. This program's own
	// subcommand if nil.
	Serve func(folder, dsn string) (*exec.Cmd, error)
}

// Scenario is one thing that can be measured.
type Scenario struct {
	Name string
	What string
	// where it can run: through the doors of a node that somebody else has started, or not.
	remote bool
	run    func(context.Context, *bench) error
}

// Scenarios is what there is, in the order of the table of the project's promises.
func Scenarios() []Scenario { return slices.Clone(scenarios) }

// Run measures scenarios and writes what came out. An error says that something could not be measured; that a target is
// not met is no error.
func Run(ctx context.Context, o Options, w io.Writer) error {
	if o.Seconds == 0 {
		o.Seconds = 10
	}
	if o.Runs == 0 {
		o.Runs = 3
	}
	if !(o.Seconds > 0) || o.Runs < 1 {
		return fmt.Errorf("%d runs of %v seconds: want 1 or more, longer than 0", o.Runs, o.Seconds)
	}
	o.Part = max(o.Part, 1)
	chosen, err := choose(o.Scenarios, o.Address != "")
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp(o.Data, "longmen-bench-")
	if err != nil {
		return fmt.Errorf("folder for data: %w", err)
	}
	defer os.RemoveAll(folder)
	b := &bench{options: o, folder: folder, out: w, seed: uint64(time.Now().UnixNano())}
	if b.report.Machine, err = machine(folder); err != nil {
		return fmt.Errorf("look at the machine: %w", err)
	}
	if !o.JSON {
		b.report.Machine.write(w)
	}
	var errs []error
	for _, s := range chosen {
		b.scenario = s.Name
		if err := s.run(ctx, b); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Name, err))
		}
		errs = append(errs, b.release())
		if ctx.Err() != nil {
			break
		}
	}
	if o.JSON {
		errs = append(errs, b.report.WriteJSON(w))
	}
	return errors.Join(errs...)
}

// choose finds scenarios by their names, or by beginnings of them.
func choose(names []string, remote bool) ([]Scenario, error) {
	var here, chosen []Scenario
	var all []string
	for _, s := range scenarios {
		if s.remote || !remote {
			here, all = append(here, s), append(all, s.Name)
		}
	}
	for _, s := range here {
		if len(names) == 0 || slices.ContainsFunc(names, func(n string) bool { return means(n, s.Name, all) }) {
			chosen = append(chosen, s)
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(all, func(name string) bool { return means(n, name, all) }) {
			return nil, fmt.Errorf("there is no scenario %q here; there are %s", n, strings.Join(all, ", "))
		}
	}
	return chosen, nil
}

// means: a whole name means itself alone, a beginning all that begin so.
func means(wanted, name string, all []string) bool {
	if slices.Contains(all, wanted) {
		return wanted == name
	}
	return strings.HasPrefix(name, wanted)
}

// bench is what scenarios work with.
type bench struct {
	options  Options
	folder   string
	out      io.Writer
	scenario string
	seed     uint64
	folders  int
	cleanup  []func() error
	report   Report
}

// n is a size of the table, divided as the options want.
func (b *bench) n(size int) int { return max(size/b.options.Part, min(size, 4)) }

// long is the time of a run.
func (b *bench) long() time.Duration { return time.Duration(b.options.Seconds * float64(time.Second)) }

// after keeps what is to be done when the scenario has ended.
func (b *bench) after(f func() error) { b.cleanup = append(b.cleanup, f) }

// release ends what the scenario has started, last first.
func (b *bench) release() error {
	var errs []error
	for _, f := range slices.Backward(b.cleanup) {
		errs = append(errs, f())
	}
	b.cleanup = nil
	return errors.Join(errs...)
}

// newFolder makes an empty data folder that goes away with the scenario.
func (b *bench) newFolder() (string, error) {
	b.folders++
	path := fmt.Sprintf("%s/%d", b.folder, b.folders)
	b.after(func() error { return os.RemoveAll(path) })
	return path, os.Mkdir(path, 0o700)
}

// tell takes a figure into the report.
func (b *bench) tell(f Figure) {
	f.Scenario = b.scenario
	if f.Target > 0 && b.options.Part == 1 {
		f.judge()
	}
	b.report.Figures = append(b.report.Figures, f)
	if b.options.JSON {
		return
	}
	f.write(b.out)
	if b.options.Curve {
		f.writeCurve(b.out)
	}
}

// say tells people how far a long scenario is.
func (b *bench) say(format string, args ...any) {
	if !b.options.JSON {
		fmt.Fprintf(b.out, b.scenario+": "+format+"\n", args...)
	}
}

// target is what the table promises.
type target struct {
	value  float64
	unit   string
	atMost bool
}

func atLeast(v float64) target            { return target{v, perSecond, false} }
func under(v float64, unit string) target { return target{v, unit, true} }

func (t target) figure(what string, value float64, how string) Figure {
	return Figure{What: what, Value: value, Unit: t.unit, Target: t.value, AtMost: t.atMost, How: how}
}
