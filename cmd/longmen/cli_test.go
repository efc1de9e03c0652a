package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/longmen/longmen/api/apitest"
)

// script is a walk through every command that speaks to a node. What it prints stands in testdata/walk.txt, so that a
// reader sees what a person would.
const script = `
ledger create main --zone Asia/Shanghai --clock simulated --start 2026-03-01T00:00:00Z
ledger list
ledger asset open CNY --scale 2 --key asset-1
ledger asset open JPY --scale 0 --key asset-2
ledger asset list
ledger account open bank:cash --asset CNY --side debit --type asset --code 1001 --constraint unbounded --key a1
ledger account open investor:1:cash --asset CNY --side credit --type liability --code 2001 --key a2
ledger account open investor:2:cash --asset CNY --side credit --type liability --code 2001 --key a3
ledger account open borrower:7:cash --asset CNY --side credit --type liability --code 2002 --key a4
ledger account open platform:unclaimed --asset CNY --side credit --type liability --code 2003 --key a5
ledger account open platform:fees --asset CNY --side credit --type income --code 4001 --key a6
ledger account list --limit 3
ledger transfer bank:cash investor:1:cash 100.00 --key t1 --purpose 1 --reference 4:00000000-0000-0000-0000-00000000002a --effective 2026-02-27
ledger transfer bank:cash investor:2:cash 100.00 --key t2
ledger transfer bank:cash investor:2:cash 100.00 --key t2
ledger transfer bank:cash investor:2:cash 100 --key t3
ledger transfer bank:cash investor:2:cash 100.0 --key t3
ledger transfer bank:cash investor:2:cash -1.00 --key t3
ledger transfer investor:1:cash bank:cash 1000.00 --key t4
ledger transfer investor:1:cash bank:cash 500.00 --at-most --key t5
ledger transfer bank:cash investor:1:cash 100.00 --key t6
ledger register open listing:7 --asset CNY --cap 1000 --tranche principal --tranche interest --unclaimed platform:unclaimed --key r1
ledger register list
ledger command testdata/bid.json
ledger command testdata/bid.json
ledger issue listing:7 investor:2:cash 40 --key i1
ledger register show listing:7
ledger hold investor:2:cash borrower:7:cash 30.00 --expiry 2026-03-05T00:00:00Z --key h1 => FIRST
ledger holds investor:2:cash
ledger balance investor:2:cash bank:cash nobody
ledger post FIRST 10.00 --key p1
ledger hold investor:2:cash borrower:7:cash 30.00 --key h2 => SECOND
ledger void SECOND --key v1
ledger freeze investor:2:cash --what credits --key f1 => FREEZE
ledger account show investor:2:cash
ledger distribute listing:7 borrower:7:cash 20.00 3.33 --deduct 1:0:100000:platform:fees --key d1 => SEQUENCE
ledger holders listing:7
ledger unfreeze FREEZE --key u1
ledger claim listing:7 investor:2:cash investor:2:cash --key c1
ledger lines SEQUENCE
ledger distributions listing:7
ledger distribute listing:7 borrower:7:cash 1.00 1.00 --deduct 1:0:100000:platform:fees --key d2 => UNDONE
ledger reverse UNDONE --key rev => UNDOING
ledger lines UNDONE
ledger lines UNDOING
ledger distributions listing:7
ledger hold-units listing:7 investor:1:cash 5 --key hu1
ledger move listing:7 investor:1:cash investor:2:cash 10 --key m1
ledger holdings investor:2:cash
ledger cancel listing:7 investor:2:cash 1 --key x1
ledger cancel listing:7 --key x2
ledger cancel listing:7 --all --key x3
ledger advance 2026-04-01T00:00:00+08:00 --key adv
ledger info
ledger entries investor:1:cash
ledger entries investor:1:cash --oldest --limit 1 --reference 4:00000000-0000-0000-0000-00000000002a
ledger statement investor:1:cash 2026-03
ledger effective investor:1:cash 2026-02-01 2026-02-28
ledger effective investor:1:cash 2026-02-01 2026-03-31 --totals
ledger balance investor:1:cash --at 2026-03-01T00:00:00Z
ledger trial-balance
ledger journal --from 3 --limit 3
ledger show 4
ledger balance bank:cash --json
ledger balance bank:cash investor:1:cash --at 2026-03-01T00:00:00Z --json
ledger balance nobody --at 2026-03-01T00:00:00Z --json
ledger balance nobody --json
ledger transfer bank:cash investor:1:cash 5.00 --key t7 => GIVEN
ledger transfer investor:1:cash borrower:7:cash 57.00 --key t8
ledger reverse GIVEN --key rev0
ledger reverse GIVEN --at-most --key rev1
ledger reverse GIVEN --key rev2
ledger reverse SEQUENCE --key rev3
ledger reverse 99999 --key rev4
ledger reverse x --key rev5
ledger account open platform:cover --asset CNY --side credit --type liability --code 2004 --constraint unbounded --key a10
ledger transfer bank:cash investor:2:cash 50.00 --key t9 => BOUNCED
ledger transfer investor:2:cash borrower:7:cash 1000.00 --at-most --key t10
ledger reverse BOUNCED --owe platform:cover --key rev6
ledger debts investor:2:cash
ledger debts --cover platform:cover
ledger issue listing:7 investor:2:cash 10 --key i4
ledger distribute listing:7 borrower:7:cash 5.00 1.00 --key d3 => SETOFF
ledger lines SETOFF
ledger entries investor:2:cash --limit 3
ledger settle investor:2:cash platform:cover 20.00 --payer borrower:7:cash --key s1
ledger account show investor:2:cash
ledger reverse SETOFF --key rev7
ledger debts investor:2:cash
ledger settle investor:2:cash borrower:7:cash --key s2
ledger correct SEQUENCE 0 borrower:7:cash 1.00 0.00 --take --owe platform:cover --key df1
ledger correct SEQUENCE 0 borrower:7:cash 1.00 0.50 --key df2
ledger correct SEQUENCE 9 borrower:7:cash 1.00 0.50 --key df3
ledger correct SEQUENCE 0 borrower:7:cash 9000.00 0.00 --take --at-most --key df4
ledger entries investor:2:cash --limit 3
ledger issue listing:8 investor:2:cash 40 --key i2
ledger issue listing:7 investor:2:cash many --key i3
ledger account open A --asset CNY --side credit --type liability --key a9
ledger account open b --asset CNY
ledger freeze investor:2:cash
ledger post x
ledger nothing
ledger -l other info
`

