package sale_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/longmen/longmen/core/order"
	"github.com/longmen/longmen/front/market/sale"
)

var update = flag.Bool("update", false, "draw the kind in the page anew")

// The drawing in the page is made from the declaration.
func TestTheDrawingOfThePage(t *testing.T) {
	const path, from, to = "../../../docs/claim-transfer.md", "<!-- drawing -->\n", "<!-- drawn -->\n"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found1 := strings.Cut(string(page), from)
	block, after, found2 := strings.Cut(rest, to)
	if !found1 || !found2 {
		t.Fatalf("%s has no drawing", path)
	}
	kinds, err := order.NewKinds(sale.Kind())
	if err != nil {
		t.Fatal(err)
	}
	drawn, _ := kinds.Mermaid(sale.KindCode)
	want := "```mermaid\n" + drawn + "```\n"
	if *update {
		if err := os.WriteFile(path, []byte(before+from+want+to+after), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if block != want {
		t.Errorf("the page shows\n%s\nwant\n%s\nrun: go test ./front/market/sale -run Drawing -update", block, want)
	}
}
