package proof

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
)

// A log of checkpoints is a text file: signed notes one after the other, each followed by a line
//
//	--- <number, from 1> <CRC-32C of the note, 8 hexadecimal digits>
//
// No line of a note begins like that. A note without such a line was not written to its end and counts for nothing.
// Numbers show notes that were taken out, doubled or put elsewhere. The first notes are what the ledger signed first, and
// each covers more than the one before.
const endMark = "--- "

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func endLine(number uint64, signed []byte) string {
	return fmt.Sprintf("%s%d %08x\n", endMark, number, crc32.Checksum(signed, castagnoli))
}

// Logged is a checkpoint of a log.
type Logged struct {
	Signed
	Number uint64 // in the log, from 1
	Offset int64  // where its note begins in the file
	Note   []byte // the signed note, for the caller to keep
}

// LogError says what is wrong with one checkpoint of a log.
type LogError struct {
	Number uint64 // as its place tells
	Offset int64
	Err    error
}

func (e *LogError) Error() string {
	return fmt.Sprintf("checkpoint %d, at byte %d: %v", e.Number, e.Offset, e.Err)
}

// Unwrap returns what is wrong.
func (e *LogError) Unwrap() error { return e.Err }

// ReadLog reads a log from its beginning and calls each for every checkpoint, sound or with its *LogError, until that
// returns false. A checkpoint is sound when the ledger's key has signed it and it goes beyond the sound one before. Rest
// is the number of bytes after the last one, which were not written to their end. The error is that of reading.
func ReadLog(r io.Reader, public string, each func(c Logged, err error) bool) (rest int64, err error) {
	s := &logScanner{in: bufio.NewReaderSize(r, 2*maxNote), public: public}
	for {
		c, err := s.next()
		if errors.Is(err, io.EOF) {
			return s.offset - s.began, nil
		}
		var bad *LogError
		if err != nil && !errors.As(err, &bad) {
			return 0, fmt.Errorf("read log of checkpoints: %w", err)
		}
		if !each(c, err) {
			return 0, nil
		}
	}
}

type logScanner struct {
	in     *bufio.Reader
	public string
	offset int64 // of the next line
	began  int64 // of the note that is being read
	number uint64
	last   Signed // the last sound one
}

// next reads a note and its end line, however long what stands between two end lines is.
func (s *logScanner) next() (Logged, error) {
	s.began = s.offset
	var note []byte
	for fresh := true; ; {
		line, err := s.in.ReadSlice('\n')
		s.offset += int64(len(line))
		whole := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return Logged{}, err
		}
		if fresh && whole && bytes.HasPrefix(line, []byte(endMark)) {
			return s.check(note, string(line))
		}
		fresh = whole
		if len(note) <= maxNote { // more is only counted
			note = append(note, line...)
		}
	}
}

// check judges a note and its end line.
func (s *logScanner) check(note []byte, end string) (Logged, error) {
	s.number++
	number := s.number
	fail := func(err error) (Logged, error) {
		return Logged{}, &LogError{Number: number, Offset: s.began, Err: err}
	}
	says, err := readEnd(note, end)
	if says != 0 && says != number {
		s.number = says
		return fail(fmt.Errorf("%w: it has the number %d: checkpoints were taken out, doubled or put elsewhere", ErrMismatch, says))
	}
	if err != nil {
		return fail(err)
	}
	signed, err := Open(note, s.public)
	if err != nil {
		return fail(err)
	}
	if err := follows(s.last, signed); err != nil {
		return fail(err)
	}
	s.last = signed
	return Logged{Signed: signed, Number: number, Offset: s.began, Note: note}, nil
}

// readEnd reads the number of an end line and checks the line against the note. Where the line can't be read the number
// is 0.
func readEnd(note []byte, end string) (number uint64, err error) {
	digits, _, _ := bytes.Cut([]byte(end[len(endMark):]), []byte(" "))
	number, err = strconv.ParseUint(string(digits), 10, 64)
	if err != nil || number == 0 {
		return 0, fmt.Errorf("%w: the line after it is not %q, a number and a checksum", ErrMalformed, endMark)
	}
	if end != endLine(number, note) {
		return number, fmt.Errorf("%w: it does not have the checksum that the line after it says", ErrMalformed)
	}
	return number, nil
}

// follows says why a checkpoint can't come after another one of its ledger. The zero value stands for none.
func follows(older, newer Signed) error {
	switch {
	case older.Size == 0:
		return nil
	case newer.Size <= older.Size:
		return fmt.Errorf("%w: it covers %d commands, the one before covers %d", ErrMismatch, newer.Size, older.Size)
	case older.Simulated != newer.Simulated:
		return fmt.Errorf("%w: a ledger's clock is real or simulated for good", ErrMismatch)
	case older.Time > newer.Time, older.Epoch > newer.Epoch, older.Engine > newer.Engine:
		return fmt.Errorf("%w: time, epoch or engine version went back", ErrMismatch)
	}
	return nil
}

// WholeLog is the length of a log up to the end of its last whole checkpoint, without looking at what is signed. A node
// may be writing the next one.
func WholeLog(r io.Reader) (length int64, err error) {
	in := bufio.NewReaderSize(r, 2*maxNote)
	at := int64(0)
	for fresh := true; ; {
		line, err := in.ReadSlice('\n')
		at += int64(len(line))
		if errors.Is(err, io.EOF) {
			return length, nil
		}
		whole := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return 0, fmt.Errorf("read log of checkpoints: %w", err)
		}
		if fresh && whole && bytes.HasPrefix(line, []byte(endMark)) {
			length = at
		}
		fresh = whole
	}
}
