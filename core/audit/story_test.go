package audit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/node"
)

const holders = 12

func client(i int) string { return fmt.Sprintf("client:%d:cash", i) }

func (w *writer) story(part int) {
	l := w.resolved(value(w.node.Create(context.Background(), node.New{Name: "main", Zone: "Asia/Shanghai", Clock: ledger.RealClock})))
	[]func(*node.Ledger){w.open, w.pay, w.undo}[part](l)
	w.sign(l)
	start := ledger.InstantOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC))
	l = w.resolved(value(w.node.Create(context.Background(), node.New{Name: "plan", Zone: "UTC", Clock: ledger.SimulatedClock, Start: start})))
	w.plan(l, part)
	w.sign(l)
}

// resolved lets a ledger's history find accounts.
func (w *writer) resolved(l *node.Ledger) *node.Ledger {
	w.follow[l.Name()].history.ResolveWith(func(address string) (number uint32) {
		must(l.View(context.Background(), 0, func(e *ledger.Engine) { number = e.Number(address) }))
		return number
	})
	return l
}

// open fills the ledger.
func (w *writer) open(l *node.Ledger) {
	account := func(address, asset string, t ledger.AccountType, constraint ledger.Constraint, code uint32) *ledger.OpenAccount {
		side := ledger.CreditNormal
		if t == ledger.Asset {
			side = ledger.DebitNormal
		}
		return &ledger.OpenAccount{Address: address, Asset: asset, Side: side, Type: t, Code: code, Constraint: constraint}
	}
	w.do(l, ledger.Applied, &ledger.OpenAsset{Code: "CNY", Scale: 2}, &ledger.OpenAsset{Code: "USD", Scale: 2})
	operations := []ledger.Operation{
		account("bank", "CNY", ledger.Asset, ledger.Unbounded, 100), account("fees", "CNY", ledger.Income, ledger.Unbounded, 400),
		account("unclaimed", "CNY", ledger.Liability, ledger.Unbounded, 210), account("tax", "CNY", ledger.Liability, ledger.Unbounded, 220),
		account("dollars", "USD", ledger.Asset, ledger.Unbounded, 100),
	}
	for i := range holders {
		operations = append(operations, account(client(i), "CNY", ledger.Liability, ledger.Nonnegative, 200))
	}
	w.do(l, ledger.Applied, operations...)
	var deposits [][]ledger.Operation
	for i := range holders {
		deposits = append(deposits, []ledger.Operation{&ledger.Transfer{
			Debit: "bank", Credit: client(i), Mode: ledger.Exact, Amount: int64(1000_00 + i*7_31),
		}})
	}
	w.all(l, ledger.Applied, deposits...)
	w.sign(l)
	w.do(l, ledger.AccountExists, account("bank", "CNY", ledger.Asset, ledger.Unbounded, 100))
	w.do(l, ledger.Applied, &ledger.OpenRegister{
		Address: "notes:1", Asset: "CNY", Cap: 10_000, Tranches: []string{"principal", "interest"}, Unclaimed: "unclaimed",
	})
	for i := range holders - 2 {
		w.do(l, ledger.Applied,
			&ledger.Transfer{Debit: client(i), Credit: client(holders - 1), Mode: ledger.Exact, Amount: int64(100 * (i + 1))},
			&ledger.Issue{Register: "notes:1", Account: client(i), Units: uint64(i + 1), Class: uint8(i % 2)})
	}
	w.do(l, ledger.BalanceTooLow, &ledger.Transfer{Debit: client(0), Credit: "fees", Mode: ledger.Exact, Amount: 1 << 40})
}

// pay distributes, holds and freezes.
func (w *writer) pay(l *node.Ledger) {
	soon := ledger.InstantOf(w.clock.Now().Add(90 * time.Minute))
	hold := w.mark(w.do(l, ledger.Applied, &ledger.Hold{Debit: client(1), Credit: "fees", Amount: 50_00}))
	w.do(l, ledger.Applied, &ledger.Hold{Debit: client(2), Credit: "fees", Amount: 60_00, Expiry: soon})
	w.do(l, ledger.Applied, &ledger.HoldUnits{Register: "notes:1", Account: client(3), Units: 2, Expiry: soon})
	w.do(l, ledger.Applied, &ledger.HoldUnits{Register: "notes:1", Account: client(4), Units: 1})
	w.do(l, ledger.Applied, &ledger.Post{Hold: hold, Amount: 20_00})
	w.do(l, ledger.HoldNotFound, &ledger.Void{Hold: hold})
	freeze := w.mark(w.do(l, ledger.Applied, &ledger.Freeze{Account: client(5), What: ledger.FreezeCredits}))
	w.do(l, ledger.Applied, &ledger.Freeze{Account: client(6), What: ledger.FreezeAmount, Amount: 10_00})
	for i := range 5 {
		w.do(l, ledger.Applied, w.payment(int64(1000+i*77), int64(33+i)))
	}
	w.do(l, ledger.Applied, &ledger.Unfreeze{Freeze: freeze})
	w.do(l, ledger.Applied, &ledger.Claim{Register: "notes:1", Holder: client(5), To: client(5), Amount: 30})
	w.do(l, ledger.Applied, &ledger.Move{Register: "notes:1", From: client(9), To: client(10), Units: 3})
	w.sign(l)
	must(w.clock.Advance(2 * time.Hour)) // holds expire: a pulse releases them
	w.do(l, ledger.Applied, w.payment(777, 0))
	w.do(l, ledger.Applied, &ledger.Cancel{Register: "notes:1", Account: client(0), Units: 1})
}

