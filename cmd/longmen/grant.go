package main

import "github.com/spf13/cobra"

// grant is what of a grant is shown.
type grant struct{ ID, Principal, Party, From, Until, Ended string }

func (c *client) showGrant(text []byte, g *grant) error {
	return c.show(text, func() error {
		return pairs(c.out, "grant", g.ID, "party", g.Party, "principal", g.Principal, "from", g.From, "until", g.Until, "ended", g.Ended)
	})
}

func newPartyGrant() *cobra.Command {
	c := &cobra.Command{Use: "grant", Short: "Give, list and end who may act for parties", Args: cobra.NoArgs, RunE: help}
	c.AddCommand(newGrantGive(), grantList("list PARTY", "List who may act for a party", "  longmen party grant list "+anID+" --holds",
		func(args []string) string { return path("parties", args[0], "grants") }), newGrantEnd())
	return c
}

func newGrantGive() *cobra.Command {
	m := &making{}
	return reader("give PARTY PRINCIPAL", "Let a principal act for a party; for somebody else's party it takes a second person",
		"  longmen party grant give "+anID+" "+anID+" --until 2027-01-01T00:00:00Z", cobra.ExactArgs(2), func(c *cobra.Command) {
			m.flags(c, map[string]string{
				"from": "the instant from which it holds (now)", "until": "the first instant at which it no longer holds", "reason": "for the person who decides",
			})
		}, func(c *client, args []string) error {
			var g grant
			text, err := m.send(c, path("parties", args[0], "grants"), fields{"principal": args[1]}, &g)
			if err != nil {
				return err
			}
			return c.showGrant(text, &g)
		})
}

// grantList lists grants of a party, or of a principal.
func grantList(use, short, example string, where func(args []string) string) *cobra.Command {
	p, holds := &page{}, false
	return reader(use, short, example, cobra.ExactArgs(1), func(c *cobra.Command) {
		c.Flags().BoolVar(&holds, "holds", false, "only those that hold now")
		p.flags(c)
	}, func(c *client, args []string) error {
		query := p.query()
		if holds {
			query.Set("holds", "true")
		}
		return listing(c, p, where(args), query, "grants", newTable("ID", "PARTY", "PRINCIPAL", "FROM", "UNTIL", "ENDED"), func(t *table, g grant) {
			t.add(g.ID, g.Party, g.Principal, g.From, g.Until, g.Ended)
		})
	})
}

func newGrantEnd() *cobra.Command {
	return reader("end GRANT", "End a grant", "  longmen party grant end "+anID, cobra.ExactArgs(1), nil, func(c *client, args []string) error {
		var g grant
		text, err := c.post(path("grants", args[0], "end"), "", fields{}, &g)
		if err != nil {
			return err
		}
		return c.showGrant(text, &g)
	})
}
