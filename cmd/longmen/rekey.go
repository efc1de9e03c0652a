package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/app"
)

func newRekey() *cobra.Command {
	var config app.RekeyConfig
	asJSON := false
	c := &cobra.Command{
		Use: "rekey", Short: "Make a new lookup key when the old one is lost, or known to somebody", Args: cobra.NoArgs,
		Long: `Make a new lookup key, by which identifiers of parties are found, and let it find all of them: their values lie in the rows. No
node may serve the folder meanwhile. Tokens do not hang on the key and go on letting in. Stopped before its end, it goes on when it is
called again. With several nodes on one PostgreSQL, copy the new key into the folder of each of them before it is started; one that
runs on refuses to look for identifiers. A backup from before needs the old key, or this command after it was restored.`,
		Example: "  longmen rekey --data /var/lib/longmen\n  longmen rekey --dsn postgres://longmen@db.internal/longmen --replace",
		RunE: func(c *cobra.Command, _ []string) error {
			config.Data = dataOf(c)
			done, err := app.Rekey(c.Context(), config)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), done)
			}
			for _, m := range done.Missed {
				if err := say(c, "NOT FOUND any more: identifier %s of the party %s in the tenant %s\n", m.Identifier, m.Party, m.Tenant); err != nil {
					return err
				}
			}
			if done.Lost > 0 {
				if err := say(c, "%d identifiers are kept in a form that this program does not read: remove each and add it anew\n", done.Lost); err != nil {
					return err
				}
			}
			return say(c, "%s finds %d identifiers; keep a copy of it apart: no backup has it. Tokens let in as before\n",
				filepath.Join(config.Data, longmen.LookupKeyFile), done.Found)
		},
	}
	c.Flags().StringVar(&config.DSN, "dsn", "", "PostgreSQL that has the rows; a file in the data folder if empty")
	c.Flags().BoolVar(&config.Replace, "replace", false, "make a new key though there is one")
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
