package main

import (
	"fmt"
	"strconv"

	"github.com/spf13/cobra"
)

// writer makes a command that sends one operation.
func writer(use, short, long, example string, args cobra.PositionalArgs, more func(*cobra.Command), run func(*client, *envelope, []string) error) *cobra.Command {
	e := &envelope{}
	c := &cobra.Command{
		Use: use, Short: short, Long: long, Example: example, Args: args,
		RunE: on(func(c *client, args []string) error { return run(c, e, args) }),
	}
	e.flags(c)
	if more != nil {
		more(c)
	}
	return c
}

// moneyCommands move, hold, freeze and give back money.
func moneyCommands() []*cobra.Command {
	var atMost bool
	var whole, line shortfall
	var expiry, what, frozen string
	return []*cobra.Command{
		writer("transfer DEBIT CREDIT AMOUNT", "Move money between two accounts", "",
			"  longmen ledger transfer bank:cash investor:42:cash 100.00\n  longmen ledger transfer investor:42:cash bank:cash 100.00 --at-most",
			cobra.ExactArgs(3), func(c *cobra.Command) {
				c.Flags().BoolVar(&atMost, "at-most", false, "move what is available, up to the amount")
			},
			func(c *client, e *envelope, args []string) error {
				amount, scale, err := c.amount(args[0], args[2])
				if err != nil {
					return err
				}
				body := fields{"debit": args[0], "credit": args[1], "amount": amount}
				if atMost {
					body["mode"] = "at_most"
				}
				return c.writeScaled(e, c.path("transfers"), body, scale)
			}),
		writer("hold DEBIT CREDIT AMOUNT", "Reserve money until it is posted, voided, or expires",
			"Reserve money until it is posted, voided, or expires. It prints the hold's mark.",
			"  longmen ledger hold investor:42:cash bank:out 100.00 --expiry 2026-03-02T00:00:00Z",
			cobra.ExactArgs(3), func(c *cobra.Command) {
				c.Flags().StringVar(&expiry, "expiry", "", "instant from which it ends; never if empty")
			},
			func(c *client, e *envelope, args []string) error {
				amount, scale, err := c.amount(args[0], args[2])
				if err != nil {
					return err
				}
				body := fields{"debit": args[0], "credit": args[1], "amount": amount}
				if expiry != "" {
					body["expiry"] = expiry
				}
				return c.writeScaled(e, c.path("holds"), body, scale)
			}),
		writer("post MARK [AMOUNT]", "Make a hold effective, in full or in part", "",
			"  longmen ledger post 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0 60.00", cobra.RangeArgs(1, 2), nil,
			func(c *client, e *envelope, args []string) error {
				payer, err := c.payer(args[0])
				if err != nil {
					return err
				}
				scale, err := c.scale(payer)
				if err != nil {
					return err
				}
				body := fields{}
				if len(args) > 1 {
					if body["amount"], err = minor(args[1], scale); err != nil {
						return err
					}
				}
				return c.writeScaled(e, c.path("holds", args[0], "post"), body, scale)
			}),
		writer("void MARK", "End a hold of money or units without effect", "", "  longmen ledger void 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0",
			cobra.ExactArgs(1), nil, func(c *client, e *envelope, args []string) error {
				return c.write(e, c.path("holds", args[0], "void"), fields{})
			}),
		writer("freeze ACCOUNT", "Stop an account's debits, credits, both, or an amount of it", "It prints the freeze's mark, by which it is ended.",
			"  longmen ledger freeze investor:42:cash --what credits\n  longmen ledger freeze investor:42:cash --amount 50.00",
			cobra.ExactArgs(1), func(c *cobra.Command) {
				c.Flags().StringVar(&what, "what", "", "debits, credits or both")
				c.Flags().StringVar(&frozen, "amount", "", "an amount of the balance")
				c.MarkFlagsOneRequired("what", "amount")
				c.MarkFlagsMutuallyExclusive("what", "amount")
			},
			func(c *client, e *envelope, args []string) error {
				body := fields{"what": what}
				if frozen != "" {
					amount, _, err := c.amount(args[0], frozen)
					if err != nil {
						return err
					}
					body = fields{"what": "amount", "amount": amount}
				}
				return c.write(e, c.path("accounts", args[0], "freezes"), body)
			}),
		writer("unfreeze MARK", "End a freeze", "", "  longmen ledger unfreeze 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0",
			cobra.ExactArgs(1), nil, func(c *client, e *envelope, args []string) error {
				return c.write(e, c.path("freezes", args[0], "end"), fields{})
			}),
		writer("reverse SEQUENCE", "Undo an earlier command",
			"Undo an earlier command: its transfers, posts of holds and distributions. The others have their opposite.",
			"  longmen ledger reverse 1042\n  longmen ledger reverse 1042 --at-most\n  longmen ledger reverse 1042 --owe platform:cover", cobra.ExactArgs(1),
			whole.flags,
			func(c *client, e *envelope, args []string) error {
				sequence, err := number("sequence", args[0])
				if err != nil {
					return err
				}
				return c.write(e, c.path("reversals"), whole.into(fields{"sequence": sequence}))
			}),
		writer("reverse-line SEQUENCE OPERATION ACCOUNT", "Undo one holder's line of a distribution", "",
			"  longmen ledger reverse-line 1042 0 investor:42:cash", cobra.ExactArgs(3),
			line.flags,
			func(c *client, e *envelope, args []string) error {
				sequence, err := number("sequence", args[0])
				if err != nil {
					return err
				}
				operation, err := number("operation", args[1])
				if err != nil {
					return err
				}
				return c.write(e, c.path("reversals", "lines"), line.into(fields{
					"sequence": sequence, "operation": operation, "account": args[2],
				}))
			}),
		newCorrect(),
		newSettle(),
	}
}

func number(name, text string) (uint64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, fmt.Errorf("%s %q: want a whole number", name, text)
	}
	return n, nil
}
