package sale

import "github.com/longmen/longmen/core/order"

// KindCode is the kind of orders.
const KindCode = "claim-sale"

// The states of an order.
const (
	Opening = "opening" // its units are not held yet
	Offered = "offered"
	Sold    = "sold"
	Ended   = "ended"
	Refused = "refused" // the ledger did not hold the units
)

// The roles and the part of the seller.
const (
	RoleInvestor = "investor"
	roleSystem   = "system"
	PartSeller   = "seller"
)

// Kind declares the orders.
func Kind() order.Kind {
	return order.Kind{
		Code: KindCode, Title: "Claim sale 债权转让", By: []string{RoleInvestor},
		First: Opening, States: []string{Opening, Offered, Sold, Ended, Refused}, Ends: []string{Sold, Ended, Refused},
		Transitions: []order.Transition{
			{Name: "offer", From: []string{Opening}, To: Offered, By: []string{roleSystem}},
			{Name: "refuse", From: []string{Opening}, To: Refused, By: []string{roleSystem}, Reason: true},
			{Name: "sell", From: []string{Offered}, To: Sold, By: []string{roleSystem}},
			{Name: "end", From: []string{Offered}, To: Ended, By: []string{roleSystem}, Reason: true},
		},
	}
}
