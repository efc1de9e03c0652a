package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// newLedger is the group of commands that speak to a running node.
func newLedger() *cobra.Command {
	c := &cobra.Command{
		Use: "ledger", Short: "Work with the ledgers of a running node",
		Long: `Work with the ledgers of a running node. Address and token are found in the data folder (--data); for a node elsewhere say
--address, and put its token into $LONGMEN_TOKEN.

Amounts are written as people read them, with the asset's point: 100.00, not 100. With --json the answers are the API's
own, where amounts are minor units. Whoever repeats a command gives it a key (--key): the same key is done once.`,
		Args: cobra.NoArgs, RunE: help,
	}
	speaking(c).PersistentFlags().StringP("ledger", "l", "main", "name of the ledger")
	c.AddCommand(newCreate(), newList(), newInfo(), newAdvance())
	c.AddCommand(newAsset(), newAccount(), newRegister())
	c.AddCommand(moneyCommands()...)
	c.AddCommand(unitCommands()...)
	c.AddCommand(readCommands()...)
	c.AddCommand(proofCommands()...)
	c.AddCommand(newCommand(), newShow())
	return c
}

// help is what a group does by itself; a word that it does not know is an error.
func help(c *cobra.Command, _ []string) error { return c.Help() }

// on runs a command that needs the node.
func on(run func(c *client, args []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		c, err := newClient(command)
		if err != nil {
			return err
		}
		return run(c, args)
	}
}

// ledgerInfo is what of a ledger is shown.
type ledgerInfo struct {
	ID, Name, Zone, Clock, Now               string
	Sequence, Projected, Accounts, Registers uint64
	Version                                  int
	Shadow                                   bool
}

func newCreate() *cobra.Command {
	var body struct {
		Name   string `json:"name"`
		Zone   string `json:"zone,omitempty"`
		Clock  string `json:"clock,omitempty"`
		Start  string `json:"start,omitempty"`
		Shadow bool   `json:"shadow,omitempty"`
	}
	c := &cobra.Command{
		Use: "create NAME", Short: "Open a ledger", Args: cobra.ExactArgs(1),
		Long: "Open a ledger. Its zone and clock are fixed for good. The same words again give the same ledger.",
		Example: `  longmen ledger create main --zone Asia/Shanghai
  longmen ledger create rehearsal --clock simulated --start 2026-01-01T00:00:00Z`,
		RunE: on(func(c *client, args []string) error {
			body.Name = args[0]
			var info ledgerInfo
			text, err := c.post("/v1/ledgers", "", body, &info)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printLedger(&info) })
		}),
	}
	c.Flags().StringVar(&body.Zone, "zone", "", "IANA name of the time zone that days and months follow (UTC)")
	c.Flags().StringVar(&body.Clock, "clock", "", "real or simulated (real)")
	c.Flags().StringVar(&body.Start, "start", "", "where a simulated clock stands at first, e.g. 2026-01-01T00:00:00Z")
	c.Flags().BoolVar(&body.Shadow, "shadow", false, "the ledger is to carry test traffic")
	return c
}

func newList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the ledgers", Args: cobra.NoArgs, Example: "  longmen ledger list",
		RunE: on(func(c *client, _ []string) error {
			var answer struct{ Ledgers []ledgerInfo }
			text, err := c.get("/v1/ledgers", nil, &answer)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				t := newTable("NAME", "CLOCK", "ZONE", "NOW", ">SEQUENCE", ">ACCOUNTS", ">REGISTERS")
				for _, l := range answer.Ledgers {
					t.add(l.Name, l.Clock, l.Zone, l.Now, fmt.Sprint(l.Sequence), fmt.Sprint(l.Accounts), fmt.Sprint(l.Registers))
				}
				return t.print(c.out)
			})
		}),
	}
}

func newInfo() *cobra.Command {
	return &cobra.Command{
		Use: "info", Short: "Tell what a ledger is and how far it has come", Args: cobra.NoArgs, Example: "  longmen ledger info -l main",
		RunE: on(func(c *client, _ []string) error {
			var info ledgerInfo
			text, err := c.get(c.path(), nil, &info)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printLedger(&info) })
		}),
	}
}

