package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// someone is what of a party is shown.
type someone struct {
	ID, Kind, Name, Created, Closed string
	Version                         int64
}

// anID is an id in examples.
const anID = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"

// newParty is the group of commands about people and organisations.
func newParty() *cobra.Command {
	c := &cobra.Command{
		Use: "party", Short: "People and organisations of a running node: identifiers, attestations, roles, who acts for them", Args: cobra.NoArgs, RunE: help,
		Long: `People and organisations of a running node. Roles, and who may act for somebody else, take a second person: then the answer is
approval_pending and names the proposal, which "longmen approval" decides; the same words with its --id tell what came of it. The
operator, who makes the first people, needs nobody. docs/access.md says more.`,
	}
	c.AddCommand(newPartyCreate(), newPartyList(), newPartyShow(), newPartyRename(), newPartyClose(), newPartyChanges(), newPartyFind(),
		newPartyIdentifier(), newPartyAttestation(), newPartyRole(), newPartyGrant())
	return speaking(c)
}

// making is what a command that makes something has: an id, and members of the body that need not be said.
type making struct {
	id    string
	words map[string]*string
}

// flags has a flag for each member, by name with its usage.
func (m *making) flags(c *cobra.Command, usage map[string]string) {
	c.Flags().StringVar(&m.id, "id", "", "its id, a UUIDv7; a new one if empty. The same again changes nothing")
	m.words = map[string]*string{}
	for name, text := range usage {
		m.words[name] = c.Flags().String(name, "", text)
	}
}

// send makes it, and reads what came of it.
func (m *making) send(c *client, path string, body fields, v any) ([]byte, error) {
	own, err := keyOr(m.id)
	if err != nil {
		return nil, err
	}
	body["id"] = own
	for name, value := range m.words {
		if *value != "" {
			body[name] = *value
		}
	}
	return c.post(path, "", body, v)
}

func (c *client) showSomeone(text []byte, p *someone) error {
	return c.show(text, func() error {
		return pairs(c.out, "party", p.ID, "kind", p.Kind, "name", p.Name, "version", fmt.Sprint(p.Version), "created", p.Created, "closed", p.Closed)
	})
}

func newPartyCreate() *cobra.Command {
	m, kind := &making{}, ""
	return reader("create", "Make a party", "  longmen party create --name 王五\n  longmen party create --kind organisation --name Datong", cobra.NoArgs,
		func(c *cobra.Command) {
			m.flags(c, map[string]string{"name": "its name"})
			c.Flags().StringVar(&kind, "kind", "person", "person or organisation")
		}, func(c *client, _ []string) error {
			var p someone
			text, err := m.send(c, "/v1/parties", fields{"kind": kind}, &p)
			if err != nil {
				return err
			}
			return c.showSomeone(text, &p)
		})
}

func newPartyList() *cobra.Command {
	p, kind, open := &page{}, "", false
	return reader("list", "List the parties of the tenant, or those for which one acts", "  longmen party list --open --limit 1000", cobra.NoArgs,
		func(c *cobra.Command) {
			c.Flags().StringVar(&kind, "kind", "", "only persons or organisations: person or organisation")
			c.Flags().BoolVar(&open, "open", false, "only those that are not closed")
			p.flags(c)
		}, func(c *client, _ []string) error {
			query := p.query()
			if kind != "" {
				query.Set("kind", kind)
			}
			if open {
				query.Set("open", "true")
			}
			return listing(c, p, "/v1/parties", query, "parties", newTable("ID", "KIND", "NAME", "CREATED", "CLOSED"), func(t *table, p someone) {
				t.add(p.ID, p.Kind, p.Name, p.Created, p.Closed)
			})
		})
}

func newPartyShow() *cobra.Command {
	return reader("show PARTY", "Tell who a party is", "  longmen party show "+anID, cobra.ExactArgs(1), nil, func(c *client, args []string) error {
		var p someone
		text, err := c.get(path("parties", args[0]), nil, &p)
		if err != nil {
			return err
		}
		return c.showSomeone(text, &p)
	})
}

// newPartyChange is a command that makes the next version of a party.
func newPartyChange(use, verb, short, example string, args cobra.PositionalArgs, body func(args []string) fields) *cobra.Command {
	version := int64(0)
	c := reader(use, short, example, args, func(c *cobra.Command) {
		c.Flags().Int64Var(&version, "version", 0, "the party's version, as it was seen")
	}, func(c *client, args []string) error {
		said := body(args)
		said["version"] = version
		var p someone
		text, err := c.post(path("parties", args[0], verb), "", said, &p)
		if err != nil {
			return err
		}
		return c.showSomeone(text, &p)
	})
	_ = c.MarkFlagRequired("version")
	return c
}

