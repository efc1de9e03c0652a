package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"math"
)

// The encoding of a group, all integers little-endian:
//
//	 0  format          u8   = 1
//	 1  engine version  u16
//	 3  ledger          16 bytes
//	19  epoch           u64
//	27  first sequence  u64
//	35  count           u32
//	39  timestamp       i64  microseconds since 1970, the ledger's clock
//	47  wall            i64  microseconds since 1970, the machine's clock
//	55  booking date    i32  days since 1970-01-01, of the timestamp in the ledger's zone
//	59  previous        32 bytes, SHA-256 of the group before, zeros for the first
//	91  records: count times length u32 and as many bytes
//
// Nothing follows, and no other bytes say the same.
const (
	format     = 1
	headerSize = 91
)

// Limits of a group.
const (
	// MaxCommands is the most commands of a group.
	MaxCommands = 10_000
	// MaxGroup is the most bytes of a group.
	MaxGroup = 4 << 20
	// MaxRecord is the most bytes of one record: a command of 1 MiB, 2 MiB that are attached to it, and the caller's
	// own framing.
	MaxRecord = 1<<20 + 2<<20 + 1<<10
)

const (
	maxInteger = math.MaxInt64 // what a database can hold
	dayMicros  = 24 * 60 * 60 * 1_000_000
)

// Header is what a group says about itself.
type Header struct {
	Engine      uint16 // version of the rules by which its commands are applied
	Ledger      [16]byte
	Epoch       uint64 // number of the lead under which it was written
	First       uint64 // sequence of its first command
	Count       uint32 // of its commands
	Timestamp   int64  // microseconds since 1970, by the ledger's clock
	Wall        int64  // microseconds since 1970, by the machine's clock
	BookingDate int32  // days since 1970-01-01: the local date of the timestamp
	Previous    [32]byte
}

// Next is the sequence after the group's last command.
func (h *Header) Next() uint64 { return h.First + uint64(h.Count) }

// Group is what is committed together. The zero Group is none; others come from an Encoder or from Decode.
type Group struct {
	Header
	Hash  [32]byte // SHA-256 of the bytes
	bytes []byte
}

// Bytes is the encoding. It must not be changed.
func (g *Group) Bytes() []byte { return g.bytes }

// Records gives the commands' records in order, each with its sequence. They share the group's bytes.
func (g *Group) Records() iter.Seq2[uint64, []byte] {
	return func(yield func(uint64, []byte) bool) {
		rest := g.bytes[min(headerSize, len(g.bytes)):]
		for sequence := g.First; len(rest) > 0; sequence++ {
			n := binary.LittleEndian.Uint32(rest)
			if !yield(sequence, rest[4:4+n:4+n]) {
				return
			}
			rest = rest[4+n:]
		}
	}
}

// check says what is wrong with a header. Count is known.
func (h *Header) check() error {
	switch {
	case h.Engine == 0:
		return errors.New("engine version is 0, it counts from 1")
	case h.Ledger == [16]byte{}:
		return errors.New("ledger id is zero")
	case h.Epoch == 0 || h.Epoch > maxInteger:
		return fmt.Errorf("epoch %d is not between 1 and %d", h.Epoch, uint64(maxInteger))
	case h.Count == 0 || h.Count > MaxCommands:
		return fmt.Errorf("count %d is not between 1 and %d", h.Count, MaxCommands)
	case h.First == 0 || h.First > maxInteger-MaxCommands:
		return fmt.Errorf("first sequence %d is not between 1 and %d", h.First, uint64(maxInteger-MaxCommands))
	case (h.First == 1) != (h.Previous == [32]byte{}):
		return errors.New("previous hash must be zero in the first group and only there")
	}
	// No zone is a whole day away from UTC.
	utc := floorDay(h.Timestamp)
	if d := int64(h.BookingDate); d < utc-1 || d > utc+1 {
		return fmt.Errorf("booking date %d (days since 1970) is not the date of the timestamp in any zone, its day in UTC is %d", d, utc)
	}
	return nil
}

func floorDay(micros int64) int64 {
	day := micros / dayMicros
	if micros%dayMicros < 0 {
		day--
	}
	return day
}

func (h *Header) put(b []byte) {
	_ = b[headerSize-1]
	b[0] = format
	binary.LittleEndian.PutUint16(b[1:], h.Engine)
	copy(b[3:19], h.Ledger[:])
	binary.LittleEndian.PutUint64(b[19:], h.Epoch)
	binary.LittleEndian.PutUint64(b[27:], h.First)
	binary.LittleEndian.PutUint32(b[35:], h.Count)
	binary.LittleEndian.PutUint64(b[39:], uint64(h.Timestamp))
	binary.LittleEndian.PutUint64(b[47:], uint64(h.Wall))
	binary.LittleEndian.PutUint32(b[55:], uint32(h.BookingDate))
	copy(b[59:91], h.Previous[:])
}

func (h *Header) get(b []byte) {
	_ = b[headerSize-1]
	h.Engine = binary.LittleEndian.Uint16(b[1:])
	copy(h.Ledger[:], b[3:19])
	h.Epoch = binary.LittleEndian.Uint64(b[19:])
	h.First = binary.LittleEndian.Uint64(b[27:])
	h.Count = binary.LittleEndian.Uint32(b[35:])
	h.Timestamp = int64(binary.LittleEndian.Uint64(b[39:]))
	h.Wall = int64(binary.LittleEndian.Uint64(b[47:]))
	h.BookingDate = int32(binary.LittleEndian.Uint32(b[55:]))
	copy(h.Previous[:], b[59:91])
}

// Decode reads a group. It refuses everything that an Encoder would not have written. The group shares b.
func Decode(b []byte) (Group, error) {
	if len(b) < headerSize {
		return Group{}, fmt.Errorf("decode group: %d bytes are fewer than the header's %d", len(b), headerSize)
	}
	if len(b) > MaxGroup {
		return Group{}, fmt.Errorf("decode group: %d bytes, at most %d are allowed", len(b), MaxGroup)
	}
	if b[0] != format {
		return Group{}, fmt.Errorf("decode group: format %d is not known, this program reads format %d", b[0], format)
	}
	g := Group{bytes: b[:len(b):len(b)]}
	g.get(b)
	if err := g.check(); err != nil {
		return Group{}, fmt.Errorf("decode group: %w", err)
	}
	if err := checkRecords(b[headerSize:], g.Count); err != nil {
		return Group{}, fmt.Errorf("decode group: %w", err)
	}
	g.Hash = sha256.Sum256(b)
	return g, nil
}

func checkRecords(rest []byte, count uint32) error {
	for i := range count {
		if len(rest) < 4 {
			return fmt.Errorf("record %d of %d is missing", i+1, count)
		}
		n := binary.LittleEndian.Uint32(rest)
		rest = rest[4:]
		switch {
		case n == 0 || n > MaxRecord:
			return fmt.Errorf("record %d has %d bytes, want 1 to %d", i+1, n, MaxRecord)
		case int(n) > len(rest):
			return fmt.Errorf("record %d has %d bytes, %d are left", i+1, n, len(rest))
		}
		rest = rest[n:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes follow the last record", len(rest))
	}
	return nil
}

// Equal says whether two groups are the same bytes.
func (g *Group) Equal(other *Group) bool { return bytes.Equal(g.bytes, other.bytes) }

// name is the usual form of an id, for messages.
func name(id [16]byte) string {
	var b [36]byte
	hex.Encode(b[0:8], id[0:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:36], id[10:16])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
