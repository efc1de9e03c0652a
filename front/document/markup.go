package document

import (
	"crypto/sha256"
	"fmt"
	"strings"
)

// The form of a template: text/template over the data, then line by line
//
//	# title
//	= name | value
//	## heading of a clause, which is numbered
//	- text without a number
//	@table name | l2 title | r3 title …   l, c, r: where text stands; the figure: the column's share
//	@digest
//	@signatures role Title | role Title …
//	text of a clause, which is numbered 1.1, 1.2 …

// phrases are the few words that no template has.
var phrases = map[Language]struct{ page, clause, digest, name, at, method, blank string }{
	Chinese: {"第 %d 页，共 %d 页", "第%s条　", "本文件正文 SHA-256：", "姓名/名称：", "签署时间：", "签署方式：", "签署：____________________    日期：______________"},
	English: {"Page %d of %d", "%s.  ", "SHA-256 of the text above: ", "Name: ", "Signed: ", "By: ", "Signature: ____________________    Date: ______________"},
}

// setter sets the lines of a template that was filled.
type setter struct {
	layout      *layout
	in          Language
	tables      map[string][][]string
	signatures  []Signature
	title       string
	clause, sub int
	signed      []string // what stands above the signatures
	digest      [32]byte
}

func (s *setter) set(text string) error {
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if err := s.line(line); err != nil {
			return fmt.Errorf("template line %d: %w", n+1, err)
		}
	}
	return nil
}

func (s *setter) line(line string) error {
	l := s.layout
	word, rest, _ := strings.Cut(line, " ")
	if word != "@signatures" && word != "@digest" {
		s.signed = append(s.signed, line)
		line, rest = l.pen.readable(line), l.pen.readable(rest)
	}
	switch word {
	case "#":
		s.title = rest
		l.centred(rest, titleStyle)
		l.y += 10
	case "=":
		name, value, _ := strings.Cut(rest, "|")
		l.field(strings.TrimSpace(name), strings.TrimSpace(value))
	case "##":
		s.clause, s.sub = s.clause+1, 0
		l.heading(s.number() + rest)
	case "-":
		l.y += 6
		l.paragraph("", rest, 0)
	case "@table":
		return s.table(rest)
	case "@digest":
		s.seal(smallStyle.leading + 4)
	case "@signatures":
		s.sign(rest)
	default:
		s.sub++
		l.paragraph(fmt.Sprintf("%d.%d", s.clause, s.sub), line, 30)
	}
	return nil
}

func (s *setter) number() string {
	if s.in == Chinese {
		return fmt.Sprintf(phrases[s.in].clause, ordinal(s.clause))
	}
	return fmt.Sprintf(phrases[s.in].clause, fmt.Sprint(s.clause))
}

func (s *setter) table(rest string) error {
	parts := strings.Split(rest, "|")
	name := strings.TrimSpace(parts[0])
	rows, ok := s.tables[name]
	if !ok {
		return fmt.Errorf("there is no table %q", name)
	}
	var columns []column
	for _, part := range parts[1:] {
		form, title, _ := strings.Cut(strings.TrimSpace(part), " ")
		if len(form) != 2 || !strings.Contains("lcr", form[:1]) || form[1] < '1' || form[1] > '9' {
			return fmt.Errorf("the column %q doesn't say where its text stands and its share, such as r2", part)
		}
		columns = append(columns, column{title: title, align: align(form[0]), share: int(form[1] - '0')})
	}
	for i := range rows {
		if len(rows[i]) != len(columns) {
			return fmt.Errorf("the table %q has %d columns, not %d", name, len(rows[i]), len(columns))
		}
		s.signed = append(s.signed, strings.Join(rows[i], "\t"))
		for k := range rows[i] {
			rows[i][k] = s.layout.pen.readable(rows[i][k])
		}
	}
	s.layout.table(columns, rows)
	return nil
}

// seal sets the digest of all that stands above, and keeps it together with what takes so much room.
func (s *setter) seal(height float64) {
	l, words := s.layout, phrases[s.in]
	s.digest = sha256.Sum256([]byte(strings.Join(s.signed, "\n")))
	l.y += 12
	l.room(height)
	l.rule(marginSide, l.y, textWidth)
	l.y += 4
	l.line(marginSide, words.digest+hexText(s.digest), smallStyle)
	l.y += smallStyle.leading + 6
}

// sign sets the digest and a block for each role: the signature that was given, or room for it.
func (s *setter) sign(rest string) {
	s.seal(3 * bodyStyle.leading)
	for _, part := range strings.Split(rest, "|") {
		role, title, _ := strings.Cut(strings.TrimSpace(part), " ")
		s.block(role, title)
	}
}

// block is never cut by the end of a page.
func (s *setter) block(role, title string) {
	l, words := s.layout, phrases[s.in]
	l.room(4 * bodyStyle.leading)
	l.line(marginSide, title, strongStyle)
	l.y += strongStyle.leading
	found := false
	for _, g := range s.signatures {
		if g.Role != role {
			continue
		}
		found = true
		l.paragraph("", l.pen.readable(words.name+g.Name), 0)
		if g.At.IsZero() {
			l.paragraph("", words.blank, 0)
			continue
		}
		l.paragraph("", l.pen.readable(words.at+g.At.Format("2006-01-02 15:04:05 -07:00")+"    "+words.method+g.Method), 0)
	}
	if !found {
		l.paragraph("", words.blank, 0)
	}
	l.y += 8
}