func newPartyRename() *cobra.Command {
	return newPartyChange("rename PARTY NAME", "rename", "Give a party another name", "  longmen party rename "+anID+" 王小五 --version 1", cobra.ExactArgs(2),
		func(args []string) fields { return fields{"name": args[1]} })
}

func newPartyClose() *cobra.Command {
	return newPartyChange("close PARTY", "close", "Close a party for good", "  longmen party close "+anID+" --version 2", cobra.ExactArgs(1),
		func([]string) fields { return fields{} })
}

func newPartyChanges() *cobra.Command {
	p := &page{}
	return reader("changes PARTY", "List who made which version of a party", "  longmen party changes "+anID, cobra.ExactArgs(1), p.flags,
		func(c *client, args []string) error {
			type change struct {
				Version         int64
				What, At, Actor string
			}
			return listing(c, p, path("parties", args[0], "changes"), p.query(), "changes", newTable(">VERSION", "WHAT", "AT", "ACTOR"), func(t *table, h change) {
				t.add(fmt.Sprint(h.Version), h.What, h.At, h.Actor)
			})
		})
}

// readsValue makes a command whose last word may be "-": then the value is read from where nobody keeps it.
func readsValue(c *cobra.Command, run func(c *client, args []string) error) *cobra.Command {
	c.Long = c.Short + `. For "-" the value is one line of standard input, so that it stays out of the shell's history.`
	c.RunE = func(command *cobra.Command, args []string) error {
		if last := len(args) - 1; args[last] == "-" {
			text, err := readInput(command.InOrStdin(), "-")
			if err != nil {
				return err
			}
			line, _, _ := strings.Cut(string(text), "\n")
			args[last] = strings.TrimRight(line, "\r")
		}
		return on(run)(command, args)
	}
	return c
}

func newPartyFind() *cobra.Command {
	return readsValue(reader("find TYPE VALUE|-", "Find the party that has an identifier", "  longmen party find mobile +8613800000000\n  longmen party find id-card - < number.txt",
		cobra.ExactArgs(2), nil, nil), func(c *client, args []string) error {
		var p someone
		text, err := c.post("/v1/parties/find", "", fields{"type": args[0], "value": args[1]}, &p)
		if err != nil {
			return err
		}
		return c.showSomeone(text, &p)
	})
}

// identifier is what of an identifier is shown.
type identifier struct{ ID, Party, Type, Value, Created, Removed string }

func (c *client) showIdentifier(text []byte, i *identifier) error {
	return c.show(text, func() error {
		return pairs(c.out, "identifier", i.ID, "party", i.Party, "type", i.Type, "value", i.Value, "created", i.Created, "removed", i.Removed)
	})
}

func newPartyIdentifier() *cobra.Command {
	c := &cobra.Command{Use: "identifier", Short: "Add, list and remove by what parties are known outside", Args: cobra.NoArgs, RunE: help}
	m, p := &making{}, &page{}
	c.AddCommand(
		readsValue(reader("add PARTY TYPE VALUE|-", "Give a party an identifier", "  longmen party identifier add "+anID+" mobile +8613800000000", cobra.ExactArgs(3),
			func(c *cobra.Command) { m.flags(c, nil) }, nil), func(c *client, args []string) error {
			var i identifier
			text, err := m.send(c, path("parties", args[0], "identifiers"), fields{"type": args[1], "value": args[2]}, &i)
			if err != nil {
				return err
			}
			return c.showIdentifier(text, &i)
		}),
		reader("list PARTY", "List a party's identifiers, the removed ones too", "  longmen party identifier list "+anID, cobra.ExactArgs(1), p.flags,
			func(c *client, args []string) error {
				return listing(c, p, path("parties", args[0], "identifiers"), p.query(), "identifiers", newTable("ID", "TYPE", "VALUE", "CREATED", "REMOVED"),
					func(t *table, i identifier) { t.add(i.ID, i.Type, i.Value, i.Created, i.Removed) })
			}),
		reader("remove IDENTIFIER", "Remove an identifier and erase its value", "  longmen party identifier remove "+anID, cobra.ExactArgs(1), nil,
			func(c *client, args []string) error {
				var i identifier
				text, err := c.post(path("identifiers", args[0], "remove"), "", fields{}, &i)
				if err != nil {
					return err
				}
				return c.showIdentifier(text, &i)
			}),
	)
	return c
}
