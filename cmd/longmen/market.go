package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// newMarket is the group of commands for investors, and for who looks at what they do.
func newMarket() *cobra.Command {
	c := &cobra.Command{
		Use: "market", Short: "Fund loans and trade claims on them: listings, bids, mandates, sales, overview", Args: cobra.NoArgs, RunE: help,
		Long: `Fund loans, trade claims on them, and see what an investor has. One acts for one's own party, or for the one that --party names.
Amounts are written with the point of the asset in which that party has its money. Where that is not known they are shown in minor
units, and none is taken unless --scale says how many digits there are after the point.`,
	}
	c.PersistentFlags().Int("scale", unknown, "digits after the point of the asset; those of one's money if absent")
	c.AddCommand(newListings(), newBids(), newMandates(), newSales(), newOverview(), newPayments())
	return speaking(c)
}

// purse is in which asset one has money in a ledger.
type purse struct {
	Ledger, Asset string
	Scale         int
}

// trader is a client of the market: it knows for whom it speaks and how amounts are written.
type trader struct {
	*client
	money []purse
	scale int // digits after the point, or unknown
	said  bool
}

// in is the trader for amounts of a ledger and an asset, where they are named. If one has money of several scales there,
// or none, the scale is not known.
func (t *trader) in(ledger, asset string) *trader {
	if t.said {
		return t
	}
	meant, found := *t, false
	meant.scale = unknown
	for _, p := range t.money {
		switch {
		case ledger != "" && p.Ledger != ledger || asset != "" && p.Asset != asset:
		case found && meant.scale != p.Scale:
			meant.scale = unknown
			return &meant
		default:
			meant.scale, found = p.Scale, true
		}
	}
	return &meant
}

// trading makes a command of the market.
func trading(use, short, example string, args cobra.PositionalArgs, more func(*cobra.Command), run func(*trader, []string) error) *cobra.Command {
	c := reader(use, short, example, args, more, nil)
	c.RunE = func(command *cobra.Command, args []string) error {
		c, err := newClient(command)
		if err != nil {
			return err
		}
		t := &trader{client: c, said: command.Flags().Changed("scale")}
		if t.scale, _ = command.Flags().GetInt("scale"); !t.said {
			if err := t.whose(); err != nil {
				return err
			}
		}
		return run(t.in("", ""), args)
	}
	return c
}

// whose asks for whom one acts, and where that party has its money.
func (t *trader) whose() error {
	var me struct {
		Party string
		Money []purse
	}
	_, err := t.get("/v1/me", nil, &me)
	t.party, t.money = me.Party, me.Money
	return err
}

// own is the path of something of the party for which one acts.
func (t *trader) own(parts ...string) (string, error) {
	if t.party == "" {
		if err := t.whose(); err != nil {
			return "", err
		}
		if t.party == "" {
			return "", fmt.Errorf("the token acts for no party: name one with --party")
		}
	}
	return path(append([]string{"parties", t.party}, parts...)...), nil
}

// amount shows minor units; none for nothing.
func (t *trader) amount(minor string) string {
	if minor == "" {
		return ""
	}
	return decimal(minor, t.scale)
}

// tell posts a body and shows the answer as pairs.
func tell[T any](t *trader, path, key string, body fields, show func(*T) []string) error {
	var answer T
	text, err := t.post(path, key, body, &answer)
	if err != nil {
		return err
	}
	return t.show(text, func() error { return pairs(t.out, show(&answer)...) })
}

// about asks for one thing and shows it as pairs.
func about[T any](t *trader, path string, query url.Values, show func(*T) []string) error {
	var answer T
	text, err := t.get(path, query, &answer)
	if err != nil {
		return err
	}
	return t.show(text, func() error { return pairs(t.out, show(&answer)...) })
}

type marketListing struct {
	ID, Loan, Ledger, Asset, Grade, Product, Amount, Sold, Minimum, Step, Share, State, Closes string
	Days                                                                                       int
}

