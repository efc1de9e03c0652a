package storetest

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// install is what to do on a machine without PostgreSQL.
const install = "PostgreSQL 15 or newer is not installed: run `sudo apt install postgresql` (its programs are looked for in PATH and /usr/lib/postgresql/*/bin)"

// superuser owns everything in the cluster. It is trusted by its socket, which only this user can reach.
const superuser = "longmen"

// Cluster is a PostgreSQL server of its own in a temporary folder, reached through a socket in that folder.
type Cluster struct {
	dir   string
	bin   string
	owner *account

	mu     sync.Mutex
	server *server // nil while stopped
	named  int
}

// Start makes a new cluster and starts its server, with further lines of its postgresql.conf if there are any. Remove it after
// use. If this process dies, the server stops.
func Start(ctx context.Context, further ...string) (*Cluster, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	owner, err := serverAccount()
	if err != nil {
		return nil, err
	}
	sweep()
	dir, err := os.MkdirTemp(shortTemp(), fmt.Sprintf("%s%d-", folderPrefix, os.Getpid()))
	if err != nil {
		return nil, fmt.Errorf("start a PostgreSQL cluster: %w", err)
	}
	c := &Cluster{dir: dir, bin: bin, owner: owner}
	if err := errors.Join(c.create(ctx, further), c.Start(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("start a PostgreSQL cluster: %w", err), c.Remove())
	}
	return c, nil
}

// settings make the server small, private and as safe as a real one: tests are about what survives.
const settings = `
listen_addresses = ''
unix_socket_directories = '%s'
unix_socket_permissions = 0777
max_connections = 100
shared_buffers = 32MB
max_wal_size = 256MB
fsync = on
full_page_writes = on
synchronous_commit = on
autovacuum = off
logging_collector = off
log_min_messages = warning
`

func (c *Cluster) create(ctx context.Context, further []string) error {
	if err := c.owner.own(c.dir); err != nil {
		return err
	}
	template, err := c.template(ctx)
	if err != nil {
		return err
	}
	if err := c.output(ctx, "cp", "-R", template, c.data()); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, settings+"%s\n", c.dir, strings.Join(further, "\n"))
	return errors.Join(err, f.Close())
}

// template is the folder of a new cluster, which the first test binary makes and all copy: making one takes longer than
// many a test.
func (c *Cluster) template(ctx context.Context) (string, error) {
	version, err := exec.CommandContext(ctx, filepath.Join(c.bin, "postgres"), "--version").Output()
	if err != nil {
		return "", fmt.Errorf("postgres --version: %w", err)
	}
	dir := filepath.Join(shortTemp(), fmt.Sprintf("longmen-pgdata-%x-%d", crc32.ChecksumIEEE(append(version, c.bin...)), c.owner.user()))
	if c.owner.owns(dir) {
		return dir, nil
	}
	fresh := filepath.Join(c.dir, "template")
	if err := c.output(ctx, filepath.Join(c.bin, "initdb"), "--pgdata="+fresh, "--username="+superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"); err != nil {
		return "", err
	}
	if err := os.Rename(fresh, dir); err != nil {
		return fresh, nil // another one was first, or it is somebody else's
	}
	return dir, nil
}

// output runs a program as the server's account. What it says is told if it fails.
func (c *Cluster) output(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	c.owner.run(cmd, c.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(name), err, out)
	}
	return nil
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

// DSN names a database of the cluster.
func (c *Cluster) DSN(database string) string {
	u := url.URL{Scheme: "postgres", Host: "", Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.dir}, "user": {superuser}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// CreateDatabase makes an empty database and returns its DSN. It takes some tenths of a second.
func (c *Cluster) CreateDatabase(ctx context.Context) (string, error) {
	name := c.name("base")
	if err := c.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", err
	}
	return c.DSN(name), nil
}

// CreateSchema makes an empty schema in the first database and returns a DSN that sees nothing else. It takes
// milliseconds, and is all that most tests need: only channels and advisory locks are shared with other tests.
func (c *Cluster) CreateSchema(ctx context.Context) (string, error) {
	name := c.name("test")
	if err := c.Exec(ctx, "CREATE SCHEMA "+name); err != nil {
		return "", err
	}
	return c.DSN("postgres") + "&search_path=" + name, nil
}

func (c *Cluster) name(prefix string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named++
	return prefix + strconv.Itoa(c.named)
}

// Exec runs one statement as superuser, such as ALTER SYSTEM.
func (c *Cluster) Exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, c.DSN("postgres"))
	if err != nil {
		return fmt.Errorf("connect to the test cluster: %w", err)
	}
	_, err = conn.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("%s: %w", statement, err)
	}
	return nil
}

