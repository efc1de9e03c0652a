package journal_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/longmen/longmen/core/journal"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// child is this test binary, appending to a database as another process.
type child struct {
	cmd *exec.Cmd
	out *bufio.Reader
}

func startChild(t testing.TB, dsn, how string) *child {
	t.Helper()
	c := newChild(t, "append:"+how+" "+dsn)
	c.start(t)
	return c
}

func newChild(t testing.TB, role string) *child {
	t.Helper()
	c := &child{cmd: exec.Command(os.Args[0])}
	c.cmd.Env = append(os.Environ(), childRole+"="+role)
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	return c
}

func (c *child) start(t testing.TB) {
	t.Helper()
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.end(syscall.SIGKILL) }) // it may have ended by itself
}

// line reads what the child says next.
func (c *child) line(t testing.TB) string {
	t.Helper()
	s, err := c.out.ReadString('\n')
	if err != nil {
		t.Fatalf("the child ended: %v", err)
	}
	return strings.TrimSpace(s)
}

// end stops the child and returns what it had still said in whole lines.
func (c *child) end(sig syscall.Signal) []string {
	_ = c.cmd.Process.Signal(sig)
	rest, _ := io.ReadAll(c.out)
	_ = c.cmd.Wait()
	lines := strings.Split(string(rest), "\n")
	return lines[:len(lines)-1]
}

// childAppend takes the lead and appends, telling the next sequence after each acknowledgement, until it is killed or
// loses the lead.
func childAppend(where string) {
	how, dsn, _ := strings.Cut(where, " ")
	if err := childRun(dsn, how); err != nil {
		fmt.Println("error:", err)
	}
}

func childRun(dsn, how string) error {
	ctx := context.Background()
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	wait := journal.WithWait(func(_ context.Context, attempt int) error {
		switch {
		case attempt > 10:
			return errors.New("enough attempts")
		case attempt == 1 && how == "limited":
			return limitFiles(noLimit)
		}
		return nil
	})
	j, err := journal.Open(ctx, db, wait)
	if err != nil {
		return err
	}
	l, err := lead(ctx, j, id(1))
	if err != nil {
		return err
	}
	if how == "limited" || how == "full" {
		return childFull(ctx, db, j, l)
	}
	for {
		fmt.Println(l.next)
		if err := l.append(ctx, j, l.records(1+int(l.next%5))...); err != nil {
			return err
		}
	}
}

// childFull appends until the log may not grow any more, and what happens then depends on the waiting.
func childFull(ctx context.Context, db *store.DB, j *journal.Journal, l *tail) error {
	info, err := os.Stat(db.Path() + "-wal")
	if err != nil {
		return err
	}
	if err := limitFiles(uint64(info.Size()) + 100_000); err != nil {
		return err
	}
	for range 30 {
		if err := l.append(ctx, j, l.records(1)...); err != nil {
			fmt.Println("first:", err)
			return l.append(ctx, j, l.records(1)...)
		}
		fmt.Println(l.next)
	}
	return nil
}

// acknowledged reads lines with sequences and returns the last one.
func acknowledged(t testing.TB, lines []string) (next uint64) {
	t.Helper()
	for _, s := range lines {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatalf("the child said %q", s)
		}
		next = n
	}
	return next
}

// killAndCheck kills a child that appends, and finds everything that it was told is durable.
func killAndCheck(t *testing.T, j *journal.Journal, dsn string) {
	t.Helper()
	c := startChild(t, dsn, "on")
	var lines []string
	for range 40 {
		lines = append(lines, c.line(t))
	}
	next := acknowledged(t, append(lines, c.end(syscall.SIGKILL)...))
	s, err := j.Check(t.Context(), id(1))
	if err != nil {
		t.Fatal(err)
	}
	if s.Next < next {
		t.Fatalf("the journal ends before %d, up to %d was acknowledged", s.Next, next)
	}
	read(t, j, id(1), 1)
}

func TestKilledWhileAppending(t *testing.T) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			dsn := storetest.SQLitePath(t)
			if kind == "postgres" {
				dsn = storetest.PostgresDSN(t)
			}
			p := onDatabase(t, storetest.Open(t, dsn))
			create(t, p.Journal, id(1))
			for range 3 {
				killAndCheck(t, p.Journal, dsn)
			}
		})
	}
}

// A leader that is stopped in the middle of anything does not keep the next one waiting, and learns when it wakes up
// that it does not lead any more.
func TestPausedLeader(t *testing.T) {
	dsn := storetest.PostgresDSN(t)
	p := onDatabase(t, storetest.Open(t, dsn))
	create(t, p.Journal, id(1))
	for range 3 {
		c := startChild(t, dsn, "on")
		for range 10 {
			c.line(t)
		}
		if err := c.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		l := leadAtLast(ctx, t, p.again(t))
		l.fill(t, p.Journal, 3)
		cancel()
		if err := c.cmd.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatal(err)
		}
		for {
			if s := c.line(t); strings.HasPrefix(s, "error:") {
				if !strings.Contains(s, journal.ErrLeadLost.Error()) {
					t.Error(s)
				}
				break
			}
		}
		c.end(syscall.SIGCONT)
	}
	read(t, p.Journal, id(1), 1)
}

