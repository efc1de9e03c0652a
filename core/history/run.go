package history

import (
	"iter"

	"github.com/longmen/longmen/core/ledger"
)

// run is entries that follow one another, in blocks that end where those of the log do: a full one is stored as it is.
type run struct {
	slot   int // of the first in its block
	count  int
	blocks [][]byte
}

const fullBlock = blockSize * entrySize

// add adds the next entry.
func (r *run) add(e *ledger.Entry, shifted bool) {
	slot := int((e.Number - 1) & (blockSize - 1))
	if r.count == 0 {
		r.slot = slot
		r.blocks = append(r.blocks, nil)
	} else if slot == 0 {
		r.blocks = append(r.blocks, make([]byte, 0, fullBlock+sealSize))
	}
	last := &r.blocks[len(r.blocks)-1]
	*last = appendEntry(*last, e, shifted)
	r.count++
}

// at gives the i-th record.
func (r *run) at(i int) []byte {
	block, slot := (r.slot+i)>>blockShift, (r.slot+i)&(blockSize-1)
	if block == 0 {
		slot = i
	}
	return r.blocks[block][slot*entrySize : (slot+1)*entrySize]
}

// records gives them in order.
func (r *run) records() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, b := range r.blocks {
			for ; len(b) > 0; b = b[entrySize:] {
				if !yield(b[:entrySize]) {
					return
				}
			}
		}
	}
}

// bytes is their size.
func (r *run) bytes() int { return r.count * entrySize }

// reset forgets them: full blocks belong to the log now.
func (r *run) reset() {
	clear(r.blocks)
	*r = run{blocks: r.blocks[:0]}
}
