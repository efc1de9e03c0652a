package catalog

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/longmen/longmen/front/ops"
)

// Change is one field in which two products differ, and whom it touches.
type Change struct {
	Field   string   `json:"field"`
	Is      string   `json:"is"` // what the field means
	Was     string   `json:"was,omitempty"`
	Becomes string   `json:"becomes,omitempty"`
	For     []string `json:"for"`
}

// touched says for whom the parts of a product matter. Contracts that exist keep their version: whatever changes,
// changes for new ones.
var touched = map[string][]string{
	"format": {"nobody"}, "code": {"everybody"}, "name": {"everybody"}, "offered": {"applicants"}, "asset": {"everybody"},
	"amount": {"applicants"}, "terms": {"applicants"}, "repayment": {"borrowers", "investors"}, "grades": {"borrowers", "investors"},
	"penalties": {"borrowers", "investors"}, "allocation": {"borrowers", "investors"}, "prepayment": {"borrowers", "investors"},
	"overpayment": {"borrowers"}, "interest_start": {"borrowers", "investors", "platform"}, "lateness": {"borrowers", "investors"},
	"business_days": {"borrowers", "investors"}, "funding": {"applicants", "investors"}, "losses": {"investors", "reserve", "guarantors"},
	"claim_transfer": {"investors"}, "documents": {"applicants"}, "eligibility": {"applicants"}, "limits": {"investors"},
}

var entry = regexp.MustCompile(`^fees\[(\d+)\]`)

// Diff lists what becomes of a product, in the order of the fields' names, and for whom.
func Diff(was, becomes *Product) ([]Change, error) {
	a, err := json.Marshal(was)
	if err != nil {
		return nil, fmt.Errorf("write the product: %w", err)
	}
	b, err := json.Marshal(becomes)
	if err != nil {
		return nil, fmt.Errorf("write the product: %w", err)
	}
	changes, err := ops.Difference(a, b)
	if err != nil {
		return nil, err
	}
	list := make([]Change, len(changes))
	for i, c := range changes {
		list[i] = Change{Field: c.Path, Is: meaning(c.Path), Was: c.Was, Becomes: c.Becomes, For: whom(c.Path, was, becomes)}
	}
	return list, nil
}

// whom tells whom a field touches; of a fee those who pay it, before and after.
func whom(path string, products ...*Product) []string {
	top, _, _ := strings.Cut(path, ".")
	top, _, _ = strings.Cut(top, "[")
	if top != "fees" {
		return touched[top]
	}
	var list []string
	var i int
	if m := entry.FindStringSubmatch(path); m != nil {
		i, _ = strconv.Atoi(m[1])
	}
	for _, p := range products {
		for k, f := range p.Fees {
			who := map[FeePayer]string{FeeByBorrower: "borrowers", FeeByInvestor: "investors", FeeBySeller: "sellers of claims", FeeByBuyer: "buyers of claims"}[f.PaidBy]
			if (k == i || path == "fees") && !slices.Contains(list, who) {
				list = append(list, who)
			}
		}
	}
	return append(list, "platform")
}
