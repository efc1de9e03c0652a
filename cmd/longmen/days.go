package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

func newDays() *cobra.Command {
	var sequence uint64
	return reader("days FROM UNTIL", "Sum up by effective date, asset and account code",
		"  longmen ledger days 2026-03-01 2026-03-31\n  longmen ledger days 2026-03-01 2026-03-31 --sequence 4711 --json",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().Uint64Var(&sequence, "sequence", 0, "as it was known when this command was the last: the same answer for ever")
		}, func(c *client, args []string) error {
			query := url.Values{"from": {args[0]}, "until": {args[1]}}
			if sequence != 0 {
				query.Set("sequence", fmt.Sprint(sequence))
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			type day struct {
				Date  string
				Lines []struct {
					Asset, Debits, Credits string
					Code                   uint32
				}
			}
			t := newTable("DATE", "ASSET", ">CODE", ">DEBITS", ">CREDITS")
			return listing(c, nil, c.path("days"), query, "days", t, func(t *table, d day) {
				for _, l := range d.Lines {
					t.add(d.Date, l.Asset, fmt.Sprint(l.Code), decimal(l.Debits, scales[l.Asset]), decimal(l.Credits, scales[l.Asset]))
				}
			})
		})
}

func newDay() *cobra.Command {
	var sequence uint64
	p := &page{}
	return reader("day DATE ASSET CODE", "List the commands that make up a day's figure of an account code",
		"  longmen ledger day 2026-03-01 CNY 2001", cobra.ExactArgs(3), func(c *cobra.Command) {
			c.Flags().Uint64Var(&sequence, "sequence", 0, "as it was known when this command was the last")
			p.flags(c)
		}, func(c *client, args []string) error {
			query := p.query()
			query.Set("asset", args[1])
			query.Set("code", args[2])
			if sequence != 0 {
				query.Set("sequence", fmt.Sprint(sequence))
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			type command struct {
				Sequence                  uint64
				Purpose                   uint32
				ID, Date, Debits, Credits string
			}
			t := newTable(">SEQUENCE", "BOOKED", ">PURPOSE", ">DEBITS", ">CREDITS", "COMMAND")
			return listing(c, p, c.path("days", args[0], "commands"), query, "commands", t, func(t *table, d command) {
				scale := scales[args[1]]
				t.add(fmt.Sprint(d.Sequence), d.Date, fmt.Sprint(d.Purpose), decimal(d.Debits, scale), decimal(d.Credits, scale), d.ID)
			})
		})
}
