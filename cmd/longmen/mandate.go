package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

type marketMandate struct {
	ID, Ledger, Amount, Used, Smallest string
	PerLoan                            string `json:"per_loan"`
	PerBorrower                        string `json:"per_borrower"`
	PerRegion                          string `json:"per_region"`
	Grades                             []string
	Shortest, Longest                  int
	Turn                               uint64
	Active                             bool
}

func (t *trader) mandate(m *marketMandate) []string {
	t = t.in(m.Ledger, "")
	days := ""
	if m.Shortest+m.Longest > 0 {
		days = fmt.Sprintf("%d to %d", m.Shortest, m.Longest)
	}
	return []string{
		"id", m.ID, "ledger", m.Ledger, "amount", t.amount(m.Amount), "used", t.amount(m.Used), "active", fmt.Sprint(m.Active), "turn", count(m.Turn),
		"grades", strings.Join(m.Grades, " "), "days", days, "smallest piece", t.amount(m.Smallest), "per loan", t.amount(m.PerLoan),
		"per borrower", t.amount(m.PerBorrower), "per region", t.amount(m.PerRegion),
	}
}

func newMandates() *cobra.Command {
	c := &cobra.Command{Use: "mandate", Short: "Let loans be funded by a standing order", Args: cobra.NoArgs, RunE: help}
	p := &page{}
	c.AddCommand(newMandateGive(), newMandateBids(), newMandateWhy(), newMandateDrifts(),
		trading("list", "List one's standing orders", "  longmen market mandate list", cobra.NoArgs, p.flags, func(t *trader, _ []string) error {
			at, err := t.own("mandates")
			if err != nil {
				return err
			}
			return listing(t.client, p, at, p.query(), "mandates", newTable("ID", ">AMOUNT", ">USED", ">TURN", "ACTIVE"), func(table *table, m marketMandate) {
				of := t.in(m.Ledger, "")
				table.add(m.ID, of.amount(m.Amount), of.amount(m.Used), count(m.Turn), fmt.Sprint(m.Active))
			})
		}),
		trading("show ID", "Tell about a standing order", "  longmen market mandate show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil, func(t *trader, args []string) error {
			at, err := t.own("mandates", args[0])
			if err != nil {
				return err
			}
			return about(t, at, nil, t.mandate)
		}),
		trading("revoke ID", "End a standing order; its bids stand", "  longmen market mandate revoke 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil,
			func(t *trader, args []string) error {
				at, err := t.own("mandates", args[0], "revoke")
				if err != nil {
					return err
				}
				return tell(t, at, "", fields{}, t.mandate)
			}))
	return c
}

func newMandateGive() *cobra.Command {
	key, ledger, grades := "", "", []string(nil)
	shortest, longest := 0, 0
	bounds := map[string]*string{}
	return trading("give AMOUNT", "Let loans be funded up to an amount in all", "  longmen market mandate give 10000.00 --grade a --grade b --per-loan 500.00 --longest 360",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			flags := c.Flags()
			flags.StringVar(&key, "id", "", "of the mandate; a new one is made if empty")
			flags.StringVarP(&ledger, "ledger", "l", "main", "name of the ledger")
			flags.StringArrayVar(&grades, "grade", nil, "only loans of this grade; again for others")
			flags.IntVar(&shortest, "shortest", 0, "days until the last payment, at least")
			flags.IntVar(&longest, "longest", 0, "at most; 0: any")
			for name, usage := range map[string]string{
				"smallest": "no piece is smaller", "per-loan": "most of one loan, bids included", "per-borrower": "most of one borrower", "per-region": "most in one region",
			} {
				bounds[name] = flags.String(name, "", usage)
			}
		}, func(t *trader, args []string) error {
			own, err := keyOr(key)
			if err != nil {
				return err
			}
			body := fields{"id": own, "ledger": ledger, "shortest": shortest, "longest": longest}
			if grades != nil {
				body["grades"] = grades
			}
			t = t.in(ledger, "")
			if body["amount"], err = minor(args[0], t.scale); err != nil {
				return err
			}
			for name, value := range bounds {
				if *value == "" {
					continue
				}
				if body[strings.ReplaceAll(name, "-", "_")], err = minor(*value, t.scale); err != nil {
					return fmt.Errorf("--%s: %w", name, err)
				}
			}
			at, err := t.own("mandates")
			if err != nil {
				return err
			}
			return tell(t, at, "", body, t.mandate)
		})
}
