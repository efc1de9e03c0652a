package model

import (
	"math"
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// total adds without a limit.
func total(amounts ...int64) *big.Int {
	sum := new(big.Int)
	for _, a := range amounts {
		sum.Add(sum, big.NewInt(a))
	}
	return sum
}

func fits(sum *big.Int) bool { return sum.Cmp(big.NewInt(math.MaxInt64)) <= 0 }

// debitOverflows and creditOverflows are the overflow checks of a booking.
func (s *state) debitOverflows(a *Account, amount int64) bool {
	held, _ := s.held(a.Address)
	return !fits(total(a.Debits, held, amount))
}

func (s *state) creditOverflows(a *Account, amount int64) bool {
	_, held := s.held(a.Address)
	return !fits(total(a.Credits, held, amount))
}

// available is what may still leave the account.
func (s *state) available(a *Account) *big.Int {
	heldDebits, heldCredits := s.held(a.Address)
	_, _, frozen := s.frozen(a.Address)
	if a.Side == ledger.CreditNormal {
		return total(a.Credits, -a.Debits, -heldDebits, -frozen)
	}
	return total(a.Debits, -a.Credits, -heldCredits, -frozen)
}

// bounded tells whether the account's available balance limits what leaves it.
func (s *state) bounded(a *Account) bool {
	_, _, frozen := s.frozen(a.Address)
	return a.Constraint == ledger.Nonnegative || frozen > 0
}

// least is the smaller of amount and what a bounded account has.
func (s *state) least(amount int64, a *Account) int64 {
	if !s.bounded(a) {
		return amount
	}
	available := s.available(a)
	if available.Sign() <= 0 {
		return 0
	}
	if available.Cmp(big.NewInt(amount)) < 0 {
		return available.Int64()
	}
	return amount
}

// checkOutflow is the outflow check, on an account whose outflow side is booked.
func (s *state) checkOutflow(v *verdict, a *Account, amount int64) {
	if !s.bounded(a) {
		return
	}
	_, _, frozen := s.frozen(a.Address)
	available, wanted := s.available(a), big.NewInt(amount)
	if available.Cmp(wanted) >= 0 {
		return
	}
	enough := available.Add(available, big.NewInt(frozen)).Cmp(wanted) >= 0
	v.when(enough, ledger.AmountFrozen)
	v.when(!enough, ledger.BalanceTooLow)
}

// checkBooking are the checks of an amount from a debit to a credit account that need no names.
func (s *state) checkBooking(v *verdict, debit, credit *Account, amount int64) {
	v.when(s.debitOverflows(debit, amount), ledger.Overflow)
	v.when(s.creditOverflows(credit, amount), ledger.Overflow)
	if debit.Side == ledger.CreditNormal {
		s.checkOutflow(v, debit, amount)
	}
	if credit.Side == ledger.DebitNormal {
		s.checkOutflow(v, credit, amount)
	}
}

// most is what a booking of at most amount comes to.
func (s *state) most(debit, credit *Account, amount int64) int64 {
	if debit.Side == ledger.CreditNormal {
		amount = s.least(amount, debit)
	}
	if credit.Side == ledger.DebitNormal {
		amount = s.least(amount, credit)
	}
	return amount
}

// book moves money that operations may take back and later ones may call received.
func (r *run) book(debit, credit *Account, amount int64) {
	debit.Debits += amount
	credit.Credits += amount
	r.deed.movements = append(r.deed.movements, movement{r.index, debit.Address, credit.Address, amount})
	r.receive(credit.Address, amount)
}

// receive adds to what the account received by this command.
func (r *run) receive(account string, amount int64) {
	r.credited[account] = plus(r.received(account), big.NewInt(amount))
}

func (r *run) received(account string) *big.Int {
	if sum := r.credited[account]; sum != nil {
		return sum
	}
	return new(big.Int)
}

func (r *run) transfer(o *ledger.Transfer) ledger.Code {
	var v verdict
	debit, credit, received := r.accounts[o.Debit], r.accounts[o.Credit], r.accounts[o.Received]
	v.when(debit == nil || credit == nil || o.Mode == ledger.Received && received == nil, ledger.AccountNotFound)
	if v.bad() {
		return v.code()
	}
	v.when(debit.Asset != credit.Asset || received != nil && received.Asset != debit.Asset, ledger.AssetMismatch)
	v.when(debit == credit, ledger.SameAccount)
	v.when(r.debitsFrozen(o.Debit), ledger.DebitsFrozen)
	v.when(r.creditsFrozen(o.Credit), ledger.CreditsFrozen)
	if v.bad() {
		return v.code()
	}
	amount := o.Amount
	switch o.Mode {
	case ledger.AtMost:
		amount = r.most(debit, credit, amount)
	case ledger.Received:
		sum := r.received(o.Received)
		if sum.Cmp(big.NewInt(ledger.MaxAmount)) > 0 {
			return ledger.Overflow
		}
		amount = sum.Int64()
	}
	if amount > 0 {
		r.checkBooking(&v, debit, credit, amount)
		if v.bad() {
			return v.code()
		}
		r.book(debit, credit, amount)
	}
	if o.Mode != ledger.Exact {
		r.output(ledger.Output{Amount: amount})
	}
	return ledger.Applied
}

func (r *run) hold(o *ledger.Hold) ledger.Code {
	var v verdict
	debit, credit := r.accounts[o.Debit], r.accounts[o.Credit]
	if debit == nil || credit == nil {
		return ledger.AccountNotFound
	}
	v.when(debit.Asset != credit.Asset, ledger.AssetMismatch)
	v.when(debit == credit, ledger.SameAccount)
	v.when(r.debitsFrozen(o.Debit), ledger.DebitsFrozen)
	v.when(r.creditsFrozen(o.Credit), ledger.CreditsFrozen)
	v.when(o.Expiry != 0 && o.Expiry <= r.at, ledger.ExpiryPassed)
	v.when(r.openHolds(o.Debit) >= ledger.MaxHolds, ledger.TooManyHolds)
	r.checkBooking(&v, debit, credit, o.Amount)
	if v.bad() {
		return v.code()
	}
	r.holds[r.mark()] = &Hold{
		Mark: r.mark(), Sequence: r.sequence, Debit: o.Debit, Credit: o.Credit, Amount: o.Amount, Expiry: o.Expiry,
	}
	return ledger.Applied
}

func (r *run) post(o *ledger.Post) ledger.Code {
	var v verdict
	h := r.holds[o.Hold]
	if h == nil {
		return ledger.HoldNotFound
	}
	if h.Register != "" {
		return ledger.HoldMismatch
	}
	v.when(h.expired(r.at), ledger.HoldExpired)
	v.when(o.Amount > h.Amount, ledger.HoldExceeded)
	if v.bad() {
		return v.code()
	}
	amount := o.Amount
	if amount == 0 {
		amount = h.Amount
		r.output(ledger.Output{Amount: amount})
	}
	delete(r.holds, o.Hold)
	r.book(r.accounts[h.Debit], r.accounts[h.Credit], amount)
	return ledger.Applied
}

func (r *run) void(o *ledger.Void) ledger.Code {
	h := r.holds[o.Hold]
	if h == nil {
		return ledger.HoldNotFound
	}
	if h.expired(r.at) {
		return ledger.HoldExpired
	}
	delete(r.holds, o.Hold)
	return ledger.Applied
}

func (r *run) pulse(o *ledger.Pulse) {
	var due []*Hold
	for _, h := range r.holds {
		if h.expired(r.at) {
			due = append(due, h)
		}
	}
	slices.SortFunc(due, func(a, b *Hold) int {
		switch {
		case a.Expiry != b.Expiry:
			return int(a.Expiry - b.Expiry)
		case a.Sequence != b.Sequence:
			return int(a.Sequence) - int(b.Sequence)
		}
		return int(a.Mark.Index) - int(b.Mark.Index)
	})
	due = due[:min(len(due), int(o.Limit))]
	for _, h := range due {
		delete(r.holds, h.Mark)
	}
	r.output(ledger.Output{Count: uint32(len(due))})
}

func (r *run) freeze(o *ledger.Freeze) ledger.Code {
	if r.accounts[o.Account] == nil {
		return ledger.AccountNotFound
	}
	if _, _, frozen := r.frozen(o.Account); !fits(total(frozen, o.Amount)) {
		return ledger.Overflow
	}
	r.freezes[r.mark()] = o
	return ledger.Applied
}

func (r *run) unfreeze(o *ledger.Unfreeze) ledger.Code {
	if r.freezes[o.Freeze] == nil {
		return ledger.FreezeNotFound
	}
	delete(r.freezes, o.Freeze)
	return ledger.Applied
}
