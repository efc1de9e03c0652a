package document

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// face is one font file.
type face struct {
	name string // in the PDF
	raw  []byte
	font *sfnt.Font
	cut  *cut
}

// Fonts are what documents are set in. They may be used by many at a time.
type Fonts struct {
	regular, bold face
	chinese       *face // nil: Latin only
	from          string
}

// chineseFonts are where Debian's fonts-droid-fallback lies. Only single TrueType files can be put into a PDF: Noto's,
// WenQuanYi's and Arphic's are collections.
var chineseFonts = []string{
	"/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf",
	"/usr/share/fonts-droid-fallback/truetype/DroidSansFallback.ttf",
}

// maxFont bounds a font file.
const maxFont = 64 << 20

// ErrNoChinese says that there is no Chinese font, so that only documents in English can be made.
var ErrNoChinese = errors.New("no Chinese font was found; install fonts-droid-fallback")

// FindFonts loads the built-in Latin fonts and the first Chinese font of the files given, or of the usual ones if none
// are given. Without one the fonts are Latin only; Notice says so.
func FindFonts(files ...string) (*Fonts, error) {
	if len(files) == 0 {
		files = chineseFonts
	}
	f := &Fonts{}
	var err error
	if f.regular, err = load("latin", goregular.TTF); err != nil {
		return nil, err
	}
	if f.bold, err = load("latinbold", gobold.TTF); err != nil {
		return nil, err
	}
	for _, file := range files {
		raw, err := readFont(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read font %s: %w", filepath.Base(file), err)
		}
		chinese, err := load("chinese", raw)
		if err != nil {
			return nil, fmt.Errorf("font %s: %w", filepath.Base(file), err)
		}
		f.chinese, f.from = &chinese, file
		break
	}
	return f, nil
}

func readFont(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxFont {
		return nil, fmt.Errorf("it has %d bytes, at most %d", info.Size(), maxFont)
	}
	return os.ReadFile(file)
}

func load(name string, raw []byte) (face, error) {
	parsed, err := sfnt.Parse(raw)
	if err != nil {
		return face{}, fmt.Errorf("it is not a TrueType font: %w", err)
	}
	if len(raw) > 4 && string(raw[:4]) == "OTTO" {
		return face{}, errors.New("it has PostScript outlines, which cannot be put into a PDF here")
	}
	return face{name, raw, parsed, &cut{}}, nil
}

// Notice is what an operator should know about the fonts, or empty.
func (f *Fonts) Notice() string {
	if f.chinese == nil {
		return ErrNoChinese.Error() + ". Until then papers are in English, and Chinese letters in them, as of names, stand as their codes"
	}
	return ""
}

// pen measures and chooses fonts for one document. It is for one goroutine.
type pen struct {
	fonts   *Fonts
	buffer  sfnt.Buffer
	widths  map[glyph]float64
	missing []rune
}

type glyph struct {
	r    rune
	face *face
}

func (f *Fonts) pen() *pen { return &pen{fonts: f, widths: map[glyph]float64{}} }

// of is the font that has a letter, and whether there is one.
func (p *pen) of(r rune, bold bool) (*face, bool) {
	latin := &p.fonts.regular
	if bold {
		latin = &p.fonts.bold
	}
	if p.has(latin, r) {
		return latin, true
	}
	if p.fonts.chinese != nil && p.has(p.fonts.chinese, r) {
		return p.fonts.chinese, true
	}
	return latin, false
}

func (p *pen) has(f *face, r rune) bool { return p.width(glyph{r, f}) >= 0 }

// width is the width of a letter in a font of size 1, or -1 if the font doesn't have it.
func (p *pen) width(g glyph) float64 {
	if w, ok := p.widths[g]; ok {
		return w
	}
	w := -1.0
	if index, err := g.face.font.GlyphIndex(&p.buffer, g.r); err == nil && index != 0 {
		if advance, err := g.face.font.GlyphAdvance(&p.buffer, index, fixed.I(1000), font.HintingNone); err == nil {
			w = float64(advance) / 64 / 1000
		}
	}
	p.widths[g] = w
	return w
}

// readable replaces letters that no font has by their code, so that nothing is lost in silence.
func (p *pen) readable(text string) string {
	var out []rune
	for i, r := range text {
		if _, ok := p.of(r, false); ok {
			if out != nil {
				out = append(out, r)
			}
			continue
		}
		if out == nil {
			out = []rune(text[:i])
		}
		p.missing = append(p.missing, r)
		out = append(out, []rune(fmt.Sprintf("[U+%04X]", r))...)
	}
	if out == nil {
		return text
	}
	return string(out)
}
