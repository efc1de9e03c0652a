package vector

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
)

// dates are the fields of terms that say when something falls due.
type dates struct {
	StartDate    text            `json:"start_date"`
	FirstDueDate text            `json:"first_due_date"`
	SeedDate     text            `json:"seed_date"`
	MinDays      text            `json:"min_days_to_first_due"`
	Calendar     text            `json:"calendar"`
	Installments text            `json:"installments"`
	Every        json.RawMessage `json:"every"`
	DueDates     []text          `json:"due_dates"`
	Holidays     []text          `json:"holidays"`
	Workdays     []text          `json:"workdays"`
	Weekend      []text          `json:"weekend"`
	Rule         text            `json:"business_day_rule"`
}

var dateFields = []string{
	"start_date", "first_due_date", "seed_date", "min_days_to_first_due", "calendar", "installments", "every", "due_dates",
	"holidays", "workdays", "weekend", "business_day_rule",
}

var units = map[text]calendar.Unit{
	"day": calendar.Days, "days": calendar.Days, "week": calendar.Weeks, "weeks": calendar.Weeks,
	"month": calendar.Months, "months": calendar.Months, "year": calendar.Years, "years": calendar.Years,
}

// anchor tells the calendars, which are written in several ways, by the words that matter.
func anchor(t text) (calendar.Anchor, error) {
	name := strings.ToLower(string(t))
	switch {
	case strings.Contains(name, "start of"):
		return calendar.MonthStart, nil
	case strings.Contains(name, "end of"):
		return calendar.MonthEnd, nil
	case name == "", strings.HasPrefix(name, "month"), strings.Contains(name, "repayment start date"):
		return calendar.OnSeed, nil
	}
	return 0, unsupported("calendar %.60q", string(t))
}

var businessDayRules = map[text]calendar.Rule{
	"": calendar.Unadjusted, "unadjusted": calendar.Unadjusted, "following": calendar.Following, "nearest": calendar.Nearest,
	"modified_following": calendar.ModifiedFollowing, "preceding": calendar.Preceding, "modified_preceding": calendar.ModifiedPreceding,
}

func (d *dates) every() (calendar.Frequency, error) {
	var e struct {
		N    text `json:"n"`
		Unit text `json:"unit"`
	}
	if len(d.Every) == 0 {
		return calendar.Frequency{N: 1, Unit: calendar.Months}, nil
	}
	if err := known(d.Every, "every", "n", "unit"); err != nil {
		return calendar.Frequency{}, err
	}
	if err := json.Unmarshal(d.Every, &e); err != nil {
		return calendar.Frequency{}, err
	}
	n, err := e.N.whole("every.n")
	if err != nil {
		return calendar.Frequency{}, err
	}
	unit, err := choice("every.unit", e.Unit, units)
	return calendar.Frequency{N: n, Unit: unit}, err
}

// due reads when something falls due. Without a start the first period is a regular one.
func (d *dates) due() (calendar.Due, error) {
	var due calendar.Due
	var err error
	if due.Every, err = d.every(); err != nil {
		return due, err
	}
	if err = due.Every.Check(); err != nil {
		return due, err
	}
	if due.First, err = d.FirstDueDate.optionalDate("first_due_date"); err != nil {
		return due, err
	}
	if due.Seed, err = d.SeedDate.optionalDate("seed_date"); err != nil {
		return due, err
	}
	if d.MinDays != "" {
		if due.MinFirst, err = d.MinDays.whole("min_days_to_first_due"); err != nil {
			return due, err
		}
	}
	if due.Anchor, err = anchor(d.Calendar); err != nil {
		return due, err
	}
	start, err := d.StartDate.optionalDate("start_date")
	switch {
	case err != nil:
		return due, err
	case start != nil:
		due.Start = *start
	case due.First != nil:
		due.Start = due.Every.From(*due.First, -1)
	case due.Seed != nil:
		due.Start = *due.Seed
	case len(d.DueDates) > 0:
		first, err := d.DueDates[0].date("due_dates")
		if err != nil {
			return due, err
		}
		due.Start = due.Every.From(first, -1)
	}
	return due, nil
}

// dated says whether the question names any date at all.
func (d *dates) dated() bool {
	return d.StartDate != "" || d.FirstDueDate != "" || d.SeedDate != "" || len(d.DueDates) > 0
}

func dateList(name string, list []text) ([]day.Date, error) {
	if len(list) > calendar.MaxDays {
		return nil, fmt.Errorf("%s: at most %d dates", name, calendar.MaxDays)
	}
	out := make([]day.Date, len(list))
	for i, t := range list {
		var err error
		if out[i], err = t.date(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// holidays reads the calendar of business days; nil if there is none.
func (d *dates) holidays() (*calendar.Calendar, calendar.Rule, error) {
	rule, err := choice("business_day_rule", d.Rule, businessDayRules)
	if err != nil || len(d.Holidays)+len(d.Workdays)+len(d.Weekend) == 0 {
		return nil, rule, err
	}
	off, err := dateList("holidays", d.Holidays)
	if err != nil {
		return nil, rule, err
	}
	on, err := dateList("workdays", d.Workdays)
	if err != nil {
		return nil, rule, err
	}
	names := map[text]time.Weekday{}
	for w := time.Sunday; w <= time.Saturday; w++ {
		names[text(w.String()).word()] = w
	}
	weekend := make([]time.Weekday, len(d.Weekend))
	for i, t := range d.Weekend {
		if weekend[i], err = choice("weekend", t, names); err != nil {
			return nil, rule, err
		}
	}
	c, err := calendar.New(weekend, off, on)
	return c, rule, err
}

// calendars answers with the due dates; a question that is marked as partial asks for the first, the second and the
// last of them.
func calendars(line []byte) (any, error) {
	var q struct {
		Terms   json.RawMessage `json:"terms"`
		Partial bool            `json:"partial"`
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, err
	}
	if err := known(q.Terms, "terms", dateFields...); err != nil {
		return nil, err
	}
	var d dates
	if err := json.Unmarshal(q.Terms, &d); err != nil {
		return nil, fmt.Errorf("terms: %w", err)
	}
	list, err := d.list()
	if err != nil {
		return nil, err
	}
	if n := len(list); q.Partial && n > 3 {
		list = []text{list[0], list[1], list[n-1]}
	}
	return map[string]any{"due_dates": list}, nil
}

func (d *dates) list() ([]text, error) {
	if len(d.DueDates) > 0 {
		return nil, unsupported("due_dates that are given already")
	}
	if !d.dated() {
		return nil, fmt.Errorf("terms: start_date or first_due_date is missing")
	}
	due, err := d.due()
	if err != nil {
		return nil, err
	}
	n, err := d.Installments.whole("installments")
	if err != nil {
		return nil, err
	}
	found, err := due.Dates(n)
	if err != nil {
		return nil, err
	}
	off, rule, err := d.holidays()
	if err != nil {
		return nil, err
	}
	list := make([]text, len(found))
	for i, f := range found {
		if f, err = off.Adjust(f, rule); err != nil {
			return nil, err
		}
		list[i] = text(f.String())
	}
	return list, nil
}
