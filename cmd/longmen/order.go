package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// order is what of an order is shown.
type order struct {
	ID, Kind, State, Created, Changed string
	Version                           int
	Parties                           []struct{ Part, Party string }
	Amounts                           []orderAmount
	Attributes                        json.RawMessage
}

type orderAmount struct{ Code, Asset, Amount string }

// newOrder is the group of commands for orders.
func newOrder() *cobra.Command {
	c := &cobra.Command{
		Use: "order", Short: "Look at orders of a running node, of any kind", Args: cobra.NoArgs, RunE: help,
		Long: `Look at what parties asked for: orders of any kind, as they stand and with their history. Without the right to see all orders
one sees those in which a party of one's own has a part.`,
	}
	c.AddCommand(newOrderList(), newOrderShow(), newOrderSteps(), newOrderKinds(), newOrderKind())
	return speaking(c)
}

func newOrderList() *cobra.Command {
	filter := map[string]*string{}
	p := &page{}
	return reader("list", "List orders, newest first", "  longmen order list --kind bid --state open\n  longmen order list --concerning 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081 --part bidder",
		cobra.NoArgs, func(c *cobra.Command) {
			flags := c.Flags()
			for name, usage := range map[string]string{
				"kind": "only of this kind", "state": "only in this state", "concerning": "only those in which this party has a part", "part": "that part",
				"order": "newest or oldest first",
			} {
				filter[name] = flags.String(name, "", usage)
			}
			p.flags(c)
		}, func(c *client, _ []string) error {
			query := p.query()
			for name, value := range filter {
				if *value != "" {
					query.Set(strings.Replace(name, "concerning", "party", 1), *value)
				}
			}
			return listing(c, p, "/v1/orders", query, "orders", newTable("ID", "KIND", "STATE", "CREATED", "CHANGED", "AMOUNTS"), func(t *table, o order) {
				t.add(o.ID, o.Kind, o.State, o.Created, o.Changed, amountsOf(o.Amounts))
			})
		})
}

// amountsOf tells amounts in minor units, since an order's asset is not always one of a ledger that is at hand.
func amountsOf(list []orderAmount) string {
	words := make([]string, len(list))
	for i, a := range list {
		words[i] = fmt.Sprintf("%s %s %s", a.Code, a.Asset, a.Amount)
	}
	return strings.Join(words, ", ")
}

func newOrderShow() *cobra.Command {
	return reader("show ID", "Show an order as it stands; amounts are in minor units", "  longmen order show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			var o order
			text, err := c.get("/v1/orders/"+url.PathEscape(args[0]), nil, &o)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				words := []string{"id", o.ID, "kind", o.Kind, "state", o.State, "version", fmt.Sprint(o.Version), "created", o.Created, "changed", o.Changed}
				for _, p := range o.Parties {
					words = append(words, p.Part, p.Party)
				}
				return pairs(c.out, append(words, "amounts", amountsOf(o.Amounts), "attributes", string(o.Attributes))...)
			})
		})
}

func newOrderSteps() *cobra.Command {
	p := &page{}
	return reader("steps ID", "List what happened to an order", "  longmen order steps 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			type step struct {
				Version                                 int
				Transition, From, To, At, Actor, Reason string
				Sequence                                uint64
			}
			return listing(c, p, "/v1/orders/"+url.PathEscape(args[0])+"/steps", p.query(), "steps",
				newTable(">VERSION", "AT", "TRANSITION", "FROM", "TO", "REASON", "ACTOR", ">SEQUENCE"), func(t *table, s step) {
					t.add(fmt.Sprint(s.Version), s.At, s.Transition, s.From, s.To, s.Reason, s.Actor, count(s.Sequence))
				})
		})
}

func newOrderKinds() *cobra.Command {
	return reader("kinds", "List the kinds of orders that there are", "  longmen order kinds", cobra.NoArgs, nil, func(c *client, _ []string) error {
		type kind struct {
			Code, Title string
			States      []string
		}
		return listing(c, nil, "/v1/order-kinds", nil, "kinds", newTable("KIND", "TITLE", "STATES"), func(t *table, k kind) {
			t.add(k.Code, k.Title, strings.Join(k.States, ", "))
		})
	})
}

func newOrderKind() *cobra.Command {
	return reader("kind CODE", "Draw a kind of order as a state diagram in Mermaid's language", "  longmen order kind bid > bid.mmd",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			var k struct{ Drawing string }
			text, err := c.get("/v1/order-kinds/"+url.PathEscape(args[0]), nil, &k)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := fmt.Fprint(c.out, k.Drawing)
				return err
			})
		})
}
