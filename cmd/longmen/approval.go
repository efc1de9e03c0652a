package main

import (
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// proposed is what of a proposal is shown.
type proposed struct {
	ID, Action, Subject, Asset, Amount, Reason, Proposer, Proposed, Expires, State, Decider, Decided, Why, Lapsed string
	Changes                                                                                                       []struct {
		Path         string
		Was, Becomes json.RawMessage
	}
}

// newApproval is the group of commands for what one person proposes and another one decides.
func newApproval() *cobra.Command {
	c := &cobra.Command{
		Use: "approval", Short: "Look at proposals of a running node and decide about them", Args: cobra.NoArgs, RunE: help,
		Long: `Look at what was proposed, with what it would change, and approve or refuse it. Nobody decides what he proposed himself.`,
	}
	c.AddCommand(
		newApprovalList(), newApprovalShow(),
		newDecision("approve", "approval", "Approve a proposal", ""), newDecision("refuse", "refusal", "Refuse a proposal", "too high"),
		newDecision("withdraw", "withdrawal", "Withdraw a proposal of one's own", ""),
	)
	return speaking(c)
}

func newApprovalList() *cobra.Command {
	state, p := "", &page{}
	return reader("list", "List proposals, newest first", "  longmen approval list --state open", cobra.NoArgs, func(c *cobra.Command) {
		c.Flags().StringVar(&state, "state", "", "only those that are open, approved, refused, withdrawn or expired")
		p.flags(c)
	}, func(c *client, _ []string) error {
		query := p.query()
		if state != "" {
			query.Set("state", state)
		}
		of := scales(c.scaleOfAsset)
		return listing(c, p, "/v1/proposals", query, "proposals", newTable("ID", "ACTION", "STATE", "PROPOSED", "EXPIRES", ">AMOUNT", "REASON"),
			func(t *table, r proposed) {
				t.add(r.ID, r.Action, r.State, r.Proposed, r.Expires, r.money(of), r.Reason)
			})
	})
}

func (r *proposed) money(scaleOf func(asset string) int) string {
	if r.Asset == "" {
		return ""
	}
	return decimal(r.Amount, scaleOf(r.Asset)) + " " + r.Asset
}

// scaleOfAsset is an asset's scale in the ledgers, if it is the same in all that have it: a proposal names none.
func (c *client) scaleOfAsset(asset string) (int, error) {
	var answer struct{ Ledgers []ledgerInfo }
	if _, err := c.get("/v1/ledgers", nil, &answer); err != nil {
		return 0, err
	}
	found := unknown
	for _, l := range answer.Ledgers {
		in := *c
		in.ledger = l.Name
		known, err := in.scales()
		if err != nil {
			return 0, err
		}
		scale, ok := known[asset]
		if ok && found != unknown && scale != found {
			return unknown, nil
		}
		if ok {
			found = scale
		}
	}
	return found, nil
}

func newApprovalShow() *cobra.Command {
	return reader("show ID", "Show a proposal and what it would change", "  longmen approval show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		cobra.ExactArgs(1), nil, func(c *client, args []string) error {
			var r proposed
			text, err := c.get("/v1/proposals/"+url.PathEscape(args[0]), nil, &r)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printProposal(&r) })
		})
}

func (c *client) printProposal(r *proposed) error {
	err := pairs(c.out, "id", r.ID, "action", r.Action, "state", r.State, "subject", r.Subject, "amount", r.money(scales(c.scaleOfAsset)), "reason", r.Reason,
		"proposer", r.Proposer, "proposed", r.Proposed, "expires", r.Expires, "decider", r.Decider, "decided", r.Decided, "why", r.Why, "not carried out", r.Lapsed)
	if err != nil || len(r.Changes) == 0 {
		return err
	}
	t := newTable("FIELD", "WAS", "BECOMES")
	for _, change := range r.Changes {
		t.add(change.Path, string(change.Was), string(change.Becomes))
	}
	return t.print(c.out)
}

// newDecision is one of the three ways in which a proposal ends. One that needs a reason has an example of it.
func newDecision(verb, noun, short, reason string) *cobra.Command {
	why, example := "", "  longmen approval "+verb+" 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"
	if reason != "" {
		example += fmt.Sprintf(" --why %q", reason)
	}
	c := reader(verb+" ID", short, example, cobra.ExactArgs(1), func(c *cobra.Command) {
		c.Flags().StringVar(&why, "why", "", "for those who look at it later")
	}, func(c *client, args []string) error {
		body := fields{}
		if why != "" {
			body["why"] = why
		}
		var r proposed
		text, err := c.post("/v1/proposals/"+url.PathEscape(args[0])+"/"+noun, "", body, &r)
		if err != nil {
			return err
		}
		return c.show(text, func() error { return c.printProposal(&r) })
	})
	if reason != "" {
		_ = c.MarkFlagRequired("why")
	}
	return c
}
