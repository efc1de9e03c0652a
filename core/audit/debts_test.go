package audit

import (
	"strings"
	"testing"

	"github.com/longmen/longmen/core/ledger"
)

// What the entries of cover accounts add up to is compared with the debts that there are.
func TestDebtsAreComparedWithEntries(t *testing.T) {
	pay := &ledger.Command{Operations: []ledger.Operation{&ledger.Distribute{}}}
	undo := &ledger.Command{Operations: []ledger.Operation{&ledger.Reverse{}}}
	settle := &ledger.Command{Operations: []ledger.Operation{&ledger.Settle{}}}
	setOff := func(first, second uint32) []ledger.Entry {
		return []ledger.Entry{
			{Kind: ledger.EntrySetOff, Side: ledger.DebitNormal, Account: first, Other: second, Amount: 4},
			{Kind: ledger.EntrySetOff, Side: ledger.CreditNormal, Account: second, Other: first, Amount: 4},
		}
	}
	d := debts{}
	d.follow(undo, []ledger.Entry{{Kind: ledger.EntryCovered, Side: ledger.DebitNormal, Account: 7, Other: 3, Amount: 10}})
	d.follow(pay, setOff(3, 7))
	if d[[2]uint32{3, 7}] != 6 {
		t.Fatalf("after a set-off: %v", d)
	}
	d.follow(undo, setOff(7, 3))
	if d[[2]uint32{3, 7}] != 10 {
		t.Fatalf("after its undoing: %v", d)
	}
	wrong := d.compare(ledger.NewEngine())
	if len(wrong) != 1 || !strings.Contains(wrong[0], "owes nothing") {
		t.Fatalf("an engine without debts: %q", wrong)
	}
	d.follow(settle, []ledger.Entry{
		{Kind: ledger.EntrySettled, Side: ledger.DebitNormal, Account: 9, Other: 7, Amount: 10},
		{Kind: ledger.EntrySettled, Side: ledger.CreditNormal, Account: 7, Other: 3, Amount: 10},
	})
	if wrong := d.compare(ledger.NewEngine()); wrong != nil {
		t.Fatalf("after it was settled: %q", wrong)
	}
}
