package main

import (
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// fields is the body of a command.
type fields map[string]any

// envelope is what every command can say of itself.
type envelope struct {
	key, effective, behalf, approval string
	purpose                          uint32
	references                       []string
}

func (e *envelope) flags(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&e.key, "key", "", "idempotency key; a new one is made if empty")
	flags.Uint32Var(&e.purpose, "purpose", 0, "what it is for, a code of the caller")
	flags.StringVar(&e.effective, "effective", "", "the date it counts from, YYYY-MM-DD")
	flags.StringVar(&e.behalf, "behalf", "", "the party it is done for, a UUID")
	flags.StringVar(&e.approval, "approval", "", "the approval it rests on, a UUID")
	flags.StringArrayVar(&e.references, "reference", nil, "what it belongs to, TYPE:UUID; up to 8 times")
}

// into puts what was said into a body.
func (e *envelope) into(body fields) error {
	if e.purpose != 0 {
		body["purpose"] = e.purpose
	}
	for name, value := range map[string]string{"effective": e.effective, "behalf": e.behalf, "approval": e.approval} {
		if value != "" {
			body[name] = value
		}
	}
	var list []fields
	for _, r := range e.references {
		kind, value, ok := strings.Cut(r, ":")
		n, err := strconv.ParseUint(kind, 10, 16)
		if !ok || err != nil {
			return fmt.Errorf("--reference %q: write TYPE:UUID, e.g. 4:019599c5-8a7b-7d60-a1f2-3c4d5e6f7081", r)
		}
		list = append(list, fields{"type": n, "value": value})
	}
	if list != nil {
		body["references"] = list
	}
	return nil
}

// result is the outcome of a command.
type result struct {
	ID, Timestamp, Date, Code string
	Sequence                  uint64
	Repeated                  bool
	Marks                     []string
	Outputs                   []output
}

type output struct {
	Operation       int
	Amount          string
	Units           uint64
	Count           uint64
	Deducted        []string
	Unclaimed       uint64
	UnclaimedAmount string `json:"unclaimed_amount"`
	Missing         []struct{ Account, Amount string }
	SetOffs         uint64 `json:"set_offs"`
	SetOffAmount    string `json:"set_off_amount"`
}

// write sends a command of one operation and shows its result.
func (c *client) write(e *envelope, path string, operation fields) error {
	return c.writeScaled(e, path, operation, unknown)
}

// writeScaled does so when it is known how many digits the amounts of the result have after the point.
func (c *client) writeScaled(e *envelope, path string, operation fields, scale int) error {
	body := maps.Clone(operation)
	if err := e.into(body); err != nil {
		return err
	}
	key, err := keyOr(e.key)
	if err != nil {
		return err
	}
	var r result
	text, err := c.post(path, key, body, &r)
	if err != nil {
		return err
	}
	return c.show(text, func() error { return c.printResult(&r, scale) })
}

func (c *client) printResult(r *result, scale int) error {
	repeated := ""
	if r.Repeated {
		repeated = "the key was known: this is the first result, nothing was done again"
	}
	list := []string{
		"result", r.Code, "sequence", count(r.Sequence), "timestamp", r.Timestamp, "id", r.ID, "repeated", repeated,
		"mark", strings.Join(r.Marks, " "),
	}
	for _, o := range r.Outputs {
		list = append(list, "amount", decimal(o.Amount, scale), "units", count(o.Units), "count", count(o.Count))
		for _, d := range o.Deducted {
			list = append(list, "deducted", decimal(d, scale))
		}
		if o.Unclaimed > 0 {
			list = append(list, "unclaimed", fmt.Sprintf("%s in %d lines", decimal(o.UnclaimedAmount, scale), o.Unclaimed))
		}
		if o.SetOffs > 0 {
			list = append(list, "set off", fmt.Sprintf("%s against %d debts", decimal(o.SetOffAmount, scale), o.SetOffs))
		}
		for _, m := range o.Missing {
			list = append(list, "missing", decimal(m.Amount, scale)+" of "+m.Account)
		}
	}
	return pairs(c.out, list...)
}

// scale is how many digits an account's amounts have after the point.
func (c *client) scale(address string) (int, error) {
	var a account
	_, err := c.get(c.path("accounts", address), nil, &a)
	return a.Scale, err
}

// scales tells the scale of each of several things that have one, asked for once; unknown if it can't be told.
func scales(ask func(of string) (int, error)) func(of string) int {
	known := map[string]int{}
	return func(of string) int {
		scale, ok := known[of]
		if !ok {
			var err error
			if scale, err = ask(of); err != nil {
				scale = unknown
			}
			known[of] = scale
		}
		return scale
	}
}

// amount reads an amount of an account.
func (c *client) amount(address, shown string) (amount string, scale int, err error) {
	if scale, err = c.scale(address); err != nil {
		return "", 0, err
	}
	amount, err = minor(shown, scale)
	return amount, scale, err
}

// payer is the account that pays a hold: it knows the hold's asset.
func (c *client) payer(mark string) (string, error) {
	id, place, ok := strings.Cut(mark, ".")
	n, err := strconv.Atoi(place)
	if !ok || err != nil || n < 0 {
		return "", fmt.Errorf("mark %q: write <command id>.<operation>, as hold printed it", mark)
	}
	var found struct {
		Command struct {
			Operations []map[string]struct{ Debit string }
		}
	}
	if _, err := c.get(c.path("commands", id), url.Values{}, &found); err != nil {
		return "", err
	}
	if n >= len(found.Command.Operations) || found.Command.Operations[n]["hold"].Debit == "" {
		return "", fmt.Errorf("mark %q: that operation is no hold of money", mark)
	}
	return found.Command.Operations[n]["hold"].Debit, nil
}
