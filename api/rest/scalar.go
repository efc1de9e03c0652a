package rest

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
	"github.com/longmen/longmen/kit/id"
)

// maxSafe is the largest integer that every JSON reader takes exactly: many keep numbers as 64-bit floats.
const maxSafe = 1<<53 - 1

// Amount is money in minor units. It is written as a string of digits, because amounts reach 10^18 and a JSON number
// is exact up to 2^53-1 only. An integer up to there is read too; a larger one is refused, since nobody can tell
// whether its last digits are still those that were meant.
type Amount int64

// Schema describes it.
func (Amount) Schema(huma.Registry) *huma.Schema {
	low, high := -float64(maxSafe), float64(maxSafe)
	return &huma.Schema{
		Description: "Money in minor units: a string of digits. An integer up to 2^53-1 is read too.",
		OneOf: []*huma.Schema{
			{Type: huma.TypeString, Pattern: `^(-?[0-9]{1,18}|1000000000000000000)$`},
			{Type: huma.TypeInteger, Minimum: &low, Maximum: &high},
		},
		Examples: []any{"125000"},
	}
}

// MarshalJSON writes the digits as a string.
func (a Amount) MarshalJSON() ([]byte, error) { return quoteInt(int64(a)), nil }

// UnmarshalJSON reads a string of digits or a safe integer.
func (a *Amount) UnmarshalJSON(b []byte) error {
	s := string(b)
	quoted := len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"'
	if quoted {
		s = s[1 : len(s)-1]
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || s[0] == '+' {
		return fmt.Errorf("amount %s: want a whole number of minor units up to 10^18 as a string of digits", b)
	}
	if !quoted && (v > maxSafe || v < -maxSafe) {
		return fmt.Errorf("amount %s: write integers above 2^53-1 as strings, so that no digit is lost", b)
	}
	*a = Amount(v)
	return nil
}

// Total is a sum of money, which may go beyond what one amount can be. It is only written.
type Total struct{ v share.Int128 }

// total makes one of a 64-bit sum.
func total(v int64) Total { return Total{share.Int128{Lo: uint64(v), Hi: v >> 63}} }

// Schema describes it.
func (Total) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]{1,39}$`,
		Description: "A sum of money in minor units, as a string of digits.", Examples: []any{"125000"},
	}
}

// MarshalJSON writes the digits as a string.
func (t Total) MarshalJSON() ([]byte, error) { return t.append(make([]byte, 0, 22)), nil }

func (t Total) append(b []byte) []byte {
	b = append(b, '"')
	if t.v.Hi == int64(t.v.Lo)>>63 {
		b = strconv.AppendInt(b, int64(t.v.Lo), 10)
	} else {
		b = append(b, t.v.String()...)
	}
	return append(b, '"')
}

func quoteInt(v int64) []byte {
	b := make([]byte, 0, 22)
	b = append(b, '"')
	b = strconv.AppendInt(b, v, 10)
	return append(b, '"')
}

// Carry is a share in 2^-64 of a minor unit, as a string of digits.
type Carry share.Int128

// Schema describes it.
func (Carry) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^-?[0-9]{1,39}$`,
		Description: "A share in 2^-64 of a minor unit, as a string of digits.", Examples: []any{"18446744073709551616"},
	}
}

// MarshalJSON writes the digits as a string.
func (c Carry) MarshalJSON() ([]byte, error) {
	return []byte(`"` + share.Int128(c).String() + `"`), nil
}

// Instant is a moment, as RFC 3339 has it, exact to the microsecond.
type Instant ledger.Instant

// Schema describes it.
func (Instant) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Format: "date-time",
		Description: "An instant by RFC 3339, with up to 6 digits of a second.", Examples: []any{"2026-03-01T08:00:00.000000Z"},
	}
}

// MarshalText writes it in UTC.
func (i Instant) MarshalText() ([]byte, error) {
	return ledger.Instant(i).AppendText(make([]byte, 0, 27)), nil
}

// UnmarshalText reads any offset.
func (i *Instant) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339Nano, string(b))
	if err != nil {
		return fmt.Errorf("instant %q: want RFC 3339, e.g. 2026-03-01T08:00:00Z", b)
	}
	if t.Nanosecond()%1000 != 0 {
		return fmt.Errorf("instant %q: has more than 6 digits of a second", b)
	}
	*i = Instant(ledger.InstantOf(t))
	if *i <= 0 { // 0 stands for none
		return fmt.Errorf("instant %q: want one after 1970-01-01T00:00:00Z", b)
	}
	return nil
}

// InstantParam is an Instant of the query: huma takes a bare integer type for a number.
type InstantParam struct{ Instant }

// DateParam is a Date of the query.
type DateParam struct{ Date }

// Date is a calendar date without a zone.
type Date ledger.Date

