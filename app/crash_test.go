package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/longmen/longmen/api/access"
	pb "github.com/longmen/longmen/api/gen/longmen/ledger/v1"
	"github.com/longmen/longmen/api/gen/longmen/ledger/v1/ledgerv1connect"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
	"github.com/longmen/longmen/store/storetest"
)

// The test binary is also the program under test: with this in its environment it serves.
const serveEnv = "LONGMEN_TEST_SERVE"

func TestMain(m *testing.M) {
	if dsn, ok := os.LookupEnv(serveEnv); ok {
		log := slog.New(slog.NewTextHandler(os.Stderr, nil))
		err := Serve(context.Background(), Config{Data: os.Args[1], DSN: dsn, Listen: "127.0.0.1:0", Log: log}, func(string) {})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if dsn, ok := os.LookupEnv(rekeyEnv); ok {
		rekeyMain(dsn)
	}
	storetest.Main(m)
}

// served is a node in a process of its own.
type served struct {
	t      testing.TB
	folder string
	dsn    string
	cmd    *exec.Cmd
	log    bytes.Buffer
	base   string
	token  string
	client ledgerv1connect.LedgerServiceClient
}

func (s *served) launch() {
	s.t.Helper()
	s.cmd = exec.Command(os.Args[0], s.folder)
	s.cmd.Env = append(os.Environ(), serveEnv+"="+s.dsn)
	s.cmd.Stderr = &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the node and waits until it answers.
func (s *served) start() {
	s.t.Helper()
	_ = os.Remove(filepath.Join(s.folder, "address"))
	s.launch()
	s.await()
}

func (s *served) await() {
	s.t.Helper()
	deadline := time.Now().Add(60 * time.Second)
	for time.Now().Before(deadline) {
		if address, err := access.ReadAddress(s.folder); err == nil {
			s.base = "http://" + address
			if s.token, err = access.ReadToken(s.folder); err != nil {
				s.t.Fatal(err)
			}
			s.client = ledgerv1connect.NewLedgerServiceClient(http.DefaultClient, s.base, connect.WithInterceptors(bearer(s.token)))
			return
		}
		pause()
	}
	s.t.Fatalf("the node does not answer:\n%s", s.log.String())
}

// pause waits a moment for another process, which gives no sign.
func pause() { <-time.After(5 * time.Millisecond) }

func bearer(token string) connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, r connect.AnyRequest) (connect.AnyResponse, error) {
			r.Header().Set("Authorization", "Bearer "+token)
			return next(ctx, r)
		}
	}
}

// kill ends the process at once.
func (s *served) kill() {
	s.t.Helper()
	if s.cmd.Process == nil || s.cmd.ProcessState != nil {
		return
	}
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatal(err)
	}
	_ = s.cmd.Wait()
}

func (s *served) rest(method, path, body string) map[string]any {
	s.t.Helper()
	r, err := http.NewRequest(method, s.base+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", path)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatalf("%v; the node says:\n%s", err, s.log.String())
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil || answer.StatusCode > 299 {
		s.t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, data)
	}
	return out
}

const writers = 4

// prepare opens a ledger with an account for each writer.
func (s *served) prepare() {
	s.rest("POST", "/v1/ledgers", `{"name":"main","zone":"Asia/Shanghai","clock":"real"}`)
	operations := []string{`{"open_asset":{"code":"CNY","scale":2}}`, openAccount("bank", "debit", "asset")}
	for w := range writers {
		operations = append(operations, openAccount(fmt.Sprintf("w:%d", w), "credit", "liability"))
	}
	s.rest("POST", "/v1/ledgers/main/commands", `{"operations":[`+strings.Join(operations, ",")+`]}`)
}

func openAccount(address, side, kind string) string {
	return fmt.Sprintf(`{"open_account":{"address":%q,"asset":"CNY","side":%q,"type":%q,"code":1,"constraint":"unbounded"}}`, address, side, kind)
}

// writer sends transfers of 1 from the bank to its account, and remembers what it was told.
type writer struct {
	number  int
	known   map[string]uint64 // id → sequence
	unknown []*pb.Command     // sent, no answer
}

