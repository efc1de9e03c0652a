package party

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Limits. Beyond each of them a request is refused, never cut.
const (
	MaxCode         = 32     // characters of a code
	MaxLogin        = 64     // characters of a principal's name
	MaxLedgerName   = 64     // characters of a ledger's name
	MaxName         = 200    // bytes of a party's name
	MaxValue        = 256    // bytes of an identifier's value
	MaxPage         = 1_000  // rows of one page
	MaxLedgers      = 64     // ledgers of one tenant
	MaxIdentifiers  = 64     // identifiers of one party that are not removed
	MaxAttestations = 10_000 // attestations of one party, ever
	MaxRoles        = 1_000  // roles of one party, ever
	MaxPrincipals   = 64     // principals behind which one party stands, closed ones not counted
	MaxGrants       = 1_000  // grants of one principal that are neither over nor revoked
	MaxTokens       = 100    // tokens of one principal that are neither over nor revoked
)

// MaxTokenLife is how long a token may be valid: 400 days, in microseconds.
const MaxTokenLife int64 = 400 * 24 * 3600 * 1e6

const (
	forever    = math.MaxInt64               // what has no end ends then
	maxInstant = 253_402_300_799_999_999     // the end of the year 9999
	maxDay     = maxInstant / 86_400_000_000 // the same as a day
	lowerCode  = "abcdefghijklmnopqrstuvwxyz0123456789_-"
	lowerLogin = lowerCode + "."
	lowerName  = "abcdefghijklmnopqrstuvwxyz0123456789-"
)

// By says in which tenant something is done, and which principal does it.
type By struct {
	Tenant id.ID
	Actor  id.ID
}

func (b By) check() error { return first(checkTenant(b.Tenant), checkActor(b.Actor)) }

// Page is a part of a list: at most Limit rows after the row of that id, in the order of ids. The zero id begins.
type Page struct {
	After id.ID
	Limit int
}

func (p Page) check() error {
	if p.Limit < 1 || p.Limit > MaxPage {
		return errs.Invalid.Errorf("is %d, give 1 to %d", p.Limit, MaxPage).On("limit")
	}
	return nil
}

func checkTenant(tenant id.ID) error {
	if tenant.IsZero() {
		return errs.Invalid.Errorf("is missing, every row is of one tenant").On("tenant")
	}
	return nil
}

func checkActor(actor id.ID) error {
	if actor.IsZero() {
		return errs.Invalid.Errorf("is missing, every change names who does it").On("actor")
	}
	return nil
}

func checkID(i id.ID) error {
	if err := i.Check(); err != nil {
		return errs.Invalid.Errorf("%s", err.Error()).On("id")
	}
	return nil
}

func checkCode(field, code string) error { return checkText(field, code, MaxCode, lowerCode) }

// checkFilter wants a code or nothing.
func checkFilter(field, code string) error {
	if code == "" {
		return nil
	}
	return checkCode(field, code)
}

// checkText never repeats the text: who takes one field for another may have written a person's data here.
func checkText(field, text string, most int, alphabet string) error {
	switch {
	case text == "":
		return errs.Invalid.Errorf("is missing, give 1 to %d characters of %s", most, said(alphabet)).On(field)
	case len(text) > most:
		return errs.Invalid.Errorf("has %d characters, at most %d are allowed", len(text), most).On(field)
	}
	for i := range len(text) {
		if strings.IndexByte(alphabet, text[i]) < 0 {
			return errs.Invalid.Errorf("has something else at character %d than %s", i+1, said(alphabet)).On(field)
		}
	}
	return nil
}

func said(alphabet string) string {
	switch alphabet {
	case lowerName:
		return "a-z, 0-9 and -"
	case lowerLogin:
		return "a-z, 0-9, ., _ and -"
	default:
		return "a-z, 0-9, _ and -"
	}
}

// checkPersonal wants text that looks the same to everybody: no control characters, no blanks around it.
func checkPersonal(field string, text Personal, least, most int) error {
	s := string(text)
	switch {
	case len(s) < least:
		return errs.Invalid.Errorf("is missing, give 1 to %d bytes", most).On(field)
	case len(s) > most:
		return errs.Invalid.Errorf("has %d bytes, at most %d are allowed", len(s), most).On(field)
	case !utf8.ValidString(s):
		return errs.Invalid.Errorf("is not UTF-8").On(field)
	case strings.TrimSpace(s) != s:
		return errs.Invalid.Errorf("begins or ends with a blank, leave it out").On(field)
	case strings.ContainsFunc(s, unicode.IsControl):
		return errs.Invalid.Errorf("has a control character, leave it out").On(field)
	}
	return nil
}

// checkSpan wants a beginning and an end after it; an end of 0 stands for none.
func checkSpan(from, until, most int64) error {
	switch {
	case from < 1 || from > most:
		return errs.Invalid.Errorf("is %d, give 1 to %d", from, most).On("from")
	case until != 0 && until <= from:
		return errs.Invalid.Errorf("is not after from; give a later one, or 0 for no end").On("until")
	case until > most:
		return errs.Invalid.Errorf("is %d, give at most %d, or 0 for no end", until, most).On("until")
	}
	return nil
}

// endless is how the rows keep an end, and ending how callers see it.
func endless(until int64) int64 {
	if until == 0 {
		return forever
	}
	return until
}

func ending(ends int64) int64 {
	if ends == forever {
		return 0
	}
	return ends
}

// first is the first error, if any.
func first(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}
