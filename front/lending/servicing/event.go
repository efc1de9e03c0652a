package servicing

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/day"
	"github.com/longmen/longmen/finmath/loan"
	"github.com/longmen/longmen/finmath/schedule"
	"github.com/longmen/longmen/kit/id"
)

// Kind is what an event is.
type Kind string

// The kinds.
const (
	Disbursed   Kind = "disbursed"
	Repaid      Kind = "repaid"
	Settled     Kind = "settled" // repaid to the end, as a quote says
	Covered     Kind = "covered" // paid to the holders in the borrower's place
	Charged     Kind = "charged"
	Reversed    Kind = "reversed" // an earlier event counts no more
	Deferred    Kind = "deferred"
	Rescheduled Kind = "rescheduled"
	Repriced    Kind = "repriced"

	Restructured Kind = "restructured" // a new schedule, and a new rate if there is one
	Bought       Kind = "bought"       // all units moved to one who paid for the borrower
	WrittenOff   Kind = "written-off"
	Recovered    Kind = "recovered" // money that came after it was written off
	Ended        Kind = "ended"     // nothing is done to the loan any more
)

// Outcome is what became of an event.
type Outcome string

// The outcomes, beside the names of the ledger's refusals.
const (
	Applied   Outcome = "applied"
	Suspected Outcome = "suspected" // it looks like an earlier payment made a second time; nothing was taken
	Waiting   Outcome = "waiting"   // whoever has to pay has no money: it is paid once he has
)

// Event is something that happened to a loan. Which fields count depends on its kind. It never changes.
type Event struct {
	Number uint32   `json:"number"` // 1, 2, 3… within the loan
	ID     id.ID    `json:"id"`     // made by who asked for it
	Kind   Kind     `json:"kind"`
	Date   day.Date `json:"date"` // from which it counts
	At     int64    `json:"at"`   // by the ledger's clock, microseconds since 1970
	Actor  id.ID    `json:"actor,omitzero"`
	Behalf id.ID    `json:"behalf,omitzero"`
	Hash   string   `json:"hash"` // of what was asked

	Asked     int64                    `json:"asked,omitempty"`  // what was offered
	Amount    int64                    `json:"amount,omitempty"` // what was taken of it
	Kept      int64                    `json:"kept,omitempty"`   // what went to the loan's credit account, or came from it
	Payer     string                   `json:"payer,omitempty"`
	Fee       int64                    `json:"fee,omitempty"`    // what closing early costs, in the amount
	Anyway    bool                     `json:"anyway,omitempty"` // also if it looks like a second payment
	Component loan.Component           `json:"component,omitempty"`
	Due       day.Date                 `json:"due,omitempty"`
	Rows      int                      `json:"rows,omitempty"`
	Holiday   schedule.HolidayInterest `json:"holiday,omitempty"`
	Rate      string                   `json:"rate,omitempty"`
	Keep      bool                     `json:"keep,omitempty"`
	Of        id.ID                    `json:"of,omitzero"`           // the event that is meant
	Paid      int64                    `json:"paid_at,omitempty"`     // when the payer paid, if that was said; microseconds since 1970
	Received  int64                    `json:"received_at,omitempty"` // when the money came, if that was said
	Approval  id.ID                    `json:"approval,omitzero"`
	Reason    string                   `json:"reason,omitempty"` // a code, of what ended

	Payers  []PayerPart `json:"payers,omitempty"`  // who paid what, if several did; the first of them is Payer
	Waits   []Wait      `json:"waits,omitempty"`   // what some of them could not pay for want of money
	Costs   int64       `json:"costs,omitempty"`   // of recovering, kept from what was recovered
	Claimed int64       `json:"claimed,omitempty"` // what of it goes to those who paid for the borrower
	Units   uint64      `json:"units,omitempty"`   // that were bought
	Upfront int64       `json:"upfront,omitempty"` // what the platform kept when the loan was paid out

	Outcome Outcome    `json:"outcome"`
	Split   loan.Split `json:"split"`            // by which the amount was divided, as was known then
	Booked  Division   `json:"booked"`           // forward, by this event's own command
	Undone  []uint32   `json:"undone,omitempty"` // events whose commands were taken back first

	Deducted  []int64      `json:"deducted,omitempty"`  // from lines, by this event's own command, for each of the contract's deductions
	Corrected []Correction `json:"corrected,omitempty"` // differences to earlier events, by this event's command too

	Command  id.ID  `json:"command,omitzero"`
	Sequence uint64 `json:"sequence,omitempty"` // of that command
	Index    uint16 `json:"index,omitempty"`    // of the distribution in it
}

