package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/longmen/longmen/api/access"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/core/ledger"
)

// site is a ledger of a served node.
type site struct {
	address string
	token   string
	ledger  string
	tenant  string // in which the operator acts, if any

	folder string // of a node that was started here
	serve  func(folder, dsn string) (*exec.Cmd, error)
	dsn    string
	cmd    *exec.Cmd
	exited chan error
	log    *os.File
}

// The calls that are measured.
const (
	methodApply    = ledgerv1connect.LedgerServiceApplyProcedure
	methodBalances = ledgerv1connect.LedgerServiceBalancesProcedure
)

// ownServe serves with this program's own subcommand.
func ownServe(folder, dsn string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	args := []string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}
	if dsn != "" {
		args = append(args, "--dsn", dsn)
	}
	return exec.Command(self, args...), nil
}

// site starts a node on an empty folder, or takes the one that the options name, and opens a ledger there.
func (b *bench) site(ctx context.Context, dsn string, clock clockOf) (*site, error) {
	s := &site{address: b.options.Address, token: b.options.Token, ledger: fmt.Sprintf("bench-%x", time.Now().UnixNano()), dsn: dsn, serve: b.options.Serve}
	if s.serve == nil {
		s.serve = ownServe
	}
	if s.address == "" {
		var err error
		if s.folder, err = b.newFolder(); err != nil {
			return nil, err
		}
		if err := s.start(ctx); err != nil {
			return nil, err
		}
		b.after(s.stop)
	}
	clock.Shadow = s.folder == "" // somebody else's node may have real books
	body, err := json.Marshal(clock)
	if err != nil {
		return nil, err
	}
	body = fmt.Appendf(nil, `{"name":%q,%s`, s.ledger, body[1:])
	return s, s.ask(ctx, http.MethodPost, "/v1/ledgers", body, nil)
}

// clockOf is how a ledger is opened.
type clockOf struct {
	Zone  string `json:"zone"`
	Clock string `json:"clock"`
	Start string `json:"start,omitempty"`

	Shadow bool `json:"shadow,omitempty"`
}

func realClock() clockOf { return clockOf{Zone: "Asia/Shanghai", Clock: "real"} }

func simulatedClock(start time.Time) clockOf {
	return clockOf{Zone: "UTC", Clock: "simulated", Start: start.UTC().Format(time.RFC3339)}
}

