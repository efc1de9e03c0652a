package main

import (
	"github.com/spf13/cobra"

	"github.com/longmen/longmen/finmath/vector"
)

func newCalc() *cobra.Command {
	return &cobra.Command{
		Use: "calc", Short: "Answer questions of financial mathematics, one JSON object a line", Args: cobra.NoArgs,
		Long: `Reads questions from the standard input, one JSON object a line, and answers each on a line of the standard output.

  in   {"id": …, "kind": "schedules|events|calendars|rates|daycounts", …the fields of that kind}
  out  {"id": …, "result": …}, {"id": …, "unsupported": "why"} or {"id": …, "error": "why"}

Amounts, rates and percentages are texts, dates are written 2026-01-31. The fields of each kind are those of the test
vectors in finmath/vector/testdata, whose README explains them; docs/finmath.md has the rules.
A line may have at most 1 MiB.`,
		Example: `  echo '{"id": "1", "kind": "rates", "function": "pmt", "args": {"rate": "0.12/12", "nper": "36", "pv": "10000"}}' | longmen calc
  echo '{"id": "2", "kind": "schedules", "terms": {"principal": "10000.00", "annual_rate_percent": "12", "installments": 36,
    "start_date": "2026-01-15", "method": "equal_installment", "interest_basis": "period"}}' | tr -d '\n' | longmen calc`,
		RunE: func(c *cobra.Command, _ []string) error { return vector.Run(c.InOrStdin(), c.OutOrStdout()) },
	}
}
