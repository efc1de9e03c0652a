// Package daycount turns two dates into days and a fraction of a year by the conventions of the market.
//
// Sources: ISDA 2006 Definitions §4.16 (Act/Act ISDA, Act/360, Act/365 Fixed, 30/360, 30E/360, 30E/360 ISDA); SIA
// Standard Securities Calculation Methods for 30/360 US with its rule for the end of February; 30E+/360, NL/365 and
// the remaining ones as market usage names them.
//
// The package must not know rates, amounts, periods of a contract or holidays.
package daycount

import (
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/longmen/longmen/finmath/day"
)

// Convention is a way to count days between two dates and to divide them by a year.
type Convention uint8

// The conventions. Thirty… count months of 30 days.
const (
	ActActISDA Convention = iota // actual days, those of leap years over 366, the others over 365
	Act360
	Act364
	Act365Fixed
	Act36525    // over 365.25
	NL360       // actual days without the 29th of February, over 360
	NL365       // actual days without the 29th of February, over 365
	Thirty360   // bond basis, ISDA "30/360": an end on the 31st counts as the 30th only after a start on the 30th
	ThirtyU360  // 30/360 US: as Thirty360, and the ends of February count as the 30th
	ThirtyE360  // every 31st counts as the 30th
	ThirtyEPlus // a start on the 31st counts as the 30th, an end on the 31st as the 1st of the next month
	ThirtyEISDA // the last of any month counts as the 30th (also "German")
	conventions
)

var names = [conventions]string{
	"Act/Act ISDA", "Act/360", "Act/364", "Act/365F", "Act/365.25", "NL/360", "NL/365",
	"30/360 ISDA", "30/360 US", "30E/360", "30E+/360", "30E/360 ISDA",
}

// String is the name of the convention as the market writes it.
func (c Convention) String() string {
	if c < conventions {
		return names[c]
	}
	return "Convention(" + strconv.Itoa(int(c)) + ")"
}

// Conventions lists all of them.
func Conventions() []Convention {
	list := make([]Convention, conventions)
	for i := range list {
		list[i] = Convention(i)
	}
	return list
}

// ErrConvention says that no convention has this name.
var ErrConvention = errors.New("no day count of this name")

var aliases = map[string]Convention{
	"act/act": ActActISDA, "act/actisda": ActActISDA, "act/360": Act360, "act/364": Act364,
	"act/365": Act365Fixed, "act/365f": Act365Fixed, "act/365fixed": Act365Fixed, "english": Act365Fixed, "french": Act360,
	"act/365.25": Act36525, "nl/360": NL360, "nl/365": NL365, "act/365noleapyear": NL365, "act/365nl": NL365,
	"30/360": Thirty360, "30/360isda": Thirty360, "30a/360": Thirty360, "bondbasis": Thirty360,
	"30/360us": ThirtyU360, "30u/360": ThirtyU360, "30us/360": ThirtyU360, "30/360nasd": ThirtyU360, "30/360sia": ThirtyU360,
	"30e/360": ThirtyE360, "30/360isma": ThirtyE360, "30/360icma": ThirtyE360, "eurobondbasis": ThirtyE360, "30/360european": ThirtyE360, "30/360eu": ThirtyE360,
	"30e+/360": ThirtyEPlus, "30/360+": ThirtyEPlus,
	"30e/360isda": ThirtyEISDA, "30e/360german": ThirtyEISDA, "30/360german": ThirtyEISDA, "german": ThirtyEISDA,
}

// Parse finds a convention by its name; case, spaces and "actual" for "act" don't matter.
func Parse(name string) (Convention, error) {
	key := strings.NewReplacer(" ", "", "_", "", "(", "", ")", "", "actual", "act").Replace(strings.ToLower(name))
	if c, ok := aliases[key]; ok {
		return c, nil
	}
	return 0, fmt.Errorf("day count %.40q: %w; take one of %s", name, ErrConvention, strings.Join(names[:], ", "))
}

