package bench

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/longmen/longmen"
	"github.com/longmen/longmen/core/ledger"
)

// local is a ledger of the library, in this process.
type local struct {
	db   *longmen.DB
	book *longmen.Ledger
}

// local opens an empty ledger in process.
func (b *bench) local(ctx context.Context) (*local, error) {
	folder, err := b.newFolder()
	if err != nil {
		return nil, err
	}
	// What scenarios before this one left behind is no part of it.
	debug.FreeOSMemory()
	db, err := longmen.Open(ctx, longmen.Config{Folder: folder})
	if err != nil {
		return nil, err
	}
	b.after(db.Close)
	book, err := db.Create(ctx, longmen.New{Name: "bench", Zone: "Asia/Shanghai", Clock: longmen.RealClock})
	if err != nil {
		return nil, err
	}
	return &local{db, book}, nil
}

func (l *local) applier(context.Context) (applier, error) { return l, nil }

func (l *local) close() error { return nil }

func (l *local) apply(ctx context.Context, commands []*ledger.Command) error {
	answers, err := l.book.Apply(ctx, commands)
	if err != nil {
		return err
	}
	for i := range answers {
		if r := &answers[i].Result; r.Code != ledger.Applied {
			return fmt.Errorf("a command was refused: %s, operation %d: %s", r.Code, r.Index, answers[i].Why)
		}
	}
	return nil
}

func (l *local) settle(ctx context.Context) error {
	return settled(ctx, func() (standing, error) { return standing{l.book.Applied(), l.book.Projected()}, nil })
}

// watch: the library and its caller are one process, which counts as the server.
func (l *local) watch(context.Context) (func(*Figure) error, error) {
	runtime.GC()
	forgetPeak(os.Getpid())
	before, began, all := ownVitals(), time.Now(), machineTime()
	return func(f *Figure) error {
		after, whole := ownVitals(), (machineTime() - all).Seconds()
		used := after.seconds - before.seconds
		f.Seconds = time.Since(began).Seconds()
		f.Use = &Use{Server: used, Others: max(0, whole-used), GC: between(before, after), Peak: peakMemory(os.Getpid())}
		return nil
	}, nil
}
