package rest

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

// FuzzTransfer compares the reader that is written by hand with encoding/json: what it takes, it takes alike.
func FuzzTransfer(f *testing.F) {
	for _, seed := range []string{
		`{"debit":"a","credit":"b","amount":"1","purpose":7}`, `{"amount":12,"debit":"a:b","credit":"c"}`, ` { } `,
		`{"debit":"a","credit":"b","amount":"000000000000000001"}`, `{"debit":"a","debit":"b","credit":"b","amount":1}`,
		`{"debit":"a","credit":"b","amount":01}`, `{"debit":"a","credit":"b","amount":1,}`, `{"debit":"a","credit":"b","amount":1}1`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, ok := plainTransfer(body)
		if !ok {
			return
		}
		var want struct {
			Transfer
			Envelope
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("%q is taken, though %v", body, err)
		}
		if got.Debit != want.Debit || got.Credit != want.Credit || got.Amount != int64(want.Amount) || got.purpose != want.Purpose {
			t.Fatalf("%q is %+v, by encoding/json %+v", body, got, want)
		}
	})
}

// FuzzCommand: whatever is sent, a command comes out that the ledger's check takes or refuses, and one that is taken
// is shown again as the same command.
func FuzzCommand(f *testing.F) {
	for _, seed := range []string{
		`{"id":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","operations":[{"transfer":{"debit":"a","credit":"b","amount":"1"}}]}`,
		`{"operations":[{"hold":{"debit":"a","credit":"b","amount":5,"expiry":"2026-03-01T00:00:00Z"}},{"post":{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.1","amount":"3"}}]}`,
		`{"operations":[{"freeze":{"account":"a","what":"amount","amount":"9"}},{"unfreeze":{"freeze":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.1"}},{"void":{"hold":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081.1"}}]}`,
		`{"operations":[{"issue":{"register":"r","account":"a","units":7,"class":3}},{"move":{"register":"r","from":"a","to":"b","units":7}},{"cancel":{"register":"r","all":true}},{"hold_units":{"register":"r","account":"a","units":2}}]}`,
		`{"operations":[{"claim":{"register":"r","holder":"a","to":"b"}},{"distribute":{"register":"r","payer":"a","amounts":["0","7"],"deductions":[{"tranche":1,"class":2,"rate":5,"account":"f"}]}}]}`,
		`{"operations":[{"reverse":{"sequence":7,"mode":"refuse"}}]}`, `{"operations":[{"reverse_line":{"sequence":7,"operation":2,"account":"a","mode":"at_most"}}]}`,
		`{"operations":[{"correct":{"sequence":7,"operation":2,"payer":"a","amounts":["-5","7"],"deductions":[{"tranche":1,"class":2,"rate":5,"account":"f"}],"mode":"at_most"}}]}`,
		`{"operations":[{"reverse":{"sequence":7,"mode":"owe","cover":"c"}}]}`, `{"operations":[{"settle":{"account":"a","cover":"c","payer":"b","amount":"5"}}]}`,
		`{"operations":[{"open_asset":{"code":"CNY","scale":2}},{"open_account":{"address":"a","asset":"CNY","side":"debit","type":"asset"}},{"open_register":{"address":"r","asset":"CNY","cap":7,"tranches":["p"],"unclaimed":"u"}}]}`,
		`{"operations":[{"advance":{"to":"2026-03-01T00:00:00Z"}}]}`, `{"operations":[{"upgrade":{"version":2}}]}`, `{"operations":[{"transfer":null}]}`,
		`{"purpose":7,"effective":"2026-02-28","actor":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081","references":[{"type":1,"value":"019599c5-8a7b-7d60-a1f2-3c4d5e6f7081"}],"operations":[{"transfer":{"debit":"a","credit":"b","mode":"received","received":"c"}}]}`,
	} {
		f.Add(seed)
	}
	id := ledger.ID{6: 0x70, 8: 0x80, 15: 1}
	f.Fuzz(func(t *testing.T, body string) {
		var sent Command
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			return
		}
		c, refused := sent.command(id, ledger.ID{})
		if refused != nil {
			if refused.Code != ledger.Malformed || refused.Why == "" {
				t.Fatalf("refused with %v", refused)
			}
			return
		}
		if err := c.Check(); err != nil {
			var r *ledger.Refusal
			if !errors.As(err, &r) {
				t.Fatalf("check: %v", err)
			}
			field, detail := faultField(r.Index, r.Why, inOperations("body"))
			if field == "" || detail == "" {
				t.Fatalf("%v has field %q, detail %q", r, field, detail)
			}
			return
		}
		shown, err := json.Marshal(commandOf(c))
		if err != nil {
			t.Fatal(err)
		}
		var back Command
		if err := json.Unmarshal(shown, &back); err != nil {
			t.Fatalf("%s: %v", shown, err)
		}
		again, refused := back.command(id, ledger.ID{})
		if refused != nil {
			t.Fatalf("%s: %v", shown, refused)
		}
		if string(ledger.AppendCommand(nil, again)) != string(ledger.AppendCommand(nil, c)) {
			t.Fatalf("%s comes back as another command: %+v, %+v", shown, again, c)
		}
		if decoded, err := ledger.DecodeCommand(ledger.AppendCommand(nil, c)); err != nil || !reflect.DeepEqual(decoded.Operations, c.Operations) {
			t.Fatalf("canonical bytes: %v", err)
		}
	})
}
