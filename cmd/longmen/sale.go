package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

type claimQuote struct{ Against, Face, Clean, Accrued, Price, Receives, Pays string }

func (t *trader) quote(q *claimQuote) []string {
	if q.Against != "" {
		return []string{"not for sale", q.Against}
	}
	return []string{
		"face", t.amount(q.Face), "at the price", t.amount(q.Clean), "interest", t.amount(q.Accrued), "price", t.amount(q.Price),
		"seller gets", t.amount(q.Receives), "buyer pays", t.amount(q.Pays),
	}
}

type claimSale struct {
	ID, Loan, Ledger, Asset, State, Price, Asked, Day, Closes, Reason, Seller string
	Units, Of                                                                 uint64
	Now                                                                       *claimQuote
}

func (t *trader) sale(s *claimSale) []string {
	t = t.in(s.Ledger, s.Asset)
	list := []string{
		"id", s.ID, "loan", s.Loan, "state", s.State, "reason", s.Reason, "units", fmt.Sprintf("%d of %d", s.Units, s.Of), "asked", s.Price + " of the face",
		"price then", t.amount(s.Asked), "closes", s.Closes, "seller", s.Seller,
	}
	if s.Now != nil {
		list = append(list, t.quote(s.Now)...)
	}
	return list
}

func newSales() *cobra.Command {
	c := &cobra.Command{Use: "sale", Short: "Sell and buy claims on loans", Args: cobra.NoArgs, RunE: help}
	c.AddCommand(newSaleQuote(), newSaleOffer(), newSaleList(),
		trading("show ID", "Tell about a sale, and what it costs now", "  longmen market sale show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil,
			func(t *trader, args []string) error { return about(t, path("claim-sales", args[0]), nil, t.sale) }),
		newSaleBuy(), newSaleNotes(), newSaleNote(),
		trading("cancel ID", "Take an offer back that is not sold", "  longmen market sale cancel 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), nil,
			func(t *trader, args []string) error {
				return tell(t, path("claim-sales", args[0], "cancel"), "", fields{}, t.sale)
			}),
		newSaleTrades())
	return c
}

func newSaleQuote() *cobra.Command {
	return trading("quote LOAN UNITS PRICE", "Tell what the sale of a claim would bring now; the price is a share of the face, 1 is par",
		"  longmen market sale quote 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 400 0.985", cobra.ExactArgs(3), nil, func(t *trader, args []string) error {
			at, err := t.own("loans", args[0], "quote")
			if err != nil {
				return err
			}
			return about(t, at, url.Values{"units": {args[1]}, "price": {args[2]}}, t.quote)
		})
}

func newSaleOffer() *cobra.Command {
	key := ""
	return trading("offer LOAN UNITS PRICE", "Offer a claim on a loan; the price is a share of the face, 1 is par",
		"  longmen market sale offer 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 400 0.985", cobra.ExactArgs(3), func(c *cobra.Command) {
			c.Flags().StringVar(&key, "id", "", "of the sale; a new one is made if empty")
		}, func(t *trader, args []string) error {
			units, err := number("units", args[1])
			if err != nil {
				return err
			}
			own, err := keyOr(key)
			if err != nil {
				return err
			}
			at, err := t.own("claim-sales")
			if err != nil {
				return err
			}
			return tell(t, at, "", fields{"id": own, "loan": args[0], "units": units, "price": args[2]}, t.sale)
		})
}

