package catalog

import (
	"fmt"
	"reflect"
	"strings"
)

// FieldRows are the rows of the docs' table of fields.
func FieldRows() string {
	var b strings.Builder
	rowsOf(&b, "", reflect.TypeFor[Product]())
	return b.String()
}

func rowsOf(b *strings.Builder, path string, t reflect.Type) {
	for _, f := range fields(t) {
		at, standard := join(path, f.name), "must be there"
		switch {
		case f.standard != "":
			standard = "`" + f.standard + "`"
		case f.optional:
			standard = "none"
		case !f.required():
			standard = ""
		}
		inner := f.Type
		if inner.Kind() == reflect.Slice && inner.Elem().Kind() == reflect.Struct {
			inner, at = inner.Elem(), at+"[]"
		}
		is := f.is
		if words := choicesOf(f.Type); words != nil && !strings.Contains(is, words[0]) {
			is += " (" + strings.Join(words, ", ") + ")"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", at, standard, is)
		if inner.Kind() == reflect.Struct && inner != rateType && inner != reflect.TypeFor[Name]() {
			rowsOf(b, at, inner)
		}
	}
}
