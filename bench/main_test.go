package bench

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime/pprof"
	"syscall"
	"testing"

	"github.com/longmen/longmen/app"
)

// Names of the variables by which a test binary is told to be a node.
const (
	nodeFolder  = "LONGMEN_BENCH_NODE"
	nodeDSN     = "LONGMEN_BENCH_DSN"
	nodeProfile = "LONGMEN_BENCH_PROFILE" // file for a profile of the processors
)

// The test binary is also the program that scenarios start.
func TestMain(m *testing.M) {
	if folder := os.Getenv(nodeFolder); folder != "" {
		if err := serve(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func serve(folder string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if path := os.Getenv(nodeProfile); path != "" {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer f.Close()
		defer pprof.StopCPUProfile()
	}
	return app.Serve(ctx, app.Config{
		Data: folder, DSN: os.Getenv(nodeDSN), Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}, func(string) {})
}

// serveMyself starts the test binary as a node.
func serveMyself(folder, dsn string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self)
	c.Env = append(os.Environ(), nodeFolder+"="+folder, nodeDSN+"="+dsn)
	return c, nil
}