func TestWalk(t *testing.T) {
	folder := serve(t)
	var transcript strings.Builder
	names := []string{}
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		line, name, _ := strings.Cut(line, " => ")
		words := strings.Fields(strings.NewReplacer(names...).Replace(line))
		out, failed := cli(t, folder, words...)
		fmt.Fprintf(&transcript, "$ longmen %s\n%s", line, out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
		// Later lines name what earlier ones made: a mark, else a sequence.
		for _, made := range []string{`mark +(\S+)`, `sequence +(\d+)`} {
			if found := regexp.MustCompile(made).FindStringSubmatch(out); name != "" && found != nil {
				names = append(names, name, found[1])
				break
			}
		}
	}
	text := regexp.MustCompile(`\b01[0-9a-f]{6}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`).ReplaceAllString(transcript.String(), "<id>")
	text = regexp.MustCompile(`(in history +)\d+`).ReplaceAllString(text, "${1}…")
	text = regexp.MustCompile(`"trace": "[^"]*"`).ReplaceAllString(text, `"trace": "<trace>"`)
	text = regexp.MustCompile(`"request": ?"[^"]*"`).ReplaceAllString(text, `"request": "<request>"`)
	apitest.Golden(t, "testdata/walk.txt", []byte(text))
}

// serve runs a node of its own until the test ends, and gives its data folder.
func serve(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	ctx, stop := context.WithCancel(context.Background())
	ready, said := io.Pipe()
	ended := make(chan int, 1)
	var log bytes.Buffer
	go func() {
		ended <- run(ctx, []string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}, nil, said, &log)
		said.Close()
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != 0 {
			t.Errorf("the node ends with %d: %s", code, log.String())
		}
	})
	line, err := bufio.NewReader(ready).ReadString('\n')
	if err != nil {
		stop()
		t.Fatalf("the node does not serve: %v", err)
	}
	if !strings.Contains(line, "longmen serves "+folder+" on http://127.0.0.1:") {
		t.Errorf("it says %q", line)
	}
	return folder
}

