package main

import (
	"errors"
	"flag"
	"io"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for words, want := range map[string]options{
		"":                                  {loans: 200, investors: 2_000, seed: 1, longmen: "?"},
		"--loans all --once":                {loans: 0, investors: 2_000, seed: 1, once: true, longmen: "?"},
		"--loans 7 --investors 30 --json":   {loans: 7, investors: 30, seed: 1, json: true, longmen: "?"},
		"--data ./books --longmen /bin/dog": {loans: 200, investors: 2_000, seed: 1, data: "./books", longmen: "/bin/dog"},
		"--seed 4":                          {loans: 200, investors: 2_000, seed: 4, longmen: "?"},
	} {
		got, err := parse(strings.Fields(words), io.Discard)
		if want.longmen == "?" {
			want.longmen = got.longmen
		}
		if err != nil || got != want {
			t.Errorf("%q is %+v, want %+v (%v)", words, got, want, err)
		}
	}
	for _, words := range []string{"--loans none", "--loans 0", "--loans -1", "more", "--investors many", "--seed x"} {
		if _, err := parse(strings.Fields(words), io.Discard); err == nil {
			t.Errorf("%q was taken", words)
		}
	}
	if _, err := parse([]string{"--help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("--help gives %v", err)
	}
}
