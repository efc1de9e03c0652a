package order

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/longmen/longmen/kit/errs"
)

// The bounds of an attribute document beside its size.
const (
	maxDepth   = 16
	maxInteger = 1<<53 - 1 // what every reader of JSON reads exactly
	// rawAttributes bounds what is read before it is in canonical form.
	rawAttributes = 8 * MaxAttributes
)

// Canonical gives the one form of an attribute document (RFC 8785): an object, members sorted by name, no white space.
// Numbers are integers of at most 53 bits; whatever else is counted is a string, so no reader rounds it. Nothing at all
// stands for the empty object.
func Canonical(document []byte) ([]byte, error) {
	if len(document) > rawAttributes {
		return nil, errs.TooLarge.Errorf("%d bytes, at most %d", len(document), rawAttributes).On("attributes")
	}
	if len(document) == 0 {
		return []byte("{}"), nil
	}
	p := parser{in: document}
	p.space()
	if p.peek() != '{' {
		return nil, invalid("attributes", "the document must be a JSON object")
	}
	out, err := p.object(nil, 1)
	if err != nil {
		return nil, invalid("attributes", "%v", err)
	}
	if p.space(); p.at < len(p.in) {
		return nil, invalid("attributes", "%v", p.fail("more follows after the object"))
	}
	if len(out) > MaxAttributes {
		return nil, errs.TooLarge.Errorf("%d bytes in canonical form, at most %d: keep documents elsewhere and refer to them",
			len(out), MaxAttributes).On("attributes")
	}
	return out, nil
}

// parser reads JSON and writes its canonical form on the way.
type parser struct {
	in []byte
	at int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", p.at+1, fmt.Sprintf(format, args...))
}

func (p *parser) space() {
	for p.at < len(p.in) && strings.IndexByte(" \t\r\n", p.in[p.at]) >= 0 {
		p.at++
	}
}

// peek is the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.in) {
		return p.in[p.at]
	}
	return 0
}

// next takes a byte, and says whether it was there.
func (p *parser) next(c byte) bool {
	if p.peek() != c {
		return false
	}
	p.at++
	return true
}

func (p *parser) value(out []byte, depth int) ([]byte, error) {
	switch c := p.peek(); {
	case depth > maxDepth:
		return nil, p.fail("more than %d levels", maxDepth)
	case c == '{':
		return p.object(out, depth)
	case c == '[':
		return p.array(out, depth)
	case c == '"':
		s, err := p.text()
		return appendText(out, s), err
	case c == '-' || c >= '0' && c <= '9':
		return p.number(out)
	}
	for _, word := range []string{"true", "false", "null"} {
		if strings.HasPrefix(string(p.in[p.at:min(p.at+5, len(p.in))]), word) {
			p.at += len(word)
			return append(out, word...), nil
		}
	}
	return nil, p.fail("want a value")
}

type member struct {
	name  string
	order []uint16 // members are sorted by the UTF-16 of their names
	value []byte
}

func (p *parser) object(out []byte, depth int) ([]byte, error) {
	p.at++
	var members []member
	for p.space(); !p.next('}'); p.space() {
		if len(members) > 0 {
			if !p.next(',') {
				return nil, p.fail("want a comma or the end of the object")
			}
			p.space()
		}
		if p.peek() != '"' {
			return nil, p.fail("want the name of a member")
		}
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		p.space()
		if !p.next(':') {
			return nil, p.fail("want a colon")
		}
		p.space()
		value, err := p.value(nil, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{name, utf16.Encode([]rune(name)), value})
	}
	slices.SortFunc(members, func(a, b member) int { return slices.Compare(a.order, b.order) })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.name == members[i-1].name {
				return nil, p.fail("the object ending here has two members %.40q", m.name)
			}
			out = append(out, ',')
		}
		out = append(appendText(out, m.name), ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}

func (p *parser) array(out []byte, depth int) ([]byte, error) {
	p.at++
	out = append(out, '[')
	first := true
	for p.space(); !p.next(']'); p.space() {
		if !first {
			if !p.next(',') {
				return nil, p.fail("want a comma or the end of the array")
			}
			p.space()
			out = append(out, ',')
		}
		first = false
		var err error
		if out, err = p.value(out, depth+1); err != nil {
			return nil, err
		}
	}
	return append(out, ']'), nil
}

func (p *parser) number(out []byte) ([]byte, error) {
	from := p.at
	for p.at < len(p.in) && strings.IndexByte("+-.0123456789eE", p.in[p.at]) >= 0 {
		p.at++
	}
	s := string(p.in[from:p.at])
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > maxInteger || n < -maxInteger || strconv.FormatInt(n, 10) != s {
		p.at = from
		return nil, p.fail("%.40s is no integer of at most 53 bits: write it as a string", s)
	}
	return append(out, s...), nil
}

// text reads a string. What has no form in UTF-8 is refused, so that nothing is replaced in silence.
func (p *parser) text() (string, error) {
	p.at++
	var b []byte
	for {
		c := p.peek()
		switch {
		case p.at >= len(p.in):
			return "", p.fail("the string does not end")
		case c == '"':
			p.at++
			return string(b), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, r)
		case c < ' ':
			return "", p.fail("a control character must be escaped")
		default:
			r, size := utf8.DecodeRune(p.in[p.at:])
			if r == utf8.RuneError && size <= 1 {
				return "", p.fail("the text is not UTF-8")
			}
			b = append(b, p.in[p.at:p.at+size]...)
			p.at += size
		}
	}
}

const (
	escapes = `"\/bfnrt`
	escaped = "\"\\/\b\f\n\r\t"
)

func (p *parser) escape() (rune, error) {
	p.at++
	c := p.peek()
	if i := strings.IndexByte(escapes, c); i >= 0 && c != 0 {
		p.at++
		return rune(escaped[i]), nil
	}
	r, ok := p.unit()
	if ok && utf16.IsSurrogate(r) {
		low := rune(0)
		if p.next('\\') {
			low, ok = p.unit()
		}
		r = utf16.DecodeRune(r, low)
		ok = ok && r != utf8.RuneError
	}
	if !ok {
		return 0, p.fail("the escape stands for no character")
	}
	return r, nil
}

// unit reads u and four hexadecimal digits.
func (p *parser) unit() (rune, bool) {
	if !p.next('u') || p.at+4 > len(p.in) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(p.in[p.at:p.at+4]), 16, 16)
	if err != nil {
		return 0, false
	}
	p.at += 4
	return rune(n), true
}

// appendText writes a string with the escapes of RFC 8785 and no others.
func appendText(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for i := range len(s) {
		c := s[i]
		switch short := strings.IndexByte(escaped, c); {
		case short >= 0 && c != '/':
			out = append(out, '\\', escapes[short])
		case c < ' ':
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}
