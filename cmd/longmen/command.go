package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"sort"
	"strings"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/api"
)

func newCommand() *cobra.Command {
	key := ""
	c := reader("command FILE|-", "Apply a command in full, from a file of JSON",
		"  longmen ledger command bid.json\n  longmen ledger command - --key bid-4711 <<< '{\"operations\":[{\"transfer\":{\"debit\":\"bank:cash\",\"credit\":\"investor:42:cash\",\"amount\":\"10000\"}}]}'",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&key, "key", "", "idempotency key; the command's own id if it has one, else a new one")
		}, nil)
	c.Long = `Apply a command in full: operations that all succeed or all fail. The JSON is the API's, with amounts in minor units.`
	c.RunE = func(command *cobra.Command, args []string) error {
		c, err := newClient(command)
		if err != nil {
			return err
		}
		text, err := readInput(command.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		var named struct{ ID string }
		if err := json.Unmarshal(text, &named); err != nil {
			return fmt.Errorf("%s is no JSON object: %w", args[0], err)
		}
		if key == "" && named.ID == "" {
			if key, err = newKey(); err != nil {
				return err
			}
		}
		var r result
		answer, err := c.post(c.path("commands"), key, text, &r)
		if err != nil {
			return err
		}
		return c.show(answer, func() error { return c.printResult(&r, unknown) })
	}
	return c
}

// readInput reads a file, or standard input for "-".
func readInput(in io.Reader, name string) ([]byte, error) {
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, api.MaxBody+1))
	if err == nil && len(text) > api.MaxBody {
		err = fmt.Errorf("%s has more than %d bytes", name, api.MaxBody)
	}
	return text, err
}

// shown is a command with its result.
type shown struct {
	Command struct {
		ID, Effective string
		Purpose       uint32
		Operations    []map[string]json.RawMessage
	}
	Result struct {
		Sequence        uint64
		Timestamp, Code string
	}
}

func (s *shown) operations() string {
	counts, order := map[string]int{}, []string{}
	for _, op := range s.Command.Operations {
		for name := range op {
			if counts[name]++; counts[name] == 1 {
				order = append(order, name)
			}
		}
	}
	sort.Strings(order)
	for i, name := range order {
		if counts[name] > 1 {
			order[i] = fmt.Sprintf("%d %s", counts[name], name)
		}
	}
	return strings.Join(order, ", ")
}

func newShow() *cobra.Command {
	return reader("show SEQUENCE|ID", "Show a command with its result", "  longmen ledger show 1042", cobra.ExactArgs(1), nil,
		func(c *client, args []string) error {
			text, err := c.get(c.path("commands", args[0]), nil, nil)
			if err != nil {
				return err
			}
			c.json = true // there is no shorter form that says all
			return c.show(text, nil)
		})
}

func newJournal() *cobra.Command {
	var from uint64
	var limit int
	return reader("journal", "Read the journal from a sequence on", "  longmen ledger journal --from 1000 --limit 20", cobra.NoArgs,
		func(c *cobra.Command) {
			c.Flags().Uint64Var(&from, "from", 1, "the first sequence wanted")
			c.Flags().IntVar(&limit, "limit", 50, "most commands, up to 1000")
		}, func(c *client, _ []string) error {
			query := url.Values{"from": {fmt.Sprint(from)}, "limit": {fmt.Sprint(limit)}}
			return listing(c, nil, c.path("commands"), query, "commands", newTable(">SEQUENCE", "TIMESTAMP", "RESULT", "OPERATIONS", ">PURPOSE", "ID"),
				func(t *table, s shown) {
					t.add(fmt.Sprint(s.Result.Sequence), s.Result.Timestamp, s.Result.Code, s.operations(), count(uint64(s.Command.Purpose)), s.Command.ID)
				})
		})
}
