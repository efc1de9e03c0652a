package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrFull is what an Encoder returns for a record that does not fit any more: finish the group and put the record into
// the next one.
var ErrFull = errors.New("the group is full")

// Encoder writes groups into a buffer that it uses again and again. A finished group shares the buffer until Reset, so
// whoever fills the next group while one is being appended has two encoders.
type Encoder struct {
	buf   []byte
	count uint32
}

// Reset begins a new group.
func (e *Encoder) Reset() {
	if cap(e.buf) < headerSize {
		e.buf = make([]byte, 0, 4096)
	}
	e.buf = e.buf[:headerSize]
	e.count = 0
}

// Count is how many records the group has so far.
func (e *Encoder) Count() int { return int(e.count) }

// Len is how many bytes the group has so far.
func (e *Encoder) Len() int { return max(len(e.buf), headerSize) }

// Add appends one command's record. It returns ErrFull, and changes nothing, when the group has no room for it.
func (e *Encoder) Add(record []byte) error {
	return e.Append(func(b []byte) []byte { return append(b, record...) })
}

// Append appends one command's record by letting write append its bytes, which saves a copy.
func (e *Encoder) Append(write func(b []byte) []byte) error {
	if len(e.buf) < headerSize {
		e.Reset()
	}
	if e.count == MaxCommands || len(e.buf)+4 > MaxGroup {
		return ErrFull
	}
	at := len(e.buf)
	e.buf = write(append(e.buf, 0, 0, 0, 0))
	n := len(e.buf) - at - 4
	switch {
	case n <= 0 || n > MaxRecord:
		e.buf = e.buf[:at]
		return fmt.Errorf("encode group: a record has %d bytes, want 1 to %d", n, MaxRecord)
	case len(e.buf) > MaxGroup:
		e.buf = e.buf[:at]
		return ErrFull
	}
	binary.LittleEndian.PutUint32(e.buf[at:], uint32(n))
	e.count++
	return nil
}

// Finish gives the group its header. Count is filled in here.
func (e *Encoder) Finish(h Header) (Group, error) {
	h.Count = e.count
	if err := h.check(); err != nil {
		return Group{}, fmt.Errorf("encode group: %w", err)
	}
	h.put(e.buf)
	return Group{Header: h, Hash: sha256.Sum256(e.buf), bytes: e.buf[:len(e.buf):len(e.buf)]}, nil
}
