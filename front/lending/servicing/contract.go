package servicing

import (
	"context"
	"encoding/json"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/finmath/calendar"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/kit/id"
)

// Tranches are the parts that a loan's register counts for themselves, in their order.
var Tranches = []string{"principal", "interest", "charge"}

// The places of the tranches.
const (
	toPrincipal = iota
	toInterest
	toCharge
	tranches
)

// Over says what becomes of money beyond what is due.
type Over uint8

// What becomes of it.
const (
	Advance Over = iota // it pays rows to come
	Credit              // it stays on the loan's credit account
	Refund              // it is not taken
)

// Contract is what was agreed, ready to be replayed.
type Contract struct {
	Agreement loan.Agreement
	Opening   []loan.Event // that the contract begins with: fees that fall due, not the disbursement
	Over      Over
	Lateness  Lateness
	NoPrepay  bool   // it is not closed before its last due date
	Days      string // names calendar and rule to Contracts.Days
	// Divide says who gets what of one payment.
	Divide func(loan.Split) (Division, error)
	// Taxed says what of a payment the platform gets in fees whose tax is known; nil: of no fee it is.
	Taxed func(loan.Split) (Taxed, error)
	// Upfront are those that it keeps when the loan is paid out.
	Upfront Taxed
	// PayoffFee is what closing costs before the last due date with so much principal outstanding; nil: nothing.
	PayoffFee func(balance int64) (int64, error)
	Losses    Losses
	// Deductions are taken from the holders' lines.
	Deductions []ledger.Deduction
	// DeductedTax is the part of each of them that is tax; nil where it is not known.
	DeductedTax []*amount.Fraction
}

// Contracts gives contracts their meaning.
type Contracts interface {
	// Contract reads what a loan was agreed by.
	Contract(ctx context.Context, d *Deed) (*Contract, error)
	// Days are a calendar, as it is known now, and the rule by which due dates move off holidays.
	Days(ctx context.Context, tenant id.ID, code string) (*calendar.Calendar, calendar.Rule, error)
}

// Deed is what was agreed once and for all.
type Deed struct {
	Tenant   id.ID           `json:"-"`
	Loan     id.ID           `json:"-"`
	Ledger   string          `json:"ledger"`
	Asset    string          `json:"asset"`
	Borrower id.ID           `json:"borrower"`
	Product  string          `json:"product"`
	Version  uint32          `json:"version"`
	Terms    json.RawMessage `json:"terms"` // for Contracts
	Places   Places          `json:"places"`
}

// Places are a loan's addresses in the ledger.
type Places struct {
	Register  string `json:"register"` // of those who hold it, with Tranches
	Payer     string `json:"payer"`    // the borrower's cash
	Credit    string `json:"credit"`   // what he has paid beyond what was due
	Platform  string `json:"platform"` // fees
	Reserve   string `json:"reserve"`
	Guarantee string `json:"guarantee,omitempty"` // of the guarantors together
	Cover     string `json:"cover,omitempty"`     // pays what holders can't give back, and is owed it; empty: then nothing is taken back
	Lost      string `json:"lost,omitempty"`      // counts what was written off and not recovered, a debit; empty: the books do not count it
	Contra    string `json:"contra,omitempty"`    // its other side
}

// Part is what one account gets.
type Part struct {
	Account string `json:"account"`
	Amount  int64  `json:"amount"`
}

// Division is who gets what.
type Division struct {
	Holders [tranches]int64 `json:"holders"`
	Parts   []Part          `json:"parts,omitempty"`
	Credit  int64           `json:"credit,omitempty"` // to the loan's credit account, or from it
	Lost    int64           `json:"lost,omitempty"`   // counted as written off, or no more: nobody gets it
}

// Add adds an amount for an account.
func (d *Division) Add(account string, amount int64) {
	if amount == 0 {
		return
	}
	for i := range d.Parts {
		if d.Parts[i].Account == account {
			d.Parts[i].Amount += amount
			return
		}
	}
	d.Parts = append(d.Parts, Part{account, amount})
}

// plus adds n times another division.
func (d *Division) plus(o *Division, n int64) {
	for i := range d.Holders {
		d.Holders[i] += n * o.Holders[i]
	}
	for _, p := range o.Parts {
		d.Add(p.Account, n*p.Amount)
	}
	d.Credit += n * o.Credit
	d.Lost += n * o.Lost
}

// clone is a copy that shares nothing.
func (d *Division) clone() Division {
	var c Division
	c.plus(d, 1)
	return c
}

// Total is the sum of all: what the payer gives.
func (d *Division) Total() int64 {
	sum := d.held() + d.Credit
	for _, p := range d.Parts {
		sum += p.Amount
	}
	return sum
}

// of is what a single account gets.
func (d *Division) of(account string) int64 {
	for _, p := range d.Parts {
		if p.Account == account {
			return p.Amount
		}
	}
	return 0
}

// held is what goes to the holders.
func (d *Division) held() int64 {
	return d.Holders[toPrincipal] + d.Holders[toInterest] + d.Holders[toCharge]
}

// short reports whether somebody would have to give something back. The credit account always can: what lies there is
// the payer's.
func (d *Division) short() bool {
	for _, x := range d.Holders {
		if x < 0 {
			return true
		}
	}
	for _, p := range d.Parts {
		if p.Amount < 0 {
			return true
		}
	}
	return false
}

// none reports whether nobody gets or gives anything.
func (d *Division) none() bool {
	for _, p := range d.Parts {
		if p.Amount != 0 {
			return false
		}
	}
	return d.Holders == [tranches]int64{} && d.Credit == 0 && d.Lost == 0
}