// start starts the node and returns when it answers.
func (s *site) start(ctx context.Context) (err error) {
	if s.cmd, err = s.serve(s.folder, s.dsn); err != nil {
		return fmt.Errorf("start a node: %w", err)
	}
	if s.log, err = os.OpenFile(s.folder+".log", os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	tether(s.cmd)
	if err := s.cmd.Start(); err != nil {
		return errors.Join(fmt.Errorf("start a node: %w", err), s.log.Close())
	}
	s.exited = make(chan error, 1)
	go func() { s.exited <- s.cmd.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if s.address, err = access.ReadAddress(s.folder); err == nil {
			s.token, err = access.ReadToken(s.folder)
			return err
		}
		select {
		case err := <-s.exited:
			text, _ := os.ReadFile(s.log.Name())
			return errors.Join(fmt.Errorf("the node ended at once: %w\n%s", err, tailOf(text)), s.log.Close())
		case <-ctx.Done():
			return errors.Join(ctx.Err(), s.stop())
		case <-tick.C:
		}
	}
}

// tailOf is the end of what a node has said.
func tailOf(text []byte) []byte { return text[max(0, len(text)-2000):] }

// stop asks the node to end and waits.
func (s *site) stop() error {
	if s.cmd == nil {
		return nil
	}
	err := s.cmd.Process.Signal(syscall.SIGTERM)
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	if ended := <-s.exited; ended != nil {
		text, _ := os.ReadFile(s.log.Name())
		err = errors.Join(err, fmt.Errorf("the node ended: %w\n%s", ended, tailOf(text)))
	}
	s.cmd = nil
	return errors.Join(err, s.log.Close(), os.Remove(s.log.Name()))
}

// pid is the node's process, 0 if it was not started here.
func (s *site) pid() int {
	if s.cmd == nil {
		return 0
	}
	return s.cmd.Process.Pid
}

// ask sends one request by REST, for what is not measured.
func (s *site) ask(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, "http://"+s.address+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	request.Header.Set("Content-Type", "application/json")
	if s.tenant != "" {
		request.Header.Set("Longmen-Tenant", s.tenant)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	answer, err := io.ReadAll(response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, bytes.TrimSpace(answer))
	}
	if into == nil {
		return nil
	}
	if to, ok := into.(*[]byte); ok {
		*to = answer
		return nil
	}
	return json.Unmarshal(answer, into)
}

// standing is how far the ledger has come.
type standing struct {
	Sequence  uint64 `json:"sequence"`
	Projected uint64 `json:"projected"`
}

func (s *site) standing(ctx context.Context) (at standing, err error) {
	err = s.ask(ctx, http.MethodGet, s.path(""), nil, &at)
	return at, err
}

// path is the REST path of something in the ledger.
func (s *site) path(rest string) string { return "/v1/ledgers/" + s.ledger + rest }

// settle waits until history has all that was applied.
func (s *site) settle(ctx context.Context) error {
	return settled(ctx, func() (standing, error) { return s.standing(ctx) })
}

// stall is how long history may stand still behind the ledger until something must be wrong.
const stall = 30 * time.Second

func settled(ctx context.Context, look func() (standing, error)) error {
	last, moved := uint64(0), time.Now()
	for {
		at, err := look()
		if err != nil || at.Projected >= at.Sequence {
			return err
		}
		if at.Projected > last {
			last, moved = at.Projected, time.Now()
		}
		if time.Since(moved) > stall {
			return fmt.Errorf("history stands still at sequence %d, the ledger is at %d: what the node has said will tell why", at.Projected, at.Sequence)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// sum adds up the balances of accounts, as they can be read now.
func (s *site) sum(ctx context.Context, accounts iter.Seq[string]) (sum int64, err error) {
	c, err := dialRPC(ctx, s.address, s.token, methodBalances)
	if err != nil {
		return 0, err
	}
	defer c.close()
	request := &pb.BalancesRequest{Ledger: s.ledger}
	ask := func() error {
		message, err := proto.Marshal(request)
		if err != nil {
			return err
		}
		answer, err := c.call(message)
		if err != nil {
			return err
		}
		var response pb.BalancesResponse
		if err := proto.Unmarshal(answer, &response); err != nil {
			return err
		}
		for _, balance := range response.Balances {
			sum += balance.Balance
		}
		request.Addresses = request.Addresses[:0]
		return nil
	}
	for a := range accounts {
		if request.Addresses = append(request.Addresses, a); len(request.Addresses) == 1_000 {
			if err := ask(); err != nil {
				return 0, err
			}
		}
	}
	if len(request.Addresses) > 0 {
		err = ask()
	}
	return sum, err
}

// vitals asks the node for its counters.
func (s *site) vitals(ctx context.Context) (*vitals, error) {
	var text []byte
	if err := s.ask(ctx, http.MethodGet, "/metrics", nil, &text); err != nil {
		return nil, err
	}
	return readVitals(bytes.NewReader(text))
}

// watch notes what is used from now on, and fills a figure in when it is called again.
func (s *site) watch(ctx context.Context) (func(*Figure) error, error) {
	if pid := s.pid(); pid != 0 {
		forgetPeak(pid)
	}
	before, err := s.vitals(ctx)
	if err != nil {
		return nil, err
	}
	began, own, all := time.Now(), ownTime(), machineTime()
	return func(f *Figure) error {
		client, whole := (ownTime() - own).Seconds(), (machineTime() - all).Seconds()
		f.Seconds = time.Since(began).Seconds()
		after, err := s.vitals(ctx)
		if err != nil {
			return err
		}
		f.Use = &Use{Client: client, Server: after.seconds - before.seconds, GC: between(before, after)}
		if pid := s.pid(); pid != 0 {
			f.Use.Others, f.Use.Peak = max(0, whole-f.Use.Client-f.Use.Server), peakMemory(pid)
		}
		return nil
	}, nil
}

// applier sends commands by gRPC.
func (s *site) applier(ctx context.Context) (applier, error) {
	c, err := dialRPC(ctx, s.address, s.token, methodApply)
	if err != nil {
		return nil, err
	}
	return &servedApplier{c, s.ledger}, nil
}

type servedApplier struct {
	caller *rpcCaller
	ledger string
}

func (a *servedApplier) apply(_ context.Context, commands []*ledger.Command) error {
	b, err := newBatch(a.ledger, commands)
	if err != nil {
		return err
	}
	answer, err := a.caller.call(b.message)
	if err != nil {
		return err
	}
	n, err := applied(answer)
	if err == nil && n != len(commands) {
		err = fmt.Errorf("%d commands have %d results", len(commands), n)
	}
	return err
}

func (a *servedApplier) close() error { return a.caller.close() }
