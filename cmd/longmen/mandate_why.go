package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/cobra"
)

const (
	someMandate = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	someListing = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7082"
)

// ofMandate is the trader for amounts of a mandate's ledger, and the path of something of the mandate.
func (t *trader) ofMandate(mandate string, parts ...string) (*trader, string, error) {
	at, err := t.own("mandates", mandate)
	if err != nil {
		return nil, "", err
	}
	var m marketMandate
	if _, err := t.get(at, nil, &m); err != nil {
		return nil, "", err
	}
	at, err = t.own(append([]string{"mandates", mandate}, parts...)...)
	return t.in(m.Ledger, ""), at, err
}

func newMandateBids() *cobra.Command {
	p := &page{}
	return trading("bids ID", "List the bids that a standing order made, each with what decided its size", "  longmen market mandate bids "+someMandate, cobra.ExactArgs(1), p.flags,
		func(t *trader, args []string) error {
			t, at, err := t.ofMandate(args[0], "bids")
			if err != nil {
				return err
			}
			return listing(t.client, p, at, p.query(), "bids", newTable("ID", "LISTING", ">AMOUNT", "BOUND", ">SEQUENCE", "AT", ">ENDED"), func(table *table, b marketBid) {
				table.add(b.ID, b.Listing, t.amount(b.Amount), b.Bound, count(b.Sequence), b.At, count(b.Ended))
			})
		})
}

// chance is why a mandate took or takes so much of a listing, or nothing.
type chance struct {
	Amount, Reason, Bound, Room, At string
	Sequence                        uint64
}

// says tells it in a line; how is the word for a piece.
func (c *chance) says(t *trader, how string) string {
	says := "nothing: " + c.Reason
	switch {
	case c.Reason == "":
		says = fmt.Sprintf("%s %s by %s", how, t.amount(c.Amount), cmp.Or(c.Bound, "a bound that is not known"))
	case c.Room != "":
		says += fmt.Sprintf(", %s leaves %s", c.Bound, t.amount(c.Room))
	}
	return fmt.Sprintf("%s, at sequence %d", says, c.Sequence)
}

type mandateWhy struct {
	Bids   []chance
	Missed *chance
	Now    chance
}

func newMandateWhy() *cobra.Command {
	return trading("why ID LISTING", "Tell what a standing order took of a listing and why so much, or why nothing, and what it would take now",
		"  longmen market mandate why "+someMandate+" "+someListing, cobra.ExactArgs(2), nil, func(t *trader, args []string) error {
			t, at, err := t.ofMandate(args[0], "listings", args[1])
			if err != nil {
				return err
			}
			return about(t, at, nil, func(y *mandateWhy) (words []string) {
				for i := range y.Bids {
					words = append(words, "then", y.Bids[i].says(t, "took"))
				}
				if y.Missed != nil {
					words = append(words, "then", y.Missed.says(t, ""))
				}
				return append(words, "now", y.Now.says(t, "would take"))
			})
		})
}

func newMandateDrifts() *cobra.Command {
	return trading("drifts ID", "List the caps of a standing order that one has outgrown by now", "  longmen market mandate drifts "+someMandate, cobra.ExactArgs(1), nil,
		func(t *trader, args []string) error {
			t, at, err := t.ofMandate(args[0], "drifts")
			if err != nil {
				return err
			}
			type drift struct{ Cap, Loan, Borrower, Region, Most, Held string }
			return listing(t.client, nil, at, nil, "drifts", newTable("CAP", "OF", ">MOST", ">HELD"), func(table *table, d drift) {
				table.add(d.Cap, cmp.Or(d.Loan, d.Borrower, d.Region), t.amount(d.Most), t.amount(d.Held))
			})
		})
}
