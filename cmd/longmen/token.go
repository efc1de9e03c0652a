package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"
)

type token struct{ ID, Principal, Expires, Created, Revoked, Token string }

// newToken is the group of commands for what lets principals in.
func newToken() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Issue, list and revoke the tokens of principals", Args: cobra.NoArgs, RunE: help}
	p := &page{}
	c.AddCommand(newTokenIssue(),
		reader("list PRINCIPAL", "List a principal's tokens, never their texts", "  longmen token list 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --tenant north",
			cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
				return listing(c, p, path("principals", args[0], "tokens"), p.query(), "tokens", newTable("ID", "CREATED", "EXPIRES", "REVOKED"),
					func(t *table, one token) { t.add(one.ID, one.Created, one.Expires, one.Revoked) })
			}),
		reader("revoke TOKEN", "Revoke a token by its id", "  longmen token revoke 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --tenant north",
			cobra.ExactArgs(1), nil, func(c *client, args []string) error {
				var one token
				text, err := c.post(path("tokens", args[0], "revoke"), "", fields{}, &one)
				if err != nil {
					return err
				}
				return c.show(text, func() error { return pairs(c.out, "token", one.ID, "principal", one.Principal, "revoked", one.Revoked) })
			}))
	return speaking(c)
}

func newTokenIssue() *cobra.Command {
	days, save := 0, ""
	return reader("issue PRINCIPAL", "Issue a token for a principal; its text is shown once",
		"  longmen token issue 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --days 30 --save-token wang.token --tenant north", cobra.ExactArgs(1),
		func(c *cobra.Command) {
			c.Flags().IntVar(&days, "days", 90, "how long it lasts, up to 400")
			savesToken(c, &save)
		}, func(c *client, args []string) error {
			made, err := newKey()
			if err != nil {
				return err
			}
			keep, err := newTokenFile(save)
			if err != nil {
				return err
			}
			var one token
			expires := time.Now().AddDate(0, 0, days).UTC().Format(time.RFC3339)
			text, err := c.post(path("principals", args[0], "tokens"), "", fields{"id": made, "expires": expires}, &one)
			if err != nil {
				return errors.Join(err, keep.undo())
			}
			if text, err = keep.put(text, one.Token); err != nil {
				return err
			}
			return c.show(text, func() error {
				return pairs(c.out, "id", one.ID, "principal", one.Principal, "expires", one.Expires, "token", keep.said(one.Token))
			})
		})
}
