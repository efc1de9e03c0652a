// Package logging sets up the structured log and holds its keys, so that a line can be searched for by the same word
// everywhere.
//
// A log line carries codes, numbers and ids, never personal data. The package must not know who writes to the log.
package logging

import (
	"fmt"
	"io"
	"log/slog"
)

// The keys of a line's attributes. A new key is added here, not where it is used.
const (
	Part     = "part"     // which part of the program speaks
	Error    = "error"    // what failed
	Ledger   = "ledger"   // a ledger's id
	Sequence = "sequence" // a place in its order
	Epoch    = "epoch"    // the number of a lead
	ID       = "id"       // what a line is about, if it has an id
	Trace    = "trace"    // the trace a request belongs to
	Code     = "code"     // a code of the catalogue of errors
	Method   = "method"   // what was called
	Status   = "status"   // the HTTP status that was answered
	Address  = "address"  // host and port
	Path     = "path"     // a file or folder
	Count    = "count"    // how many
	Bytes    = "bytes"    // how much
	Duration = "duration" // how long
)

// The two formats of a line.
const (
	JSON = "json" // for programs: one JSON object a line
	Text = "text" // for people: key=value
)

// New returns a log that writes lines of at least this level ("debug", "info", "warn", "error") in this format. Times
// are in UTC, so that the lines of several machines can be laid beside each other.
func New(w io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("log level %q is not known, use debug, info, warn or error", level)
	}
	options := &slog.HandlerOptions{Level: least, ReplaceAttr: inUTC}
	switch format {
	case JSON:
		return slog.New(slog.NewJSONHandler(w, options)), nil
	case Text:
		return slog.New(slog.NewTextHandler(w, options)), nil
	}
	return nil, fmt.Errorf("log format %q is not known, use %s or %s", format, JSON, Text)
}

func inUTC(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime {
		a.Value = slog.TimeValue(a.Value.Time().UTC())
	}
	return a
}
