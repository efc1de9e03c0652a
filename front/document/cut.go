package document

import (
	"bytes"
	"maps"
	"slices"
	"sync"

	"codeberg.org/go-pdf/fpdf"
)

// cut is a font with no more than the letters that documents have needed so far. It takes longer to pick a document's
// letters out of a whole Chinese font than to do all the rest of the document.
type cut struct {
	mu      sync.Mutex
	letters map[rune]bool
	raw     []byte
}

// latin is the last of the letters whose widths stand in every PDF, used or not.
const latin = 255

// of gives a font file with these letters alone, and those whose widths are always told. It is the same whatever letters
// were needed before.
func (c *cut) of(whole []byte, letters map[rune]bool) []byte {
	for r := range rune(latin) {
		letters[r+1] = true
	}
	return fpdf.UTF8CutFont(c.with(whole, letters), string(slices.Sorted(maps.Keys(letters))))
}

// with gives the font cut so far, with these letters at least.
func (c *cut) with(whole []byte, letters map[rune]bool) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.letters == nil {
		c.letters = map[rune]bool{}
	}
	before := len(c.letters)
	maps.Copy(c.letters, letters)
	if len(c.letters) > before {
		// Cutting a font with fewer widths than letters writes into it.
		c.raw = fpdf.UTF8CutFont(bytes.Clone(whole), string(slices.Sorted(maps.Keys(c.letters))))
	}
	return c.raw
}

// letters are those of some pages, by font.
func (p *pen) letters(pages []page) map[*face]map[rune]bool {
	all := map[*face]map[rune]bool{}
	for _, x := range pages {
		for _, m := range x.marks {
			for _, r := range p.runs(m.text, m.style) {
				if all[r.face] == nil {
					all[r.face] = map[rune]bool{}
				}
				for _, letter := range r.text {
					all[r.face][letter] = true
				}
			}
		}
	}
	return all
}
