package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/sim/model"
)

// world makes commands. It looks at the model to make most of them valid, so that the state grows rich, and spoils
// some on purpose.
type world struct {
	*rand.Rand
	truth    *model.Model
	sequence func(ledger.ID) uint64
	flavor
	now  ledger.Instant // of the ledger, as far as the world knows
	wall ledger.Instant

	accounts  []ledger.OpenAccount
	registers []ledger.OpenRegister
	sent      []*ledger.Command           // worth naming in a reversal
	payer     string                      // of the distribution before
	corrects  bool                        // the command at hand has a correction
	marks     []ledger.Mark               // of holds and freezes ever asked for
	round     []func() []ledger.Operation // commands that follow each other, now and then with others between them
	count     int
}

// flavor is what sets one seed apart from another.
type flavor struct {
	simulated bool
	huge      bool  // amounts at the edge of what fits
	crowd     bool  // registers with more than a hundred holders
	most      int64 // usual amounts
	units     uint64
	spoil     int // in a thousand: how often a part of a command is made wrong
}

func newWorld(r *rand.Rand, truth *model.Model, sequence func(ledger.ID) uint64) *world {
	w := &world{Rand: r, truth: truth, sequence: sequence}
	w.flavor = flavor{
		simulated: w.IntN(2) == 0,
		huge:      w.IntN(4) == 0,
		crowd:     w.IntN(10) == 0,
		most:      pick(r, []int64{9, 100, 1000, 100_000, 1_000_000_000}),
		units:     pick(r, []uint64{3, 10, 10, 1000, 1_000_000, ledger.MaxUnits}),
		spoil:     pick(r, []int{5, 20, 60}),
	}
	w.wall = 1_700_000_000_000_000 + ledger.Instant(w.IntN(1_000_000_000))
	w.now = w.wall
	return w
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

// spoiled says that the next part should be wrong.
func (w *world) spoiled() bool { return w.IntN(1000) < w.spoil }

// id makes an id of its own time, like a client does: mostly now, sometimes hours ago, sometimes by a clock that is
// ahead.
func (w *world) id() (id ledger.ID) {
	own := w.wall
	switch w.IntN(20) {
	case 0:
		own -= ledger.Instant(w.Int64N(20_000_000_000))
	case 1:
		own += ledger.Instant(w.Int64N(6_000_000))
	}
	binary.BigEndian.PutUint64(id[:], uint64(own/1000)<<16)
	binary.BigEndian.PutUint16(id[6:], uint16(w.Uint32()))
	binary.BigEndian.PutUint64(id[8:], w.Uint64())
	id[6], id[8] = id[6]&0x0f|0x70, id[8]&0x3f|0x80
	return id
}

func (w *world) command(ops ...ledger.Operation) *ledger.Command {
	c := &ledger.Command{ID: w.id(), Purpose: w.Uint32N(50), Operations: ops}
	if w.chance(20) {
		c.Effective = ledger.Date(45_000 + w.IntN(100))
	}
	if w.chance(20) {
		c.Actor, c.Behalf, c.Approval, c.Trace = w.id(), w.id(), w.id(), w.id()
		c.References = []ledger.Reference{{Type: uint16(w.IntN(9)), Value: w.id()}}
	}
	return c
}

// opening is the first command of the journal.
func (w *world) opening() *ledger.Command {
	clock := ledger.RealClock
	if w.simulated {
		clock = ledger.SimulatedClock
	}
	return w.command(&ledger.OpenLedger{Ledger: w.id(), Zone: "Asia/Shanghai", Clock: clock, Start: w.now})
}

// foundation opens what the rest of the story needs.
func (w *world) foundation() *ledger.Command {
	spoil := w.spoil
	w.spoil = 0
	defer func() { w.spoil = spoil }()
	ops := []ledger.Operation{&ledger.OpenAsset{Code: "CNY", Scale: 2}, &ledger.OpenAsset{Code: "GOLD", Scale: 6}}
	add := func(o ledger.OpenAccount) {
		w.accounts = append(w.accounts, o)
		ops = append(ops, &o)
	}
	for _, asset := range []string{"CNY", "GOLD"} {
		add(ledger.OpenAccount{
			Address: "bank:" + lower(asset), Asset: asset, Side: ledger.DebitNormal, Type: ledger.Asset, Constraint: ledger.Unbounded,
		})
	}
	accounts := 8 + w.IntN(20)
	if w.crowd {
		accounts += 120
	}
	for range accounts {
		add(*w.openAccount())
	}
	for range 1 + w.IntN(3) {
		r := w.openRegister()
		w.registers = append(w.registers, *r)
		ops = append(ops, r)
	}
	return w.command(ops...)
}

// crowded is a command that issues units of one register to many.
func (w *world) crowded() *ledger.Command {
	w.look()
	var ops []ledger.Operation
	r := w.register()
	for _, a := range w.accounts {
		if a.Asset == r.Asset && a.Address != r.Unclaimed && w.chance(90) {
			ops = append(ops, &ledger.Issue{
				Register: r.Address, Account: a.Address, Units: w.unitsUpTo(min(w.units, r.Cap/uint64(len(w.accounts))+1)),
				Class: w.classOf(r.Address, a.Address),
			})
		}
	}
	return w.command(append(ops, w.deposit())...)
}

func lower(asset string) string {
	if asset == "CNY" {
		return "cny"
	}
	return "gold"
}

func (w *world) openAccount() *ledger.OpenAccount {
	w.count++
	o := &ledger.OpenAccount{
		Address: fmt.Sprintf("client:%d:cash", w.count), Asset: "CNY", Side: ledger.CreditNormal, Type: ledger.Liability,
		Code: 2000 + w.Uint32N(4), Constraint: ledger.Nonnegative,
	}
	if w.chance(12) {
		o.Asset = "GOLD"
	}
	if w.chance(20) {
		o.Side, o.Type = ledger.DebitNormal, ledger.Asset
	}
	if w.chance(20) {
		o.Constraint = ledger.Unbounded
	}
	if w.spoiled() {
		o.Asset = "NONE"
	}
	if w.spoiled() {
		o.Address = w.account("").Address
	}
	return o
}

func (w *world) openRegister() *ledger.OpenRegister {
	w.count++
	tranches := []string{"principal", "interest", "fee", "d", "e", "f", "g", "h"}
	unclaimed := w.account("CNY")
	o := &ledger.OpenRegister{
		Address: fmt.Sprintf("note:%d", w.count), Asset: unclaimed.Asset, Cap: ledger.MaxCap,
		Tranches: tranches[:pick(w.Rand, []int{1, 2, 2, 2, 3, 8})], Unclaimed: unclaimed.Address,
	}
	if w.chance(30) {
		o.Cap = 1 + w.Uint64N(30*w.units)
	}
	if w.spoiled() {
		o.Asset = pick(w.Rand, []string{"GOLD", "NONE"})
	}
	if w.spoiled() {
		o.Unclaimed = "nobody"
	}
	if w.spoiled() && len(w.registers) > 0 {
		o.Address = w.register().Address
	}
	return o
}

// account picks any account of an asset, or of any asset when it is empty.
func (w *world) account(asset string) ledger.OpenAccount {
	if len(w.accounts) == 0 {
		return ledger.OpenAccount{Address: "nobody", Asset: "CNY"}
	}
	for range 20 {
		if a := pick(w.Rand, w.accounts); asset == "" || a.Asset == asset {
			return a
		}
	}
	return w.accounts[0]
}

// other picks an account of an asset that is none of those named, if a few tries find one.
func (w *world) other(asset string, than ...string) ledger.OpenAccount {
	a := w.account(asset)
	for range 6 {
		if !slices.Contains(than, a.Address) || w.spoiled() {
			break
		}
		a = w.account(asset)
	}
	return a
}

// name gives an account's address, now and then a wrong one.
func (w *world) name(a ledger.OpenAccount) string {
	if !w.spoiled() {
		return a.Address
	}
	if w.chance(50) {
		return "nobody"
	}
	return w.account("").Address
}

func (w *world) register() ledger.OpenRegister { return pick(w.Rand, w.registers) }

func (w *world) registerName(r ledger.OpenRegister) string {
	if w.spoiled() {
		return "nothing"
	}
	return r.Address
}

// rich picks an account that has something to give, if a few tries find one.
func (w *world) rich(asset string) ledger.OpenAccount {
	a := w.account(asset)
	for range 5 {
		if w.truth.Available(a.Address) > 0 {
			break
		}
		a = w.account(asset)
	}
	return a
}

// amount is 1 to 10^18: mostly usual, sometimes at an edge, sometimes about what an account has.
func (w *world) amount(from string) int64 {
	clamp := func(a int64) int64 { return max(1, min(a, ledger.MaxAmount)) }
	switch w.IntN(12) {
	case 0:
		return 1
	case 1:
		return clamp(w.truth.Available(from))
	case 2:
		return clamp(w.truth.Available(from) + 1)
	case 3:
		if w.huge || w.chance(5) {
			return ledger.MaxAmount - int64(w.IntN(2))
		}
	case 4, 5:
		if available := w.truth.Available(from); available > 1 {
			return clamp(w.Int64N(available))
		}
	}
	if w.huge && w.chance(50) {
		return 1 + w.Int64N(ledger.MaxAmount)
	}
	if available := w.truth.Available(from); available > 0 && w.chance(80) {
		return 1 + w.Int64N(min(w.most, available))
	}
	return 1 + w.Int64N(w.most)
}

func (w *world) unitsUpTo(most uint64) uint64 {
	switch {
	case most == 0 || w.spoiled():
		return 1 + w.Uint64N(ledger.MaxUnits)
	case w.chance(30):
		return min(most, ledger.MaxUnits)
	}
	return 1 + w.Uint64N(min(most, ledger.MaxUnits))
}

// expiry is none, soon, later, or (spoiled) past.
func (w *world) expiry() ledger.Instant {
	switch {
	case w.spoiled():
		return w.now - ledger.Instant(w.IntN(2))
	case w.chance(30):
		return 0
	case w.chance(50):
		return w.now + 1 + ledger.Instant(w.IntN(3_000_000))
	}
	return w.now + 1 + ledger.Instant(w.IntN(60_000_000))
}
