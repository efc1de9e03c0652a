// Package play plays the script through the public REST API of a node, month by month, as the people of a platform and
// their programs would, and writes down what was asked and told: the list of events from which the recount works.
//
// Within a step of a month nothing depends on its order but what happens to one loan, and that goes one after the other.
// So a step's requests are under way side by side.
package play

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/script"
	"github.com/longmen/longmen/examples/stage"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// Names of what there is one of.
const (
	Tenant = "marketplace"
	Ledger = "main"
	Asset  = "CNY"
)

// at is where everything of the ledger lies.
const at = "/v1/ledgers/" + Ledger

// Zone is the ledger's: days and months are those of Shanghai.
var Zone = time.FixedZone("Asia/Shanghai", 8*3600)

// Start is where the simulated clock stands at first.
var Start = time.Date(2021, time.January, 1, 8, 0, 0, 0, Zone)

// The days of a month on which something happens.
const (
	dayDue     = 5  // installments are due; new loans are applied for, funded and paid out
	dayLate    = 12 // who pays late does so
	dayFound   = 15 // what came in time and was not known is found
	dayEarly   = 18 // money in advance, loans closed early
	daySales   = 20 // claims are sold
	dayPayouts = 25 // the reserve pays
	dayFees    = 28 // earned fees leave the custody bank
)

// Player plays a script.
type Player struct {
	s       *script.Script
	run     *stage.Run
	c       *client.Client
	workers int

	operator  client.Caller
	staff     map[string]client.Caller // by role
	investors []*investor
	loans     []*lent
	month     int
	today     recount.Day

	Story recount.Story
	Stats Stats
}

// investor is somebody who funds loans.
type investor struct {
	party id.ID
	own   client.Caller
}

// lent is a loan as the borrower knows it from his contract.
type lent struct {
	*script.Loan
	index       int
	borrower    id.ID
	own         client.Caller // the borrower
	application id.ID         // also of its listing
	offered     bool
	code        string    // to sign with
	began       time.Time // when it was applied for, by the clock of this machine
	id          string    // of the loan in repayment
	terms       recount.Terms
	payments    []recount.Payment
	over        bool
	tale        *recount.Tale
	holders     []int         // investors
	held        map[int]int64 // units by investor
	covered     [2]int64      // interest and principal that the reserve paid in the borrower's place
	bought      map[int]bool  // who bought a claim of another one
}

// New makes a player. So many requests are under way at once.
func New(s *script.Script, run *stage.Run, c *client.Client, operator string, workers int) *Player {
	p := &Player{
		s: s, run: run, c: c, workers: workers,
		operator: client.Caller{Token: operator, Tenant: Tenant}, staff: map[string]client.Caller{},
	}
	p.Story.Investors = len(s.Investors)
	p.Story.Loans = make([]recount.Tale, len(s.Loans))
	for i, l := range s.Loans {
		p.loans = append(p.loans, &lent{Loan: l, index: i, tale: &p.Story.Loans[i], held: map[int]int64{}, bought: map[int]bool{}})
	}
	return p
}

// Play plays everything.
func (p *Player) Play(ctx context.Context) error {
	for month := range p.s.Months {
		p.month = month
		p.Stats.Month.Store(int64(month))
		if err := p.play(ctx, month); err != nil {
			return fmt.Errorf("month %s: %w", Month(month), err)
		}
	}
	return nil
}

// step is something that happens on one day of a month.
type step struct {
	phase int
	day   int
	hour  int
	do    func(context.Context) error
}

