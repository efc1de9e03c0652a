package application

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/lending/agreement"
	"github.com/longmen/longmen/kit/id"
)

// Codes of an application's amounts.
const (
	Asked  = "asked"
	Raised = "raised"
)

// Application is an order of this package's kind, read.
type Application struct {
	order.Order
	Borrower id.ID
	Asked    int64
	Raised   int64 // once it is funded
	Asset    string
	Words
}

// Words are what an order keeps as its attributes.
type Words struct {
	Ledger   string            `json:"ledger"`
	Product  string            `json:"product"`
	Version  uint32            `json:"version"` // in force when it was applied for, and for ever
	Term     int               `json:"term"`
	Unit     catalog.Unit      `json:"unit"`
	Purpose  string            `json:"purpose,omitempty"`
	Region   string            `json:"region,omitempty"`
	Facts    map[string]string `json:"facts,omitempty"`    // as they were stated, as text by name
	Failed   []string          `json:"failed,omitempty"`   // rules that did not hold
	Known    map[string]string `json:"known,omitempty"`    // facts that the rules asked for, as they were known
	Offer    *Offer            `json:"offer,omitempty"`    // once it was decided
	Contract string            `json:"contract,omitempty"` // digest of the document's text, hexadecimal

	Guarantors []agreement.Guarantor `json:"guarantors,omitempty"` // each with his cash account
}

// Offer is what the borrower is offered: what it costs in all stands in it.
type Offer struct {
	Amount      int64    `json:"amount,string"`
	Grade       string   `json:"grade"`
	Rate        string   `json:"rate"` // of interest, a year
	Rows        int      `json:"rows"`
	Installment int64    `json:"installment,string"` // the first row
	Largest     int64    `json:"largest,string"`     // of what is due on one day, the last row aside unless it is the only one
	Payout      int64    `json:"payout,string"`
	Interest    int64    `json:"interest,string"`
	Fees        int64    `json:"fees,string"` // kept from the payout and due with rows
	AllIn       string   `json:"all_in"`      // yearly cost by simple interest 年化利率
	Effective   string   `json:"effective"`   // the same compounded
	Start       day.Date `json:"start"`       // if it were paid out on the day of the offer
	Days        int      `json:"days"`        // from the start to the last row
	Expires     int64    `json:"expires"`     // microseconds since 1970
}

// Loan is the id of the loan that an application leads to. Its listing has the application's own.
func (a *Application) Loan() id.ID { return a.ID.Derive("loan", 0) }

// Register is where those stand who hold the loan.
func (a *Application) Register() string { return address(a.Loan(), "") }

// terms are the loan's by an amount and a day on which it begins.
func (a *Application) terms(amount int64, grade string, start day.Date) *agreement.Terms {
	return &agreement.Terms{Amount: amount, Term: a.Term, Unit: a.Unit, Grade: grade, Start: start}
}

// Digest is the contract's.
func (a *Application) Digest() (h [32]byte, err error) {
	b, err := hex.DecodeString(a.Contract)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("application %s: the digest of its contract is %q", a.ID, a.Contract)
	}
	copy(h[:], b)
	return h, nil
}

// read reads an order.
func read(o *order.Order) (*Application, error) {
	a := &Application{Order: *o}
	if err := json.Unmarshal(o.Attributes, &a.Words); err != nil {
		return nil, fmt.Errorf("read application %s: %w", o.ID, err)
	}
	for _, p := range o.Parties {
		if p.Part == Borrower {
			a.Borrower = p.Party
		}
	}
	for _, x := range o.Amounts {
		switch x.Code {
		case Asked:
			a.Asked, a.Asset = x.Amount, x.Asset
		case Raised:
			a.Raised = x.Amount
		}
	}
	return a, nil
}