// UnmarshalJSON reads an event as it was written.
func (e *Event) UnmarshalJSON(text []byte) error {
	type plain Event
	x := struct {
		*plain
		Actor anybody `json:"actor"`
	}{plain: (*plain)(e)}
	if err := json.Unmarshal(text, &x); err != nil {
		return err
	}
	e.Actor = id.ID(x.Actor)
	return nil
}

// anybody is the id of an actor: that of the platform's operator is no UUID of version 7, which ids are read as otherwise.
type anybody id.ID

// UnmarshalText reads the usual form.
func (a *anybody) UnmarshalText(text []byte) error {
	digits := bytes.ReplaceAll(text, []byte("-"), nil)
	if len(digits) != hex.EncodedLen(id.Size) {
		return fmt.Errorf("%q is no id of an actor", text)
	}
	_, err := hex.Decode(a[:], digits)
	return err
}

// Given is what the payer gave: beside what was taken, what went to the credit account, or without what came from it.
func (e *Event) Given() int64 { return max(0, e.Amount+e.Kept) }

// counts gives the event as finmath counts it: none, one or more.
func (e *Event) counts() ([]loan.Event, error) {
	x := loan.Event{Date: e.Date, Amount: e.Amount, Component: e.Component, Due: e.Due, Rows: e.Rows, Holiday: e.Holiday, KeepInstallment: e.Keep}
	switch e.Kind {
	case Disbursed:
		x.Type = loan.Disburse
	case Repaid, Recovered:
		x.Type = loan.Repay
		if x.Amount == 0 {
			return nil, nil // all of it was kept as credit, or for costs
		}
	case Settled:
		x.Type = loan.Payoff
		if e.Fee > 0 {
			return []loan.Event{{Type: loan.Charge, Component: loan.Fee, Date: e.Date, Due: e.Date, Amount: e.Fee}, x}, nil
		}
	case Charged:
		x.Type = loan.Charge
	case Deferred:
		x.Type = loan.Defer
	case Rescheduled:
		x.Type = loan.Reschedule
	case Restructured:
		x.Type = loan.Reschedule
		if e.Rate != "" {
			rate, err := e.rate()
			return []loan.Event{x, {Type: loan.ChangeRate, Date: e.Date, AnnualRate: rate}}, err
		}
	case Repriced:
		x.Type = loan.ChangeRate
		rate, err := e.rate()
		if err != nil {
			return nil, err
		}
		x.AnnualRate = rate
	default:
		return nil, nil
	}
	return []loan.Event{x}, nil
}

func (e *Event) rate() (*apd.Decimal, error) {
	rate, _, err := apd.NewFromString(e.Rate)
	if err != nil {
		return nil, fmt.Errorf("%q is no rate a year, such as 0.12", e.Rate)
	}
	return rate, nil
}

// count lists the events as finmath counts them, without those that were reversed, after those of the contract.
func (l *Loan) count() ([]loan.Event, error) {
	list := make([]loan.Event, 0, len(l.contract.Opening)+len(l.Events)+1)
	list = append(list, l.contract.Opening...)
	for i := range l.Events {
		e := &l.Events[i]
		if e.Outcome != Applied || l.reversed[e.ID] {
			continue
		}
		x, err := e.counts()
		if err != nil {
			return nil, err
		}
		list = append(list, x...)
	}
	return list, nil
}
