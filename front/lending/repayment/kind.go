package repayment

import "github.com/longmen/longmen/core/order"

// KindCode is the kind of orders.
const KindCode = "repayment"

// The states of an order.
const (
	Received  = "received"
	Counted   = "counted"
	Suspected = "suspected" // it looks like an earlier one made a second time; nothing was taken
	Refused   = "refused"   // by the ledger
	Reversed  = "reversed"  // it counts no more
)

// The roles and the parts.
const (
	RolePayer    = "payer"
	roleSystem   = "system"
	roleOfficer  = "officer"
	PartBorrower = "borrower"
	PartPayer    = "payer" // who paid for the borrower
)

// The transitions.
const (
	count   = "count"
	suspect = "suspect"
	refuse  = "refuse"
	reverse = "reverse"
)

// Kind declares the orders.
func Kind() order.Kind {
	return order.Kind{
		Code: KindCode, Title: "Repayment 还款", By: []string{RolePayer},
		First: Received, States: []string{Received, Counted, Suspected, Refused, Reversed}, Ends: []string{Suspected, Refused, Reversed},
		Transitions: []order.Transition{
			{Name: count, From: []string{Received}, To: Counted, By: []string{roleSystem}},
			{Name: suspect, From: []string{Received}, To: Suspected, By: []string{roleSystem}},
			{Name: refuse, From: []string{Received}, To: Refused, By: []string{roleSystem}, Reason: true},
			{Name: reverse, From: []string{Counted}, To: Reversed, By: []string{roleOfficer}},
		},
	}
}
