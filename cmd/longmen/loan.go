package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// newLoan is the group of commands for loans.
func newLoan() *cobra.Command {
	c := &cobra.Command{
		Use: "loan", Short: "Apply for a loan and follow it until it is paid out; count payments, and deal with loans that are late", Args: cobra.NoArgs, RunE: help,
		Long: `An application is brought as far as the rules allow at once; show tells where it stands, what was decided and why, what it
would cost, and where it waited. The borrower signs with a code that is sent to his mobile number.

Loans that are paid out are looked at by standing and events. Amounts are written with the asset's point: 100.00, not 100. With
--json the answers are the API's own, where amounts are minor units. docs/lending.md says more.`,
	}
	c.AddCommand(applicationCommands()...)
	c.AddCommand(servicingCommands()...)
	c.AddCommand(lossCommands()...)
	return speaking(c)
}

// split is an amount by component.
type split struct{ Penalty, Fee, Interest, Principal, Total string }

// standing is what of a loan is shown.
type standing struct {
	ID, Borrower, Ledger, Asset, Product, State, On, Bucket, Credit string
	Version                                                         uint32
	Days                                                            int
	Due, Outstanding                                                split
	PastDue                                                         split `json:"past_due"`
	Claims                                                          []struct {
		Account string
		Split   split
	}
	Waits []struct{ Account, Amount string }
	Rows  []struct {
		N          int
		Due        string
		Owed, Paid split
	}
}

// loanEvent is what of an event is shown.
type loanEvent struct {
	Number                                                                   uint32
	ID, Kind, Date, Outcome, Asked, Amount, Kept, Payer, Costs, Approval, Of string
	Sequence, Units                                                          uint64
	Split                                                                    split
	Payers                                                                   []struct {
		Account string
		Split   split
	}
	Waits []struct{ Account, Amount string }
}

// shown are its amounts with the point of their asset.
func (s split) shown(scale int) split {
	return split{decimal(s.Penalty, scale), decimal(s.Fee, scale), decimal(s.Interest, scale), decimal(s.Principal, scale), decimal(s.Total, scale)}
}

// scaleOfLoan is how many digits the amounts of a loan have after the point.
func (c *client) scaleOfLoan(loan string) (int, error) {
	var l standing
	if _, err := c.get(path("loans", loan), nil, &l); err != nil {
		return 0, err
	}
	return c.scaleIn(&l)
}

// scaleIn is known from the assets of the loan's ledger; to whom these are not shown, from its product.
func (c *client) scaleIn(l *standing) (int, error) {
	in := *c
	in.ledger = l.Ledger
	if assets, err := in.scales(); err == nil {
		if scale, ok := assets[l.Asset]; ok {
			return scale, nil
		}
	}
	return c.scaleOf(l.Product, l.Version)
}

// scaleLike tells the scale of loans by their product: the first one of each is asked for.
func (c *client) scaleLike() func(loan, product string) int {
	first := ""
	of := scales(func(string) (int, error) { return c.scaleOfLoan(first) })
	return func(loan, product string) int {
		first = loan
		return of(product)
	}
}

func (c *client) printLoanEvent(e *loanEvent, scale int) error {
	s := e.Split.shown(scale)
	list := []string{
		"event", e.ID, "kind", e.Kind, "date", e.Date, "outcome", e.Outcome, "asked", decimal(e.Asked, scale), "amount", decimal(e.Amount, scale), "kept", decimal(e.Kept, scale),
		"interest", s.Interest, "principal", s.Principal, "fees", s.Fee, "penalties", s.Penalty, "costs", decimal(e.Costs, scale),
		"units", count(e.Units), "payer", e.Payer, "approval", e.Approval, "sequence", count(e.Sequence),
	}
	for _, p := range e.Payers {
		list = append(list, "paid by "+p.Account, decimal(p.Split.Total, scale))
	}
	for _, w := range e.Waits {
		list = append(list, "waits for "+w.Account, decimal(w.Amount, scale))
	}
	return pairs(c.out, list...)
}

const someLoan = "019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"

