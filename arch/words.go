package arch

import (
	_ "embed"
	"fmt"
	"go/ast"
	"path"
	"strings"
	"unicode"
)

//go:embed words.txt
var wordList string

// ProductWords returns the words that core and store don't use: each with its plural, mapped to the singular.
func ProductWords() map[string]string {
	words := map[string]string{}
	for line := range strings.Lines(wordList) {
		w := strings.TrimSpace(line)
		if w == "" || strings.HasPrefix(w, "#") {
			continue
		}
		words[w], words[w+"s"], words[w+"es"] = w, w, w
		if stem, ok := strings.CutSuffix(w, "y"); ok {
			words[stem+"ies"] = w
		}
	}
	return words
}

const productDo = "use the ledger's own word (glossary, layer C), or move the code to front"

// Words checks that core and store use no product words: not in names that they declare, not in names of files and
// folders, not in comments, not in SQL.
func Words(files []*File) []Finding {
	words := ProductWords()
	var found []Finding
	for _, f := range files {
		if l := f.Layer(); l != "core" && l != "store" {
			continue
		}
		for _, w := range Split(f.Path) {
			if word, bad := words[w]; bad {
				found = append(found, Finding{File: f.Path, Rule: productRule("the path has", word), Do: productDo})
			}
		}
		switch {
		case path.Ext(f.Path) == ".sql":
			found = append(found, textWords(f, 1, string(f.Text), "SQL has", words)...)
		case f.AST != nil && !f.Generated:
			found = append(found, goWords(f, words)...)
		}
	}
	return found
}

func productRule(where, word string) string {
	return fmt.Sprintf("%s the product word %q, and core and store know no products", where, word)
}

func goWords(f *File, words map[string]string) []Finding {
	var found []Finding
	ast.Inspect(f.AST, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			// What is selected was named where it was declared.
			ast.Inspect(n.X, func(x ast.Node) bool {
				if id, ok := x.(*ast.Ident); ok {
					found = append(found, nameWords(f, id, words)...)
				}
				return true
			})
			return false
		case *ast.Ident:
			found = append(found, nameWords(f, n, words)...)
		}
		return true
	})
	for _, group := range f.AST.Comments {
		for _, c := range group.List {
			found = append(found, textWords(f, f.line(c.Pos()), c.Text, "a comment has", words)...)
		}
	}
	return found
}

func nameWords(f *File, id *ast.Ident, words map[string]string) []Finding {
	for _, w := range Split(id.Name) {
		if word, bad := words[w]; bad {
			return []Finding{f.finding(id.Pos(), productRule("the name "+id.Name+" has", word), productDo)}
		}
	}
	return nil
}

// textWords looks through text that begins at the line given.
func textWords(f *File, line int, text, where string, words map[string]string) []Finding {
	var found []Finding
	for row := range strings.Lines(text) {
		for _, w := range Split(row) {
			if word, bad := words[w]; bad {
				found = append(found, Finding{File: f.Path, Line: line, Rule: productRule(where, word), Do: productDo})
			}
		}
		line++
	}
	return found
}

// Split cuts a name or a text into its words, in lower case: at everything that is no letter, and where camel case
// begins a new word. Capitals in a row are one word ("KYC"), with a plural s if nothing follows it ("KYCs").
func Split(s string) []string {
	var words []string
	for _, run := range strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) }) {
		letters := []rune(run)
		start := 0
		for i := 1; i <= len(letters); i++ {
			if i == len(letters) || begins(letters, i) {
				words = append(words, strings.ToLower(string(letters[start:i])))
				start = i
			}
		}
	}
	return words
}

// begins reports whether a new word begins at letter i.
func begins(letters []rune, i int) bool {
	if !unicode.IsUpper(letters[i]) {
		return false
	}
	if !unicode.IsUpper(letters[i-1]) {
		return true
	}
	// Of capitals in a row the last one begins the next word, unless only a plural s follows.
	if i+1 == len(letters) || unicode.IsUpper(letters[i+1]) {
		return false
	}
	plural := letters[i+1] == 's' && (i+2 == len(letters) || unicode.IsUpper(letters[i+2]))
	return !plural
}
