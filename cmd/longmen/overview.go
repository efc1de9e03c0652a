package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

type overview struct {
	Ledger, On, Cash, Invested, Accrued, Unpaid, Lost, Earned, Repaid, Paid, Sold string
	InBids                                                                        string `json:"in_bids"`
	Rate                                                                          string `json:"rate_percent"`
	NoRate                                                                        string `json:"no_rate"`
	Expected                                                                      []struct{ Date, Principal, Other string }
	Claims                                                                        []struct {
		Loan, State, Invested, Accrued, Repaid, Earned string
		Units, Of                                      uint64
	}
	Grades, Regions, Borrowers []part
}

type part struct {
	In, Invested string
	Loans        int
}

func newOverview() *cobra.Command {
	ledger := ""
	return trading("overview", "Tell what one has: cash, bids, claims, what they earned and are to bring", "  longmen market overview\n  longmen market overview --party 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.NoArgs, func(c *cobra.Command) {
			c.Flags().StringVarP(&ledger, "ledger", "l", "", "name of the ledger; the tenant's first one if empty")
		}, func(t *trader, _ []string) error {
			at, err := t.own("portfolio")
			if err != nil {
				return err
			}
			var o overview
			text, err := t.get(at, within(nil, ledger), &o)
			if err != nil {
				return err
			}
			return t.show(text, func() error { return t.in(o.Ledger, "").overview(&o) })
		})
}

// overview prints what an investor has: sums, loans, what is to come, where the money is.
func (t *trader) overview(o *overview) error {
	rate := o.NoRate
	if o.Rate != "" {
		rate = o.Rate + " % a year"
	}
	if err := pairs(t.out, "ledger", o.Ledger, "on", o.On, "cash", t.amount(o.Cash), "in bids", t.amount(o.InBids), "invested", t.amount(o.Invested),
		"accrued", t.amount(o.Accrued), "due and unpaid", t.amount(o.Unpaid), "written off", t.amount(o.Lost), "earned", t.amount(o.Earned), "repaid", t.amount(o.Repaid), "paid", t.amount(o.Paid), "sold", t.amount(o.Sold), "rate", rate); err != nil {
		return err
	}
	claims := newTable("LOAN", "STATE", ">UNITS", ">OF", ">INVESTED", ">ACCRUED", ">REPAID", ">EARNED")
	for _, c := range o.Claims {
		claims.add(c.Loan, c.State, fmt.Sprint(c.Units), fmt.Sprint(c.Of), t.amount(c.Invested), t.amount(c.Accrued), t.amount(c.Repaid), t.amount(c.Earned))
	}
	flows := newTable("TO COME", ">PRINCIPAL", ">INTEREST AND CHARGES")
	for _, f := range o.Expected {
		flows.add(f.Date, t.amount(f.Principal), t.amount(f.Other))
	}
	for _, one := range []*table{claims, flows, t.parts("GRADE", o.Grades), t.parts("REGION", o.Regions), t.parts("BORROWER", o.Borrowers)} {
		if len(one.rows) == 0 {
			continue
		}
		if _, err := fmt.Fprintln(t.out); err != nil {
			return err
		}
		if err := one.print(t.out); err != nil {
			return err
		}
	}
	return nil
}

func (t *trader) parts(name string, list []part) *table {
	table := newTable(name, ">LOANS", ">INVESTED")
	for _, p := range list {
		table.add(p.In, fmt.Sprint(p.Loans), t.amount(p.Invested))
	}
	return table
}

func newPayments() *cobra.Command {
	p := &page{}
	return trading("payments LOAN", "List what one got of each payment of a loan, with the arithmetic of one's share",
		"  longmen market payments 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), p.flags, func(t *trader, args []string) error {
			at, err := t.own("loans", args[0], "payments")
			if err != nil {
				return err
			}
			type share struct {
				Tranche, All, Exact, Got string
				Units, Of                uint64
			}
			type payment struct {
				Date, Kind, Amount, Deducted string
				Debit                        bool
				Sequence                     uint64
				Shares                       []share
			}
			return listing(t.client, p, at, p.query(), "payments", newTable(">SEQUENCE", "DATE", "KIND", ">AMOUNT", ">DEDUCTED", "SHARES"), func(table *table, x payment) {
				amount := t.amount(x.Amount)
				if x.Debit {
					amount = "-" + amount
				}
				var words []string
				for _, s := range x.Shares {
					words = append(words, fmt.Sprintf("%s %s × %d/%d = %s → %s", s.Tranche, t.amount(s.All), s.Units, s.Of, s.Exact, t.amount(s.Got)))
				}
				table.add(count(x.Sequence), x.Date, x.Kind, amount, t.amount(x.Deducted), strings.Join(words, "; "))
			})
		})
}
