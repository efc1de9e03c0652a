// Package product holds what the marketplace lends by: a file that is the same for all letters of the loan file, and the
// grades of each.
//
// The package knows nothing of how a product is put into force.
package product

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/longmen/longmen/examples/lendingclub/market"
)

//go:embed loan.yaml
var common string

// Product is one of them.
type Product struct {
	Code   string
	YAML   string
	Grades []Grade // the cheapest first
}

// Grade is what somebody pays who has at least so much of a score.
type Grade struct {
	Code  string
	Rate  int64 // hundredths of a percent a year
	Score int
}

// best is the score that the first grade of all asks for; each further one asks for less.
const best = 850

// All are the products for a list of loans.
func All(list []*market.Loan) []Product {
	var grades []Grade
	for _, l := range list {
		if g := (Grade{Code: GradeOf(l), Rate: l.Rate}); !slices.Contains(grades, g) {
			grades = append(grades, g)
		}
	}
	slices.SortFunc(grades, func(a, b Grade) int { return strings.Compare(a.Code[:2], b.Code[:2])*100_000 + int(a.Rate-b.Rate) })
	var products []Product
	for i := range grades {
		g := &grades[i]
		g.Score = best - 5*i
		if code := "marketplace-" + g.Code[:1]; len(products) == 0 || products[len(products)-1].Code != code {
			products = append(products, Product{Code: code})
		}
		p := &products[len(products)-1]
		p.Grades = append(p.Grades, *g)
	}
	for i := range products {
		products[i].write()
	}
	return products
}

// GradeOf is the code of a loan's grade.
func GradeOf(l *market.Loan) string { return fmt.Sprintf("%s-%d", strings.ToLower(l.Grade), l.Rate) }

// write makes the file.
func (p *Product) write() {
	letter := p.Code[len(p.Code)-1:]
	var b strings.Builder
	b.WriteString(strings.NewReplacer("{letter}", letter, "{LETTER}", strings.ToUpper(letter)).Replace(common))
	for _, g := range p.Grades {
		fmt.Fprintf(&b, "  - code: score-%s\n    when: application.grade != %q || applicant.score >= %d\n", g.Code, g.Code, g.Score)
		fmt.Fprintf(&b, "    says: {zh: 信用评分不足, en: The credit score is too low}\n")
	}
	b.WriteString("grades:\n")
	for _, g := range p.Grades {
		fmt.Fprintf(&b, "  - {code: %s, rate: \"%d.%04d\"}\n", g.Code, g.Rate/10_000, g.Rate%10_000)
	}
	p.YAML = b.String()
}

// Find gives the product and the grade of a loan.
func Find(products []Product, l *market.Loan) (p *Product, g Grade) {
	for i := range products {
		for _, g := range products[i].Grades {
			if g.Code == GradeOf(l) {
				return &products[i], g
			}
		}
	}
	return nil, g
}
