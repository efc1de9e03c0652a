package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"github.com/longmen/longmen/core/ledger"
)

// applier applies commands to a ledger, in process or through a door, for one goroutine.
type applier interface {
	apply(ctx context.Context, commands []*ledger.Command) error
	close() error
}

// book is a ledger that can be filled and watched.
type book interface {
	applier(ctx context.Context) (applier, error)
	settle(ctx context.Context) error
	watch(ctx context.Context) (func(*Figure) error, error)
}

// filling has large commands, several at a time.
const (
	fillOperations = 4_000
	fillers        = 4
)

// fill applies operations that do not depend on each other.
func fill(ctx context.Context, b book, seed uint64, operations iter.Seq[ledger.Operation]) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	chunks, errs := make(chan []ledger.Operation), make([]error, fillers)
	var running sync.WaitGroup
	for i := range fillers {
		a, err := b.applier(ctx)
		if err != nil {
			return err
		}
		running.Go(func() {
			s := newIDs(seed + uint64(i))
			for chunk := range chunks {
				c := &ledger.Command{ID: s.next(), Purpose: 1, Operations: chunk}
				if errs[i] == nil {
					if errs[i] = a.apply(ctx, []*ledger.Command{c}); errs[i] != nil {
						cancel()
					}
				}
			}
			errs[i] = errors.Join(errs[i], a.close())
		})
	}
	var chunk []ledger.Operation
	for op := range operations {
		if chunk = append(chunk, op); len(chunk) == fillOperations {
			chunks <- chunk
			chunk = nil
		}
		if ctx.Err() != nil {
			break
		}
	}
	if len(chunk) > 0 {
		chunks <- chunk
	}
	close(chunks)
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("fill the ledger: %w", err)
	}
	return ctx.Err()
}

// world is what stands in a ledger before something is measured: clients with money, registers whose units they hold,
// and for each register an account that pays.
type world struct {
	accounts  int
	from      int   // number of the first account that holds units
	money     int64 // of each account; 0: none
	registers int
	holders   int // of each register
	tranches  int
	first     int // register number from which on they are new: worlds can grow
}

const (
	bank      = "bank"
	unclaimed = "unclaimed"
	asset     = "CNY"
	payerOwn  = 1_000_000_000_000_000
)

func client(i int) string   { return fmt.Sprintf("client:%d:cash", i) }
func payer(r int) string    { return fmt.Sprintf("payer:%d", r) }
func register(r int) string { return fmt.Sprintf("note:%d", r) }

// holder is the account of a register's i-th holder. Neighbours in a register are far apart among the accounts.
func (w *world) holder(r, i int) int {
	const stride = 7_919 // a prime that divides no round number
	return w.from + (r*104_729+i*stride)%(w.accounts-w.from)
}

// clients are the addresses of all accounts of clients.
func (w *world) clients(yield func(string) bool) {
	for i := range w.accounts {
		if !yield(client(i)) {
			return
		}
	}
}

func units(i int) uint64 { return uint64(100 + i*37%900) }

// build opens all of it.
func (w *world) build(ctx context.Context, b book, seed uint64) error {
	steps := []func(yield func(ledger.Operation) bool){w.grounds, w.opened, w.funded, w.issued}
	if w.first > 0 {
		steps[0] = func(func(ledger.Operation) bool) {}
	}
	for i, step := range steps {
		if err := fill(ctx, b, seed+uint64(i)*fillers, step); err != nil {
			return err
		}
	}
	return b.settle(ctx)
}

func (w *world) grounds(yield func(ledger.Operation) bool) {
	_ = yield(&ledger.OpenAsset{Code: asset, Scale: 2}) &&
		yield(&ledger.OpenAccount{Address: bank, Asset: asset, Side: ledger.DebitNormal, Type: ledger.Asset, Code: 1001, Constraint: ledger.Unbounded}) &&
		yield(&ledger.OpenAccount{Address: unclaimed, Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: 2900, Constraint: ledger.Nonnegative})
}

func (w *world) opened(yield func(ledger.Operation) bool) {
	account := func(address string, code uint32) bool {
		return yield(&ledger.OpenAccount{
			Address: address, Asset: asset, Side: ledger.CreditNormal, Type: ledger.Liability, Code: code, Constraint: ledger.Nonnegative,
		})
	}
	for i := range w.accounts {
		if w.first == 0 && !account(client(i), 2001) {
			return
		}
	}
	tranches := make([]string, w.tranches)
	for t := range tranches {
		tranches[t] = fmt.Sprintf("t%d", t+1)
	}
	for r := w.first; r < w.first+w.registers; r++ {
		if !account(payer(r), 2002) || !yield(&ledger.OpenRegister{
			Address: register(r), Asset: asset, Cap: ledger.MaxCap, Tranches: tranches, Unclaimed: unclaimed,
		}) {
			return
		}
	}
}

func (w *world) funded(yield func(ledger.Operation) bool) {
	for i := range w.accounts {
		if w.first == 0 && w.money > 0 && !yield(&ledger.Transfer{Debit: bank, Credit: client(i), Mode: ledger.Exact, Amount: w.money}) {
			return
		}
	}
	for r := w.first; r < w.first+w.registers; r++ {
		if !yield(&ledger.Transfer{Debit: bank, Credit: payer(r), Mode: ledger.Exact, Amount: payerOwn}) {
			return
		}
	}
}

func (w *world) issued(yield func(ledger.Operation) bool) {
	for r := w.first; r < w.first+w.registers; r++ {
		for i := range w.holders {
			if !yield(&ledger.Issue{Register: register(r), Account: client(w.holder(r, i)), Units: units(i)}) {
				return
			}
		}
	}
}

// distribution pays a register's holders some hundred minor units each, more in the first tranche.
func (w *world) distribution(r int, varied int64) *ledger.Distribute {
	d := &ledger.Distribute{Register: register(r), Payer: payer(r), Amounts: make([]int64, w.tranches)}
	for t := range d.Amounts {
		d.Amounts[t] = int64(w.holders)*500/int64(t*8+1) + varied%9_973
	}
	return d
}
