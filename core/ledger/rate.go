package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"
)

// Rate is what deductions take of the lines of a tranche to holders of a class. A register's lines follow the rates of its
// last payment, until one comes with others. As long as they stay, what was deducted of a holding's lines in all follows
// from what these were: see share.Deduct.
type Rate struct {
	Tranche uint8
	Class   uint8
	Rate    uint32 // parts per million, above 0
}

// rates are the lists of rates that registers follow or have followed, each once. They count from 1; 0 is none.
type rates struct {
	lists  [][]Rate
	keys   []uint64 // what a list adds to a register's hash
	number map[string]uint32
}

func (r *rates) at(number uint32) []Rate {
	if number == 0 {
		return nil
	}
	return r.lists[number-1]
}

func (r *rates) key(number uint32) uint64 {
	if number == 0 {
		return 0
	}
	return r.keys[number-1]
}

// text is what two equal lists have in common.
func text(list []Rate) string {
	b := make([]byte, 0, 6*len(list))
	for _, x := range list {
		b = binary.LittleEndian.AppendUint32(append(b, x.Tranche, x.Class), x.Rate)
	}
	return string(b)
}

// add gives the number of a list, and whether it is new.
func (r *rates) add(list []Rate) (number uint32, fresh bool) {
	if len(list) == 0 {
		return 0, false
	}
	t := text(list)
	if n := r.number[t]; n != 0 {
		return n, false
	}
	sum := sha256.Sum256([]byte(t))
	r.lists, r.keys = append(r.lists, slices.Clone(list)), append(r.keys, binary.LittleEndian.Uint64(sum[:]))
	number = uint32(len(r.lists))
	r.number[t] = number
	return number, true
}

// pop forgets the list that came last.
func (r *rates) pop() {
	last := len(r.lists) - 1
	delete(r.number, text(r.lists[last]))
	r.lists, r.keys = r.lists[:last], r.keys[:last]
}

// RateOf is the rate of a tranche and class in a list, 0 for none.
func RateOf(list []Rate, tranche, class uint8) uint32 {
	for _, x := range list {
		if x.Tranche == tranche && x.Class == class {
			return x.Rate
		}
	}
	return 0
}

// setRates lets the lines of a register follow the rates of a payment from now on. Tranches that it does not pay keep
// theirs.
func (e *Engine) setRates(r uint32, pays func(tranche uint8) bool, deductions []Deduction) {
	before := e.rates.at(e.registers.at(r).rates)
	if len(before) == 0 && len(deductions) == 0 {
		return
	}
	var list []Rate
	for _, x := range before {
		if !pays(x.Tranche) {
			list = append(list, x)
		}
	}
	for i := range deductions {
		if d := &deductions[i]; pays(d.Tranche) {
			list = append(list, Rate{d.Tranche, d.Class, d.Rate})
		}
	}
	// deterministic: no two are of the same tranche and class.
	slices.SortFunc(list, func(a, b Rate) int {
		return cmp.Or(cmp.Compare(a.Tranche, b.Tranche), cmp.Compare(a.Class, b.Class))
	})
	if slices.Equal(list, before) {
		return
	}
	number, fresh := e.rates.add(list)
	if fresh {
		e.onRollback(e.rates.pop)
	}
	e.registers.edit(r).rates = number
	e.settle()
	e.tellRates(r, before, list)
}

// tellRates tells history how holdings stand whose rate is another from now on, as if their units had changed. Before a
// register's first payment there is nothing to tell.
func (e *Engine) tellRates(r uint32, before, after []Rate) {
	reg := e.registers.at(r)
	if reg.payouts == 0 {
		return
	}
	var other [256]bool // by class
	for _, x := range slices.Concat(before, after) {
		if RateOf(before, x.Tranche, x.Class) != RateOf(after, x.Tranche, x.Class) {
			other[x.Class] = true
		}
	}
	for i := reg.first; i != 0; i = e.blocks.at(i).next {
		b := e.blocks.at(i)
		for s := range uint32(blockSize) {
			if b.units[s] > 0 && other[b.class[s]] {
				e.emitHolding(r, i*blockSize+s)
			}
		}
	}
}
