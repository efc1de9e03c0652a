package feed_test

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

	"github.com/longmen/longmen/core/feed"
	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/store"
	"github.com/longmen/longmen/store/storetest"
)

// childRole is set for a process that is this test binary as a node: "<epoch> <DSN>".
const childRole = "LONGMEN_FEED_CHILD"

const killEvents = 800

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		if err := work(role); err != nil && !errors.Is(err, feed.ErrLeadLost) && !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	storetest.Main(m)
}

// work is a node that follows until it has everything.
func work(role string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
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
	f, err := feed.Open(ctx, db, clock.Real{})
	if err != nil {
		return err
	}
	fmt.Println("follows")
	f.Hurry()
	return f.Follow(ctx, who, epoch, events{killEvents, 1 + epoch%7, cancel}, nil, feed.Each(func(ctx context.Context, tx *sql.Tx, e *feed.Event) error {
		_, err := tx.ExecContext(ctx, db.Rebind("INSERT INTO seen (sequence) VALUES (?)"), int64(e.Result.Sequence))
		return err
	}))
}

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
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil || line != "follows\n" {
		t.Fatalf("the node says %q: %v", line, err)
	}
	return c
}

// Nodes are killed while they follow, and replaced while they live: each event is in the rows once.
func TestKilledFollowersHandleEachEventOnce(t *testing.T) {
	for kind, dsn := range map[string]string{"sqlite": storetest.SQLitePath(t), "postgres": ""} {
		t.Run(kind, func(t *testing.T) {
			if dsn == "" {
				dsn = storetest.PostgresDSN(t)
			}
			d := newDesk(t, storetest.Open(t, dsn))
			at := func() uint64 {
				c, err := d.Cursor(t.Context(), who)
				if err != nil {
					t.Fatal(err)
				}
				return c.Position
			}
			kills := 0
			for epoch := 1; at() < killEvents; epoch++ {
				c := startNode(t, epoch, dsn)
				for before := at(); at() < min(before+100, killEvents); {
					continue
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
				kills++
			}
			d.saw(killEvents)
			if kills < 2 {
				t.Errorf("only %d kills", kills)
			}
			t.Logf("%d kills", kills)
		})
	}
}
