package share

import (
	"flag"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"
)

const document = "../../docs/distribution.md"

var update = flag.Bool("update", false, "write the figures into "+document)

// inDocument checks that the document shows text between the marks of this name.
func inDocument(t *testing.T, name, text string) {
	t.Helper()
	b, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	before, rest, ok := strings.Cut(string(b), begin)
	shown, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for %q", document, name)
	}
	if shown == text {
		return
	}
	if !*update {
		t.Fatalf("%s shows other figures for %q; if they are meant to change, run this test with -update. Now:\n%s", document, name, text)
	}
	if err := os.WriteFile(document, []byte(before+begin+text+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestWorkedExample plays the example of the document: four holdings, 1,000 units.
func TestWorkedExample(t *testing.T) {
	units := []uint64{500, 300, 199, 1}
	rows, lines := make([]Row, 4), make([]int64, 4)
	var s Scratch
	var rem Int128
	var first, table strings.Builder
	table.WriteString("| payment | lines | paid so far | exact so far | cut |\n|---|---|---|---|---|\n")
	sum := int64(0)
	for i, amount := range []int64{1, 1, 1, 7, 90, 900} {
		o := s.Pay([]Block{{units, rows}}, 1000, &rem, amount, lines)
		sum += amount
		if i == 0 {
			fmt.Fprintf(&first, "```\n1·2^64 + 0 = q·1000 + rem   q = %d   rem = %d\n\n", o.Q.Lo, o.Rem.Lo)
			for h, u := range units {
				carry := rows[h].Carry.Add(Cents(lines[h]))
				fmt.Fprintf(&first, "holder %d  units %3d  carry %20v  (2^64 - carry)/u %20v  line %d  carry after %20v\n",
					h, u, bigOf(carry), new(big.Int).Div(bigOf(Cents(1).Sub(carry)), big.NewInt(int64(u))), lines[h], bigOf(rows[h].Carry))
			}
			first.WriteString("```\n")
		}
		var line, paid, exact []string
		for h, u := range units {
			line = append(line, fmt.Sprint(lines[h]))
			paid = append(paid, fmt.Sprint(rows[h].Paid))
			exact = append(exact, fmt.Sprintf("%d.%03d", int64(u)*sum/1000, int64(u)*sum%1000))
		}
		fmt.Fprintf(&table, "| %d | %s | %s | %s | holder %d |\n", amount,
			strings.Join(line, ", "), strings.Join(paid, ", "), strings.Join(exact, ", "), o.Cut.Holder)
	}
	inDocument(t, "first payment", first.String())
	inDocument(t, "worked example", table.String())
	for h, u := range units {
		if rows[h].Paid != int64(u) {
			t.Errorf("after 1,000 cents for 1,000 units holder %d has %d cents, not %d", h, rows[h].Paid, u)
		}
	}
}
