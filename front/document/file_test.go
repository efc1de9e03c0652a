package document

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

func picture(t *testing.T, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := encode(&b, image.NewGray(image.Rect(0, 0, 8, 6))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngFile(t *testing.T) []byte {
	return picture(t, func(b *bytes.Buffer, m image.Image) error { return png.Encode(b, m) })
}

func jpegFile(t *testing.T) []byte {
	return picture(t, func(b *bytes.Buffer, m image.Image) error { return jpeg.Encode(b, m, nil) })
}

func open(t *testing.T) (*Files, string) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "files")
	f, err := OpenFiles(folder)
	if err != nil {
		t.Fatal(err)
	}
	return f, folder
}

var ours, theirs = id.ID{1}, id.ID{2}

// TestDamagedFileSentAgain shows that a file that was damaged on the disk is whole again once it is sent again.
func TestDamagedFileSentAgain(t *testing.T) {
	f, folder := open(t)
	content := []byte("%PDF-1.4\n%%EOF\n")
	put := func() File {
		t.Helper()
		kept, err := f.Put(ours, string(PDF), bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	kept := put()
	for _, damaged := range [][]byte{nil, content[:5], append([]byte("x"), content...)} {
		if err := os.WriteFile(f.path(ours, kept.Hash), damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := f.Get(ours, kept.Hash); !errors.Is(err, ErrDamaged) {
			t.Errorf("damaged: %v", err)
		}
		put()
		if _, raw, err := f.Get(ours, kept.Hash); err != nil || !bytes.Equal(raw, content) {
			t.Errorf("sent again: %v", err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(folder, "*", "*", partial+"*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// TestPut shows what is taken: what a file is must be what it is said to be.
func TestPut(t *testing.T) {
	f, _ := open(t)
	pdf := []byte("%PDF-1.7\n…\n%%EOF\n")
	huge := pngFile(t)
	huge[17], huge[21] = 0x7f, 0x7f // width and height
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, c := range map[string]struct {
		declared string
		raw      []byte
		field    string
		code     errs.Code
	}{
		"a PDF":               {"application/pdf", pdf, "", errs.Code{}},
		"a JPEG":              {"image/jpeg", jpegFile(t), "", errs.Code{}},
		"a PNG, by its type":  {"Image/PNG; name=x", pngFile(t), "", errs.Code{}},
		"HTML":                {"text/html", []byte("<html>"), "type", errs.Invalid},
		"SVG":                 {"image/svg+xml", []byte("<svg/>"), "type", errs.Invalid},
		"no type":             {"", pdf, "type", errs.Invalid},
		"HTML said to be PDF": {"application/pdf", []byte("<html>%PDF-1.7 %%EOF"), "content", errs.Invalid},
		"PNG said to be JPEG": {"image/jpeg", pngFile(t), "content", errs.Invalid},
		"a PDF cut off":       {"application/pdf", pdf[:12], "content", errs.Invalid},
		"a PNG cut off":       {"image/png", pngFile(t)[:20], "content", errs.Invalid},
		"a huge picture":      {"image/png", huge, "content", errs.Invalid},
		"nothing":             {"application/pdf", nil, "content", errs.Invalid},
		"the largest":         {"application/pdf", append([]byte("%PDF-1.4"), append(make([]byte, MaxFile-13), "%%EOF"...)...), "", errs.Code{}},
		"one byte more":       {"application/pdf", append([]byte("%PDF-1.4"), append(make([]byte, MaxFile-12), "%%EOF"...)...), "content", errs.TooLarge},
	} {
		kept, err := f.Put(ours, c.declared, bytes.NewReader(c.raw))
		var e *errs.Error
		if c.field != "" {
			if !errors.As(err, &e) || e.Field != c.field || e.Code != c.code || (name == "a huge picture") != strings.Contains(e.Message, "points") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, raw, err := f.Get(ours, kept.Hash)
		if err != nil || got != kept || !bytes.Equal(raw, c.raw) {
			t.Errorf("%s comes back as %+v: %v", name, got, err)
		}
	}
}

// TestGet shows that another tenant's file is not there, and that damage is found.
func TestGet(t *testing.T) {
	f, folder := open(t)
	kept, err := f.Put(ours, "image/png", bytes.NewReader(pngFile(t)))
	if err != nil {
		t.Fatal(err)
	}
	var e *errs.Error
	if _, _, err := f.Get(theirs, kept.Hash); !errors.As(err, &e) || e.Code != errs.NotFound {
		t.Error("another tenant's: ", err)
	}
	if _, _, err := f.Get(ours, [32]byte{9}); !errors.As(err, &e) || e.Code != errs.NotFound {
		t.Error("no such file: ", err)
	}
	names, err := filepath.Glob(filepath.Join(folder, ours.String(), "*", "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := os.WriteFile(names[0], []byte("%PDF-1.7 %%EOF"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Get(ours, kept.Hash); !errors.Is(err, ErrDamaged) {
		t.Error("damaged: ", err)
	}
}

// TestPutTogether shows that one file sent by many at once is one, and that what was left half written goes away.
func TestPutTogether(t *testing.T) {
	f, folder := open(t)
	raw := jpegFile(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := f.Put(ours, "image/jpeg", bytes.NewReader(raw)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	names, err := filepath.Glob(filepath.Join(folder, "*", "*", "*"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	left := filepath.Join(filepath.Dir(names[0]), partial+"123")
	if err := os.WriteFile(left, raw[:10], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Error("what was half written is still there: ", err)
	}
}

// TestHeader shows that a browser saves a file and shows nothing of it.
func TestHeader(t *testing.T) {
	h := http.Header{}
	File{Type: PDF}.Header(h, "合同\"\r\nX: y.pdf")
	if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsAny(d, "\r\n") {
		t.Errorf("disposition %q", d)
	}
	if h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Content-Type") != "application/pdf" {
		t.Error(h)
	}
}