func newListings() *cobra.Command {
	c := &cobra.Command{Use: "listing", Short: "Look at loans that are or were open for funding", Args: cobra.NoArgs, RunE: help}
	p, state := &page{}, ""
	c.AddCommand(
		trading("list", "List loans that are or were open for funding", "  longmen market listing list --state open", cobra.NoArgs, func(c *cobra.Command) {
			c.Flags().StringVar(&state, "state", "", "only in this state: opening, open, closing, funded, returned, failed")
			p.flags(c)
		}, func(t *trader, _ []string) error {
			query := p.query()
			if state != "" {
				query.Set("state", state)
			}
			return listing(t.client, p, "/v1/listings", query, "listings", newTable("ID", "PRODUCT", "GRADE", ">DAYS", ">AMOUNT", ">SOLD", "STATE", "CLOSES"),
				func(table *table, l marketListing) {
					of := t.in(l.Ledger, l.Asset)
					table.add(l.ID, l.Product, l.Grade, fmt.Sprint(l.Days), of.amount(l.Amount), of.amount(l.Sold), l.State, l.Closes)
				})
		}),
		trading("show ID", "Tell about a listing", "  longmen market listing show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil,
			func(t *trader, args []string) error {
				return about(t, path("listings", args[0]), nil, func(l *marketListing) []string {
					t := t.in(l.Ledger, l.Asset)
					return []string{
						"id", l.ID, "loan", l.Loan, "product", l.Product, "grade", l.Grade, "days", fmt.Sprint(l.Days), "amount", t.amount(l.Amount),
						"sold", t.amount(l.Sold), "smallest bid", t.amount(l.Minimum), "step", t.amount(l.Step), "most of one", t.amount(l.Share), "state", l.State, "closes", l.Closes,
					}
				})
			}))
	return c
}

type marketBid struct {
	ID, Listing, Mandate, Bound, Amount, At string
	Sequence, Ended                         uint64
}

func (t *trader) bid(b *marketBid) []string {
	return []string{
		"id", b.ID, "listing", b.Listing, "amount", t.amount(b.Amount), "sequence", count(b.Sequence), "at", b.At, "mandate", b.Mandate, "bound", b.Bound, "ended", count(b.Ended),
	}
}

func newBids() *cobra.Command {
	c := &cobra.Command{Use: "bid", Short: "Bid for parts of loans", Args: cobra.NoArgs, RunE: help}
	p, key := &page{}, ""
	c.AddCommand(
		trading("place LISTING AMOUNT", "Bid for a part of a loan", "  longmen market bid place 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 100.00", cobra.ExactArgs(2),
			func(c *cobra.Command) {
				c.Flags().StringVar(&key, "key", "", "idempotency key; a new one is made if empty")
			}, func(t *trader, args []string) error {
				amount, err := minor(args[1], t.scale)
				if err != nil {
					return err
				}
				made, err := keyOr(key)
				if err != nil {
					return err
				}
				return tell(t, path("listings", args[0], "bids"), made, fields{"amount": amount}, t.bid)
			}),
		trading("list", "List one's bids as they came", "  longmen market bid list --limit 1000", cobra.NoArgs, p.flags, func(t *trader, _ []string) error {
			at, err := t.own("bids")
			if err != nil {
				return err
			}
			return listing(t.client, p, at, p.query(), "bids", newTable("ID", "LISTING", ">AMOUNT", ">SEQUENCE", "AT", ">ENDED"), func(table *table, b marketBid) {
				table.add(b.ID, b.Listing, t.amount(b.Amount), count(b.Sequence), b.At, count(b.Ended))
			})
		}),
		trading("show ID", "Tell about a bid", "  longmen market bid show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil, func(t *trader, args []string) error {
			at, err := t.own("bids", args[0])
			if err != nil {
				return err
			}
			return about(t, at, nil, t.bid)
		}),
		trading("cancel ID", "Take a bid back, until its listing is settled", "  longmen market bid cancel 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil,
			func(t *trader, args []string) error {
				at, err := t.own("bids", args[0], "cancel")
				if err != nil {
					return err
				}
				return tell(t, at, "", fields{}, t.bid)
			}))
	return c
}
