package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// marketScript is a walk of an investor, and of another one where a line begins with "other". What it prints stands in
// testdata/market.txt.
const marketScript = `
market listing list --state open
market listing list
market listing show LISTING
market mandate give 500.00 --id MANDATE --grade a --longest 720 --smallest 100.00 --per-loan 300.00
market mandate list
market mandate show MANDATE
market mandate revoke MANDATE
market bid place LISTING 100.00 --key b1 => BID
market bid place LISTING 100 --key b2
market bid place LISTING 10.00 --key b3
market bid list
market bid show BID
market bid cancel BID
market bid list
market overview
market sale quote LOAN 400 0.985
market sale quote LOAN 50 1
market sale offer LOAN 400 0.985 --id SALE
market sale offer LOAN 400 0.9
market sale offer LOAN many 1
other market sale list
other market sale show SALE
other market sale buy SALE 394.01 --key s1
other market sale buy SALE 394.00 --key s2
other market sale buy SALE 394.00 --key s2
other market sale cancel SALE
market sale cancel SALE
market sale list --mine
market sale trades
other market sale trades
other market overview
pay
market overview
market payments LOAN
other market payments LOAN
other market payments LOAN --json
other market overview --ledger none
other market overview --party ME
market mandate give 350.00 --id SECOND --smallest 100.00 --per-loan 200.00
other market mandate give 400.00 --id THEIRS --smallest 400.00 --per-loan 300.00
market mandate why SECOND LISTING
run
market mandate bids SECOND
market mandate why SECOND LISTING
other market mandate why THEIRS LISTING
market bid place LISTING 100.00 --key b4
market mandate drifts SECOND
market mandate drifts SECOND --json
market mandate why MANDATE LISTING
market mandate why SECOND LOAN
other market mandate why SECOND LISTING
other market mandate bids SECOND
other market mandate drifts SECOND
`

func TestMarketWalk(t *testing.T) {
	w := apitest.NewWorld(t)
	me, other := w.North.Client, w.North.Other
	loan, listing := w.Claim(w.North, me, other), w.Listing(w.North, me, other)
	names := []string{
		"LISTING", listing.String(), "LOAN", loan.String(), "MANDATE", w.ID().String(), "SALE", w.ID().String(), "SECOND", w.ID().String(), "THEIRS", w.ID().String(), "ME", me.Party.String(),
	}
	var transcript strings.Builder
	seen := uint64(0)
	for line := range strings.Lines(marketScript) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if seen = w.Follow(w.North, seen); line == "pay" {
			w.As(w.North.Staff["operations"], "POST", "/v1/loans/"+loan.String()+"/payments", `{"id":"`+w.ID().String()+`","amount":"10662"}`).OK()
			continue
		}
		if line == "run" { // of the mandates
			if _, err := w.Ground.Market.Allocate(t.Context(), w.North.ID, "main", w.ID()); err != nil {
				t.Fatal(err)
			}
			continue
		}
		line, name, _ := strings.Cut(line, " => ")
		words, caller := line, me
		if rest, ok := strings.CutPrefix(line, "other "); ok {
			words, caller = rest, other
		}
		t.Setenv("LONGMEN_TOKEN", caller.Token)
		out, failed := cli(t, w.Folder, strings.Fields(strings.NewReplacer(names...).Replace(words))...)
		fmt.Fprintf(&transcript, "$ longmen %s\n%s", strings.TrimPrefix(line, "other "), out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
		if made := regexp.MustCompile(`id +(\S+)`).FindStringSubmatch(out); name != "" && made != nil {
			names = append([]string{name, made[1]}, names...)
		}
	}
	text := regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`).ReplaceAllString(transcript.String(), "<id>")
	apitest.Golden(t, "testdata/market.txt", []byte(text))
}

// Amounts have the point of the money that is meant; where that is not one scale, they are minor units and none is taken.
func TestScaleOfOnesMoney(t *testing.T) {
	yuan, yen := purse{"main", "CNY", 2}, purse{"osaka", "JPY", 0}
	for _, c := range []struct {
		trader        trader
		ledger, asset string
		shown         string
	}{
		{trader{money: []purse{yuan}}, "", "", "123.45"},
		{trader{money: []purse{yen}}, "", "", "12345"},
		{trader{money: []purse{yuan, yen}}, "osaka", "", "12345"},
		{trader{money: []purse{yuan, yen}}, "main", "CNY", "123.45"},
		{trader{money: []purse{yuan, yen}}, "", "", "12345 minor units"},
		{trader{money: []purse{yuan, yen, yuan}}, "", "", "12345 minor units"},
		{trader{money: []purse{yuan}}, "main", "USD", "12345 minor units"},
		{trader{}, "main", "CNY", "12345 minor units"},
		{trader{scale: 3, said: true}, "main", "CNY", "12.345"},
	} {
		in := c.trader.in(c.ledger, c.asset)
		if got := in.amount("12345"); got != c.shown {
			t.Errorf("%v in %s %s: %s, want %s", c.trader.money, c.ledger, c.asset, got, c.shown)
		}
		if _, err := minor("123.45", in.scale); (err == nil) != (c.shown == "123.45") {
			t.Errorf("%v in %s %s takes 123.45: %v", c.trader.money, c.ledger, c.asset, err)
		}
	}
}
