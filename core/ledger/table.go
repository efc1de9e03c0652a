package ledger

import "github.com/longmen/longmen/kit/memory"

// table is a growing array of rows without pointers, in chunks of fixed size, so that the garbage collector has
// nothing to scan and a snapshot can be cut chunk by chunk. Rows count from 1. A command's edits can be rolled back.
// The table keeps the sum of its rows' hashes for the state digest.
type table[T any] struct {
	chunks [][]T
	room   []T // for the next chunks
	shift  uint
	n      uint32 // rows ever used
	free   []uint32

	hash func(uint32, *T) uint64
	sum  uint64

	open  []uint32 // rows edited by the running operation, not in sum
	undo  []undone[T]
	taken []uint32 // free rows reused by the running command
	given []uint32 // rows freed by it
	n0    uint32
	sum0  uint64

	cut     uint32   // number of the last snapshot cut
	marks   []uint32 // by chunk: last cut that has it
	cutRows uint32
	kept    map[int][]T // chunks as they were when the running cut began, nil when none runs
}

type undone[T any] struct {
	row uint32
	old T
}

func newTable[T any](shift uint, hash func(uint32, *T) uint64) table[T] {
	return table[T]{shift: shift, hash: hash}
}

// at gives a row to read.
func (t *table[T]) at(i uint32) *T {
	return &t.chunks[i>>t.shift][i&(1<<t.shift-1)]
}

// raw gives a row to change where nothing can be rolled back any more and the caller keeps the sum.
func (t *table[T]) raw(i uint32) *T {
	c := i >> t.shift
	if t.marks[c] != t.cut {
		t.preserve(int(c))
	}
	return &t.chunks[c][i&(1<<t.shift-1)]
}

// edit gives a row to change within the running operation.
func (t *table[T]) edit(i uint32) *T {
	row := t.raw(i)
	for _, j := range t.open {
		if j == i {
			return row
		}
	}
	t.undo = append(t.undo, undone[T]{i, *row})
	t.sum -= t.hash(i, row)
	t.open = append(t.open, i)
	return row
}

// add gives a new, zero row to fill within the running operation.
func (t *table[T]) add() (uint32, *T) {
	i := t.next()
	row := t.edit(i)
	return i, row
}

// next takes a free row, or a fresh one.
func (t *table[T]) next() uint32 {
	if n := len(t.free); n > 0 {
		i := t.free[n-1]
		t.free = t.free[:n-1]
		t.taken = append(t.taken, i)
		return i
	}
	t.n++
	t.grow(t.n)
	return t.n
}

// run takes k fresh rows that lie in one chunk.
func (t *table[T]) run(k uint32) uint32 {
	size := uint32(1) << t.shift
	if (t.n+1)>>t.shift != (t.n+k)>>t.shift {
		t.n = (t.n+k)/size*size - 1
	}
	i := t.n + 1
	t.n += k
	t.grow(t.n)
	return i
}

func (t *table[T]) grow(i uint32) {
	for int(i>>t.shift) >= len(t.chunks) {
		t.chunks = append(t.chunks, t.chunkRows())
		t.marks = append(t.marks, t.cut)
	}
}

// roomBytes is about how much memory a large table takes at a time.
const roomBytes = 8 << 20

// chunkRows gives the rows of a new chunk. A growing table takes memory for more and more chunks together.
func (t *table[T]) chunkRows() []T {
	size := 1 << t.shift
	if len(t.room) == 0 {
		n := max(1, min(len(t.chunks), roomBytes/(t.size()*size)))
		t.room = memory.Rows[T](n * size)
	}
	rows := t.room[:size:size]
	t.room = t.room[size:]
	return rows
}

// drop clears a row and frees it when the command succeeds.
func (t *table[T]) drop(i uint32) {
	var zero T
	*t.edit(i) = zero
	t.given = append(t.given, i)
}

// settle ends an operation: the rows it edited join the sum.
func (t *table[T]) settle() {
	for _, i := range t.open {
		t.sum += t.hash(i, t.at(i))
	}
	t.open = t.open[:0]
}

func (t *table[T]) begin() { t.n0, t.sum0 = t.n, t.sum }

func (t *table[T]) commit() {
	t.free = append(t.free, t.given...)
	t.undo, t.taken, t.given = t.undo[:0], t.taken[:0], t.given[:0]
}

func (t *table[T]) rollback() {
	for i := len(t.undo) - 1; i >= 0; i-- {
		*t.raw(t.undo[i].row) = t.undo[i].old
	}
	t.free = append(t.free, t.taken...)
	t.n, t.sum = t.n0, t.sum0
	t.open, t.undo, t.taken, t.given = t.open[:0], t.undo[:0], t.taken[:0], t.given[:0]
}

// preserve hands a copy of the chunk to the running snapshot before its first change.
func (t *table[T]) preserve(c int) {
	if t.kept != nil {
		t.kept[c] = append([]T(nil), t.chunks[c]...)
	}
	t.marks[c] = t.cut
}

// recompute works out the sum from all rows.
func (t *table[T]) recompute() (sum uint64) {
	for i := uint32(1); i <= t.n; i++ {
		sum += t.hash(i, t.at(i))
	}
	return sum
}
