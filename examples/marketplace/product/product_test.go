package product

import (
	"strings"
	"testing"

	"github.com/longmen/longmen/examples/lendingclub/data"
	"github.com/longmen/longmen/examples/lendingclub/market"
)

// There is one product a letter, every loan has its grade at its rate, and nobody's score suffices for a cheaper one.
func TestAll(t *testing.T) {
	list, err := market.Read(data.Loans, 0)
	if err != nil {
		t.Fatal(err)
	}
	products := All(list)
	if len(products) != 7 {
		t.Errorf("%d products", len(products))
	}
	for _, l := range list {
		p, g := Find(products, l)
		if p == nil || g.Rate != l.Rate || !strings.HasSuffix(p.Code, strings.ToLower(l.Grade[:1])) {
			t.Fatalf("loan %d of grade %s at %d is of product %v, grade %+v", l.Number, l.Grade, l.Rate, p, g)
		}
	}
	last := best + 1
	for _, p := range products {
		for _, g := range p.Grades {
			if g.Score >= last || g.Score < 300 {
				t.Errorf("grade %s asks for %d, the one before for %d", g.Code, g.Score, last)
			}
			last = g.Score
		}
	}
}