func (c *client) printLedger(l *ledgerInfo) error {
	shadow := ""
	if l.Shadow {
		shadow = "carries test traffic"
	}
	return pairs(c.out, "name", l.Name, "id", l.ID, "zone", l.Zone, "clock", l.Clock, "shadow", shadow, "now", l.Now,
		"sequence", fmt.Sprint(l.Sequence), "in history", fmt.Sprint(l.Projected), "version", fmt.Sprint(l.Version),
		"accounts", fmt.Sprint(l.Accounts), "registers", fmt.Sprint(l.Registers))
}

func newAsset() *cobra.Command {
	group := &cobra.Command{Use: "asset", Short: "Open and list assets", Args: cobra.NoArgs, RunE: help}
	e, scale := &envelope{}, 0
	open := &cobra.Command{
		Use: "open CODE", Short: "Open an asset", Args: cobra.ExactArgs(1), Example: "  longmen ledger asset open CNY --scale 2",
		RunE: on(func(c *client, args []string) error {
			return c.write(e, c.path("assets"), fields{"code": args[0], "scale": scale})
		}),
	}
	open.Flags().IntVar(&scale, "scale", 2, "digits after the point")
	e.flags(open)
	list := &cobra.Command{
		Use: "list", Short: "List the assets", Args: cobra.NoArgs, Example: "  longmen ledger asset list",
		RunE: on(func(c *client, _ []string) error {
			var answer struct {
				Assets []struct {
					Code  string
					Scale int
				}
			}
			text, err := c.get(c.path("assets"), nil, &answer)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				t := newTable("CODE", ">SCALE")
				for _, a := range answer.Assets {
					t.add(a.Code, fmt.Sprint(a.Scale))
				}
				return t.print(c.out)
			})
		}),
	}
	group.AddCommand(open, list)
	return group
}

// account is what of an account is shown.
type account struct {
	Address, Asset, Side, Type, Constraint                                     string
	Balance, Available, Debits, Credits, DebitsHeld, CreditsHeld, Frozen, Owed string
	Scale, Holds, Registers                                                    int
	Code                                                                       uint32
	Entries                                                                    uint64
	DebitsFrozen, CreditsFrozen, Missing                                       bool
}

// UnmarshalJSON reads names with underscores too.
func (a *account) UnmarshalJSON(b []byte) error {
	type plain account
	var more struct {
		DebitsHeld    string `json:"debits_held"`
		CreditsHeld   string `json:"credits_held"`
		DebitsFrozen  bool   `json:"debits_frozen"`
		CreditsFrozen bool   `json:"credits_frozen"`
	}
	if err := json.Unmarshal(b, (*plain)(a)); err != nil {
		return err
	}
	err := json.Unmarshal(b, &more)
	a.DebitsHeld, a.CreditsHeld, a.DebitsFrozen, a.CreditsFrozen = more.DebitsHeld, more.CreditsHeld, more.DebitsFrozen, more.CreditsFrozen
	return err
}

