package ledger

import (
	"bytes"
	"strings"
	"testing"
)

// What must add up is found out for every sum, one at a time.
func TestCheckSums(t *testing.T) {
	if err := NewEngine().CheckSums(); err != nil {
		t.Fatal(err)
	}
	b := busyBook(t)
	b.must(&HoldUnits{Register: "r:2", Account: "holder:14", Units: 2})
	b.must(&Freeze{Account: "holder:9", What: FreezeAmount, Amount: 5})
	b.owes("holder:9", "payer", 1_000_000)
	if err := b.e.CheckSums(); err != nil {
		t.Fatal(err)
	}
	payer, holder := b.e.Number("payer"), b.e.Number("holder:9")
	place := b.e.place(b.e.RegisterNumber("r:2"), b.e.Number("holder:14"))
	on := func(i uint32, change func(*account)) func() { return func() { change(b.e.accounts.at(i)) } }
	units := func(change func(*block, uint32)) func() {
		return func() { change(b.e.blocks.at(place/blockSize), place%blockSize) }
	}
	for name, test := range map[string]struct {
		spoil func()
		want  string
	}{
		"debits":       {on(payer, func(a *account) { a.debits++ }), "it is not the sum of its accounts"},
		"below zero":   {on(payer, func(a *account) { a.debits = -1 }), "neither may be below zero"},
		"overdrawn":    {on(holder, func(a *account) { a.debits += 1 << 40 }), "may not be below zero"},
		"held":         {on(payer, func(a *account) { a.debitsHeld++ }), "open holds say"},
		"credits held": {on(holder, func(a *account) { a.creditsHeld++ }), "open holds say"},
		"holds":        {on(payer, func(a *account) { a.holds++ }), "open holds say"},
		"frozen":       {on(holder, func(a *account) { a.frozen++ }), "freezes say"},
		"no debits":    {on(holder, func(a *account) { a.freezeDebits++ }), "freezes say"},
		"no credits":   {on(holder, func(a *account) { a.freezeCredits++ }), "freezes say"},
		"registers":    {on(holder, func(a *account) { a.registers++ }), "holdings say"},
		"units":        {units(func(b *block, s uint32) { b.units[s]++ }), "its holdings have"},
		"held units":   {units(func(b *block, s uint32) { b.held[s]++ }), "open holds say"},
		"holdings":     {func() { b.e.registers.at(1).holdings++ }, "are there"},
		"carry":        {units(func(bl *block, s uint32) { b.e.shares.at(bl.rows).row[s].Carry.Lo++ }), "do not add up to zero"},
		"rem":          {func() { b.e.registers.at(1).rem[1].Lo++ }, "do not add up to zero"},
		"hold":         {func() { b.e.holds.at(1).amount++ }, "open holds say"},
		"debt":         {func() { b.e.debts.at(1).amount = 0 }, "it can't owe"},
		"debt twice":   {func() { *b.e.debts.at(b.e.debts.next()) = *b.e.debts.at(1) }, "stands twice"},
		"debt unnoted": {on(holder, func(a *account) { a.bits &^= bitOwes }), "whether it owes"},
		"trial":        {func() { b.e.buckets.at(1).debits.Lo++ }, "debits and credits are not equal"},
	} {
		file := snapshot(t, b.e, func() {})
		test.spoil()
		if err := b.e.CheckSums(); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
		e, err := LoadEngine(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		b.e = e
	}
}
