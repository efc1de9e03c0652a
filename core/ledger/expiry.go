package ledger

// expiring is an open hold that will expire.
type expiring struct {
	expiry   Instant
	sequence uint64
	row      uint32
	index    uint16
}

func (a expiring) before(b expiring) bool {
	if a.expiry != b.expiry {
		return a.expiry < b.expiry
	}
	if a.sequence != b.sequence {
		return a.sequence < b.sequence
	}
	return a.index < b.index
}

// expiries is a heap of the holds that will expire, earliest first, from which any can be taken.
type expiries struct {
	heap  []expiring
	place map[uint32]int32 // row → place in heap
}

func (x *expiries) push(v expiring) {
	if x.place == nil {
		x.place = map[uint32]int32{}
	}
	x.heap = append(x.heap, v)
	x.place[v.row] = int32(len(x.heap) - 1)
	x.up(len(x.heap) - 1)
}

func (x *expiries) remove(row uint32) expiring {
	i := int(x.place[row])
	v, last := x.heap[i], len(x.heap)-1
	x.swap(i, last)
	x.heap = x.heap[:last]
	delete(x.place, row)
	if i < last {
		x.down(i)
		x.up(i)
	}
	return v
}

func (x *expiries) swap(i, j int) {
	x.heap[i], x.heap[j] = x.heap[j], x.heap[i]
	x.place[x.heap[i].row], x.place[x.heap[j].row] = int32(i), int32(j)
}

func (x *expiries) up(i int) {
	for i > 0 && x.heap[i].before(x.heap[(i-1)/2]) {
		x.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

func (x *expiries) down(i int) {
	for {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < len(x.heap); c++ {
			if x.heap[c].before(x.heap[least]) {
				least = c
			}
		}
		if least == i {
			return
		}
		x.swap(i, least)
		i = least
	}
}
