package audit

import (
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// debts adds up, by the account that owes and the cover account, what the entries of cover accounts say.
type debts map[[2]uint32]int64

// follow adds what a command booked.
func (d debts) follow(c *ledger.Command, entries []ledger.Entry) {
	for i := range entries {
		e := &entries[i]
		switch {
		case e.Kind == ledger.EntryCovered:
			d[[2]uint32{e.Other, e.Account}] += e.Amount
		case e.Kind == ledger.EntrySettled && e.Side == ledger.CreditNormal:
			d[[2]uint32{e.Other, e.Account}] -= e.Amount
		case e.Kind == ledger.EntrySetOff && c.Operations[e.Index].Kind() == ledger.KindDistribute:
			if e.Side == ledger.CreditNormal {
				d[[2]uint32{e.Other, e.Account}] -= e.Amount
			}
		case e.Kind == ledger.EntrySetOff && e.Side == ledger.DebitNormal: // undone
			d[[2]uint32{e.Other, e.Account}] += e.Amount
		}
	}
}

// compare says what debts there are otherwise than entries say, up to a few.
func (d debts) compare(e *ledger.Engine) (wrong []string) {
	const page, most = 1000, 16
	seen := map[[2]uint32]bool{}
	for after, more := uint32(0), true; more; {
		list, next := e.AllDebts(after, "", page, page)
		for _, x := range list {
			key := [2]uint32{e.Number(x.Account), e.Number(x.Cover)}
			seen[key] = true
			if d[key] != x.Amount && len(wrong) < most {
				wrong = append(wrong, fmt.Sprintf("account %s owes %d to %s, whose entries say %d", x.Account, x.Amount, x.Cover, d[key]))
			}
		}
		after, more = next, next != 0
	}
	for key, amount := range d {
		if amount != 0 && !seen[key] && len(wrong) < most {
			wrong = append(wrong, fmt.Sprintf("account %s owes nothing to %s, whose entries say %d", e.AddressOf(key[0]), e.AddressOf(key[1]), amount))
		}
	}
	slices.Sort(wrong)
	return wrong
}
