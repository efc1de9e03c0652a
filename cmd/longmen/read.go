package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// reader makes a command that asks.
func reader(use, short, example string, args cobra.PositionalArgs, more func(*cobra.Command), run func(*client, []string) error) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: args, RunE: on(run)}
	if more != nil {
		more(c)
	}
	return c
}

// readCommands ask for balances and for the past.
func readCommands() []*cobra.Command {
	return []*cobra.Command{
		newBalance(), newEntries(), newStatement(), newEffective(), newDays(), newDay(), newTrialBalance(), newHolders(), newHoldings(), newHolds(), newDebts(),
		newDistributions(), newLines(), newJournal(),
	}
}

// asOf names a point of the past.
type asOf struct {
	at       string
	sequence uint64
}

func (a *asOf) flags(c *cobra.Command) {
	c.Flags().StringVar(&a.at, "at", "", "as of this instant, by booking time")
	c.Flags().Uint64Var(&a.sequence, "sequence", 0, "as of this command")
	c.MarkFlagsMutuallyExclusive("at", "sequence")
}

func (a *asOf) query() url.Values {
	query := url.Values{}
	if a.at != "" {
		query.Set("at", a.at)
	}
	if a.sequence != 0 {
		query.Set("sequence", fmt.Sprint(a.sequence))
	}
	return query
}

// moment is where in the order an answer was right.
type moment struct {
	Sequence  uint64
	Timestamp string
}

func (m *moment) String() string {
	return fmt.Sprintf("as of sequence %d, %s", m.Sequence, m.Timestamp)
}

func newBalance() *cobra.Command {
	var as asOf
	return reader("balance ADDRESS...", "Tell what accounts have, or had at a point of the past",
		"  longmen ledger balance investor:42:cash bank:cash\n  longmen ledger balance investor:42:cash --at 2026-03-01T00:00:00+08:00",
		cobra.MinimumNArgs(1), as.flags, func(c *client, args []string) error {
			var answer struct {
				Balances []account
				moment
			}
			var text []byte
			var err error
			if len(as.query()) == 0 {
				text, err = c.post(c.path("balances"), "", fields{"addresses": args}, &answer)
			} else {
				text, err = c.past(args, &as, &answer.Balances, &answer.moment)
			}
			if err != nil {
				return err
			}
			err = c.show(text, func() error {
				t := newTable("ADDRESS", "ASSET", ">BALANCE", ">AVAILABLE", ">HELD", ">FROZEN")
				for i, a := range answer.Balances {
					if a.Missing {
						t.add(args[i], "there is no such account", "", "", "", "")
						continue
					}
					held := a.DebitsHeld
					if a.Side == "debit" {
						held = a.CreditsHeld
					}
					t.add(a.Address, a.Asset, decimal(a.Balance, a.Scale), decimal(a.Available, a.Scale), some(held, a.Scale), some(a.Frozen, a.Scale))
				}
				if err := t.print(c.out); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.out, &answer.moment)
				return err
			})
			if err == nil && slices.ContainsFunc(answer.Balances, func(a account) bool { return a.Missing }) {
				err = errSaid
			}
			return err
		})
}

// past asks for the balances one by one, as of the same point.
func (c *client) past(addresses []string, as *asOf, list *[]account, m *moment) ([]byte, error) {
	var raw []json.RawMessage
	for _, address := range addresses {
		var a account
		text, err := c.get(c.path("accounts", address, "balance"), as.query(), &a)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, m); err != nil {
			return nil, err
		}
		*list, raw = append(*list, a), append(raw, text)
	}
	return json.Marshal(fields{"balances": raw})
}

// entry is what of an entry is shown.
type entry struct {
	Sequence                                                                 uint64
	Timestamp, Date, Effective, Kind, Side, Amount, Balance, Other, Register string
	Purpose                                                                  uint32
}

// effectiveTable has no balances: in the order of effective dates there are none.
func effectiveTable() *table {
	return newTable(">SEQUENCE", "DATE", "EFFECTIVE", "KIND", ">DEBIT", ">CREDIT", "OTHER", ">PURPOSE")
}

func entryTable() *table {
	return newTable(">SEQUENCE", "DATE", "EFFECTIVE", "KIND", ">DEBIT", ">CREDIT", ">BALANCE", "OTHER", ">PURPOSE")
}

func (e *entry) add(t *table, scale int) {
	debit, credit := "", decimal(e.Amount, scale)
	if e.Side == "debit" {
		debit, credit = credit, debit
	}
	other := e.Other
	if other == "" {
		other = e.Register
	}
	row := []string{fmt.Sprint(e.Sequence), e.Date, e.Effective, e.Kind, debit, credit}
	if e.Balance != "" {
		row = append(row, decimal(e.Balance, scale))
	}
	t.add(append(row, other, count(uint64(e.Purpose)))...)
}

