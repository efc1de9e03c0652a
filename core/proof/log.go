package proof

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// Log appends a ledger's signed checkpoints to a file; see ReadLog for its form. Only one process appends. Its methods
// may be called at the same time.
type Log struct {
	public string
	cut    int64

	mu     sync.Mutex
	file   *os.File
	size   int64
	last   Signed
	note   []byte
	number uint64
	failed error
}

// maxLogged is the most bytes that a note takes in a log with its end line.
const maxLogged = maxNote + 64

// OpenLog opens a log to append to it, and makes the file if there is none. The note that a crash kept from being
// written to its end is cut off. If anything else is wrong with the last ones that is an error, and the file is left as
// it is.
func OpenLog(path, public string) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open log of checkpoints: %w", err)
	}
	l := &Log{public: public, file: f}
	if err := errors.Join(l.restore(), syncFolder(filepath.Dir(path))); err != nil {
		return nil, errors.Join(fmt.Errorf("open log of checkpoints %s: %w", path, err), f.Close())
	}
	return l, nil
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// restore reads the end of the file. At most one note there is unfinished, since the next one is written only when the
// one before is on the disk.
func (l *Log) restore() error {
	if _, err := parsePublic(l.public); err != nil {
		return err
	}
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	tail := make([]byte, min(info.Size(), 3*maxLogged))
	from := info.Size() - int64(len(tail))
	if _, err := l.file.ReadAt(tail, from); err != nil && len(tail) > 0 {
		return err
	}
	ends := logEnds(tail)
	rest := len(tail)
	if len(ends) > 0 {
		rest -= ends[len(ends)-1]
	}
	err = l.takeLast(tail, ends, from == 0)
	if err != nil && rest == 0 {
		// The disk may have kept the end of the last write and not its beginning.
		ends = ends[:len(ends)-1]
		if l.takeLast(tail, ends, from == 0) == nil {
			err = nil
		}
	}
	if err != nil {
		return err
	}
	l.size = from
	if len(ends) > 0 {
		l.size += int64(ends[len(ends)-1])
	}
	if l.cut = info.Size() - l.size; l.cut == 0 {
		return nil
	}
	if l.cut > maxLogged {
		return fmt.Errorf("%w: its last %d bytes are no checkpoint, which is more than a crash leaves: find out what they are and take them out",
			ErrMalformed, l.cut)
	}
	return errors.Join(l.file.Truncate(l.size), l.file.Sync())
}

// logEnds finds where notes with their end lines end.
func logEnds(b []byte) (ends []int) {
	for at := 0; ; {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			return ends
		}
		if bytes.HasPrefix(b[at:], []byte(endMark)) {
			ends = append(ends, at+n+1)
		}
		at += n + 1
	}
}

// takeLast checks the last of the notes and makes it the one to go on from. Whole says that the bytes are the whole file.
func (l *Log) takeLast(b []byte, ends []int, whole bool) error {
	if len(ends) == 0 && whole {
		return nil
	}
	if len(ends) < 2 && !whole {
		return fmt.Errorf("%w: no checkpoint is found at its end", ErrMalformed)
	}
	start := 0
	if len(ends) > 1 {
		start = ends[len(ends)-2]
	}
	end := ends[len(ends)-1]
	line := start + max(0, bytes.LastIndexByte(b[start:end-1], '\n')+1)
	note := b[start:line]
	number, err := readEnd(note, string(b[line:end]))
	if err != nil {
		return err
	}
	signed, err := Open(note, l.public)
	if err != nil {
		return err
	}
	l.last, l.note, l.number = signed, slices.Clone(note), number
	return nil
}

// Append adds a signed checkpoint; it is on the disk when there is no error. One that covers no more commands than the
// last adds nothing, but with as many it must tell the same of them. After an error of the disk the log takes nothing more
// until it is opened again.
func (l *Log) Append(signed []byte) error {
	c, err := Open(signed, l.public)
	if err != nil {
		return fmt.Errorf("append to log of checkpoints: %w", err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.failed != nil {
		return fmt.Errorf("append to log of checkpoints: it failed before: %w", l.failed)
	}
	if c.Size == l.last.Size && (c.Root != l.last.Root || c.State != l.last.State || c.Engine != l.last.Engine) {
		return fmt.Errorf("append to log of checkpoints: %w: another past was signed for the same %d commands", ErrMismatch, c.Size)
	}
	if c.Size <= l.last.Size {
		return nil
	}
	if err := follows(l.last, c); err != nil {
		return fmt.Errorf("append to log of checkpoints: %w", err)
	}
	b := append(slices.Clone(signed), endLine(l.number+1, signed)...)
	if _, err := l.file.WriteAt(b, l.size); err != nil {
		l.failed = err
	} else {
		l.failed = l.file.Sync()
	}
	if l.failed != nil {
		return fmt.Errorf("append to log of checkpoints: %w", l.failed)
	}
	l.size += int64(len(b))
	l.number++
	l.last, l.note = c, slices.Clone(signed)
	return nil
}

// Last returns the newest signed note and what it says, nil when there is none. The bytes must not be changed.
func (l *Log) Last() (signed []byte, c Signed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.note, l.last
}

// Cut is the number of bytes that a crash had left at the end and that were cut off.
func (l *Log) Cut() int64 { return l.cut }

// Close closes the file.
func (l *Log) Close() error { return l.file.Close() }
