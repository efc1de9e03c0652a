package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
)

func newProduct() *cobra.Command {
	c := &cobra.Command{
		Use: "product", Short: "Check, compare and simulate products from their files; list, show and propose those of a node", Args: cobra.NoArgs, RunE: help,
		Long: `Products are files; docs/products.md says how to write one. check, diff, simulate and decide need no node; instead of
a file they take the name of a product that comes with the program: ` + strings.Join(catalog.Shipped(), ", ") + `.`,
	}
	c.AddCommand(newProductCheck(), newProductDiff(), newProductSimulate(), newProductDecide())
	c.AddCommand(shelfCommands()...)
	return c
}

// productCommand is a command on files of products that prints for people or, with --json, for programs.
func productCommand(use, short, example string, args cobra.PositionalArgs, run func(c *cobra.Command, args []string, asJSON bool) error) *cobra.Command {
	asJSON := false
	c := &cobra.Command{
		Use: use, Short: short, Example: example, Args: args,
		RunE: func(c *cobra.Command, args []string) error { return run(c, args, asJSON) },
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// readProduct reads a file, standard input for "-", or a shipped product.
func readProduct(in io.Reader, name string) (*catalog.Product, error) {
	return readProductBy(catalog.Read, in, name)
}

func readProductBy(read func([]byte) (*catalog.Product, error), in io.Reader, name string) (*catalog.Product, error) {
	if slices.Contains(catalog.Shipped(), name) {
		if _, err := os.Stat(name); err != nil {
			file, err := catalog.ShippedFile(name)
			if err != nil {
				return nil, err
			}
			return read(file)
		}
	}
	file, err := readInput(in, name)
	if err != nil {
		return nil, err
	}
	return read(file)
}

func newProductCheck() *cobra.Command {
	return productCommand("check FILE...", "Say what is wrong with products, with line, field and reason",
		"  longmen product check consumer-loan.yaml\n  longmen product check --json products/*.yaml", cobra.MinimumNArgs(1),
		func(c *cobra.Command, args []string, asJSON bool) error {
			type checked struct {
				File    string         `json:"file"`
				Product string         `json:"product,omitempty"`
				Faults  catalog.Faults `json:"faults,omitempty"`
			}
			var all []checked
			bad := false
			for _, name := range args {
				p, err := readProductBy(catalog.ReadNew, c.InOrStdin(), name)
				one := checked{File: name}
				if err != nil {
					if bad = true; !errors.As(err, &one.Faults) {
						return err
					}
				} else {
					one.Product = p.Code
				}
				all = append(all, one)
			}
			var err error
			if asJSON {
				err = printJSON(c.OutOrStdout(), all)
			} else {
				for _, one := range all {
					if one.Product != "" {
						fmt.Fprintf(c.OutOrStdout(), "%s: %s is a product\n", one.File, one.Product)
					}
					for _, f := range one.Faults {
						fmt.Fprintf(c.OutOrStdout(), "%s: %s\n", one.File, f)
					}
				}
			}
			if err == nil && bad {
				err = errSaid
			}
			return err
		})
}

func newProductDiff() *cobra.Command {
	return productCommand("diff OLD NEW", "Say what changes from one product to another, and for whom",
		"  longmen product diff consumer-loan consumer-loan-2.yaml\n  longmen product diff old.yaml new.yaml --json", cobra.ExactArgs(2),
		func(c *cobra.Command, args []string, asJSON bool) error {
			was, err := readProduct(c.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("%s:\n%w", args[0], err)
			}
			becomes, err := readProduct(c.InOrStdin(), args[1])
			if err != nil {
				return fmt.Errorf("%s:\n%w", args[1], err)
			}
			changes, err := catalog.Diff(was, becomes)
			if err != nil || asJSON {
				return errors.Join(err, printJSON(c.OutOrStdout(), changes))
			}
			if len(changes) == 0 {
				_, err = fmt.Fprintln(c.OutOrStdout(), "nothing changes")
				return err
			}
			t := newTable("field", "was", "becomes", "for", "meaning")
			for _, x := range changes {
				t.add(x.Field, orNone(x.Was), orNone(x.Becomes), strings.Join(x.For, ", "), x.Is)
			}
			if err := t.print(c.OutOrStdout()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "\nLoans that exist keep the version they were made with.")
			return err
		})
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// asked are the flags of an application.
type asked struct{ amount, term, grade, start, class, calendar string }

func (a *asked) application(p *catalog.Product) (*catalog.Application, error) {
	app := &catalog.Application{Amount: int64(p.Amount.Min), Grade: p.Grades[0].Code, Term: catalog.Duration{N: p.Terms[0].Min, Unit: p.Terms[0].Unit}}
	var err error
	if a.amount != "" {
		if app.Amount, err = amount.Parse(a.amount, p.Asset.Scale); err != nil {
			return nil, fmt.Errorf("--amount: %w", err)
		}
	}
	if a.grade != "" {
		app.Grade = a.grade
	}
	if a.term != "" {
		if _, err := fmt.Sscanf(a.term, "%d %s", &app.Term.N, &app.Term.Unit); err != nil {
			return nil, fmt.Errorf("--term %q: want a number and days, weeks or months, as in \"12 months\"", a.term)
		}
	}
	if app.Start, err = day.Parse(a.start); err != nil {
		return nil, fmt.Errorf("--start: %w", err)
	}
	return app, nil
}

func newProductSimulate() *cobra.Command {
	var a asked
	c := productCommand("simulate FILE", "Show schedule, cash flows of all parties and all-in cost of a loan",
		"  longmen product simulate consumer-loan --amount 12000.00 --term \"12 months\" --grade b\n  longmen product simulate my-loan.yaml --class gold --json", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, asJSON bool) error {
			p, err := readProduct(c.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("%s:\n%w", args[0], err)
			}
			app, err := a.application(p)
			if err != nil {
				return err
			}
			if a.calendar != "" {
				days, err := readCalendar(c.InOrStdin(), a.calendar)
				if err != nil {
					return fmt.Errorf("%s:\n%w", a.calendar, err)
				}
				app.Holidays, app.Workdays = days.Days()
			}
			s, err := catalog.Simulate(p, app, a.class)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), s)
			}
			return printSimulation(c.OutOrStdout(), p, app, s)
		})
	c.Flags().StringVar(&a.amount, "amount", "", "amount lent, as a decimal (the product's least)")
	c.Flags().StringVar(&a.term, "term", "", "for how long, e.g. \"12 months\" (the product's shortest)")
	c.Flags().StringVar(&a.grade, "grade", "", "grade (the product's first)")
	c.Flags().StringVar(&a.start, "start", "2026-01-15", "day on which it is paid out")
	c.Flags().StringVar(&a.class, "class", "", "class of the investors")
	c.Flags().StringVar(&a.calendar, "calendar", "", "file of the calendar, or CN; none: weekends only")
	return c
}

