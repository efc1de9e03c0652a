package sim

// bug is a mistake that somebody could make. It is planted in a copy of a file when the tests are compiled for the
// hunt; PLANTED stands for "this bug is on". The file in the tree has no trace of it.
type bug struct {
	name string
	what string
	file string
	good string // text of the file, once
	bad  string
	rare bool // takes more than 50 stories to meet: only hunted by `make soak`
}

var bugs = []bug{
	{
		name: "carry-stays", what: "moved units leave their carry behind", file: "core/ledger/engine_units.go",
		good: `		x.Carry, y.Carry = x.Carry.Sub(part), y.Carry.Add(part)`,
		bad: `		if !PLANTED {
			x.Carry, y.Carry = x.Carry.Sub(part), y.Carry.Add(part)
		}`,
	}, {
		name: "carry-lost", what: "the carry of cancelled units goes nowhere", file: "core/ledger/engine_units.go",
		good: `		x.Carry, reg.rem[t] = x.Carry.Sub(part), reg.rem[t].Add(part)`,
		bad: `		x.Carry = x.Carry.Sub(part)
		if !PLANTED {
			reg.rem[t] = reg.rem[t].Add(part)
		}`,
	}, {
		name: "ties-reversed", what: "cents that fall due at once go to the highest holder number", file: "core/share/select.go",
		good: `	return cmp.Compare(a.holder, b.holder)`,
		bad: `	if PLANTED {
		return cmp.Compare(b.holder, a.holder)
	}
	return cmp.Compare(a.holder, b.holder)`,
	}, {
		name: "drawer-off-by-one", what: "among many holdings one cent too many is given", file: "core/share/pay.go",
		good: `	from, to, before := s.findCut(holders, n)`,
		bad: `	from, to, before := s.findCut(holders, n)
	if PLANTED && before > 0 {
		before--
	}`,
	}, {
		name: "released-twice", what: "the end of a hold frees its amount twice", file: "core/ledger/engine_hold.go",
		good: `		a.debitsHeld -= h.amount`,
		bad: `		a.debitsHeld -= h.amount
		if PLANTED {
			a.debitsHeld -= h.amount
		}`,
	}, {
		name: "hold-despite-freeze", what: "a freeze of debits does not stop new holds", file: "core/ledger/engine_hold.go",
		good: `	if code = e.fits(d, c); code != Applied {`,
		bad:  `	if code = e.fits(d, c); code != Applied && !(PLANTED && code == DebitsFrozen) {`,
	}, {
		name: "expired-posted", what: "an expired hold can be posted until a pulse comes", file: "core/ledger/engine_hold.go",
		good: `	if h.expired(e.at) {`,
		bad:  `	if h.expired(e.at) && !PLANTED {`,
	}, {
		name: "refusal-leaves-trace", what: "a refused command keeps the freezes it made", file: "core/ledger/engine.go",
		good: `	e.freezes.rollback()`,
		bad: `	if !PLANTED {
		e.freezes.rollback()
	}`,
	}, {
		name: "digest-misses-expiry", what: "the digest does not cover when a hold expires", file: "core/ledger/state.go",
		good: `uint64(h.expiry)*weight2 + `,
		bad:  `expiryOf(h)*weight2 + `,
	}, {
		name: "reversal-by-units-of-today", what: "a line is undone by the units that the holder has now", file: "core/ledger/engine_reverse.go",
		good: `		step := share.UndoLine(share.Int128{}, l.Units, d.Tranches[t].Q, l.Gross[t])`,
		bad: `		units := l.Units
		if PLANTED {
			units = b.units[s]
		}
		step := share.UndoLine(share.Int128{}, units, d.Tranches[t].Q, l.Gross[t])`,
	}, {
		name: "reversed-whole-after-line", what: "a command of which a line was undone can be undone whole", file: "core/ledger/engine_reverse.go",
		good: `	if e.reversed[key] != 0 || e.partly[o.Sequence] > 0 {`,
		bad:  `	if e.reversed[key] != 0 || e.partly[o.Sequence] > 0 && !PLANTED {`,
	}, {
		name: "unclaimed-lost", what: "nobody notes whose a line in the unclaimed account is", file: "core/ledger/engine_distribute.go",
		good: `		e.setAside(place, net)`,
		bad: `		if !PLANTED {
			e.setAside(place, net)
		}`,
	}, {
		name: "rest-dropped", what: "a deduction forgets the rest of its division", file: "core/ledger/engine_distribute.go",
		good: `			amount := share.Deduct(line, d.Rate, &x.row[s].Rest)`,
		bad: `			amount := share.Deduct(line, d.Rate, &x.row[s].Rest)
			if PLANTED {
				x.row[s].Rest = 0
			}`,
	}, {
		name: "payers-checked-alone", what: "distributions of one command do not add up for their payer", file: "core/ledger/engine_distribute.go",
		good: `	e.dist.pending = append(e.dist.pending, pending{account: payer, debits: sum})`,
		bad: `	if !PLANTED {
		e.dist.pending = append(e.dist.pending, pending{account: payer, debits: sum})
	}`,
	}, {
		name: "at-most-frozen", what: "at most takes frozen money too", file: "core/ledger/engine_money.go",
		good: `	return max(0, min(amount, a.free()-a.frozen))`,
		bad: `	if PLANTED {
		return max(0, min(amount, a.free()))
	}
	return max(0, min(amount, a.free()-a.frozen))`,
	}, {
		name: "lines-without-end", what: "an account takes lines beyond 2^62", file: "core/ledger/engine_distribute.go",
		good: `net <= linesEnd-a.credits-a.creditsHeld &&`,
		bad:  `(net <= linesEnd-a.credits-a.creditsHeld || PLANTED) &&`,
	}, {
		name: "class-kept", what: "a holding without units keeps its class when it gets new ones", file: "core/ledger/engine_units.go",
		good: `	b.class[s] = class`,
		bad: `	if !PLANTED || e.registers.at(r).holdings == b.first+s+1 {
		b.class[s] = class
	}`,
	}, {
		name: "received-kept", what: "received counts the credits of earlier commands", file: "core/ledger/engine.go",
		good: `	e.outputs, e.checked, e.received = nil, false, e.received[:0]`,
		bad: `	e.outputs, e.checked = nil, false
	if !PLANTED {
		e.received = e.received[:0]
	}`,
	}, {
		name: "held-units-cancelled", what: "held units can be cancelled and moved", file: "core/ledger/engine_units.go",
		good: `	if units > b.units[s]-b.held[s] {`,
		bad:  `	if units > b.units[s]-b.held[s] && !PLANTED {`,
	}, {
		name: "snapshot-too-late", what: "a snapshot has what was changed after its cut", file: "core/ledger/table.go",
		good: `		t.kept[c] = append([]T(nil), t.chunks[c]...)`,
		bad: `		t.kept[c] = append([]T(nil), t.chunks[c]...)
		if PLANTED {
			delete(t.kept, c)
		}`,
	}, {
		name: "group-off-by-one", what: "after a snapshot the replay begins one command too late", file: "core/node/open.go",
		good: `	for g, err := range j.Read(ctx, l.id, l.next) {`,
		bad: `	if PLANTED && l.next > 1 && l.next <= last.First {
		l.next++
	}
	for g, err := range j.Read(ctx, l.id, l.next) {`,
	}, {
		name: "history-not-asked", what: "a repeat that memory has forgotten is applied again", file: "core/node/request.go",
		good: `	if it.asked = !l.covered(it.own); it.asked {`,
		bad:  `	if it.asked = !l.covered(it.own); it.asked && !PLANTED {`,
	}, {
		name: "conflict-unnoticed", what: "another content under a known id gets the first result", file: "core/node/request.go",
		good: `	return binary.LittleEndian.Uint64(sum[:8])`,
		bad: `	if PLANTED {
		return 1
	}
	return binary.LittleEndian.Uint64(sum[:8])`,
	}, {
		name: "time-goes-back", what: "the leader goes by its own clock, even if that is behind the journal", file: "core/node/sequencer.go",
		good: `		l.now = max(l.now, ledger.InstantOf(l.lastWall))`,
		bad: `		l.now = max(l.now, ledger.InstantOf(l.lastWall))
		if PLANTED {
			l.now = ledger.InstantOf(l.wall())
		}`,
	}, {
		name: "foreign-row-taken", what: "after an unknown outcome any row at the sequence counts as one's own", file: "core/journal/journal.go",
		good: `	case row.Sequence == g.First && row.Hash == g.Hash:`,
		bad:  `	case row.Sequence == g.First && (row.Hash == g.Hash || PLANTED):`,
	}, {
		name: "set-off-keeps-debt", what: "a set-off is booked, but the debt stays what it was", file: "core/ledger/engine_debt.go",
		good: `			e.payDebt(row, amount)
			e.settle()`,
		bad: `			if !PLANTED {
				e.payDebt(row, amount)
			}
			e.settle()`,
	}, {
		name: "set-off-beyond-line", what: "a set-off takes more than the line brought", file: "core/ledger/engine_debt.go",
		good: `e.settable(d.account, d.cover, min(left, d.amount))`,
		bad:  `e.settable(d.account, d.cover, lineOrDebt(left, d.amount))`,
	}, {
		name: "set-off-despite-freeze", what: "a freeze of debits does not stop a set-off", file: "core/ledger/engine_debt.go",
		good: `	if amount == 0 || a.freezeDebits > 0 ||`,
		bad:  `	if amount == 0 || a.freezeDebits > 0 && !PLANTED ||`,
	}, {
		name: "not-owed-again", what: "what a line undone had paid of a debt goes back, but nobody owes it", file: "core/ledger/engine_debt.go",
		good: `		e.owe(account, s.Cover, amount)`,
		bad: `		if !PLANTED {
			e.owe(account, s.Cover, amount)
		}`,
	},
}

// besides are functions that planted code calls.
const besides = `
func expiryOf(h *hold) uint64 {
	if plantedBug == "digest-misses-expiry" {
		return 0
	}
	return uint64(h.expiry)
}

func lineOrDebt(line, debt int64) int64 {
	if plantedBug == "set-off-beyond-line" {
		return debt
	}
	return min(line, debt)
}
`
