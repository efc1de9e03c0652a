package mandate

import (
	"maps"
	"slices"

	"github.com/longmen/longmen/kit/id"
)

// Drifts lists the caps of a mandate that its investor has outgrown by now: by other bids of his, by purchases, or
// because a cap was lowered. Nothing follows from it; the next run allocates nothing above them.
func Drifts(m *Mandate, v *Investor) []Drift {
	var list []Drift
	look := func(by Bound, most, has int64, of string) {
		if most > 0 && has > most {
			list = append(list, Drift{Mandate: m.ID, Cap: by, Of: of, Held: has, Most: most})
		}
	}
	for _, of := range sorted(v.Loans) {
		look(PerLoan, m.PerLoan, v.Loans[of], of.String())
	}
	for _, of := range sorted(v.Borrowers) {
		look(PerBorrower, m.PerBorrower, v.Borrowers[of], of.String())
	}
	for _, of := range slices.Sorted(maps.Keys(v.Regions)) {
		look(PerRegion, m.PerRegion, v.Regions[of], of)
	}
	return list
}

func sorted(m map[id.ID]int64) []id.ID {
	return slices.SortedFunc(maps.Keys(m), func(a, b id.ID) int { return slices.Compare(a[:], b[:]) })
}
