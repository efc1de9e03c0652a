package vector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/day"
)

// MaxText is the longest number or name.
const MaxText = 200

// text is a JSON string, number or truth value; null and what is missing are empty.
type text string

// UnmarshalJSON reads either form.
func (t *text) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	if len(b) > MaxText {
		return fmt.Errorf("a value has more than %d characters", MaxText)
	}
	switch {
	case bytes.Equal(b, []byte("null")):
		*t = ""
	case len(b) > 0 && b[0] == '"':
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return err
		}
		*t = text(strings.TrimSpace(s))
	case len(b) > 0 && (b[0] == '{' || b[0] == '['):
		return errors.New("a text or number is expected")
	default:
		*t = text(b)
	}
	return nil
}

// known refuses members that have no meaning here, so that nothing asked for is passed over in silence. Names that begin
// with "note" are remarks.
func known(raw json.RawMessage, where string, names ...string) error {
	if len(raw) == 0 {
		return nil
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("%s: %w", where, err)
	}
	for name := range members {
		if !slices.Contains(names, name) && !strings.HasPrefix(name, "note") {
			return unsupported("%s: the field %.40q", where, name)
		}
	}
	return nil
}

// maxExponent lets in every number of 64 bits, however small.
const maxExponent = 400

func (t text) decimal(name string) (*apd.Decimal, error) {
	d, _, err := apd.NewFromString(string(t))
	if err != nil || d.Form != apd.Finite || d.NumDigits() > 60 || d.Exponent > maxExponent || d.Exponent < -maxExponent {
		return nil, fmt.Errorf("%s: %.60q is not a decimal of at most 60 digits", name, string(t))
	}
	return d, nil
}

// quotient reads a decimal or two of them divided, such as 0.08/12, to 55 digits.
func (t text) quotient(name string) (*apd.Decimal, error) {
	top, bottom, divided := strings.Cut(string(t), "/")
	a, err := text(strings.TrimSpace(top)).decimal(name)
	if err != nil || !divided {
		return a, err
	}
	b, err := text(strings.TrimSpace(bottom)).decimal(name)
	if err != nil {
		return nil, err
	}
	if b.IsZero() {
		return nil, fmt.Errorf("%s: %.60q divides by zero", name, string(t))
	}
	q := new(apd.Decimal)
	if _, err := apd.BaseContext.WithPrecision(55).Quo(q, a, b); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return q, nil
}

// percent reads a percentage as a fraction.
func (t text) percent(name string) (*apd.Decimal, error) {
	d, err := t.decimal(name)
	if err != nil {
		return nil, err
	}
	d.Exponent -= 2
	return d, nil
}

func (t text) whole(name string) (int, error) {
	d, err := t.decimal(name)
	if err == nil {
		var n int64
		if n, err = d.Int64(); err == nil && n >= -1_000_000_000 && n <= 1_000_000_000 {
			return int(n), nil
		}
	}
	return 0, fmt.Errorf("%s: %.60q is not a whole number up to 10^9", name, string(t))
}

func (t text) date(name string) (day.Date, error) {
	d, err := day.Parse(string(t))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return d, nil
}

// optionalDate is nil for an empty text.
func (t text) optionalDate(name string) (*day.Date, error) {
	if t == "" {
		return nil, nil
	}
	d, err := t.date(name)
	return &d, err
}

func float(x float64) text { return text(strconv.FormatFloat(x, 'g', -1, 64)) }

// word is a name as the lists have it: in small letters, with low lines for spaces and hyphens.
func (t text) word() text {
	return text(strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(string(t))))
}

// choice finds a name in a list.
func choice[T any](name string, t text, list map[text]T) (T, error) {
	if v, ok := list[t.word()]; ok {
		return v, nil
	}
	var none T
	return none, unsupported("%s %.60q", name, string(t))
}
