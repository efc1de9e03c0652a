package catalog_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/longmen/longmen/front/catalog"
)

// TestDocs shows that docs/products.md lists every field and every fact with what they mean.
func TestDocs(t *testing.T) {
	const file = "../../docs/products.md"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var facts strings.Builder
	facts.WriteString("| fact | type | is |\n|---|---|---|\n")
	for _, f := range append(catalog.ApplicationFacts(), catalog.BidFacts()...) {
		fmt.Fprintf(&facts, "| `%s` | %s | %s |\n", f.Name, f.Kind, f.Is)
	}
	want := section(string(text), "Fields", "| field | default | is |\n|---|---|---|\n"+catalog.FieldRows())
	golden(t, file, []byte(section(want, "Facts", facts.String())))
}

// section puts a body below a heading of a document.
func section(text, heading, body string) string {
	re := regexp.MustCompile(`(?s)(\n## ` + heading + `\n\n).*?(\n## |$)`)
	return re.ReplaceAllStringFunc(text, func(old string) string {
		parts := re.FindStringSubmatch(old)
		return parts[1] + body + parts[2]
	})
}