func (p *Player) play(ctx context.Context, month int) error {
	var steps []step
	if month == 0 {
		steps = append(steps, step{Opening, 1, 0, p.open}, step{Opening, 2, 9, p.people}, step{Opening, 3, 9, p.deposits})
	}
	steps = append(steps, step{Repaying, dayDue, 9, p.inTime})
	if month < script.Listings {
		steps = append(steps, step{Lending, dayDue, 10, p.applications}, step{Lending, dayDue, 11, p.funding})
	}
	if month == script.Listings {
		steps = append(steps, step{Selling, dayDue, 11, p.funders})
	}
	steps = append(steps, step{Repaying, dayLate, 9, p.late}, step{Repaying, dayFound, 9, p.found}, step{Repaying, dayEarly, 9, p.early},
		step{Selling, daySales, 9, p.sales}, step{Losing, dayPayouts, 9, p.losses}, step{Losing, dayFees, 9, p.sweep})
	for n, s := range steps {
		began := time.Now()
		p.today = Day(month, s.day)
		if s.hour > 0 { // at first there is no clock yet
			if err := p.reach(ctx, s.hour, uint64(n)); err != nil {
				return err
			}
		}
		if err := s.do(ctx); err != nil {
			return err
		}
		p.Stats.Spend(s.phase, time.Since(began))
	}
	return nil
}

// Month is the name of a month, 2021-01.
func Month(month int) string { return Day(month, 1).Time(Zone).Format("2006-01") }

// Day is a day of a month of the play.
func Day(month, day int) recount.Day {
	return recount.DayOf(Start.Year(), Start.Month()+time.Month(month), day)
}

// reach moves the ledger's clock. What is planned on the way happens.
func (p *Player) reach(ctx context.Context, hour int, n uint64) error {
	to := p.today.Time(Zone).Add(time.Duration(hour) * time.Hour)
	key, err := p.id("clock", n)
	if err != nil {
		return err
	}
	return p.c.Post(ctx, p.operator, at+"/clock", key.String(), map[string]any{"to": to.Format(time.RFC3339)}, nil)
}

// id is that of the n-th thing of a kind in this month, the same in a run that goes on.
func (p *Player) id(kind string, n uint64) (id.ID, error) { return p.run.ID(p.month, kind, n) }

// ordered is the id of the n-th of so many things of a kind whose ids have to be in their order in every run: a
// millisecond apart, and none in the future.
func (p *Player) ordered(kind string, n, of int) (id.ID, error) {
	first, err := p.id(kind, 0)
	if err != nil {
		return first, err
	}
	at := time.UnixMicro(first.Micros()).Add(time.Duration(n-of) * time.Millisecond)
	rest := first.Derive(kind, uint64(n))
	return id.New(clock.NewManual(at), bytes.NewReader(slices.Concat(rest[:], rest[:])))
}

// Each does something for each of n things, several at once.
func (p *Player) Each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(p.workers, n) {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// What the comparison has to know by name.

// Investor is the address of an investor's cash.
func (p *Player) Investor(i int) string { return Cash(p.investors[i].party) }

// Holder is the address of the account with an investor's units, or of the reserve that bought a loan.
func (p *Player) Holder(i int) string {
	if i == recount.TheReserve {
		return Reserve
	}
	return p.Investor(i)
}

// Borrower is the address of a borrower's cash.
func (p *Player) Borrower(loan int) string { return Cash(p.loans[loan].borrower) }

// Loan is the id of a loan.
func (p *Player) Loan(loan int) string { return p.loans[loan].id }

// Number is a loan's in the loan file.
func (p *Player) Number(loan int) int { return p.loans[loan].Number }

// Register is the address of a loan's register.
func (p *Player) Register(loan int) string {
	return "loan:" + strings.ReplaceAll(p.loans[loan].id, "-", "")
}

// Today is the day of the ledger's clock.
func (p *Player) Today() recount.Day { return p.today }

// Funders is how many funded a loan.
func (p *Player) Funders(loan int) (n int) {
	seen := map[int]bool{}
	for _, f := range p.Story.Loans[loan].Facts {
		if f.Kind == recount.Bid && !seen[f.Investor] {
			seen[f.Investor] = true
			n++
		}
	}
	return n
}

// Party is the id of an investor.
func (p *Player) Party(i int) string { return p.investors[i].party.String() }