func newAccount() *cobra.Command {
	group := &cobra.Command{Use: "account", Short: "Open, show and list accounts", Args: cobra.NoArgs, RunE: help}
	e := &envelope{}
	var asset, side, kind, constraint string
	var code uint32
	open := &cobra.Command{
		Use: "open ADDRESS", Short: "Open an account", Args: cobra.ExactArgs(1),
		Example: `  longmen ledger account open bank:cash --asset CNY --side debit --type asset --code 1001 --constraint unbounded
  longmen ledger account open investor:42:cash --asset CNY --side credit --type liability --code 2001`,
		RunE: on(func(c *client, args []string) error {
			return c.write(e, c.path("accounts"), fields{
				"address": args[0], "asset": asset, "side": side, "type": kind, "code": code, "constraint": constraint,
			})
		}),
	}
	flags := open.Flags()
	flags.StringVar(&asset, "asset", "", "code of the asset (required)")
	flags.StringVar(&side, "side", "", "debit or credit: the side on which the balance counts as positive (required)")
	flags.StringVar(&kind, "type", "", "asset, liability, equity, income or expense (required)")
	flags.Uint32Var(&code, "code", 0, "number in the chart of accounts")
	flags.StringVar(&constraint, "constraint", "nonnegative", "nonnegative or unbounded")
	for _, name := range []string{"asset", "side", "type"} {
		require(open, name)
	}
	e.flags(open)
	show := &cobra.Command{
		Use: "show ADDRESS", Short: "Tell what an account is and has", Args: cobra.ExactArgs(1), Example: "  longmen ledger account show investor:42:cash",
		RunE: on(func(c *client, args []string) error {
			var a account
			text, err := c.get(c.path("accounts", args[0]), nil, &a)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printAccount(&a) })
		}),
	}
	prefix, page := "", &page{}
	list := &cobra.Command{
		Use: "list", Short: "List accounts", Args: cobra.NoArgs, Example: "  longmen ledger account list --prefix investor: --limit 100",
		RunE: on(func(c *client, _ []string) error {
			query := page.query()
			if prefix != "" {
				query.Set("prefix", prefix)
			}
			return listing(c, page, c.path("accounts"), query, "accounts",
				newTable("ADDRESS", "ASSET", ">BALANCE", ">AVAILABLE", "TYPE", "SIDE", ">CODE"), func(t *table, a account) {
					t.add(a.Address, a.Asset, decimal(a.Balance, a.Scale), decimal(a.Available, a.Scale), a.Type, a.Side, fmt.Sprint(a.Code))
				})
		}),
	}
	list.Flags().StringVar(&prefix, "prefix", "", "only addresses that begin so")
	page.flags(list)
	group.AddCommand(open, show, list)
	return group
}

func (c *client) printAccount(a *account) error {
	frozen := ""
	switch {
	case a.DebitsFrozen && a.CreditsFrozen:
		frozen = "debits and credits"
	case a.DebitsFrozen:
		frozen = "debits"
	case a.CreditsFrozen:
		frozen = "credits"
	}
	some := func(minor string) string {
		if minor == "0" {
			return ""
		}
		return decimal(minor, a.Scale)
	}
	return pairs(c.out, "address", a.Address, "asset", a.Asset, "type", a.Type, "side", a.Side, "code", fmt.Sprint(a.Code),
		"constraint", a.Constraint, "balance", decimal(a.Balance, a.Scale), "available", decimal(a.Available, a.Scale),
		"debits", decimal(a.Debits, a.Scale), "credits", decimal(a.Credits, a.Scale), "debits held", some(a.DebitsHeld),
		"credits held", some(a.CreditsHeld), "owed", some(a.Owed), "amount frozen", some(a.Frozen), "frozen", frozen, "holds", count(uint64(a.Holds)),
		"registers", count(uint64(a.Registers)))
}

func require(c *cobra.Command, flag string) {
	if err := c.MarkFlagRequired(flag); err != nil {
		panic(err) // the flag is defined beside this call
	}
}

// page is which part of a list is asked for.
type page struct {
	limit  int
	cursor string
}

func (p *page) flags(c *cobra.Command) {
	c.Flags().IntVar(&p.limit, "limit", 50, "most items, up to 1000")
	c.Flags().StringVar(&p.cursor, "cursor", "", "go on where the page before ended")
}

func (p *page) query() url.Values {
	query := url.Values{"limit": {fmt.Sprint(p.limit)}}
	if p.cursor != "" {
		query.Set("cursor", p.cursor)
	}
	return query
}

// listing shows a page of a list, whose items stand under name.
func listing[T any](c *client, p *page, path string, query url.Values, name string, t *table, row func(*table, T)) error {
	var answer map[string]json.RawMessage
	text, err := c.get(path, query, &answer)
	if err != nil {
		return err
	}
	return c.show(text, func() error {
		var items []T
		if err := json.Unmarshal(answer[name], &items); err != nil {
			return fmt.Errorf("the node's answer is not understood: %w", err)
		}
		for _, item := range items {
			row(t, item)
		}
		if err := t.print(c.out); err != nil {
			return err
		}
		return c.more(p, answer["next"])
	})
}

// more tells how to get the following page.
func (c *client) more(p *page, next json.RawMessage) error {
	cursor := ""
	if len(next) > 0 {
		if err := json.Unmarshal(next, &cursor); err != nil {
			return err
		}
	}
	if cursor == "" || p == nil {
		return nil
	}
	_, err := fmt.Fprintf(c.out, "there is more: --cursor %s\n", cursor)
	return err
}
