package document

import (
	"errors"
	"fmt"
	"strings"
)

// The page: A4 in points.
const (
	pageWidth, pageHeight = 595.28, 841.89
	marginSide            = 62.0
	marginTop             = 74.0
	marginBottom          = 72.0
	textWidth             = pageWidth - 2*marginSide
)

// MaxPages bounds a document.
const MaxPages = 2000

var (
	titleStyle   = style{size: 19, leading: 30, bold: true}
	clauseStyle  = style{size: 11.5, leading: 22, bold: true}
	bodyStyle    = style{size: 10, leading: 16.5}
	labelStyle   = style{size: 10, leading: 16.5, grey: true}
	headStyle    = style{size: 8.5, leading: 12, bold: true}
	cellStyle    = style{size: 8.5, leading: 12}
	smallStyle   = style{size: 7.5, leading: 11, grey: true}
	strongStyle  = style{size: 10, leading: 16.5, bold: true}
	errManyPages = errors.New("the document has too many pages")
)

// mark is a line of text, a rule or a shaded box on a page.
type mark struct {
	x, y   float64 // of a text its left end and its base line
	text   string
	style  style
	w, h   float64 // of a rule (h is 0) or box
	shaded bool
}

type page struct{ marks []mark }

// layout fills pages from the top.
type layout struct {
	pen   *pen
	pages []page
	y     float64 // where the next thing begins
	err   error
}

func newLayout(p *pen) *layout {
	l := &layout{pen: p}
	l.turn()
	return l
}

// turn begins a page.
func (l *layout) turn() {
	if len(l.pages) >= MaxPages {
		l.err = errManyPages
		l.pages = l.pages[:1]
	}
	l.pages = append(l.pages, page{})
	l.y = marginTop
}

// room turns the page if less than a height is left, and says whether it did.
func (l *layout) room(height float64) bool {
	if l.y+height <= pageHeight-marginBottom || l.y == marginTop {
		return false
	}
	l.turn()
	return true
}

func (l *layout) put(m mark) {
	p := &l.pages[len(l.pages)-1]
	p.marks = append(p.marks, m)
}

// line sets one line at x; the base line lies so that the letters stand in the middle of the leading.
func (l *layout) line(x float64, text string, s style) {
	l.put(mark{x: x, y: l.y + s.leading/2 + s.size*0.36, text: text, style: s})
}

func (l *layout) rule(x, y, w float64) { l.put(mark{x: x, y: y, w: w}) }

func (l *layout) centred(text string, s style) {
	for _, t := range l.pen.wrap(text, s, textWidth) {
		l.room(s.leading)
		l.line((pageWidth-l.pen.measure(t, s))/2, t, s)
		l.y += s.leading
	}
}

// paragraph sets text with a label such as "1.2" hanging on its left.
func (l *layout) paragraph(label, text string, indent float64) {
	for i, t := range l.pen.wrap(text, bodyStyle, textWidth-indent) {
		l.room(bodyStyle.leading)
		if i == 0 && label != "" {
			l.line(marginSide, label, bodyStyle)
		}
		l.line(marginSide+indent, t, bodyStyle)
		l.y += bodyStyle.leading
	}
	l.y += 3
}

// heading sets a clause's heading, which never is the last thing on a page.
func (l *layout) heading(text string) {
	l.y += 7
	l.room(clauseStyle.leading + 2*bodyStyle.leading)
	for _, t := range l.pen.wrap(text, clauseStyle, textWidth) {
		l.line(marginSide, t, clauseStyle)
		l.y += clauseStyle.leading
	}
}

// field sets a name and its value in two columns.
func (l *layout) field(name, value string) {
	const column = 118.0
	lines := l.pen.wrap(value, bodyStyle, textWidth-column)
	names := l.pen.wrap(name, labelStyle, column-8)
	height := float64(max(len(lines), len(names))) * bodyStyle.leading
	l.room(height)
	top := l.y
	for _, t := range names {
		l.line(marginSide, t, labelStyle)
		l.y += labelStyle.leading
	}
	l.y = top
	for _, t := range lines {
		l.line(marginSide+column, t, bodyStyle)
		l.y += bodyStyle.leading
	}
	l.y = top + height
}

// finish puts the number and the count of pages under each page, and the title above all but the first.
func (l *layout) finish(title, number, format string) error {
	if l.err != nil {
		return l.err
	}
	for i := range l.pages {
		p := &l.pages[i]
		count := fmt.Sprintf(format, i+1, len(l.pages))
		foot := pageHeight - marginBottom + 26
		p.marks = append(
			p.marks, mark{x: marginSide, y: foot - 12, w: textWidth},
			mark{x: marginSide, y: foot, text: number, style: smallStyle},
			mark{x: pageWidth - marginSide - l.pen.measure(count, smallStyle), y: foot, text: count, style: smallStyle},
		)
		if i > 0 {
			p.marks = append(p.marks, mark{x: marginSide, y: marginTop - 26, text: title, style: smallStyle}, mark{x: marginSide, y: marginTop - 19, w: textWidth})
		}
	}
	return nil
}

// text is what stands on a page, a line for each mark, for tests and people who compare.
func (p page) text() string {
	var b strings.Builder
	last := -1.0
	for _, m := range p.marks {
		if m.text == "" {
			continue
		}
		switch {
		case last == m.y:
			b.WriteString("  ")
		case last >= 0:
			b.WriteByte('\n')
		}
		last = m.y
		b.WriteString(m.text)
	}
	return b.String() + "\n"
}
