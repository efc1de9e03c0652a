package recount

import "math/big"

// halfEven is up/down, rounded to the nearest integer, a half to the even one. Neither is negative.
func halfEven(up, down *big.Int) int64 {
	whole, rest := new(big.Int).QuoRem(up, down, new(big.Int))
	switch c := rest.Lsh(rest, 1).Cmp(down); {
	case c > 0, c == 0 && whole.Bit(0) == 1:
		return whole.Int64() + 1
	}
	return whole.Int64()
}

// product multiplies numbers, as large as they get.
func product(list ...int64) *big.Int {
	p := big.NewInt(1)
	for _, n := range list {
		p.Mul(p, big.NewInt(n))
	}
	return p
}

// part is x·of/all, rounded half-even.
func part(x, of, all int64) int64 { return halfEven(product(x, of), big.NewInt(all)) }

// floor is x·of/all, rounded down.
func floor(x, of, all int64) int64 { return new(big.Int).Quo(product(x, of), big.NewInt(all)).Int64() }
