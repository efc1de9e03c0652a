package sim

import (
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// weighted says how often an operation is made, relative to the others.
type weighted struct {
	weight int
	make   func(*world) ledger.Operation
}

var alone = []weighted{
	{80, func(w *world) ledger.Operation { return w.reverse() }},
	{15, func(w *world) ledger.Operation { return w.advance() }},
	{1, func(w *world) ledger.Operation { return &ledger.Upgrade{Version: [...]uint16{1, 4, 3}[w.IntN(3)]} }},
}

var together = []weighted{
	{1, func(w *world) ledger.Operation { return w.openAsset() }},
	{4, func(w *world) ledger.Operation { return w.openAccount() }},
	{2, func(w *world) ledger.Operation { return w.openRegister() }},
	{12, func(w *world) ledger.Operation { return w.deposit() }},
	{20, func(w *world) ledger.Operation { return w.transfer() }},
	{8, func(w *world) ledger.Operation { return w.hold() }},
	{6, func(w *world) ledger.Operation { return w.post() }},
	{4, func(w *world) ledger.Operation { return w.void() }},
	{6, func(w *world) ledger.Operation { return w.freezing() }},
	{14, func(w *world) ledger.Operation { return w.issue() }},
	{9, func(w *world) ledger.Operation { return w.move() }},
	{5, func(w *world) ledger.Operation { return w.cancel() }},
	{5, func(w *world) ledger.Operation { return w.holdUnits() }},
	{7, func(w *world) ledger.Operation { return w.claim() }},
	{9, func(w *world) ledger.Operation { return w.reverseLine() }},
	{9, func(w *world) ledger.Operation { return w.correct() }},
	{2, func(w *world) ledger.Operation { return w.settle() }},
	{14, func(w *world) ledger.Operation { return w.spend() }},
}

func (w *world) oneOf(list []weighted) ledger.Operation {
	sum := 0
	for _, c := range list {
		sum += c.weight
	}
	n := w.IntN(sum)
	for _, c := range list {
		if n < c.weight {
			return c.make(w)
		}
		n -= c.weight
	}
	panic("sim: no choice left")
}

// next makes the story's next command.
func (w *world) next() *ledger.Command {
	w.look()
	w.corrects = false
	if len(w.round) == 0 && w.chance(3) {
		w.round = w.debtRound()
	}
	if len(w.round) > 0 && w.chance(80) {
		ops := w.round[0]()
		w.round = w.round[1:]
		c := w.command(ops...)
		w.remember(c)
		return c
	}
	var ops []ledger.Operation
	if w.chance(15) {
		ops = []ledger.Operation{w.oneOf(alone)}
	} else {
		n := 1
		if w.chance(30) {
			n += w.IntN(5)
		}
		distributions := 0
		if w.chance(25) {
			distributions = pick(w.Rand, []int{1, 1, 1, 1, 2, 3})
			n -= distributions
		}
		for range n {
			ops = append(ops, w.oneOf(together))
		}
		w.payer = ""
		for range distributions {
			ops = append(ops, w.distribute())
		}
	}
	c := w.command(ops...)
	w.remember(c)
	return c
}

// remember keeps what later commands may name.
func (w *world) remember(c *ledger.Command) {
	undoable := true
	distributes := false
	for i, op := range c.Operations {
		switch op.Kind() {
		case ledger.KindHold, ledger.KindHoldUnits, ledger.KindFreeze:
			w.marks = append(w.marks, ledger.Mark{Command: c.ID, Index: uint16(i)})
			undoable = false
		case ledger.KindTransfer, ledger.KindPost:
		case ledger.KindDistribute:
			distributes = true
		default:
			undoable = false
		}
	}
	if undoable || distributes || w.chance(10) {
		w.sent = append(w.sent, c)
	}
}

// look learns which accounts and registers there are by now.
func (w *world) look() {
	accounts, registers := w.truth.Size()
	if accounts != len(w.accounts) {
		w.accounts = w.accounts[:0]
		for _, a := range w.truth.Accounts() {
			w.accounts = append(w.accounts, w.truth.Account(a.Address).OpenAccount)
		}
	}
	if registers != len(w.registers) {
		w.registers = w.registers[:0]
		for _, r := range w.truth.Registers() {
			w.registers = append(w.registers, r.OpenRegister)
		}
	}
}

func (w *world) openAsset() ledger.Operation {
	if w.chance(50) {
		return &ledger.OpenAsset{Code: "CNY", Scale: 2}
	}
	w.count++
	return &ledger.OpenAsset{Code: "X" + string(rune('A'+w.count%26)), Scale: uint8(w.IntN(13))}
}

// deposit brings money in from a bank account.
func (w *world) deposit() ledger.Operation {
	to := w.other("", "bank:cny", "bank:gold")
	return &ledger.Transfer{
		Debit: "bank:" + lower(to.Asset), Credit: w.name(to), Mode: ledger.Exact, Amount: w.amount("bank:" + lower(to.Asset)),
	}
}

func (w *world) transfer() ledger.Operation {
	debit := w.rich("")
	credit := w.other(debit.Asset, debit.Address)
	o := &ledger.Transfer{Debit: w.name(debit), Credit: w.name(credit), Mode: ledger.Exact, Amount: w.amount(debit.Address)}
	if w.chance(30) {
		o.Mode = ledger.AtMost
	} else if w.chance(20) {
		o.Mode, o.Amount, o.Received = ledger.Received, 0, w.name(w.account(debit.Asset))
	}
	return o
}

func (w *world) hold() ledger.Operation {
	debit := w.rich("")
	return &ledger.Hold{
		Debit: w.name(debit), Credit: w.name(w.other(debit.Asset, debit.Address)), Amount: w.amount(debit.Address), Expiry: w.expiry(),
	}
}

// holdMark names an open hold that the filter accepts (nil: any), or else anything.
func (w *world) holdMark(units *bool) ledger.Mark {
	if !w.spoiled() {
		holds := w.truth.Holds()
		for range min(len(holds)*3, 20) {
			if h := pick(w.Rand, holds); units == nil || *units == (h.Register != "") {
				return h.Mark
			}
		}
	}
	if len(w.marks) > 0 && w.chance(80) {
		return pick(w.Rand, w.marks)
	}
	return ledger.Mark{Command: w.id(), Index: uint16(w.IntN(3))}
}

// holds tells whether there is an open hold of units, or of money.
func (w *world) holds(units bool) bool {
	return slices.ContainsFunc(w.truth.Holds(), func(h *model.Hold) bool { return units == (h.Register != "") })
}

func (w *world) void() ledger.Operation {
	if len(w.truth.Holds()) == 0 && w.chance(95) {
		return w.holdUnits()
	}
	return &ledger.Void{Hold: w.holdMark(nil)}
}

func (w *world) post() ledger.Operation {
	if !w.holds(false) && w.chance(95) {
		return w.hold()
	}
	units := w.chance(4) // which can't be posted
	o := &ledger.Post{Hold: w.holdMark(&units)}
	if w.chance(50) {
		for _, h := range w.truth.Holds() {
			if h.Mark == o.Hold && h.Amount > 0 {
				o.Amount = 1 + w.Int64N(h.Amount)
			}
		}
		if w.chance(4) {
			o.Amount = w.amount("")
		}
	}
	return o
}

// freezing freezes, and unfreezes more when much is frozen.
func (w *world) freezing() ledger.Operation {
	open := w.truth.Freezes()
	if len(open) > 0 && (w.chance(40) || len(open) > len(w.accounts)/4) {
		o := &ledger.Unfreeze{Freeze: pick(w.Rand, open)}
		if w.spoiled() {
			o.Freeze = w.holdMark(nil)
		}
		return o
	}
	a := w.account("")
	o := &ledger.Freeze{Account: w.name(a), What: pick(w.Rand, []ledger.FreezeKind{
		ledger.FreezeDebits, ledger.FreezeCredits, ledger.FreezeCredits, ledger.FreezeBoth, ledger.FreezeAmount, ledger.FreezeAmount,
	})}
	if o.What == ledger.FreezeAmount {
		o.Amount = w.amount(a.Address)
	}
	return o
}

func (w *world) class() uint8 {
	if w.chance(80) {
		return 0
	}
	return uint8(w.IntN(3))
}

// classOf is the class that a holding has, as issue and move must name it.
func (w *world) classOf(register, account string) uint8 {
	if r := w.truth.Register(register); r != nil && !w.spoiled() {
		for _, h := range r.Holdings {
			if h.Account == account && h.Units > 0 {
				return h.Class
			}
		}
	}
	return w.class()
}

func (w *world) issue() ledger.Operation {
	r := w.register()
	a := w.other(r.Asset, r.Unclaimed)
	return &ledger.Issue{
		Register: w.registerName(r), Account: w.name(a), Units: w.unitsUpTo(w.units), Class: w.classOf(r.Address, a.Address),
	}
}

// holding picks a register and one who has, or had, units of it.
func (w *world) holding() (r ledger.OpenRegister, account ledger.OpenAccount, free uint64) {
	r = w.register()
	state := w.truth.Register(r.Address)
	if state == nil || len(state.Holdings) == 0 || w.spoiled() {
		return r, w.account(r.Asset), 1
	}
	h := pick(w.Rand, state.Holdings)
	for range 4 {
		if h.Units > 0 {
			break
		}
		h = pick(w.Rand, state.Holdings)
	}
	return r, w.truth.Account(h.Account).OpenAccount, h.Units - w.truth.HeldUnits(r.Address, h.Account)
}

func (w *world) move() ledger.Operation {
	r, from, free := w.holding()
	if !w.held(r.Address) {
		return w.issue()
	}
	to := w.other(r.Asset, from.Address, r.Unclaimed)
	o := &ledger.Move{
		Register: w.registerName(r), From: w.name(from), To: w.name(to), Units: w.unitsUpTo(free),
		Class: w.classOf(r.Address, to.Address),
	}
	if w.chance(50) && (w.holds(true) || w.spoiled()) {
		units := true
		o.Hold = w.holdMark(&units)
		for _, h := range w.truth.Holds() {
			if h.Mark == o.Hold && h.Register != "" && w.chance(93) {
				o.Register, o.From, o.Units = h.Register, h.Account, w.unitsUpTo(h.Units)
				o.Class = w.classOf(h.Register, o.To)
			}
		}
	}
	return o
}

func (w *world) cancel() ledger.Operation {
	r, a, free := w.holding()
	if !w.held(r.Address) {
		return w.issue()
	}
	if w.chance(10) {
		return &ledger.Cancel{Register: w.registerName(r)}
	}
	return &ledger.Cancel{Register: w.registerName(r), Account: w.name(a), Units: w.unitsUpTo(free)}
}

// held tells whether a register ever had a holder; now and then it says so of any.
func (w *world) held(register string) bool {
	r := w.truth.Register(register)
	return r != nil && len(r.Holdings) > 0 || w.spoiled()
}

func (w *world) holdUnits() ledger.Operation {
	r, a, free := w.holding()
	if !w.held(r.Address) {
		return w.issue()
	}
	return &ledger.HoldUnits{Register: w.registerName(r), Account: w.name(a), Units: w.unitsUpTo(free), Expiry: w.expiry()}
}

func (w *world) distribute() ledger.Operation {
	r := w.register()
	for range 4 {
		if state := w.truth.Register(r.Address); state != nil && state.Units() > 0 {
			break
		}
		r = w.register()
	}
	if list := w.debtors(); len(list) > 0 && w.chance(60) {
		r = pick(w.Rand, list)
	}
	payer := w.rich(r.Asset)
	if payer.Address == r.Unclaimed {
		payer = w.other(r.Asset, r.Unclaimed)
	}
	if w.chance(30) {
		payer.Address = "bank:" + lower(r.Asset)
	}
	if w.payer != "" && w.chance(60) { // the one that paid for the distribution before
		payer.Address = w.payer
	}
	w.payer = payer.Address
	o := &ledger.Distribute{Register: w.registerName(r), Payer: w.name(payer), Amounts: make([]int64, len(r.Tranches))}
	rest := w.amount(payer.Address)
	for i := range o.Amounts {
		if w.chance(70) && rest > 0 {
			o.Amounts[i] = 1 + w.Int64N(rest)
			rest -= o.Amounts[i]
		}
	}
	if rest == w.amount("") || sum(o.Amounts) == 0 {
		o.Amounts[w.IntN(len(o.Amounts))] = max(1, rest)
	}
	if w.spoiled() {
		o.Amounts = append(o.Amounts, 0)[:min(len(o.Amounts)+1, ledger.MaxTranches)]
	}
	for range pick(w.Rand, []int{0, 0, 0, 1, 1, 2, 4}) {
		d := ledger.Deduction{
			Tranche: uint8(w.IntN(len(r.Tranches))), Class: w.class(), Rate: 1 + w.Uint32N(1_000_000),
			Account: w.name(w.other(r.Asset, payer.Address)),
		}
		if w.chance(20) {
			d.Rate = 1_000_000
		}
		if !hasDeduction(o.Deductions, d) {
			o.Deductions = append(o.Deductions, d)
		}
	}
	return o
}

func hasDeduction(list []ledger.Deduction, d ledger.Deduction) bool {
	for _, x := range list {
		if x.Tranche == d.Tranche && x.Class == d.Class {
			return true
		}
	}
	return false
}

func sum(amounts []int64) (s int64) {
	for _, a := range amounts {
		s += a
	}
	return s
}

// claim looks for somebody in whose name money lies.
func (w *world) claim() ledger.Operation {
	r, holder, _ := w.holding()
	for range 10 {
		if state := w.truth.Register(r.Address); state != nil {
			for _, h := range state.Holdings {
				if h.Unclaimed > 0 && w.chance(60) {
					holder = w.truth.Account(h.Account).OpenAccount
				}
			}
		}
	}
	if state := w.truth.Register(r.Address); state == nil || !w.spoiled() && !slices.ContainsFunc(state.Holdings, func(h *model.Holding) bool {
		return h.Unclaimed > 0
	}) && w.chance(90) {
		return w.issue()
	}
	o := &ledger.Claim{Register: w.registerName(r), Holder: w.name(holder), To: w.name(w.other(r.Asset, r.Unclaimed))}
	if w.chance(50) {
		o.Amount = w.amount("")
	}
	return o
}

// target picks a command sent before that the filter accepts, if a few tries find one. A reversal names it by its place
// in the list of commands sent, from 1, until it gets the sequence.
func (w *world) target(fits func(*ledger.Command) bool) (place uint64, c *ledger.Command) {
	if len(w.sent) == 0 || w.spoiled() {
		return 1 << 40, nil
	}
	from := 0
	if w.chance(70) {
		from = max(0, len(w.sent)-20)
	}
	i := from + w.IntN(len(w.sent)-from)
	for range 8 {
		if fits(w.sent[i]) {
			break
		}
		i = from + w.IntN(len(w.sent)-from)
	}
	return 1 + uint64(i), w.sent[i]
}

func (w *world) reverse() ledger.Operation {
	place, _ := w.target(func(c *ledger.Command) bool { return w.truth.Undoable(w.sequence(c.ID)) })
	o := &ledger.Reverse{Sequence: place}
	o.Mode, o.Cover = w.undoing("CNY")
	return o
}

func (w *world) reverseLine() ledger.Operation {
	o := &ledger.ReverseLine{Account: w.name(w.account("CNY"))}
	o.Mode, o.Cover = w.undoing("CNY")
	var lines []string
	place, _ := w.target(func(c *ledger.Command) bool {
		for i, op := range c.Operations {
			if op.Kind() == ledger.KindDistribute && (lines == nil || w.chance(50)) {
				o.Index, lines = uint16(i), w.truth.Lines(w.sequence(c.ID), uint16(i))
			}
		}
		return lines != nil
	})
	if lines != nil && !w.spoiled() {
		o.Account = pick(w.Rand, lines)
	} else if w.chance(90) {
		return w.move()
	}
	o.Sequence = place
	return o
}

// advance moves a simulated clock, sometimes backwards.
func (w *world) advance() ledger.Operation {
	if !w.simulated && w.chance(95) {
		return w.reverse()
	}
	if w.spoiled() {
		return &ledger.Advance{To: w.now - 1}
	}
	return &ledger.Advance{To: w.now + ledger.Instant(w.Int64N(90_000_000))}
}
