package document

import (
	"fmt"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/errs"
)

// The most of what a document holds.
const (
	MaxText       = 400    // letters of one text
	MaxLenders    = 50_000 // rows of an annex
	MaxRows       = 2_000  // rows of a schedule
	MaxSignatures = 10
	MaxRate       = 10_000_000_000    // millionths: 1,000,000 %
	MaxGuarantors = MaxSignatures - 2 // beside the borrower and the platform
)

// Currency is what the amounts of a document are in.
type Currency struct {
	Code   string // CNY
	Digits int
}

// Party is one of those who make a contract.
type Party struct {
	Name       string
	Identifier string // as it may be shown
	Address    string
}

// Signature is a signature that was given, or is to be given while At is zero.
type Signature struct {
	Role   string // borrower, guarantor, lender, seller, buyer, platform
	Name   string
	At     time.Time // in the zone in which it is to be shown
	Method string    // how, e.g. one-time code by SMS
}

// Charge is something that is paid beside principal and interest.
type Charge struct {
	Name   string
	When   string // it is paid
	Amount string // or how it is worked out
}

// Agreement is a loan agreement: signed for up to an amount before the loan is listed, completed by an annex.
type Agreement struct {
	Number       string
	Date         day.Date
	Currency     Currency
	Borrower     Party
	Platform     Party
	UpTo         int64
	Purpose      string
	AnnualRate   int64 // millionths: 120000 is 12%
	AllInRate    int64 // millionths
	PenaltyRate  int64 // millionths a day, of what is overdue; 0: the charges say what it costs
	Method       schedule.Method
	Schedule     []schedule.Row // for the whole amount
	Charges      []Charge       // all that there are
	Jurisdiction string
	Guarantors   []Guarantor
	Signatures   []Signature

	Form       int    // of its text, up to AgreementForm; 0: as it was first. What is signed keeps its own
	GraceDays  int    // within which nothing is charged at that rate
	Penalties  bool   // the charges have some for late payment
	Prepayable bool   // it may be paid off before its last due date
	Payoff     string // to when interest is owed then: to_the_day, to_the_due_date or to_the_end
	Beyond     string // where money beyond what is due goes: principal, principal_on_due_date, installments, credit or none
}

// AgreementForm is that in which agreements are written now. Another wording is another form: what was signed by an older one is
// written again by that one, to the letter.
const AgreementForm = 2

// Guarantor pays for the borrower when he does not.
type Guarantor struct {
	Party
	Share int64 // in proportion to it; 0: one pays after the other
	Limit int64 // most that he has paid and not got back; 0: none
}

// InShares says whether each guarantor pays his share.
func (a *Agreement) InShares() bool { return len(a.Guarantors) > 0 && a.Guarantors[0].Share > 0 }

// Disclosure tells a borrower, before he signs, what a loan costs in all.
type Disclosure struct {
	Number      string
	Agreement   string
	Date        day.Date
	Currency    Currency
	Borrower    Party
	Platform    Party
	Product     string
	Amount      int64
	Payout      int64 // what he gets of it
	Interest    int64 // in all
	Fees        int64 // in all, if everything is paid on its day
	Installment int64 // the first
	Rows        int
	Method      schedule.Method
	First, Last day.Date // on which something is due
	AnnualRate  int64    // millionths, of interest
	AllInRate   int64    // millionths, with all that is paid
	Effective   int64    // the same compounded
	Charges     []Charge
}

// Total is all that is paid back and kept.
func (d *Disclosure) Total() int64 { return d.Amount + d.Interest + d.Fees }

// Lender is a row of an annex.
type Lender struct {
	Number     int // of the holder, never used again
	Name       string
	Identifier string
	Amount     int64
}

// Annex completes an agreement with those who lent.
type Annex struct {
	Number    string
	Agreement string
	Digest    [32]byte // of the agreement
	Date      day.Date
	Currency  Currency
	Borrower  Party
	Funded    int64
	Lenders   []Lender
	Platform  Party
	Signed    []Signature
}

