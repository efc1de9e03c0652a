package market

import "github.com/longmen/longmen/kit/errs"

// Bounds.
const (
	MaxPage     = 1_000
	MaxCode     = 32
	MaxName     = 64
	MaxAddress  = 255
	MaxTranches = 8
	MaxUnits    = 1_000_000_000_000
	MaxAmount   = 1_000_000_000_000_000_000
)

// The outcomes that a bidder must tell apart, beside errs.Invalid, NotFound and Forbidden.
var (
	// Closed means that the listing takes no bids: not yet, or no more.
	Closed = errs.Define("market_closed", 409, "The listing takes no bids")
	// SoldOut means that less is left than was asked for.
	SoldOut = errs.Define("market_sold_out", 409, "Less is left than was asked for")
	// ShareReached means that one investor would hold more of the loan than one may.
	ShareReached = errs.Define("market_share", 409, "One investor would hold more of the loan than the product allows")
	// NoMoney means that the investor's account does not give the money.
	NoMoney = errs.Define("market_no_money", 409, "The investor's account does not give the money")
	// NotAdmitted means that the product's limits are against it; the message names the rule.
	NotAdmitted = errs.Define("market_not_admitted", 409, "The product's limits do not let this investor bid so much")
	// Own means that the investor is the borrower.
	Own = errs.Define("market_own", 409, "Nobody funds his own loan")
	// Settled means that the bid can't be cancelled any more.
	Settled = errs.Define("market_settled", 409, "The listing is settled")
)

func invalid(field, format string, args ...any) error {
	return errs.Invalid.Errorf(format, args...).On(field)
}