func printSimulation(w io.Writer, p *catalog.Product, app *catalog.Application, s *catalog.Simulation) error {
	fmt.Fprintf(w, "%s %s: %s %s for %d %s at grade %s, paid out on %s\n\n", p.Name.En, p.Name.Zh,
		p.Decimal(catalog.Money(app.Amount)), p.Asset.Code, app.Term.N, app.Term.Unit, app.Grade, app.Start)
	t := newTable(">row", "due", ">principal", ">interest", ">fee", ">total", ">balance")
	for _, r := range s.Schedule {
		t.add(fmt.Sprint(r.N), r.Due, p.Decimal(r.Principal), p.Decimal(r.Interest), p.Decimal(r.Fee), p.Decimal(r.Total), p.Decimal(r.Balance))
	}
	if err := t.print(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = newTable("date", "party", ">receives", "for")
	for _, f := range s.Flows {
		t.add(f.Date, f.Party, p.Decimal(f.Amount), f.For)
	}
	if err := t.print(w); err != nil {
		return err
	}
	fmt.Fprintln(w)
	t = newTable("party", ">in all", ">tax in it")
	for _, x := range s.Totals {
		t.add(x.Party, p.Decimal(x.Amount), p.Decimal(x.Tax))
	}
	if err := t.print(w); err != nil {
		return err
	}
	cost := "\nall-in cost: there is no rate at which these flows are worth nothing"
	if s.Cost != nil {
		cost = fmt.Sprintf("\nall-in cost: %s %% a year compounded, %s %% nominal, %s %s more paid than received",
			s.Cost.Effective, s.Cost.Nominal, p.Decimal(s.Cost.Paid), p.Asset.Code)
	}
	_, err := fmt.Fprintln(w, cost)
	return err
}

func newProductDecide() *cobra.Command {
	facts := map[string]string{}
	c := productCommand("decide FILE", "Ask a product's rules of eligibility about an application's facts",
		"  longmen product decide bullet-loan --fact applicant.kind=person --fact applicant.age=17 --fact portfolio.borrower_loans=0", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, asJSON bool) error {
			p, err := readProduct(c.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("%s:\n%w", args[0], err)
			}
			known, err := catalog.ReadFacts(facts, catalog.ApplicationFacts())
			if err != nil {
				return err
			}
			rules, err := catalog.NewRules(p)
			if err != nil {
				return err
			}
			d, err := rules.Eligible(known)
			if err != nil || asJSON {
				return errors.Join(err, printJSON(c.OutOrStdout(), d))
			}
			if d.Accepted {
				_, err = fmt.Fprintln(c.OutOrStdout(), "accepted: every rule holds")
				return err
			}
			t := newTable("rule", "says", "facts", "problem")
			for _, f := range d.Failed {
				var list []string
				for _, v := range f.Facts {
					list = append(list, v.Fact+"="+orNone(v.Value))
				}
				t.add(f.Rule, f.Says.En, strings.Join(list, " "), f.Problem)
			}
			return t.print(c.OutOrStdout())
		})
	c.Flags().StringToStringVar(&facts, "fact", nil, "a fact and its value, money in minor units; again for each")
	return c
}
