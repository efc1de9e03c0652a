package proof

import (
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/longmen/longmen/kit/id"
)

// What can be wrong with evidence. Every error of a check wraps one of these.
var (
	// ErrMalformed means that it is no such document.
	ErrMalformed = errors.New("malformed")
	// ErrSignature means that the key did not sign it.
	ErrSignature = errors.New("not signed by this key")
	// ErrMismatch means that it is well formed and signed, and does not prove what it claims.
	ErrMismatch = errors.New("does not match")
)

// Checkpoint states what a ledger was when it had so many commands.
type Checkpoint struct {
	Ledger    [id.Size]byte
	Size      uint64 // commands covered, which is the last one's sequence
	Root      Hash   // of the tree of that size
	State     Hash   // the state digest after that command
	Engine    uint32 // the engine version in force after that command
	Time      int64  // the ledger's clock, microseconds since 1970 UTC
	Epoch     uint64 // of the lead that made the checkpoint
	Simulated bool   // whether the ledger's clock is simulated
}

// Origin is a ledger's name in checkpoints and keys.
func Origin(ledger [id.Size]byte) string { return originStart + id.ID(ledger).String() }

const (
	originStart = "longmen/"
	instant     = "2006-01-02T15:04:05.000000Z"
	// maxInstant is the end of the year 9999, which RFC 3339 can still write.
	maxInstant = 253402300799_999999
)

var origin = regexp.MustCompile(`^longmen/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// Text is the note's text:
//
//	longmen/<ledger id>
//	<size>
//	<root, base64>
//	state <digest, hexadecimal>
//	engine <version>
//	time <RFC 3339 with microseconds, UTC>
//	epoch <number>
//	clock real|simulated
func (c Checkpoint) Text() string {
	clock := "real"
	if c.Simulated {
		clock = "simulated"
	}
	return fmt.Sprintf("%s\n%d\n%s\nstate %x\nengine %d\ntime %s\nepoch %d\nclock %s\n",
		Origin(c.Ledger), c.Size, c.Root, c.State[:], c.Engine, time.UnixMicro(c.Time).UTC().Format(instant), c.Epoch, clock)
}

// ParseCheckpoint reads a note's text. Each checkpoint has exactly one text.
func ParseCheckpoint(text string) (Checkpoint, error) {
	c, err := parseCheckpoint(text)
	if err == nil && c.Text() != text {
		err = errors.New("it is not written in the one right way")
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrMalformed, err)
	}
	return c, nil
}

func parseCheckpoint(text string) (c Checkpoint, err error) {
	const lines = 8
	if len(text) > maxNote {
		return c, fmt.Errorf("the text has %d bytes, at most %d are allowed", len(text), maxNote)
	}
	line := strings.Split(text, "\n")
	if len(line) != lines+1 {
		return c, fmt.Errorf("the text has %d lines, it must have %d", len(line)-1, lines)
	}
	if !origin.MatchString(line[0]) {
		return c, errors.New("line 1 is not longmen/<ledger id>")
	}
	if _, err = hex.Decode(c.Ledger[:], []byte(strings.ReplaceAll(line[0][len(originStart):], "-", ""))); err != nil {
		return c, fmt.Errorf("line 1, ledger: %w", err)
	}
	if c.Size, err = strconv.ParseUint(line[1], 10, 64); err != nil {
		return c, fmt.Errorf("line 2, size: %w", err)
	}
	if c.Root, err = tlog.ParseHash(line[2]); err != nil {
		return c, fmt.Errorf("line 3, root: %w", err)
	}
	for i, read := range []struct {
		word string
		into func(string) error
	}{
		{"state", func(s string) error { return parseDigest(&c.State, s) }},
		{"engine", func(s string) error { n, err := strconv.ParseUint(s, 10, 32); c.Engine = uint32(n); return err }},
		{"time", func(s string) error { t, err := time.Parse(instant, s); c.Time = t.UnixMicro(); return err }},
		{"epoch", func(s string) error { n, err := strconv.ParseUint(s, 10, 64); c.Epoch = n; return err }},
		{"clock", func(s string) error { c.Simulated = s == "simulated"; return nil }},
	} {
		value, ok := strings.CutPrefix(line[3+i], read.word+" ")
		if !ok {
			return c, fmt.Errorf("line %d is not %q and its value", 4+i, read.word)
		}
		if err := read.into(value); err != nil {
			return c, fmt.Errorf("line %d, %s: %w", 4+i, read.word, err)
		}
	}
	return c, c.check()
}

// check keeps the numbers within what the text can tell and a tree can have.
func (c Checkpoint) check() error {
	if c.Size < 1 || c.Size > MaxSize {
		return fmt.Errorf("it covers %d commands, it must cover 1 to %d", c.Size, uint64(MaxSize))
	}
	if c.Time < 0 || c.Time > maxInstant {
		return fmt.Errorf("its time is %d µs since 1970, it must lie in the years 1970 to 9999", c.Time)
	}
	return nil
}

func parseDigest(h *Hash, s string) error {
	if len(s) != hex.EncodedLen(len(h)) {
		return fmt.Errorf("a digest has %d characters, it must have %d", len(s), hex.EncodedLen(len(h)))
	}
	_, err := hex.Decode(h[:], []byte(s))
	return err
}
