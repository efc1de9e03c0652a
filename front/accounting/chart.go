package accounting

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// Limits of a chart.
const (
	MaxAccounts = 5_000
	MaxGL       = 32  // characters of a code in the general ledger
	MaxName     = 100 // characters of a name
)

// Chart gives account codes their codes in a general ledger, from a day on, and says how the platform values what it has
// itself.
type Chart struct {
	From     Date      `json:"from"`
	Accounts []Account `json:"accounts"`
	Basis    *Basis    `json:"valuation,omitempty"`
}

// Account is what one account code stands for.
type Account struct {
	Code uint32 `json:"code"`
	GL   string `json:"gl"` // several codes may have the same
	Name Name   `json:"name"`
}

// Name is a name for people.
type Name struct {
	Zh string `json:"zh"`
	En string `json:"en"`
}

// Date is a date that reads and writes itself as YYYY-MM-DD.
type Date ledger.Date

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return ledger.Date(d).AppendText(nil), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	v, err := ledger.ParseDate(string(b))
	if err != nil || v < 1 || v > ledger.MaxDate {
		return fmt.Errorf("%q is no date YYYY-MM-DD of the years 1900 to 2999", b)
	}
	*d = Date(v)
	return nil
}

func (d Date) String() string { return ledger.Date(d).String() }

// ReadChart reads a chart and says what is wrong with it.
func ReadChart(document []byte) (*Chart, error) {
	c := &Chart{}
	if err := readStrictly(document, c); err != nil {
		return nil, err
	}
	return c, c.check()
}

// readStrictly reads one JSON object that has no other members than it should.
func readStrictly(document []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(document))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		var place *json.UnmarshalTypeError
		if errors.As(err, &place) {
			return errs.Invalid.Errorf("has a %s where a %s is needed", place.Value, place.Type).On(place.Field)
		}
		return errs.Invalid.Errorf("%s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errs.Invalid.Errorf("something follows the object")
	}
	return nil
}

func (c *Chart) check() error {
	if c.From == 0 {
		return errs.Invalid.Errorf("is missing: the first day on which the chart holds").On("from")
	}
	if n := len(c.Accounts); n < 1 || n > MaxAccounts {
		return errs.Invalid.Errorf("has %d accounts, want 1 to %d", n, MaxAccounts).On("accounts")
	}
	seen := map[uint32]int{}
	for i := range c.Accounts {
		a := &c.Accounts[i]
		at := fmt.Sprintf("accounts[%d]", i)
		if first, twice := seen[a.Code]; twice {
			return errs.Invalid.Errorf("%d stands in accounts[%d] already", a.Code, first).On(at + ".code")
		}
		seen[a.Code] = i
		if err := a.check(at); err != nil {
			return err
		}
	}
	if c.Basis != nil {
		return c.Basis.check("valuation")
	}
	return nil
}

func (a *Account) check(at string) error {
	if a.GL == "" || len(a.GL) > MaxGL {
		return errs.Invalid.Errorf("want 1 to %d characters", MaxGL).On(at + ".gl")
	}
	for i := range len(a.GL) {
		if c := a.GL[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '-' {
			return errs.Invalid.Errorf("%q: want 0-9, a-z, A-Z, . and -", a.GL).On(at + ".gl")
		}
	}
	for language, name := range map[string]string{"zh": a.Name.Zh, "en": a.Name.En} {
		if n := utf8.RuneCountInString(name); n < 1 || n > MaxName || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
			return errs.Invalid.Errorf("want one line of 1 to %d characters", MaxName).On(at + ".name." + language)
		}
	}
	return nil
}

// account finds what a code stands for.
func (c *Chart) account(code uint32) (Account, bool) {
	for i := range c.Accounts {
		if c.Accounts[i].Code == code {
			return c.Accounts[i], true
		}
	}
	return Account{}, false
}
