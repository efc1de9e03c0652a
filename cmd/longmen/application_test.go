package main

import (
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

const studyLoan = `code: study-loan
name: {zh: 助学贷款, en: Study loan}
asset: {code: CNY}
amount: {min: "1000.00", max: "20000.00"}
terms: [{unit: months, min: 3, max: 12, step: 3, every: 1}]
repayment: {method: equal_installment}
grades: [{code: a, rate: "0.06", max: "5000.00"}, {code: b, rate: "0.12"}]
fees:
  - {code: origination, name: {zh: 撮合服务费, en: Origination fee}, paid_by: borrower, at: disbursement, of: lent, rate: "0.02"}
documents: [{code: enrolment, name: {zh: 在读证明, en: Proof of enrolment}}]
eligibility:
  - {code: affordable, when: application.largest_due * 2 <= applicant.monthly_income, says: {zh: 收入不足, en: The income is too small}}
`

// lendingScript is a walk from an application to its code. What it prints stands in testdata/application.txt. A line begins with
// who says it.
const lendingScript = `
client loan apply study-loan --amount 6000.00 --term 12~months --purpose tuition --region CN-31 --fact applicant.monthly_income=200000 --id FIRST
client loan apply study-loan --amount 6000.00 --term 12~months --purpose tuition --region CN-31 --fact applicant.monthly_income=200000 --id FIRST
client loan apply study-loan --amount 6000 --term 12~months --purpose tuition
client loan apply study-loan --amount 6000.00 --term year --purpose tuition
client loan apply study-loan --amount 6000.00 --term 12~months --purpose tuition --fact applicant.level=3
client loan send FIRST enrolment FOLDER/proof.pdf
client loan send FIRST enrolment FOLDER/none.pdf
client loan documents FIRST
client loan show FIRST
client loan papers FIRST
client loan paper FIRST disclosure --to FOLDER/cost.pdf
client loan paper FIRST disclosure --to FOLDER/cost.pdf
client loan code FIRST
client loan sign FIRST 000000
client loan apply study-loan --amount 1000.00 --term 3~months --purpose tuition --id SECOND
client loan send SECOND enrolment FOLDER/proof.pdf
risk loan show SECOND
risk loan decide SECOND maybe
risk loan decide SECOND decline
risk loan decide SECOND decline --reason thin-file
client loan show SECOND
client loan withdraw FIRST
client loan apply study-loan --amount 1000.00 --term 3~months --purpose tuition --guarantor FIRST,limit=5
client loan apply study-loan --amount 1000.00 --term 3~months --purpose tuition --guarantor FIRST,limits=5.00
client loan apply study-loan --amount 1000.00 --term 3~months --purpose tuition --guarantor FIRST,share=2,limit=5.00
client loan list --as guarantor
client loan list
risk loan list --state withdrawn --json
other loan show FIRST
operations loan close FIRST
operations loan close FIRST --reason paid-up
operations loan close FIRST --reason Paid!
client loan close FIRST --reason paid-up
`

func TestLendingWalk(t *testing.T) {
	w := apitest.NewWorld(t)
	north, folder := w.North, t.TempDir()
	by := party.By{Tenant: north.ID, Actor: north.Client.Principal}
	for name, text := range map[string]string{"loan.yaml": studyLoan, "proof.pdf": "%PDF-1.4\n1 0 obj\n<<>>\nendobj\n%%EOF\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("LONGMEN_TOKEN", north.Staff["operations"].Token)
	if out, failed := cli(t, w.Folder, "product", "propose", folder+"/loan.yaml", "--effective", "2026-03-01", "--reason", "new"); failed {
		t.Fatal(out)
	}
	list, err := w.Ground.Approvals.List(t.Context(), north.ID, ops.Open, id.ID{}, 1)
	if err == nil {
		_, err = w.Ground.Approvals.Approve(t.Context(), north.ID, list[0].ID, north.Staff["risk"].Principal, "")
	}
	if err == nil {
		_, err = w.Ground.Parties.AddIdentifier(t.Context(), by, party.Identifier{ID: w.ID(), Party: north.Client.Party, Type: "mobile", Value: "13800138000"})
	}
	if err != nil {
		t.Fatal(err)
	}
	callers := map[string]*apitest.Caller{"client": north.Client, "other": north.Other, "risk": north.Staff["risk"], "operations": north.Staff["operations"]}
	names := strings.NewReplacer("FIRST", w.ID().String(), "SECOND", w.ID().String(), "FOLDER", folder, "~", " ")
	var transcript strings.Builder
	for line := range strings.Lines(lendingScript) {
		who, line, found := strings.Cut(strings.TrimSpace(line), " ")
		if !found {
			continue
		}
		t.Setenv("LONGMEN_TOKEN", callers[who].Token)
		words := strings.Fields(line)
		for i := range words {
			words[i] = names.Replace(words[i])
		}
		out, failed := cli(t, w.Folder, words...)
		fmt.Fprintf(&transcript, "%s$ longmen %s\n%s", who, line, out)
		if failed {
			transcript.WriteString("(fails)\n")
		}
		transcript.WriteString("\n")
	}
	text := strings.ReplaceAll(transcript.String(), folder, "FOLDER")
	text = regexp.MustCompile(`\b01[0-9a-f]{6}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b`).ReplaceAllString(text, "<id>")
	text = regexp.MustCompile(`\b[0-9a-f]{64}\b`).ReplaceAllString(text, "<hash>")
	text = regexp.MustCompile(`\b\d+ bytes`).ReplaceAllString(text, "… bytes")
	apitest.Golden(t, "testdata/application.txt", []byte(text))
}
