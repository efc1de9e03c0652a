package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
)

// partyScript is a walk through everything about people: the operator makes the first two, who then do without him. What
// it prints stands in testdata/party.txt.
const partyScript = `
tenant create north --zone Asia/Shanghai --administrator 王五 --login wang.wu --save-token ADMIN
party create --name 李四 --tenant north => LI
principal create LI li.si --tenant north => LOGIN
party role give LI compliance --from 2026-03-01 --tenant north
token issue LOGIN --save-token COMPLIANCE --tenant north
party create --name 赵六 --token-file ADMIN => ZHAO
party create --token-file ADMIN
party list --kind person --token-file ADMIN
party list --token-file COMPLIANCE --kind organisation
principal create ZHAO zhao.liu --token-file ADMIN => KEY
principal create ZHAO zhao.liu --token-file ADMIN
party role give ZHAO operations --token-file ADMIN
party role give ZHAO king --token-file ADMIN
party role give ZHAO operations --reason promised --from 2026-03-01 --id ROLE --token-file ADMIN
approval show ROLE --token-file COMPLIANCE
approval approve ROLE --token-file ADMIN
approval approve ROLE --token-file COMPLIANCE
party role give ZHAO operations --reason promised --from 2026-03-01 --id ROLE --token-file ADMIN
party role list ZHAO --token-file ADMIN
party role holders operations --on 2026-03-01 --token-file COMPLIANCE
token issue KEY --token-file ADMIN
party role end ROLE --day 2026-03-01 --token-file ADMIN
party identifier add ZHAO mobile +8613800000000 --token-file ADMIN => NUMBER
party identifier list ZHAO --token-file ADMIN
party find mobile +8613800000000 --token-file COMPLIANCE
party find mobile +8613900000000 --token-file COMPLIANCE
party identifier remove NUMBER --token-file ADMIN
party attestation give ZHAO identity verified --source id-card --until 2099-01-01T00:00:00Z --token-file COMPLIANCE => SEEN
party attestation list ZHAO --about identity --holds --token-file COMPLIANCE
party attestation revoke SEEN --reason document-lost --token-file COMPLIANCE
party grant give ZHAO KEY --reason asked --id GRANT --token-file ADMIN
approval approve GRANT --token-file COMPLIANCE
party grant give ZHAO KEY --reason asked --id GRANT --token-file ADMIN
party grant list ZHAO --token-file COMPLIANCE
principal grants KEY --holds --token-file ADMIN
party grant end GRANT --token-file ADMIN
principal list --of ZHAO --open --token-file ADMIN
principal show KEY --token-file ADMIN
principal close KEY --token-file ADMIN
party rename ZHAO 赵小六 --version 1 --token-file ADMIN
party changes ZHAO --token-file ADMIN
party close ZHAO --version 1 --token-file ADMIN
party close ZHAO --version 2 --token-file ADMIN
party show ZHAO --json --token-file ADMIN
party show ZHAO --json --token-file COMPLIANCE --tenant south
`

func TestPartyWalk(t *testing.T) {
	folder, tokens := serve(t), t.TempDir()
	names := []string{"ADMIN", filepath.Join(tokens, "admin"), "COMPLIANCE", filepath.Join(tokens, "compliance")}
	for _, name := range []string{"ROLE", "GRANT"} {
		made, err := newKey()
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, name, made)
	}
	id := regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	var transcript strings.Builder
	for line := range strings.Lines(partyScript) {
		line, name, _ := strings.Cut(strings.TrimSpace(line), " => ")
		if line == "" {
			continue
		}
		out, failed := cli(t, folder, strings.Fields(strings.NewReplacer(names...).Replace(line))...)
		fmt.Fprintf(&transcript, "$ longmen %s\n%s", line, out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
		if made := id.FindString(out); name != "" {
			names = append(names, name, made)
		}
	}
	text := id.ReplaceAllString(transcript.String(), "<id>")
	text = strings.NewReplacer(names[1], "ADMIN", names[3], "COMPLIANCE").Replace(text)
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllString(text, "<instant>")
	text = regexp.MustCompile(`"request": ?"[^"]*"`).ReplaceAllString(text, `"request": "<request>"`)
	apitest.Golden(t, "testdata/party.txt", []byte(text))
}

// A value that must not stand in the shell's history comes from standard input.
func TestValueFromStandardInput(t *testing.T) {
	w := apitest.NewWorld(t)
	at := []string{"--data", w.Folder, "--tenant", "north"}
	party := w.North.Client.Party.String()
	run := func(in string, words ...string) string {
		var out strings.Builder
		if code := run(t.Context(), append(words, at...), strings.NewReader(in), &out, &out); code != 0 {
			t.Fatal(out.String())
		}
		return out.String()
	}
	run("11010519491231002X\n", "party", "identifier", "add", party, "id-card", "-")
	if out := run("11010519491231002X\r\nnext line\n", "party", "find", "id-card", "-"); !strings.Contains(out, party) {
		t.Error(out)
	}
}
