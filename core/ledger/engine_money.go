package ledger

import "math"

func (e *Engine) openAsset(o *OpenAsset) Code {
	if _, ok := e.assetNumber(o.Code); ok {
		return AssetExists
	}
	e.assets = append(e.assets, asset{o.Code, o.Scale})
	e.onRollback(func() { e.assets = e.assets[:len(e.assets)-1] })
	n := uint16(len(e.assets))
	e.nameSum += e.names.digest(seedBucket, uint32(n), o.Code) * uint64(o.Scale+1)
	e.fx.Assets = append(e.fx.Assets, AssetOpened{n, o.Code, o.Scale})
	return Applied
}

// assetNumber looks through the list: a ledger counts few things.
func (e *Engine) assetNumber(code string) (uint16, bool) {
	for i := range e.assets {
		if e.assets[i].code == code {
			return uint16(i + 1), true
		}
	}
	return 0, false
}

func (e *Engine) openAccount(o *OpenAccount) Code {
	asset, ok := e.assetNumber(o.Asset)
	if !ok {
		return AssetNotFound
	}
	if e.account(o.Address) != 0 {
		return AccountExists
	}
	b := e.bucket(asset, o.Code)
	i, a := e.accounts.add()
	a.asset, a.bucket, a.name = asset, b, e.names.add(o.Address)
	a.bits = uint8(o.Type) * bitType
	if o.Side == DebitNormal {
		a.bits |= bitDebitNormal
	}
	if o.Constraint == Nonnegative {
		a.bits |= bitNonnegative
	}
	a.same = e.enter(e.accountIndex, o.Address, i)
	e.nameSum += e.names.digest(seedAccount, i, o.Address)
	e.fx.Accounts = append(e.fx.Accounts, AccountOpened{
		Number: i, Asset: asset, Side: o.Side, Type: o.Type, Constraint: o.Constraint, Code: o.Code, Bucket: b, Address: o.Address,
	})
	return Applied
}

// enter puts a name first in its chain and gives the one that was first.
func (e *Engine) enter(index map[uint64]uint32, name string, row uint32) uint32 {
	h := e.names.hash(name)
	old, had := index[h]
	index[h] = row
	e.onRollback(func() {
		if had {
			index[h] = old
		} else {
			delete(index, h)
		}
	})
	return old
}

// bucket finds or opens the trial balance's bucket of an asset and account code.
func (e *Engine) bucket(asset uint16, code uint32) uint32 {
	key := uint64(asset)<<32 | uint64(code)
	if b, ok := e.bucketIndex[key]; ok {
		return b
	}
	i, b := e.buckets.add()
	b.asset, b.code = asset, code
	e.bucketIndex[key] = i
	e.onRollback(func() { delete(e.bucketIndex, key) })
	e.fx.Buckets = append(e.fx.Buckets, BucketOpened{i, asset, code})
	return i
}

// account finds an account's number, 0 for none.
func (e *Engine) account(address string) uint32 {
	for i := e.accountIndex[e.names.hash(address)]; i != 0; i = e.accounts.at(i).same {
		if e.names.get(e.accounts.at(i).name) == address {
			return i
		}
	}
	return 0
}

func (e *Engine) address(account uint32) string {
	return e.names.get(e.accounts.at(account).name)
}

// pair looks up the two accounts of a movement.
func (e *Engine) pair(debit, credit string) (d, c uint32, code Code) {
	if d = e.account(debit); d == 0 {
		return 0, 0, AccountNotFound
	}
	if c = e.account(credit); c == 0 {
		return 0, 0, AccountNotFound
	}
	return d, c, Applied
}

// fits checks asset and state of a movement between two accounts.
func (e *Engine) fits(d, c uint32) Code {
	from, to := e.accounts.at(d), e.accounts.at(c)
	if from.asset != to.asset {
		return AssetMismatch
	}
	if d == c {
		return SameAccount
	}
	if from.freezeDebits > 0 {
		return DebitsFrozen
	}
	if to.freezeCredits > 0 {
		return CreditsFrozen
	}
	return Applied
}

// affordable checks that both accounts can bear the amount.
func (e *Engine) affordable(d, c uint32, amount int64) Code {
	from, to := e.accounts.at(d), e.accounts.at(c)
	if overflows(from.debits, from.debitsHeld, amount) || overflows(to.credits, to.creditsHeld, amount) {
		return Overflow
	}
	return lowest(from.outflow(DebitNormal, amount), to.outflow(CreditNormal, amount))
}

// lowest is the answer when two rules of one operation may be broken.
func lowest(a, b Code) Code {
	if a == Applied || b != Applied && b < a {
		return b
	}
	return a
}

func overflows(posted, held, amount int64) bool { return amount > math.MaxInt64-posted-held }

// outflow checks the balance when an amount is booked on a side: only on the side opposite to the normal one does it
// flow out.
func (a *account) outflow(booked Side, amount int64) Code {
	if a.side() == booked || !a.bounded() {
		return Applied
	}
	if free := a.free(); amount > free {
		return BalanceTooLow
	} else if amount > free-a.frozen {
		return AmountFrozen
	}
	return Applied
}

