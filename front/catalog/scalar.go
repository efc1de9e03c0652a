package catalog

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/longmen/longmen/finmath/amount"
)

// maxMoney leaves finmath room for sums.
const maxMoney = amount.Max / 100

// scalar reads a word, text, amount, rate, number or yes or no.
func (r *reader) scalar(path string, n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.fault(n, path, "want one value, not %s", kindOf(n))
		return
	}
	switch {
	case v.Type() == moneyType:
		r.money(path, n, v)
	case v.Type() == rateType:
		r.rate(path, n, v)
	case v.Kind() == reflect.Int:
		x, err := strconv.Atoi(n.Value)
		if n.Tag != "!!int" || err != nil || x < 0 || x > 1_000_000 {
			r.fault(n, path, "want a whole number from 0 to 1000000, not %q", n.Value)
			return
		}
		v.SetInt(int64(x))
	case v.Kind() == reflect.Bool:
		if n.Tag != "!!bool" {
			r.fault(n, path, "want true or false, not %q", n.Value)
			return
		}
		v.SetBool(strings.EqualFold(n.Value, "true"))
	default:
		r.text(path, n, v)
	}
}

// money reads an amount: never a float, which YAML makes of 100.00 without quotes.
func (r *reader) money(path string, n *yaml.Node, v reflect.Value) {
	var x int64
	var err error
	switch n.Tag {
	case "!!int":
		if x, err = strconv.ParseInt(n.Value, 10, 64); err != nil {
			r.fault(n, path, "want a plain whole number of minor units, not %s", n.Value)
			return
		}
	case "!!str":
		if x, err = amount.Parse(n.Value, r.scale); err != nil || strings.ContainsAny(n.Value, " eE+_") {
			r.fault(n, path, "want a decimal with at most %d digits after the point in quotes, not %q", r.scale, n.Value)
			return
		}
	case "!!float":
		r.fault(n, path, "%s without quotes is a floating-point number, which money never is: write a decimal in quotes, or minor units as a whole number", n.Value)
		return
	default:
		r.fault(n, path, "want an amount, not %s", kindOf(n))
		return
	}
	if x < 0 || x > maxMoney {
		r.fault(n, path, "want 0 to %d minor units", int64(maxMoney))
		return
	}
	v.SetInt(x)
}

func (r *reader) rate(path string, n *yaml.Node, v reflect.Value) {
	switch n.Tag {
	case "!!str":
		x, err := NewRate(n.Value)
		if err != nil {
			r.fault(n, path, "%q is no rate: %v", n.Value, err)
			return
		}
		v.Set(reflect.ValueOf(x))
	case "!!float", "!!int":
		r.fault(n, path, "a rate is written in quotes, so that nothing rounds it: \"%s\"", n.Value)
	default:
		r.fault(n, path, "want a rate, not %s", kindOf(n))
	}
}

func (r *reader) text(path string, n *yaml.Node, v reflect.Value) {
	choices := choicesOf(v.Type())
	switch {
	case n.Tag != "!!str" && (n.Tag != "!!timestamp" || v.Type() != spanType):
		r.fault(n, path, "want a text, not %s: put it in quotes", n.Value)
	case len(n.Value) > maxText:
		r.fault(n, path, "%d bytes, at most %d", len(n.Value), maxText)
	case choices != nil && !slices.Contains(choices, n.Value):
		r.fault(n, path, "there is no %q; take %s", n.Value, strings.Join(choices, ", "))
	default:
		v.SetString(n.Value)
	}
}
