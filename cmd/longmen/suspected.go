package main

import "github.com/spf13/cobra"

func newSuspected() *cobra.Command {
	p := &page{}
	return reader("suspected", "List the payments that were not taken since they look like second ones, the latest first", "  longmen loan suspected",
		cobra.NoArgs, p.flags, func(c *client, _ []string) error {
			type payment struct {
				Loan, Borrower string
				Event          struct{ ID, Date, Asked string }
			}
			return listing(c, p, "/v1/suspected-payments", p.query(), "payments", newTable("LOAN", "BORROWER", "DATE", ">AMOUNT", "PAYMENT"),
				func(t *table, x payment) { t.add(x.Loan, x.Borrower, x.Event.Date, x.Event.Asked, x.Event.ID) })
		})
}
