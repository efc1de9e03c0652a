package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// loanScript is a walk through a loan that is late. What it prints stands in testdata/loan.txt.
const loanScript = `
loan standing LOAN
loan payoff LOAN
loan late 2026-03-01
loan late 2026-03-01 --csv
loan late 2026-02-01 --csv
loan payout LOAN --most 100.00
loan waiting RESERVE
loan serve RESERVE
loan tasks 2026-03-01
loan note LOAN assigned --owner OWNER
loan note LOAN contacted --channel phone --result reached
loan note LOAN promised --date 2026-03-10 --amount 50.00
loan note LOAN promised --date 2026-03-10
loan log LOAN
loan tasks 2026-03-11 --from 61
loan tasks --owner OWNER
loan tasks 2026-03-01 --owner OWNER
loan pay LOAN 50.00 --id PAID
loan pay LOAN 50.00 --id AGAIN --anyway --json
loan suspected
loan reverse LOAN OTHER --id BACK
loan change LOAN restructured --due 2026-05-15 --rows 24 --rate 0.06 --reason illness
loan change LOAN restructured --due 2026-05-15 --rate x --reason illness
loan write-off LOAN --reason gone
approval list
loan buy LOAN
loan buy LOAN --payer bank
loan recover LOAN 1.00
loan recover LOAN 100
loan payout LOAN --most 100
loan note LOAN promised --date 2026-03-10 --amount 50
loan events LOAN
`

func TestLoanWalk(t *testing.T) {
	w := apitest.NewWorld(t)
	loan, reserve := w.LendLate(w.North, w.North.Client.Party)
	staff := w.North.Staff["operations"]
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(staff.Token), 0o600); err != nil {
		t.Fatal(err)
	}
	names := []string{"LOAN", loan.String(), "RESERVE", reserve, "OWNER", staff.Principal.String()}
	for _, name := range []string{"PAID", "AGAIN", "BACK", "OTHER"} {
		names = append(names, name, w.ID().String())
	}
	words := strings.NewReplacer(names...)
	var transcript strings.Builder
	for line := range strings.Lines(loanScript) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		out, failed := cli(t, w.Folder, append(strings.Fields(words.Replace(line)), "--token-file", file)...)
		fmt.Fprintf(&transcript, "$ longmen %s\n%s", line, out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
	}
	text := strings.NewReplacer(loan.String(), "<loan>", reserve, "<reserve>", staff.Principal.String(), "<owner>").Replace(transcript.String())
	text = regexp.MustCompile(`\b01[0-9a-f]{6}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`).ReplaceAllString(text, "<id>")
	text = regexp.MustCompile(`"request": ?"[^"]*"`).ReplaceAllString(text, `"request": "<request>"`)
	text = regexp.MustCompile(`costs:[0-9a-f]{32}`).ReplaceAllString(text, "<costs>")
	apitest.Golden(t, "testdata/loan.txt", []byte(text))
}
