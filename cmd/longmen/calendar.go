package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/front/catalog"
)

// newCalendar is the group of commands for lists of holidays.
func newCalendar() *cobra.Command {
	c := &cobra.Command{
		Use: "calendar", Short: "Check, list, show and propose calendars of holidays", Args: cobra.NoArgs, RunE: help,
		Long: `Products name a calendar by its code in business_days.calendar. Its newest version counts for every loan. check needs no
node; CN, the public holidays of mainland China, comes with the program: longmen calendar show --shipped CN > CN.yaml.`,
	}
	c.AddCommand(newCalendarCheck(), newCalendarList(), newCalendarShow(), newCalendarPropose())
	return c
}

// readCalendar reads a calendar from a file, standard input for "-", or one that comes with the program.
func readCalendar(in io.Reader, name string) (*catalog.Calendar, error) {
	if file, err := catalog.ShippedCalendar(name); err == nil {
		if _, err := os.Stat(name); err != nil {
			return catalog.ReadCalendar(file)
		}
	}
	file, err := readInput(in, name)
	if err != nil {
		return nil, err
	}
	return catalog.ReadCalendar(file)
}

func newCalendarCheck() *cobra.Command {
	return productCommand("check FILE", "Say what is wrong with a calendar, with line, field and reason", "  longmen calendar check CN.yaml", cobra.ExactArgs(1),
		func(c *cobra.Command, args []string, asJSON bool) error {
			k, err := readCalendar(c.InOrStdin(), args[0])
			if err != nil {
				return fmt.Errorf("%s:\n%w", args[0], err)
			}
			holidays, workdays := k.Days()
			if asJSON {
				return printJSON(c.OutOrStdout(), map[string]any{"calendar": k.Code, "holidays": len(holidays), "workdays": len(workdays)})
			}
			_, err = fmt.Fprintf(c.OutOrStdout(), "%s: %s is a calendar with %d holidays and %d workdays\n", args[0], k.Code, len(holidays), len(workdays))
			return err
		})
}

// calendarHead is what of a version is shown.
type calendarHead struct {
	Code, Hash, Approved string
	Version              uint64
	Name                 struct{ Zh, En string }
}

func newCalendarList() *cobra.Command {
	p := &page{}
	return speaking(reader("list", "List the calendars of a node, as they are known now", "  longmen calendar list", cobra.NoArgs, p.flags,
		func(c *client, _ []string) error {
			return listing(c, p, "/v1/calendars", p.query(), "calendars", newTable("CODE", "NAME", ">VERSION", "APPROVED"), func(t *table, h calendarHead) {
				t.add(h.Code, h.Name.En+" "+h.Name.Zh, fmt.Sprint(h.Version), h.Approved)
			})
		}))
}

func newCalendarShow() *cobra.Command {
	version, shipped := uint64(0), false
	c := speaking(reader("show CODE", "Write a version of a calendar as a file", "  longmen calendar show CN > CN.yaml\n  longmen calendar show --shipped CN > CN.yaml", cobra.ExactArgs(1),
		func(c *cobra.Command) {
			c.Flags().Uint64Var(&version, "version", 0, "the version of this number (the newest)")
			c.Flags().BoolVar(&shipped, "shipped", false, "the one that comes with the program; needs no node")
			c.MarkFlagsMutuallyExclusive("version", "shipped")
		}, func(c *client, args []string) error {
			query := url.Values{}
			if version != 0 {
				query.Set("version", fmt.Sprint(version))
			}
			path := "/v1/calendars/" + url.PathEscape(args[0])
			if !c.json {
				path += "/file"
			}
			text, err := c.get(path, query, nil)
			if err != nil {
				return err
			}
			return c.show(text, func() error {
				_, err := c.out.Write(text)
				return err
			})
		}))
	ask := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if !shipped {
			return ask(c, args)
		}
		file, err := catalog.ShippedCalendar(args[0])
		if err == nil {
			_, err = io.Copy(c.OutOrStdout(), strings.NewReader(string(file)))
		}
		return err
	}
	return c
}

func newCalendarPropose() *cobra.Command {
	p := &proposal{}
	c := speaking(reader("propose FILE|-", "Propose a version of a calendar, which another person approves",
		"  LONGMEN_TOKEN=… longmen calendar propose CN.yaml --reason \"the holidays of 2027\"", cobra.ExactArgs(1), p.flags, nil))
	c.RunE = func(command *cobra.Command, args []string) error {
		file, err := readInput(command.InOrStdin(), args[0])
		if err != nil {
			return err
		}
		c, err := newClient(command)
		if err != nil {
			return err
		}
		return p.send(c, "/v1/calendars", map[string]any{"file": string(file)})
	}
	return c
}
