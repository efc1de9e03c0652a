package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/api/apitest"
	"github.com/longmen/longmen/core/party"
	"github.com/longmen/longmen/front/ops"
	"github.com/longmen/longmen/kit/id"
)

const valuedChart = `{"from":"2026-01-01","accounts":[{"code":1001,"gl":"1002","name":{"zh":"银行存款","en":"Cash at bank"}}],"valuation":{
	"asset":"CNY","own":["funder:LOAN:cash"],
	"interest":{"debit":"books:receivable","credit":"books:interest"},"fees":{"debit":"books:receivable","credit":"books:fees"},
	"fees_tax":{"debit":"books:receivable","credit":"books:tax-to-come"},"received_tax":{"debit":"books:fee-tax","credit":"books:tax"},
	"impairment":{"debit":"books:loss","credit":"books:allowance"},"tax_ppm":60000,"rates":[{"bucket":"M3","ppm":400000}]}}`

const valuationScript = `
book value 2026-03-01
book chart propose CHART --reason first
book value 2026-03-01 --id FIRST
book value 2026-03-01 --id FIRST
book value 2026-03-01 --id SECOND
book value 2026-03-02
book value 2026-02-30
book valuations
book valuation FIRST
book lines FIRST
book lines FIRST --bucket M0
book lines FIRST --json
`

// What `longmen book value` and its kin print stands in testdata/valuation.txt: the platform holds a loan that is late.
func TestValuationWalk(t *testing.T) {
	w := apitest.NewWorld(t)
	north := w.North
	second := w.Caller(party.By{Tenant: north.ID, Actor: north.Client.Principal}, "second", "finance")
	loan, _ := w.LendLate(north, north.Client.Party)
	for _, a := range []string{"receivable", "fee-tax", "loss", "interest", "fees", "tax-to-come", "tax", "allowance"} {
		w.Post("/v1/ledgers/main/accounts", fmt.Sprintf(`{"address":"books:%s","asset":"CNY","side":"credit","type":"income","code":4001,"constraint":"unbounded"}`, a)).OK()
	}
	file := filepath.Join(t.TempDir(), "chart.json")
	if err := os.WriteFile(file, []byte(strings.Replace(valuedChart, "LOAN", hex.EncodeToString(loan[:]), 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LONGMEN_TOKEN", north.Staff["finance"].Token)
	names := []string{"CHART", file, "FIRST", w.ID().String(), "SECOND", w.ID().String()}
	made := regexp.MustCompile(`\b[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`)
	var transcript strings.Builder
	for line := range strings.Lines(valuationScript) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		out, failed := cli(t, w.Folder, strings.Fields(strings.NewReplacer(names...).Replace(line))...)
		fmt.Fprintf(&transcript, "$ longmen %s\n%s", line, out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
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
	text := made.ReplaceAllString(transcript.String(), "<id>")
	text = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`).ReplaceAllString(text, "<instant>")
	text = regexp.MustCompile(`"request": ?"[^"]*"`).ReplaceAllString(text, `"request": "<request>"`)
	apitest.Golden(t, "testdata/valuation.txt", []byte(text))
}
