package rest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/longmen/longmen/api"
	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/kit/errs"
)

// Problem tells what went wrong, by RFC 9457 with members of our own.
type Problem struct {
	Type      string  `json:"type" format:"uri-reference" doc:"Where this code is explained" example:"/docs#code-balance_too_low"`
	Title     string  `json:"title" doc:"What the code means, always in the same words" example:"the available balance does not suffice"`
	Status    int     `json:"status" doc:"The HTTP status" example:"422"`
	Detail    string  `json:"detail" doc:"What is wrong here and what to do" example:"operation 0: the available balance does not suffice"`
	Code      string  `json:"code" doc:"For programs: a result of the ledger or an error of the door, from a closed list" example:"balance_too_low"`
	Field     string  `json:"field,omitempty" doc:"The part of the request that is meant" example:"body.operations[0].transfer.amount"`
	Operation *uint16 `json:"operation,omitempty" doc:"The operation that is meant, from 0"`
	Errors    []Fault `json:"errors,omitempty" doc:"All faults, when there are several"`

	ID        CommandID `json:"id,omitzero" doc:"Of a command that was refused by the ledger: its id, which is used up"`
	Sequence  uint64    `json:"sequence,omitempty" doc:"Its place in the ledger's order"`
	Timestamp Instant   `json:"timestamp,omitzero" doc:"When that was"`
	Repeated  bool      `json:"repeated,omitempty" doc:"The id was known: this is its first result"`
	Request   string    `json:"request,omitempty" doc:"The request's id, which the log has too"`

	cause error
}

// Fault is one of several faults of a request.
type Fault struct {
	Field  string `json:"field,omitempty" doc:"The part of the request that is meant"`
	Detail string `json:"detail" doc:"The rule that it breaks"`
}

// Error gives the code and what is wrong.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// Unwrap gives the error behind it, for the log.
func (p *Problem) Unwrap() error { return p.cause }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is that of problem details.
func (p *Problem) ContentType(string) string { return problemType }

// GetHeaders tells when to try again.
func (p *Problem) GetHeaders() http.Header {
	switch p.Status {
	case http.StatusServiceUnavailable:
		return http.Header{"Retry-After": {strconv.Itoa(api.RetryAfter)}}
	case http.StatusUnauthorized:
		return http.Header{"Www-Authenticate": {`Bearer realm="longmen"`}}
	}
	return nil
}

const problemType = "application/problem+json"

// Codes of the door alone.
var (
	notAllowed  = errs.Define("method_not_allowed", http.StatusMethodNotAllowed, "The resource has no such method")
	wrongType   = errs.Define("unsupported_media_type", http.StatusUnsupportedMediaType, "Bodies are JSON")
	slowBody    = errs.Define("request_timeout", http.StatusRequestTimeout, "The request did not arrive in time")
	keyMissing  = errs.Define("idempotency_key_missing", http.StatusBadRequest, "A command needs an id")
	keyMismatch = errs.Define("idempotency_key_mismatch", http.StatusBadRequest, "The key and the id are not the same")
	badCursor   = errs.Define("invalid_cursor", http.StatusBadRequest, "The cursor is not one of this list")
	malformed   = errs.Define("malformed", http.StatusBadRequest, "a field has no valid value; the message names it")
	given       = errs.Define("gave_up", http.StatusGatewayTimeout, "The answer took too long")
)

// init puts our problems in the place of huma's, which are global to it.
func init() {
	huma.ValidateStrictCasing = true
	huma.NewError = func(status int, message string, details ...error) huma.StatusError {
		return refusedByHuma(status, message, details)
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, details ...error) huma.StatusError {
		p := refusedByHuma(status, message, details)
		if ctx != nil {
			p.Request = requestID(ctx.Context())
		}
		return p
	}
}

