package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/report"
)

// pace works out how long the rest of a play takes, from what bids and repayments have taken so far.
type pace struct {
	m     *market.Market
	stats *play.Stats
}

// What one of each is guessed to take before any was done.
const (
	guessBid     = 12 * time.Microsecond
	guessPayment = 200 * time.Microsecond
)

// left is the time that is left, and which part of the whole is done.
func (p pace) left() (time.Duration, float64) {
	bid, payment := guessBid, guessPayment
	bids, payments := p.stats.Bids.Load(), p.stats.Payments.Load()
	spentBids, spentPayments := p.stats.Spent(play.Bidding), p.stats.Spent(play.Repaying)
	if bids > 0 && spentBids > 0 {
		bid = max(spentBids/time.Duration(bids), 1)
	}
	if payments > 0 && spentPayments > 0 {
		payment = max(spentPayments/time.Duration(payments), 1)
	}
	rest := time.Duration(p.m.TotalBids-bids)*bid + time.Duration(p.m.TotalPayments-payments)*payment
	whole := time.Duration(p.m.TotalBids)*bid + time.Duration(p.m.TotalPayments)*payment
	return max(rest, 0), 1 - float64(rest)/float64(max(whole, 1))
}

// line is the one that people watch.
func (p pace) line() string {
	left, part := p.left()
	const bar = 20
	full := min(bar, max(0, int(part*bar)))
	rate := "-"
	if spent := p.stats.Spent(play.Repaying).Seconds(); spent > 0 {
		rate = fmt.Sprintf("%.1f M/s", float64(p.stats.Credits.Load())/spent/1e6)
	}
	return fmt.Sprintf("%s [%s%s] bids %s  repayments %s  credits %s (%s)  %s left",
		play.Month(int(p.stats.Month.Load())).Format("2006-01"), strings.Repeat("=", full), strings.Repeat(" ", bar-full),
		report.Count(p.stats.Bids.Load()), report.Count(p.stats.Payments.Load()), report.Count(p.stats.Credits.Load()), rate, report.Left(left))
}
