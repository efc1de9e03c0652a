package application

import "github.com/longmen/longmen/core/order"

// Kind is the code of the kind of order.
const Kind = "loan-application"

// The states.
const (
	Documents  = "documents" // something that the product asks for is missing
	Applied    = "applied"
	Review     = "review" // a person decides
	Offered    = "offered"
	Signed     = "signed"
	Listed     = "listed" // open for bids
	Funded     = "funded"
	Repaying   = "repaying" // paid out; whether it is overdue follows from the date
	Settled    = "settled"
	WrittenOff = "written-off"
	Closed     = "closed" // no payment can be returned any more, nothing more is expected
	Refused    = "refused"
	Withdrawn  = "withdrawn"
	Expired    = "expired"
	Unfunded   = "unfunded"
)

// The roles: in which somebody acts. That he has it is for the doors to check.
const (
	Borrower = "borrower"
	Officer  = "officer"
	System   = "system"
)

// The transitions.
const (
	complete = "complete"
	refer    = "refer"
	offer    = "offer"
	refuse   = "refuse"
	approve  = "approve"
	decline  = "decline"
	signIt   = "sign"
	list     = "list"
	fund     = "fund"
	fail     = "fail"
	disburse = "disburse"
	settle   = "settle"
	reopen   = "reopen"
	writeOff = "write-off"
	closeIt  = "close"
	withdraw = "withdraw"
	expire   = "expire"
)

// Declaration is the kind with its state machine.
func Declaration() order.Kind {
	by := func(roles ...string) []string { return roles }
	from := func(states ...string) []string { return states }
	return order.Kind{
		Code: Kind, Title: "Loan application 借款申请", By: by(Borrower, Officer), First: Documents,
		States: []string{
			Documents, Applied, Review, Offered, Signed, Listed, Funded, Repaying, Settled, WrittenOff, Closed, Refused, Withdrawn, Expired, Unfunded,
		},
		Ends: []string{Closed, Refused, Withdrawn, Expired, Unfunded},
		Transitions: []order.Transition{
			{Name: complete, From: from(Documents), To: Applied, By: by(System)},
			{Name: refer, From: from(Applied), To: Review, By: by(System), Reason: true},
			{Name: offer, From: from(Applied), To: Offered, By: by(System)},
			{Name: approve, From: from(Review), To: Offered, By: by(Officer)},
			{Name: refuse, From: from(Applied), To: Refused, By: by(System), Reason: true},
			{Name: decline, From: from(Review), To: Refused, By: by(Officer), Reason: true},
			{Name: signIt, From: from(Offered), To: Signed, By: by(Borrower)},
			{Name: list, From: from(Signed), To: Listed, By: by(System)},
			{Name: fund, From: from(Listed), To: Funded, By: by(System)},
			{Name: fail, From: from(Listed), To: Unfunded, By: by(System)},
			{Name: disburse, From: from(Funded), To: Repaying, By: by(System)},
			{Name: settle, From: from(Repaying, WrittenOff), To: Settled, By: by(System)},
			{Name: reopen, From: from(Settled, WrittenOff), To: Repaying, By: by(System)},
			{Name: writeOff, From: from(Repaying), To: WrittenOff, By: by(System)},
			{Name: closeIt, From: from(Settled, WrittenOff), To: Closed, By: by(Officer), Reason: true},
			{Name: withdraw, From: from(Documents, Applied, Review, Offered), To: Withdrawn, By: by(Borrower, Officer)},
			{Name: expire, From: from(Offered), To: Expired, By: by(System)},
		},
	}
}
