package history

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/core/share"
)

// Sizes of the logs' records and blocks.
const (
	entrySize   = 88
	commandSize = 64
	hashSize    = 32
	blockShift  = 7
	blockSize   = 1 << blockShift // records of a block
)

// Keys of rows: a place is a ledger's number and a number in one of its logs.
const (
	placeShift  = 49
	ownerShift  = 32
	maxLedgers  = 1<<14 - 1
	maxPosition = 1<<placeShift - 1
)

// ErrDamaged means that rows of history do not say what was written. History must be made again from the journal.
var ErrDamaged = errors.New("history is damaged: remove it and let it be made again from the journal")

var (
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	le         = binary.LittleEndian
)

const sealSize = 4

// checksum covers the row's key too, so that a row in a wrong place is found out.
func checksum(place int64, parts ...[]byte) uint32 {
	var key [8]byte
	le.PutUint64(key[:], uint64(place))
	sum := crc32.Update(0, castagnoli, key[:])
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}

// seal appends the checksum.
func seal(place int64, data []byte) []byte {
	return le.AppendUint32(data, checksum(place, data))
}

// fillSeal puts the checksum into the last bytes, which were kept for it.
func fillSeal(place int64, data []byte) []byte {
	n := len(data) - sealSize
	le.PutUint32(data[n:], checksum(place, data[:n]))
	return data
}

// unseal checks and removes the checksum.
func unseal(table string, place int64, data []byte) ([]byte, error) {
	n := len(data) - sealSize
	if n < 0 || checksum(place, data[:n]) != le.Uint32(data[n:]) {
		return nil, damaged(table, place, "the checksum does not match")
	}
	return data[:n:n], nil
}

func damaged(table string, place int64, format string, args ...any) error {
	return fmt.Errorf("table history_%s, ledger %d, row %d: %s: %w", table, place>>placeShift, place&maxPosition,
		fmt.Sprintf(format, args...), ErrDamaged)
}

const (
	flagDebit = 1 << iota
	flagShifted
)

// appendEntry appends an entry's record. Its number follows from its place.
func appendEntry(b []byte, e *ledger.Entry, shifted bool) []byte {
	flags := uint8(0)
	if e.Side == ledger.DebitNormal {
		flags |= flagDebit
	}
	if shifted {
		flags |= flagShifted
	}
	for _, v := range [...]uint64{
		e.Previous, e.Ordinal, e.Sequence, uint64(e.Amount), uint64(e.Derived), e.Payout, uint64(e.Direct),
		uint64(e.Balance), uint64(e.Debits),
	} {
		b = le.AppendUint64(b, v)
	}
	b = le.AppendUint32(b, e.Account)
	b = le.AppendUint32(b, e.Other)
	b = le.AppendUint32(b, e.Register)
	b = le.AppendUint16(b, e.Index)
	return append(b, uint8(e.Kind), flags)
}

// entry is an entry as read.
type entry struct {
	ledger.Entry
	shifted bool // its effective date is not its booking date
}

func decodeEntry(number uint64, b []byte) (e entry) {
	_ = b[entrySize-1]
	e.Number = number
	e.Previous, e.Ordinal, e.Sequence = le.Uint64(b), le.Uint64(b[8:]), le.Uint64(b[16:])
	e.Amount, e.Derived, e.Payout = int64(le.Uint64(b[24:])), int64(le.Uint64(b[32:])), le.Uint64(b[40:])
	e.Direct, e.Balance, e.Debits = int64(le.Uint64(b[48:])), int64(le.Uint64(b[56:])), int64(le.Uint64(b[64:]))
	e.Account, e.Other, e.Register = le.Uint32(b[72:]), le.Uint32(b[76:]), le.Uint32(b[80:])
	e.Index, e.Kind, e.Side = le.Uint16(b[84:]), ledger.EntryKind(b[86]), ledger.CreditNormal
	if b[87]&flagDebit != 0 {
		e.Side = ledger.DebitNormal
	}
	e.shifted = b[87]&flagShifted != 0
	return e
}

// signed is the amount as it changes credits minus debits.
func (e *entry) signed() int64 {
	if e.Side == ledger.DebitNormal {
		return -e.Amount
	}
	return e.Amount
}

