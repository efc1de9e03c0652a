package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/report"
)

// screen is what people see. A line that changes while something goes on is only shown on a terminal.
type screen struct {
	out  io.Writer // results
	talk io.Writer // what is said on the way
	live bool
}

func newScreen(out, talk *os.File, forPrograms bool) *screen {
	s := &screen{out: out, talk: out, live: term.IsTerminal(int(out.Fd()))}
	if forPrograms {
		s.talk, s.live = talk, term.IsTerminal(int(talk.Fd()))
	}
	return s
}

func (s *screen) say(format string, args ...any) { fmt.Fprintf(s.talk, format+"\n", args...) }

func (s *screen) json(v any) error {
	e := json.NewEncoder(s.out)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

const (
	blink   = 200 * time.Millisecond
	columns = 100
)

// during shows a line again and again until the function that is returned is called.
func (s *screen) during(line func() string) (done func()) {
	if !s.live {
		return func() {}
	}
	stop := make(chan struct{})
	var group sync.WaitGroup
	group.Go(func() {
		tick := time.NewTicker(blink)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				fmt.Fprintf(s.talk, "\r%s\r", strings.Repeat(" ", columns-1))
				return
			case <-tick.C:
				fmt.Fprintf(s.talk, "\r%-*s", columns-1, line())
			}
		}
	})
	return func() {
		close(stop)
		group.Wait()
	}
}

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
