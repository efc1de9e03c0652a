package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

const someValuation = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"

// valuationCommands value what the platform has itself.
func valuationCommands() []*cobra.Command {
	return []*cobra.Command{newBookValue(), newBookValuations(), newBookValuation(), newBookLines()}
}

// valuation is what of a valuation is shown.
type valuation struct {
	ID, On, Asset, Chart, At, Outcome string
	Number, Sequence                  uint64
	Sums                              []struct {
		Bucket, Interest, Fees, Received, Exposed, Impaired string
		Claims                                              int
		PPM                                                 int64
		Tax                                                 valuationTax
	}
	Entries []struct{ Name, Debit, Credit, Target, Booked string }
}

// valuationTax is what fees contain of tax: nothing in valuations that worked it out only for the sum.
type valuationTax struct{ Fees, Received string }

// print prints the figures, and what of them was booked before. What was done is done, also if its scale can't be told.
func (x *valuation) print(c *client) error {
	scale, sequence := unknown, fmt.Sprint(x.Sequence)
	if scales, err := c.scales(); err == nil {
		scale = scales[x.Asset]
	}
	if x.Sequence == 0 {
		sequence = "nothing was booked"
	}
	if err := pairs(c.out, "valuation", x.ID, "number", fmt.Sprint(x.Number), "on", x.On, "chart", "from "+x.Chart, "outcome", x.Outcome, "sequence", sequence); err != nil {
		return err
	}
	sums := newTable("BUCKET", ">CLAIMS", ">INTEREST", ">FEES", ">TAX TO COME", ">RECEIVED", ">TAX", ">EXPOSED", ">PPM", ">IMPAIRED")
	for _, s := range x.Sums {
		sums.add(s.Bucket, fmt.Sprint(s.Claims), decimal(s.Interest, scale), decimal(s.Fees, scale), decimal(s.Tax.Fees, scale),
			decimal(s.Received, scale), decimal(s.Tax.Received, scale), decimal(s.Exposed, scale), fmt.Sprint(s.PPM), decimal(s.Impaired, scale))
	}
	entries := newTable("FIGURE", "DEBIT", "CREDIT", ">BOOKED", ">TARGET")
	for _, e := range x.Entries {
		entries.add(e.Name, e.Debit, e.Credit, decimal(e.Booked, scale), decimal(e.Target, scale))
	}
	for _, t := range []*table{sums, entries} {
		if _, err := fmt.Fprintln(c.out); err != nil {
			return err
		}
		if err := t.print(c.out); err != nil {
			return err
		}
	}
	return nil
}

func newBookValue() *cobra.Command {
	made := ""
	return reader("value DAY", "Value what the platform has itself on a day, and book what differs from what is booked",
		"  LONGMEN_TOKEN=… longmen book value 2026-03-31", cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&made, "id", "", "id of the valuation, a UUIDv7; a new one if empty. The same again gives the first result")
		}, func(c *client, args []string) error {
			own, err := keyOr(made)
			if err != nil {
				return err
			}
			var x valuation
			text, err := c.post(c.path("valuations"), "", fields{"id": own, "on": args[0]}, &x)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return x.print(c) })
		})
}

func newBookValuations() *cobra.Command {
	p := &page{}
	return reader("valuations", "List the valuations of a ledger, newest first", "  longmen book valuations --limit 12", cobra.NoArgs, p.flags, func(c *client, _ []string) error {
		return listing(c, p, c.path("valuations"), p.query(), "valuations", newTable("ON", ">NUMBER", "OUTCOME", ">SEQUENCE", "CHART", "ID"), func(t *table, x valuation) {
			t.add(x.On, fmt.Sprint(x.Number), x.Outcome, fmt.Sprint(x.Sequence), x.Chart, x.ID)
		})
	})
}

func newBookValuation() *cobra.Command {
	return reader("valuation ID", "Show a valuation with its figures", "  longmen book valuation "+someValuation, cobra.ExactArgs(1), nil, func(c *client, args []string) error {
		var x valuation
		text, err := c.get(c.path("valuations", args[0]), nil, &x)
		if err != nil {
			return err
		}
		return c.show(text, func() error { return x.print(c) })
	})
}

func newBookLines() *cobra.Command {
	p, bucket := &page{}, ""
	return reader("lines ID", "List the loans that a valuation's figures came from", "  longmen book lines "+someValuation+" --bucket M1", cobra.ExactArgs(1), func(c *cobra.Command) {
		c.Flags().StringVar(&bucket, "bucket", "", "only of this bucket")
		p.flags(c)
	}, func(c *client, args []string) error {
		var x valuation
		if _, err := c.get(c.path("valuations", args[0]), nil, &x); err != nil {
			return err
		}
		scales, err := c.scales()
		if err != nil {
			return err
		}
		scale, query := scales[x.Asset], p.query()
		if bucket != "" {
			query.Set("bucket", bucket)
		}
		type line struct {
			Claim, Bucket, Interest, Fees, Received, Exposed string
			Tax                                              valuationTax
		}
		lines := newTable("BUCKET", "LOAN", ">INTEREST", ">FEES", ">TAX TO COME", ">RECEIVED", ">TAX", ">EXPOSED")
		return listing(c, p, c.path("valuations", args[0], "lines"), query, "lines", lines, func(t *table, l line) {
			t.add(l.Bucket, l.Claim, decimal(l.Interest, scale), decimal(l.Fees, scale), decimal(l.Tax.Fees, scale),
				decimal(l.Received, scale), decimal(l.Tax.Received, scale), decimal(l.Exposed, scale))
		})
	})
}