func servicingCommands() []*cobra.Command {
	on, p := "", &page{}
	day := func(c *cobra.Command) {
		c.Flags().StringVar(&on, "on", "", "a day not before the loan's last event; today of its ledger if empty")
	}
	query := func() url.Values {
		q := url.Values{}
		if on != "" {
			q.Set("on", on)
		}
		return q
	}
	return []*cobra.Command{
		reader("standing LOAN", "Show how a loan stands on a day", "  longmen loan standing "+someLoan+" --on 2026-04-01", cobra.ExactArgs(1), day,
			func(c *client, args []string) error {
				var l standing
				text, err := c.get(path("loans", args[0]), query(), &l)
				if err != nil {
					return err
				}
				return c.show(text, func() error { return c.printLoan(&l) })
			}),
		reader("payoff LOAN", "Show what closes a loan on a day", "  longmen loan payoff "+someLoan, cobra.ExactArgs(1), day,
			func(c *client, args []string) error {
				var q struct {
					On, Credit string
					Split      split
				}
				text, err := c.get(path("loans", args[0], "payoff"), query(), &q)
				if err != nil {
					return err
				}
				return c.show(text, func() error {
					scale, err := c.scaleOfLoan(args[0])
					if err != nil {
						return err
					}
					s := q.Split.shown(scale)
					return pairs(c.out, "on", q.On, "principal", s.Principal, "interest", s.Interest, "fees", s.Fee, "penalties", s.Penalty,
						"total", s.Total, "on its credit account", decimal(q.Credit, scale))
				})
			}),
		reader("events LOAN", "List what happened to a loan", "  longmen loan events "+someLoan, cobra.ExactArgs(1), p.flags,
			func(c *client, args []string) error {
				scale, err := c.scaleOfLoan(args[0])
				if err != nil {
					return err
				}
				return listing(c, p, path("loans", args[0], "events"), p.query(), "events",
					newTable(">NO", "DATE", "KIND", "OUTCOME", ">AMOUNT", ">INTEREST", ">PRINCIPAL", "ID"), func(t *table, e loanEvent) {
						s := e.Split.shown(scale)
						t.add(fmt.Sprint(e.Number), e.Date, e.Kind, e.Outcome, decimal(e.Amount, scale), s.Interest, s.Principal, e.ID)
					})
			}),
		newLoanAct("pay LOAN AMOUNT", "payments", "Count a payment that lies on the borrower's cash account", "  longmen loan pay "+someLoan+" 106.62", []string{"amount"},
			option{name: "date", says: "from which it counts, whatever the product says"}, option{name: "paid-at", says: "when the payer paid, e.g. 2026-02-28T23:59:00+08:00"},
			option{name: "received-at", says: "when the money came; now if empty"}, option{name: "settle", says: "it closes the loan, as payoff says", flag: true},
			option{name: "anyway", says: "also if it looks like one made a second time", flag: true}),
		newLoanAct("reverse LOAN EVENT", "reversals", "Take an event back, such as a payment that bounced",
			"  longmen loan reverse "+someLoan+" 019599c5-8a7b-7d60-a1f2-3c4d5e6f7082", []string{"event"}),
	}
}

func (c *client) printLoan(l *standing) error {
	scale, err := c.scaleIn(l)
	if err != nil {
		return err
	}
	amount := func(minor string) string { return decimal(minor, scale) }
	list := []string{
		"loan", l.ID, "product", fmt.Sprintf("%s, version %d", l.Product, l.Version), "state", l.State, "on", l.On, "bucket", fmt.Sprintf("%s, %d days", l.Bucket, l.Days),
		"due", amount(l.Due.Total), "past due", amount(l.PastDue.Total), "outstanding", amount(l.Outstanding.Total) + " " + l.Asset, "credit", amount(l.Credit),
	}
	for _, p := range l.Claims {
		list = append(list, "owed to "+p.Account, amount(p.Split.Total))
	}
	for _, w := range l.Waits {
		list = append(list, "waits for "+w.Account, amount(w.Amount))
	}
	if err := pairs(c.out, list...); err != nil {
		return err
	}
	t := newTable(">ROW", "DUE", ">INTEREST", ">PRINCIPAL", ">FEES", ">PENALTIES", ">PAID")
	for _, r := range l.Rows {
		owed := r.Owed.shown(scale)
		t.add(fmt.Sprint(r.N), r.Due, owed.Interest, owed.Principal, owed.Fee, owed.Penalty, amount(r.Paid.Total))
	}
	return t.print(c.out)
}

// actOnLoan sends an act and shows the event that it led to. An empty id is made.
func (c *client) actOnLoan(loan, act, id string, body fields, scale int) error {
	own, err := keyOr(id)
	if err != nil {
		return err
	}
	body["id"] = own
	var e loanEvent
	text, err := c.post(path("loans", loan, act), "", body, &e)
	if err != nil {
		return err
	}
	return c.show(text, func() error { return c.printLoanEvent(&e, scale) })
}

// option is a flag of an act that is a member of its body.
type option struct {
	name, says string
	flag       bool // true or absent
	money      bool // an amount
}

// choices are what was said under some options.
type choices struct {
	texts map[string]*string
	flags map[string]*bool
	money map[string]bool
}

func (x *choices) offer(c *cobra.Command, options []option) {
	x.texts, x.flags, x.money = map[string]*string{}, map[string]*bool{}, map[string]bool{}
	for _, o := range options {
		x.money[o.name] = o.money
		if o.flag {
			x.flags[o.name] = c.Flags().Bool(o.name, false, o.says)
		} else {
			x.texts[o.name] = c.Flags().String(o.name, "", o.says)
		}
	}
}

// into puts into a body what was said. Amounts have so many digits after the point.
func (x *choices) into(body fields, scale int) error {
	for name, text := range x.texts {
		if *text == "" {
			continue
		}
		said := *text
		if x.money[name] {
			var err error
			if said, err = minor(said, scale); err != nil {
				return fmt.Errorf("--%s: %w", name, err)
			}
		}
		body[strings.ReplaceAll(name, "-", "_")] = said
	}
	for name, flag := range x.flags {
		if *flag {
			body[name] = true
		}
	}
	return nil
}

// newLoanAct is a command that does something to a loan. Arguments after the loan are members of the body by these names.
func newLoanAct(use, act, short, example string, members []string, options ...option) *cobra.Command {
	id, values := "", &choices{}
	return reader(use, short, example, cobra.ExactArgs(1+len(members)), func(c *cobra.Command) {
		c.Flags().StringVar(&id, "id", "", "of the event: the same again gives the first result; a new one is made if empty")
		values.offer(c, options)
	}, func(c *client, args []string) error {
		scale, err := c.scaleOfLoan(args[0])
		if err != nil {
			return err
		}
		body := fields{}
		for i, name := range members {
			if body[name] = args[i+1]; name == "amount" {
				if body[name], err = minor(args[i+1], scale); err != nil {
					return err
				}
			}
		}
		if err := values.into(body, scale); err != nil {
			return err
		}
		return c.actOnLoan(args[0], act, id, body, scale)
	})
}