// Days is the number of days from start to end as the convention counts them; negative when end lies before start.
func (c Convention) Days(start, end day.Date) int {
	switch c {
	case NL360, NL365:
		return int(end-start) - (leapDays(end) - leapDays(start))
	case Thirty360, ThirtyU360, ThirtyE360, ThirtyEPlus, ThirtyEISDA:
		return c.thirty(start, end)
	}
	return int(end - start)
}

// leapDays counts the 29ths of February up to and including d.
func leapDays(d day.Date) int {
	y, m, dom := d.Civil()
	if m < 2 || m == 2 && dom < 29 {
		y--
	}
	return y/4 - y/100 + y/400
}

func (c Convention) thirty(start, end day.Date) int {
	y1, m1, d1 := start.Civil()
	y2, m2, d2 := end.Civil()
	switch c {
	case Thirty360:
		d1 = min(d1, 30)
		if d1 == 30 {
			d2 = min(d2, 30)
		}
	case ThirtyU360:
		february := m1 == 2 && start.MonthEnd()
		if february && m2 == 2 && end.MonthEnd() {
			d2 = 30
		}
		if february {
			d1 = 30
		}
		d1 = min(d1, 30)
		if d1 == 30 {
			d2 = min(d2, 30)
		}
	case ThirtyE360:
		d1, d2 = min(d1, 30), min(d2, 30)
	case ThirtyEPlus:
		d1 = min(d1, 30)
		if d2 == 31 {
			d2, m2 = 1, m2+1
		}
	case ThirtyEISDA:
		if start.MonthEnd() {
			d1 = 30
		}
		if end.MonthEnd() {
			d2 = 30
		}
	}
	return (y2-y1)*360 + (m2-m1)*30 + d2 - d1
}

// Part is a number of days over the days of a year. Year counts hundredths of a day, so that 365.25 is whole.
type Part struct {
	Days int
	Year int // in hundredths of a day: 36500, 36600, 36000…
}

// Parts is the fraction of a year as a sum of days over years; only Act/Act has more than one part. Its parts are those
// of common years before those of leap years only where the dates say so: they come year kind by year kind, in time.
func (c Convention) Parts(start, end day.Date) []Part {
	year := 36000
	switch c {
	case ActActISDA:
		return actAct(start, end)
	case Act364:
		year = 36400
	case Act365Fixed, NL365:
		year = 36500
	case Act36525:
		year = 36525
	}
	return []Part{{c.Days(start, end), year}}
}

// actAct splits at every 1st of January and joins years of the same length that follow each other.
func actAct(start, end day.Date) []Part {
	if end < start {
		parts := actAct(end, start)
		for i := range parts {
			parts[i].Days = -parts[i].Days
		}
		return parts
	}
	var parts []Part
	for at := start; at < end || len(parts) == 0; {
		y, _, _ := at.Civil()
		next := min(end, day.Of(y+1, 1, 1))
		length := 36500
		if day.Leap(y) {
			length = 36600
		}
		if n := len(parts); n > 0 && parts[n-1].Year == length {
			parts[n-1].Days += int(next - at)
		} else {
			parts = append(parts, Part{int(next - at), length})
		}
		if next == at {
			break
		}
		at = next
	}
	return parts
}

// Fraction is the exact fraction of a year from start to end.
func (c Convention) Fraction(start, end day.Date) *big.Rat {
	sum := new(big.Rat)
	for _, p := range c.Parts(start, end) {
		sum.Add(sum, big.NewRat(int64(p.Days)*100, int64(p.Year)))
	}
	return sum
}

// Years is Fraction in floating point, for rates that are solved for; the parts are divided one by one and added.
func (c Convention) Years(start, end day.Date) float64 {
	sum := 0.0
	for _, p := range c.Parts(start, end) {
		sum += float64(p.Days) / (float64(p.Year) / 100)
	}
	return sum
}
