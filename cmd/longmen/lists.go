package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// holding is what of a holding is shown.
type holding struct {
	Register, Account, Unclaimed string
	Holder                       uint32
	Class                        uint8
	Units, Held                  uint64
	Shares                       []struct{ Paid string }
}

func (h *holding) paid(scale int) string {
	var list []string
	for _, s := range h.Shares {
		list = append(list, decimal(s.Paid, scale))
	}
	return strings.Join(list, " + ")
}

func newHolders() *cobra.Command {
	p := &page{}
	return reader("holders REGISTER", "List who holds units of a register", "  longmen ledger holders listing:7 --limit 1000",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			var r register
			if _, err := c.get(c.path("registers", args[0]), nil, &r); err != nil {
				return err
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			scale := scales[r.Asset]
			return listing(c, p, c.path("registers", args[0], "holders"), p.query(), "holders",
				newTable(">HOLDER", "ACCOUNT", ">UNITS", ">HELD", ">CLASS", ">PAID", ">UNCLAIMED"), func(t *table, h holding) {
					t.add(fmt.Sprint(h.Holder), h.Account, fmt.Sprint(h.Units), count(h.Held), count(uint64(h.Class)), h.paid(scale), some(h.Unclaimed, scale))
				})
		})
}

func newHoldings() *cobra.Command {
	p := &page{}
	return reader("holdings ACCOUNT", "List where an account holds units", "  longmen ledger holdings investor:42:cash",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			scale, err := c.scale(args[0])
			if err != nil {
				return err
			}
			return listing(c, p, c.path("accounts", args[0], "holdings"), p.query(), "holdings",
				newTable("REGISTER", ">HOLDER", ">UNITS", ">HELD", ">CLASS", ">PAID", ">UNCLAIMED"), func(t *table, h holding) {
					t.add(h.Register, fmt.Sprint(h.Holder), fmt.Sprint(h.Units), count(h.Held), count(uint64(h.Class)), h.paid(scale), some(h.Unclaimed, scale))
				})
		})
}

func newHolds() *cobra.Command {
	return reader("holds ACCOUNT", "List the open holds that reserve from an account", "  longmen ledger holds investor:42:cash",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			scale, err := c.scale(args[0])
			if err != nil {
				return err
			}
			type hold struct {
				Mark, Credit, Amount, Register, Expiry string
				Units                                  uint64
			}
			return listing(c, nil, c.path("accounts", args[0], "holds"), nil, "holds", newTable("MARK", ">AMOUNT", ">UNITS", "FOR", "EXPIRY"),
				func(t *table, h hold) {
					t.add(h.Mark, decimal(h.Amount, scale), count(h.Units), h.Credit+h.Register, h.Expiry)
				})
		})
}

func newDistributions() *cobra.Command {
	p := &page{}
	return reader("distributions REGISTER", "List a register's distributions, newest first", "  longmen ledger distributions listing:7",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			var r register
			if _, err := c.get(c.path("registers", args[0]), nil, &r); err != nil {
				return err
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			type distribution struct {
				Sequence, Undoes         uint64
				Operation                int
				Timestamp, Payer, Amount string
			}
			return listing(c, p, c.path("registers", args[0], "distributions"), p.query(), "distributions",
				newTable(">SEQUENCE", ">OPERATION", "TIMESTAMP", "PAYER", ">AMOUNT", ">UNDOES"), func(t *table, d distribution) {
					t.add(fmt.Sprint(d.Sequence), fmt.Sprint(d.Operation), d.Timestamp, d.Payer, decimal(d.Amount, scales[r.Asset]), count(d.Undoes))
				})
		})
}

func newLines() *cobra.Command {
	p := &page{}
	return reader("lines SEQUENCE [OPERATION]", "List what each holder got of a distribution", "  longmen ledger lines 1042\n  longmen ledger lines 1042 3",
		cobra.RangeArgs(1, 2), p.flags, func(c *client, args []string) error {
			operation := "0"
			if len(args) > 1 {
				operation = args[1]
			}
			type line struct {
				Holder                 uint32
				Account, Deducted, Net string
				SetOff                 string `json:"set_off"`
				Unclaimed, Missing     string
				Units                  uint64
				Gross                  []string
			}
			of, first := scales(c.scale), "" // all lines are in one asset: one account is asked for
			return listing(c, p, c.path("commands", args[0], "operations", operation, "lines"), p.query(), "lines",
				newTable(">HOLDER", "ACCOUNT", ">UNITS", ">GROSS", ">DEDUCTED", ">NET", ">SET OFF", ">UNCLAIMED", ">MISSING"), func(t *table, l line) {
					first = cmp.Or(first, l.Account)
					scale := of(first)
					var gross []string
					for _, g := range l.Gross {
						gross = append(gross, decimal(g, scale))
					}
					t.add(fmt.Sprint(l.Holder), l.Account, fmt.Sprint(l.Units), strings.Join(gross, " + "), some(l.Deducted, scale), some(l.Net, scale),
						some(l.SetOff, scale), some(l.Unclaimed, scale), some(l.Missing, scale))
				})
		})
}

func some(minor string, scale int) string {
	if minor == "0" {
		return ""
	}
	return decimal(minor, scale)
}