// Assignment notes the transfer of a claim (债权转让).
type Assignment struct {
	Number     string
	Agreement  string
	Date       day.Date
	Currency   Currency
	Seller     Party
	Buyer      Party
	Borrower   Party
	Principal  int64 // outstanding, that moves
	Accrued    int64 // interest that the price holds
	Price      int64
	Fee        int64 // of the seller
	Effective  day.Date
	Signatures []Signature
}

// checker collects the first thing that is wrong with data.
type checker struct{ err error }

func (c *checker) fail(field, format string, args ...any) {
	if c.err == nil {
		c.err = errs.Invalid.Errorf(format, args...).On(field)
	}
}

// text refuses what would not stand on a line as it was written.
func (c *checker) text(field, s string, needed bool) {
	switch {
	case needed && s == "":
		c.fail(field, "it is missing")
	case !utf8.ValidString(s):
		c.fail(field, "it is not UTF-8")
	case utf8.RuneCountInString(s) > MaxText:
		c.fail(field, "it has %d letters, at most %d", utf8.RuneCountInString(s), MaxText)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			c.fail(field, "it has the control character U+%04X", r)
			return
		}
	}
}

func (c *checker) party(field string, p Party) {
	c.text(field+".name", p.Name, true)
	c.text(field+".identifier", p.Identifier, false)
	c.text(field+".address", p.Address, false)
}

func (c *checker) amount(field string, x, least int64) {
	if x < least || x > amount.Max {
		c.fail(field, "it is %d minor units, take %d to %d", x, least, amount.Max)
	}
}

func (c *checker) rate(field string, ppm int64) {
	if ppm < 0 || ppm > MaxRate {
		c.fail(field, "it is %d millionths, take 0 to %d", ppm, int64(MaxRate))
	}
}

func (c *checker) date(field string, d day.Date) {
	if d < day.Min || d > day.Max {
		c.fail(field, "it lies outside of %s to %s", day.Min, day.Max)
	}
}

func (c *checker) currency(x Currency) {
	c.text("currency.code", x.Code, true)
	if x.Digits < 0 || x.Digits > amount.MaxDigits {
		c.fail("currency.digits", "it is %d, take 0 to %d", x.Digits, amount.MaxDigits)
	}
}

func (c *checker) signatures(list []Signature) {
	if len(list) > MaxSignatures {
		c.fail("signatures", "there are %d, at most %d", len(list), MaxSignatures)
	}
	for i, s := range list {
		field := fmt.Sprintf("signatures[%d]", i)
		c.text(field+".role", s.Role, true)
		c.text(field+".name", s.Name, true)
		c.text(field+".method", s.Method, !s.At.IsZero())
	}
}

func (a *Agreement) check(c *checker) {
	if a.Form < 0 || a.Form > AgreementForm {
		c.fail("form", "it is %d, take 0 to %d", a.Form, AgreementForm)
	}
	c.text("number", a.Number, true)
	c.date("date", a.Date)
	c.currency(a.Currency)
	c.party("borrower", a.Borrower)
	c.party("platform", a.Platform)
	c.amount("up_to", a.UpTo, 1)
	c.text("purpose", a.Purpose, true)
	c.rate("annual_rate", a.AnnualRate)
	c.rate("all_in_rate", a.AllInRate)
	c.rate("penalty_rate", a.PenaltyRate)
	if _, ok := methods[a.Method]; !ok {
		c.fail("method", "there is no name for it")
	}
	c.charges(a.Charges)
	c.text("jurisdiction", a.Jurisdiction, true)
	c.guarantors(a.Guarantors)
	c.signatures(a.Signatures)
	if n := len(a.Schedule); n < 1 || n > MaxRows {
		c.fail("schedule", "it has %d rows, take 1 to %d", n, MaxRows)
	}
	sum := int64(0)
	for i, r := range a.Schedule {
		for _, x := range []int64{r.Principal, r.Interest, r.Fee} {
			c.amount(fmt.Sprintf("schedule[%d]", i), x, 0)
		}
		sum += r.Principal
	}
	if sum != a.UpTo {
		c.fail("schedule", "its principal is %d, not the amount %d", sum, a.UpTo)
	}
}

