package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/catalog"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/id"
)

// Products and books on the command line: what one person proposes another one approves, and everybody reads it then.
func TestProposing(t *testing.T) {
	w := apitest.NewWorld(t)
	north := w.North
	by := party.By{Tenant: north.ID, Actor: north.Client.Principal}
	second := w.Caller(by, "second", "finance", "risk")
	file, err := catalog.ShippedFile("consumer-loan")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for name, text := range map[string]string{"p.yaml": string(file), "bad.yaml": "code: Bad Code\n", "chart.json": `{"from":"2026-01-01","accounts":[
		{"code":1001,"gl":"1002","name":{"zh":"银行存款","en":"Cash at bank"}},{"code":2001,"gl":"2241","name":{"zh":"投资人","en":"Investors"}},
		{"code":2002,"gl":"2242","name":{"zh":"借款人","en":"Borrowers"}}]}`} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		who   *apitest.Caller
		words string
		fails bool
		says  []string
	}{
		{north.Staff["operations"], "product propose " + folder + "/p.yaml --effective 2026-03-01 --reason new", false, []string{"proposal", "open"}},
		{north.Staff["operations"], "product propose " + folder + "/bad.yaml --effective 2026-03-01 --reason new", true, []string{"body.file", "line 1"}},
		{north.Staff["operations"], "product list", false, []string{"consumer-loan", "1 from 2026-03-01"}},
		{north.Client, "product versions consumer-loan", false, []string{"2026-03-01"}},
		{north.Client, "product show consumer-loan", false, []string{"consumer-loan"}},
		{north.Client, "product show consumer-loan --version 2", true, []string{"not_found"}},
		{north.Client, "product show consumer-loan --json", false, []string{`"version": 1`}},
		{north.Staff["finance"], "book chart propose " + folder + "/chart.json --reason first", false, []string{"open"}},
		{north.Staff["auditor"], "book chart list", false, []string{"2026-01-01"}},
		{north.Staff["auditor"], "book export 2026-03-01 2026-03-31 --csv", false, []string{"date,asset,gl", "Cash at bank,30000,0"}},
		{north.Staff["auditor"], "book export 2026-03-01 2026-03-31", false, []string{"Cash at bank", "300.00"}},
		{north.Staff["finance"], "book close 2026-02-28 --reason month-end", false, []string{"open"}},
		{north.Staff["finance"], "book periods", false, []string{"2026-02-28"}},
		{north.Staff["finance"], "book corrections", false, []string{"CORRECTS"}},
		{north.Client, "book periods", true, []string{"forbidden"}},
	} {
		t.Setenv("LONGMEN_TOKEN", c.who.Token)
		out, failed := cli(t, w.Folder, strings.Fields(c.words)...)
		for _, want := range c.says {
			if failed != c.fails || !strings.Contains(out, want) {
				t.Errorf("%s: want %q: %s", c.words, want, out)
			}
		}
		list, err := w.Ground.Approvals.List(t.Context(), north.ID, ops.Open, id.ID{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			if _, err := w.Ground.Approvals.Approve(t.Context(), north.ID, p.ID, second.Principal, ""); err != nil {
				t.Fatal(err)
			}
		}
	}
}
