package party

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"

	"github.com/longmen/longmen/kit/id"
)

// Personal is text about a person. It prints, logs and marshals as a mask, so that it gets nowhere by accident; whoever
// means to show it converts it to a string.
type Personal string

const mask = "[personal]"

// String gives the mask.
func (Personal) String() string { return mask }

// GoString gives the mask.
func (Personal) GoString() string { return mask }

// Format gives the mask for every verb.
func (Personal) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(mask)) }

// MarshalText gives the mask.
func (Personal) MarshalText() ([]byte, error) { return []byte(mask), nil }

// LogValue gives the mask.
func (Personal) LogValue() slog.Value { return slog.StringValue(mask) }

// The forms in which personal data is kept: the first byte says which.
const formPlain byte = 0

// seal gives the bytes that the database keeps.
func seal(text Personal) []byte { return append([]byte{formPlain}, text...) }

var errForm = errors.New("personal data is kept in a form that this program does not know: use the newer program that wrote it")

// unseal reads what seal made.
func unseal(b []byte) (Personal, error) {
	switch {
	case len(b) == 0:
		return "", nil // erased
	case b[0] != formPlain:
		return "", errForm
	}
	return Personal(b[1:]), nil
}

// lookup is what an identifier's value is found by. It differs from tenant to tenant and from type to type, so that
// equal values cannot be told from outside.
func (r *Registry) lookup(tenant id.ID, kind string, value Personal) []byte {
	h := hmac.New(sha256.New, r.key)
	_, _ = h.Write(tenant[:])
	_, _ = h.Write([]byte(kind))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(value))
	return h.Sum(nil)
}
