package model

import (
	"math"
	"math/big"
	"slices"

	"github.com/longmen/longmen/core/ledger"
)

// payment is a distribution as it was, for the one who undoes it.
type payment struct {
	index    uint16
	register string
	payer    string
	amounts  []int64
	units    uint64
	q        []*big.Int // by tranche
	lines    []line     // by holder number, all who had units
}

type line struct {
	holder    uint32
	account   string
	units     uint64
	gross     []int64 // by tranche
	deducted  []deducted
	unclaimed bool
	setOffs   []setOff
}

type deducted struct {
	tranche uint8
	rate    uint32
	account string
	amount  int64
}

func (l *line) whole() (sum int64) {
	for _, g := range l.gross {
		sum += g
	}
	return sum
}

func (l *line) net() int64 {
	net := l.whole()
	for _, d := range l.deducted {
		net -= d.amount
	}
	return net
}

func sum(amounts []int64) (s int64) {
	for _, a := range amounts {
		s += a
	}
	return s
}

// pending is what distributions before the one checked will have booked: exactly, on payers, and at most, on accounts
// that may get any part of the amount. The latter counts against an account and never for it.
type pending struct {
	paid, got map[string]int64
	tranches  map[string][]int64 // by register, what its tranches will have paid
}

// checkDistributions checks all distributions of the command, which stand last, before the first takes effect.
func (r *run) checkDistributions(from int) (ledger.Code, uint16) {
	p := pending{map[string]int64{}, map[string]int64{}, map[string][]int64{}}
	for i := from; i < len(r.command.Operations); i++ {
		if code := r.checkDistribution(p, r.command.Operations[i].(*ledger.Distribute)); code != ledger.Applied {
			return code, uint16(i)
		}
	}
	return ledger.Applied, 0
}

func (r *run) checkDistribution(p pending, o *ledger.Distribute) ledger.Code {
	var v verdict
	register, payer := r.registers[o.Register], r.accounts[o.Payer]
	v.when(register == nil, ledger.RegisterNotFound)
	v.when(payer == nil, ledger.AccountNotFound)
	for _, d := range o.Deductions {
		v.when(r.accounts[d.Account] == nil, ledger.AccountNotFound)
	}
	if v.bad() {
		return v.code()
	}
	v.when(payer.Asset != register.Asset, ledger.AssetMismatch)
	v.when(len(o.Amounts) != len(register.Tranches), ledger.TrancheMismatch)
	v.when(o.Payer == register.Unclaimed, ledger.SameAccount)
	v.when(r.debitsFrozen(o.Payer), ledger.DebitsFrozen)
	v.when(register.Units() == 0, ledger.RegisterEmpty)
	takers := map[string]bool{register.Unclaimed: true}
	for _, d := range o.Deductions {
		v.when(r.accounts[d.Account].Asset != register.Asset, ledger.AssetMismatch)
		v.when(d.Account == o.Payer, ledger.SameAccount)
		v.when(r.creditsFrozen(d.Account), ledger.CreditsFrozen)
		takers[d.Account] = true
	}
	if v.bad() {
		return v.code()
	}
	if p.tranches[o.Register] == nil {
		p.tranches[o.Register] = make([]int64, len(o.Amounts))
	}
	for tranche, amount := range o.Amounts {
		p.tranches[o.Register][tranche] += amount
		v.when(register.paid(tranche, p.tranches[o.Register][tranche]).Cmp(big.NewInt(math.MaxInt64)) > 0, ledger.Overflow)
	}
	amount := sum(o.Amounts)
	v.when(r.debitOverflows(payer, p.paid[o.Payer]+amount), ledger.Overflow)
	if payer.Side == ledger.CreditNormal {
		r.checkOutflow(&v, payer, p.paid[o.Payer]+amount)
	}
	for name := range takers {
		a := r.accounts[name]
		v.when(r.creditOverflows(a, p.got[name]+amount), ledger.Overflow)
		if a.Side == ledger.DebitNormal {
			r.checkOutflow(&v, a, p.got[name]-p.paid[name]+amount)
		}
		p.got[name] += amount
	}
	p.paid[o.Payer] += amount
	return v.code()
}

// paid is what a tranche's holdings got so far, and more.
func (r *Register) paid(tranche int, more int64) *big.Int {
	all := big.NewInt(more)
	for _, h := range r.Holdings {
		all.Add(all, big.NewInt(h.Tranches[tranche].Paid))
	}
	return all
}

