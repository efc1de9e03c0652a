// Command lendingclub plays a marketplace over real loans on a Longmen node, as a client of its public API like any
// user's program: it starts the node, funds a thousand loans with a million bids, lets their borrowers pay month by
// month, and then counts every cent a second time.
//
// It knows nothing of the ledger but its doors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/longmen/longmen/examples/stage"
)

// options are what a person chooses.
type options struct {
	loans     int // 0: all
	investors int
	once      bool
	json      bool
	data      string // "": a folder that is removed at the end
	longmen   string // the program
}

func main() {
	// The first Ctrl-C ends the run in order, a second one at once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	o, err := parse(os.Args[1:], os.Stderr)
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err == nil {
		err = run(ctx, o, stage.NewScreen(os.Stdout, os.Stderr, o.json))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lendingclub:", err)
		os.Exit(1)
	}
}

const usage = `Play a marketplace over real loans on a Longmen node, and count every cent a second time.

  lendingclub                  1,000 loans, 20,000 investors; then serve until Ctrl-C
  lendingclub --loans all      all 6,899 loans
  lendingclub --once --json    end after the summary, printed for programs

`

func parse(args []string, w io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("lendingclub", flag.ContinueOnError)
	f.SetOutput(w)
	f.Usage = func() {
		fmt.Fprint(w, usage)
		f.PrintDefaults()
	}
	loans := f.String("loans", "1000", "how many of the loans: a number, or all")
	f.IntVar(&o.investors, "investors", 20_000, "how many investors")
	f.BoolVar(&o.once, "once", false, "end after the summary instead of serving until Ctrl-C")
	f.BoolVar(&o.json, "json", false, "print the summary as JSON")
	f.StringVar(&o.data, "data", "", "data folder of the node; a run that was cut short there goes on (default: a new one, removed at the end)")
	f.StringVar(&o.longmen, "longmen", "", "the longmen program (default: the one beside this program)")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("%q is not expected: give flags only, see --help", f.Arg(0))
	}
	if *loans != "all" {
		n, err := strconv.Atoi(*loans)
		if err != nil || n < 1 {
			return o, fmt.Errorf("--loans %q: give a number from 1, or all", *loans)
		}
		o.loans = n
	}
	if o.longmen == "" {
		own, err := os.Executable()
		if err != nil {
			return o, err
		}
		o.longmen = filepath.Join(filepath.Dir(own), "longmen")
	}
	return o, nil
}

var errInterrupted = errors.New("interrupted: there is no summary")

// run starts the node, plays, shows the summary, and serves until the context ends.
func run(ctx context.Context, o options, s *stage.Screen) (err error) {
	folder := o.data
	if folder == "" {
		if folder, err = os.MkdirTemp("", "longmen-lendingclub-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	n, err := stage.Start(ctx, o.longmen, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Stop()) }()
	s.Say("Longmen serves at %s, its data is in %s", n.Base, folder)

	summary, err := tell(n.Within(ctx), o, n, s)
	if err != nil {
		if ctx.Err() != nil {
			return errInterrupted
		}
		return errors.Join(err, n.Died())
	}
	if o.json {
		err = s.JSON(summary)
	}
	if err == nil && !summary.Sound() {
		err = errors.New("something is wrong, see the summary")
	}
	if err != nil || o.once {
		return err
	}
	s.Say("\nStill serving. Browse the API at %s/docs; the token is in %s.", n.Base, filepath.Join(folder, stage.TokenFile))
	s.Say("Look around: %s ledger --data %s statement %s %s", o.longmen, folder, summary.Statement.Account, summary.Statement.Month)
	s.Say("Press Ctrl-C to end.")
	return n.Wait(ctx)
}
