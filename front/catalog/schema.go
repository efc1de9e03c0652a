package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// Schema is the JSON schema of product files, made from the types. It stands in product.schema.json for editors. Rules
// between fields are not in it; the reader has them.
func Schema() ([]byte, error) {
	s := schemaOf(reflect.TypeFor[Product]())
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["title"] = "Longmen product"
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(s); err != nil {
		return nil, fmt.Errorf("write the schema: %w", err)
	}
	return b.Bytes(), nil
}

// node is a part of a schema.
type node map[string]any

func schemaOf(t reflect.Type) node {
	switch {
	case t == moneyType:
		return node{"anyOf": []node{
			{"type": "integer", "minimum": 0, "maximum": int64(maxMoney)},
			{"type": "string", "pattern": `^[0-9]+(\.[0-9]+)?$`},
		}}
	case t == rateType:
		return node{"type": "string", "pattern": `^[0-9]+(\.[0-9]{1,12})?$`}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case t.Kind() == reflect.Struct:
		return schemaOfStruct(t)
	case t.Kind() == reflect.Slice:
		return node{"type": "array", "items": schemaOf(t.Elem()), "maxItems": maxList}
	case t.Kind() == reflect.Int:
		return node{"type": "integer", "minimum": 0, "maximum": 1_000_000}
	case t.Kind() == reflect.Bool:
		return node{"type": "boolean"}
	}
	if words := choicesOf(t); words != nil {
		return node{"enum": words}
	}
	return node{"type": "string", "maxLength": maxText}
}

func schemaOfStruct(t reflect.Type) node {
	properties, required := node{}, []string{}
	for _, f := range fields(t) {
		s := schemaOf(f.Type)
		s["description"] = f.is
		if f.standard != "" {
			v := reflect.New(f.Type).Elem()
			f.fill(v)
			s["default"] = v.Interface()
		}
		properties[f.name] = s
		if f.required() {
			required = append(required, f.name)
		}
	}
	s := node{"type": "object", "additionalProperties": false, "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// required reports whether a file must have the field: it has no default, nor do all its own fields.
func (f *field) required() bool {
	if f.optional || f.standard != "" {
		return false
	}
	if f.Type.Kind() != reflect.Struct || f.Type == rateType {
		return true
	}
	for _, inner := range fields(f.Type) {
		if inner.required() {
			return true
		}
	}
	return false
}
