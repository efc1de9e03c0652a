// Package vector answers questions of financial mathematics in the JSON form of the shared test vectors: one object in,
// one object out.
//
// In: {"id", "kind": "schedules|events|calendars|rates|daycounts", …the fields of that kind}. Out: {"id", "result": …},
// {"id", "unsupported": "why"} for what this program does not do, or {"id", "error": "why"} for what has no answer.
//
// It maps names and texts onto finmath and back. It must not know a formula, and no vector by its id.
package vector

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line in bytes.
const MaxLine = 1 << 20

// errUnsupported marks what this program does not do, as against what has no answer.
var errUnsupported = errors.New("unsupported")

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%w"+format, append([]any{errUnsupported}, args...)...)
}

// answer is one line out.
type answer struct {
	ID          json.RawMessage `json:"id"`
	Result      any             `json:"result,omitempty"`
	Unsupported string          `json:"unsupported,omitempty"`
	Error       string          `json:"error,omitempty"`
}

// question is what every kind has in common.
type question struct {
	ID   json.RawMessage `json:"id"`
	Kind string          `json:"kind"`
}

var kinds = map[string]func([]byte) (any, error){
	"schedules": schedules, "events": events, "calendars": calendars, "rates": rates, "daycounts": daycounts,
}

// Answer answers one line. The answer is one line without its end.
func Answer(line []byte) []byte {
	a := answer{ID: json.RawMessage(`null`)}
	result, err := ask(line, &a)
	switch {
	case errors.Is(err, errUnsupported):
		a.Unsupported = err.Error()[len(errUnsupported.Error()):]
	case err != nil:
		a.Error = err.Error()
	default:
		a.Result = result
	}
	out, err := json.Marshal(a)
	if err != nil {
		out, _ = json.Marshal(answer{ID: json.RawMessage(`null`), Error: err.Error()})
	}
	return out
}

func ask(line []byte, a *answer) (any, error) {
	if len(line) > MaxLine {
		return nil, fmt.Errorf("the line has more than %d bytes", MaxLine)
	}
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, fmt.Errorf("the line is not a JSON object: %w", err)
	}
	if len(q.ID) > 0 && len(q.ID) <= 1000 {
		a.ID = q.ID
	}
	answer, ok := kinds[q.Kind]
	if !ok {
		return nil, unsupported("kind %.40q; take schedules, events, calendars, rates or daycounts", q.Kind)
	}
	return answer(line)
}

// Run answers every line of in on a line of out, in order; empty lines are passed over.
func Run(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriter(out)
	for {
		line, tooLong, err := readLine(lines)
		if tooLong {
			line = make([]byte, MaxLine+1)
		}
		if line = bytes.TrimSpace(line); len(line) > 0 || tooLong {
			if _, err := w.Write(append(Answer(line), '\n')); err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
			if lines.Buffered() == 0 {
				if err := w.Flush(); err != nil {
					return fmt.Errorf("write answer: %w", err)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write answer: %w", err)
			}
			return nil
		} else if err != nil {
			return fmt.Errorf("read question: %w", err)
		}
	}
}

// readLine reads a line, and passes over the rest of one that is too long.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(line)+len(part) > MaxLine+1 {
			line, tooLong = nil, true
		}
		if !tooLong {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
