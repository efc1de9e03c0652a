package document

// align is where a cell's text stands.
type align byte

const (
	left   align = 'l'
	right  align = 'r'
	centre align = 'c'
)

// column is a column of a table: its width is a share of the page's.
type column struct {
	title  string
	share  int
	align  align
	x, wid float64
}

const cellPad = 4.0

// table sets rows over as many pages as it takes; each begins with the head. A row is never cut.
func (l *layout) table(columns []column, rows [][]string) {
	l.spread(columns)
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.title
	}
	l.y += 3
	l.room(4 * cellStyle.leading)
	l.row(columns, head, headStyle, true)
	for _, r := range rows {
		if l.room(l.height(columns, r, cellStyle)) {
			l.row(columns, head, headStyle, true)
		}
		l.row(columns, r, cellStyle, false)
	}
	l.y += 8
}

// spread gives the columns their places.
func (l *layout) spread(columns []column) {
	sum, x := 0, marginSide
	for _, c := range columns {
		sum += c.share
	}
	for i := range columns {
		c := &columns[i]
		c.x, c.wid = x, textWidth*float64(c.share)/float64(sum)
		x += c.wid
	}
}

func (l *layout) height(columns []column, cells []string, s style) float64 {
	lines := 1
	for i, c := range columns {
		lines = max(lines, len(l.pen.wrap(cells[i], s, c.wid-2*cellPad)))
	}
	return float64(lines)*s.leading + 2*cellPad - 2
}

func (l *layout) row(columns []column, cells []string, s style, shaded bool) {
	h := l.height(columns, cells, s)
	if shaded {
		l.put(mark{x: marginSide, y: l.y, w: textWidth, h: h, shaded: true})
		l.rule(marginSide, l.y, textWidth)
	}
	top := l.y
	for i, c := range columns {
		l.y = top + cellPad - 1
		for _, t := range l.pen.wrap(cells[i], s, c.wid-2*cellPad) {
			l.line(c.place(l.pen.measure(t, s)), t, s)
			l.y += s.leading
		}
	}
	l.y = top + h
	l.rule(marginSide, l.y, textWidth)
}

// place is where a text of a width begins in the column.
func (c column) place(width float64) float64 {
	switch c.align {
	case right:
		return c.x + c.wid - cellPad - width
	case centre:
		return c.x + (c.wid-width)/2
	}
	return c.x + cellPad
}
