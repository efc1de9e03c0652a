package main

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"
)

// job is what of a planned event is shown.
type job struct {
	ID, Ledger, Due, Kind, State, Again, Problem, Changed, Actor, Why string
	Attempts                                                          int
	Commands                                                          []struct {
		ID, Code string
		Sequence uint64
	}
}

// newJobs is the group of commands for planned events.
func newJobs() *cobra.Command {
	state, p := "", &page{}
	c := &cobra.Command{
		Use: "jobs", Short: "List planned events of a running node; explain, retry and cancel them",
		Long: `List what has to happen at an instant to come, in the order in which it falls due. Address and token are found in the data
folder (--data); for a node elsewhere say --address, and put its token into $LONGMEN_TOKEN.`,
		Example: "  longmen jobs --state stuck\n  longmen jobs show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		Args:    cobra.NoArgs,
		RunE: on(func(c *client, _ []string) error {
			q := p.query()
			if state != "" {
				q.Set("state", state)
			}
			return listing(c, p, "/v1/jobs", q, "jobs", newTable("ID", "LEDGER", "DUE", "KIND", "STATE", ">ATTEMPTS", "PROBLEM"),
				func(t *table, j job) {
					t.add(j.ID, j.Ledger, j.Due, j.Kind, j.State, fmt.Sprint(j.Attempts), j.Problem)
				})
		}),
	}
	c.Flags().StringVar(&state, "state", "", "only those that are waiting, done, stuck or cancelled")
	p.flags(c)
	c.AddCommand(newJobShow(), newJobTurn("retry", "Let one that is stuck be tried again"), newJobTurn("cancel", "Keep one from happening that is stuck, or a planned command"))
	return speaking(c)
}

func newJobShow() *cobra.Command {
	return &cobra.Command{
		Use: "show ID", Short: "Explain one: what it waits for or why it is stuck, and what it did", Args: cobra.ExactArgs(1),
		Example: "  longmen jobs show 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		RunE: on(func(c *client, args []string) error {
			var j job
			text, err := c.get("/v1/jobs/"+url.PathEscape(args[0]), nil, &j)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printJob(&j) })
		}),
	}
}

func (c *client) printJob(j *job) error {
	words := []string{
		"id", j.ID, "ledger", j.Ledger, "due", j.Due, "kind", j.Kind, "state", j.State, "attempts", fmt.Sprint(j.Attempts),
		"next attempt", j.Again, "problem", j.Problem, "changed", j.Changed, "retried or cancelled by", j.Actor, "why", j.Why,
	}
	for _, command := range j.Commands {
		words = append(words, "command", fmt.Sprintf("%d %s %s", command.Sequence, command.ID, command.Code))
	}
	return pairs(c.out, words...)
}

func newJobTurn(verb, short string) *cobra.Command {
	return &cobra.Command{
		Use: verb + " ID", Short: short, Args: cobra.ExactArgs(1), Example: "  longmen jobs " + verb + " 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081",
		RunE: on(func(c *client, args []string) error {
			var j job
			text, err := c.post("/v1/jobs/"+url.PathEscape(args[0])+"/"+verb, "", fields{}, &j)
			if err != nil {
				return err
			}
			return c.show(text, func() error { return c.printJob(&j) })
		}),
	}
}

// newOutbox shows what the simulators of notices' channels were given.
func newOutbox() *cobra.Command {
	c := &cobra.Command{
		Use: "outbox CHANNEL", Short: "List what the simulator of a channel (sms, mail) was given since the node started", Args: cobra.ExactArgs(1),
		Example: "  longmen outbox sms",
		RunE: on(func(c *client, args []string) error {
			type message struct{ ID, Address, Subject, Body string }
			return listing(c, nil, "/v1/simulators/"+url.PathEscape(args[0])+"/messages", nil, "messages", newTable("ADDRESS", "SUBJECT", "BODY"),
				func(t *table, m message) { t.add(m.Address, m.Subject, m.Body) })
		}),
	}
	return speaking(c)
}
