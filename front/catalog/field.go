package catalog

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// field is a field of a product as its tags describe it.
type field struct {
	reflect.StructField
	name     string
	optional bool   // left out it is nothing
	standard string // default, as it would be written
	is       string // what it means
}

// fields lists the fields of a struct of the product.
func fields(t reflect.Type) []field {
	list := make([]field, 0, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, field{StructField: f, name: name, optional: options != "", standard: f.Tag.Get("default"), is: f.Tag.Get("is")})
	}
	return list
}

func fieldOf(t reflect.Type, name string) (field, bool) {
	for _, f := range fields(t) {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func namesOf(t reflect.Type) (names []string) {
	for _, f := range fields(t) {
		names = append(names, f.name)
	}
	return names
}

// choicesOf are the words of a type, nil if any text will do.
func choicesOf(t reflect.Type) []string {
	if c, ok := reflect.Zero(t).Interface().(interface{ Choices() []string }); ok {
		return c.Choices()
	}
	return nil
}

// fill gives a value the field's default. A default that does not fit its type is a mistake of the programmer.
func (f *field) fill(v reflect.Value) {
	var err error
	switch {
	case v.Type() == rateType:
		var r Rate
		r, err = NewRate(f.standard)
		v.Set(reflect.ValueOf(r))
	case v.Type() == reflect.TypeFor[[]Bucket]():
		v.Set(reflect.ValueOf(standardBuckets()))
	case v.Kind() == reflect.Slice:
		for word := range strings.FieldsSeq(f.standard) {
			item := reflect.New(v.Type().Elem()).Elem()
			item.SetString(word)
			v.Set(reflect.Append(v, item))
		}
	case v.Kind() == reflect.Bool:
		var x bool
		x, err = strconv.ParseBool(f.standard)
		v.SetBool(x)
	case v.CanInt():
		var x int64
		x, err = strconv.ParseInt(f.standard, 10, 64)
		v.SetInt(x)
	default:
		v.SetString(f.standard)
	}
	if err != nil {
		panic(fmt.Sprintf("catalog: default of %s: %v", f.name, err))
	}
}

// standardBuckets are M0 (not overdue), Mk from 30(k-1)+1 days on, and M6+ above 150 days.
func standardBuckets() []Bucket {
	list := []Bucket{{Code: "M0"}}
	for k := 1; k <= 5; k++ {
		list = append(list, Bucket{Code: "M" + strconv.Itoa(k), From: 30*(k-1) + 1})
	}
	return append(list, Bucket{Code: "M6+", From: 151})
}

// meaning is what a field means, by its path.
func meaning(path string) string {
	t, is := reflect.TypeFor[Product](), ""
	for name := range strings.SplitSeq(path, ".") {
		name, _, listed := strings.Cut(name, "[")
		if t.Kind() != reflect.Struct {
			return is
		}
		f, known := fieldOf(t, name)
		if !known {
			return is
		}
		t, is = f.Type, f.is
		if listed {
			t = t.Elem()
		}
	}
	return is
}
