package ledger

import (
	"hash/maphash"
	"unsafe"
)

// nameRef is where a name lies: its offset in units of eight bytes. The byte before the name is its length.
type nameRef uint32

const nameChunk = 1 << 20

// names keeps texts one after the other in large chunks, out of the garbage collector's sight.
type names struct {
	chunks [][]byte
	end    uint64
	seed   maphash.Seed
}

func newNames() names { return names{seed: maphash.MakeSeed(), end: 8} }

func (n *names) add(s string) nameRef {
	size := (uint64(len(s)) + 1 + 7) &^ 7
	if n.end/nameChunk != (n.end+size-1)/nameChunk {
		n.end = (n.end/nameChunk + 1) * nameChunk
	}
	for uint64(len(n.chunks)) <= n.end/nameChunk {
		n.chunks = append(n.chunks, make([]byte, nameChunk))
	}
	at := n.end
	c := n.chunks[at/nameChunk][at%nameChunk:]
	c[0] = uint8(len(s))
	copy(c[1:], s)
	n.end += size
	return nameRef(at / 8)
}

// get gives the name without a copy: the bytes of a chunk never change once written.
func (n *names) get(ref nameRef) string {
	at := uint64(ref) * 8
	c := n.chunks[at/nameChunk][at%nameChunk:]
	return unsafe.String(&c[1], int(c[0]))
}

// hash is for looking names up in memory; it differs from process to process and enters no state.
func (n *names) hash(s string) uint64 { return maphash.String(n.seed, s) }

// digest of a name for the state digest: the same everywhere.
func (n *names) digest(kind uint64, number uint32, s string) uint64 {
	h := mix(kind ^ uint64(number))
	for i := range len(s) {
		h = mix(h ^ uint64(s[i]))
	}
	return h
}
