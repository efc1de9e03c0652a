package errs

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

func TestCatalogueRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		title  string
		says   string
	}{
		{"", 400, "Title", "1 to 64 characters"},
		{strings.Repeat("a", 65), 400, "Title", "1 to 64 characters"},
		{"Not-Found", 400, "Title", "a-z"},
		{"not-found", 400, "Title", "a-z"},
		{"not__found", 400, "Title", "single underscores"},
		{"_found", 400, "Title", "single underscores"},
		{"fine", 200, "Title", "status 200"},
		{"fine", 600, "Title", "status 600"},
		{"fine", 400, "", "no title"},
		{"taken", 400, "Title", "taken"},
	} {
		k := catalogue{codes: map[string]Code{"taken": {name: "taken", status: 400, title: "Old"}}}
		_, err := k.define(c.name, c.status, c.title)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("define(%q, %d, %q) = %v, want an error with %q", c.name, c.status, c.title, err, c.says)
		}
		if len(k.codes) != 1 {
			t.Errorf("define(%q, %d, %q) was refused and changed the catalogue", c.name, c.status, c.title)
		}
	}
}

func TestDefinePanicsOnADuplicate(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a second code of the same name was accepted")
		}
	}()
	Define(NotFound.Name(), 404, "Again")
}

func TestCodesAreSorted(t *testing.T) {
	var names []string
	for _, c := range Codes() {
		names = append(names, c.Name())
	}
	if !slices.IsSorted(names) || !slices.Contains(names, "not_found") || !slices.Contains(names, "internal") {
		t.Errorf("the catalogue is %v", names)
	}
}

func TestErrorSaysAll(t *testing.T) {
	err := TooLarge.Errorf("%d bytes, at most %d; send less", 9, 8).On("body").Because(io.ErrUnexpectedEOF)
	const want = "too_large: body: 9 bytes, at most 8; send less: unexpected EOF"
	if got := err.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := NotFound.Errorf("no account a:b").Error(), "not_found: no account a:b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is not in the chain")
	}
}

func TestOf(t *testing.T) {
	inner := NotFound.Errorf("no account a:b")
	if got := Of(fmt.Errorf("read balance: %w", inner)); got != inner {
		t.Errorf("the error in the chain was not found: %v", got)
	}
	got := Of(io.EOF)
	if got.Code != Internal || got.Cause != io.EOF || strings.Contains(got.Message, "EOF") {
		t.Errorf("an unknown error became %+v, want Internal with the cause and nothing of it in the message", got)
	}
	for _, c := range []struct {
		err  error
		code Code
		want bool
	}{
		{nil, Internal, false},
		{io.EOF, Internal, true},
		{inner, NotFound, true},
		{fmt.Errorf("read: %w", inner), NotFound, true},
		{inner, Conflict, false},
	} {
		if got := Is(c.err, c.code); got != c.want {
			t.Errorf("Is(%v, %s) = %v", c.err, c.code.Name(), got)
		}
	}
}