func cli(t *testing.T, folder string, words ...string) (output string, failed bool) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), append(words, "--data", folder), strings.NewReader(""), &out, &out)
	return out.String(), code != 0
}

func TestProof(t *testing.T) {
	s := apitest.NewSite(t)
	s.Market()
	document, failed := cli(t, s.Folder, "ledger", "prove", "12")
	if failed || !strings.HasPrefix(document, "longmen proof") {
		t.Fatal(document)
	}
	file := filepath.Join(t.TempDir(), "proof.txt")
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	key, failed := cli(t, s.Folder, "ledger", "public-key")
	key = strings.TrimSpace(key)
	if failed || key != s.Get("/v1/ledgers/main/checkpoint").At("key") {
		t.Errorf("public key %q", key)
	}
	if note, failed := cli(t, s.Folder, "ledger", "checkpoint"); failed || !strings.HasPrefix(note, "longmen/") {
		t.Errorf("checkpoint %q", note)
	}
	out, failed := cli(t, s.Folder, "ledger", "check-proof", file, "--key", key)
	if failed || !strings.Contains(out, "command 12 was applied with this result") || !strings.Contains(out, "simulated") {
		t.Error(out)
	}
	out, failed = cli(t, s.Folder, "ledger", "check-proof", file, "--key", key, "--json")
	if failed || !strings.Contains(out, `"proven": true`) {
		t.Error(out)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(document, "sequence 12", "sequence 11", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, failed = cli(t, s.Folder, "ledger", "check-proof", file, "--key", key); !failed {
		t.Errorf("a forged proof passes: %s", out)
	}
	note, _ := cli(t, s.Folder, "ledger", "checkpoint")
	if err := os.WriteFile(file, []byte(note), 0o600); err != nil {
		t.Fatal(err)
	}
	extension, failed := cli(t, s.Folder, "ledger", "prove-extension", file)
	if err := os.WriteFile(file, []byte(extension), 0o600); err != nil || failed {
		t.Fatal(err, extension)
	}
	if out, failed = cli(t, s.Folder, "ledger", "check-proof", file, "--key", key); failed || !strings.Contains(out, "nothing has changed in the first") {
		t.Error(out)
	}
	other := apitest.NewSite(t)
	other.Market()
	if err := os.WriteFile(file, []byte(document), 0o600); err != nil {
		t.Fatal(err)
	}
	key = other.Get("/v1/ledgers/main/checkpoint").At("key")
	if out, failed = cli(t, s.Folder, "ledger", "check-proof", file, "--key", key); !failed {
		t.Errorf("a proof passes with another key: %s", out)
	}
}

func TestNoNode(t *testing.T) {
	var out bytes.Buffer
	if code := run(context.Background(), []string{"ledger", "list", "--data", t.TempDir()}, nil, &out, &out); code != 1 || !strings.Contains(out.String(), "longmen serve") {
		t.Errorf("%d: %s", code, out.String())
	}
	s := apitest.NewSite(t)
	if err := os.Chmod(filepath.Join(s.Folder, "token"), 0o644); err != nil {
		t.Fatal(err)
	}
	if text, failed := cli(t, s.Folder, "ledger", "list"); !failed || !strings.Contains(text, "chmod 600") {
		t.Error(text)
	}
	t.Setenv("LONGMEN_TOKEN", s.Token)
	if text, failed := cli(t, t.TempDir(), "ledger", "list", "--address", strings.TrimPrefix(s.URL, "http://")); failed {
		t.Errorf("a node elsewhere: %s", text)
	}
	t.Setenv("LONGMEN_TOKEN", "wrong")
	if text, failed := cli(t, t.TempDir(), "ledger", "list", "--address", s.URL); !failed || !strings.Contains(text, "unauthenticated") {
		t.Errorf("a wrong token: %s", text)
	}
}

// Everything that can be run has a short line and an example.
func TestHelp(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Short == "" {
			t.Errorf("%s has no short line", c.CommandPath())
		}
		if !c.HasSubCommands() && !strings.Contains(c.CommandPath(), "completion") && c.Name() != "help" && c.Example == "" {
			t.Errorf("%s has no example", c.CommandPath())
		}
		for _, child := range c.Commands() {
			visit(child)
		}
	}
	root := newRoot()
	root.InitDefaultCompletionCmd()
	visit(root)
	var out bytes.Buffer
	for _, words := range [][]string{{"--help"}, {"ledger", "--help"}, {"completion", "bash"}, {"version"}, {"version", "--json"}} {
		out.Reset()
		if code := run(context.Background(), words, nil, &out, &out); code != 0 || out.Len() == 0 {
			t.Errorf("%v: %d %s", words, code, out.String())
		}
	}
}

// One folder has one node, and a second one leaves the first alone.
func TestServe(t *testing.T) {
	folder := serve(t)
	var out bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}, nil, &out, &out); code == 0 {
		t.Error("two nodes serve one folder")
	}
	if text, failed := cli(t, folder, "ledger", "list"); failed {
		t.Errorf("the second node takes the first one's address away: %s", text)
	}
}

