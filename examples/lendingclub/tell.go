package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/longmen/longmen/examples/lendingclub/client"
	"github.com/longmen/longmen/examples/lendingclub/compare"
	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/lendingclub/recount"
	"github.com/longmen/longmen/examples/lendingclub/report"
	"github.com/longmen/longmen/examples/stage"
)

const (
	ledgerName = "main" // which is what the command line takes if it is told nothing else
	runFile    = "lendingclub.run"
	// So many batches are under way at once, each on a connection of its own: enough that the node always has one to
	// work on while others are written and read.
	connections = 4
)

// teller is one run on its way.
type teller struct {
	o       options
	n       *stage.Node
	s       *stage.Screen
	m       *market.Market
	clients []*client.Client
	player  *play.Player
	books   *recount.Books
	found   *compare.Findings
	out     report.Summary
	began   time.Time
}

// tell plays the market on the node and tells what came of it.
func tell(ctx context.Context, o options, n *stage.Node, s *stage.Screen) (*report.Summary, error) {
	t := &teller{o: o, n: n, s: s, began: time.Now()}
	for range connections {
		c := client.New(n.Base, n.Token, ledgerName)
		defer c.Close()
		t.clients = append(t.clients, c)
	}
	if err := t.script(); err != nil {
		return nil, err
	}
	if err := t.play(ctx); err != nil {
		return nil, err
	}
	// The books are closed: the node's own proof of them goes on beside what follows.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	proof := make(chan verified, 1)
	go func() { proof <- t.verify(ctx) }()
	if err := t.compare(ctx); err != nil {
		return nil, err
	}
	if err := t.gather(ctx); err != nil {
		return nil, err
	}
	if !o.json {
		if err := t.out.Text(s.Out); err != nil {
			return nil, err
		}
	}
	if err := t.await(proof); err != nil {
		return nil, err
	}
	t.out.Seconds = time.Since(t.began).Seconds()
	if !o.json {
		return &t.out, t.out.Verdict(s.Out)
	}
	return &t.out, nil
}

// phase notes how long something took.
func (t *teller) phase(name string, took time.Duration) {
	t.out.Phases = append(t.out.Phases, report.Phase{Name: name, Seconds: took.Seconds()})
}

func (t *teller) script() error {
	loans, err := market.Read(data.Loans, t.o.loans)
	if err != nil {
		return err
	}
	if t.m, err = market.New(loans, t.o.investors); err != nil {
		return err
	}
	t.s.Say("Playing %s loans, %s investors, %d months by a simulated clock", report.Count(int64(len(loans))),
		report.Count(int64(t.m.Investors)), t.m.Months)
	return nil
}

// play plays and recounts side by side: the recount needs nothing of the ledger.
func (t *teller) play(ctx context.Context) error {
	if err := t.clients[0].CreateLedger(ctx, play.Start); err != nil {
		return err
	}
	run, err := stage.OpenRun(filepath.Join(t.n.Folder, runFile), fmt.Sprintf("%d loans, %d investors", len(t.m.Loans), t.m.Investors))
	if err != nil {
		return err
	}
	defer run.Close()
	if run.Began() {
		t.s.Say("This folder has a run that was begun: it is gone through again, what was done is not done twice")
	}
	type counted struct {
		books *recount.Books
		err   error
		took  time.Duration
	}
	recounted := make(chan counted, 1)
	var loans atomic.Int64
	go func() {
		began := time.Now()
		books, err := recount.Count(t.m, max(1, runtime.NumCPU()/2), &loans)
		recounted <- counted{books, err, time.Since(began)}
	}()

	t.player = play.New(t.m, run, ledgers(t.clients)...)
	began := time.Now()
	done := t.s.During(pace{t.m, &t.player.Stats}.line)
	err = t.player.Play(ctx)
	done()
	if err != nil {
		return err
	}
	for phase, name := range play.PhaseNames {
		t.phase(name, t.player.Stats.Spent(phase))
	}
	t.s.Say("Played in %s: %s commands", report.Span(time.Since(began).Seconds()), report.Count(t.player.Stats.Commands.Load()))

	began = time.Now()
	done = t.s.During(func() string {
		return fmt.Sprintf("recounted %s of %d loans", report.Count(loans.Load()), len(t.m.Loans))
	})
	c := <-recounted
	done()
	if c.err != nil {
		return c.err
	}
	t.books = c.books
	t.phase("recount, beyond the play", time.Since(began))
	return nil
}

func ledgers(clients []*client.Client) (list []play.Ledger) {
	for _, c := range clients {
		list = append(list, c)
	}
	return list
}

func (t *teller) compare(ctx context.Context) error {
	began := time.Now()
	var done atomic.Int64
	stop := t.s.During(func() string {
		return fmt.Sprintf("compared %s accounts and holdings with the recount", report.Count(done.Load()))
	})
	var sources []compare.Source
	for _, c := range t.clients {
		sources = append(sources, c)
	}
	var err error
	t.found, err = compare.Check(ctx, t.m, t.books, &t.player.Answered, &done, sources...)
	stop()
	if err != nil {
		return err
	}
	t.phase("every balance and holding compared", time.Since(began))
	return nil
}

// maxWords bounds what is kept of the words of `longmen verify`.
const maxWords = 4_000

// verified is what came of `longmen verify`.
type verified struct {
	said report.Verify
	took time.Duration
	err  error // it could not run
}

// verify lets the program check its own books. What it finds is for the reader; only that it can't run is an error.
func (t *teller) verify(ctx context.Context) verified {
	began := time.Now()
	c := exec.CommandContext(ctx, t.n.Program, "verify", "--data", t.n.Folder)
	var words, aside bytes.Buffer
	c.Stdout, c.Stderr = &words, &aside
	err := c.Run()
	if err != nil {
		words.Write(aside.Bytes())
	}
	text := words.Bytes()
	v := verified{report.Verify{Passed: err == nil, Text: string(text[:min(len(text), maxWords)])}, time.Since(began), nil}
	if _, ended := errors.AsType[*exec.ExitError](err); err != nil && (!ended || ctx.Err() != nil) {
		v.err = fmt.Errorf("run longmen verify: %w", err)
	}
	return v
}

// await takes what it found, when it is there.
func (t *teller) await(from <-chan verified) error {
	began := time.Now()
	stop := t.s.During(func() string { return "longmen verify: " + report.Span(time.Since(began).Seconds()) })
	v := <-from
	stop()
	t.out.Verify = v.said
	t.phase("longmen verify, meanwhile", v.took)
	return v.err
}
