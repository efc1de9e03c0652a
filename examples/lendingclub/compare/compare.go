// Package compare lays what the ledger says beside what the recount came to: every account, every holding. It also holds
// each holding that never changed against the dumb check, which knows no rule: what was paid may not be a whole cent
// away from the exact share.
package compare

import (
	"context"
	"fmt"
	"math/bits"
	"sort"
	"strings"
	"sync"
	"sync/atomic"

	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/examples/lendingclub/client"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/recount"
)

// Source is what is asked of the ledger.
type Source interface {
	Balances(ctx context.Context, addresses []string) ([]*pb.Balance, error)
	Holders(ctx context.Context, register string) ([]client.Holding, error)
}

// Findings are the outcome.
type Findings struct {
	Accounts int // compared with the recount
	Holdings int
	Simple   int              // holdings that the dumb check looked at
	Furthest recount.Distance // that it found
	Wrong    int              // how many things differ
	First    []string         // the first of them, in words
}

const mostWords = 20

// checker gathers what several readers find.
type checker struct {
	m     *market.Market
	books *recount.Books
	done  *atomic.Int64

	mu    sync.Mutex
	found Findings
}

func (c *checker) wrong(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found.Wrong++
	if len(c.found.First) < mostWords {
		c.found.First = append(c.found.First, fmt.Sprintf(format, args...))
	}
}

// Check reads everything from the sources, each of which is a connection of its own. done counts what was compared, if
// it is not nil.
func Check(ctx context.Context, m *market.Market, books *recount.Books, answered *play.Answered, done *atomic.Int64, sources ...Source) (*Findings, error) {
	if done == nil {
		done = new(atomic.Int64)
	}
	c := &checker{m: m, books: books, done: done}
	c.answers(answered)
	expected := c.expected()
	pages := (len(expected) + client.MaxBalances - 1) / client.MaxBalances
	err := spread(ctx, sources, pages, func(ctx context.Context, s Source, i int) error {
		return c.balances(ctx, s, expected[i*client.MaxBalances:min((i+1)*client.MaxBalances, len(expected))])
	})
	if err == nil {
		err = spread(ctx, sources, len(m.Loans), func(ctx context.Context, s Source, i int) error { return c.loan(ctx, s, i) })
	}
	if err != nil {
		return nil, err
	}
	sort.Strings(c.found.First)
	return &c.found, nil
}

