package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// shelfCommands are about the products that a node has.
func shelfCommands() []*cobra.Command {
	return []*cobra.Command{newProductList(), newProductShow(), newProductVersions(), newProductPropose()}
}

// productHead is what of a version is shown.
type productHead struct {
	Version   uint64
	Effective string
	Offered   bool
	Hash      string
	Name      struct{ Zh, En string }
}

func (h *productHead) short() string {
	if h == nil {
		return "-"
	}
	return fmt.Sprintf("%d from %s", h.Version, h.Effective)
}

func newProductList() *cobra.Command {
	p := &page{}
	return speaking(reader("list", "List the products of a node, with the version in force and the next one", "  longmen product list\n  longmen product list --json",
		cobra.NoArgs, p.flags, func(c *client, _ []string) error {
			type item struct {
				Code          string
				Current, Next *productHead
			}
			return listing(c, p, "/v1/products", p.query(), "products", newTable("CODE", "NAME", "IN FORCE", "NEXT"), func(t *table, i item) {
				name := i.Current
				if name == nil {
					name = i.Next
				}
				t.add(i.Code, name.Name.En+" "+name.Name.Zh, i.Current.short(), i.Next.short())
			})
		}))
}

func newProductShow() *cobra.Command {
	on, version := "", uint64(0)
	return speaking(reader("show CODE", "Write a version of a node's product as a file", "  longmen product show consumer-loan --on 2026-03-01 > consumer-loan.yaml\n  longmen product show consumer-loan --version 3 --json",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&on, "on", "", "the version in force on this day (today)")
			c.Flags().Uint64Var(&version, "version", 0, "the version of this number")
			c.MarkFlagsMutuallyExclusive("on", "version")
		}, func(c *client, args []string) error {
			query := url.Values{}
			if on != "" {
				query.Set("on", on)
			}
			if version != 0 {
				query.Set("version", fmt.Sprint(version))
			}
			path := "/v1/products/" + url.PathEscape(args[0])
			if !c.json {
				path += "/file"
			}
			text, err := c.get(path, query, nil)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := c.out.Write(text)
				return err
			})
		}))
}

func newProductVersions() *cobra.Command {
	p := &page{}
	return speaking(reader("versions CODE", "List the versions of a node's product", "  longmen product versions consumer-loan",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			return listing(c, p, "/v1/products/"+url.PathEscape(args[0])+"/versions", p.query(), "versions",
				newTable(">VERSION", "EFFECTIVE", "OFFERED", "HASH"), func(t *table, h productHead) {
					t.add(fmt.Sprint(h.Version), h.Effective, fmt.Sprint(h.Offered), h.Hash)
				})
		}))
}

// proposal is under which id something is proposed, and why: each command that proposes has these flags.
type proposal struct{ id, reason string }

func (p *proposal) flags(c *cobra.Command) {
	c.Flags().StringVar(&p.id, "id", "", "id of the proposal, a UUIDv7; a new one if empty. The same again changes nothing")
	c.Flags().StringVar(&p.reason, "reason", "", "for those who decide")
	_ = c.MarkFlagRequired("reason")
}

// send proposes something.
func (p *proposal) send(c *client, path string, body map[string]any) error {
	own, err := keyOr(p.id)
	if err != nil {
		return err
	}
	body["id"], body["reason"] = own, p.reason
	var made struct{ ID, Action, State, Expires string }
	text, err := c.post(path, "", body, &made)
	if err != nil {
		return err
	}
	return c.show(text, func() error {
		return pairs(c.out, "proposal", made.ID, "action", made.Action, "state", made.State, "expires", made.Expires)
	})
}

func newProductPropose() *cobra.Command {
	p, effective := &proposal{}, ""
	c := speaking(reader("propose FILE|-", "Propose a version of a product, which another person approves",
		"  LONGMEN_TOKEN=… longmen product propose consumer-loan.yaml --effective 2026-04-01 --reason \"lower rate\"",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			p.flags(c)
			c.Flags().StringVar(&effective, "effective", "", "in force from this day on")
			_ = c.MarkFlagRequired("effective")
		}, nil))
	c.RunE = func(command *cobra.Command, args []string) error {
		file, err := readInput(command.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		c, err := newClient(command)
		if err != nil {
			return err
		}
		return p.send(c, "/v1/products", map[string]any{"file": string(file), "effective": effective})
	}
	return c
}
