package rest

import (
	"io"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/core/ledger"
)

// written is an answer that writes itself, as encoding/json would: it would read a long page once more, and that takes
// longer than all else.
type written interface{ appendJSON(b []byte) []byte }

// jsonFormat is how bodies are read and written.
var jsonFormat = huma.Format{Marshal: marshal, Unmarshal: unmarshal}

// maxKept is the longest buffer that is kept for another answer.
const maxKept = 64 << 10

func marshal(w io.Writer, v any) error {
	answer, ok := v.(written)
	if !ok {
		return huma.DefaultJSONFormat.Marshal(w, v)
	}
	buf := buffers.Get().(*buffer)
	b := append(answer.appendJSON(buf.b[:0]), '\n')
	_, err := w.Write(b)
	if cap(b) <= maxKept {
		buf.b = b
		buffers.Put(buf)
	}
	return err
}

// No string in a page of entries or a statement has a character that needs an escape.

func (p EntriesOutputBody) appendJSON(b []byte) []byte {
	return appendTail(appendEntries(append(b, '{'), p.Entries), p.Next, p.At)
}

func (s Statement) appendJSON(b []byte) []byte {
	b = appendWord(b, `{"address":"`, s.Address)
	b = appendWord(b, `,"asset":"`, s.Asset)
	b = strconv.AppendUint(append(b, `,"scale":`...), uint64(s.Scale), 10)
	b = appendWord(b, `,"side":"`, s.Side)
	b = append(ledger.Date(s.From).AppendText(append(b, `,"from":"`...)), '"')
	b = append(ledger.Date(s.Until).AppendText(append(b, `,"until":"`...)), '"')
	b = s.Opening.append(append(b, `,"opening":`...))
	b = s.Closing.append(append(b, `,"closing":`...))
	b = s.Debits.append(append(b, `,"debits":`...))
	b = s.Credits.append(append(b, `,"credits":`...))
	b = strconv.AppendBool(append(b, `,"final":`...), s.Final)
	return appendTail(appendEntries(append(b, ','), s.Entries), s.Next, s.At)
}

func appendEntries(b []byte, list []Entry) []byte {
	b = append(b, `"entries":[`...)
	for i := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = list[i].append(b)
	}
	return append(b, ']')
}

// appendTail appends what a page ends with.
func appendTail(b []byte, n Next, at At) []byte {
	if n.Next != "" {
		b = appendWord(b, `,"next":"`, n.Next)
	}
	b = strconv.AppendUint(append(b, `,"sequence":`...), at.Sequence, 10)
	return append(ledger.Instant(at.Timestamp).AppendText(append(b, `,"timestamp":"`...)), '"', '}')
}

func (e *Entry) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"sequence":`...), e.Sequence, 10)
	b = strconv.AppendUint(append(b, `,"operation":`...), uint64(e.Operation), 10)
	b = ledger.ID(e.Command).AppendText(append(b, `,"command":"`...))
	b = append(ledger.Instant(e.Timestamp).AppendText(append(b, `","timestamp":"`...)), '"')
	b = append(ledger.Date(e.Date).AppendText(append(b, `,"date":"`...)), '"')
	b = append(ledger.Date(e.Effective).AppendText(append(b, `,"effective":"`...)), '"')
	b = strconv.AppendUint(append(b, `,"purpose":`...), uint64(e.Purpose), 10)
	b = appendWord(b, `,"kind":"`, e.Kind)
	b = appendWord(b, `,"side":"`, e.Side)
	b = append(strconv.AppendInt(append(b, `,"amount":"`...), int64(e.Amount), 10), '"')
	if e.Other != "" {
		b = appendWord(b, `,"other":"`, e.Other)
	}
	if e.Register != "" {
		b = appendWord(b, `,"register":"`, e.Register)
	}
	return append(e.Balance.append(append(b, `,"balance":`...)), '}')
}

// appendWord appends the start of a field, its text and the closing quote.
func appendWord(b []byte, start, text string) []byte {
	return append(append(append(b, start...), text...), '"')
}
