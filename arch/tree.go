package arch

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Module is this module's path.
const Module = "github.com/longmen/longmen"

// File is one source file.
type File struct {
	Path      string // from the module's root, with slashes
	Test      bool   // a _test.go file
	Generated bool
	Lines     int
	Text      []byte
	Fset      *token.FileSet
	AST       *ast.File // nil unless it is a Go file
}

// Dir is the file's folder from the module's root; "." is the root.
func (f *File) Dir() string { return path.Dir(f.Path) }

// Layer is the file's top folder; "." is the root.
func (f *File) Layer() string {
	top, _, deeper := strings.Cut(f.Path, "/")
	if !deeper {
		return "."
	}
	return top
}

func (f *File) line(pos token.Pos) int { return f.Fset.Position(pos).Line }

func (f *File) finding(pos token.Pos, rule, do string) Finding {
	return Finding{File: f.Path, Line: f.line(pos), Rule: rule, Do: do}
}

// sources are the kinds of files that people write and the rules read.
var sources = map[string]bool{".go": true, ".sql": true, ".proto": true}

// Load reads all source files below the root.
func Load(root string) ([]*File, error) {
	var files []*File
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != root && skipped(d.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !sources[filepath.Ext(name)] {
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		f, err := Parse(filepath.ToSlash(rel), text)
		if err != nil {
			return err
		}
		files = append(files, f)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the tree: %w", err)
	}
	return files, nil
}

// skipped folders hold nothing that people wrote here.
func skipped(dir string) bool {
	switch dir {
	case "node_modules", "testdata", "bin", "data":
		return true
	}
	return strings.HasPrefix(dir, ".") || strings.HasPrefix(dir, "_")
}

// Parse reads one source file.
func Parse(name string, text []byte) (*File, error) {
	f := &File{
		Path:  name,
		Test:  strings.HasSuffix(name, "_test.go"),
		Text:  text,
		Lines: bytes.Count(text, []byte("\n")),
		Fset:  token.NewFileSet(),
	}
	if path.Ext(name) != ".go" {
		return f, nil
	}
	var err error
	if f.AST, err = parser.ParseFile(f.Fset, name, text, parser.ParseComments); err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	f.Generated = ast.IsGenerated(f.AST)
	return f, nil
}
