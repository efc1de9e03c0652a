package rest

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
)

// The requests that come most, one balance, one transfer, one bid and one repayment, have handlers written by hand: they
// take what is plainly right and leave everything else to the usual ones. What they answer is the same to the byte.

// quick answers a request and reports true, or leaves it untouched and reports false.
type quick func(w http.ResponseWriter, r *http.Request) bool

// adapter puts quick handlers before huma's.
type adapter struct {
	huma.Adapter
	mux   *http.ServeMux
	quick map[string]quick // by operation id
}

// Handle takes an operation, and lets in who may use it.
func (a adapter) Handle(op *huma.Operation, handler func(huma.Context)) {
	who, ok := op.Metadata[accessKey].(access)
	if !ok {
		panic("operation " + op.OperationID + " does not say who may use it")
	}
	first := a.quick[op.OperationID]
	a.mux.HandleFunc(op.Method+" "+op.Path, func(w http.ResponseWriter, r *http.Request) {
		if err := who.admit(r); err != nil {
			WriteProblem(w, r, err)
			return
		}
		if first == nil || !first(w, r) {
			handler(humago.NewContext(op, r, w))
		}
	})
}

// buffers are for bodies and answers.
var buffers = sync.Pool{New: func() any { return &buffer{b: make([]byte, 0, maxQuick)} }}

type buffer struct{ b []byte }

// maxQuick is the longest body that is looked at, and quickTime what it has to arrive.
const (
	maxQuick  = 2_048
	quickTime = 5 * time.Second
)

var jsonType = []string{"application/json"}

