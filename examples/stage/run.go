package stage

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// Run makes the ids of a run's commands and remembers what they were made from. A run that was killed and is started
// again on the same data folder sends the same ids and so does nothing twice.
//
// Every 256 commands have an id of their own from which theirs are derived, made when the first of them is sent: an
// id's time part tells the ledger how far back to look for a repeat, and a thousand ids of one millisecond are a crowd.
type Run struct {
	mu    sync.Mutex
	file  *os.File // nil: nothing is kept
	known map[chunk]id.ID
	last  time.Time // the newest of them
	began bool
}

// chunk is so many commands of one kind in one month.
type chunk struct {
	month  int
	label  string
	number uint64
}

const (
	perChunk = 256
	firstRow = "play"
)

// OpenRun reads what an earlier run of this play left at path, or begins. An empty path keeps nothing.
func OpenRun(path, play string) (*Run, error) {
	r := &Run{known: map[chunk]id.ID{}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the run's file: %w", err)
	}
	// A crash may have cut the last line short.
	text = text[:strings.LastIndexByte(string(text), '\n')+1]
	if err := r.parse(string(text), path, play); err != nil {
		return nil, err
	}
	r.began = len(r.known) > 0
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("open the run's file: %w", err)
	}
	if err = r.file.Truncate(int64(len(text))); err == nil {
		_, err = r.file.Seek(0, 2)
	}
	if err == nil && len(text) == 0 {
		err = r.note(firstRow, play)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the run's file: %w", err), r.file.Close())
	}
	return r, nil
}

func (r *Run) parse(text, path, play string) error {
	lines := bufio.NewScanner(strings.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n == 1 {
			if name != firstRow || value != play {
				return fmt.Errorf("%s is of another play (%s), this one is %s: give another --data folder", path, value, play)
			}
			continue
		}
		c, err := parseChunk(name)
		if err == nil {
			r.known[c], err = id.Parse(value)
		}
		if err != nil {
			return fmt.Errorf("%s line %d: %w", path, n, err)
		}
	}
	return lines.Err()
}

func (c chunk) String() string {
	return strconv.Itoa(c.month) + "/" + c.label + "/" + strconv.FormatUint(c.number, 10)
}

func parseChunk(name string) (c chunk, err error) {
	parts := strings.Split(name, "/")
	if len(parts) != 3 {
		return c, fmt.Errorf("%q is no month/kind/number", name)
	}
	c.label = parts[1]
	if c.month, err = strconv.Atoi(parts[0]); err != nil {
		return c, err
	}
	c.number, err = strconv.ParseUint(parts[2], 10, 64)
	return c, err
}

// Began reports whether the run goes on where another one ended.
func (r *Run) Began() bool { return r.began }

// ID is that of the n-th command of a kind in a month.
func (r *Run) ID(month int, label string, n uint64) (id.ID, error) {
	of, err := r.of(chunk{month, label, n / perChunk})
	if err != nil {
		return of, err
	}
	// It goes through a door, so it has to look like one that was made.
	rest := of.Derive(label, n)
	return id.New(clock.NewManual(time.UnixMicro(of.Micros())), bytes.NewReader(rest[6:]))
}

func (r *Run) of(c chunk) (id.ID, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if of, known := r.known[c]; known {
		return of, nil
	}
	// No two of them in one millisecond.
	now := time.Now()
	if after := r.last.Add(time.Millisecond); now.Before(after) {
		now = after
	}
	r.last = now
	of, err := id.New(clock.NewManual(now), rand.Reader)
	if err != nil {
		return of, err
	}
	if err := r.note(c.String(), of.String()); err != nil {
		return of, fmt.Errorf("write the run's file: %w", err)
	}
	r.known[c] = of
	return of, nil
}

// note writes a line before anything that depends on it is sent. It survives the program's end; it is not for a power
// cut, after which the play is better begun anew.
func (r *Run) note(name, value string) error {
	if r.file == nil {
		return nil
	}
	_, err := r.file.WriteString(name + " " + value + "\n")
	return err
}

// Close ends it.
func (r *Run) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