// huma's statuses, in our catalogue. What does not pass the schema is malformed like what is no JSON.
var humaCodes = map[int]errs.Code{
	http.StatusBadRequest:            errs.Invalid,
	http.StatusUnprocessableEntity:   errs.Invalid,
	http.StatusRequestTimeout:        slowBody,
	http.StatusRequestEntityTooLarge: errs.TooLarge,
	http.StatusUnsupportedMediaType:  wrongType,
}

func refusedByHuma(status int, message string, details []error) *Problem {
	code, ok := humaCodes[status]
	if !ok {
		code = errs.Internal
		if len(details) > 0 {
			// What a handler returns without a status is an operating failure.
			return problemOf(details[0])
		}
	}
	p := problemFor(code, message)
	for _, d := range details {
		p.Errors = append(p.Errors, faultOf(d))
	}
	if len(p.Errors) > 0 {
		p.Field, p.Detail = p.Errors[0].Field, p.Errors[0].Detail
		for _, f := range p.Errors[1:] {
			// A fault within a member says more than one of the member as a whole.
			if strings.HasPrefix(f.Field, p.Field+".") {
				p.Field, p.Detail = f.Field, f.Detail
			}
		}
		slices.SortStableFunc(p.Errors, func(a, b Fault) int { return strings.Compare(a.Field, b.Field) })
	}
	if len(p.Errors) < 2 {
		p.Errors = nil
	}
	return p
}

// maxDetail bounds what a problem says of what was sent.
const maxDetail = 300

func faultOf(err error) Fault {
	detail, ok := err.(huma.ErrorDetailer)
	if !ok {
		return Fault{Detail: cut(err.Error())}
	}
	d := detail.ErrorDetail()
	f := Fault{Field: d.Location, Detail: d.Message}
	const required = "expected required property "
	switch {
	case strings.HasPrefix(d.Message, required):
		name := strings.TrimSuffix(strings.TrimPrefix(d.Message, required), " to be present")
		f.Field, f.Detail = d.Location+"."+name, "is missing"
	case strings.HasPrefix(d.Message, "expected value to match exactly one schema"):
		// Only amounts have two forms.
		f.Detail = "want a whole number of minor units up to 10^18: a string of digits, or an integer up to 2^53-1"
	case strings.HasPrefix(d.Message, "expected object with at"):
		f.Detail = "want an object with exactly one operation"
	case strings.HasPrefix(d.Message, "expected number "): // which huma writes like 4.294967295e+09
		words := strings.Fields(d.Message)
		if v, err := strconv.ParseFloat(words[len(words)-1], 64); err == nil {
			words[len(words)-1] = strconv.FormatFloat(v, 'f', -1, 64)
		}
		f.Detail = strings.Join(words, " ")
	case strings.Contains(d.Message, beforeRule):
		f.Field, f.Detail, _ = strings.Cut(d.Message, beforeRule)
	case strings.HasPrefix(d.Message, "unexpected property"):
		f.Detail = "is not known here"
	case strings.HasPrefix(d.Message, "unknown query parameter"):
		f.Detail = "is not a parameter of this resource"
	}
	f.Detail = cut(f.Detail)
	return f
}

func cut(s string) string {
	if len(s) > maxDetail {
		return strings.ToValidUTF8(s[:maxDetail], "") + "…"
	}
	return s
}

func problemFor(code errs.Code, detail string) *Problem {
	name := code.Name()
	return &Problem{Type: docsOf(name), Title: code.Title(), Status: code.Status(), Code: name, Detail: detail}
}

func docsOf(code string) string { return "/docs#code-" + code }

// problemOf gives a node's error its form. What is not in the catalogue is for the log, not for the caller.
func problemOf(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		p = problemFor(given, "the answer took too long; a command may or may not have been applied: send it again with the same id")
	default:
		e := errs.Of(err)
		p = problemFor(e.Code, e.Message)
		p.Field = e.Field
	}
	p.cause = err
	return p
}

