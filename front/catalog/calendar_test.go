package catalog_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

const fewDays = `code: CN
name: {zh: 节假日, en: Holidays}
holidays: [2026-01-01, 2026-02-15..2026-02-23]
workdays: ["2026-02-14"]
`

// The shipped calendar has whole weeks that begin and end with work: in 2026 nine days of Spring Festival, and six days
// of weekends that make up for holidays.
func TestShippedCalendar(t *testing.T) {
	file, err := catalog.ShippedCalendar("CN")
	if err != nil {
		t.Fatal(err)
	}
	c, err := catalog.ReadCalendar(file)
	if err != nil {
		t.Fatal(err)
	}
	holidays, workdays := c.Days()
	for _, d := range workdays {
		if w := d.Weekday(); w != time.Saturday && w != time.Sunday {
			t.Errorf("%s makes up for a holiday and is a %s", d, w)
		}
	}
	days, err := calendar.New([]time.Weekday{time.Saturday, time.Sunday}, holidays, workdays)
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{} // business days that holidays take, less those that make up for them
	for d := day.Of(2025, 1, 1); d <= day.Of(2026, 12, 31); d++ {
		year, _, _ := d.Civil()
		if w := d.Weekday(); days.Business(d) != (w != time.Saturday && w != time.Sunday) {
			if days.Business(d) {
				count[year]--
			} else {
				count[year]++
			}
		}
	}
	if count[2025] != 13 || count[2026] != 13 { // by law there are 13 days off, all of which fell or were moved to working days
		t.Errorf("days off: %v, the law has 13 a year", count)
	}
	again, err := c.File()
	if err != nil {
		t.Fatal(err)
	}
	if same, err := catalog.ReadCalendar(again); err != nil || !slices.Equal(same.Holidays, c.Holidays) || !slices.Equal(same.Workdays, c.Workdays) {
		t.Errorf("written and read it is another one: %v\n%s", err, again)
	}
	if _, err := catalog.ShippedCalendar("XX"); err == nil {
		t.Error("there is a shipped calendar XX")
	}
}

func TestBadCalendars(t *testing.T) {
	with := func(line string) string { return "code: CN\nname: {zh: 节, en: x}\n" + line }
	for name, c := range map[string]struct {
		file  string
		line  int
		field string
	}{
		"no code":                       {"name: {zh: 节, en: x}\n", 1, "code"},
		"a code with a space":           {strings.Replace(with(""), "CN", `"C N"`, 1), 1, "code"},
		"a code that is too long":       {strings.Replace(with(""), "CN", strings.Repeat("C", 17), 1), 1, "code"},
		"no name":                       {"code: CN\n", 1, "name.zh"},
		"another form":                  {with("format: 2"), 3, "format"},
		"a field that is not there":     {with("weekend: [saturday]"), 3, "weekend"},
		"a day that is not there":       {with("holidays:\n  - 2026-01-01\n  - 2026-02-30"), 5, "holidays[1]"},
		"a text":                        {with("workdays: [new-year]"), 3, "workdays[0]"},
		"a number":                      {with("holidays: [20260101]"), 3, "holidays[0]"},
		"an end that is no day":         {with("holidays: [2026-01-01..]"), 3, "holidays[0]"},
		"an end before its beginning":   {with("holidays: [2026-01-02..2026-01-01]"), 3, "holidays[0]"},
		"more than a year":              {with("holidays: [2026-01-01..2027-01-02]"), 3, "holidays[0]"},
		"a day that stands there twice": {with("holidays: [2026-01-01..2026-01-03]\nworkdays: [2026-01-03]"), 4, "workdays[0]"},
		"too many spans":                {with("holidays: [" + strings.Repeat("2026-01-01, ", 1_001) + "]"), 3, "holidays"},
		"two documents":                 {with("---\n"), 4, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := catalog.ReadCalendar([]byte(c.file))
			var faults catalog.Faults
			if !errors.As(err, &faults) || faults[0].Field != c.field || c.field != "" && faults[0].Line != c.line {
				t.Errorf("%v, want line %d: %s", err, c.line, c.field)
			}
		})
	}
	var many strings.Builder
	many.WriteString(with("holidays:\n"))
	for year := range 60 {
		fmt.Fprintf(&many, "  - %d-01-01..%d-12-31\n", 2000+year, 2000+year)
	}
	if _, err := catalog.ReadCalendar([]byte(many.String())); err == nil || !strings.Contains(err.Error(), "20000") {
		t.Errorf("60 years of holidays: %v", err)
	}
}

// TestCalendarVersions shows a calendar's way: proposed, approved by another person, known from then on, replaced.
func TestCalendarVersions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		d, ctx := newDesk(t, db), t.Context()
		propose := func(n uint64, file string) error {
			_, err := d.ProposeCalendar(ctx, d.office, d.draft(n, file, 0))
			return err
		}
		known := func() string {
			holidays, workdays, err := d.Days(ctx, tenant, "CN")
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprint(len(holidays), len(workdays))
		}
		if err := propose(200, fewDays); err != nil {
			t.Fatal(err)
		}
		if err := propose(200, fewDays); err != nil {
			t.Errorf("the same again: %v", err)
		}
		d.wants(errs.Conflict, propose(200, strings.Replace(fewDays, "2026-01-01", "2026-01-02", 1)))
		if known() != "0 0" {
			t.Errorf("%s: what nobody approved counts", known())
		}
		_, err := d.office.Approve(ctx, tenant, number(200), ann, "")
		d.wants(errs.Forbidden, err)
		if err := d.approve(200); err != nil || known() != "10 1" || d.forgotten != 1 {
			t.Errorf("%v: %s are known, told %d times", err, known(), d.forgotten)
		}
		// Two against the same version: one of them.
		for n, file := range []string{strings.Replace(fewDays, "2026-01-01, ", "", 1), strings.Replace(fewDays, "2026-01-01", "2026-01-01..2026-01-03", 1)} {
			if err := propose(201+uint64(n), file); err != nil {
				t.Fatal(err)
			}
		}
		if err := d.approve(201); err != nil || known() != "9 1" {
			t.Errorf("%v: %s are known", err, known())
		}
		d.wants(errs.Conflict, d.approve(202))
		first, err := d.Calendar(ctx, tenant, "CN", 1)
		if err != nil || len(first.Calendar.Holidays) != 2 || first.Proposer != ann || first.Approver != bo || first.Proposal != number(200) {
			t.Errorf("the first version: %+v %v", first, err)
		}
		if list, err := d.Calendars(ctx, tenant, "", 10); err != nil || len(list) != 1 || list[0].Number != 2 {
			t.Errorf("%+v %v", list, err)
		}
		_, err = d.Calendars(ctx, tenant, "", 1_001)
		d.wants(errs.Invalid, err)
		_, err = d.Calendar(ctx, other, "CN", 0)
		d.wants(errs.NotFound, err)
		if holidays, _, err := d.Days(ctx, other, "CN"); err != nil || len(holidays) != 0 {
			t.Errorf("another tenant has %v %v", holidays, err)
		}
		err = propose(203, "code: [")
		d.wants(errs.Invalid, err)
		if errs.Of(err).Field != "calendar" {
			t.Errorf("a bad file is refused on %q", errs.Of(err).Field)
		}
		// What is not what was approved is not read.
		if _, err := db.Writer().ExecContext(ctx, db.Rebind(`UPDATE catalog_calendar SET content = ? WHERE number = 2`), []byte(`{"code":"CN"}`)); err != nil {
			t.Fatal(err)
		}
		_, _, err = d.Days(ctx, tenant, "CN")
		d.wants(errs.Internal, err)
	})
}
