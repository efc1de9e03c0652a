// Command longmen is the one program: it serves a node, speaks to a running one, and works on its data.
//
// The package must not know rules of its own: it turns words of the command line into calls, and answers into text.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/kit/version"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run runs the program with these words and returns what it tells the shell.
func run(ctx context.Context, args []string, in io.Reader, out, log io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(log)
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, errSaid) {
			fmt.Fprintln(log, "longmen:", err)
		}
		return 1
	}
	return 0
}

// errSaid ends the program as a failure of which everything is said already.
var errSaid = errors.New("said")

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "longmen",
		Short: "A real-time double-entry ledger that pays a thousand holders in one stroke",
		Long: `Longmen 龙门: lending, investing, payments and settlement over one real-time double-entry ledger.

Start a node with "longmen serve"; talk to it with "longmen ledger ...", which finds its address and token in the
data folder.`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs, RunE: help,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.PersistentFlags().String("data", dataFolder(), "data folder of the node ($LONGMEN_DATA)")
	root.AddCommand(newServe(), newLedger(), newTenant(), newParty(), newPrincipal(), newToken(), newOrder(), newLoan(), newApproval(), newJobs(), newOutbox(), newCalc(), newProduct(), newCalendar(), newBook(), newMarket(), newVerify(), newExport(), newBackup(), newRestore(), newRekey(), newSim(), newBench(), newVersion())
	return root
}

// dataFolder is where a node keeps its books if nothing else is said.
func dataFolder() string {
	if folder := os.Getenv("LONGMEN_DATA"); folder != "" {
		return folder
	}
	return "./longmen-data"
}

func newVersion() *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: "version", Short: "Tell which version this is", Args: cobra.NoArgs,
		Example: "  longmen version\n  longmen version --json",
		RunE: func(c *cobra.Command, _ []string) error {
			info := version.Read()
			if asJSON {
				return printJSON(c.OutOrStdout(), info)
			}
			_, err := fmt.Fprintln(c.OutOrStdout(), "longmen", info)
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