// quickBalance answers what one account has now.
func (s *server) quickBalance(w http.ResponseWriter, r *http.Request) bool {
	name, address := r.PathValue("ledger"), r.PathValue("address")
	if r.URL.RawQuery != "" || !isName(name) {
		return false
	}
	var states [1]ledger.AccountState
	addresses := [1]string{address}
	position, err := s.node.Balances(r.Context(), name, addresses[:], 0, states[:])
	a := &states[0]
	if err != nil || a.Number == 0 {
		return false
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	b := append(buf.b[:0], `{"address":"`...)
	b = append(b, address...)
	b = append(b, `","asset":"`...)
	b = append(b, a.Asset...)
	b = append(b, `","scale":`...)
	b = strconv.AppendUint(b, uint64(a.Scale), 10)
	b = append(b, `,"side":"`...)
	b = append(b, sides.word(a.Side)...)
	for _, f := range [...]struct {
		name  string
		value int64
	}{
		{`","balance":"`, a.Balance()},
		{`","debits":"`, a.Debits},
		{`","credits":"`, a.Credits},
		{`","available":"`, a.Available()},
		{`","debits_held":"`, a.DebitsHeld},
		{`","credits_held":"`, a.CreditsHeld},
		{`","frozen":"`, a.Frozen},
	} {
		b = append(b, f.name...)
		b = strconv.AppendInt(b, f.value, 10)
	}
	b = append(b, `","sequence":`...)
	b = strconv.AppendUint(b, position.Sequence, 10)
	b = appendInstant(append(b, `,"timestamp":"`...), position.Timestamp)
	b = append(b, '"', '}', '\n')
	buf.b = b
	buf.answer(w)
	return true
}

// quickTransfer applies an exact transfer that says nothing but accounts, amount and purpose.
func (s *server) quickTransfer(w http.ResponseWriter, r *http.Request) bool {
	name, key := r.PathValue("ledger"), r.Header["Idempotency-Key"]
	if !isName(name) || len(key) != 1 {
		return false
	}
	call := api.CallOf(r.Context())
	id, err := api.KeyID(call.Principal.ID(), key[0])
	if err != nil {
		return false
	}
	buf := buffers.Get().(*buffer)
	defer buffers.Put(buf)
	var t *transfer
	if !buf.plainBody(w, r, func(body string) (ok bool) { t, ok = plainTransfer(body); return ok }) {
		return false
	}
	c := &ledger.Command{ID: id, Purpose: t.purpose, Trace: call.Trace, Operations: []ledger.Operation{&t.Transfer}}
	out, err := s.apply(r.Context(), name, c, inBody)
	if err != nil {
		writeProblem(w, problemOf(err))
		return true
	}
	buf.b = appendOutcome(buf.b[:0], &out.Body)
	buf.answer(w)
	return true
}

// answer sends what the buffer holds.
func (buf *buffer) answer(w http.ResponseWriter) {
	w.Header()["Content-Type"] = jsonType
	// Whoever has gone need not be told.
	_, _ = w.Write(buf.b)
}

// plainBody reads a short body and reports whether it is plainly right. If it is not, the request is left as it was.
func (buf *buffer) plainBody(w http.ResponseWriter, r *http.Request, read func(body string) bool) bool {
	kind := r.Header["Content-Type"]
	if r.URL.RawQuery != "" || len(kind) != 1 || kind[0] != jsonType[0] || r.ContentLength <= 0 || r.ContentLength > maxQuick {
		return false
	}
	// A connection that can't be told so has limits of its own.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(quickTime))
	body := buf.b[:r.ContentLength]
	n, err := io.ReadFull(r.Body, body)
	if err != nil || !read(string(body[:n])) {
		r.Body = again{io.MultiReader(bytes.NewReader(bytes.Clone(body[:n])), r.Body), r.Body}
		return false
	}
	return true
}

// again is a body that was read in part.
type again struct {
	io.Reader
	io.Closer
}

// appendOutcome writes the result of an applied command without outputs.
func appendOutcome(b []byte, r *Result) []byte {
	b = append(b, `{"id":"`...)
	b = append(b, ledger.ID(r.ID).String()...)
	b = append(b, `","sequence":`...)
	b = strconv.AppendUint(b, r.Sequence, 10)
	b = appendInstant(append(b, `,"timestamp":"`...), ledger.Instant(r.Timestamp))
	b = append(b, `","date":"`...)
	b = append(b, ledger.Date(r.Date).String()...)
	b = append(b, `","code":"`...)
	b = append(b, r.Code...)
	b = append(b, '"')
	if r.Repeated {
		b = append(b, `,"repeated":true`...)
	}
	return append(b, '}', '\n')
}

func appendInstant(b []byte, i ledger.Instant) []byte { return i.AppendText(b) }

// isName is the pattern of a ledger's name.
func isName(s string) bool {
	if s == "" || len(s) > api.MaxName || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// transfer is what a plain body says.
type transfer struct {
	ledger.Transfer
	purpose uint32
}

// plainTransfer reads a body that has debit, credit and amount, and perhaps purpose, each once and without anything
// that needs a second look. It reports false for every other.
func plainTransfer(s string) (*transfer, bool) {
	t := &transfer{Transfer: ledger.Transfer{Mode: ledger.Exact}}
	p := plain{s: s}
	seen := 0
	p.byte('{')
	for more := true; more && !p.bad; more = p.comma() {
		name := p.text()
		p.byte(':')
		bit := 0
		switch name {
		case "debit":
			bit, t.Debit = 1, p.text()
		case "credit":
			bit, t.Credit = 2, p.text()
		case "amount":
			bit, t.Amount = 4, p.amount()
		case "purpose":
			bit, t.purpose = 8, uint32(p.number(1<<32-1))
		}
		p.bad = p.bad || bit == 0 || seen&bit != 0
		seen |= bit
	}
	p.byte('}')
	return t, p.ended() && seen&7 == 7
}

// plain takes JSON without escapes from the front of s.
type plain struct {
	s   string
	bad bool
}

// ended reports whether all was plain and nothing is left.
func (p *plain) ended() bool {
	p.space()
	return !p.bad && p.s == ""
}

func (p *plain) space() { p.s = strings.TrimLeft(p.s, " \t\r\n") }

// byte takes this one.
func (p *plain) byte(c byte) {
	p.space()
	if p.s == "" || p.s[0] != c {
		p.bad = true
		return
	}
	p.s = p.s[1:]
}

// comma takes one if it is there.
func (p *plain) comma() bool {
	p.space()
	if p.s != "" && p.s[0] == ',' {
		p.s = p.s[1:]
		return true
	}
	return false
}

// text takes a string of printable ASCII.
func (p *plain) text() string {
	p.byte('"')
	if p.bad {
		return ""
	}
	for i := range len(p.s) {
		switch c := p.s[i]; {
		case c == '"' && i <= ledger.MaxAddress:
			v := p.s[:i]
			p.s = p.s[i+1:]
			return v
		case c == '"' || c == '\\' || c < ' ' || c > '~':
			p.bad = true
			return ""
		}
	}
	p.bad = true
	return ""
}

// number takes an integer up to most.
func (p *plain) number(most uint64) uint64 {
	p.space()
	end := 0
	for end < len(p.s) && p.s[end] >= '0' && p.s[end] <= '9' {
		end++
	}
	v, err := strconv.ParseUint(p.s[:end], 10, 64)
	if err != nil || v > most || p.s[0] == '0' && end > 1 {
		p.bad = true
		return 0
	}
	p.s = p.s[end:]
	return v
}

// amount takes an integer, or a string of up to 18 digits.
func (p *plain) amount() int64 {
	p.space()
	if p.s == "" || p.s[0] != '"' {
		return int64(p.number(maxSafe))
	}
	digits := p.text()
	v, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || len(digits) > 18 {
		p.bad = true
	}
	return int64(v)
}
