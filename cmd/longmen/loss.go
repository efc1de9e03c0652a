package main

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"
)

// lossCommands deal with loans that are late.
func lossCommands() []*cobra.Command {
	return []*cobra.Command{
		newLoanAct("payout LOAN", "payouts", "Let those who have to pay holders in the borrower's place 代偿", "  longmen loan payout "+someLoan, nil,
			option{name: "most", says: "that is paid; all that is past due if empty", money: true}),
		newLoanAct("buy LOAN", "purchases", "Let one who has to pay for the borrower take the whole loan over", "  longmen loan buy "+someLoan, nil,
			option{name: "payer", says: "account of one who has to; the first who can if empty"}),
		newLoanAct("recover LOAN AMOUNT", "recoveries", "Count what was recovered of a loan that was written off 追偿", "  longmen loan recover "+someLoan+" 300.00 --costs 30.00",
			[]string{"amount"}, option{name: "costs", says: "of the amount, what it cost to get", money: true}, option{name: "date", says: "from which it counts, if not from today"}),
		newLoanChange(), newWriteOff(), newLate(), newLine(), newServeLine(), newSuspected(), newTasks(), newLoanLog(), newLoanNote(),
	}
}

func newLoanChange() *cobra.Command {
	names := []option{
		{name: "date", says: "from which it counts; the day on which it is approved if empty"},
		{name: "amount", says: "charged: how much", money: true},
		{name: "charge", says: "charged: fee or penalty"},
		{name: "due", says: "charged: when it is due; rescheduled, restructured: the first due date"},
		{name: "rate", says: "repriced, restructured: a year, such as 0.12"},
		{name: "holiday", says: "deferred: interest meanwhile is due, carried or free"},
	}
	p, values, rows, keep := &proposal{}, &choices{}, 0, false
	return reader("change LOAN KIND", "Propose to change a loan: charged, deferred, rescheduled, repriced or restructured; another person approves it",
		"  longmen loan change "+someLoan+" restructured --due 2026-06-15 --rows 24 --rate 0.08 --reason \"lost the job\"", cobra.ExactArgs(2), func(c *cobra.Command) {
			p.flags(c)
			values.offer(c, names)
			c.Flags().IntVar(&rows, "rows", 0, "deferred: by so many periods; rescheduled, restructured: so many rows")
			c.Flags().BoolVar(&keep, "keep", false, "repriced: the installment stays")
		}, func(c *client, args []string) error {
			body := fields{"kind": args[1], "rows": rows, "keep": keep}
			scale, err := c.scaleOfLoan(args[0])
			if err == nil {
				err = values.into(body, scale)
			}
			if err != nil {
				return err
			}
			return p.send(c, path("loans", args[0], "changes"), body)
		})
}

func newWriteOff() *cobra.Command {
	p := &proposal{}
	return reader("write-off LOAN", "Propose to write a loan off; another person approves it", "  longmen loan write-off "+someLoan+" --reason \"the borrower died\"",
		cobra.ExactArgs(1), p.flags, func(c *client, args []string) error {
			return p.send(c, path("loans", args[0], "write-offs"), fields{})
		})
}

// lateLoan is what of a loan that is late is shown.
type lateLoan struct {
	Loan, Product, Due, Bucket, Principal, Owner string
	Days                                         int
	Contacts                                     int
	Disputed                                     bool
	Last                                         string `json:"last_contact"`
	Promise                                      *struct{ Date, Amount, State string }
}

func (l *lateLoan) note(scale int) string {
	switch {
	case l.Disputed:
		return "disputed"
	case l.Promise != nil:
		return fmt.Sprintf("%s by %s: %s", decimal(l.Promise.Amount, scale), l.Promise.Date, l.Promise.State)
	}
	return ""
}

// late are the flags of lists of loans that are late.
type late struct {
	from, to int
	page
}

func (l *late) flags(c *cobra.Command) {
	c.Flags().IntVar(&l.from, "from", 0, "only from so many days past due")
	c.Flags().IntVar(&l.to, "to", 0, "only up to so many; 0: no bound")
	l.page.flags(c)
}

func (l *late) query(on string) url.Values {
	q := l.page.query()
	q.Set("on", on)
	q.Set("from", strconv.Itoa(l.from))
	q.Set("to", strconv.Itoa(l.to))
	return q
}

func newLate() *cobra.Command {
	l, asCSV := &late{}, false
	return reader("late DAY", "List the loans that are overdue on a day", "  longmen loan late 2026-04-01 --from 31 --to 60\n  longmen loan late 2026-04-01 --csv > late.csv",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			l.flags(c)
			c.Flags().BoolVar(&asCSV, "csv", false, "print all of them as CSV, amounts in minor units")
			c.MarkFlagsMutuallyExclusive("csv", "limit")
			c.MarkFlagsMutuallyExclusive("csv", "cursor")
		}, func(c *client, args []string) error {
			if asCSV {
				query := l.query(args[0])
				query.Del("limit")
				return c.copy("/v1/overdue-loans/export", query)
			}
			of := c.scaleLike()
			return listing(c, &l.page, "/v1/overdue-loans", l.query(args[0]), "loans", newTable("LOAN", "PRODUCT", "DUE", ">DAYS", "BUCKET", ">PRINCIPAL"),
				func(t *table, x lateLoan) {
					t.add(x.Loan, x.Product, x.Due, fmt.Sprint(x.Days), x.Bucket, decimal(x.Principal, of(x.Loan, x.Product)))
				})
		})
}

