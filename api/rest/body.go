package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// beforeRule stands between the place of a flaw and the rule it breaks: huma keeps an error's words only, and no place has this character.
const beforeRule = "\x00"

// unmarshal reads a body. What encoding/json can't read it does not place within lists, and null it takes for absent.
func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil && !bytes.Contains(data, []byte(`\u0000`)) && !hasNull(data) {
		return nil
	}
	var all any
	exact := json.NewDecoder(bytes.NewReader(data))
	exact.UseNumber()
	if !json.Valid(data) || exact.Decode(&all) != nil {
		return err
	}
	if at, rule := flaw(all, reflect.TypeOf(v).Elem(), err != nil); rule != "" {
		return errors.New("body" + at + beforeRule + rule)
	}
	return err
}

// hasNull says whether null stands somewhere in valid JSON: outside of texts no other word begins with n.
func hasNull(data []byte) bool {
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case 'n':
			return true
		case '"':
			for i++; i < len(data) && data[i] != '"'; i++ {
				if data[i] == '\\' {
					i++
				}
			}
		}
	}
	return false
}

// member is a field of a type of body.
type member struct {
	name string
	of   reflect.Type
}

var membersOf sync.Map // by reflect.Type, []member

func members(t reflect.Type) []member {
	if known, ok := membersOf.Load(t); ok {
		return known.([]member)
	}
	var list []member
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
			list = append(list, member{name, f.Type})
		}
	}
	membersOf.Store(t, list)
	return list
}

// flaw finds the first value that is not taken as a t, and the rule it breaks; "" if there is none. Scalars are read only where reading failed.
// Of a body whose type is not known yet, an interface, it finds what nobody can read.
func flaw(v any, t reflect.Type, failed bool) (at, rule string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch v := v.(type) {
	case nil:
		if t.Kind() != reflect.Interface {
			return "", "is null: leave it out, or give it a value"
		}
	case map[string]any:
		return flawOfMembers(v, t, failed)
	case []any:
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for i, x := range v {
			if at, rule = flaw(x, t, failed); rule != "" {
				return fmt.Sprintf("[%d]%s", i, at), rule
			}
		}
	default:
		// PostgreSQL can't keep the character U+0000, and nobody can read it.
		if s, ok := v.(string); ok && strings.ContainsRune(s, 0) {
			return "", nulText
		}
		if failed {
			return "", unreadable(v, t)
		}
	}
	return "", ""
}

const nulText = "has the character U+0000: leave it out"

func flawOfMembers(v map[string]any, t reflect.Type, failed bool) (at, rule string) {
	if t.Kind() == reflect.Struct {
		for _, m := range members(t) {
			if x, ok := v[m.name]; ok {
				if at, rule = flaw(x, m.of, failed); rule != "" {
					return "." + m.name + at, rule
				}
			}
		}
		return "", "" // of a member that is not known the description has told
	}
	if t.Kind() == reflect.Map {
		t = t.Elem()
	}
	for _, name := range slices.Sorted(maps.Keys(v)) {
		if strings.ContainsRune(name, 0) {
			return "", nulText
		}
		if at, rule = flaw(v[name], t, failed); rule != "" {
			return "." + name + at, rule
		}
	}
	return "", ""
}

// unreadable says why a scalar can't be read as a t; "" if it can.
func unreadable(v any, t reflect.Type) string {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, reflect.New(t).Interface())
	}
	if err == nil {
		return ""
	}
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); !ok {
		return err.Error() // our own type's
	}
	switch k := t.Kind(); {
	case k == reflect.Interface:
		return "is too large for a number"
	case k < reflect.Int || k > reflect.Uint64:
		return "is of another type" // the description has said it better
	case bytes.ContainsAny(text, ".eE"):
		return "want a whole number, written in digits alone"
	case k <= reflect.Int64:
		most := int64(math.MaxInt64) >> (64 - t.Bits())
		return fmt.Sprintf("want a whole number from %d to %d", -most-1, most)
	}
	return fmt.Sprintf("want a whole number from 0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
}
