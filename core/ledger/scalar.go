package ledger

import (
	"encoding/hex"
	"fmt"
	"time"
)

// Limits of the format. Beyond each of them a command is refused, never cut.
const (
	MaxAmount     int64  = 1_000_000_000_000_000_000 // one operation's amount, in minor units
	MaxUnits      uint64 = 1_000_000_000_000         // units of one holding
	MaxCap        uint64 = 1_000_000_000_000_000     // units of one register
	MaxTranches          = 8
	MaxHoldings          = 1_000_000 // holdings ever opened in one register
	MaxHolds             = 1_000     // open holds that reserve from one account
	MaxRegisters         = 10_000    // registers in which one account holds units
	MaxDebts             = 16        // cover accounts that one account owes to
	MaxCorrected         = 8_000     // holdings that a distribution to be corrected was paid to
	MaxOperations        = 8_000     // operations of one command
	MaxCommand           = 1 << 20   // canonical bytes of one command
	MaxReferences        = 8
	MaxDeductions        = 64
	MaxScale             = 12
	MaxSegment           = 32 // characters of an address segment
	MaxSegments          = 8
	MaxAddress           = 255
	MaxPulse             = 1_000 // holds released by one pulse
)

// ID names a command, an actor or something outside: 16 opaque bytes. A command's id is a UUIDv7.
type ID [16]byte

// IsZero reports whether the id is absent.
func (id ID) IsZero() bool { return id == ID{} }

// String is the usual form of a UUID.
func (id ID) String() string { return string(id.AppendText(make([]byte, 0, 36))) }

// AppendText appends the usual form of a UUID.
func (id ID) AppendText(to []byte) []byte {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return append(to, b[:]...)
}

// Instant is a moment in microseconds since 1970-01-01T00:00:00Z.
type Instant int64

// InstantOf cuts a time to microseconds.
func InstantOf(t time.Time) Instant { return Instant(t.UnixMicro()) }

// Time gives the instant in UTC.
func (i Instant) Time() time.Time { return time.UnixMicro(int64(i)).UTC() }

func (i Instant) String() string { return string(i.AppendText(nil)) }

// AppendText appends RFC 3339 in UTC with microseconds.
func (i Instant) AppendText(b []byte) []byte {
	const day = 86_400_000_000
	days, rest := int64(i)/day, int64(i)%day
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	b = append(DateOfUnixDay(int32(days)).appendText(b), 'T')
	b = append(appendDigits(b, int(rest/3_600_000_000), 2), ':')
	b = append(appendDigits(b, int(rest/60_000_000%60), 2), ':')
	b = append(appendDigits(b, int(rest/1_000_000%60), 2), '.')
	return append(appendDigits(b, int(rest%1_000_000), 6), 'Z')
}

// appendDigits appends n with leading zeros.
func appendDigits(b []byte, n, width int) []byte {
	for range width {
		b = append(b, '0')
	}
	for i := len(b) - 1; n > 0 && width > 0; i, width = i-1, width-1 {
		b[i] = byte('0' + n%10)
		n /= 10
	}
	return b
}

// Date is a calendar date without a zone: day 1 is 1900-01-01. Zero is no date.
type Date int32

// MaxDate is 2999-12-31.
const MaxDate Date = 401767

const dayOneUnix = -25567 * 86400 // 1900-01-01T00:00:00Z

// DateOf is the calendar date that t shows in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date((time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix()-dayOneUnix)/86400 + 1)
}

// Time is midnight of the date in UTC.
func (d Date) Time() time.Time { return time.Unix(int64(d-1)*86400+dayOneUnix, 0).UTC() }

// UnixDay counts the date from 1970-01-01, which is 0.
func (d Date) UnixDay() int32 { return int32(d) - 1 + dayOneUnix/86400 }

// DateOfUnixDay is the date so many days after 1970-01-01.
func DateOfUnixDay(day int32) Date { return Date(day + 1 - dayOneUnix/86400) }

func (d Date) String() string { return string(d.AppendText(nil)) }

// AppendText appends YYYY-MM-DD, nothing for no date.
func (d Date) AppendText(b []byte) []byte {
	if d == 0 {
		return b
	}
	return d.appendText(b)
}

func (d Date) appendText(b []byte) []byte {
	year, month, day := d.Time().Date()
	b = append(appendDigits(b, year, 4), '-')
	b = append(appendDigits(b, int(month), 2), '-')
	return appendDigits(b, day, 2)
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("date %q: want YYYY-MM-DD", s)
	}
	return DateOf(t), nil
}

// Side is the side of an account on which its balance counts as positive.
type Side uint8

// The two sides.
const (
	DebitNormal Side = iota + 1
	CreditNormal
)

// AccountType is the class of the chart of accounts that an account belongs to.
type AccountType uint8

// The five classes.
const (
	Asset AccountType = iota + 1
	Liability
	Equity
	Income
	Expense
)

// Constraint bounds an account's available balance.
type Constraint uint8

// An unbounded account may go to either side; a nonnegative one never has an available balance below zero.
const (
	Unbounded Constraint = iota + 1
	Nonnegative
)

// TransferMode says how much a transfer moves.
type TransferMode uint8

// Exact moves the amount; AtMost what is available up to the amount; Received what earlier operations of the same
// command credited to the named account.
const (
	Exact TransferMode = iota + 1
	AtMost
	Received
)

// FreezeKind says what a freeze stops.
type FreezeKind uint8

// A freeze stops debits, credits, both, or reserves an amount. Amounts of several freezes add up.
const (
	FreezeDebits FreezeKind = iota + 1
	FreezeCredits
	FreezeBoth
	FreezeAmount
)

// ReverseMode says what happens when somebody no longer has what he would have to give back.
type ReverseMode uint8

// RefuseShortfall refuses the command; TakeAtMost takes what is there and lists what is missing; OweShortfall does too,
// and lets a cover account pay what is missing, to which it is owed from then on.
const (
	RefuseShortfall ReverseMode = iota + 1
	TakeAtMost
	OweShortfall
)

// ClockKind is a ledger's kind of time, fixed when it is opened.
type ClockKind uint8

// A real clock runs; a simulated one stands still until a command moves it.
const (
	RealClock ClockKind = iota + 1
	SimulatedClock
)
