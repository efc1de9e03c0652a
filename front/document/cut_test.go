package document

import (
	"bytes"
	"maps"
	"slices"
	"sync"
	"testing"

	"codeberg.org/go-pdf/fpdf"
	"pgregory.net/rapid"
)

// TestCutFonts shows that a font cut step by step, for one document after the other, gives each document what the whole
// font would have given it.
func TestCutFonts(t *testing.T) {
	f := fonts(t)
	for _, x := range []*face{&f.regular, &f.bold, f.chinese} {
		rapid.Check(t, func(t *rapid.T) {
			// Latin letters with and without accents, some Chinese ones, and some that no font has.
			text := rapid.SliceOfN(rapid.OneOf(rapid.RuneFrom([]rune("aÄéœ€¥ 龙门借款人出借协议壹贰叁，。（）")), rapid.Int32Range(0x20, 0x2ff), rapid.Int32Range(0x4e00, 0x4eff)), 1, 30).Draw(t, "text")
			letters := map[rune]bool{}
			for _, r := range text {
				letters[r] = true
			}
			got := x.cut.of(x.raw, letters)
			want := fpdf.UTF8CutFont(bytes.Clone(x.raw), string(slices.Sorted(maps.Keys(letters))))
			if !bytes.Equal(got, want) {
				t.Fatalf("%s cut twice has %d bytes, cut once %d", x.name, len(got), len(want))
			}
		})
	}
}

// TestDocumentsSideBySide shows that a document is the same whatever was set before it and is set beside it.
func TestDocumentsSideBySide(t *testing.T) {
	want := map[string][32]byte{}
	for name, d := range samples(t) {
		want[name] = render(t, fonts(t), d).Hash
	}
	f := fonts(t)
	var group sync.WaitGroup
	for range 3 {
		for name, d := range samples(t) {
			group.Go(func() {
				if r, err := f.Render(d, Chinese); err != nil || r.Hash != want[name] {
					t.Errorf("%s is another one beside others: %v", name, err)
				}
			})
		}
	}
	group.Wait()
}
