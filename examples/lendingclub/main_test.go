package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
	"github.com/longmen/longmen/examples/lendingclub/play"
	"github.com/longmen/longmen/examples/stage"
)

func TestParse(t *testing.T) {
	for words, want := range map[string]options{
		"":                                  {loans: 1000, investors: 20_000, longmen: "?"},
		"--loans all --once":                {loans: 0, investors: 20_000, once: true, longmen: "?"},
		"--loans 7 --investors 300 --json":  {loans: 7, investors: 300, json: true, longmen: "?"},
		"--data ./books --longmen /bin/dog": {loans: 1000, investors: 20_000, data: "./books", longmen: "/bin/dog"},
	} {
		got, err := parse(strings.Fields(words), io.Discard)
		if want.longmen == "?" {
			want.longmen = got.longmen
		}
		if err != nil || got != want {
			t.Errorf("%q is %+v, want %+v (%v)", words, got, want, err)
		}
	}
	for _, words := range []string{"--loans none", "--loans 0", "--loans -1", "more", "--investors many"} {
		if _, err := parse(strings.Fields(words), io.Discard); err == nil {
			t.Errorf("%q was taken", words)
		}
	}
	if _, err := parse([]string{"--help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help gives %v", err)
	}
}

// What is left is worked out from what was done: here half of the bids took 10 s and no repayment was made yet.
func TestPace(t *testing.T) {
	loans, err := market.Read(data.Loans, 4)
	if err != nil {
		t.Fatal(err)
	}
	m, err := market.New(loans, 200)
	if err != nil {
		t.Fatal(err)
	}
	var stats play.Stats
	p := pace{m, &stats}
	if _, part := p.left(); part != 0 {
		t.Errorf("%v is done at the start", part)
	}
	stats.Bids.Store(m.TotalBids / 2)
	stats.Spend(play.Bidding, 10*time.Second)
	want := 10*time.Second + time.Duration(m.TotalPayments)*guessPayment
	if got, _ := p.left(); got.Round(time.Second) != want.Round(time.Second) {
		t.Errorf("%v are left, want %v", got, want)
	}
	stats.Bids.Store(m.TotalBids)
	stats.Payments.Store(m.TotalPayments)
	if got, part := p.left(); got != 0 || part != 1 {
		t.Errorf("%v are left of a finished play, %v is done", got, part)
	}
	if line := p.line(); len(line) >= stage.Columns {
		t.Errorf("the line has %d columns: %s", len(line), line)
	}
}
