package plan_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/longmen/longmen/core/plan"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// childRole is set for a process that is this test binary as a node: "<epoch> <DSN>".
const childRole = "LONGMEN_PLAN_CHILD"

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := work(role); err != nil && !errors.Is(err, plan.ErrLeadLost) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	storetest.Main(m)
}

// work is a node that runs events until nothing is due. An event has an effect elsewhere, which knows ids as a ledger
// does, and a row of its own; the table tried counts how often it was begun.
func work(role string) error {
	ctx := context.Background()
	text, dsn, _ := strings.Cut(role, " ")
	epoch, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return err
	}
	db, err := store.Open(ctx, dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	p, err := plan.Open(ctx, db, clock.Real{})
	if err != nil {
		return err
	}
	add := func(q interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	}, query string, args ...any,
	) error {
		_, err := q.ExecContext(ctx, db.Rebind(query), args...)
		return err
	}
	handle := func(_ context.Context, e *plan.Event) (func(*sql.Tx) error, error) {
		command := e.Command("pay", 0)
		if err := add(db.Writer(), "INSERT INTO tried (id) VALUES (?)", e.ID[:]); err != nil {
			return nil, err
		}
		if err := add(db.Writer(), "INSERT INTO effect (id) VALUES (?) ON CONFLICT DO NOTHING", command[:]); err != nil {
			return nil, err
		}
		return func(tx *sql.Tx) error { return add(tx, "INSERT INTO kept (id) VALUES (?)", e.ID[:]) }, nil
	}
	r, err := p.Lead(ctx, epoch, ledgers{"main": 0}, map[string]plan.Handler{"due": handle})
	if err != nil {
		return err
	}
	fmt.Println("leads")
	_, err = r.RunDue(ctx, "main", 0)
	return err
}

// startNode starts a node and waits until it leads.
func startNode(t *testing.T, epoch int, dsn string) *exec.Cmd {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", childRole, epoch, dsn))
	c.Stderr = os.Stderr
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "leads\n" {
		t.Fatalf("the node says %q: %v", line, err)
	}
	return c
}

// count gives a number from the database.
func count(t *testing.T, db *store.DB, query string) (n int) {
	t.Helper()
	if err := db.Reader().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const killEvents = 80

// Nodes are killed in the midst of their work, and replaced while they are at it: each event has its effect once.
func TestKilledNodesLetEachEventHappenOnce(t *testing.T) {
	for kind, dsn := range map[string]string{"sqlite": storetest.SQLitePath(t), "postgres": ""} {
		t.Run(kind, func(t *testing.T) {
			if dsn == "" {
				dsn = storetest.PostgresDSN(t)
			}
			db := storetest.Open(t, dsn)
			s := newStage(t, db)
			blob := map[string]string{"sqlite": "BLOB", "postgres": "bytea"}[kind]
			for _, table := range []string{
				"CREATE TABLE tried (id " + blob + " NOT NULL)", "CREATE TABLE effect (id " + blob + " PRIMARY KEY)",
				"CREATE TABLE kept (id " + blob + " NOT NULL)",
			} {
				if _, err := db.Writer().ExecContext(t.Context(), table); err != nil {
					t.Fatal(err)
				}
			}
			planned := 0
			more := func() {
				for range killEvents {
					s.add(event(uint64(planned)+1, -int64(planned)))
					planned++
				}
			}
			more()
			kills := 0
			for epoch := 2; count(t, db, "SELECT count(*) FROM kept") < planned; epoch++ {
				c := startNode(t, epoch, dsn)
				for before := count(t, db, "SELECT count(*) FROM tried"); ; {
					now := count(t, db, "SELECT count(*) FROM tried")
					if now-before > 2 || count(t, db, "SELECT count(*) FROM kept") == planned {
						break
					}
				}
				if kind == "postgres" && epoch%2 == 0 {
					next := startNode(t, epoch+1, dsn) // takes over from one that is alive
					epoch++
					if err := c.Wait(); err != nil {
						t.Fatalf("a node that was replaced: %v", err)
					}
					c = next
				}
				_ = c.Process.Signal(syscall.SIGKILL)
				_ = c.Wait()
				if kills++; kills < 2 && count(t, db, "SELECT count(*) FROM kept") == planned {
					more() // it was done before anything was killed in its midst
				}
			}
			effects, kept := count(t, db, "SELECT count(*) FROM effect"), count(t, db, "SELECT count(*) FROM kept")
			once := count(t, db, "SELECT count(DISTINCT id) FROM kept")
			if effects != planned || kept != planned || once != planned || kills < 2 {
				t.Errorf("%d effects and %d rows of %d events, want %d of each; %d kills", effects, kept, once, planned, kills)
			}
			t.Logf("%d kills, %d attempts for %d events", kills, count(t, db, "SELECT count(*) FROM tried"), planned)
		})
	}
}
