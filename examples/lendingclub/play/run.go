package play

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/longmen/longmen/kit/clock"
	"github.com/longmen/longmen/kit/id"
)

// Run remembers from which ids the ids of a run's commands are derived. A run that was killed and is started again on
// the same data folder sends the same ids and so does nothing twice.
//
// Each month has an id of its own, made when the month begins: an id's time part tells the ledger how far back to look
// for a repeat, so it should be of the hour in which it is sent.
type Run struct {
	file   *os.File // nil: nothing is kept
	months map[string]id.ID
}

// OpenRun reads what an earlier run of this play left at path, or begins. An empty path keeps nothing.
func OpenRun(path, play string) (*Run, error) {
	r := &Run{months: map[string]id.ID{}}
	if path == "" {
		return r, nil
	}
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the run's file: %w", err)
	}
	whole, err := r.parse(string(text), path, play)
	if err != nil {
		return nil, err
	}
	if r.file, err = os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, fmt.Errorf("open the run's file: %w", err)
	}
	if err = r.file.Truncate(whole); err == nil {
		_, err = r.file.Seek(whole, 0)
	}
	if err == nil && whole == 0 {
		err = r.note("play " + play)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write the run's file: %w", err), r.file.Close())
	}
	return r, nil
}

// parse reads the lines that were written in full; a crash may have cut the last one short.
func (r *Run) parse(text, path, play string) (whole int64, err error) {
	lines := bufio.NewScanner(strings.NewReader(text[:strings.LastIndexByte(text, '\n')+1]))
	for n := 0; lines.Scan(); n++ {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n == 0 {
			if name != "play" || value != play {
				return 0, fmt.Errorf("%s is of another play (%s), this one is %s: give another --data folder", path, value, play)
			}
			continue
		}
		of, err := id.Parse(value)
		if err != nil {
			return 0, fmt.Errorf("%s line %d: %w", path, n+1, err)
		}
		r.months[name] = of
	}
	return int64(strings.LastIndexByte(text, '\n') + 1), lines.Err()
}

// Began reports whether the run goes on where another one ended.
func (r *Run) Began() bool { return len(r.months) > 0 }

// Month gives the id from which those of a month are derived.
func (r *Run) Month(m int) (id.ID, error) {
	name := fmt.Sprintf("month-%d", m)
	if of, known := r.months[name]; known {
		return of, nil
	}
	of, err := id.New(clock.Real{}, rand.Reader)
	if err != nil {
		return id.ID{}, err
	}
	if err := r.note(name + " " + of.String()); err != nil {
		return id.ID{}, fmt.Errorf("write the run's file: %w", err)
	}
	r.months[name] = of
	return of, nil
}

// note writes a line before anything that depends on it is sent.
func (r *Run) note(line string) error {
	if r.file == nil {
		return nil
	}
	if _, err := r.file.WriteString(line + "\n"); err != nil {
		return err
	}
	return r.file.Sync()
}

// Close ends it.
func (r *Run) Close() error {
	if r.file == nil {
		return nil
	}
	return r.file.Close()
}
