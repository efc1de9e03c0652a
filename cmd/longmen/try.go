package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/bench"
	"github.com/longmen/longmen/sim"
)

func newSim() *cobra.Command {
	var o sim.Options
	asJSON := false
	c := &cobra.Command{
		Use: "sim", Short: "Simulate nodes, crashes and take-overs by seed, against a model", Args: cobra.NoArgs,
		Long: `Simulate the ledger: random commands of every kind, a journal that crashes, loses what was not synced and answers with
unknown outcomes, late and repeated requests, and a second node that takes over. Every result is compared with that of a
model written for clarity. The same seed tells the same story; a failing one is shortened and printed.`,
		Example: "  longmen sim --seeds 200\n  longmen sim --first 4711",
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Seeds < 1 {
				return fmt.Errorf("seeds: %d, want 1 or more", o.Seeds)
			}
			out := c.OutOrStdout()
			if asJSON {
				out = c.ErrOrStderr()
			}
			report, err := sim.Run(c.Context(), o, out)
			if !asJSON {
				return err
			}
			codes := map[string]int{}
			for code, n := range report.Codes {
				codes[code.String()] = n
			}
			if printed := printJSON(c.OutOrStdout(), map[string]any{
				"seeds": report.Seeds, "commands": report.Commands, "applied": report.Applied, "crashes": report.Crashes,
				"takeovers": report.Takeovers, "codes": codes, "failed": report.Failed, "seconds": report.Elapsed.Seconds(),
			}); printed != nil {
				return printed
			}
			return err
		},
	}
	flags := c.Flags()
	flags.IntVar(&o.Seeds, "seeds", 1, "how many stories")
	flags.Uint64Var(&o.First, "first", 1, "seed of the first")
	flags.IntVar(&o.Commands, "commands", 500, "commands that clients send in each")
	flags.IntVar(&o.Workers, "workers", 0, "stories told at the same time; one a processor if 0")
	flags.IntVar(&o.History, "history", 0, "write every so-manieth story into a real history too and look it up there")
	flags.BoolVar(&o.Whole, "whole", false, "print a failing story as it is, not shortened")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func newBench() *cobra.Command {
	var o bench.Options
	list := false
	c := &cobra.Command{
		Use: "bench [SCENARIO...]", Short: "Measure this machine as a user meets the ledger",
		Long: `Measure the served program through its doors, the library in process, and what the machine spends on it. Nodes are
started and ended by the measurement; with --address a running one is measured instead, in ledgers that stay in it: they are
shadow ledgers, apart from real books.`,
		Example: `  longmen bench --list
  longmen bench
  longmen bench distributions --runs 1 --seconds 5
  longmen bench --json > figures.json`,
		RunE: func(c *cobra.Command, args []string) error {
			if list {
				t := newTable("SCENARIO", "WHAT")
				for _, s := range bench.Scenarios() {
					t.add(s.Name, s.What)
				}
				return t.print(c.OutOrStdout())
			}
			if o.Address != "" {
				var err error
				if o.Token, err = tokenOf(c, dataOf(c), o.Address); err != nil {
					return err
				}
			}
			o.Scenarios = args
			return bench.Run(c.Context(), o, c.OutOrStdout())
		},
	}
	flags := c.Flags()
	flags.BoolVar(&list, "list", false, "list what can be measured")
	flags.BoolVar(&o.JSON, "json", false, "print JSON at the end")
	flags.BoolVar(&o.Curve, "curve", false, "print the whole curve of latencies")
	flags.Float64Var(&o.Seconds, "seconds", 10, "length of a run")
	flags.IntVar(&o.Runs, "runs", 3, "runs of each, of which the median counts")
	flags.StringVar(&o.Data, "folder", "", "folder on the disk that is to be measured; that of temporary files if empty")
	flags.StringVar(&o.DSN, "dsn", "", "an empty PostgreSQL database, postgres://...; a throw-away server if empty")
	flags.StringVar(&o.Address, "address", "", "host:port of a running node")
	flags.String("token-file", "", "file with the token for it; else $LONGMEN_TOKEN, else, for its own node, the operator's in the data folder")
	flags.IntVar(&o.Part, "part", 1, "divide all sizes by this, to try things out")
	return c
}