// leadAtLast takes the lead, again when what the old leader had sent arrives in between.
func leadAtLast(ctx context.Context, t testing.TB, j *journal.Journal) *tail {
	t.Helper()
	for {
		l, err := lead(ctx, j, id(1))
		if err == nil {
			return l
		}
		if !errors.Is(err, journal.ErrLeadLost) {
			t.Fatal(err)
		}
	}
}

// PostgreSQL is killed while a leader appends. He goes on when it is back, with nothing lost and nothing twice.
func TestServerKilledWhileAppending(t *testing.T) {
	c := storetest.Shared(t)
	p := onDatabase(t, storetest.Postgres(t))
	create(t, p.Journal, id(1))
	l := newTail(id(1))
	stop := make(chan struct{})
	var progress sync.WaitGroup
	var count int
	grown := make(chan struct{}, 1)
	progress.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if err := l.append(context.Background(), p.Journal, l.records(2)...); err != nil {
				t.Error(err)
				return
			}
			if count++; count%20 == 0 {
				select {
				case grown <- struct{}{}:
				default:
				}
			}
		}
	})
	for i, end := range []func() error{c.Kill, c.Stop, c.Kill} {
		<-grown
		<-grown
		if err := end(); err != nil {
			t.Fatal(i, err)
		}
		if err := c.Start(t.Context()); err != nil {
			t.Fatal(i, err)
		}
	}
	<-grown
	close(stop)
	progress.Wait()
	p.db.Pool().Reset()
	if list := read(t, p.Journal, id(1), 1); len(list) != count || list[count-1].Hash != l.hash {
		t.Errorf("%d groups, %d were acknowledged", len(list), count)
	}
}

// A commit that waits for a standby is not acknowledged because somebody cancels the waiting, nor because its row can
// be seen.
func TestCommitThatWaitsForItsStandby(t *testing.T) {
	c := storetest.Shared(t)
	db := storetest.Postgres(t)
	p := onDatabase(t, db)
	create(t, p.Journal, id(1))
	standby := func(name string) {
		t.Helper()
		for _, s := range []string{"ALTER SYSTEM SET synchronous_standby_names = '" + name + "'", "SELECT pg_reload_conf()"} {
			if err := c.Exec(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		await(t, db, "SELECT current_setting('synchronous_standby_names') = '"+name+"'")
	}
	defer standby("") // the other tests' commits wait for nobody
	standby("nobody")
	// The server's processes hear of it one after the other; from the first commit that waits on, all do.
	for waits := false; !waits; {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		_, err := db.Writer().ExecContext(ctx, "UPDATE ledger SET created = created")
		waits = err != nil
		cancel()
	}
	j := p.again(t, journal.WithAttemptTimeout(300*time.Millisecond))
	l := newTail(id(1))
	g := l.group(record(1))
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if errs := j.Append(ctx, g); errs == nil || !errors.Is(errs[0], journal.ErrUnknown) {
		t.Errorf("without its standby: %v", errs)
	}
	if list := read(t, p.Journal, id(1), 1); len(list) != 1 {
		t.Errorf("%d rows can be seen, the test needs one", len(list))
	}
	await(t, db, `SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'`)
	done := make(chan []error, 1)
	go func() { done <- p.Append(context.Background(), g) }()
	for range 3 { // each time he has to wait anew
		await(t, db, `SELECT count(pg_cancel_backend(pid)) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND datname = current_database()`)
	}
	select {
	case errs := <-done:
		t.Errorf("cancelled commits were believed: %v", errs)
	default:
	}
	standby("")
	if errs := <-done; errs != nil {
		t.Errorf("with nobody to wait for: %v", errs)
	}
}

// await asks until the answer is yes.
func await(t testing.TB, db *store.DB, question string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		var yes bool
		if err := db.Reader().QueryRowContext(t.Context(), question).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never true: %s", question)
		}
	}
}

// A commit that fails is repeated on a new connection, and counts once.
func TestFailedCommit(t *testing.T) {
	for how, want := range map[string][]string{
		"limited": nil, // the disk takes writes again at the second attempt
		"full":    {"first: ", "the outcome is not known", "error: ", "the journal has stopped"},
	} {
		t.Run(how, func(t *testing.T) {
			dsn := storetest.SQLitePath(t)
			p := onDatabase(t, storetest.Open(t, dsn))
			create(t, p.Journal, id(1))
			c := startChild(t, dsn, how)
			said := c.end(0)
			var rest []string
			for i, s := range said {
				if strings.Contains(s, ":") {
					rest, said = said[i:], said[:i]
					break
				}
			}
			text := strings.Join(rest, " ")
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("the child said %q, want %q", text, w)
				}
			}
			if len(want) == 0 && (text != "" || len(said) != 30) {
				t.Errorf("the child appended %d groups and said %q", len(said), text)
			}
			s, err := p.Check(t.Context(), id(1))
			if err != nil || s.Next < acknowledged(t, said) {
				t.Errorf("%+v %v", s, err)
			}
		})
	}
}

const noLimit = ^uint64(0)

// limitFiles bounds how large a file this process may write, which SQLite meets as a failing disk.
func limitFiles(size uint64) error {
	signal.Ignore(syscall.SIGXFSZ)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: noLimit})
}