func newEntries() *cobra.Command {
	var oldest bool
	var from, until, reference string
	var purpose uint32
	p := &page{}
	return reader("entries ADDRESS", "List an account's entries with the balance after each",
		"  longmen ledger entries investor:42:cash\n  longmen ledger entries investor:42:cash --oldest --from 2026-03-01T00:00:00Z --purpose 7",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().BoolVar(&oldest, "oldest", false, "oldest first")
			c.Flags().StringVar(&from, "from", "", "booked from this instant on")
			c.Flags().StringVar(&until, "until", "", "booked before this instant")
			c.Flags().Uint32Var(&purpose, "purpose", 0, "of commands with this purpose")
			c.Flags().StringVar(&reference, "reference", "", "of commands with this reference, TYPE:UUID")
			p.flags(c)
		}, func(c *client, args []string) error {
			scale, err := c.scale(args[0])
			if err != nil {
				return err
			}
			query := p.query()
			if oldest {
				query.Set("order", "oldest")
			}
			if purpose != 0 {
				query.Set("purpose", fmt.Sprint(purpose))
			}
			for name, value := range map[string]string{"from": from, "until": until} {
				if value != "" {
					query.Set(name, value)
				}
			}
			if reference != "" {
				kind, value, _ := strings.Cut(reference, ":")
				query.Set("reference_type", kind)
				query.Set("reference", value)
			}
			return listing(c, p, c.path("accounts", args[0], "entries"), query, "entries", entryTable(),
				func(t *table, e entry) { e.add(t, scale) })
		})
}

func newStatement() *cobra.Command {
	p := &page{}
	return reader("statement ADDRESS PERIOD", "Make an account's statement of a month or a day",
		"  longmen ledger statement investor:42:cash 2026-03\n  longmen ledger statement investor:42:cash 2026-03-15",
		cobra.ExactArgs(2), p.flags, func(c *client, args []string) error {
			var s struct {
				Address, Asset, From, Until, Opening, Closing, Debits, Credits string
				Scale                                                          int
				Final                                                          bool
				Entries                                                        []entry
				Next                                                           json.RawMessage
			}
			text, err := c.get(c.path("accounts", args[0], "statements", args[1]), p.query(), &s)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				state := "so far"
				if s.Final {
					state = "final"
				}
				err := pairs(c.out, "account", s.Address, "asset", s.Asset, "period", fmt.Sprintf("%s to %s, %s", s.From, s.Until, state),
					"opening", decimal(s.Opening, s.Scale))
				if err != nil {
					return err
				}
				t := entryTable()
				for i := range s.Entries {
					s.Entries[i].add(t, s.Scale)
				}
				if err := t.print(c.out); err != nil {
					return err
				}
				if err := c.more(p, s.Next); err != nil {
					return err
				}
				return pairs(c.out, "debits", decimal(s.Debits, s.Scale), "credits", decimal(s.Credits, s.Scale), "closing", decimal(s.Closing, s.Scale))
			})
		})
}

func newEffective() *cobra.Command {
	var totals bool
	var sequence uint64
	p := &page{}
	return reader("effective ADDRESS FROM UNTIL", "List an account's entries by effective date, or sum them up by day",
		"  longmen ledger effective investor:42:cash 2026-03-01 2026-03-31\n  longmen ledger effective investor:42:cash 2026-03-01 2026-03-31 --totals",
		cobra.ExactArgs(3), func(c *cobra.Command) {
			c.Flags().BoolVar(&totals, "totals", false, "sums by day")
			c.Flags().Uint64Var(&sequence, "sequence", 0, "as it was known when this command was the last")
			p.flags(c)
		}, func(c *client, args []string) error {
			scale, err := c.scale(args[0])
			if err != nil {
				return err
			}
			query, path := url.Values{}, c.path("accounts", args[0], "effective")
			if !totals {
				query = p.query()
			}
			query.Set("from", args[1])
			query.Set("until", args[2])
			if sequence != 0 {
				query.Set("sequence", fmt.Sprint(sequence))
			}
			if !totals {
				return listing(c, p, path, query, "entries", effectiveTable(), func(t *table, e entry) { e.add(t, scale) })
			}
			type day struct{ Date, Debits, Credits string }
			return listing(c, nil, path+"/totals", query, "days", newTable("DATE", ">DEBITS", ">CREDITS"), func(t *table, d day) {
				t.add(d.Date, decimal(d.Debits, scale), decimal(d.Credits, scale))
			})
		})
}

func newTrialBalance() *cobra.Command {
	var as asOf
	return reader("trial-balance", "Make the trial balance, of now or of a point of the past",
		"  longmen ledger trial-balance\n  longmen ledger trial-balance --at 2026-03-31T16:00:00Z", cobra.NoArgs, as.flags, func(c *client, _ []string) error {
			var answer struct {
				Lines []struct {
					Asset, Debits, Credits string
					Code                   uint32
				}
				moment
			}
			text, err := c.get(c.path("trial-balance"), as.query(), &answer)
			if err != nil {
				return err
			}
			scales, err := c.scales()
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				t := newTable("ASSET", ">CODE", ">DEBITS", ">CREDITS", ">DIFFERENCE")
				sums := sums{}
				for _, l := range answer.Lines {
					scale := scales[l.Asset]
					t.add(l.Asset, fmt.Sprint(l.Code), decimal(l.Debits, scale), decimal(l.Credits, scale), decimal(sums.add(l.Asset, l.Debits, l.Credits), scale))
				}
				for _, asset := range sums.assets() {
					s, scale := sums[asset], scales[asset]
					t.add(asset, "all", decimal(s.debits.String(), scale), decimal(s.credits.String(), scale), decimal(s.difference(), scale))
				}
				if err := t.print(c.out); err != nil {
					return err
				}
				_, err := fmt.Fprintln(c.out, &answer.moment)
				return err
			})
		})
}

// scales are the digits of all assets.
func (c *client) scales() (map[string]int, error) {
	var answer struct {
		Assets []struct {
			Code  string
			Scale int
		}
	}
	_, err := c.get(c.path("assets"), nil, &answer)
	scales := map[string]int{}
	for _, a := range answer.Assets {
		scales[a.Code] = a.Scale
	}
	return scales, err
}