// A served folder is backed up and exported, the copies are proved, and a restored one serves on.
func TestCopies(t *testing.T) {
	folder, to := serve(t), t.TempDir()
	for _, words := range []string{
		"ledger create main", "ledger asset open CNY", "ledger account open bank --asset CNY --side debit --type asset --constraint unbounded",
		"ledger account open client --asset CNY --side credit --type liability", "ledger transfer bank client 12.34",
	} {
		if out, failed := cli(t, folder, strings.Fields(words)...); failed {
			t.Fatalf("%s: %s", words, out)
		}
	}
	for _, c := range []struct{ words, says string }{
		{"backup " + to + "/backup", "backed up to"},
		{"export " + to + "/export", "exported to"},
		{"verify", "consistent in itself, 7 commands"},
		{"verify " + to + "/backup", "everything is sound"},
		{"verify " + to + "/export --json", `"sound": true`},
		{"restore " + to + "/backup " + to + "/restored", "longmen serve --data"},
		{"verify " + to + "/restored --ledger main", "2 accounts, 0 registers"},
	} {
		out, failed := cli(t, folder, strings.Fields(c.words)...)
		if failed || !strings.Contains(out, c.says) {
			t.Errorf("%s: %s", c.words, out)
		}
	}
	for _, words := range []string{
		"backup " + to + "/backup", "verify " + to + "/nothing", "restore " + to + "/nothing " + to + "/again", "verify --ledger other",
		"verify --checkpoint " + to + "/nothing", "export",
	} {
		if out, failed := cli(t, folder, strings.Fields(words)...); !failed {
			t.Errorf("%s does not fail: %s", words, out)
		}
	}
	journal := filepath.Join(to, "export", "journal.db")
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	b = bytes.Replace(b, []byte("client"), []byte("cliemt"), 1)
	if err := os.WriteFile(journal, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, failed := cli(t, folder, "verify", filepath.Join(to, "export"))
	if !failed || !strings.Contains(out, "WRONG  journal") || !strings.Contains(out, "NOT SOUND") {
		t.Errorf("a flipped byte: %s", out)
	}
}

func TestTrying(t *testing.T) {
	for _, c := range []struct {
		words []string
		says  string
	}{
		{[]string{"sim", "--seeds", "2"}, "2 seeds"},
		{[]string{"sim", "--seeds", "1", "--json"}, `"takeovers"`},
		{[]string{"bench", "--list"}, "transfers"},
	} {
		var out bytes.Buffer
		if code := run(t.Context(), c.words, nil, &out, io.Discard); code != 0 || !strings.Contains(out.String(), c.says) {
			t.Errorf("%v: %d %s", c.words, code, out.String())
		}
	}
}
