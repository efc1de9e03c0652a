package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// unitCommands work on the units of registers.
func unitCommands() []*cobra.Command {
	var class uint8
	var hold, expiry string
	var all bool
	var deductions []string
	classFlag := func(c *cobra.Command) { c.Flags().Uint8Var(&class, "class", 0, "deduction class of the holding") }
	return []*cobra.Command{
		writer("issue REGISTER ACCOUNT UNITS", "Create units in a holder's name", "", "  longmen ledger issue listing:7 investor:42:cash 60",
			cobra.ExactArgs(3), classFlag, func(c *client, e *envelope, args []string) error {
				units, err := number("units", args[2])
				if err != nil {
					return err
				}
				return c.write(e, c.path("registers", args[0], "issue"), fields{"account": args[1], "units": units, "class": class})
			}),
		writer("move REGISTER FROM TO UNITS", "Give units to another holder", "", "  longmen ledger move listing:7 investor:42:cash investor:43:cash 10",
			cobra.ExactArgs(4), func(c *cobra.Command) {
				classFlag(c)
				c.Flags().StringVar(&hold, "hold", "", "mark of the hold that the units come out of")
			}, func(c *client, e *envelope, args []string) error {
				units, err := number("units", args[3])
				if err != nil {
					return err
				}
				body := fields{"from": args[1], "to": args[2], "units": units, "class": class}
				if hold != "" {
					body["hold"] = hold
				}
				return c.write(e, c.path("registers", args[0], "move"), body)
			}),
		writer("cancel REGISTER [ACCOUNT UNITS]", "Destroy units of one holding, or all of the register", "",
			"  longmen ledger cancel listing:7 investor:42:cash 10\n  longmen ledger cancel listing:7 --all", cobra.RangeArgs(1, 3),
			func(c *cobra.Command) { c.Flags().BoolVar(&all, "all", false, "every unit of the register") },
			func(c *client, e *envelope, args []string) error {
				path := c.path("registers", args[0], "cancel")
				switch {
				case all && len(args) == 1:
					return c.write(e, path, fields{"all": true})
				case all || len(args) != 3:
					return fmt.Errorf("name an account and its units, or say --all")
				}
				units, err := number("units", args[2])
				if err != nil {
					return err
				}
				return c.write(e, path, fields{"account": args[1], "units": units})
			}),
		writer("hold-units REGISTER ACCOUNT UNITS", "Reserve units of a holding", "It prints the hold's mark.",
			"  longmen ledger hold-units listing:7 investor:42:cash 10", cobra.ExactArgs(3),
			func(c *cobra.Command) {
				c.Flags().StringVar(&expiry, "expiry", "", "instant from which it ends; never if empty")
			},
			func(c *client, e *envelope, args []string) error {
				units, err := number("units", args[2])
				if err != nil {
					return err
				}
				body := fields{"account": args[1], "units": units}
				if expiry != "" {
					body["expiry"] = expiry
				}
				return c.write(e, c.path("registers", args[0], "holds"), body)
			}),
		writer("distribute REGISTER PAYER AMOUNT...", "Pay a register's holders pro rata by units",
			"Pay a register's holders pro rata by units: one amount for each tranche of the register, in its order.",
			"  longmen ledger distribute listing:7 borrower:7:cash 1000.00 33.30\n  longmen ledger distribute listing:7 borrower:7:cash 0.00 33.30 --deduct 1:0:100000:platform:fees",
			cobra.MinimumNArgs(3), func(c *cobra.Command) {
				c.Flags().StringArrayVar(&deductions, "deduct", nil, "TRANCHE:CLASS:PPM:ACCOUNT, what is taken from each line; up to 64 times")
			}, func(c *client, e *envelope, args []string) error {
				scale, err := c.scale(args[1])
				if err != nil {
					return err
				}
				body := fields{"payer": args[1]}
				if err := divided(body, args[2:], scale, deductions); err != nil {
					return err
				}
				return c.writeScaled(e, c.path("registers", args[0], "distributions"), body, scale)
			}),
		writer("claim REGISTER HOLDER TO [AMOUNT]", "Pay what lies unclaimed in a holder's name", "",
			"  longmen ledger claim listing:7 investor:42:cash investor:42:cash", cobra.RangeArgs(3, 4), nil,
			func(c *client, e *envelope, args []string) error {
				scale, err := c.scale(args[2])
				if err != nil {
					return err
				}
				body := fields{"holder": args[1], "to": args[2]}
				if len(args) > 3 {
					if body["amount"], err = minor(args[3], scale); err != nil {
						return err
					}
				}
				return c.writeScaled(e, c.path("registers", args[0], "claims"), body, scale)
			}),
	}
}