// Schema describes it.
func (Date) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Examples: []any{"2026-03-01"}}
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) {
	return ledger.Date(d).AppendText(make([]byte, 0, 10)), nil
}

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ledger.ParseDate(string(b))
	if err == nil && (v < 1 || v > ledger.MaxDate) {
		err = fmt.Errorf("date %q: is outside 1900-01-01 to 2999-12-31", b)
	}
	*d = Date(v)
	return err
}

// ID is 16 bytes in the usual form of a UUID, of any version.
type ID ledger.ID

const uuidPattern = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// Schema describes it.
func (ID) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: uuidPattern,
		Description: "16 bytes as a UUID is written.", Examples: []any{"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"},
	}
}

// MarshalText writes lower case.
func (i ID) MarshalText() ([]byte, error) { return []byte(ledger.ID(i).String()), nil }

// UnmarshalText reads lower or upper case.
func (i *ID) UnmarshalText(b []byte) error { return parseUUID(string(b), (*ledger.ID)(i)) }

// IsZero makes omitzero leave out an absent id.
func (i ID) IsZero() bool { return ledger.ID(i).IsZero() }

func parseUUID(s string, to *ledger.ID) error {
	bad := func() error { return fmt.Errorf("id %q: want 32 hexadecimal digits as a UUID has them", s) }
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return bad()
	}
	at := 0
	for i := 0; i < len(s); i += 2 {
		if s[i] == '-' {
			i++
		}
		high, low := digit(s[i]), digit(s[i+1])
		if high > 15 || low > 15 {
			return bad()
		}
		to[at] = high<<4 | low
		at++
	}
	return nil
}

// digit is 255 for what is none.
func digit(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return math.MaxUint8
}

// CommandID is the id of something that is there: of what a client made, or of what followed from it.
type CommandID ID

// Schema describes it.
func (CommandID) Schema(huma.Registry) *huma.Schema {
	return idSchema("[78]", "a UUID of version 7 or 8", "An id.")
}

func idSchema(versions, pattern, description string) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-` + versions + `[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$`,
		PatternDescription: pattern, Description: description, Examples: []any{"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"},
	}
}

// MarshalText writes lower case.
func (i CommandID) MarshalText() ([]byte, error) { return ID(i).MarshalText() }

// UnmarshalText reads lower or upper case.
func (i *CommandID) UnmarshalText(b []byte) error {
	parsed, err := id.Parse(string(b))
	*i = CommandID(parsed)
	return err
}

// IsZero makes omitzero leave out an absent id.
func (i CommandID) IsZero() bool { return ID(i).IsZero() }

// NewID is the id of something new. Those of version 8 are the program's own: whoever could take one would keep the program
// from what it is going to do.
type NewID ID

// Schema describes it.
func (NewID) Schema(huma.Registry) *huma.Schema {
	return idSchema("7", "a UUID of version 7", "A UUID of version 7, made by the client.")
}

// MarshalText writes lower case.
func (i NewID) MarshalText() ([]byte, error) { return ID(i).MarshalText() }

// UnmarshalText reads lower or upper case.
func (i *NewID) UnmarshalText(b []byte) error {
	parsed, err := id.Parse(string(b))
	if err == nil {
		err = parsed.CheckNew()
	}
	*i = NewID(parsed)
	return err
}

// Mark names a hold or a freeze: <command id>.<place of the operation in it>.
type Mark ledger.Mark

const markPattern = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\.(0|[1-9][0-9]{0,3})$`

// Schema describes it.
func (Mark) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{
		Type: huma.TypeString, Pattern: markPattern, PatternDescription: "a mark: <command id>.<operation>",
		Description: "A hold or a freeze: the id of the command that made it, a point, and the place of the operation in it.",
		Examples:    []any{"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0"},
	}
}

// MarshalText writes it.
func (m Mark) MarshalText() ([]byte, error) {
	return []byte(ledger.ID(m.Command).String() + "." + strconv.Itoa(int(m.Index))), nil
}

// UnmarshalText reads it.
func (m *Mark) UnmarshalText(b []byte) error {
	left, right, ok := strings.Cut(string(b), ".")
	n, err := strconv.ParseUint(right, 10, 16)
	if !ok || err != nil || n >= ledger.MaxOperations || parseUUID(left, &m.Command) != nil {
		return fmt.Errorf("mark %q: want <command id>.<operation>, e.g. 019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.0", b)
	}
	m.Index = uint16(n)
	return nil
}

// IsZero makes omitzero leave out an absent mark.
func (m Mark) IsZero() bool { return ledger.Mark(m).IsZero() }

// Compile-time checks that JSON uses what is meant.
var (
	_ json.Marshaler   = Amount(0)
	_ json.Unmarshaler = (*Amount)(nil)
)
