package right

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
)

// docs/access.md shows what each role may do as it is here. LONGMEN_GOLDEN=1 writes it.
func TestDocs(t *testing.T) {
	const file = "../../docs/access.md"
	old, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)(\n## Roles and rights\n\n).*?(\n## )`)
	if !section.Match(old) {
		t.Fatalf("%s has no place for the table", file)
	}
	want := section.ReplaceAll(old, []byte("${1}"+table()+"${2}"))
	if os.Getenv("LONGMEN_GOLDEN") != "" {
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
	} else if !bytes.Equal(old, want) {
		t.Errorf("%s does not show what roles may do; write it with LONGMEN_GOLDEN=1 go test ./front/right", file)
	}
}

func table() string {
	var b strings.Builder
	b.WriteString("| right | " + strings.Join(Roles(), " | ") + " |\n|---" + strings.Repeat("|:-:", len(Roles())) + "|\n")
	for r := range All() {
		b.WriteString("| `" + r.String() + "` |")
		for _, role := range Roles() {
			if Role(role).Has(r) {
				b.WriteString(" ●")
			}
			b.WriteString(" |")
		}
		b.WriteString("\n")
	}
	return b.String()
}