// divided puts amounts by tranche, and deductions, into a body.
func divided(body fields, shown []string, scale int, deductions []string) error {
	var amounts []string
	for _, s := range shown {
		amount, err := minor(s, scale)
		if err != nil {
			return err
		}
		amounts = append(amounts, amount)
	}
	body["amounts"] = amounts
	list, err := deductionsOf(deductions)
	if list != nil {
		body["deductions"] = list
	}
	return err
}

func deductionsOf(list []string) (out []fields, err error) {
	for _, text := range list {
		parts := strings.SplitN(text, ":", 4)
		if len(parts) < 4 {
			return nil, fmt.Errorf("--deduct %q: write TRANCHE:CLASS:PPM:ACCOUNT, e.g. 1:0:100000:platform:fees", text)
		}
		d := fields{"account": parts[3]}
		for i, name := range []string{"tranche", "class", "rate"} {
			if d[name], err = strconv.ParseUint(parts[i], 10, 32); err != nil {
				return nil, fmt.Errorf("--deduct %q: %s is no whole number", text, name)
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// register is what of a register is shown.
type register struct {
	Address, Asset, Unclaimed    string
	Cap, Units, Payouts, Changed uint64
	Holdings                     uint32
	Tranches                     []struct{ Name string }
}

func (r *register) tranches() string {
	var names []string
	for _, t := range r.Tranches {
		names = append(names, t.Name)
	}
	return strings.Join(names, ", ")
}

func newRegister() *cobra.Command {
	group := &cobra.Command{Use: "register", Short: "Open, show and list registers", Args: cobra.NoArgs, RunE: help}
	var asset, unclaimed string
	var limit uint64
	var tranches []string
	open := writer("open ADDRESS", "Open a register", "",
		"  longmen ledger register open listing:7 --asset CNY --cap 250000 --tranche principal --tranche interest --unclaimed platform:unclaimed",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&asset, "asset", "", "code of the asset it pays in (required)")
			c.Flags().Uint64Var(&limit, "cap", 0, "most units it may have (required)")
			c.Flags().StringArrayVar(&tranches, "tranche", nil, "name of a part that distributions count for itself; once for each, in order (required)")
			c.Flags().StringVar(&unclaimed, "unclaimed", "", "account for lines that no holder's account can take (required)")
			for _, name := range []string{"asset", "cap", "tranche", "unclaimed"} {
				require(c, name)
			}
		}, func(c *client, e *envelope, args []string) error {
			return c.write(e, c.path("registers"), fields{
				"address": args[0], "asset": asset, "cap": limit, "tranches": tranches, "unclaimed": unclaimed,
			})
		})
	show := &cobra.Command{
		Use: "show ADDRESS", Short: "Tell what a register is and has", Args: cobra.ExactArgs(1), Example: "  longmen ledger register show listing:7",
		RunE: on(func(c *client, args []string) error {
			var r register
			text, err := c.get(c.path("registers", args[0]), nil, &r)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				return pairs(c.out, "address", r.Address, "asset", r.Asset, "units", fmt.Sprint(r.Units), "cap", fmt.Sprint(r.Cap),
					"tranches", r.tranches(), "unclaimed", r.Unclaimed, "holdings", fmt.Sprint(r.Holdings), "payouts", fmt.Sprint(r.Payouts),
					"changed at", count(r.Changed))
			})
		}),
	}
	p := &page{}
	list := &cobra.Command{
		Use: "list", Short: "List registers", Args: cobra.NoArgs, Example: "  longmen ledger register list",
		RunE: on(func(c *client, _ []string) error {
			return listing(c, p, c.path("registers"), p.query(), "registers", newTable("ADDRESS", "ASSET", ">UNITS", ">CAP", ">HOLDINGS", "TRANCHES"),
				func(t *table, r register) {
					t.add(r.Address, r.Asset, fmt.Sprint(r.Units), fmt.Sprint(r.Cap), fmt.Sprint(r.Holdings), r.tranches())
				})
		}),
	}
	p.flags(list)
	group.AddCommand(open, show, list)
	return group
}