func (c *checker) guarantors(list []Guarantor) {
	if len(list) > MaxGuarantors {
		c.fail("guarantors", "there are %d, at most %d", len(list), MaxGuarantors)
	}
	for i, g := range list {
		field := fmt.Sprintf("guarantors[%d]", i)
		c.party(field, g.Party)
		c.amount(field+".limit", g.Limit, 0)
		c.amount(field+".share", g.Share, 0)
	}
}

// maxCharges is more than a product has.
const maxCharges = 100

func (c *checker) charges(list []Charge) {
	if len(list) > maxCharges {
		c.fail("charges", "there are %d, at most %d", len(list), maxCharges)
	}
	for i, x := range list {
		field := fmt.Sprintf("charges[%d]", i)
		c.text(field+".name", x.Name, true)
		c.text(field+".when", x.When, true)
		c.text(field+".amount", x.Amount, true)
	}
}

func (d *Disclosure) check(c *checker) {
	c.text("number", d.Number, true)
	c.text("agreement", d.Agreement, true)
	for field, x := range map[string]day.Date{"date": d.Date, "first": d.First, "last": d.Last} {
		c.date(field, x)
	}
	c.currency(d.Currency)
	c.party("borrower", d.Borrower)
	c.party("platform", d.Platform)
	c.text("product", d.Product, true)
	c.amount("amount", d.Amount, 1)
	c.amount("payout", d.Payout, 1)
	for field, x := range map[string]int64{"interest": d.Interest, "fees": d.Fees, "installment": d.Installment} {
		c.amount(field, x, 0)
	}
	for field, x := range map[string]int64{"annual_rate": d.AnnualRate, "all_in_rate": d.AllInRate, "effective": d.Effective} {
		c.rate(field, x)
	}
	if _, ok := methods[d.Method]; !ok {
		c.fail("method", "there is no name for it")
	}
	c.charges(d.Charges)
}

func (a *Annex) check(c *checker) {
	c.text("number", a.Number, true)
	c.text("agreement", a.Agreement, true)
	c.date("date", a.Date)
	c.currency(a.Currency)
	c.party("borrower", a.Borrower)
	c.party("platform", a.Platform)
	c.signatures(a.Signed)
	if n := len(a.Lenders); n < 1 || n > MaxLenders {
		c.fail("lenders", "there are %d, take 1 to %d", n, MaxLenders)
	}
	sum := int64(0)
	for i, l := range a.Lenders {
		field := fmt.Sprintf("lenders[%d]", i)
		c.text(field+".name", l.Name, true)
		c.text(field+".identifier", l.Identifier, false)
		c.amount(field+".amount", l.Amount, 1)
		if c.err != nil {
			return
		}
		if sum > amount.Max-l.Amount {
			c.fail(field+".amount", "the sum is larger than %d", amount.Max)
			return
		}
		sum += l.Amount
	}
	if sum != a.Funded {
		c.fail("funded", "it is %d, the lenders' amounts sum up to %d", a.Funded, sum)
	}
}

func (a *Assignment) check(c *checker) {
	c.text("number", a.Number, true)
	c.text("agreement", a.Agreement, true)
	c.date("date", a.Date)
	c.date("effective", a.Effective)
	c.currency(a.Currency)
	c.party("seller", a.Seller)
	c.party("buyer", a.Buyer)
	c.party("borrower", a.Borrower)
	c.amount("principal", a.Principal, 0) // of a claim all of whose principal is repaid, interest may be left
	c.amount("accrued", a.Accrued, 0)
	c.amount("price", a.Price, 0)
	c.amount("fee", a.Fee, 0)
	c.signatures(a.Signatures)
}