func (w *writer) command(t testing.TB) *pb.Command {
	i, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		t.Error(err)
	}
	return &pb.Command{Id: i[:], Operations: []*pb.Operation{{Operation: &pb.Operation_Transfer{
		Transfer: &pb.Transfer{Debit: "bank", Credit: fmt.Sprintf("w:%d", w.number), Mode: pb.TransferMode_TRANSFER_MODE_EXACT, Amount: 1},
	}}}}
}

// send sends a batch and notes the answers; it is false when there was none.
func (w *writer) send(t testing.TB, s *served, batch []*pb.Command) bool {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	answer, err := s.client.Apply(ctx, connect.NewRequest(&pb.ApplyRequest{Ledger: "main", Commands: batch}))
	if err != nil {
		w.unknown = append(w.unknown, batch...)
		return false
	}
	for i, r := range answer.Msg.Results {
		key := string(batch[i].Id)
		if r.Sequence == 0 {
			t.Errorf("writer %d: %v", w.number, r)
			continue
		}
		if before := w.known[key]; before != 0 && before != r.Sequence {
			t.Errorf("a command was told to be at sequence %d and at %d", before, r.Sequence)
		}
		w.known[key] = r.Sequence
	}
	return true
}

// resend asks again what became of everything that had no answer, and of what had one.
func (w *writer) resend(t testing.TB, s *served, sample []*pb.Command) {
	again := append(w.unknown, sample...)
	w.unknown = nil
	for len(again) > 0 {
		n := min(len(again), 500)
		if !w.send(t, s, again[:n]) {
			t.Errorf("writer %d gets no answer from a node that was not killed", w.number)
			return
		}
		again = again[n:]
	}
}

// Nothing that was acknowledged is lost and nothing is done twice, however often the node is killed.
func TestKilledNodeLosesNothing(t *testing.T) {
	for _, database := range []string{"sqlite", "postgres"} {
		t.Run(database, func(t *testing.T) {
			s := &served{t: t, folder: t.TempDir()}
			if database == "postgres" {
				s.dsn = storetest.PostgresDSN(t)
			}
			s.start()
			defer func() { s.kill() }()
			s.prepare()
			team := make([]*writer, writers)
			for i := range team {
				team[i] = &writer{number: i, known: map[string]uint64{}}
			}
			for round := range kills {
				s.round(team, time.Duration(50+round*37%200)*time.Millisecond)
			}
			s.settle(team)
		})
	}
}

// round lets everybody write until the node is killed, starts it again, and asks what became of the rest.
func (s *served) round(team []*writer, after time.Duration) {
	var wg sync.WaitGroup
	samples := make([][]*pb.Command, len(team))
	for i, w := range team {
		wg.Go(func() {
			for {
				batch := make([]*pb.Command, 1+len(w.known)%20)
				for k := range batch {
					batch[k] = w.command(s.t)
				}
				if !w.send(s.t, s, batch) {
					return
				}
				samples[i] = batch
			}
		})
	}
	<-time.After(after)
	s.kill()
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
	s.start()
	for i, w := range team {
		w.resend(s.t, s, samples[i])
	}
}

// settle compares the books with what the writers were told.
func (s *served) settle(team []*writer) {
	all := map[uint64]bool{}
	sum := 0
	for _, w := range team {
		got := s.rest("GET", fmt.Sprintf("/v1/ledgers/main/accounts/w:%d", w.number), "")
		if want := fmt.Sprint(len(w.known)); got["balance"] != want {
			s.t.Errorf("writer %d has %v, was told of %s", w.number, got["balance"], want)
		}
		for _, seq := range w.known {
			if all[seq] {
				s.t.Errorf("sequence %d was given twice", seq)
			}
			all[seq] = true
		}
		sum += len(w.known)
	}
	if got := s.rest("GET", "/v1/ledgers/main/accounts/bank", ""); got["balance"] != fmt.Sprint(sum) {
		s.t.Errorf("the bank has %v, want %d", got["balance"], sum)
	}
	s.t.Logf("%d transfers", sum)
}
