package document

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path/filepath"

	"github.com/longmen/longmen/kit/errs"
	"github.com/longmen/longmen/kit/id"
)

// Type is what a file is.
type Type string

// The types that are taken.
const (
	PDF  Type = "application/pdf"
	JPEG Type = "image/jpeg"
	PNG  Type = "image/png"
)

// What is taken of a file at most.
const (
	MaxFile   = 10 << 20 // bytes
	MaxPixels = 50_000_000
)

var checks = map[Type]func([]byte) error{PDF: checkPDF, JPEG: checkImage(jpeg.DecodeConfig), PNG: checkImage(png.DecodeConfig)}

// File is a file that was kept.
type File struct {
	Hash [32]byte // SHA-256
	Type Type
	Size int64
}

// Files keeps files under their hashes, apart for each tenant. A file never changes and is never removed; the same one
// twice is one. It may be used by many at a time, in one process a folder.
type Files struct{ folder string }

const partial = ".part-"

// OpenFiles opens a folder of files, or makes it.
func OpenFiles(folder string) (*Files, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of files: %w", err)
	}
	return &Files{folder}, nil
}

// Sweep removes what a process that ended left half written. Nobody else may be writing into the folder.
func (f *Files) Sweep() error {
	left, err := filepath.Glob(filepath.Join(f.folder, "*", "*", partial+"*"))
	if err != nil {
		return fmt.Errorf("look for files that are not whole: %w", err)
	}
	for _, file := range left {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a file that is not whole: %w", err)
		}
	}
	return nil
}

// Put keeps a file, if it is what its sender declares it to be.
func (f *Files) Put(tenant id.ID, declared string, content io.Reader) (File, error) {
	name, _, err := mime.ParseMediaType(declared)
	check, ok := checks[Type(name)]
	if err != nil || !ok {
		return File{}, errs.Invalid.Errorf("%.60q is not taken; send application/pdf, image/jpeg or image/png", declared).On("type")
	}
	raw, err := io.ReadAll(io.LimitReader(content, MaxFile+1))
	if err != nil {
		return File{}, errs.Invalid.Errorf("the file did not arrive whole").On("content").Because(err)
	}
	if len(raw) > MaxFile {
		return File{}, errs.TooLarge.Errorf("a file has at most %d bytes", MaxFile).On("content")
	}
	if err := check(raw); err != nil {
		return File{}, errs.Invalid.Errorf("the file is not %s: %v", name, err).On("content")
	}
	kept := File{Hash: sha256.Sum256(raw), Type: Type(name), Size: int64(len(raw))}
	return kept, f.write(f.path(tenant, kept.Hash), raw)
}

func (f *Files) path(tenant id.ID, hash [32]byte) string {
	text := hex.EncodeToString(hash[:])
	return filepath.Join(f.folder, tenant.String(), text[:2], text)
}

// write brings a file to the disk before it gets its name, so that a name always stands for the whole. What is damaged under
// that name gives way to it.
func (f *Files) write(path string, raw []byte) error {
	if there, err := os.ReadFile(path); err == nil && bytes.Equal(there, raw) {
		return nil
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make folder of files: %w", err)
	}
	part, err := os.CreateTemp(folder, partial)
	if err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	_, err = part.Write(raw)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write file: %w", errors.Join(err, os.Remove(part.Name())))
	}
	for _, dir := range []string{folder, filepath.Dir(folder), f.folder} {
		if err := syncFolder(dir); err != nil {
			return fmt.Errorf("write file: %w", err)
		}
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ErrDamaged says that a file is not any more what was kept.
var ErrDamaged = errors.New("the file is not what its hash says")

// Get gives a file of a tenant, after it was compared with its hash.
func (f *Files) Get(tenant id.ID, hash [32]byte) (File, []byte, error) {
	raw, err := os.ReadFile(f.path(tenant, hash))
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil, errs.NotFound.Errorf("there is no file %x", hash)
	}
	if err != nil {
		return File{}, nil, fmt.Errorf("read file: %w", err)
	}
	if sha256.Sum256(raw) != hash {
		return File{}, nil, fmt.Errorf("read file %x: %w", hash, ErrDamaged)
	}
	for t, check := range checks {
		if check(raw) == nil {
			return File{hash, t, int64(len(raw))}, raw, nil
		}
	}
	return File{}, nil, fmt.Errorf("read file %x: %w", hash, ErrDamaged)
}

// Header says to a browser that it must save a file and neither show nor guess at it.
func (f File) Header(h http.Header, name string) {
	h.Set("Content-Type", string(f.Type))
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	h.Set("Cache-Control", "private, no-store")
}

// checkPDF looks at a file's first and last bytes.
func checkPDF(raw []byte) error {
	if !bytes.HasPrefix(raw, []byte("%PDF-1.")) && !bytes.HasPrefix(raw, []byte("%PDF-2.")) {
		return errors.New("it does not begin as one")
	}
	if !bytes.Contains(raw[max(0, len(raw)-1024):], []byte("%%EOF")) {
		return errors.New("its end is missing")
	}
	return nil
}

// checkImage reads a picture's head, not the picture: a small file may be a huge picture.
func checkImage(config func(io.Reader) (image.Config, error)) func([]byte) error {
	return func(raw []byte) error {
		c, err := config(bytes.NewReader(raw))
		if err != nil {
			return err
		}
		if c.Width < 1 || c.Height < 1 || c.Width > MaxPixels/c.Height {
			return fmt.Errorf("it has %d × %d points, at most %d in all", c.Width, c.Height, MaxPixels)
		}
		return nil
	}
}
