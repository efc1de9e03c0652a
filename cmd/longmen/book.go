package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

func newBook() *cobra.Command {
	c := &cobra.Command{
		Use: "book", Short: "Keep the books of a ledger for those outside: chart, closing, corrections, export, valuation", Args: cobra.NoArgs, RunE: help,
		Long: `A chart gives account codes their codes in a general ledger; a closed period takes no more entries. Both are proposed by
one person of finance, with the token in $LONGMEN_TOKEN, and approved by another. docs/accounting.md says more.`,
	}
	chart := &cobra.Command{Use: "chart", Short: "List and propose charts", Args: cobra.NoArgs, RunE: help}
	chart.AddCommand(newChartList(), newChartPropose())
	c.AddCommand(chart, newBookClose(), newBookPeriods(), newBookCorrections(), newBookExport())
	c.AddCommand(valuationCommands()...)
	c.PersistentFlags().StringP("ledger", "l", "main", "name of the ledger")
	return speaking(c)
}

func newChartList() *cobra.Command {
	p := &page{}
	return reader("list", "List the charts of the tenant", "  longmen book chart list", cobra.NoArgs, p.flags, func(c *client, _ []string) error {
		type chart struct{ From, Proposal, Approved string }
		return listing(c, p, "/v1/charts", p.query(), "charts", newTable("FROM", "APPROVED", "PROPOSAL"), func(t *table, h chart) {
			t.add(h.From, h.Approved, h.Proposal)
		})
	})
}

func newChartPropose() *cobra.Command {
	p := &proposal{}
	c := reader("propose FILE|-", "Propose a chart from a file of JSON, which another person approves",
		"  LONGMEN_TOKEN=… longmen book chart propose chart.json --reason \"new general ledger\"", cobra.ExactArgs(1), p.flags, nil)
	c.RunE = func(command *cobra.Command, args []string) error {
		file, err := readInput(command.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		if !json.Valid(file) {
			return fmt.Errorf("%s is no JSON", args[0])
		}
		c, err := newClient(command)
		if err != nil {
			return err
		}
		return p.send(c, "/v1/charts", map[string]any{"chart": json.RawMessage(file)})
	}
	return c
}

func newBookClose() *cobra.Command {
	p := &proposal{}
	return reader("close DAY", "Propose to close a ledger's books through a day, which another person approves",
		"  LONGMEN_TOKEN=… longmen book close 2026-03-31 --reason \"month end\"", cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			return p.send(c, c.path("periods"), map[string]any{"through": args[0]})
		})
}

func newBookPeriods() *cobra.Command {
	return reader("periods", "List the closed periods of a ledger", "  longmen book periods", cobra.NoArgs, nil, func(c *client, _ []string) error {
		type period struct {
			Through, Proposal, Closed string
			Sequence                  uint64
		}
		return listing(c, nil, c.path("periods"), nil, "periods", newTable("THROUGH", ">SEQUENCE", "CLOSED", "PROPOSAL"), func(t *table, x period) {
			t.add(x.Through, fmt.Sprint(x.Sequence), x.Closed, x.Proposal)
		})
	})
}

func newBookCorrections() *cobra.Command {
	p := &page{}
	return reader("corrections", "List what was put right of closed days", "  longmen book corrections --limit 1000", cobra.NoArgs, p.flags, func(c *client, _ []string) error {
		type correction struct {
			Corrected, Effective, Command string
			Sequence                      uint64
			Purpose                       uint32
		}
		return listing(c, p, c.path("corrections"), p.query(), "corrections", newTable("CORRECTS", ">SEQUENCE", "EFFECTIVE", ">PURPOSE", "COMMAND"), func(t *table, x correction) {
			t.add(x.Corrected, fmt.Sprint(x.Sequence), x.Effective, fmt.Sprint(x.Purpose), x.Command)
		})
	})
}

func newBookExport() *cobra.Command {
	asCSV, sequence := false, uint64(0)
	return reader("export FROM UNTIL", "Export daily totals by general ledger code", "  longmen book export 2026-03-01 2026-03-31 --csv > march.csv\n  longmen book export 2026-03-01 2026-03-31 --sequence 4711",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().BoolVar(&asCSV, "csv", false, "print CSV, amounts in minor units")
			c.Flags().Uint64Var(&sequence, "sequence", 0, "as it was known when this command was the last: the same bytes for ever")
		}, func(c *client, args []string) error {
			query := url.Values{"from": {args[0]}, "until": {args[1]}}
			if sequence != 0 {
				query.Set("sequence", fmt.Sprint(sequence))
			}
			if asCSV {
				query.Set("format", "csv")
				text, err := c.get(c.path("export"), query, nil)
				if err == nil {
					_, err = c.out.Write(text)
				}
				return err
			}
			type row struct {
				Date, Asset, GL, Debits, Credits string
				Name                             struct{ En string }
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			return listing(c, nil, c.path("export"), query, "rows", newTable("DATE", "ASSET", "GL", "NAME", ">DEBITS", ">CREDITS"), func(t *table, r row) {
				t.add(r.Date, r.Asset, r.GL, r.Name.En, decimal(r.Debits, scales[r.Asset]), decimal(r.Credits, scales[r.Asset]))
			})
		})
}
