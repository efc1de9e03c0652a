package main

import (
	"maps"
	"math/big"
	"slices"
)

// sums adds the trial balance up by asset.
type sums map[string]*sum

type sum struct{ debits, credits big.Int }

// add counts a line and gives its debits less its credits.
func (s sums) add(asset, debits, credits string) string {
	if s[asset] == nil {
		s[asset] = &sum{}
	}
	var line sum
	line.debits.SetString(debits, 10)
	line.credits.SetString(credits, 10)
	s[asset].debits.Add(&s[asset].debits, &line.debits)
	s[asset].credits.Add(&s[asset].credits, &line.credits)
	return line.difference()
}

func (s *sum) difference() string { return new(big.Int).Sub(&s.debits, &s.credits).String() }

func (s sums) assets() []string { return slices.Sorted(maps.Keys(s)) }
