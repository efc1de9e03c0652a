package rest

import (
	"strconv"

	"github.com/longmen/longmen/core/ledger"
)

// Entries is a list of entries. Pages of them are asked for all the time, so they write themselves: the general way
// takes three times as long.
type Entries []Entry

// MarshalJSON writes what encoding/json would. No string in an entry has a character that needs an escape.
func (l Entries) MarshalJSON() ([]byte, error) {
	b := append(make([]byte, 0, 400*len(l)+2), '[')
	for i := range l {
		if i > 0 {
			b = append(b, ',')
		}
		b = l[i].append(b)
	}
	return append(b, ']'), nil
}

func (e *Entry) append(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"sequence":`...), e.Sequence, 10)
	b = strconv.AppendUint(append(b, `,"operation":`...), uint64(e.Operation), 10)
	b = appendWord(b, `,"command":"`, ledger.ID(e.Command).String())
	b = append(ledger.Instant(e.Timestamp).AppendText(append(b, `,"timestamp":"`...)), '"')
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