// refusal is the problem of a command that was refused, by the ledger or at the door.
func refusal(id ledger.ID, a *api.Answer, path pathOf) *Problem {
	code := a.Result.Code
	p := &Problem{
		Type: docsOf(code.String()), Title: code.Info().Means, Status: statusOf(code), Code: code.String(), Detail: explain(a),
	}
	index := a.Result.Index
	p.Operation = &index
	if code.Journaled() {
		p.ID, p.Sequence, p.Timestamp, p.Repeated = CommandID(id), a.Result.Sequence, Instant(a.Result.Timestamp), a.Repeated
		return p
	}
	if code == ledger.Malformed || code == ledger.TooMany {
		p.Field, p.Detail = faultField(a.Result.Index, a.Why, path)
	}
	return p
}

// statusOf gives results of commands their HTTP status, by class.
func statusOf(c ledger.Code) int {
	switch c {
	case ledger.Malformed, ledger.IDFromFuture:
		return http.StatusBadRequest
	case ledger.Oversized, ledger.TooMany:
		return http.StatusRequestEntityTooLarge
	case ledger.IDConflict:
		return http.StatusConflict
	case ledger.Overloaded, ledger.NotLeading:
		return http.StatusServiceUnavailable
	}
	switch {
	case c < ledger.AssetNotFound: // the clock
		return http.StatusConflict
	case c < ledger.AssetExists: // nothing of that name
		return http.StatusNotFound
	case c < ledger.AssetMismatch: // the name is taken
		return http.StatusConflict
	case c < ledger.DebitsFrozen: // things that do not go together
		return http.StatusUnprocessableEntity
	case c < ledger.CapExceeded: // the state it is in
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity // limits and balances
}

// pathOf says where in the request a field of an operation stands.
type pathOf func(index uint16, operation, field string) string

// faultField turns the words of a refusal into the place of the field in the request: they begin with the name of the
// operation, then of the field, each with a colon. It returns the words that are left.
func faultField(index uint16, why string, path pathOf) (field, detail string) {
	operation := ""
	if head, rest, ok := strings.Cut(why, ": "); ok && isOperation(head) {
		operation, why = head, rest
	}
	if head, rest, ok := strings.Cut(why, ": "); ok && isField(head) {
		return path(index, operation, head), rest
	}
	if head, _, ok := strings.Cut(why, " "); ok && operation == "" && isOperation(head) {
		operation = "operation"
	}
	return path(index, operation, ""), why
}

// operationNames are the words that begin the fault of an operation.
var operationNames = func() map[string]bool {
	m := map[string]bool{"operation": true}
	for k := range 256 {
		if name := ledger.Kind(k).String(); !strings.HasPrefix(name, "kind_") {
			m[name] = true
		}
	}
	return m
}()

func isOperation(s string) bool { return operationNames[s] }

// isField knows amounts[2], deductions[0].account and the like.
func isField(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '.' && c != '[' && c != ']' {
			return false
		}
	}
	return s != ""
}

// inOperations is the place of a field in a command in full, which stands at prefix.
func inOperations(prefix string) pathOf {
	return func(index uint16, operation, field string) string {
		at := prefix
		if operation != "" {
			at = fmt.Sprintf("%s.operations[%d]", at, index)
			if operation != "operation" {
				at += "." + operation
			}
		}
		if field != "" {
			at += "." + field
		}
		return at
	}
}

// WriteProblem answers with an error of the catalogue.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	p := problemOf(err)
	p.Request = requestID(r.Context())
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	h := w.Header()
	for name, values := range p.GetHeaders() {
		h[name] = values
	}
	h.Set("Content-Type", problemType)
	w.WriteHeader(p.Status)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	// Whoever has gone need not be told.
	_ = enc.Encode(p)
}

// NotFound answers where nothing is, or nothing by this method.
func NotFound(w http.ResponseWriter, r *http.Request) {
	p := problemFor(errs.NotFound, "there is nothing at this path; /docs lists what there is")
	p.Field, p.Request = "path", requestID(r.Context())
	writeProblem(w, p)
}