func (w *writer) payment(principal, interest int64) ledger.Operation {
	return &ledger.Distribute{
		Register: "notes:1", Payer: "bank", Amounts: []int64{principal, interest},
		Deductions: []ledger.Deduction{{Tranche: 1, Class: 1, Rate: 200_000, Account: "tax"}},
	}
}

// mark names what the first operation of a command made.
func (w *writer) mark(sequence uint64) ledger.Mark {
	c := value(w.follow["main"].history.Command(context.Background(), sequence))
	return ledger.Mark{Command: c.Command.ID}
}

// undo takes back what was done, after some of it was spent.
func (w *writer) undo(l *node.Ledger) {
	moved := w.do(l, ledger.Applied,
		&ledger.Transfer{Debit: client(7), Credit: client(8), Mode: ledger.Exact, Amount: 5_00},
		&ledger.Transfer{Debit: client(8), Credit: "fees", Mode: ledger.AtMost, Amount: 1 << 40})
	paid := w.do(l, ledger.Applied, w.payment(5000, 250))
	both := w.do(l, ledger.Applied, w.payment(801, 90), w.payment(0, 55))
	w.do(l, ledger.Applied, &ledger.Transfer{Debit: client(3), Credit: "fees", Mode: ledger.AtMost, Amount: 1 << 40})
	w.do(l, ledger.Applied, &ledger.Reverse{Sequence: both, Mode: ledger.OweShortfall, Cover: "tax"})
	setOff := w.do(l, ledger.Applied, w.payment(700, 20))
	w.do(l, ledger.Applied, &ledger.Reverse{Sequence: setOff, Mode: ledger.RefuseShortfall})
	w.do(l, ledger.Applied, &ledger.Settle{Account: client(3), Cover: "tax", Payer: "fees", Amount: 1}, w.payment(50, 0))
	w.do(l, ledger.ReversedAlready, &ledger.Reverse{Sequence: both, Mode: ledger.TakeAtMost})
	w.do(l, ledger.Applied, &ledger.Move{Register: "notes:1", From: client(2), To: client(11), Units: 1})
	w.do(l, ledger.RegisterChanged, &ledger.Reverse{Sequence: paid, Mode: ledger.TakeAtMost})
	w.do(l, ledger.Applied,
		&ledger.ReverseLine{Sequence: paid, Account: client(2), Mode: ledger.TakeAtMost},
		&ledger.ReverseLine{Sequence: paid, Account: client(7), Mode: ledger.TakeAtMost})
	w.do(l, ledger.Applied, &ledger.Reverse{Sequence: moved, Mode: ledger.TakeAtMost})
	w.do(l, ledger.NotReversible, &ledger.Reverse{Sequence: 3, Mode: ledger.TakeAtMost})
	w.do(l, ledger.CommandNotFound, &ledger.Reverse{Sequence: 1 << 30, Mode: ledger.TakeAtMost})
	w.sign(l)
	var last [][]ledger.Operation
	for i := range 30 {
		last = append(last, []ledger.Operation{&ledger.Transfer{Debit: "bank", Credit: client(i % holders), Mode: ledger.Exact, Amount: int64(i + 1)}})
	}
	w.all(l, ledger.Applied, last...)
}

// plan moves a clock that stands still.
func (w *writer) plan(l *node.Ledger, part int) {
	if part == 0 {
		w.do(l, ledger.Applied, &ledger.OpenAsset{Code: "CNY", Scale: 2},
			&ledger.OpenAccount{Address: "a", Asset: "CNY", Side: ledger.DebitNormal, Type: ledger.Asset, Code: 1, Constraint: ledger.Unbounded},
			&ledger.OpenAccount{Address: "b", Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2, Constraint: ledger.Nonnegative})
	}
	now := ledger.InstantOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) + ledger.Instant(part)*86_400_000_000
	for i := range 4 {
		w.do(l, ledger.Applied, &ledger.Transfer{Debit: "a", Credit: "b", Mode: ledger.Exact, Amount: int64(i + 1)})
		w.do(l, ledger.Applied, &ledger.Advance{To: now + ledger.Instant(i+1)*3_600_000_000})
	}
	w.do(l, ledger.ClockBackwards, &ledger.Advance{To: now})
}