// bound lowers an amount to what can flow out when it is booked on a side.
func (a *account) bound(booked Side, amount int64) int64 {
	if a.side() == booked || !a.bounded() {
		return amount
	}
	return max(0, min(amount, a.free()-a.frozen))
}

func (e *Engine) transfer(o *Transfer) Code {
	d, c, code := e.pair(o.Debit, o.Credit)
	if code != Applied {
		return code
	}
	amount := o.Amount
	if o.Mode == Received {
		r := e.account(o.Received)
		if r == 0 {
			return AccountNotFound
		}
		if e.accounts.at(r).asset != e.accounts.at(d).asset {
			return AssetMismatch
		}
		amount = e.receivedBy(o.Received)
	}
	if code = e.fits(d, c); code != Applied {
		return code
	}
	if o.Mode == AtMost {
		amount = e.accounts.at(d).bound(DebitNormal, amount)
		amount = e.accounts.at(c).bound(CreditNormal, amount)
	}
	if amount > MaxAmount {
		return Overflow
	}
	if o.Mode != Exact {
		e.output(Output{Amount: amount})
	}
	if amount == 0 {
		return Applied
	}
	if code = e.affordable(d, c, amount); code != Applied {
		return code
	}
	e.move2(d, c, amount, EntryTransfer, 0)
	return Applied
}

func (e *Engine) receivedBy(address string) int64 {
	for i := range e.received {
		if e.received[i].account == address {
			return e.received[i].amount
		}
	}
	return 0
}

// move2 books an amount on both accounts of a movement, with an entry on each.
func (e *Engine) move2(d, c uint32, amount int64, kind EntryKind, register uint32) {
	e.book(d, DebitNormal, amount, Entry{Kind: kind, Other: c, Register: register})
	e.book(c, CreditNormal, amount, Entry{Kind: kind, Other: d, Register: register})
}

// book posts an amount on one side of an account, with its entry.
func (e *Engine) book(i uint32, side Side, amount int64, entry Entry) {
	a := e.accounts.edit(i)
	if side == DebitNormal {
		a.debits += amount
	} else {
		a.credits += amount
		e.receive(a, amount)
	}
	e.total(a.bucket, side, amount)
	entry.Side, entry.Account, entry.Amount = side, i, amount
	e.entry(a, entry)
}

// receive adds to what an account is credited by this command.
func (e *Engine) receive(a *account, amount int64) {
	for r := range e.received {
		if e.received[r].account == e.names.get(a.name) {
			e.received[r].amount += amount
		}
	}
}

// total adds to a bucket of the trial balance.
func (e *Engine) total(bucket uint32, side Side, amount int64) {
	b := e.buckets.edit(bucket)
	if side == DebitNormal {
		b.debits = b.debits.Add(unsigned(amount))
	} else {
		b.credits = b.credits.Add(unsigned(amount))
	}
}

// entry numbers and emits an entry of an account just booked.
func (e *Engine) entry(a *account, entry Entry) {
	e.entries++
	a.ordinal++
	entry.Number, entry.Previous, entry.Ordinal = e.entries, a.lastEntry, a.ordinal
	entry.Sequence, entry.Index = e.sequence, e.op
	entry.Balance = a.credits - a.debits
	entry.Direct, entry.Debits = entry.Balance-a.derived, a.debits
	a.lastEntry = e.entries
	e.fx.Entries = append(e.fx.Entries, entry)
}

func (e *Engine) freeze(o *Freeze) Code {
	i := e.account(o.Account)
	if i == 0 {
		return AccountNotFound
	}
	if o.What == FreezeAmount && overflows(e.accounts.at(i).frozen, 0, o.Amount) {
		return Overflow
	}
	m := Mark{e.command.ID, e.op}
	row, f := e.freezes.add()
	*f = freeze{mark: m, what: o.What, account: i, amount: o.Amount}
	e.freezeIndex[m] = row
	e.onRollback(func() { delete(e.freezeIndex, m) })
	e.frozen(i, o.What, o.Amount, 1)
	return Applied
}

func (e *Engine) unfreeze(o *Unfreeze) Code {
	row, ok := e.freezeIndex[o.Freeze]
	if !ok {
		return FreezeNotFound
	}
	f := *e.freezes.at(row)
	e.freezes.drop(row)
	delete(e.freezeIndex, o.Freeze)
	e.onRollback(func() { e.freezeIndex[o.Freeze] = row })
	e.frozen(f.account, f.what, -f.amount, ^uint32(0))
	return Applied
}

// frozen adds a freeze to an account, or takes it off (count −1 in two's complement).
func (e *Engine) frozen(i uint32, what FreezeKind, amount int64, count uint32) {
	a := e.accounts.edit(i)
	switch what {
	case FreezeDebits:
		a.freezeDebits += count
	case FreezeCredits:
		a.freezeCredits += count
	case FreezeBoth:
		a.freezeDebits += count
		a.freezeCredits += count
	case FreezeAmount:
		a.frozen += amount
	}
}
