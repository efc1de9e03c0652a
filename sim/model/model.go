package model

import (
	"math/big"

	"github.com/longmen/longmen/core/ledger"
)

// Model is a ledger.
type Model struct {
	state *state
	deeds map[uint64]*deed // what applied commands did
	date  ledger.Date      // of the last command
}

// New gives an empty ledger; the first command must open it.
func New() *Model { return &Model{state: newState(), deeds: map[uint64]*deed{}} }

// deed is what a command did, as far as it can be undone.
type deed struct {
	foreign       bool // it also did something else
	movements     []movement
	distributions []*payment
}

type movement struct {
	index         uint16
	debit, credit string
	amount        int64
}

// run is one command at work on a copy of the state.
type run struct {
	*state
	deeds    map[uint64]*deed
	sequence uint64
	at       ledger.Instant
	command  *ledger.Command
	index    uint16
	deed     *deed
	credited map[string]*big.Int // by this command's transfers, posts and claims
	outputs  []ledger.Output
}

// Apply makes a command effective, or refuses it and changes nothing.
func (m *Model) Apply(sequence uint64, at ledger.Instant, date ledger.Date, c *ledger.Command) ledger.Result {
	r := &run{
		state: m.state.copy(), deeds: m.deeds, sequence: sequence, at: at, command: c, deed: &deed{},
		credited: map[string]*big.Int{},
	}
	result := ledger.Result{Sequence: sequence, Timestamp: at, Date: date}
	m.date = date
	result.Code, result.Index = r.all()
	if result.Code == ledger.Applied {
		result.Outputs = r.outputs
		m.state = r.state
		m.deeds[sequence] = r.deed
	}
	return result
}

func (r *run) all() (ledger.Code, uint16) {
	distributing := false
	for i, op := range r.command.Operations {
		r.index = uint16(i)
		if op.Kind() == ledger.KindDistribute && !distributing {
			distributing = true
			if code, at := r.checkDistributions(i); code != ledger.Applied {
				return code, at
			}
		}
		if code := r.one(op); code != ledger.Applied {
			return code, r.index
		}
	}
	return ledger.Applied, 0
}

func (r *run) one(op ledger.Operation) ledger.Code {
	switch o := op.(type) {
	case *ledger.Transfer:
		return r.transfer(o)
	case *ledger.Post:
		return r.post(o)
	case *ledger.Distribute:
		r.distribute(o)
		return ledger.Applied
	}
	r.deed.foreign = true
	switch o := op.(type) {
	case *ledger.OpenLedger:
		r.opening, r.clock = *o, o.Start
	case *ledger.Lead:
	case *ledger.Pulse:
		r.pulse(o)
	case *ledger.Upgrade:
		return r.upgrade(o)
	case *ledger.Advance:
		return r.advance(o)
	case *ledger.OpenAsset:
		return r.openAsset(o)
	case *ledger.OpenAccount:
		return r.openAccount(o)
	case *ledger.OpenRegister:
		return r.openRegister(o)
	case *ledger.Hold:
		return r.hold(o)
	case *ledger.Void:
		return r.void(o)
	case *ledger.Freeze:
		return r.freeze(o)
	case *ledger.Unfreeze:
		return r.unfreeze(o)
	case *ledger.Issue:
		return r.issue(o)
	case *ledger.Move:
		return r.move(o)
	case *ledger.Cancel:
		if o.Account == "" {
			return r.cancelAll(o)
		}
		return r.cancel(o)
	case *ledger.HoldUnits:
		return r.holdUnits(o)
	case *ledger.Claim:
		return r.claim(o)
	case *ledger.Reverse:
		return r.reverse(o)
	case *ledger.ReverseLine:
		return r.reverseLine(o)
	case *ledger.Correct:
		return r.correct(o)
	case *ledger.Settle:
		return r.settle(o)
	default:
		panic("model: unknown operation " + op.Kind().String())
	}
	return ledger.Applied
}

func (r *run) output(o ledger.Output) {
	o.Index = r.index
	r.outputs = append(r.outputs, o)
}

func (r *run) mark() ledger.Mark { return ledger.Mark{Command: r.command.ID, Index: r.index} }

// verdict collects broken rules; the lowest code is the answer.
type verdict ledger.Code

func (v *verdict) when(broken bool, code ledger.Code) {
	if broken && (*v == 0 || code < ledger.Code(*v)) {
		*v = verdict(code)
	}
}

func (v *verdict) code() ledger.Code { return ledger.Code(*v) }
func (v *verdict) bad() bool         { return *v != 0 }

func (r *run) openAsset(o *ledger.OpenAsset) ledger.Code {
	if _, taken := r.assets[o.Code]; taken {
		return ledger.AssetExists
	}
	r.assets[o.Code] = *o
	return ledger.Applied
}

func (r *run) openAccount(o *ledger.OpenAccount) ledger.Code {
	var v verdict
	v.when(r.assets[o.Asset].Code == "", ledger.AssetNotFound)
	v.when(r.accounts[o.Address] != nil, ledger.AccountExists)
	if v.bad() {
		return v.code()
	}
	r.accounts[o.Address] = &Account{OpenAccount: *o, Number: uint32(len(r.accounts) + 1)}
	return ledger.Applied
}

func (r *run) openRegister(o *ledger.OpenRegister) ledger.Code {
	var v verdict
	unclaimed := r.accounts[o.Unclaimed]
	v.when(r.assets[o.Asset].Code == "", ledger.AssetNotFound)
	v.when(unclaimed == nil, ledger.AccountNotFound)
	v.when(r.registers[o.Address] != nil, ledger.RegisterExists)
	v.when(unclaimed != nil && unclaimed.Asset != o.Asset, ledger.AssetMismatch)
	if v.bad() {
		return v.code()
	}
	register := &Register{OpenRegister: *o, Number: uint32(len(r.registers) + 1)}
	for range o.Tranches {
		register.Rem = append(register.Rem, new(big.Int))
	}
	r.registers[o.Address] = register
	return ledger.Applied
}

func (r *run) advance(o *ledger.Advance) ledger.Code {
	var v verdict
	v.when(r.opening.Clock == ledger.RealClock, ledger.ClockNotSimulated)
	v.when(r.opening.Clock == ledger.SimulatedClock && o.To < r.clock, ledger.ClockBackwards)
	if !v.bad() {
		r.clock = o.To
	}
	return v.code()
}

// upgrade knows the first version only.
func (r *run) upgrade(o *ledger.Upgrade) ledger.Code {
	if o.Version <= r.version || o.Version != 4 {
		return ledger.VersionUnknown
	}
	r.version = o.Version
	return ledger.Applied
}
