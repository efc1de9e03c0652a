package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	count "github.com/longmen/longmen/examples/lendingclub/report"
	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/compare"
	"github.com/longmen/longmen/examples/marketplace/play"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/report"
	"github.com/longmen/longmen/examples/marketplace/script"
	"github.com/longmen/longmen/examples/stage"
)

const (
	runFile = "marketplace.run"
	// So many requests are under way at once.
	workers = 64
)

// teller is one run on its way.
type teller struct {
	o      options
	n      *stage.Node
	s      *stage.Screen
	c      *client.Client
	who    client.Caller
	script *script.Script
	player *play.Player
	books  *recount.Books
	found  *compare.Findings
	out    report.Summary
	began  time.Time
}

// tell plays the marketplace on the node and tells what came of it.
func tell(ctx context.Context, o options, n *stage.Node, s *stage.Screen) (*report.Summary, error) {
	t := &teller{o: o, n: n, s: s, began: time.Now(), c: client.New(n.Base, workers), who: client.Caller{Token: n.Token, Tenant: play.Tenant}}
	defer t.c.Close()
	for _, part := range []func(context.Context) error{t.play, t.recount, t.compare, t.gather, t.show, t.verify} {
		if err := part(ctx); err != nil {
			return nil, err
		}
	}
	t.out.Seconds = time.Since(t.began).Seconds()
	if !o.json {
		return &t.out, t.out.Verdict(s.Out)
	}
	return &t.out, nil
}

func (t *teller) show(context.Context) error {
	if t.o.json {
		return nil
	}
	return t.out.Text(t.s.Out)
}

// phase notes how long something took.
func (t *teller) phase(name string, took time.Duration) {
	t.out.Phases = append(t.out.Phases, report.Phase{Name: name, Seconds: took.Seconds()})
}

func (t *teller) play(ctx context.Context) error {
	loans, err := market.Read(data.Loans, t.o.loans)
	if err != nil {
		return err
	}
	if t.script, err = script.New(loans, t.o.investors, t.o.seed); err != nil {
		return err
	}
	t.s.Say("Playing %s loans, %s investors, %d months by a simulated clock", count.Count(int64(len(loans))), count.Count(int64(t.o.investors)), t.script.Months)
	words := fmt.Sprintf("%d loans, %d investors, seed %d", len(t.script.Loans), len(t.script.Investors), t.script.Seed)
	run, err := stage.OpenRun(filepath.Join(t.n.Folder, runFile), words)
	if err != nil {
		return err
	}
	defer run.Close()
	if run.Began() {
		t.s.Say("This folder has a run that was begun: it is gone through again, what was done is not done twice")
	}
	t.player = play.New(t.script, run, t.c, t.n.Token, workers)
	began := time.Now()
	done := t.s.During(t.line)
	err = t.player.Play(ctx)
	done()
	if err != nil {
		return err
	}
	for phase, name := range play.PhaseNames {
		t.phase(name, t.player.Stats.Spent(phase))
	}
	t.s.Say("Played in %s", count.Span(time.Since(began).Seconds()))
	return nil
}

// line is the one that people watch.
func (t *teller) line() string {
	s := &t.player.Stats
	return fmt.Sprintf("%s  applications %s  bids %s  repayments %s  claim sales %s  payouts %s", play.Month(int(s.Month.Load())),
		count.Count(s.Applications.Load()), count.Count(s.Bids.Load()), count.Count(s.Payments.Load()), count.Count(s.Sales.Load()),
		count.Count(s.Payouts.Load()))
}

// recount counts everything a second time.
func (t *teller) recount(context.Context) (err error) {
	began := time.Now()
	var loans atomic.Int64
	t.player.Story.Until = t.player.Today()
	done := t.s.During(func() string {
		return fmt.Sprintf("recounted %s of %d loans", count.Count(loans.Load()), len(t.script.Loans))
	})
	t.books, err = recount.Count(&t.player.Story, &loans)
	done()
	if err != nil {
		return err
	}
	t.phase("recount", time.Since(began))
	return nil
}

// compare lays the ledger beside the recount.
func (t *teller) compare(ctx context.Context) (err error) {
	began := time.Now()
	var loans atomic.Int64
	done := t.s.During(func() string {
		return fmt.Sprintf("compared %s of %d loans", count.Count(loans.Load()), len(t.script.Loans))
	})
	t.found, err = compare.Check(ctx, t.c, t.who, t.player, t.books, &loans)
	done()
	if err != nil {
		return err
	}
	t.phase("every balance and holding compared", time.Since(began))
	return nil
}

// maxWords bounds what is kept of the words of `longmen verify`.
const maxWords = 4_000

// verify lets the program check its own books. What it finds is for the reader; only that it can't run is an error.
func (t *teller) verify(ctx context.Context) error {
	began := time.Now()
	c := exec.CommandContext(ctx, t.n.Program, "verify", "--data", t.n.Folder)
	var words, aside bytes.Buffer
	c.Stdout, c.Stderr = &words, &aside
	done := t.s.During(func() string { return "longmen verify: " + count.Span(time.Since(began).Seconds()) })
	err := c.Run()
	done()
	if err != nil {
		words.Write(aside.Bytes())
	}
	text := words.Bytes()
	t.out.Verify = report.Verify{Passed: err == nil, Text: string(text[:min(len(text), maxWords)])}
	t.phase("longmen verify", time.Since(began))
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || ctx.Err() != nil) {
		return fmt.Errorf("run longmen verify: %w", err)
	}
	return nil
}
