package proof

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Limits of the documents.
const (
	maxPart     = 8 << 20  // bytes of a record or of a result
	maxPath     = 64       // hashes of a path; a tree of MaxSize needs 54
	maxDocument = 24 << 20 // bytes of a whole document
)

const (
	proofHead     = "longmen proof 1"
	extensionHead = "longmen extension 1"
)

// Text writes the proof as a document in which every byte counts:
//
//	longmen proof 1
//	sequence <number>
//	record <base64>
//	result <base64>
//	path <number of hashes>
//	<hash, base64>, a line each
//	<empty line>
//	<the signed checkpoint>
func (p Proof) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nsequence %d\nrecord %s\nresult %s\n", proofHead, p.Sequence,
		base64.StdEncoding.EncodeToString(p.Record), base64.StdEncoding.EncodeToString(p.Result))
	writePath(&b, p.Path)
	b.WriteString("\n" + p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads a proof as Text or as encoding/json writes it. It checks the form only: CheckProof does the rest.
func ParseProof(document []byte) (Proof, error) {
	p, err := parse(document, parseProofText, Proof.Text)
	if err == nil && (len(p.Record) > maxPart || len(p.Result) > maxPart) {
		err = fmt.Errorf("record or result has more than the %d bytes allowed", maxPart)
	}
	if err == nil {
		err = checkPath(p.Path)
	}
	if err != nil {
		return Proof{}, fmt.Errorf("%w: proof: %w", ErrMalformed, err)
	}
	return p, nil
}

func parseProofText(lines *lines) (p Proof) {
	lines.is(proofHead)
	p.Sequence = lines.number("sequence")
	p.Record = lines.base64("record")
	p.Result = lines.base64("result")
	p.Path = lines.path()
	lines.is("")
	p.Checkpoint = lines.rest
	return p
}

// Text writes the extension as a document in which every byte counts:
//
//	longmen extension 1
//	old <length of the old checkpoint in bytes>
//	path <number of hashes>
//	<hash, base64>, a line each
//	<empty line>
//	<the old signed checkpoint><the new one>
func (x Extension) Text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\nold %d\n", extensionHead, len(x.Old))
	writePath(&b, x.Path)
	b.WriteString("\n" + x.Old + x.New)
	return b.Bytes()
}

// ParseExtension reads an extension as Text or as encoding/json writes it. It checks the form only: CheckExtension does
// the rest.
func ParseExtension(document []byte) (Extension, error) {
	x, err := parse(document, parseExtensionText, Extension.Text)
	if err == nil {
		err = checkPath(x.Path)
	}
	if err != nil {
		return Extension{}, fmt.Errorf("%w: extension: %w", ErrMalformed, err)
	}
	return x, nil
}

func parseExtensionText(lines *lines) (x Extension) {
	lines.is(extensionHead)
	length := lines.number("old")
	x.Path = lines.path()
	lines.is("")
	if length > uint64(len(lines.rest)) {
		lines.fail("the old checkpoint is shorter than its length says")
		return x
	}
	x.Old, x.New = lines.rest[:length], lines.rest[length:]
	return x
}

// parse reads a document as JSON or as text, which must be exactly what write makes of it.
func parse[T any](document []byte, read func(*lines) T, write func(T) []byte) (v T, err error) {
	if len(document) > maxDocument {
		return v, fmt.Errorf("it has %d bytes, at most %d are allowed", len(document), maxDocument)
	}
	if bytes.HasPrefix(document, []byte("{")) {
		d := json.NewDecoder(bytes.NewReader(document))
		d.DisallowUnknownFields()
		if err := d.Decode(&v); err != nil {
			return v, fmt.Errorf("read JSON: %w", err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return v, errors.New("something follows the JSON object")
		}
		return v, nil
	}
	l := &lines{rest: string(document)}
	v = read(l)
	if l.err == nil && !bytes.Equal(write(v), document) {
		l.fail("it is not written in the one right way")
	}
	return v, l.err
}

func checkPath(path []Hash) error {
	if len(path) > maxPath {
		return fmt.Errorf("the path has %d hashes, at most %d are allowed", len(path), maxPath)
	}
	return nil
}

func writePath(b *bytes.Buffer, path []Hash) {
	fmt.Fprintf(b, "path %d\n", len(path))
	for _, h := range path {
		b.WriteString(h.String() + "\n")
	}
}

// lines reads a text line by line; after the first failure it reads nothing more.
type lines struct {
	rest string
	at   int
	err  error
}

func (l *lines) fail(format string, args ...any) {
	if l.err == nil {
		l.err = fmt.Errorf(format, args...)
	}
}

func (l *lines) next() string {
	if l.err != nil {
		return ""
	}
	l.at++
	line, rest, ok := strings.Cut(l.rest, "\n")
	if !ok {
		l.fail("it ends in line %d", l.at)
		return ""
	}
	l.rest = rest
	return line
}

func (l *lines) is(want string) {
	if got := l.next(); l.err == nil && got != want {
		l.fail("line %d is not %q", l.at, want)
	}
}

func (l *lines) value(word string) string {
	v, ok := strings.CutPrefix(l.next(), word+" ")
	if !ok {
		l.fail("line %d is not %q and its value", l.at, word)
	}
	return v
}

func (l *lines) number(word string) uint64 {
	v := l.value(word)
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil {
		l.fail("line %d, %s: it is no number", l.at, word)
	}
	return n
}

func (l *lines) base64(word string) []byte {
	b, err := base64.StdEncoding.DecodeString(l.value(word))
	if err != nil {
		l.fail("line %d, %s: it is not base64", l.at, word)
	}
	return b
}

func (l *lines) path() []Hash {
	count := l.number("path")
	if count > maxPath {
		l.fail("line %d: a path of %d hashes, at most %d are allowed", l.at, count, maxPath)
		return nil
	}
	path := make([]Hash, 0, count)
	for range count {
		h, err := tlog.ParseHash(l.next())
		if err != nil {
			l.fail("line %d: it is no hash", l.at)
			return nil
		}
		path = append(path, h)
	}
	return path
}
