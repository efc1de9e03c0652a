package catalog

import (
	"embed"
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
)

// Calendar is a list of holidays, in full. Products name it by its code. Its newest version counts for every loan, also
// for those that were agreed on before: who moves a holiday moves what falls due on it.
type Calendar struct {
	Format   int    `json:"format" is:"form of this file" default:"1"`
	Code     string `json:"code" is:"by which products name it, e.g. CN: 1 to 16 letters, digits and -"`
	Name     Name   `json:"name" is:"name for people"`
	Holidays []Span `json:"holidays,omitempty" is:"days without business beside the weekend that a product names"`
	Workdays []Span `json:"workdays,omitempty" is:"days of weekends on which business is done all the same"`
}

// Span is a day, or the first and the last of several: 2026-01-01, 2026-02-15..2026-02-23.
type Span string

var spanType = reflect.TypeFor[Span]()

// Limits of a calendar.
const (
	maxSpans = 1_000 // of each list
	maxSpan  = 366   // days
)

// days are the first and the last day of a span.
func (s Span) days() (from, to day.Date, err error) {
	first, last, several := strings.Cut(string(s), "..")
	if from, err = day.Parse(first); err != nil {
		return 0, 0, fmt.Errorf("want a day such as 2026-01-01, or the first and last of several, 2026-02-15..2026-02-23")
	}
	to = from
	if several {
		if to, err = day.Parse(last); err != nil {
			return 0, 0, fmt.Errorf("the last day is none: want 2026-02-15..2026-02-23")
		}
	}
	if to < from || to-from >= maxSpan {
		return 0, 0, fmt.Errorf("want 1 to %d days from the first to the last", maxSpan)
	}
	return from, to, nil
}

// daysOf are all days of a list that Check has passed.
func daysOf(list []Span) (all []day.Date) {
	for _, s := range list {
		from, to, err := s.days()
		for d := from; err == nil && d <= to; d++ {
			all = append(all, d)
		}
	}
	return all
}

// Days are the holidays and the workdays.
func (c *Calendar) Days() (holidays, workdays []day.Date) {
	return daysOf(c.Holidays), daysOf(c.Workdays)
}

// ReadCalendar reads a calendar from its file. What is wrong comes as Faults, each with its line, field and reason.
func ReadCalendar(file []byte) (*Calendar, error) {
	c := &Calendar{}
	if err := read(file, c, c.Check); err != nil {
		return nil, err
	}
	return c, nil
}

// Check says what is wrong with a calendar, beyond what its types allow.
func (c *Calendar) Check() Faults {
	k := &checker{}
	k.want(c.Format == Format, "format", "this program reads the form %d", Format)
	k.want(labelPattern.MatchString(c.Code) && len(c.Code) <= maxCalendarCode, "code", "want 1 to %d letters, digits and -", maxCalendarCode)
	k.name("name", c.Name)
	seen := map[day.Date]bool{}
	k.spans("holidays", c.Holidays, seen)
	k.spans("workdays", c.Workdays, seen)
	return k.faults
}

// maxCalendarCode is the most letters of a calendar's code.
const maxCalendarCode = 16

// spans refuses what is no day, or a day that stands there twice.
func (c *checker) spans(list string, spans []Span, seen map[day.Date]bool) {
	count := 0
	for i, s := range spans {
		field := fmt.Sprintf("%s[%d]", list, i)
		from, to, err := s.days()
		if err != nil {
			c.want(false, field, "%v", err)
			continue
		}
		for d := from; d <= to; d++ {
			if !c.want(!seen[d], field, "%s stands here twice", d) {
				break
			}
			seen[d] = true
			count++
		}
	}
	c.want(count <= calendar.MaxDays, list, "%d days, at most %d", count, calendar.MaxDays)
}

// File writes a calendar as a file. ReadCalendar gives the same one.
func (c *Calendar) File() ([]byte, error) { return file(c, "calendar") }

//go:embed calendars/*.yaml
var calendars embed.FS

// ShippedCalendar is the file of a calendar that comes with the program.
func ShippedCalendar(code string) ([]byte, error) {
	text, err := calendars.ReadFile(path.Join("calendars", code+".yaml"))
	if err != nil {
		return nil, fmt.Errorf("there is no shipped calendar %q; there is CN", code)
	}
	return text, nil
}
