// Package errs is the one catalogue of error codes. A code has a name for programs, an HTTP status and a title for
// people; Go, the doors and the docs all read the same entry.
//
// A package declares its codes as variables with Define, so they are all known before main begins.
//
// The package must not know what went wrong anywhere: it holds no domain's codes but the general ones below.
package errs

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Code is one entry of the catalogue.
type Code struct {
	name   string
	status int
	title  string
}

// Name is the code for programs, e.g. "not_found". It never changes its meaning.
func (c Code) Name() string { return c.name }

// Status is the HTTP status that goes with the code.
func (c Code) Status() int { return c.status }

// Title says in a few words what the code means, the same each time.
func (c Code) Title() string { return c.title }

// The general codes, which any part may use.
var (
	Invalid         = Define("invalid", http.StatusBadRequest, "The request is not valid")
	Unauthenticated = Define("unauthenticated", http.StatusUnauthorized, "No valid credentials were given")
	Forbidden       = Define("forbidden", http.StatusForbidden, "These credentials do not allow this")
	NotFound        = Define("not_found", http.StatusNotFound, "There is no such thing")
	Conflict        = Define("conflict", http.StatusConflict, "It is in conflict with what exists")
	TooLarge        = Define("too_large", http.StatusRequestEntityTooLarge, "The request is larger than allowed")
	Overloaded      = Define("overloaded", http.StatusServiceUnavailable, "There is too much to do, try again later")
	Internal        = Define("internal", http.StatusInternalServerError, "Something failed that should not")
)

// maxName bounds a code's name.
const maxName = 64

// catalogue holds the codes by name. It is written while packages are initialised and only read after.
type catalogue struct {
	mu    sync.Mutex
	codes map[string]Code
}

var all = catalogue{codes: map[string]Code{}}

// Define puts a code into the catalogue. It panics on a mistake of the programmer: a name that is taken, that is not
// made of lower-case words with underscores, a status that is not an error's, or no title.
func Define(name string, status int, title string) Code {
	c, err := all.define(name, status, title)
	if err != nil {
		panic(err)
	}
	return c
}

// Codes returns the whole catalogue, sorted by name.
func Codes() []Code { return all.sorted() }

func (k *catalogue) define(name string, status int, title string) (Code, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !validName(name):
		return Code{}, fmt.Errorf("define code %q: a name has 1 to %d characters a-z, 0-9 and single underscores between words", name, maxName)
	case status < 400 || status > 599:
		return Code{}, fmt.Errorf("define code %s: status %d is not an error's, use 400 to 599", name, status)
	case title == "":
		return Code{}, fmt.Errorf("define code %s: it has no title", name)
	}
	if old, taken := k.codes[name]; taken {
		return Code{}, fmt.Errorf("define code %s: the name is taken (%q)", name, old.title)
	}
	c := Code{name: name, status: status, title: title}
	k.codes[name] = c
	return c, nil
}

func (k *catalogue) sorted() []Code {
	k.mu.Lock()
	defer k.mu.Unlock()
	list := make([]Code, 0, len(k.codes))
	for _, c := range k.codes {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Code) int { return strings.Compare(a.name, b.name) })
	return list
}

func validName(name string) bool {
	if name == "" || len(name) > maxName {
		return false
	}
	for word := range strings.SplitSeq(name, "_") {
		if word == "" {
			return false
		}
		for i := range len(word) {
			if c := word[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
				return false
			}
		}
	}
	return true
}

// Error is a failure with a code. Its message names the rule that was broken and what to do about it.
type Error struct {
	Code    Code
	Message string
	// Field is the part of the request that is meant, e.g. "operations[3].amount"; empty if it is none.
	Field string
	// Cause is the error behind this one. It is for the log; a door shows only code, field and message.
	Cause error
}

// Errorf makes an error with this code and message.
func (c Code) Errorf(format string, args ...any) *Error {
	return &Error{Code: c, Message: fmt.Sprintf(format, args...)}
}

// On names the field that is meant.
func (e *Error) On(field string) *Error {
	e.Field = field
	return e
}

// Because sets the cause.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// Error gives code, field, message and cause.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code.name)
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	b.WriteString(": " + e.Message)
	if e.Cause != nil {
		b.WriteString(": " + e.Cause.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Of returns the first Error in err's chain. An error without one counts as Internal and says nothing more to others.
func Of(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return Internal.Errorf("the log of the node says more").Because(err)
}

// Is reports whether the first Error in err's chain has this code.
func Is(err error, c Code) bool {
	return err != nil && Of(err).Code == c
}
