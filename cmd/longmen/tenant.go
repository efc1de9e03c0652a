package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// tenant is what of a tenant is shown.
type tenant struct {
	ID, Name, First, Created string
	Ledgers                  []string
}

// newTenant is the group of commands for the operator of the platform.
func newTenant() *cobra.Command {
	c := &cobra.Command{
		Use: "tenant", Short: "Make and list the tenants of a running node", Args: cobra.NoArgs, RunE: help,
		Long: `Make and list the tenants of a running node. This is for its operator, who has the token in the data folder.`,
	}
	c.AddCommand(newTenantCreate(), newTenantList(), newTenantShow())
	return speaking(c)
}

func newTenantCreate() *cobra.Command {
	body := map[string]*string{}
	save := ""
	c := &cobra.Command{
		Use: "create NAME", Short: "Make a tenant, his ledger, and his first administrator with a token", Args: cobra.ExactArgs(1),
		Long: `Make a tenant, his ledger, and his first administrator with a token. The token is shown once. The same words again give the
same tenant and end what was begun, without showing the token again.`,
		Example: `  longmen tenant create north --zone Asia/Shanghai --administrator 王五 --login wang.wu
  longmen tenant create rehearsal --clock simulated --start 2026-01-01T00:00:00Z --save-token admin.token
  longmen party list --token-file admin.token`,
		RunE: on(func(c *client, args []string) error {
			said := fields{"name": args[0]}
			for name, value := range body {
				if *value != "" {
					said[name] = *value
				}
			}
			return c.createTenant(said, save)
		}),
	}
	flags := c.Flags()
	for name, usage := range map[string]string{
		"ledger": "name of his ledger; his own if empty", "zone": "IANA name of the time zone that days and months follow (UTC)",
		"clock": "real or simulated (real)", "start": "where a simulated clock stands at first, e.g. 2026-01-01T00:00:00Z",
		"administrator": "name of the person who is the first administrator (his login)", "login": "his login (administrator)",
		"expires": "when his token ends, an instant (in 90 days)",
	} {
		body[name] = flags.String(name, "", usage)
	}
	savesToken(c, &save)
	return c
}

func (c *client) createTenant(said fields, save string) error {
	var made struct {
		Tenant                          tenant
		Administrator, Principal, Token string
	}
	keep, err := newTokenFile(save)
	if err != nil {
		return err
	}
	text, err := c.post("/v1/tenants", "", said, &made)
	if err != nil {
		return errors.Join(err, keep.undo())
	}
	if made.Token == "" {
		if err := keep.undo(); err != nil {
			return err
		}
	} else if text, err = keep.put(text, made.Token); err != nil {
		return err
	}
	return c.show(text, func() error {
		token := "was shown before: longmen token issue " + made.Principal + " --tenant " + made.Tenant.Name + " makes another one"
		if made.Token != "" {
			token = keep.said(made.Token)
		}
		return pairs(c.out, "tenant", made.Tenant.Name, "id", made.Tenant.ID, "ledgers", strings.Join(made.Tenant.Ledgers, " "),
			"administrator", made.Administrator, "principal", made.Principal, "token", token)
	})
}

func newTenantList() *cobra.Command {
	p := &page{}
	return reader("list", "List the tenants", "  longmen tenant list", cobra.NoArgs, p.flags, func(c *client, _ []string) error {
		return listing(c, p, "/v1/tenants", p.query(), "tenants", newTable("NAME", "LEDGERS", "FIRST", "CREATED", "ID"), func(t *table, one tenant) {
			t.add(one.Name, strings.Join(one.Ledgers, " "), one.First, one.Created, one.ID)
		})
	})
}

func newTenantShow() *cobra.Command {
	return reader("show NAME", "Tell who a tenant is", "  longmen tenant show north", cobra.ExactArgs(1), nil, func(c *client, args []string) error {
		var one tenant
		text, err := c.get(path("tenants", args[0]), nil, &one)
		if err != nil {
			return err
		}
		return c.show(text, func() error {
			return pairs(c.out, "tenant", one.Name, "id", one.ID, "ledgers", strings.Join(one.Ledgers, " "), "first", one.First, "created", one.Created)
		})
	})
}

// tokenFile is where a token is put instead of being shown.
type tokenFile struct{ file *os.File }

func savesToken(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "save-token", "", "put the token into this new file, readable by its owner alone, instead of showing it")
}

// newTokenFile makes the file before the token is asked for, which is shown once: what can go wrong does so before. No
// name makes none.
func newTokenFile(name string) (*tokenFile, error) {
	if name == "" {
		return &tokenFile{}, nil
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("save the token: %w", err)
	}
	return &tokenFile{f}, nil
}

// undo removes the file again.
func (t *tokenFile) undo() error {
	if t.file == nil {
		return nil
	}
	return errors.Join(t.file.Close(), os.Remove(t.file.Name()))
}

// put writes the token there, and gives the answer without it.
func (t *tokenFile) put(answer []byte, token string) ([]byte, error) {
	if t.file == nil {
		return answer, nil
	}
	_, err := t.file.WriteString(token + "\n")
	if err = errors.Join(err, t.file.Sync(), t.file.Close()); err != nil {
		return nil, fmt.Errorf("save the token: %w", err)
	}
	return []byte(strings.ReplaceAll(string(answer), token, "")), nil
}

func (t *tokenFile) said(token string) string {
	if t.file == nil {
		return token + " (shown this once)"
	}
	return "in " + t.file.Name()
}
