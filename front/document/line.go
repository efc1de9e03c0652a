package document

import (
	"strings"
	"unicode"
)

// style is how a piece of text is set.
type style struct {
	size, leading float64 // points
	bold          bool
	grey          bool
}

// run is text in one font.
type run struct {
	face  *face
	text  string
	width float64
}

// runs cuts a line where its font changes.
func (p *pen) runs(text string, s style) []run {
	var list []run
	for _, r := range text {
		f, _ := p.of(r, s.bold)
		w := max(p.width(glyph{r, f}), 0) * s.size
		if n := len(list); n > 0 && list[n-1].face == f {
			list[n-1].text += string(r)
			list[n-1].width += w
			continue
		}
		list = append(list, run{f, string(r), w})
	}
	return list
}

func (p *pen) measure(text string, s style) float64 {
	sum := 0.0
	for _, r := range text {
		f, _ := p.of(r, s.bold)
		sum += max(p.width(glyph{r, f}), 0) * s.size
	}
	return sum
}

// Letters that must not begin a line, and those that must not end one (避头尾).
const (
	notFirst = "，。、；：？！）》」』】〕〉”’％‰℃…—～·,.;:?!)]}%"
	notLast  = "（《「『【〔〈“‘([{¥￥$€£"
)

// wrap cuts text into lines of at most a width. Latin words stay whole where they fit on a line.
func (p *pen) wrap(text string, s style, width float64) []string {
	letters := []rune(text)
	var lines []string
	start, used, at := 0, 0.0, 0 // at: where the line may be cut, after start
	for i, r := range letters {
		if i > start && breakable(letters[i-1], r) {
			at = i
		}
		f, _ := p.of(r, s.bold)
		w := max(p.width(glyph{r, f}), 0) * s.size
		for used+w > width && i > start && r != ' ' {
			if at <= start {
				at = i // a word longer than the line, or nothing that may end it
			}
			lines = append(lines, strings.TrimRight(string(letters[start:at]), " "))
			start = at
			for start < i && letters[start] == ' ' {
				start++
			}
			used = p.measure(string(letters[start:i]), s)
		}
		used += w
	}
	return append(lines, strings.TrimRight(string(letters[start:]), " "))
}

// breakable says whether a line may end between two letters.
func breakable(before, after rune) bool {
	switch {
	case strings.ContainsRune(notFirst, after), strings.ContainsRune(notLast, before):
		return false
	case before == ' ':
		return true
	case after == ' ':
		return false
	}
	return wide(before) || wide(after)
}

// wide says whether a letter stands for itself, as Chinese ones do.
func wide(r rune) bool {
	return unicode.Is(unicode.Han, r) || r >= 0x3000 && r <= 0x303f || r >= 0xff00 && r <= 0xffef
}
