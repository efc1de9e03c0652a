package history

import (
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// segmentSize is the number of holders whose bits lie together. The first segment stands in the payout's own row.
const segmentSize = 4096

// A payout's head, little-endian:
//
//	  0 checksum u32 of the key, the rest and the first segment
//	  4 sequence, number, previous, after, changes, timestamp, undoes, amount u64
//	 68 register, payer, holders, explicit, purpose, booking date, effective date u32
//	 96 index, undone u16
//	100 flags, tranches u8; totals u16
//	104 tranches, totals, rates
const (
	payoutFixed    = 104
	payoutPrevious = 20
	trancheSize    = 97
	totalSize      = 20
	rateSize       = 6
	payoutShifted  = 1
	payoutSetOff   = 2 // some of its lines paid debts, or these are owed again
)

// payout is one row of a register's timeline.
type payout struct {
	no       uint64 // in the ledger
	Sequence uint64
	Number   uint64 // in the register
	Previous uint64 // the register's payout before this one, 0 for none
	After    uint64 // entry after which its lines stand
	Changes  uint64 // changes of holdings before it
	Undoes   uint64
	Amount   int64
	Register uint32
	Payer    uint32
	Holders  uint32
	Explicit uint32 // lines with an entry of their own
	Index    uint16
	Undone   uint16
	head     command // timestamp, purpose and dates of its command
	shifted  bool
	setOff   bool
	tranches []payoutTranche
	totals   []ledger.BucketTotal
	rates    []ledger.Rate
	ahead    []byte // first segment
}

type payoutTranche struct {
	Amount int64
	Units  uint64
	Q, Rem share.Int128
	Cut    share.Cut
	Index  share.Int128
	base   int32 // least Ahead
	width  uint8 // bits of what is above base
}

// appendPayout appends a payout's head and its first segment, and tells where the segment begins. The checksum and the
// previous payout are set when it is written. More segments are left to the caller.
func appendPayout(b []byte, p *ledger.Payout, c *command, changes uint64) (_ []byte, ahead int) {
	b = le.AppendUint32(b, 0)
	for _, v := range [...]uint64{
		p.Sequence, p.Number, 0, p.After, changes, uint64(c.Timestamp), p.Undoes, uint64(p.Amount),
	} {
		b = le.AppendUint64(b, v)
	}
	for _, v := range [...]uint32{
		p.Register, p.Payer, p.Holders, p.Explicit, c.Purpose, uint32(c.Date), uint32(c.Effective),
	} {
		b = le.AppendUint32(b, v)
	}
	b = le.AppendUint16(b, p.Index)
	b = le.AppendUint16(b, p.Undone)
	flags := uint8(0)
	if c.effective() != c.Date {
		flags |= payoutShifted
	}
	if p.SetOffs > 0 {
		flags |= payoutSetOff
	}
	b = append(b, flags, uint8(len(p.Tranches)))
	b = le.AppendUint16(b, uint16(len(p.Totals)))
	var pack [ledger.MaxTranches]packing
	for i := range p.Tranches {
		t := &p.Tranches[i]
		pack[i] = packingOf(t.Ahead)
		b = le.AppendUint64(b, uint64(t.Amount))
		b = le.AppendUint64(b, t.Units)
		b = appendInt128(b, t.Q)
		b = appendInt128(b, t.Rem)
		b = appendInt128(b, t.Cut.Deficit)
		b = le.AppendUint64(b, t.Cut.Units)
		b = le.AppendUint32(b, t.Cut.Holder)
		b = appendInt128(b, t.Index)
		b = le.AppendUint32(b, uint32(pack[i].base))
		b = append(b, pack[i].width)
	}
	for _, t := range p.Totals {
		b = le.AppendUint32(b, t.Bucket)
		b = le.AppendUint64(b, uint64(t.Debits))
		b = le.AppendUint64(b, uint64(t.Credits))
	}
	for _, r := range p.Rates {
		b = le.AppendUint32(append(b, r.Tranche, r.Class), r.Rate)
	}
	ahead = len(b)
	return appendSegment(b, p, &pack, 0), ahead
}

// appendSegment appends the bits of a segment, tranche by tranche.
func appendSegment(b []byte, p *ledger.Payout, pack *[ledger.MaxTranches]packing, segment int) []byte {
	for i := range p.Tranches {
		all := p.Tranches[i].Ahead
		from := min(segment*segmentSize, len(all))
		b = pack[i].appendBits(b, all[from:min(from+segmentSize, len(all))])
	}
	return b
}

// appendSegments appends the segments after the first, and tells where each ends.
func appendSegments(b []byte, p *ledger.Payout, ends []int) ([]byte, []int) {
	if p.Holders <= segmentSize {
		return b, ends
	}
	var pack [ledger.MaxTranches]packing
	for i := range p.Tranches {
		pack[i] = packingOf(p.Tranches[i].Ahead)
	}
	for s := 1; s*segmentSize < int(p.Holders); s++ {
		b = append(appendSegment(b, p, &pack, s), noSeal...)
		ends = append(ends, len(b))
	}
	return b, ends
}

func decodePayout(place int64, head, ahead []byte) (*payout, error) {
	if len(head) < payoutFixed || checksum(place, head[4:], ahead) != le.Uint32(head) {
		return nil, damaged("payout", place, "the checksum does not match")
	}
	p := &payout{
		no: uint64(place & maxPosition), Sequence: le.Uint64(head[4:]), Number: le.Uint64(head[12:]),
		Previous: le.Uint64(head[payoutPrevious:]), After: le.Uint64(head[28:]), Changes: le.Uint64(head[36:]),
		Undoes: le.Uint64(head[52:]), Amount: int64(le.Uint64(head[60:])),
		Register: le.Uint32(head[68:]), Payer: le.Uint32(head[72:]), Holders: le.Uint32(head[76:]), Explicit: le.Uint32(head[80:]),
		Index: le.Uint16(head[96:]), Undone: le.Uint16(head[98:]), shifted: head[100]&payoutShifted != 0, ahead: ahead,
		setOff: head[100]&payoutSetOff != 0,
	}
	p.head = command{
		Timestamp: ledger.Instant(le.Uint64(head[44:])), Purpose: le.Uint32(head[84:]),
		Date: ledger.Date(le.Uint32(head[88:])), Effective: ledger.Date(le.Uint32(head[92:])),
	}
	tranches, totals := int(head[101]), int(le.Uint16(head[102:]))
	b := head[payoutFixed:]
	rates := len(b) - tranches*trancheSize - totals*totalSize
	if rates < 0 || rates%rateSize != 0 {
		return nil, damaged("payout", place, "%d bytes for %d tranches and %d totals", len(b), tranches, totals)
	}
	p.tranches = make([]payoutTranche, tranches)
	for i := range p.tranches {
		t := &p.tranches[i]
		t.Amount, t.Units, t.Q, t.Rem = int64(le.Uint64(b)), le.Uint64(b[8:]), int128(b[16:]), int128(b[32:])
		t.Cut = share.Cut{Deficit: int128(b[48:]), Units: le.Uint64(b[64:]), Holder: le.Uint32(b[72:])}
		t.Index, t.base, t.width = int128(b[76:]), int32(le.Uint32(b[92:])), b[96]
		b = b[trancheSize:]
	}
	for range totals {
		p.totals = append(p.totals, ledger.BucketTotal{
			Bucket: le.Uint32(b), Debits: int64(le.Uint64(b[4:])), Credits: int64(le.Uint64(b[12:])),
		})
		b = b[totalSize:]
	}
	for ; len(b) > 0; b = b[rateSize:] {
		p.rates = append(p.rates, ledger.Rate{Tranche: b[0], Class: b[1], Rate: le.Uint32(b[2:])})
	}
	return p, nil
}

// segmentBytes is the length of a segment.
func (p *payout) segmentBytes(segment int) int {
	n := 0
	for i := range p.tranches {
		n += p.trancheBytes(i, segment)
	}
	return n
}

func (p *payout) trancheBytes(t, segment int) int {
	holders := min(segmentSize, max(0, int(p.Holders)-segment*segmentSize))
	return (holders*int(p.tranches[t].width) + 7) / 8
}

// aheadOf reads a holder's bits from his segment.
func (p *payout) aheadOf(t int, holder uint32, segment []byte) int64 {
	s := int(holder / segmentSize)
	for i := range t {
		segment = segment[p.trancheBytes(i, s):]
	}
	tr := &p.tranches[t]
	return int64(tr.base) + int64(bitsAt(segment, int(holder%segmentSize), tr.width))
}

// packing says how the Aheads of a tranche are written: what is above the least of them, at the smallest width that
// fits all. As long as units do not change, that is one bit.
type packing struct {
	base  int32
	width uint8
}

func packingOf(all []int32) packing {
	low := uint32(0)
	for _, v := range all {
		low |= uint32(v)
	}
	if low <= 1 {
		return packing{width: uint8(low)}
	}
	least, most := slices.Min(all), slices.Max(all)
	span := uint32(most) - uint32(least)
	for _, w := range [...]uint8{0, 1, 2, 4, 8, 16} {
		if span < 1<<w {
			return packing{least, w}
		}
	}
	return packing{least, 32}
}

func (k packing) appendBits(b []byte, all []int32) []byte {
	switch k.width {
	case 0:
		return b
	case 8, 16, 32:
		for _, v := range all {
			for s := 0; s < int(k.width); s += 8 {
				b = append(b, byte(uint32(v-k.base)>>s))
			}
		}
		return b
	case 1:
		for len(all) >= 8 {
			a := (*[8]int32)(all)
			b = append(b, byte(a[0]-k.base)|byte(a[1]-k.base)<<1|byte(a[2]-k.base)<<2|byte(a[3]-k.base)<<3|
				byte(a[4]-k.base)<<4|byte(a[5]-k.base)<<5|byte(a[6]-k.base)<<6|byte(a[7]-k.base)<<7)
			all = all[8:]
		}
	}
	for shift := uint8(0); len(all) > 0; all = all[1:] {
		if shift == 0 {
			b = append(b, 0)
		}
		b[len(b)-1] |= byte(all[0]-k.base) << shift
		shift = (shift + k.width) % 8
	}
	return b
}

// bitsAt reads the i-th number of so many bits.
func bitsAt(b []byte, i int, width uint8) uint32 {
	switch width {
	case 0:
		return 0
	case 8:
		return uint32(b[i])
	case 16:
		return uint32(le.Uint16(b[2*i:]))
	case 32:
		return le.Uint32(b[4*i:])
	}
	bit := i * int(width)
	return uint32(b[bit/8]>>(bit%8)) & (1<<width - 1)
}
