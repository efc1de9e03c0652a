// Package app puts the program together: it opens what a node stands on, starts the parts in order, and joins the doors
// to the ledgers.
//
// The package must not know rules of its own: what a part does is the part's business.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/api/access"
	"github.com/longmen/longmen/api/door"
	"github.com/longmen/longmen/kit/lifecycle"
	"github.com/longmen/longmen/kit/logging"
)

// DefaultListen is loopback: a node is open to others only when told so.
const DefaultListen = "127.0.0.1:7421"

// Config is what a person chooses.
type Config struct {
	Data   string // data folder
	DSN    string // postgres:// for journal, history and rows; empty: SQLite files in the data folder
	Listen string // host:port of the doors
	Log    *slog.Logger
}

// Times of a start and a stop. A start may replay a long journal, or wait for another node's lead to end.
const (
	openWithin  = 30 * 24 * time.Hour
	drainWithin = 20 * time.Second
	closeWithin = 5 * time.Minute
)

// program is what runs.
type program struct {
	config  Config
	backend backend
	opened  atomic.Bool
	db      *longmen.DB
	// followers of the ledgers, nil before they are open
	followers *followers
	server    *http.Server
	address   string
	ended     chan struct{}
}

// Serve runs the program until the context ends. ready is told the address once requests are answered.
func Serve(ctx context.Context, c Config, ready func(address string)) error {
	share()
	rest()
	p := &program{config: c, ended: make(chan struct{})}
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", c.Listen, err)
	}
	p.address = listener.Addr().String()
	var line *lifecycle.Line
	fail := func(name string, err error) { line.Fail(name, err) }
	line = lifecycle.New(
		lifecycle.Part{Name: "doors", Start: func(context.Context) error { return p.listen(listener, fail) }, Stop: p.drain, StopWithin: drainWithin},
		lifecycle.Part{Name: "ledgers", Start: func(ctx context.Context) error { return p.open(ctx, fail) }, Stop: p.close, StartWithin: openWithin, StopWithin: closeWithin},
		// Requests under way end before the ledgers do.
		lifecycle.Part{Name: "requests", Stop: p.drain, StopWithin: drainWithin},
	)
	return line.Run(ctx, func() {
		if err := access.WriteAddress(c.Data, p.address); err != nil {
			line.Fail("doors", err)
			return
		}
		ready(p.address)
	})
}

// errOpening is what the doors say before the ledgers are open.
var errOpening = errors.New("the node is starting, or another node leads: try again later")

func (p *program) ready() error {
	if !p.opened.Load() {
		return errOpening
	}
	return nil
}

// listen opens the doors. Until the ledgers are open they say so.
func (p *program) listen(listener net.Listener, fail func(string, error)) error {
	token, err := access.Ensure(p.config.Data)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(collectors.MetricsGC, collectors.MetricsScheduler)),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), &p.backend,
	)
	handler := door.New(door.Config{
		Node: &p.backend, Callers: &access.Callers{Token: token, Ground: p.backend.rows}, Ground: p.backend.rows, Ready: p.ready, Log: p.config.Log, Metrics: metrics,
	})
	p.server = door.NewServer(handler, p.config.Log)
	go func() {
		defer close(p.ended)
		if err := p.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fail("doors", err)
		}
	}()
	return nil
}

// open opens the ledgers; when another node takes them over, the program ends.
func (p *program) open(ctx context.Context, fail func(string, error)) error {
	rows, err := p.openGround(ctx)
	if err != nil {
		return err
	}
	db, err := longmen.Open(ctx, longmen.Config{Folder: p.config.Data, DSN: p.config.DSN, Log: p.config.Log})
	if err != nil {
		return errors.Join(err, rows.Close())
	}
	p.db = db
	p.backend.open(db)
	if err := rows.Papers.Files.Sweep(); err != nil {
		p.config.Log.Error("half written files stay", logging.Error, err)
	}
	p.backend.ground.Store(rows) // before anything is booked: it knows which periods are closed
	n, err := rows.Loans.CatchUp(ctx)
	if n > 0 {
		p.config.Log.Info("payments that were under way were brought to their end", "count", n)
	}
	if err != nil {
		p.config.Log.Error("payments stay under way", logging.Error, err)
	}
	if err := rows.Loans.PlanCredits(ctx, rows.Plan); err != nil {
		p.config.Log.Error("credit of loans does not pay what falls due", logging.Error, err)
	}
	if err := rows.LapseStuck(ctx); err != nil {
		p.config.Log.Error("what was approved for loans that are closed stays stuck", logging.Error, err)
	}
	if p.followers, err = newFollowers(ctx, db, rows, p.config.Log, func(err error) { fail("followers", err) }); err != nil {
		return errors.Join(err, p.close(ctx))
	}
	p.backend.feed.Store(p.followers.feed)
	r, err := newRunner(ctx, db, p.backend.put, rows, p.config.Log, func(err error) { fail("planned events", err) })
	if err != nil {
		return errors.Join(err, p.close(ctx))
	}
	p.backend.runner.Store(r)
	p.opened.Store(true)
	go func() {
		select {
		case err := <-db.Lost():
			fail("ledgers", fmt.Errorf("another node leads now: %w", err))
		case err := <-db.Node().Failed():
			fail("ledgers", err)
		case <-p.ended:
		}
	}()
	return nil
}

// drain lets requests under way end and takes no more.
func (p *program) drain(ctx context.Context) error {
	err := errors.Join(access.RemoveAddress(p.config.Data, p.address), p.server.Shutdown(ctx))
	if errors.Is(err, context.DeadlineExceeded) {
		err = p.server.Close()
	}
	<-p.ended
	return err
}

func (p *program) close(context.Context) error {
	if r := p.backend.runner.Load(); r != nil {
		r.close()
	}
	if p.followers != nil {
		p.followers.close()
	}
	return errors.Join(p.backend.ground.Load().Close(), p.db.Close())
}
