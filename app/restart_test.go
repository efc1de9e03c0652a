package app

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/longmen/longmen/store/storetest"
)

// PostgreSQL is killed and started again while clients write: the node waits for it, and the books are whole.
func TestDatabaseIsRestartedUnderLoad(t *testing.T) {
	ctx := context.Background()
	cluster := storetest.Own(t)
	dsn, err := cluster.CreateDatabase(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s := &served{t: t, folder: t.TempDir(), dsn: dsn}
	s.start()
	defer func() { s.kill() }()
	s.prepare()
	team := make([]*writer, writers)
	var stop atomic.Bool
	var wg sync.WaitGroup
	for i := range team {
		team[i] = &writer{number: i, known: map[string]uint64{}}
		wg.Go(func() {
			for !stop.Load() {
				team[i].send(t, s, batchOf(t, team[i], 3))
			}
		})
	}
	<-time.After(200 * time.Millisecond)
	if err := cluster.Kill(); err != nil {
		t.Fatal(err)
	}
	<-time.After(300 * time.Millisecond)
	if err := cluster.Start(ctx); err != nil {
		t.Fatal(err)
	}
	<-time.After(time.Second)
	stop.Store(true)
	wg.Wait()
	for _, w := range team {
		w.resend(t, s, nil)
	}
	s.settle(team)
}