func newSaleList() *cobra.Command {
	p, loan, mine := &page{}, "", false
	return trading("list", "List the claims that are offered, newest first", "  longmen market sale list\n  longmen market sale list --mine", cobra.NoArgs, func(c *cobra.Command) {
		c.Flags().StringVar(&loan, "loan", "", "only claims on this loan")
		c.Flags().BoolVar(&mine, "mine", false, "what one has offered oneself, in any state")
		c.MarkFlagsMutuallyExclusive("loan", "mine")
		p.flags(c)
	}, func(t *trader, _ []string) error {
		at, query := "/v1/claim-sales", p.query()
		if loan != "" {
			query.Set("loan", loan)
		}
		if mine {
			var err error
			if at, err = t.own("claim-sales"); err != nil {
				return err
			}
		}
		return listing(t.client, p, at, query, "sales", newTable("ID", "LOAN", ">UNITS", ">OF", ">ASKED", ">PRICE THEN", "STATE", "CLOSES"), func(table *table, s claimSale) {
			table.add(s.ID, s.Loan, fmt.Sprint(s.Units), fmt.Sprint(s.Of), s.Price, t.in(s.Ledger, s.Asset).amount(s.Asked), s.State, s.Closes)
		})
	})
}

func newSaleBuy() *cobra.Command {
	key := ""
	return trading("buy ID AMOUNT", "Buy a claim for what it costs now, fees included, as show tells", "  longmen market sale buy 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 394.00",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().StringVar(&key, "key", "", "idempotency key; a new one is made if empty")
		}, func(t *trader, args []string) error {
			pays, err := minor(args[1], t.scale)
			if err != nil {
				return err
			}
			made, err := keyOr(key)
			if err != nil {
				return err
			}
			type bought struct {
				ID, Sale, Price, Pays string
				Sequence              uint64
			}
			return tell(t, path("claim-sales", args[0], "purchase"), made, fields{"pays": pays}, func(b *bought) []string {
				return []string{"id", b.ID, "sale", b.Sale, "price", t.amount(b.Price), "paid", t.amount(b.Pays), "sequence", count(b.Sequence)}
			})
		})
}

func newSaleNotes() *cobra.Command {
	p := &page{}
	return reader("notes LOAN", "List the notes of claims on a loan that were sold, for its borrower",
		"  longmen market sale notes 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			type note struct {
				Sale, Made, Digest, Hash, Language string
				Pages                              int
			}
			return listing(c, p, path("loans", args[0], "claim-notes"), p.query(), "notes", newTable("SALE", "LANGUAGE", ">PAGES", "MADE", "DIGEST OF THE TEXT"), func(t *table, n note) {
				t.add(n.Sale, n.Language, fmt.Sprint(n.Pages), n.Made, n.Digest)
			})
		})
}

func newSaleNote() *cobra.Command {
	to := ""
	return reader("note ID", "Save the note of a sale as PDF, for its seller, its buyer and the borrower",
		"  longmen market sale note 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --to note.pdf", cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&to, "to", "", "file to write, - for standard output")
			_ = c.MarkFlagRequired("to")
		}, func(c *client, args []string) error {
			content, err := c.get(path("claim-sales", args[0], "note"), nil, nil)
			if err != nil {
				return err
			}
			return c.save(content, to)
		})
}

func newSaleTrades() *cobra.Command {
	p, ledger := &page{}, ""
	return trading("trades", "List the claims that one has bought and sold", "  longmen market sale trades", cobra.NoArgs, func(c *cobra.Command) {
		c.Flags().StringVarP(&ledger, "ledger", "l", "", "name of the ledger; the tenant's first one if empty")
		p.flags(c)
	}, func(t *trader, _ []string) error {
		t = t.in(ledger, "")
		at, err := t.own("claim-trades")
		if err != nil {
			return err
		}
		type trade struct {
			Sale, Loan, Side, Price, Fees, Money, Date string
			Units, Sequence                            uint64
		}
		return listing(t.client, p, at, within(p, ledger), "trades", newTable("DATE", "SIDE", "LOAN", ">UNITS", ">PRICE", ">FEES", ">MONEY", ">SEQUENCE"), func(table *table, x trade) {
			table.add(x.Date, x.Side, x.Loan, fmt.Sprint(x.Units), t.amount(x.Price), t.amount(x.Fees), t.amount(x.Money), count(x.Sequence))
		})
	})
}

// within is the query of a list in a ledger.
func within(p *page, ledger string) url.Values {
	query := url.Values{}
	if p != nil {
		query = p.query()
	}
	if ledger != "" {
		query.Set("ledger", ledger)
	}
	return query
}
