package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/marketplace/client"
	"github.com/longmen/longmen/examples/marketplace/play"
	"github.com/longmen/longmen/examples/marketplace/product"
	"github.com/longmen/longmen/examples/marketplace/recount"
	"github.com/longmen/longmen/examples/marketplace/report"
	"github.com/longmen/longmen/examples/stage"
)

// TestMain builds the program that the tests start.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "marketplace-test-")
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
	return options{loans: 10, investors: 50, seed: 1, once: true, data: folder, longmen: program}
}

// smaller is one that is played thrice.
func smaller(folder string) options {
	o := small(folder)
	o.loans, o.investors = 4, 20
	return o
}

// The whole play, on a node that is started as a person starts it.
func TestRun(t *testing.T) {
	var out, talk bytes.Buffer
	if err := run(t.Context(), small(t.TempDir()), &stage.Screen{Out: &out, Talk: &talk}); err != nil {
		t.Fatalf("%v\n%s%s", err, talk.String(), out.String())
	}
	for _, words := range []string{
		"10 loans, 50 investors", "both sides meet", "all of it is there", "to the cent", "Statement of investor 1", "longmen verify", "passed",
		"Every cent is explained.",
	} {
		if !strings.Contains(out.String(), words) {
			t.Errorf("the summary does not say %q:\n%s", words, out.String())
		}
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 101 {
			t.Errorf("too wide: %s", line)
		}
	}
}

// The program itself finds nothing wrong with the products.
func TestProducts(t *testing.T) {
	list, err := market.Read(data.Loans, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range product.All(list) {
		file := filepath.Join(t.TempDir(), p.Code+".yaml")
		if err := os.WriteFile(file, []byte(p.YAML), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.Command(program, "product", "check", file).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", p.Code, err, out)
		}
	}
}

// One cent, one unit more or less is found, wherever it is.
func TestCompareFinds(t *testing.T) {
	n, err := stage.Start(t.Context(), program, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}()
	o := small("")
	o.loans = 3
	s := &stage.Screen{Out: new(bytes.Buffer), Talk: new(bytes.Buffer)}
	x := &teller{o: o, n: n, s: s, c: client.New(n.Base, workers), who: client.Caller{Token: n.Token, Tenant: play.Tenant}}
	defer x.c.Close()
	for _, part := range []func(context.Context) error{x.play, x.recount} {
		if err := part(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func(b *recount.Books){
		"account party:":     func(b *recount.Books) { b.Cash[7]++ },
		"platform:cny:fees":  func(b *recount.Books) { b.Platform-- },
		"bank:custody":       func(b *recount.Books) { b.Custody++ },
		"loan 2: holder 3":   func(b *recount.Books) { b.Loans[1].Units[3]++ },
		"of tranche 1":       func(b *recount.Books) { b.Loans[2].Paid[1][0]++ },
		"outstanding":        func(b *recount.Books) { b.Loans[0].State.Rows[5].Owed[recount.Interest]++ },
		"the recount says 1": func(b *recount.Books) { b.Loans[0].Borrower = 1 },
	} {
		again := *x
		if err := again.recount(t.Context()); err != nil {
			t.Fatal(err)
		}
		change(again.books)
		if err := again.compare(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f := again.found; f.Wrong != 1 || !strings.Contains(f.First[0], name) {
			t.Errorf("%s: %d found: %v", name, f.Wrong, f.First)
		}
	}
}

// A run whose node is killed in its midst goes on where it was, does nothing twice and comes to what one comes to that
// was never killed.
func TestKilledRun(t *testing.T) {
	folder := t.TempDir()
	n, err := stage.Start(t.Context(), program, folder)
	if err != nil {
		t.Fatal(err)
	}
	go killWhen(t.Context(), n, func() bool {
		text, _ := os.ReadFile(filepath.Join(folder, runFile))
		return bytes.Count(text, []byte{'\n'}) > 120 // about the fourth month
	})
	s := &stage.Screen{Out: new(bytes.Buffer), Talk: new(bytes.Buffer)}
	_, err = tell(n.Within(t.Context()), smaller(folder), n, s)
	if err == nil {
		t.Fatal("the play went on without a node")
	}
	killed, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if n.Wait(killed) == nil {
		t.Fatal("the node was not killed, the play ended by itself:", err)
	}
	var talk bytes.Buffer
	cut := json.NewDecoder(played(t, smaller(folder), &talk))
	whole := json.NewDecoder(played(t, smaller(t.TempDir()), new(bytes.Buffer)))
	if !strings.Contains(talk.String(), "a run that was begun") {
		t.Error("it is not told that the run goes on")
	}
	var a, b report.Summary
	if err := cut.Decode(&a); err != nil {
		t.Fatal(err)
	}
	if err := whole.Decode(&b); err != nil {
		t.Fatal(err)
	}
	if !a.Sound() || !b.Sound() || !reflect.DeepEqual(a.Books, b.Books) || !reflect.DeepEqual(a.Loan, b.Loan) {
		t.Errorf("it was killed and went on:\n%+v\n%+v\nit was not:\n%+v\n%+v", a.Books, a.Recount, b.Books, b.Recount)
	}
}

// played plays and gives the summary as programs get it.
func played(t *testing.T, o options, talk *bytes.Buffer) *bytes.Buffer {
	t.Helper()
	o.json = true
	var out bytes.Buffer
	if err := run(t.Context(), o, &stage.Screen{Out: &out, Talk: talk}); err != nil {
		t.Fatalf("%v\n%s%s", err, talk.String(), out.String())
	}
	return &out
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
