package document

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// write puts pages into a PDF. The only time in it is the document's own.
func (f *Fonts) write(pages []page, p *pen, title string, dated time.Time) ([]byte, error) {
	pdf := fpdf.New("P", "pt", "A4", "")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(dated)
	pdf.SetModificationDate(dated)
	pdf.SetProducer("Longmen", true)
	pdf.SetTitle(title, true)
	pdf.SetAutoPageBreak(false, 0)
	letters := p.letters(pages)
	for _, x := range []*face{&f.regular, &f.bold, f.chinese} {
		if letters[x] != nil {
			pdf.AddUTF8FontFromBytes(x.name, "", x.cut.of(x.raw, letters[x]))
		}
	}
	pdf.SetDrawColor(150, 150, 150)
	pdf.SetFillColor(235, 238, 242)
	pdf.SetLineWidth(0.4)
	for _, page := range pages {
		pdf.AddPage()
		for _, m := range page.marks {
			f.draw(pdf, p, m)
		}
	}
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("write PDF: %w", err)
	}
	return out.Bytes(), nil
}

func (f *Fonts) draw(pdf *fpdf.Fpdf, p *pen, m mark) {
	switch {
	case m.shaded:
		pdf.Rect(m.x, m.y, m.w, m.h, "F")
	case m.text == "":
		pdf.Line(m.x, m.y, m.x+m.w, m.y)
	default:
		grey := 20
		if m.style.grey {
			grey = 110
		}
		pdf.SetTextColor(grey, grey, grey)
		x := m.x
		for _, r := range p.runs(m.text, m.style) {
			f.text(pdf, x, m.y, r, m.style)
			x += r.width
		}
	}
}

// text draws a run. The Chinese font has no bold one beside it: there the outline is drawn too.
func (f *Fonts) text(pdf *fpdf.Fpdf, x, y float64, r run, s style) {
	pdf.SetFont(r.face.name, "", s.size)
	if !s.bold || r.face != f.chinese {
		pdf.Text(x, y, r.text)
		return
	}
	pdf.SetDrawColor(20, 20, 20)
	pdf.SetLineWidth(s.size * 0.03)
	pdf.SetTextRenderingMode(2)
	pdf.Text(x, y, r.text)
	pdf.SetTextRenderingMode(0)
	pdf.SetDrawColor(150, 150, 150)
	pdf.SetLineWidth(0.4)
}
