package ledger

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
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

// rates are the lists of rates that registers follow, each once. They count from 1; 0 is none.
type rates struct {
	lists  [][]Rate // nil where there is none any more
	keys   []uint64 // what a list adds to a register's hash
	number map[string]uint32
	free   []uint32
	many   int // at so many lists it is looked which of them nobody follows
}

// fewRates are so few lists that nobody looks which of them are of use.
const fewRates = 1024

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

const rateSize = 6 // bytes

// text is what two equal lists have in common.
func text(list []Rate) string {
	b := make([]byte, 0, rateSize*len(list))
	for _, x := range list {
		b = binary.LittleEndian.AppendUint32(append(b, x.Tranche, x.Class), x.Rate)
	}
	return string(b)
}

// add gives the number of a list.
func (r *rates) add(list []Rate) uint32 {
	t := text(list)
	n, there := r.number[t]
	if there || len(list) == 0 {
		return n
	}
	if last := len(r.free) - 1; last >= 0 {
		n, r.free = r.free[last], r.free[:last]
	} else {
		r.lists, r.keys = append(r.lists, nil), append(r.keys, 0)
		n = uint32(len(r.lists))
	}
	r.put(n, list, t)
	return n
}

func (r *rates) put(number uint32, list []Rate, t string) {
	sum := sha256.Sum256([]byte(t))
	r.lists[number-1], r.keys[number-1] = slices.Clone(list), binary.LittleEndian.Uint64(sum[:])
	r.number[t] = number
}

// rateChunk is how many lists stand in one section of a snapshot.
const rateChunk = 4096

// appendRates writes lists for a snapshot, each after its length.
func appendRates(b []byte, lists [][]Rate) []byte {
	for _, list := range lists {
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(list))), text(list)...)
	}
	return b
}

// restore takes up more lists of a snapshot.
func (r *rates) restore(b []byte) error {
	for len(b) > 0 {
		if len(b) < 4 || uint64(len(b)-4) < uint64(binary.LittleEndian.Uint32(b))*rateSize {
			return errors.New("snapshot's rates are cut off")
		}
		list := make([]Rate, binary.LittleEndian.Uint32(b))
		b = b[4:]
		for i := range list {
			list[i] = Rate{b[0], b[1], binary.LittleEndian.Uint32(b[2:])}
			b = b[rateSize:]
		}
		r.lists, r.keys = append(r.lists, nil), append(r.keys, 0)
		if number := uint32(len(r.lists)); len(list) > 0 {
			r.put(number, list, text(list))
		} else {
			r.free = append(r.free, number)
		}
	}
	return nil
}

// sweepRates forgets lists that no register follows any more, once there are many, so that nobody fills the memory by
// always other rates. Between commands no register comes back to an older one.
func (e *Engine) sweepRates() {
	r := &e.rates
	if len(r.number) < max(fewRates, r.many) {
		return
	}
	used := make([]bool, len(r.lists)+1)
	for i := uint32(1); i <= e.registers.n; i++ {
		used[e.registers.at(i).rates] = true
	}
	for i, list := range r.lists {
		if list != nil && !used[i+1] {
			delete(r.number, text(list))
			r.lists[i], r.free = nil, append(r.free, uint32(i+1))
		}
	}
	r.many = 2 * len(r.number)
}

// compare orders rates by what they are for.
func (r Rate) compare(o Rate) int {
	return cmp.Or(cmp.Compare(r.Tranche, o.Tranche), cmp.Compare(r.Class, o.Class))
}

// RateOf is the rate of a tranche and class in a list, 0 for none.
func RateOf(list []Rate, tranche, class uint8) uint32 {
	at, ok := slices.BinarySearchFunc(list, Rate{Tranche: tranche, Class: class}, Rate.compare)
	if !ok {
		return 0
	}
	return list[at].Rate
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
	slices.SortFunc(list, Rate.compare)
	if slices.Equal(list, before) {
		return
	}
	e.registers.edit(r).rates = e.rates.add(list)
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
	for _, x := range before {
		other[x.Class] = other[x.Class] || RateOf(after, x.Tranche, x.Class) != x.Rate
	}
	for _, x := range after {
		other[x.Class] = other[x.Class] || RateOf(before, x.Tranche, x.Class) != x.Rate
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
