package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// shortfall says what becomes of what somebody can't give back.
type shortfall struct {
	atMost bool
	cover  string
}

func (s *shortfall) flags(c *cobra.Command) {
	c.Flags().BoolVar(&s.atMost, "at-most", false, "take what is there instead of refusing when somebody has spent it")
	c.Flags().StringVar(&s.cover, "owe", "", "take what is there; this account pays the rest, and is owed it")
	c.MarkFlagsMutuallyExclusive("at-most", "owe")
}

// into says so in a body.
func (s *shortfall) into(body fields) fields {
	switch {
	case s.cover != "":
		body["mode"], body["cover"] = "owe", s.cover
	case s.atMost:
		body["mode"] = "at_most"
	default:
		body["mode"] = "refuse"
	}
	return body
}

func newCorrect() *cobra.Command {
	var take bool
	var deductions []string
	short := &shortfall{}
	return writer("correct SEQUENCE OPERATION PAYER AMOUNT...", "Pay or take a difference to those who got a distribution",
		"Pay a difference to those who got a distribution, by the units that they had then: one amount for each tranche, in order. With --take it is taken back and goes to the payer.",
		"  longmen ledger correct 1042 0 borrower:7:cash 10.00 0.50\n  longmen ledger correct 1042 0 borrower:7:cash 10.00 0.50 --take --owe platform:cover",
		cobra.MinimumNArgs(4), func(c *cobra.Command) {
			c.Flags().BoolVar(&take, "take", false, "take the amounts back instead of paying them")
			c.Flags().StringArrayVar(&deductions, "deduct", nil, "TRANCHE:CLASS:PPM:ACCOUNT, what is taken from each line; up to 64 times")
			short.flags(c)
		}, func(c *client, e *envelope, args []string) error {
			sequence, err := number("sequence", args[0])
			if err != nil {
				return err
			}
			operation, err := number("operation", args[1])
			if err != nil {
				return err
			}
			scale, err := c.scale(args[2])
			if err != nil {
				return err
			}
			body := fields{"sequence": sequence, "operation": operation, "payer": args[2]}
			if err := divided(body, args[3:], scale, deductions); err != nil {
				return err
			}
			if amounts := body["amounts"].([]string); take {
				for i, a := range amounts {
					if a != "0" {
						amounts[i] = "-" + a
					}
				}
			}
			return c.writeScaled(e, c.path("reversals", "differences"), short.into(body), scale)
		})
}

func newSettle() *cobra.Command {
	var payer string
	return writer("settle ACCOUNT COVER [AMOUNT]", "Pay what an account owes to a cover account",
		"Pay what an account owes to a cover account, all of it or at most an amount. Whoever pays: the account itself, one that stands in for it, or the one that bears the loss.",
		"  longmen ledger settle investor:42:cash platform:cover\n  longmen ledger settle investor:42:cash platform:cover 10.00 --payer platform:losses",
		cobra.RangeArgs(2, 3), func(c *cobra.Command) {
			c.Flags().StringVar(&payer, "payer", "", "account that pays; the one that owes if empty")
		}, func(c *client, e *envelope, args []string) error {
			body := fields{"account": args[0], "cover": args[1], "payer": args[0]}
			if payer != "" {
				body["payer"] = payer
			}
			scale, err := c.scale(args[0])
			if err != nil {
				return err
			}
			if len(args) > 2 {
				if body["amount"], err = minor(args[2], scale); err != nil {
					return err
				}
			}
			return c.writeScaled(e, c.path("settlements"), body, scale)
		})
}

func newDebts() *cobra.Command {
	p := &page{}
	var cover string
	return reader("debts [ACCOUNT]", "List what an account owes, or who owes to a cover account",
		"  longmen ledger debts investor:42:cash\n  longmen ledger debts --cover platform:cover", cobra.MaximumNArgs(1),
		func(c *cobra.Command) {
			p.flags(c)
			c.Flags().StringVar(&cover, "cover", "", "only what is owed to this account")
		}, func(c *client, args []string) error {
			type debt struct {
				Account, Cover, Amount string
				Sequence               uint64
			}
			path, query, with := c.path("debts"), p.query(), p
			if len(args) > 0 {
				path, query, with = c.path("accounts", args[0], "debts"), url.Values{}, nil
			} else if cover != "" {
				query.Set("cover", cover)
			}
			of := scales(c.scale)
			return listing(c, with, path, query, "debts", newTable("ACCOUNT", "OWES TO", ">AMOUNT", ">SINCE"), func(t *table, d debt) {
				t.add(d.Account, d.Cover, decimal(d.Amount, of(d.Cover)), fmt.Sprint(d.Sequence))
			})
		})
}