// Start starts the stopped server and waits until it answers.
func (c *Cluster) Start(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server != nil {
		return errors.New("start the test cluster: it runs already")
	}
	cmd := exec.Command(filepath.Join(c.bin, "postgres"), "-D", c.data(), "-k", c.dir)
	c.owner.run(cmd, c.dir)
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	s := launch(cmd)
	err = errors.Join(<-s.started, log.Close())
	if err == nil {
		err = c.await(ctx, s)
	}
	if err != nil {
		return fmt.Errorf("start the test cluster: %w\n%s", err, c.tail())
	}
	c.server = s
	return nil
}

// await asks until the server answers; after a crash that is when it has recovered.
func (c *Cluster) await(ctx context.Context, s *server) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.DSN("postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-s.ended:
			return fmt.Errorf("the server ended: %w", err)
		case <-tick.C:
		}
	}
}

// tail is the end of the server's log.
func (c *Cluster) tail() string {
	b, err := os.ReadFile(filepath.Join(c.dir, "log"))
	if err != nil {
		return ""
	}
	return string(b[max(0, len(b)-4096):])
}

// Stop shuts the server down at once but in order; its sessions end.
func (c *Cluster) Stop() error { return c.end(syscall.SIGINT) }

// Kill ends the server as a crash of the machine would as far as a process can: SIGKILL to the postmaster and to all
// its children, without any of them writing another byte.
func (c *Cluster) Kill() error { return c.end(syscall.SIGKILL) }

func (c *Cluster) end(sig syscall.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.server == nil {
		return nil
	}
	pid := c.server.pid
	children := childrenOf(pid)
	if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal the test cluster: %w", err)
	}
	if sig == syscall.SIGKILL {
		for _, child := range children {
			_ = syscall.Kill(child, sig) // it may have ended by itself
		}
	}
	<-c.server.ended
	c.server = nil
	if sig == syscall.SIGKILL {
		return awaitEnd(children)
	}
	return nil
}

// awaitEnd waits until no child holds the shared memory, without which the next server would not start.
func awaitEnd(pids []int) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for _, pid := range pids {
		for running(pid) {
			select {
			case <-deadline:
				return fmt.Errorf("process %d of the test cluster does not end", pid)
			case <-tick.C:
			}
		}
	}
	return nil
}

// Remove stops the server and removes all its files.
func (c *Cluster) Remove() error {
	return errors.Join(c.end(syscall.SIGQUIT), os.RemoveAll(c.dir))
}

// server is a running postmaster.
type server struct {
	pid     int
	started chan error
	ended   chan struct{}
}

// launch starts a command that is to end with this process. The kernel ties that to the thread that started it, so a
// goroutine keeps its thread until the command has ended.
func launch(cmd *exec.Cmd) *server {
	s := &server{started: make(chan error, 1), ended: make(chan struct{})}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(s.ended)
		endWithParent(cmd)
		if err := cmd.Start(); err != nil {
			s.started <- err
			return
		}
		s.pid = cmd.Process.Pid
		s.started <- nil
		_ = cmd.Wait() // how it ended is seen by who ended it
	}()
	return s
}

// programs finds the folder of the newest PostgreSQL.
func programs() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.SortFunc(found, func(a, b string) int { return major(b) - major(a) })
	if path, err := exec.LookPath("postgres"); err == nil {
		if real, err := filepath.EvalSymlinks(path); err == nil {
			found = append([]string{filepath.Dir(real)}, found...)
		}
	}
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
				return dir, nil
			}
		}
	}
	return "", errors.New(install)
}

func major(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // 0 for a folder that is no version, the last choice
	return n
}

// shortTemp is a temporary folder whose path leaves room for a socket's name, of which the kernel takes 107 bytes.
func shortTemp() string {
	if dir := os.TempDir(); len(dir) <= 50 {
		return dir
	}
	return "/tmp"
}

const folderPrefix = "longmen-pg-"

// sweep removes what test binaries left that were killed. Their servers have ended with them.
func sweep() {
	left, err := filepath.Glob(filepath.Join(shortTemp(), folderPrefix+"*"))
	if err != nil {
		return
	}
	for _, dir := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folderPrefix), "-")
		owner, err := strconv.Atoi(pid)
		info, statErr := os.Stat(dir)
		if err != nil || statErr != nil || running(owner) || time.Since(info.ModTime()) < time.Hour {
			continue
		}
		_ = os.RemoveAll(dir) // somebody else's folder stays, and does no harm
	}
}
