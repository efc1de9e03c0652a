package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

func newAdvance() *cobra.Command {
	e := &envelope{}
	c := &cobra.Command{
		Use: "advance INSTANT", Short: "Move a simulated clock forward; what is due on the way happens first", Args: cobra.ExactArgs(1),
		Long: `Move a simulated clock forward. Planned events that are due on the way happen first, each at its instant; where the clock
stands meanwhile is told every two seconds. The node goes on when this command is ended: the same command with the same --key,
which is told at once, waits for it again.`,
		Example: "  longmen ledger advance 2026-04-01T00:00:00+08:00",
	}
	c.RunE = on(func(cl *client, args []string) (err error) {
		if e.key, err = keyOr(e.key); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(cl.log, "the way to %s has the key %s\n", args[0], e.key); err != nil {
			return err
		}
		stop := cl.tellClock(cl.log, args[0])
		defer stop()
		cl.patient = true
		return cl.write(e, cl.path("clock"), fields{"to": args[0]})
	})
	e.flags(c)
	return c
}

// tellClock tells every so often where the ledger's clock stands, until stop is called.
func (c *client) tellClock(to io.Writer, goal string) (stop func()) {
	ctx, cancel := context.WithCancel(c.ctx)
	asking := *c
	asking.ctx = ctx
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(tellEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				var l ledgerInfo
				if _, err := asking.get(asking.path(), nil, &l); err == nil {
					fmt.Fprintf(to, "the clock of ledger %s stands at %s, on its way to %s\n", c.ledger, l.Now, goal)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}
