package catalog

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/cockroachdb/apd/v3"

	"github.com/longmen/longmen/finmath/amount"
)

// Money is an amount in minor units of the product's asset. A file writes it as a whole number of minor units or, in
// quotes, as a decimal of the asset.
type Money int64

// Rate is a share or a rate a year, exact: 0.12 is 12 %. A file writes it in quotes. The zero value is no rate.
type Rate struct{ d *apd.Decimal }

// maxRateDigits bounds a rate's digits after the point.
const maxRateDigits = 12

var errRate = errors.New("it is a decimal from 0 to 1000 with at most 12 digits after the point, in quotes: \"0.12\" is 12 %")

// NewRate reads a rate such as 0.12.
func NewRate(text string) (Rate, error) {
	if text == "" || len(text) > 20 {
		return Rate{}, errRate
	}
	for _, c := range text {
		if c != '.' && (c < '0' || c > '9') {
			return Rate{}, errRate
		}
	}
	d, _, err := apd.NewFromString(text)
	if err != nil || d.Form != apd.Finite || d.Exponent < -maxRateDigits || d.Cmp(apd.New(1000, 0)) > 0 {
		return Rate{}, errRate
	}
	d.Reduce(d) // 0.120 and 0.12 are one rate
	return Rate{d}, nil
}

// Decimal is the rate as finmath takes it: nil for none.
func (r Rate) Decimal() *apd.Decimal { return r.d }

// IsZero says that there is no rate, or one of 0.
func (r Rate) IsZero() bool { return r.d == nil || r.d.IsZero() }

// Set says that a rate is given, be it 0.
func (r Rate) Set() bool { return r.d != nil }

// String is the rate as it is written.
func (r Rate) String() string {
	if r.d == nil {
		return "0"
	}
	return r.d.Text('f')
}

// Cmp compares two rates; none is 0.
func (r Rate) Cmp(o Rate) int { return r.decimal().Cmp(o.decimal()) }

func (r Rate) decimal() *apd.Decimal {
	if r.d == nil {
		return new(apd.Decimal)
	}
	return r.d
}

// of is the rate's part of an amount, rounded.
func (r Rate) of(x int64, mode amount.Mode) (int64, error) {
	f, err := amount.Decimal(r.decimal())
	if err != nil {
		return 0, fmt.Errorf("rate %s: %w", r, err)
	}
	return f.Apply(x, mode)
}

// MarshalText writes the rate.
func (r Rate) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

const down = amount.Down

// inMillionths reports whether a rate has at most 6 digits after the point.
func (r Rate) inMillionths() bool { return r.decimal().Exponent >= -6 }

// Millionths is the rate in millionths, as the ledger's deductions take it. It must have at most 6 digits after the point.
func (r Rate) Millionths() int64 {
	f, err := amount.Decimal(r.decimal())
	if err != nil {
		return 0
	}
	x, _ := f.Apply(1_000_000, down)
	return x
}

// sumOf adds rates up.
type sumOf struct{ big.Rat }

func (s *sumOf) add(r Rate) {
	if f, err := amount.Decimal(r.decimal()); err == nil {
		s.Add(&s.Rat, f.Rat())
	}
}

func (s *sumOf) is(r Rate) bool {
	f, err := amount.Decimal(r.decimal())
	return err == nil && s.Cmp(f.Rat()) == 0
}

func (s *sumOf) String() string { return s.FloatString(maxRateDigits) }