func (r *run) distribute(o *ledger.Distribute) {
	register, payer := r.registers[o.Register], r.accounts[o.Payer]
	p := &payment{index: r.index, register: o.Register, payer: o.Payer, amounts: o.Amounts, units: register.Units()}
	out := ledger.Output{Amount: sum(o.Amounts), Deducted: make([]int64, len(o.Deductions))}
	payer.Debits += out.Amount

	lines := make([]line, len(register.Holdings))
	for i, h := range register.Holdings {
		lines[i] = line{holder: h.Holder, account: h.Account, units: h.Units, gross: make([]int64, len(o.Amounts))}
	}
	for tranche, amount := range o.Amounts {
		figures := ledger.TrancheResult{}
		if amount > 0 {
			var shares []int64
			shares, figures = register.divide(tranche, amount)
			for i := range lines {
				lines[i].gross[tranche] = shares[i]
			}
		}
		out.Tranches = append(out.Tranches, figures)
		p.q = append(p.q, bigOf(figures.Q))
	}
	for i, h := range register.Holdings {
		r.deduct(o, h, &lines[i], out.Deducted)
		r.credit(register, h, &lines[i], &out)
		if h.Units > 0 {
			p.lines = append(p.lines, lines[i])
		}
	}
	for i, d := range o.Deductions {
		r.accounts[d.Account].Credits += out.Deducted[i]
	}
	for i := range p.lines {
		r.setOff(&p.lines[i], &out, true)
	}
	r.deed.distributions = append(r.deed.distributions, p)
	r.output(out)
}

// deduct takes from a holding's line what deductions of its class ask for.
func (r *run) deduct(o *ledger.Distribute, h *Holding, l *line, sums []int64) {
	for i, d := range o.Deductions {
		gross := l.gross[d.Tranche]
		if d.Class != h.Class || gross == 0 {
			continue
		}
		t := &h.Tranches[d.Tranche]
		exact := new(big.Int).Mul(big.NewInt(gross), big.NewInt(int64(d.Rate)))
		exact.Add(exact, big.NewInt(t.Rest))
		whole, rest := exact.DivMod(exact, big.NewInt(1_000_000), new(big.Int))
		t.Rest = rest.Int64()
		sums[i] += whole.Int64()
		l.deducted = append(l.deducted, deducted{d.Tranche, d.Rate, d.Account, whole.Int64()})
	}
}

// credit pays a line to the holder's account, or to the unclaimed account in his name.
func (r *run) credit(register *Register, h *Holding, l *line, out *ledger.Output) {
	net := l.net()
	if net == 0 {
		return
	}
	out.Count++
	account := r.accounts[h.Account]
	if r.takes(account, net) && !r.promised(account) {
		account.Credits += net
		return
	}
	l.unclaimed = true
	r.accounts[register.Unclaimed].Credits += net
	h.Unclaimed += net
	out.Unclaimed++
	out.Set += net
}

// promised tells whether a bounded debit-normal account is a deduction's or an unclaimed account in this command.
func (r *run) promised(a *Account) bool {
	if a.Side != ledger.DebitNormal || !r.bounded(a) {
		return false
	}
	for _, op := range r.command.Operations {
		d, is := op.(*ledger.Distribute)
		if is && (r.registers[d.Register].Unclaimed == a.Address || slices.ContainsFunc(d.Deductions, func(d ledger.Deduction) bool { return d.Account == a.Address })) {
			return true
		}
	}
	return false
}

// takes tells whether an account takes a line.
func (r *run) takes(a *Account, net int64) bool {
	_, held := r.held(a.Address)
	if r.creditsFrozen(a.Address) || total(a.Credits, held, net).Cmp(big.NewInt(1<<62)) > 0 {
		return false
	}
	return a.Side == ledger.CreditNormal || r.least(net, a) == net
}

func (r *run) claim(o *ledger.Claim) ledger.Code {
	var v verdict
	to := r.accounts[o.To]
	v.when(to == nil, ledger.AccountNotFound)
	register, h := r.find(&v, o.Register, o.Holder)
	if v.bad() {
		return v.code()
	}
	unclaimed := r.accounts[register.Unclaimed]
	v.when(to.Asset != register.Asset, ledger.AssetMismatch)
	v.when(to == unclaimed, ledger.SameAccount)
	v.when(r.debitsFrozen(unclaimed.Address), ledger.DebitsFrozen)
	v.when(r.creditsFrozen(o.To), ledger.CreditsFrozen)
	v.when(h.Unclaimed == 0, ledger.NothingUnclaimed)
	amount := h.Unclaimed
	if o.Amount != 0 {
		amount = min(amount, o.Amount)
	}
	r.checkBooking(&v, unclaimed, to, amount)
	if v.bad() {
		return v.code()
	}
	h.Unclaimed -= amount
	r.book(unclaimed, to, amount)
	r.output(ledger.Output{Amount: amount})
	return ledger.Applied
}
