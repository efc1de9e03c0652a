package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/app"
	"github.com/longmen/longmen/kit/logging"
)

func newServe() *cobra.Command {
	var config app.Config
	var format, level string
	c := &cobra.Command{
		Use: "serve", Short: "Serve a node until it is told to stop", Args: cobra.NoArgs,
		Long: `Serve a node: its ledgers behind REST and gRPC on one address. The first start makes the data folder and a token in
it, without which nobody has access. Interrupt (Ctrl-C) ends it in order; whatever happens, nothing acknowledged is lost.`,
		Example: `  longmen serve
  longmen serve --data /var/lib/longmen --listen 127.0.0.1:7421
  longmen serve --dsn postgres://longmen@db.internal/longmen --log-format json`,
		RunE: func(c *cobra.Command, _ []string) error {
			log, err := logging.New(c.ErrOrStderr(), format, level)
			if err != nil {
				return err
			}
			config.Log, config.Data = log, dataOf(c)
			return app.Serve(c.Context(), config, func(address string) {
				fmt.Fprintf(c.OutOrStdout(), "longmen serves %s on http://%s (documentation: http://%s/docs)\n", config.Data, address, address)
			})
		},
	}
	c.Flags().StringVar(&config.Listen, "listen", app.DefaultListen, "address of the doors; only this machine reaches the default")
	c.Flags().StringVar(&config.DSN, "dsn", "", "PostgreSQL for journal and history, postgres://...; SQLite files in the data folder if empty")
	c.Flags().StringVar(&format, "log-format", logging.Text, "text or json")
	c.Flags().StringVar(&level, "log-level", "info", "debug, info, warn or error")
	return c
}

func dataOf(c *cobra.Command) string {
	folder, err := c.Flags().GetString("data")
	if err != nil {
		panic(err) // the root defines it
	}
	return folder
}