// spread gives the numbers below n to the sources.
func spread(ctx context.Context, sources []Source, n int, each func(ctx context.Context, s Source, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var next atomic.Int64
	var group sync.WaitGroup
	for _, s := range sources {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := each(ctx, s, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// expect is what an account must say.
type expect struct {
	address string
	balance int64
}

// expected lists every account of the play.
func (c *checker) expected() []expect {
	b := c.books
	list := []expect{
		{play.Custody, b.Custody},
		{play.Own, play.StartCapital + b.Own},
		{play.Unclaimed, b.Unclaimed},
		{play.Capital, play.StartCapital},
		{play.Fees, b.Fees},
		{play.Cover, b.Cover},
	}
	for i, cash := range b.Cash {
		list = append(list, expect{play.Investor(i), cash})
	}
	for i, l := range c.m.Loans {
		list = append(list, expect{play.Escrow(l.Number), b.Loans[i].Escrow}, expect{play.Borrower(l.Number), b.Loans[i].Borrower})
	}
	return list
}

func (c *checker) balances(ctx context.Context, s Source, list []expect) error {
	addresses := make([]string, len(list))
	for i := range list {
		addresses[i] = list[i].address
	}
	balances, err := s.Balances(ctx, addresses)
	if err != nil {
		return err
	}
	for i, got := range balances {
		switch {
		case got.GetMissing():
			c.wrong("account %s: the ledger has no such account", list[i].address)
		case got.GetBalance() != list[i].balance:
			c.wrong("account %s: the ledger says %d cents, the recount %d", list[i].address, got.GetBalance(), list[i].balance)
		}
	}
	c.mu.Lock()
	c.found.Accounts += len(list)
	c.mu.Unlock()
	c.done.Add(int64(len(list)))
	return nil
}

// loan compares one register with the recount, and holds it against the dumb check if its units never changed.
func (c *checker) loan(ctx context.Context, s Source, i int) error {
	l, book := c.m.Loans[i], &c.books.Loans[i]
	register := play.Register(l.Number)
	holdings, err := s.Holders(ctx, register)
	if err != nil {
		return err
	}
	if len(holdings) != len(book.Investor) {
		c.wrong("register %s: the ledger has %d holdings, the recount %d", register, len(holdings), len(book.Investor))
		return nil
	}
	unclaimed := int64(0)
	for h := range holdings {
		c.holding(register, book, h, &holdings[h])
		unclaimed += int64(holdings[h].Unclaimed)
	}
	if unclaimed != book.Unclaimed {
		c.wrong("register %s: %d cents lie unclaimed, by the recount %d", register, unclaimed, book.Unclaimed)
	}
	if !l.Traded() {
		c.simple(register, l, holdings)
	}
	c.mu.Lock()
	c.found.Holdings += len(holdings)
	c.mu.Unlock()
	c.done.Add(int64(len(holdings)))
	return nil
}

func (c *checker) holding(register string, book *recount.Loan, h int, got *client.Holding) {
	account := play.Investor(int(book.Investor[h]))
	if int(got.Holder) != h || got.Account != account {
		c.wrong("register %s: holder %d is %s, by the recount %d is %s", register, got.Holder, got.Account, h, account)
		return
	}
	if got.Units != uint64(book.Units[h]) {
		c.wrong("register %s, holder %d: the ledger says %d units, the recount %d", register, h, got.Units, book.Units[h])
	}
	for t := range book.Paid {
		if t >= len(got.Shares) || int64(got.Shares[t].Paid) != book.Paid[t][h] {
			c.wrong("register %s, holder %d, tranche %d: the ledger says %v, the recount %d cents", register, h, t, got.Shares, book.Paid[t][h])
		}
	}
}

// simple is the dumb check. What was paid in all is summed up from the payments, whoever made them.
func (c *checker) simple(register string, l *market.Loan, holdings []client.Holding) {
	var all [2]int64
	for _, p := range l.Payments {
		if !p.Recalled {
			all[recount.Interest] += p.Split.Interest
			all[recount.Principal] += p.Split.Principal
		}
	}
	furthest, total := recount.Distance{}, uint64(l.Units)
	for _, got := range holdings {
		for t := range all {
			paid := int64(0)
			if t < len(got.Shares) {
				paid = int64(got.Shares[t].Paid)
			}
			off, ok := apart(paid, total, got.Units, all[t])
			if !ok || off >= total {
				c.wrong("register %s, %s, tranche %d: %d cents were paid to %d of %d units, a cent or more from the share of %d",
					register, got.Account, t, paid, got.Units, total, all[t])
			}
			furthest.Widen(recount.Distance{Parts: off, Of: total})
		}
	}
	c.mu.Lock()
	c.found.Simple += len(holdings)
	c.found.Furthest.Widen(furthest)
	c.mu.Unlock()
}

// apart is |paid·total − units·all|: how far paid is from units/total of all, in parts of total. It fails if that is not
// even close.
func apart(paid int64, total, units uint64, all int64) (off uint64, ok bool) {
	ahi, alo := bits.Mul64(uint64(paid), total)
	bhi, blo := bits.Mul64(units, uint64(all))
	if ahi < bhi || ahi == bhi && alo < blo {
		ahi, alo, bhi, blo = bhi, blo, ahi, alo
	}
	lo, borrow := bits.Sub64(alo, blo, 0)
	return lo, paid >= 0 && ahi-bhi-borrow == 0
}

// answers compares what the ledger worked out by itself on the way.
func (c *checker) answers(a *play.Answered) {
	for _, i := range c.m.Spenders() {
		if a.Withdrawn[i] != c.books.Withdrawn[i] {
			c.wrong("account %s: %d cents were paid out, by the recount %d", play.Investor(i), a.Withdrawn[i], c.books.Withdrawn[i])
		}
	}
	if a.TakenBack != c.books.TakenBack {
		c.wrong("the recalled payment: %d cents were taken back, by the recount %d", a.TakenBack, c.books.TakenBack)
	}
	missing := map[string]int64{}
	for _, m := range c.books.Missing {
		missing[play.Investor(m.Investor)] += m.Amount
	}
	if got, want := words(a.Missing), words(missing); got != want {
		c.wrong("the recalled payment: missing are %s, by the recount %s", got, want)
	}
}

func words(m map[string]int64) string {
	list := make([]string, 0, len(m))
	for address, amount := range m {
		list = append(list, fmt.Sprintf("%s %d", address, amount))
	}
	sort.Strings(list)
	return strings.Join(list, ", ")
}
