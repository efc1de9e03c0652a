package main

import "github.com/spf13/cobra"

// principal is what of a login or key is shown.
type principal struct{ ID, Kind, Name, Party, Created, Closed string }

func (c *client) showPrincipal(text []byte, p *principal) error {
	return c.show(text, func() error {
		return pairs(c.out, "principal", p.ID, "kind", p.Kind, "name", p.Name, "party", p.Party, "created", p.Created, "closed", p.Closed)
	})
}

// newPrincipal is the group of commands about logins and keys.
func newPrincipal() *cobra.Command {
	c := &cobra.Command{
		Use: "principal", Short: "Logins and keys of a running node", Args: cobra.NoArgs, RunE: help,
		Long: `Logins and keys of a running node. A party stands behind each, for good; "longmen party grant" says for whom one acts, and
"longmen token" lets it in.`,
	}
	c.AddCommand(newPrincipalCreate(), newPrincipalList(), newPrincipalShow(), newPrincipalClose(), newPrincipalGrants())
	return speaking(c)
}

func newPrincipalCreate() *cobra.Command {
	m, kind := &making{}, ""
	return reader("create PARTY NAME", "Make a login or a key of a party", "  longmen principal create "+anID+" wang.wu\n  longmen principal create "+anID+" datong-key --kind key",
		cobra.ExactArgs(2), func(c *cobra.Command) {
			m.flags(c, nil)
			c.Flags().StringVar(&kind, "kind", "login", "what it is, a code")
		}, func(c *client, args []string) error {
			var p principal
			text, err := m.send(c, path("parties", args[0], "principals"), fields{"kind": kind, "name": args[1]}, &p)
			if err != nil {
				return err
			}
			return c.showPrincipal(text, &p)
		})
}

func newPrincipalList() *cobra.Command {
	p, of, kind, open := &page{}, "", "", false
	return reader("list", "List the principals of the tenant", "  longmen principal list --of "+anID+" --open", cobra.NoArgs, func(c *cobra.Command) {
		c.Flags().StringVar(&of, "of", "", "only those behind which this party stands")
		c.Flags().StringVar(&kind, "kind", "", "only of this kind")
		c.Flags().BoolVar(&open, "open", false, "only those that are not closed")
		p.flags(c)
	}, func(c *client, _ []string) error {
		query := p.query()
		for name, value := range map[string]string{"party": of, "kind": kind} {
			if value != "" {
				query.Set(name, value)
			}
		}
		if open {
			query.Set("open", "true")
		}
		return listing(c, p, "/v1/principals", query, "principals", newTable("ID", "KIND", "NAME", "PARTY", "CLOSED"), func(t *table, one principal) {
			t.add(one.ID, one.Kind, one.Name, one.Party, one.Closed)
		})
	})
}

func newPrincipalShow() *cobra.Command {
	return reader("show PRINCIPAL", "Tell what a principal is", "  longmen principal show "+anID, cobra.ExactArgs(1), nil, func(c *client, args []string) error {
		var p principal
		text, err := c.get(path("principals", args[0]), nil, &p)
		if err != nil {
			return err
		}
		return c.showPrincipal(text, &p)
	})
}

func newPrincipalClose() *cobra.Command {
	return reader("close PRINCIPAL", "Close a principal for good; its tokens let nobody in any more", "  longmen principal close "+anID, cobra.ExactArgs(1), nil,
		func(c *client, args []string) error {
			var p principal
			text, err := c.post(path("principals", args[0], "close"), "", fields{}, &p)
			if err != nil {
				return err
			}
			return c.showPrincipal(text, &p)
		})
}

func newPrincipalGrants() *cobra.Command {
	return grantList("grants PRINCIPAL", "List for whom a principal may act", "  longmen principal grants "+anID+" --holds",
		func(args []string) string { return path("principals", args[0], "grants") })
}
