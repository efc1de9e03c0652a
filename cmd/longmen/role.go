package main

import (
	"net/url"

	"github.com/spf13/cobra"
)

// role is what of a role is shown.
type role struct{ ID, Party, Role, From, Stops, Ended string }

func (c *client) showRole(text []byte, o *role) error {
	return c.show(text, func() error {
		return pairs(c.out, "role", o.ID, "party", o.Party, "is", o.Role, "from", o.From, "until", o.Stops, "ended", o.Ended)
	})
}

func newPartyRole() *cobra.Command {
	c := &cobra.Command{Use: "role", Short: "Give, list and end roles", Args: cobra.NoArgs, RunE: help}
	c.AddCommand(newRoleGive(), newRoleList(), newRoleHolders(), newRoleEnd())
	return c
}

func newRoleGive() *cobra.Command {
	m := &making{}
	return reader("give PARTY ROLE", "Give a party a role, which takes a second person", "  longmen party role give "+anID+" operations --reason \"starts on Monday\"", cobra.ExactArgs(2),
		func(c *cobra.Command) {
			m.flags(c, map[string]string{
				"from": "the first day (today)", "until": "the first day on which it no longer holds", "reason": "for the person who decides",
			})
		}, func(c *client, args []string) error {
			var o role
			text, err := m.send(c, path("parties", args[0], "roles"), fields{"role": args[1]}, &o)
			if err != nil {
				return err
			}
			return c.showRole(text, &o)
		})
}

// roleList lists roles, those of a day if one is said.
func roleList(use, short, example string, args cobra.PositionalArgs, where func(args []string, query url.Values) string) *cobra.Command {
	p, day := &page{}, ""
	return reader(use, short, example, args, func(c *cobra.Command) {
		c.Flags().StringVar(&day, "on", "", "only those that hold on this day")
		p.flags(c)
	}, func(c *client, args []string) error {
		query := p.query()
		if day != "" {
			query.Set("on", day)
		}
		return listing(c, p, where(args, query), query, "roles", newTable("ID", "PARTY", "ROLE", "FROM", "UNTIL"), func(t *table, o role) {
			t.add(o.ID, o.Party, o.Role, o.From, o.Stops)
		})
	})
}

func newRoleList() *cobra.Command {
	return roleList("list PARTY", "List a party's roles", "  longmen party role list "+anID+" --on 2026-03-01", cobra.ExactArgs(1),
		func(args []string, _ url.Values) string { return path("parties", args[0], "roles") })
}

func newRoleHolders() *cobra.Command {
	return roleList("holders [ROLE]", "List who has a role, or any", "  longmen party role holders operations --on 2026-03-01", cobra.MaximumNArgs(1),
		func(args []string, query url.Values) string {
			if len(args) > 0 {
				query.Set("role", args[0])
			}
			return path("roles")
		})
}

func newRoleEnd() *cobra.Command {
	day := ""
	c := reader("end ROLE", "End a role before its time", "  longmen party role end "+anID+" --day 2026-03-01", cobra.ExactArgs(1),
		func(c *cobra.Command) {
			c.Flags().StringVar(&day, "day", "", "the first day on which it no longer holds")
		}, func(c *client, args []string) error {
			var o role
			text, err := c.post(path("roles", args[0], "end"), "", fields{"day": day}, &o)
			if err != nil {
				return err
			}
			return c.showRole(text, &o)
		})
	_ = c.MarkFlagRequired("day")
	return c
}