// command is what is kept of a command beside the journal.
type command struct {
	Timestamp ledger.Instant
	ID        ledger.ID
	Purpose   uint32
	Effective ledger.Date // 0: the date of its booking
	Date      ledger.Date
	Code      ledger.Code
	counts
}

// counts are the lengths of the other logs just after a command.
type counts struct{ Entries, Payouts, Changes uint64 }

func appendCommand(b []byte, c *command) []byte {
	b = le.AppendUint64(b, uint64(c.Timestamp))
	b = append(b, c.ID[:]...)
	b = le.AppendUint64(b, c.Entries)
	b = le.AppendUint64(b, c.Payouts)
	b = le.AppendUint64(b, c.Changes)
	b = le.AppendUint32(b, c.Purpose)
	b = le.AppendUint32(b, uint32(c.Effective))
	b = le.AppendUint32(b, uint32(c.Date))
	b = le.AppendUint16(b, uint16(c.Code))
	return append(b, 0, 0)
}

func decodeCommand(b []byte) (c command) {
	_ = b[commandSize-1]
	c.Timestamp = ledger.Instant(le.Uint64(b))
	copy(c.ID[:], b[8:24])
	c.Entries, c.Payouts, c.Changes = le.Uint64(b[24:]), le.Uint64(b[32:]), le.Uint64(b[40:])
	c.Purpose, c.Effective = le.Uint32(b[48:]), ledger.Date(le.Uint32(b[52:]))
	c.Date, c.Code = ledger.Date(le.Uint32(b[56:])), ledger.Code(le.Uint16(b[60:]))
	return c
}

// effective is the date that the command counts from.
func (c *command) effective() ledger.Date {
	if c.Effective != 0 {
		return c.Effective
	}
	return c.Date
}

// envelope is what history reads of a command's canonical bytes. Their head is fixed for ever.
type envelope struct {
	ID         ledger.ID
	Purpose    uint32
	Effective  ledger.Date
	References []byte // type u16 and value each
}

const referenceSize = 18

// decodeEnvelope reads the head of canonical bytes (see ledger.AppendCommand).
func decodeEnvelope(b []byte) (e envelope, err error) {
	const fixed = 2 + 16 + 4
	if len(b) < fixed || b[0] != ledger.Format {
		return e, errors.New("command bytes have no head of a known format")
	}
	copy(e.ID[:], b[2:18])
	e.Purpose = le.Uint32(b[18:])
	presence, at := b[1], fixed
	if presence&1 != 0 {
		if len(b) < at+4 {
			return e, errors.New("command bytes end in their head")
		}
		e.Effective = ledger.Date(le.Uint32(b[at:]))
		at += 4
	}
	for bit := range 4 { // actor, behalf, approval, trace
		if presence&(2<<bit) != 0 {
			at += 16
		}
	}
	if presence&32 != 0 {
		if len(b) <= at || len(b) < at+1+referenceSize*int(b[at]) {
			return e, errors.New("command bytes end in their references")
		}
		e.References = b[at+1 : at+1+referenceSize*int(b[at])]
	}
	return e, nil
}

func appendInt128(b []byte, v share.Int128) []byte {
	return le.AppendUint64(le.AppendUint64(b, v.Lo), uint64(v.Hi))
}

func int128(b []byte) share.Int128 {
	return share.Int128{Lo: le.Uint64(b), Hi: int64(le.Uint64(b[8:]))}
}

// fields takes varints and other fields from the front of bytes; after the first that is missing, ok is false.
type fields struct {
	b  []byte
	ok bool
}

func (f *fields) take(n int) []byte {
	if len(f.b) < n {
		f.ok, f.b = false, nil
		return make([]byte, n)
	}
	v := f.b[:n]
	f.b = f.b[n:]
	return v
}

func (f *fields) varint() uint64 {
	v, n := binary.Uvarint(f.b)
	if n <= 0 {
		f.ok, f.b = false, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) signed() int64 {
	v, n := binary.Varint(f.b)
	if n <= 0 {
		f.ok, f.b = false, nil
		return 0
	}
	f.b = f.b[n:]
	return v
}

func (f *fields) text() string { return string(f.take(int(f.take(1)[0]))) }
