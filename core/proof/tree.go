package proof

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// MaxSize is the most leaves a tree may have. Every JSON parser reads numbers up to here exactly.
const MaxSize = 1 << 53

// Hash is a node of the tree.
type Hash = tlog.Hash

// Reader reads stored hashes by their places in tlog's layout. It answers all of them, in the order asked, or fails.
type Reader = tlog.HashReader

// leafMark stands before a leaf's bytes when they are hashed, so that no leaf can pass for an inner node (RFC 6962).
const leafMark = 0x00

// Leaf hashes a command's record with its result. The bytes are
//
//	record length u32 little-endian | record | result
//
// The length fixes where the record ends: without it the same leaf would stand for other pairs too, as a record's
// own encoding does not tell its end.
func Leaf(record, result []byte) Hash {
	const head = 1 + 4
	var small [1024]byte
	b := small[:0]
	if n := head + len(record) + len(result); n > len(small) {
		b = make([]byte, 0, n)
	}
	b = append(b, leafMark)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	b = append(b, record...)
	b = append(b, result...)
	return sha256.Sum256(b)
}

// Tree is the growing end of a tree: enough to append leaves and to tell the root. The zero Tree is empty.
type Tree struct {
	size uint64
	// peaks are the roots of the full subtrees that make up the tree, the largest first: one for each bit of size.
	peaks []Hash
}

// Restore reads the growing end of the tree of this size from storage.
func Restore(size uint64, r Reader) (*Tree, error) {
	if err := checkSize(size, 0); err != nil {
		return nil, fmt.Errorf("restore tree: %w", err)
	}
	indexes := make([]int64, 0, bits.OnesCount64(size))
	start := uint64(0)
	for level := bits.Len64(size) - 1; level >= 0; level-- {
		if size&(1<<level) != 0 {
			indexes = append(indexes, tlog.StoredHashIndex(level, int64(start>>level)))
			start += 1 << level
		}
	}
	t := &Tree{size: size}
	if len(indexes) == 0 {
		return t, nil
	}
	peaks, err := r.ReadHashes(indexes)
	if err != nil {
		return nil, fmt.Errorf("restore tree of %d leaves: %w", size, err)
	}
	if len(peaks) != len(indexes) {
		return nil, fmt.Errorf("restore tree of %d leaves: storage gave %d hashes for %d", size, len(peaks), len(indexes))
	}
	t.peaks = append(t.peaks, peaks...)
	return t, nil
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Append adds a leaf. It appends to stored the hashes that storage must keep, which are the next ones in tlog's
// layout: the leaf's first, then each subtree's that it completes; under two a leaf on average.
func (t *Tree) Append(stored []Hash, leaf Hash) []Hash {
	h := leaf
	stored = append(stored, h)
	for n := t.size; n&1 != 0; n >>= 1 {
		last := len(t.peaks) - 1
		h = tlog.NodeHash(t.peaks[last], h)
		t.peaks = t.peaks[:last]
		stored = append(stored, h)
	}
	t.peaks = append(t.peaks, h)
	t.size++
	return stored
}

// Root is the root of the tree as it is.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.peaks) - 1
	h := t.peaks[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(t.peaks[i], h)
	}
	return h
}

// Stored is the number of hashes that storage holds for a tree of this size; the next one goes to this place.
func Stored(size uint64) int64 { return tlog.StoredHashCount(int64(size)) }

// RootAt is the root of the tree when it had this size, from storage.
func RootAt(size uint64, r Reader) (Hash, error) {
	t, err := Restore(size, r)
	if err != nil {
		return Hash{}, err
	}
	return t.Root(), nil
}

// checkSize keeps sizes where tlog's arithmetic holds.
func checkSize(size, least uint64) error {
	if size < least || size > MaxSize {
		return fmt.Errorf("%w: a tree of %d leaves, it must have %d to %d", ErrMalformed, size, least, uint64(MaxSize))
	}
	return nil
}