func newTasks() *cobra.Command {
	l, owner := &late{}, ""
	return reader("tasks [DAY]", "List the loans that are late on a day with what was done about them; with --owner, those of today that somebody looks after",
		"  longmen loan tasks 2026-04-01 --from 31 --to 60\n  longmen loan tasks --owner "+someLoan, cobra.MaximumNArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&owner, "owner", "", "id of the principal that looks after them")
			l.flags(c)
		}, func(c *client, args []string) error {
			target, query := path("principals", owner, "collection-tasks"), l.page.query()
			switch {
			case owner != "" && (len(args) > 0 || l.from != 0 || l.to != 0):
				return fmt.Errorf("with --owner they are those of today, all of them: leave out the day, --from and --to")
			case owner == "" && len(args) == 0:
				return fmt.Errorf("name a day, or say --owner")
			case owner == "":
				target, query = "/v1/collection-tasks", l.query(args[0])
			}
			of := c.scaleLike()
			return listing(c, &l.page, target, query, "tasks", newTable("LOAN", "DUE", ">DAYS", "BUCKET", ">PRINCIPAL", "OWNER", ">CONTACTS", "LAST", "STANDS"),
				func(t *table, x lateLoan) {
					scale := of(x.Loan, x.Product)
					t.add(x.Loan, x.Due, fmt.Sprint(x.Days), x.Bucket, decimal(x.Principal, scale), x.Owner, fmt.Sprint(x.Contacts), x.Last, x.note(scale))
				})
		})
}

func newLine() *cobra.Command {
	p, ledger := &page{}, ""
	return reader("waiting ACCOUNT", "List what waits for the money of a reserve or guarantor", "  longmen loan waiting platform:reserve --ledger main",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&ledger, "ledger", "main", "name of the ledger")
			p.flags(c)
		}, func(c *client, args []string) error {
			q := p.query()
			q.Set("ledger", ledger)
			q.Set("account", args[0])
			type waiting struct{ Loan, Due, Amount string }
			of := scales(c.scale)
			return listing(c, p, "/v1/waiting-payouts", q, "waiting", newTable("LOAN", "DUE", ">AMOUNT"),
				func(t *table, w waiting) { t.add(w.Loan, w.Due, decimal(w.Amount, of(args[0]))) })
		})
}

func newServeLine() *cobra.Command {
	ledger, own := "", ""
	return reader("serve ACCOUNT", "Divide what a reserve or guarantor has among the loans that wait for it", "  longmen loan serve platform:reserve --ledger main",
		cobra.ExactArgs(1), func(c *cobra.Command) {
			c.Flags().StringVar(&ledger, "ledger", "main", "name of the ledger")
			c.Flags().StringVar(&own, "id", "", "of the division: the same again gives the first result; a new one is made if empty")
		}, func(c *client, args []string) error {
			made, err := keyOr(own)
			if err != nil {
				return err
			}
			var served struct{ Events []loanEvent }
			text, err := c.post("/v1/payout-services", "", fields{"id": made, "ledger": ledger, "account": args[0]}, &served)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				t, of := newTable("EVENT", "OUTCOME", ">AMOUNT"), scales(c.scale)
				for _, e := range served.Events {
					t.add(e.ID, e.Outcome, decimal(e.Amount, of(args[0])))
				}
				return t.print(c.out)
			})
		})
}

// collectionEntry is what of an entry is shown.
type collectionEntry struct {
	Number                                                          uint32
	ID, On, Actor, Kind, Owner, Channel, Result, Note, Date, Amount string
}

func newLoanLog() *cobra.Command {
	p := &page{}
	return reader("log LOAN", "List what was done about a loan that is late", "  longmen loan log "+someLoan, cobra.ExactArgs(1), p.flags,
		func(c *client, args []string) error {
			scale, err := c.scaleOfLoan(args[0])
			if err != nil {
				return err
			}
			return listing(c, p, path("loans", args[0], "collection"), p.query(), "entries",
				newTable(">NO", "ON", "KIND", "CHANNEL", "RESULT", "BY", ">AMOUNT", "OWNER", "NOTE"), func(t *table, e collectionEntry) {
					t.add(fmt.Sprint(e.Number), e.On, e.Kind, e.Channel, e.Result, e.Date, decimal(e.Amount, scale), e.Owner, e.Note)
				})
		})
}

func newLoanNote() *cobra.Command {
	names := []option{
		{name: "owner", says: "assigned: id of the principal that looks after it"},
		{name: "channel", says: "contacted: phone, message, mail or visit"},
		{name: "result", says: "contacted: reached, not_reached, wrong_person or refused"},
		{name: "note", says: "what was said; disputed, resolved: why"},
		{name: "date", says: "promised: by when"},
		{name: "amount", says: "promised: how much", money: true},
	}
	own, values := "", &choices{}
	return reader("note LOAN KIND", "Note what was done about a loan that is late: assigned, contacted, promised, disputed or resolved",
		"  longmen loan note "+someLoan+" contacted --channel phone --result reached", cobra.ExactArgs(2), func(c *cobra.Command) {
			c.Flags().StringVar(&own, "id", "", "of the entry: the same again gives the first result; a new one is made if empty")
			values.offer(c, names)
		}, func(c *client, args []string) error {
			made, err := keyOr(own)
			if err != nil {
				return err
			}
			body := fields{"id": made, "kind": args[1]}
			scale, err := c.scaleOfLoan(args[0])
			if err == nil {
				err = values.into(body, scale)
			}
			if err != nil {
				return err
			}
			var e collectionEntry
			text, err := c.post(path("loans", args[0], "collection"), "", body, &e)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				return pairs(c.out, "entry", e.ID, "number", fmt.Sprint(e.Number), "on", e.On, "kind", e.Kind, "owner", e.Owner, "channel", e.Channel,
					"result", e.Result, "note", e.Note, "by", e.Date, "amount", decimal(e.Amount, scale))
			})
		})
}
