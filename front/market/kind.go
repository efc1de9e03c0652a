package market

import "github.com/longmen/longmen/core/order"

// KindCode is the kind of orders that bids are.
const KindCode = "bid"

// The states of a bid.
const (
	BidPlaced    = "placed"
	BidCancelled = "cancelled"
	BidFunded    = "funded"
	BidReturned  = "returned" // the listing failed, the money is back
)

// The roles and the part of the investor.
const (
	RoleInvestor = "investor"
	roleMandate  = "mandate"
	roleSystem   = "system"
	PartInvestor = "investor"
)

// Kind declares the orders.
func Kind() order.Kind {
	return order.Kind{
		Code: KindCode, Title: "Bid 投标", By: []string{RoleInvestor, roleMandate},
		First: BidPlaced, States: []string{BidPlaced, BidCancelled, BidFunded, BidReturned}, Ends: []string{BidCancelled, BidFunded, BidReturned},
		Transitions: []order.Transition{
			{Name: "cancel", From: []string{BidPlaced}, To: BidCancelled, By: []string{RoleInvestor}},
			{Name: "fund", From: []string{BidPlaced}, To: BidFunded, By: []string{roleSystem}},
			{Name: "return", From: []string{BidPlaced}, To: BidReturned, By: []string{roleSystem}},
		},
	}
}
