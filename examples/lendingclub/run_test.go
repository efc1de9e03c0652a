package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/examples/stage"
)

// TestMain builds the program that the tests start.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "lendingclub-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(folder, "longmen")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/longmen/longmen/cmd/longmen").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	os.RemoveAll(folder)
	os.Exit(code)
}

var program string // the longmen under test

// small is a play of a few seconds.
func small(folder string) options {
	return options{loans: 10, investors: 200, once: true, data: folder, longmen: program}
}

// The whole play, on a node that is started as a person starts it.
func TestRun(t *testing.T) {
	var out, talk bytes.Buffer
	folder := t.TempDir()
	if err := run(t.Context(), small(folder), &stage.Screen{Out: &out, Talk: &talk}); err != nil {
		t.Fatalf("%v\n%s%s", err, talk.String(), out.String())
	}
	for _, words := range []string{
		"10 real loans, 200 investors", "both sides meet", "the same: clients' money is all there", "units never changed",
		"was recalled by the borrower's bank", "register loan:1", "2021-12, final", "longmen verify", "passed", "Every cent is explained.",
	} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("the summary does not say %q:\n%s", words, out.String())
		}
	}
	info, err := os.Stat(filepath.Join(folder, stage.TokenFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token is %v (%v), want mode 0600", info.Mode(), err)
	}
}

// A run whose node is killed in its midst goes on where it was, does nothing twice and comes to the same.
func TestKilledRun(t *testing.T) {
	folder := t.TempDir()
	n, err := stage.Start(t.Context(), program, folder)
	if err != nil {
		t.Fatal(err)
	}
	go killWhen(t.Context(), n, func() bool {
		text, _ := os.ReadFile(filepath.Join(folder, runFile))
		return bytes.Count(text, []byte{'\n'}) > 150
	})
	s := &stage.Screen{Out: new(bytes.Buffer), Talk: new(bytes.Buffer)}
	_, err = tell(n.Within(t.Context()), small(folder), n, s)
	if err == nil {
		t.Fatal("the play went on without a node")
	}
	killed, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if n.Wait(killed) == nil {
		t.Fatal("the node was not killed, the play ended by itself:", err)
	}

	n, err = stage.Start(t.Context(), program, folder)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var talk bytes.Buffer
	summary, err := tell(t.Context(), small(folder), n, &stage.Screen{Out: new(bytes.Buffer), Talk: &talk})
	if err != nil {
		t.Fatal(err)
	}
	if !summary.Sound() || !strings.Contains(talk.String(), "a run that was begun") {
		t.Errorf("%s\nverify: %+v\nrecount: %+v", talk.String(), summary.Verify, summary.Recount)
	}
	if got := summary.Recount; got.Accounts != 6+200+2*10 || got.Holdings == 0 {
		t.Errorf("compared: %+v", got)
	}
}

// killWhen kills the node the hard way as soon as it is time.
func killWhen(ctx context.Context, n *stage.Node, now func() bool) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !now() {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	n.Kill()
}

// A run that is cut short has told nothing, and says so to the shell.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o := small(t.TempDir())
	if err := run(ctx, o, &stage.Screen{Out: new(bytes.Buffer), Talk: ending(cancel)}); !errors.Is(err, errInterrupted) {
		t.Errorf("an interrupted run ends with %v", err)
	}
}

// ending ends a run at its first word.
type ending func()

func (f ending) Write(b []byte) (int, error) {
	f()
	return len(b), nil
}
