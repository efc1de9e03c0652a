package play

import (
	"strconv"
	"time"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
)

// Asset is what everything is counted in: dollars with two digits.
const (
	Asset = "USD"
	scale = 2
)

// Account is a line of the chart of accounts.
type Account struct {
	Code       uint32
	Name       string
	Address    string // "" where there are many
	Side       pb.Side
	Type       pb.AccountType
	Constraint pb.Constraint
	Client     bool // client money: what must lie at the custody bank
}

const (
	debit     = pb.Side_SIDE_DEBIT
	credit    = pb.Side_SIDE_CREDIT
	asset     = pb.AccountType_ACCOUNT_TYPE_ASSET
	liability = pb.AccountType_ACCOUNT_TYPE_LIABILITY
	bounded   = pb.Constraint_CONSTRAINT_NONNEGATIVE
	unbounded = pb.Constraint_CONSTRAINT_UNBOUNDED
)

// Chart is the chart of accounts, by code.
var Chart = []Account{
	{1010, "custody bank cash", Custody, debit, asset, bounded, false},
	{1020, "own bank cash", Own, debit, asset, bounded, false},
	{2010, "investors' cash", "", credit, liability, bounded, true},
	{2020, "escrow of listings", "", credit, liability, bounded, true},
	{2030, "borrowers' cash", "", credit, liability, bounded, true},
	{2040, "unclaimed", Unclaimed, credit, liability, bounded, true},
	{3010, "capital", Capital, credit, pb.AccountType_ACCOUNT_TYPE_EQUITY, bounded, false},
	{4010, "fees earned", Fees, credit, pb.AccountType_ACCOUNT_TYPE_INCOME, unbounded, false},
	{5010, "recalls covered", Cover, debit, pb.AccountType_ACCOUNT_TYPE_EXPENSE, unbounded, false},
}

// Codes of the accounts that there are many of.
const (
	codeInvestor = 2010
	codeEscrow   = 2020
	codeBorrower = 2030
)

// Accounts that there is one of.
const (
	Custody   = "bank:custody"
	Own       = "bank:own"
	Unclaimed = "platform:unclaimed"
	Capital   = "platform:capital"
	Fees      = "platform:fees"
	Cover     = "platform:cover"
)

// StartCapital is what the platform begins with, in cents.
const StartCapital = 10_000_00

// Purposes of commands.
const (
	purposeOpen = iota + 1
	PurposeDeposit
	PurposeBid
	PurposeDisburse
	PurposeCollect
	PurposeRepay
	PurposeSale
	PurposeWithdraw
	PurposeRecall
	PurposeCover
	PurposeFees
	purposeFreeze
	purposeClock
)

// Purposes are what a statement calls them.
var Purposes = map[uint32]string{
	PurposeDeposit: "deposit", PurposeBid: "bid", PurposeDisburse: "disbursement", PurposeCollect: "collection",
	PurposeRepay: "repayment", PurposeSale: "sale of units", PurposeWithdraw: "withdrawal", PurposeRecall: "recall",
	PurposeCover: "recall covered", PurposeFees: "fees swept",
}

// Investor is the address of an investor's account.
func Investor(i int) string { return "investor:" + strconv.Itoa(i+1) + ":cash" }

// Register is the address of a loan's register.
func Register(loan int) string { return "loan:" + strconv.Itoa(loan) }

// Escrow is the address of the account in which the bids for a loan lie until it is funded.
func Escrow(loan int) string { return "loan:" + strconv.Itoa(loan) + ":escrow" }

// Borrower is the address of the account of a loan's borrower.
func Borrower(loan int) string { return "loan:" + strconv.Itoa(loan) + ":borrower" }

// Start is where the simulated clock stands at first.
var Start = time.Date(2021, time.January, 1, 0, 0, 0, 0, time.UTC)

// Month is the first instant of a month of the play.
func Month(m int) time.Time { return Start.AddDate(0, m, 0) }
