package accounting

import (
	"fmt"
	"slices"

	"github.com/longmen/longmen/core/ledger"
	"github.com/longmen/longmen/finmath/amount"
	"github.com/longmen/longmen/kit/errs"
)

// Limits of a basis.
const (
	MaxOwn   = 100
	MaxRates = 32
	million  = 1_000_000
)

// Basis is how the platform values what it has itself: the accounts that are its own, where the outcome is booked, and
// the rates.
type Basis struct {
	Asset       string   `json:"asset"`
	Own         []string `json:"own"`          // what these hold, have paid in somebody's place or get as fees is the platform's
	Interest    Pair     `json:"interest"`     // accrued and not paid
	Fees        Pair     `json:"fees"`         // due and not paid, net of tax
	FeesTax     Pair     `json:"fees_tax"`     // the tax in them
	ReceivedTax Pair     `json:"received_tax"` // the tax in fees that were paid
	Impairment  Pair     `json:"impairment"`
	Tax         int64    `json:"tax_ppm"` // on top of a net fee, in millionths, where whoever knows the fee knows no other: a fee contains its tax
	Rates       []Rate   `json:"rates"`
}

// Pair is where a figure is booked. The credit account's balance is the figure; it serves for nothing else.
type Pair struct {
	Debit  string `json:"debit"`
	Credit string `json:"credit"`
}

// Rate is how much of a bucket is taken for lost.
type Rate struct {
	Bucket string `json:"bucket"`
	PPM    int64  `json:"ppm"` // millionths
}

// figures are the places of a basis by name, in the order in which they are booked.
func (b *Basis) figures() []Entry {
	return []Entry{
		{Name: "interest", Pair: b.Interest},
		{Name: "fees", Pair: b.Fees},
		{Name: "fees_tax", Pair: b.FeesTax},
		{Name: "received_tax", Pair: b.ReceivedTax},
		{Name: "impairment", Pair: b.Impairment},
	}
}

func (b *Basis) check(at string) error {
	if b.Asset == "" || len(b.Asset) > 16 {
		return errs.Invalid.Errorf("want the code of an asset").On(at + ".asset")
	}
	if n := len(b.Own); n < 1 || n > MaxOwn {
		return errs.Invalid.Errorf("has %d accounts, want 1 to %d", n, MaxOwn).On(at + ".own")
	}
	for i, a := range b.Own {
		field := fmt.Sprintf("%s.own[%d]", at, i)
		if err := ledger.CheckAddress(a); err != nil {
			return errs.Invalid.Errorf("%v", err).On(field)
		}
		if slices.Contains(b.Own[:i], a) {
			return errs.Invalid.Errorf("%s is there twice", a).On(field)
		}
	}
	if b.Tax < 0 || b.Tax > million {
		return errs.Invalid.Errorf("%d, want 0 to %d millionths", b.Tax, million).On(at + ".tax_ppm")
	}
	if err := b.checkPairs(at); err != nil {
		return err
	}
	return b.checkRates(at)
}

func (b *Basis) checkPairs(at string) error {
	credits := map[string]string{}
	list := b.figures()
	for _, x := range list {
		field := at + "." + x.Name
		for member, a := range map[string]string{"debit": x.Debit, "credit": x.Credit} {
			if err := ledger.CheckAddress(a); err != nil {
				return errs.Invalid.Errorf("%v", err).On(field + "." + member)
			}
		}
		if other, twice := credits[x.Credit]; twice {
			return errs.Invalid.Errorf("%s counts %s already: each figure has a credit account of its own", x.Credit, other).On(field + ".credit")
		}
		credits[x.Credit] = x.Name
	}
	for _, x := range list {
		if other, also := credits[x.Debit]; also {
			return errs.Invalid.Errorf("%s is the credit account of %s", x.Debit, other).On(at + "." + x.Name + ".debit")
		}
	}
	return nil
}

func (b *Basis) checkRates(at string) error {
	if n := len(b.Rates); n < 1 || n > MaxRates {
		return errs.Invalid.Errorf("has %d rates, want 1 to %d", n, MaxRates).On(at + ".rates")
	}
	seen := map[string]bool{}
	for i, r := range b.Rates {
		field := fmt.Sprintf("%s.rates[%d]", at, i)
		switch {
		case r.Bucket == "" || len(r.Bucket) > MaxBucket:
			return errs.Invalid.Errorf("want 1 to %d characters", MaxBucket).On(field + ".bucket")
		case seen[r.Bucket]:
			return errs.Invalid.Errorf("%s is there twice", r.Bucket).On(field + ".bucket")
		case r.PPM < 0 || r.PPM > million:
			return errs.Invalid.Errorf("%d, want 0 to %d millionths", r.PPM, million).On(field + ".ppm")
		}
		seen[r.Bucket] = true
	}
	return nil
}

// MaxBucket is the most characters of a bucket's name.
const MaxBucket = 16

// rate finds the rate of a bucket.
func (b *Basis) rate(bucket string) (int64, bool) {
	for _, r := range b.Rates {
		if r.Bucket == bucket {
			return r.PPM, true
		}
	}
	return 0, false
}

// TaxPart is the part of a fee that is tax.
func (b *Basis) TaxPart() amount.Fraction {
	return amount.Of(uint64(b.Tax), uint64(million+b.Tax))
}
