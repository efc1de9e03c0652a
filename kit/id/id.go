// Package id makes and reads ids: UUIDs (RFC 9562) which begin with the time at which they were made. Those that somebody
// made have version 7, those that follow from another one have version 8: so nobody can use up the id of what a program is
// going to do, though everybody can work it out.
//
// The package must not know what an id names.
package id

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/longmen/longmen/kit/clock"
)

// Size is the number of bytes of an id.
const Size = 16

// maxMillis is the last instant that the 48 bits of the time part can tell, in the year 10889.
const maxMillis = 1<<48 - 1

// ID is a UUID of version 7 or 8. The zero ID is no id: it stands for "none".
type ID [Size]byte

// Versions of ids.
const (
	made    = 7
	derived = 8
)

// New makes an id from the clock's time and 10 bytes of the random source.
func New(c clock.Clock, random io.Reader) (ID, error) {
	var i ID
	millis := c.Now().UnixMilli()
	if millis < 0 || millis > maxMillis {
		return ID{}, fmt.Errorf("make id: the clock stands at %d ms since 1970, an id can tell 0 to %d", millis, int64(maxMillis))
	}
	i.setMillis(uint64(millis))
	if _, err := io.ReadFull(random, i[6:]); err != nil {
		return ID{}, fmt.Errorf("make id: read random bytes: %w", err)
	}
	i.mark(made)
	return i, nil
}

// Derive makes the id of something that follows from i: its n-th part under that label. The same three give the same
// id on every machine. It has version 8, which no door takes for the id of something new. The time part stays, so whoever looks for ids by age finds the derived one where i is.
//
// The other bytes are the first 10 of SHA-256(i || n as 8 bytes little-endian || label), before version and variant
// are set.
func (i ID) Derive(label string, n uint64) ID {
	b := make([]byte, 0, Size+8+len(label))
	b = append(b, i[:]...)
	b = binary.LittleEndian.AppendUint64(b, n)
	b = append(b, label...)
	sum := sha256.Sum256(b)
	d := i
	copy(d[6:], sum[:])
	d.mark(derived)
	return d
}

// Micros returns the instant of the id's time part in microseconds since 1970. The part counts milliseconds.
func (i ID) Micros() int64 {
	return int64(binary.BigEndian.Uint64(i[:8])>>16) * 1000
}

// IsZero reports whether i stands for "none".
func (i ID) IsZero() bool { return i == ID{} }

// Check returns an error unless i is a UUID of version 7 or 8.
func (i ID) Check() error {
	if v := i[6] >> 4; v != made && v != derived {
		return fmt.Errorf("id %s has version %d, it must be a UUID of version 7 or 8", i, v)
	}
	if i[8]>>6 != 2 {
		return fmt.Errorf("id %s has another variant than RFC 9562's, it must be a UUID of version 7 or 8", i)
	}
	return nil
}

// CheckNew returns an error unless i can be the id of something new that somebody outside asks for.
func (i ID) CheckNew() error {
	if i[6]>>4 == derived {
		return fmt.Errorf("id %s has version 8, which is for ids that the program derives: make a UUID of version 7", i)
	}
	return i.Check()
}

// String returns the usual form, 36 characters in lower case.
func (i ID) String() string {
	return string(i.append(make([]byte, 0, textSize)))
}

// Parse reads the usual form of an id, in lower or upper case.
func Parse(s string) (ID, error) {
	var i ID
	err := i.UnmarshalText([]byte(s))
	return i, err
}

// MarshalText returns the usual form.
func (i ID) MarshalText() ([]byte, error) { return i.append(make([]byte, 0, textSize)), nil }

// UnmarshalText reads what Parse reads.
func (i *ID) UnmarshalText(text []byte) error {
	if len(text) != textSize {
		return fmt.Errorf("id has %d characters, a UUID has %d", len(text), textSize)
	}
	var read ID
	at := 0
	for n, width := range groups {
		if n > 0 {
			if text[at] != '-' {
				return fmt.Errorf("id %q has no hyphen at character %d", text, at+1)
			}
			at++
		}
		if _, err := hex.Decode(read[groupStart[n]:], text[at:at+2*width]); err != nil {
			return fmt.Errorf("id %q is not hexadecimal: %w", text, err)
		}
		at += 2 * width
	}
	if err := read.Check(); err != nil {
		return err
	}
	*i = read
	return nil
}

const textSize = 36

// The usual form groups the bytes so.
var (
	groups     = [...]int{4, 2, 2, 2, 6}
	groupStart = [...]int{0, 4, 6, 8, 10}
)

func (i ID) append(b []byte) []byte {
	for n, width := range groups {
		if n > 0 {
			b = append(b, '-')
		}
		b = hex.AppendEncode(b, i[groupStart[n]:groupStart[n]+width])
	}
	return b
}

func (i *ID) setMillis(millis uint64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], millis<<16)
	copy(i[:6], b[:6])
}

// mark sets the version and the variant.
func (i *ID) mark(version byte) {
	i[6] = i[6]&0x0f | version<<4
	i[8] = i[8]&0x3f | 0x80
}
